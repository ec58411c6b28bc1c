"""Limits of memory: what is locked, and what happens when there is no more."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .traffic import frame, remote
from .world import ACCOUNT, Collector, Ledger, World, expect, expect_equal, wait_for

# Starts the collector as its account, which has the one capability that it needs.
AS_ACCOUNT = ("setpriv", "--reuid", ACCOUNT, "--regid", "nogroup", "--clear-groups", "--bounding-set", "-all,+net_raw",
              "--inh-caps", "-all,+net_raw", "--ambient-caps", "-all,+net_raw")  # fmt: skip
LITTLE = ("prlimit", "--memlock=65536:65536")

CANNOT = "memory can't be locked, and could be swapped out to a disk: the limit is 65536 bytes"


def locked(collector: Collector) -> tuple[int, list[str]]:
    """VmLck in KiB, and the writable mappings that are not locked."""
    process = Path(f"/proc/{collector.process.pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    loose, name = [], ""
    for line in (process / "smaps").read_text().splitlines():
        if line.split(" ", 1)[0].rstrip(":")[0].islower() or line[0].isdigit():
            name = line
        # "io" is the ring, whose pages are the kernel's own.
        elif line.startswith("VmFlags:") and "rw" in name.split()[1] and not {"lo", "io"} & set(line.split()[1:]):
            loose.append(name)
    return int(status["VmLck"].split()[0]), [name for name in loose if "socket:" not in name]


def new_flows(first: int, count: int) -> list[bytes]:
    return [frame(remote(number & 0xFFFF), exit_port=1024 + (number >> 16), flags=2) for number in range(first, first + count)]


def may_raise_limits() -> bool:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    is_capable = int(status["CapEff"], 16) >> 24 & 1  # CAP_SYS_RESOURCE
    return bool(is_capable) or resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] == resource.RLIM_INFINITY


def test_memory_locked(world: World) -> None:
    """Where root may raise limits, all memory is locked, also what comes to it later; where it may not, that is said"""
    collector = world.collector()
    if not may_raise_limits():
        # A container's root, perhaps: then it is as without root.
        print("        root may not raise limits on this machine: nothing can be locked, and it has to be said", flush=True)
        expect("memory can't be locked" in collector.log, f"no warning: {collector.log}")
        expect_equal(locked(collector)[0], 0, "KiB locked")
        return
    expect("locked" not in collector.log, collector.log)
    before, loose = locked(collector)
    expect_equal((before > 0, loose), (True, []), "locked memory, and mappings that are not")
    world.send(new_flows(0, 30_000))
    collector.wait_for_status("the flows", lambda status: status["flows_in_table"] == 30_000)
    after, loose = locked(collector)
    expect_equal((after >= before, loose), (True, []), f"locked memory, from {before} to {after} KiB, and the rest")
    collector.stop()


def test_memory_not_locked(world: World) -> None:
    """Without the means to lock memory it is said; where there is swap, it is a reason not to begin"""
    collector = world.collector(prefix=(*LITTLE, *AS_ACCOUNT))
    expect(CANNOT in collector.log, f"no warning: {collector.log}")
    expect_equal(locked(collector)[0], 0, "KiB locked")
    collector.stop()
    # There is none on this machine, perhaps: a list of them is put in the place of the kernel's.
    swaps = world.folder / "swaps"
    swaps.write_text("Filename Type Size Used Priority\n/dev/sdz1 partition 1048572 0 -2\n")
    there_is_swap = ("unshare", "--mount", "--propagation", "private", "sh", "-c",
                     f"mount --bind '{swaps}' /proc/swaps && exec \"$@\"", "sh")  # fmt: skip
    other = world.folder / "other"
    other.mkdir()
    os.chown(other, *([os.stat(world.folder).st_uid] * 2))
    refused = world.collector(prefix=(*there_is_swap, *LITTLE, *AS_ACCOUNT), ledger=other / "weir.ledger", wait=False)
    expect_equal(refused.process.wait(60), 77, f"exit code; {refused.log}")
    expect(CANNOT in refused.log and "LimitMEMLOCK=infinity" in refused.log, refused.log)
    expect(not (other / "weir.ledger").exists(), "a ledger was left")
    warned = world.collector("--confinement", "best-effort", prefix=(*there_is_swap, *LITTLE, *AS_ACCOUNT))
    expect(CANNOT in warned.log, warned.log)
    warned.stop()


@contextmanager
def memory_limit(world: World, limit: int) -> Iterator[tuple[str, ...]]:
    """A control group with so many bytes; what it yields starts a process in it."""
    version_2 = not Path("/sys/fs/cgroup/memory").is_dir()
    root = Path("/sys/fs/cgroup" if version_2 else "/sys/fs/cgroup/memory")
    if version_2 and "memory" not in (root / "cgroup.subtree_control").read_text().split():
        (root / "cgroup.subtree_control").write_text("+memory")
    group = root / f"{world.monitor}-memory"
    group.mkdir()
    try:
        if version_2:
            (group / "memory.max").write_text(str(limit))
            (group / "memory.swap.max").write_text("0")
        else:
            (group / "memory.limit_in_bytes").write_text(str(limit))
        yield ("sh", "-c", f'echo $$ >"{group}/cgroup.procs" && exec "$@"', "sh")
    finally:
        for collector in world.collectors:
            collector.kill()
        wait_for("the control group to be empty", lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()


def test_memory_limit(world: World) -> None:
    """Where memory ends the process ends and what was flushed stays; with a table that fits, the same traffic is counted"""
    with memory_limit(world, 40 << 20) as around:
        collector = world.collector(around=around)
        world.send(new_flows(0, 1000))
        collector.wait_for_status("a flush", lambda status: status["packets_counted"] == 1000)
        sent = 1000
        while collector.process.poll() is None and sent < 1_000_000:
            world.send(new_flows(sent, 5000))
            sent += 5000
        expect_equal(collector.process.wait(60), -signal.SIGKILL, f"how it ended, after {sent} flows; {collector.log}")
        ledger = Ledger(collector.ledger)
        ledger.check()
        first = ledger.packets
        expect(1000 <= first <= sent, f"{first} packets in the ledger, of {sent}")

        collector = world.collector("--max-flows", "20000", around=around)
        world.send(new_flows(0, sent))
        collector.seen(sent)
        collector.stop()
        ledger.check()
        last = "WHERE id = (SELECT max(id) FROM captures)"
        counted, left_out, dropped = ledger.rows(
            f"SELECT packets_counted, left_out_flow_table_full, dropped_kernel FROM captures {last}"
        )[0]
        expect_equal(counted, 20000, "packets counted, one of each flow")
        expect_equal(int(str(counted)) + int(str(left_out)) + int(str(dropped)), sent, "packets counted, left out, dropped")
        expect_equal(ledger.packets, first + 20000, "packets in the ledger: what was there before, and what came")
