#!/usr/bin/python3
"""Says of each phase of the flapping what left by which link, what was lost, and whether it should have been."""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from classes import Link, Seen
from scenarios import EXIT, RELAY

DSCP = 7


@dataclass
class Phase:
    name: str
    began: float
    ended: float
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    datagrams: Counter[str] = field(default_factory=Counter)


def wrong_way(link: str, seen: Seen) -> str:
    """Why a packet that the Tor host sent should not be on this link; empty if it may."""
    if seen.owner == "exit" and link == "inner":
        return "exit packet on the inner link"
    if seen.owner == "exit" and seen.dscp != DSCP:
        return "exit packet without the mark on the outer link"
    if seen.owner == "relay" and link == "outer":
        return "Tor's own packet on the outer link"
    if seen.owner in ("unknown", "host"):
        return f"{seen.owner} packet on the {link} link"
    return ""


def read_phases(work: Path) -> list[Phase]:
    phases = []
    for line in (work / "phases").read_text(encoding="ascii").splitlines():
        name, began, ended = line.split()
        phases.append(Phase(name.replace("-", " "), float(began), float(ended)))
    # What is between two belongs to the later one: there is no moment that nobody looks at, and rules have to
    # hold as soon as they are there.
    for earlier, later in zip(phases, phases[1:]):
        later.began = earlier.ended
    phases[0].began, phases[-1].ended = 0, float("inf")
    return phases


def phase_at(phases: list[Phase], time: float) -> Phase:
    return next(phase for phase in phases if phase.began <= time < phase.ended)


def read_links(options: argparse.Namespace, phases: list[Phase]) -> None:
    for link, hardware in (("outer", options.outer_hardware), ("inner", options.inner_hardware)):
        for seen in Link(options.work / f"{link}.pcap", hardware):
            if not seen.outbound:
                continue
            phase = phase_at(phases, seen.time)
            reason = wrong_way(link, seen)
            if reason:
                phase.wrong[reason] += 1
            elif seen.owner in ("exit", "relay"):
                phase.right[seen.owner] += 1
                phase.repeated += seen.name == "retransmission"


def read_numbers(work: Path, phases: list[Phase]) -> None:
    for owner, base in (("exit", EXIT), ("relay", RELAY)):
        for family in (4, 6):
            name = f"{base}-{family}"
            received = {int(line) for line in (work / "received" / name).read_text(encoding="ascii").splitlines()}
            for line in (work / "sent" / name).read_text(encoding="ascii").splitlines():
                number, time, result = line.split()
                phase = phase_at(phases, float(time))
                phase.datagrams[owner] += 1
                phase.lost[owner] += result != "sent" or int(number) not in received


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--title", required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--outer-hardware", required=True)
    parser.add_argument("--inner-hardware", required=True)
    options = parser.parse_args()
    phases = read_phases(options.work)
    read_links(options, phases)
    read_numbers(options.work, phases)

    print(f"{options.title}\n{'':<26}{'exit,':>9}{'relay,':>9}{'wrong':>8}{'resent':>8}{'exit datagrams':>18}"
          f"{'relay datagrams':>18}\n{'':<26}{'outer':>9}{'inner':>9}{'link':>8}{'':>8}{'lost of':>18}{'lost of':>18}")
    for phase in phases:
        lost = "".join(f"{f'{phase.lost[owner]} of {phase.datagrams[owner]}':>18}" for owner in ("exit", "relay"))
        print(f"{phase.name:<26}{phase.right['exit']:>9}{phase.right['relay']:>9}{phase.wrong.total():>8}"
              f"{phase.repeated:>8}{lost}")
    times = [int(line) for line in (options.work / "apply-times").read_text(encoding="ascii").split()]
    print(f"one apply takes {statistics.median(times):.0f} ms (median of {len(times)}, longest {max(times)} ms)\n")

    by_name = {phase.name: phase for phase in phases}
    verdicts = []
    for phase in phases:
        if phase.name != "without rules":
            found = ", ".join(f"{number} times {what}" for what, number in phase.wrong.items())
            verdicts.append((f"{phase.name}: every packet left by its link", found))
    again = by_name["apply again"]
    verdicts += [
        ("nothing was lost while rules were applied again", f"{dict(again.lost)}" if again.lost.total() else ""),
        ("without rules packets do leave by the wrong link, and are seen",
         "" if by_name["without rules"].wrong["exit packet on the inner link"] else "none did"),
        ("there was load in every phase",
         ", ".join(phase.name for phase in phases if phase.right["exit"] < 50 or phase.right["relay"] < 50)),
    ]
    for what, violation in verdicts:
        print(f"FAILED  {options.title}: {what}: {violation}" if violation else f"passed  {options.title}: {what}")
    print()
    return 1 if any(violation for _, violation in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
