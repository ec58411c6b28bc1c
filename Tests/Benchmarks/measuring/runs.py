"""Commands run in turn, and what each cost by the kernel's own account."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cost:
    """Of one command with all that it started. Seconds and bytes."""

    wall: float
    cpu: float
    peak: int

    def __add__(self, other: Cost) -> Cost:
        return Cost(max(self.wall, other.wall), self.cpu + other.cpu, self.peak + other.peak)


class CommandFailed(Exception):
    pass


def start(command: list[str], log: Path) -> tuple[subprocess.Popen[bytes], float]:
    with log.open("ab") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output), time.monotonic()


def finish(process: subprocess.Popen[bytes], began: float, log: Path, accepted: tuple[int, ...] = (0,)) -> Cost:
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in accepted:
        raise CommandFailed(f"{process.args} ended with {process.returncode}: {log.read_text(errors='replace')[-2000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def run(command: list[str], log: Path) -> Cost:
    return finish(*start(command, log), log)


def interleaved(contestants: dict[str, Callable[[], Cost]], rounds: int) -> dict[str, list[Cost]]:
    """Each in turn, a warm-up first: a machine that gets slower does so for all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, contestant in contestants.items():
            cost = contestant()
            if number > 0:
                costs[name].append(cost)
    return costs


def table(costs: dict[str, list[Cost]], yardstick: str, packets: int) -> str:
    """Medians, and the medians of the ratios round by round."""
    lines = [
        f"| | wall s | CPU s | Mpkt/s | wall × {yardstick} | CPU × {yardstick} | peak RSS MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, own in costs.items():
        wall, cpu = (statistics.median(getattr(cost, field) for cost in own) for field in ("wall", "cpu"))
        by_wall, by_cpu = (
            statistics.median(getattr(a, field) / getattr(b, field) for a, b in zip(own, costs[yardstick], strict=True))
            for field in ("wall", "cpu")
        )
        peak = max(cost.peak for cost in own) / (1 << 20)
        lines.append(f"| {name} | {wall:.2f} | {cpu:.2f} | {packets / wall / 1e6:.2f} | {by_wall:.2f} | {by_cpu:.2f} | {peak:.1f} |")
    return "\n".join(lines)
