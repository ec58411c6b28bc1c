"""What is left of the collector's powers while it counts."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from .traffic import conversation
from .world import ACCOUNT, World, expect, expect_equal


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
