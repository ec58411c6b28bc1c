"""A wall clock that is set: what is told, what is covered, and what is not done in haste."""

from __future__ import annotations

import datetime
import mmap
import sqlite3
import struct
import time
from pathlib import Path

from .thinning import observe_yesterday
from .traffic import conversation
from .world import Collector, Ledger, World, expect, expect_equal, run

HOUR, DAY = 3600, 86_400


class Clock:
    """The wall clock of the processes that are started with its environment; see clock.c."""

    def __init__(self, world: World) -> None:
        library = world.folder / "clock.so"
        source = Path(__file__).resolve().parents[1] / "clock.c"
        run("gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(source), "-ldl")
        settings = world.folder / "clock"
        settings.write_bytes(bytes(4096))
        with settings.open("r+b") as file:
            self.settings = mmap.mmap(file.fileno(), 4096)
        self.count = self.ahead = 0
        self.environment = {"LD_PRELOAD": str(library), "WEIR_TEST_CLOCK": str(settings)}

    def set(self, ahead: int) -> None:
        """From now on it is so many seconds ahead of the true one."""
        self.ahead = ahead
        self.settings[8 + 16 * self.count : 24 + 16 * self.count] = struct.pack("=qq", time.time_ns(), ahead)
        self.count += 1
        self.settings[0:8] = struct.pack("=q", self.count)

    def set_to(self, second: int) -> None:
        """What it shows now."""
        self.set(second - int(time.time()))

    @property
    def now(self) -> float:
        return time.time() + self.ahead


def count(world: World, collector: Collector, number: int, so_far: int) -> int:
    """Sends a flow of twenty packets, and waits until they are counted."""
    world.send(conversation(number, 10))
    collector.wait_for_status("the packets", lambda status: status["packets_counted"] == so_far + 20)
    return so_far + 20


def test_clock_set(world: World) -> None:
    """A clock that is set forward and back by an hour loses and doubles nothing, and claims nothing of the hour between"""
    clock = Clock(world)
    hour = int(time.time()) // HOUR * HOUR
    clock.set_to(hour + 1200)
    began = time.monotonic()
    collector = world.collector(environment=clock.environment)
    packets = count(world, collector, 1, 0)
    clock.set(clock.ahead + HOUR)
    collector.wait_for_log("the clock was set forward by 3600 s")
    packets = count(world, collector, 2, packets)
    clock.set(clock.ahead - HOUR)
    collector.wait_for_log("the clock was set back by 3600 s")
    packets = count(world, collector, 3, packets)
    expect_equal(collector.status["changes_of_clock"], 2, "changes of the clock in the status")
    collector.stop()
    lasted = int(time.monotonic() - began) + 2
    ledger = Ledger(collector.ledger)
    ledger.check()
    expect_equal(
        ledger.rows("SELECT hour, sum(packets_out + packets_in), sum(flows) FROM tallies GROUP BY hour"),
        [(hour, 40, 2), (hour + HOUR, 20, 1)], "packets and flows by the hour",
    )  # fmt: skip
    expect_equal(ledger.number("SELECT count(*) FROM captures"), 3, "captures: one for each time that it was set")
    expect_equal(ledger.number("SELECT sum(left_out_sealed_hour) FROM captures"), 0, "packets that came too late")
    first, second = hour + 1200, hour + HOUR + 1200
    for began_at, ended_at in ledger.rows("SELECT began, ended FROM coverage ORDER BY began"):
        start = first if int(str(began_at)) < second else second
        expect(start <= int(str(began_at)) <= int(str(ended_at)) <= start + lasted,
               f"{began_at} to {ended_at} is covered, where {first} and {second} came, for {lasted} s")  # fmt: skip
    expect(ledger.number(f"SELECT count(*) FROM coverage WHERE began >= {second}") == 1, "the time ahead is not covered")


def test_clock_far_ahead(world: World) -> None:
    """A clock that is set a year ahead folds nothing for a day, also not after a restart, and it is said"""
    clock = Clock(world)
    collector = world.collector(environment=clock.environment)
    count(world, collector, 1, 0)
    collector.stop()
    observe_yesterday(collector.ledger)
    # Of the first hour of this month: nothing that is old yet.
    today = datetime.datetime.now(tz=datetime.timezone.utc)
    month = int(datetime.datetime(today.year, today.month, 1, tzinfo=datetime.timezone.utc).timestamp())
    with sqlite3.connect(collector.ledger) as connection:
        connection.execute("INSERT INTO tallies VALUES (?, 4, 6, 443, 64496, 'DE', 1, 1, 2, 2, 100, 100, 200)", (month + 2 * HOUR,))
    connection.close()
    ledger = Ledger(collector.ledger)
    before = ledger.rows("SELECT hour, flows FROM tallies ORDER BY hour")

    collector = world.collector(environment=clock.environment)
    collector.wait_for_status("a flush", lambda status: status.get("last_flush"))
    expect("thinning_waits_for" not in collector.status, f"{collector.status}")
    clock.set(366 * DAY)
    collector.wait_for_log("old tallies are not folded yet: the clock was set by an hour or more")
    collector.wait_for_status("to wait", lambda status: "set by an hour" in str(status.get("thinning_waits_for")))
    collector.stop()
    # What was observed since is of the wrong clock, and speaks for it as little as it does.
    collector = world.collector(environment=clock.environment)
    collector.wait_for_status("to wait", lambda status: "no observation" in str(status.get("thinning_waits_for")))
    collector.stop()
    expect_equal(ledger.number("SELECT count(*) FROM folded"), 0, "what is on record as folded")
    expect_equal(ledger.rows("SELECT hour, flows FROM tallies ORDER BY hour"), before, "tallies")

    # Set right again, and had it been running all the while: nothing is due.
    clock.set(0)
    collector = world.collector(environment=clock.environment)
    collector.wait_for_status("a flush", lambda status: status.get("last_flush"))
    expect("thinning_waits_for" not in collector.status, f"{collector.status}")
    collector.stop()
