"""Thinning with age by a running collector, with what confinement leaves it. Beside other tests: it takes many flushes."""

from __future__ import annotations

import datetime
import sqlite3
import time
from pathlib import Path

from .traffic import conversation
from .world import Ledger, World, expect, expect_equal

SIDE_BY_SIDE = True


def observe_yesterday(ledger: Path, now: float | None = None) -> None:
    """Makes the ledger one that was running a day and a half ago."""
    moment = int(now or time.time()) - 129_600
    with sqlite3.connect(ledger) as connection:
        connection.execute("INSERT INTO coverage SELECT min(id), ?, ? FROM captures", (moment, moment + 60))
        connection.execute("UPDATE captures SET began = ? WHERE id = (SELECT min(id) FROM captures)", (moment,))
    connection.close()


def test_thinning(world: World) -> None:
    """A running collector folds what is old, a day in each flush, and every sum stays what it was"""
    collector = world.collector()
    world.send(conversation(1, 4))
    collector.seen(8)
    collector.stop()
    ledger = Ledger(collector.ledger)
    month = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    first = int(month.timestamp())
    with sqlite3.connect(collector.ledger) as connection:
        connection.executemany(
            "INSERT INTO tallies VALUES (?, 4, 6, 443, 64496, 'DE', 1, 1, 2, 2, 100, ?, ?)",
            ((first + hour * 3600, hour, hour) for hour in range(0, 31 * 24, 7)),
        )
    connection.close()
    sums = "SELECT sum(flows), sum(bytes_out), sum(bytes_in), max(largest_flow) FROM tallies"
    before = ledger.rows(sums)
    # It was not running yesterday: then it takes a day before it believes the clock.
    collector = world.collector("--fold-days-after-months", "13")
    collector.wait_for_status("to wait", lambda status: "no observation" in str(status.get("thinning_waits_for")))
    expect("old tallies are not folded yet: the ledger has no observation of one to two days ago" in collector.log, collector.log)
    collector.stop()
    expect_equal(ledger.number("SELECT count(*) FROM folded"), 0, "folded by a clock that may be wrong")
    observe_yesterday(collector.ledger)
    collector = world.collector("--fold-days-after-months", "13")
    collector.wait_for_log("folded the month of 2020-01", 120)
    expect(collector.log.count("folded the day of") == 31, collector.log)
    collector.stop()
    ledger = Ledger(collector.ledger)
    expect_equal(ledger.rows(sums), before, "sums")
    old = f"SELECT hour, flows FROM tallies WHERE hour < {first + 32 * 86_400}"
    expect_equal(ledger.rows(old), [(first, 107)], "tallies")
    expect_equal(ledger.rows("SELECT began, span FROM folded"), [(first, "month")], "what is on record as folded")
    expect_equal(ledger.rows("PRAGMA integrity_check"), [("ok",)], "integrity")
