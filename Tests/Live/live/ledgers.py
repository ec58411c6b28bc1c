"""A ledger that cannot be written to: nothing is lost, and it is told."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .traffic import conversation
from .world import ACCOUNT, Collector, Ledger, World, expect, expect_equal, run


def flows(first: int, count: int) -> list[bytes]:
    return [data for number in range(first, first + count) for data in conversation(number, 2)]


@contextmanager
def small_disk(world: World, options: str = "size=1m") -> Iterator[Path]:
    folder = world.folder / "disk"
    folder.mkdir()
    run("mount", "-t", "tmpfs", "-o", f"{options},mode=755", "weir-live", str(folder))
    try:
        shutil.chown(folder, ACCOUNT)
        yield folder
    finally:
        for collector in world.collectors:
            collector.kill()
        run("umount", str(folder))


def fill(folder: Path) -> Path:
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return folder / "filler"


def problem(collector: Collector, text: str) -> None:
    collector.wait_for_status(f"'{text}' in the status", lambda status: text in str(status.get("ledger_problem")))
    expect(text in collector.log, f"not in the log: {collector.log}")
    expect(int(str(collector.status["packets_waiting"])) > 0, "nothing waits")


def recovered(collector: Collector, packets: int) -> None:
    collector.wait_for_log("the ledger is written to again")
    collector.wait_for_status("nothing to wait", lambda status: status["packets_waiting"] == 0)
    ledger = Ledger(collector.ledger)
    expect_equal(ledger.packets, packets, "packets")
    ledger.check()


def test_locked(world: World) -> None:
    """A ledger that another process holds locked is written to when that has ended"""
    collector = world.collector()
    world.send(flows(0, 10))
    collector.wait_for_status("a flush", lambda status: status["packets_counted"] == 40)
    other = sqlite3.connect(collector.ledger, isolation_level=None)
    # Many reads at the same time are no obstacle.
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM tallies").fetchall()
    world.send(flows(20, 10))
    collector.wait_for_status("a flush beside a reader", lambda status: status["packets_counted"] == 80)
    other.execute("COMMIT")
    other.execute("BEGIN IMMEDIATE")
    world.send(flows(40, 10))
    problem(collector, "is locked by another process")
    world.send(flows(60, 10))
    collector.wait_for_status("counting to go on", lambda status: status["packets_counted"] == 160)
    other.execute("ROLLBACK")
    recovered(collector, 160)
    collector.stop()
    expect_equal(Ledger(collector.ledger).number("SELECT count(*) FROM captures"), 1, "captures")


def test_full_disk(world: World) -> None:
    """On a full disk counting goes on in memory, and what waits is written once there is room"""
    with small_disk(world) as folder:
        collector = world.collector(ledger=folder / "weir.ledger")
        world.send(flows(0, 10))
        collector.wait_for_status("a flush", lambda status: status.get("last_flush"))
        filler = fill(folder)
        # Every flow to a port of its own, so that the ledger has to grow.
        world.send([data for number in range(4000) for data in conversation(number, 1, port=1 + number)])
        problem(collector, "no space left")
        filler.unlink()
        recovered(collector, 40 + 8000)
        collector.stop()
        Ledger(collector.ledger).check()


def test_full_disk_at_the_start(world: World) -> None:
    """Begun on a disk where no file can be made, it counts, and writes what waits once there is room"""
    # One inode is the folder's, the other one the filler's.
    with small_disk(world, "nr_inodes=2") as folder:
        filler = folder / "filler"
        filler.touch()
        collector = world.collector(ledger=folder / "weir.ledger")
        expect("no space left on device; a second one would not be noticed" in collector.log, collector.log)
        world.send(flows(0, 10))
        problem(collector, "no space left")
        run("mount", "-o", "remount,nr_inodes=100", str(folder))
        recovered(collector, 40)
        collector.stop()


def test_full_disk_at_the_end(world: World) -> None:
    """What cannot be written down before the end is told, and the exit code says so"""
    with small_disk(world) as folder:
        collector = world.collector(ledger=folder / "weir.ledger", flush_seconds=3600)
        fill(folder)
        world.send(flows(0, 10))
        collector.stop(code=1)
        expect("40 packets could not be written down" in collector.log, collector.log)


def test_read_only(world: World) -> None:
    """On a file system that is read-only for a while, what waits is written later"""
    with small_disk(world) as folder:
        collector = world.collector(ledger=folder / "weir.ledger")
        run("mount", "-o", "remount,ro", str(folder))
        world.send(flows(0, 10))
        problem(collector, "weir.ledger")
        run("mount", "-o", "remount,rw", str(folder))
        recovered(collector, 40)
        collector.stop()


def test_ledger_deleted(world: World) -> None:
    """A ledger that is taken away is left alone, and another begun with what comes then"""
    collector = world.collector()
    world.send(flows(0, 10))
    collector.wait_for_status("a flush", lambda status: status["packets_counted"] == 40)
    archive = world.folder / "archive"
    archive.mkdir()
    for name in ("weir.ledger", "weir.ledger-wal", "weir.ledger-shm"):
        os.rename(world.folder / name, archive / name)
    world.send(flows(20, 5))
    collector.wait_for_status("a flush", lambda status: status["packets_counted"] == 60)
    collector.stop()
    expect("was replaced or deleted" in collector.log, collector.log)
    for path, packets in ((archive / "weir.ledger", 40), (collector.ledger, 20)):
        ledger = Ledger(path)
        expect_equal(ledger.packets, packets, f"packets in {path.name}")
        ledger.check()


def test_folder_made_anew(world: World) -> None:
    """A folder in the place of the ledger's is told, with what to do, and once the true one is back nothing is lost"""
    # Not below the folder of the status, below which everything may be written.
    with tempfile.TemporaryDirectory(prefix="weir-live-") as place:
        Path(place).chmod(0o755)
        folder, aside = Path(place) / "state", Path(place) / "aside"
        folder.mkdir()
        shutil.chown(folder, ACCOUNT)
        collector = world.collector(ledger=folder / "weir.ledger")
        world.send(flows(0, 10))
        collector.wait_for_status("a flush", lambda status: status["packets_counted"] == 40)
        folder.rename(aside)
        folder.mkdir()
        shutil.chown(folder, ACCOUNT)
        world.send(flows(20, 10))
        problem(collector, "Permission denied; its folder is not the one that it was at the start")
        shutil.rmtree(folder)
        aside.rename(folder)
        recovered(collector, 80)
        collector.stop()


