"""What is left of the collector's powers while it counts, and thinning with what is left."""

from __future__ import annotations

import datetime
import os
import pwd
import sqlite3
import time
from pathlib import Path

from .traffic import conversation
from .world import ACCOUNT, Ledger, World, expect, expect_equal


def fields(path: Path) -> dict[str, str]:
    """A status file of /proc by its names."""
    return {line.split(":")[0]: " ".join(line.split(":")[1].split()) for line in path.read_text().splitlines()}


def test_powers(world: World) -> None:
    """No thread of a running collector has a capability, a way to a new one, or system calls at will"""
    collector = world.collector("--threads", "2")
    account = pwd.getpwnam(ACCOUNT)
    process = Path(f"/proc/{collector.process.pid}")
    threads = list((process / "task").iterdir())
    expect(len(threads) >= 3, f"{len(threads)} threads, where two count")
    for thread in threads:
        status = fields(thread / "status")
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            expect_equal(status[name], "0" * 16, name)
        expect_equal(status["NoNewPrivs"], "1", "NoNewPrivs")
        expect_equal(status["Seccomp"], "2", "Seccomp")
        expect_equal(status["Uid"], " ".join([str(account.pw_uid)] * 4), "Uid")
        expect_equal(status["Gid"], " ".join([str(account.pw_gid)] * 4), "Gid")
        expect_equal(status["Groups"], str(account.pw_gid), "Groups")
    limits = (process / "limits").read_text()
    expect_equal(
        [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size")], [["0", "0"]],
        "the limit of core images",
    )  # fmt: skip
    # Not dumpable: what is in there belongs to root, and its own account can't look.
    expect_equal(os.stat(process / "mem").st_uid, 0, "owner of its memory")
    world.send(conversation(1, 4))
    collector.seen(8)
    collector.stop()


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
