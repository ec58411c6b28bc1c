"""What lasts a minute. These run beside each other and beside everything else."""

from __future__ import annotations

import signal
import socket
import sqlite3
import time

from .ledgers import flows, problem, recovered
from .traffic import conversation
from .world import Ledger, World, expect, expect_equal

SIDE_BY_SIDE = True

MINUTE = 60.0


def test_stopped_for_a_minute(world: World) -> None:
    """A process that stands still for a minute has counted or put on record as dropped whatever came meanwhile"""
    collector = world.collector("--ring-bytes", str(1 << 20))
    world.send(flows(0, 10))
    collector.wait_for_status("the first packets", lambda status: status["packets_counted"] == 40)
    collector.signal(signal.SIGSTOP)
    began = time.monotonic()
    sent, number = 40, 100
    while time.monotonic() - began < MINUTE:
        world.send(conversation(number, 50))
        sent, number = sent + 100, number + 1
        time.sleep(0.1)
    collector.signal(signal.SIGCONT)
    collector.seen(sent)
    collector.stop()
    ledger = Ledger(collector.ledger)
    dropped = ledger.number("SELECT sum(dropped_kernel) FROM captures")
    expect(1000 < dropped < sent - 40, f"{dropped} of {sent} dropped: the test is too small or too large")
    expect_equal(ledger.packets + dropped, sent, "packets counted and dropped")
    expect_equal(collector.status["dropped_by_kernel"], dropped, "dropped in the status")
    expect("clock" not in collector.log, f"standing still was taken for a change of the clock: {collector.log}")
    observed = ledger.number("SELECT sum(ended - began + 1) FROM coverage")
    expect(MINUTE <= observed, f"{observed} s observed: the loss is on record, so the time was observed")
    ledger.check()


def test_reader_for_a_minute(world: World) -> None:
    """A reader that keeps one state of the ledger for a minute keeps no flush waiting, and sees that state to the end"""
    collector = world.collector()
    world.send(flows(0, 10))
    collector.wait_for_status("a flush", lambda status: status["packets_counted"] == 40)
    reader = sqlite3.connect(f"file:{collector.ledger}?mode=ro", uri=True, isolation_level=None)
    sums = "SELECT sum(packets_out + packets_in) FROM tallies"
    reader.execute("BEGIN")
    before = reader.execute(sums).fetchone()
    began = time.monotonic()
    number, sent = 100, 40
    while time.monotonic() - began < MINUTE:
        world.send(flows(number, 10))
        number, sent = number + 10, sent + 40
        collector.wait_for_status("a flush beside the reader", lambda status: status["packets_counted"] == sent)
        expect(collector.status.get("ledger_problem") is None, f"{collector.status}")
        time.sleep(0.5)
    collector.wait_for_status("nothing to wait", lambda status: status["packets_waiting"] == 0)
    expect_equal(Ledger(collector.ledger).packets, sent, "packets in the ledger, while the reader reads")
    expect_equal(reader.execute(sums).fetchone(), before, "what the reader sees")
    reader.execute("COMMIT")
    reader.close()
    collector.stop()
    Ledger(collector.ledger).check()


def test_locked_for_a_minute(world: World) -> None:
    """A ledger that is locked for a minute: counting goes on, the service manager hears of it, and nothing is lost"""
    path = str(world.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.setblocking(False)
        heard: list[tuple[float, bytes]] = []

        def listen() -> None:
            try:
                while True:
                    heard.append((time.monotonic(), listener.recv(4096)))
            except BlockingIOError:
                pass

        collector = world.collector(environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "60000000"})
        world.send(flows(0, 10))
        collector.wait_for_status("a flush", lambda status: status["packets_counted"] == 40)
        other = sqlite3.connect(collector.ledger, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        number, sent = 100, 40
        while time.monotonic() - began < MINUTE:
            world.send(flows(number, 1))
            number, sent = number + 1, sent + 4
            listen()
            time.sleep(0.2)
        problem(collector, "is locked by another process")
        collector.wait_for_status("counting to go on", lambda status: status["packets_counted"] == sent)
        other.execute("ROLLBACK")
        recovered(collector, sent)
        listen()
        alive = [moment for moment, message in heard if message == b"WATCHDOG=1"]
        longest = max(later - earlier for earlier, later in zip(alive, alive[1:], strict=False))
        expect(longest < 30, f"for {longest:.0f} s the service manager heard nothing")
        expect(any(b"locked" in message for _, message in heard), "the service manager was not told")
        told = collector.log.count("is locked by another process")
        expect(told <= 2, f"it was told {told} times in a minute")
        collector.stop()
    expect_equal(Ledger(collector.ledger).number("SELECT count(*) FROM captures"), 1, "captures")
    Ledger(collector.ledger).check()