def test_stopped_process(world: World) -> None:
    """What a process that stands still has no room for is counted as dropped by the kernel"""
    collector = world.collector("--ring-bytes", str(1 << 20))
    world.send(flows(0, 10))
    collector.wait_for_status("the first packets", lambda status: status["packets_counted"] == 40)
    collector.signal(signal.SIGSTOP)
    frames = flows(100, 8000)
    world.send(frames)
    collector.signal(signal.SIGCONT)
    collector.seen(40 + len(frames))
    collector.stop()
    ledger = Ledger(collector.ledger)
    dropped = ledger.number("SELECT sum(dropped_kernel) FROM captures")
    expect(dropped > 1000, f"only {dropped} dropped: the test is too small")
    expect_equal(ledger.packets + dropped, 40 + len(frames), "packets counted and dropped")
    expect_equal(collector.status["dropped_by_kernel"], dropped, "dropped in the status")
    expect(f"dropped: {dropped:,} by the kernel" in collector.log, collector.log)
    ledger.check()


def test_ledger_of_version_1(world: World) -> None:
    """A ledger of version 1 is brought up to date, and what comes beside it has its permissions, whatever the umask"""
    collector = world.collector()
    world.send(flows(0, 10))
    collector.seen(40)
    collector.stop()
    old = sqlite3.connect(collector.ledger)
    old.executescript(
        "ALTER TABLE tallies DROP COLUMN largest_flow; DROP TABLE folded;"
        "ALTER TABLE captures DROP COLUMN left_out_sealed_hour;"
        "ALTER TABLE captures DROP COLUMN left_out_ledger_unavailable;"
        "ALTER TABLE captures DROP COLUMN program_sha256; PRAGMA user_version = 1;"
        "PRAGMA wal_checkpoint(TRUNCATE)"
    )
    old.close()
    for beside in ("weir.ledger-wal", "weir.ledger-shm"):
        (world.folder / beside).unlink(missing_ok=True)
    collector.ledger.chmod(0o660)
    collector = world.collector(prefix=("sh", "-c", 'umask 077 && exec "$@"', "sh"))
    world.send(flows(20, 10))
    collector.wait_for_status("a flush", lambda status: status["packets_counted"] == 40)
    collector.stop()
    ledger = Ledger(collector.ledger)
    version = ledger.number("PRAGMA user_version")
    expect(version > 1, f"it is of version {version} still")
    expect_equal(ledger.packets, 80, "packets")
    ledger.check()
    expect_equal(Ledger(world.folder / f"weir.ledger.before-v{version}").packets, 40, "packets in the copy of what it was")
    for path in sorted(world.folder.glob("weir.ledger*")):
        expect_equal(oct(path.stat().st_mode & 0o777), "0o660", f"permissions of {path.name}")
