#!/usr/bin/python3
"""Prints which packets were on each link, by class, and says whether any of them should not have been."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from classes import CaptureFile, Link, Seen

FAMILIES = (4, 6)
OWNERS = ("exit", "relay", "host", "scan", "link", "unknown")

# What must have been sent at least once in each family: a test of what did not occur would always pass.
EXIT_CLASSES = ("SYN", "data", "ACK", "FIN", "RST by socket", "RST by kernel", "TIME_WAIT ACK", "retransmission",
                "DNS", "ICMP unreachable", "ICMP time exceeded")
RELAY_CLASSES = ("SYN", "SYN-ACK", "data", "ACK", "FIN", "RST by socket", "RST by kernel", "TIME_WAIT ACK",
                 "retransmission")
# And received: path-MTU discovery, a router's and a host's errors.
EXIT_ERRORS = ("ICMP too big", "ICMP time exceeded", "ICMP unreachable", "RST")
RELAY_ERRORS = ("ICMP too big", "ICMP time exceeded", "RST")
# What becomes of a scenario, where it is not "ok".
OUTCOMES = {"refused": "ConnectionRefusedError", "silent": "no answer", "expired": "No route to host",
            "dns late": "gone", "dns refused": "no answer", "dns fragment": "no answer"}


class Table:
    """The two links' packets, counted."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.dscp: int = options.dscp
        self.links = {"outer": list(Link(options.work / "outer.pcap", options.outer_hardware)),
                      "inner": list(Link(options.work / "inner.pcap", options.inner_hardware))}

    def select(self, link: str, *, outbound: bool | None = None, owner: str | tuple[str, ...] = OWNERS,
               name: str | None = None, family: int | None = None, marked: bool | None = None) -> list[Seen]:
        owners = (owner,) if isinstance(owner, str) else owner
        return [seen for seen in self.links[link]
                if seen.owner in owners
                and outbound in (None, seen.outbound)
                and name in (None, seen.name)
                and family in (None, seen.family)
                and marked in (None, seen.dscp == self.dscp)]

    def rows(self, outbound: bool) -> Iterator[tuple[str, list[int]]]:
        """Per family: on the outer link, without the mark there, on the inner link."""
        names = {(seen.owner, seen.name) for link in self.links.values() for seen in link if seen.outbound == outbound}
        for owner, name in sorted(names, key=lambda row: (OWNERS.index(row[0]), row[1])):
            figures = []
            for family in FAMILIES:
                what = {"outbound": outbound, "owner": owner, "name": name, "family": family}
                figures += [len(self.select("outer", **what)), len(self.select("outer", marked=False, **what)),
                            len(self.select("inner", **what))]
            yield f"{owner:<8}{name}", figures

    def show(self, title: str) -> None:
        for outbound, direction in ((True, "sent by the Tor host"), (False, "received")):
            head = "".join(f"{text:>9}" for text in ("outer", "no mark", "inner") * 2)
            print(f"{title}: {direction}\n{'':<30}{'IPv4':>18}{'IPv6':>27}\n{'':<30}{head}")
            for name, figures in self.rows(outbound):
                print(f"{name:<30}" + "".join(f"{figure or '-':>9}" for figure in figures))
            print()


def text_of(packets: list[Seen]) -> str:
    kinds = Counter(f"{'sent' if seen.outbound else 'received'} IPv{seen.family} {seen.owner} {seen.name}"
                    f" ({seen.scenario or '-'})" for seen in packets)
    return ", ".join(f"{number} {kind}" for kind, number in kinds.most_common(6))


def leaks(table: Table, cleared: bool) -> Iterator[tuple[str, str]]:
    """Each requirement, with what violates it."""
    yield "no packet of an exit flow on the inner link", text_of(table.select("inner", owner="exit"))
    yield "no packet of Tor's own on the outer link", text_of(table.select("outer", owner="relay"))
    yield "no packet of the host's own on the outer link", text_of(table.select("outer", owner="host"))
    if cleared:
        yield "no marked packet sent on the outer link", text_of(table.select("outer", outbound=True, marked=True))
    else:
        yield "no packet without the mark sent on the outer link, but answers to who came by it", text_of(
            table.select("outer", outbound=True, owner=("exit", "relay", "host", "unknown"), marked=False))
    yield "no answer to a scan has the mark", text_of(table.select("outer", outbound=True, owner="scan", marked=True))
    yield "no marked packet on the inner link", text_of(table.select("inner", marked=True))
    yield "no packet that nobody knows", text_of(
        table.select("inner", owner="unknown") + table.select("outer", owner="unknown"))


def coverage(table: Table, shim: bool) -> Iterator[tuple[str, str]]:
    for family in FAMILIES:
        wanted = [("inner", "relay", name, True) for name in RELAY_CLASSES]
        wanted += [("inner", "relay", name, False) for name in RELAY_ERRORS]
        wanted += [("inner", "host", "data", True), ("outer", "scan", "SYN", False)]
        if shim:
            wanted += [("outer", "exit", name, True) for name in EXIT_CLASSES]
            wanted += [("outer", "exit", name, False) for name in EXIT_ERRORS]
        missing = [f"{owner} {name} on {link}" for link, owner, name, outbound in wanted
                   if not table.select(link, owner=owner, name=name, outbound=outbound, family=family)]
        yield f"every class occurred, IPv{family}", ", ".join(missing)
    if not shim:
        # The queries are told by the account that they come from, and need no mark of their own.
        yield "no exit packet is sent, but DNS", text_of(
            [seen for seen in table.select("outer", outbound=True, owner="exit") if not seen.scenario.startswith("dns")])


def outcomes(path: Path, without: str) -> Iterator[tuple[str, str]]:
    """Connections live or fail as they should: across the narrow link too."""
    wrong = []
    for line in path.read_text(encoding="ascii").splitlines():
        record = json.loads(line)
        expected = OUTCOMES.get(record["scenario"], "ok")
        if without and record["role"] == "exit" and not record["scenario"].startswith("dns"):
            expected = without
        if record["result"] != expected:
            wrong.append(f"{record['role']} {record['scenario']} IPv{record['family']}: {record['result']}, not {expected}")
    yield "every connection lived or failed as it should", "; ".join(wrong)


def mirror(work: Path) -> Iterator[tuple[str, str]]:
    """Frame by frame: what is said of the outer link holds for the monitor. The mirror's capture began first and
    ended last."""
    link, copies = (list(CaptureFile(work / name).frames()) for name in ("outer.pcap", "mirror.pcap"))
    missing = Counter(frame for _, frame in link) - Counter(frame for _, frame in copies)
    meanwhile = Counter(frame for time, frame in copies if link[0][0] <= time <= link[-1][0])
    added = meanwhile - Counter(frame for _, frame in link)
    wrong = f"{missing.total()} frames are missing, {added.total()} were added"
    yield "the mirror has what the outer link had", wrong if missing or added else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--title", required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder with the captures and outcomes.jsonl")
    parser.add_argument("--outer-hardware", required=True)
    parser.add_argument("--inner-hardware", required=True)
    parser.add_argument("--dscp", type=int, default=7)
    parser.add_argument("--without-mark", default="", metavar="RESULT",
                        help="tor ran without the library, and this is how its connections fail")
    parser.add_argument("--mark-cleared", action="store_true", help="the mark ends at the host")
    options = parser.parse_args()
    table = Table(options)
    table.show(options.title)
    shim = not options.without_mark
    failed = 0
    for requirements in (leaks(table, options.mark_cleared), coverage(table, shim), outcomes(options.work / "outcomes.jsonl", options.without_mark),
                         mirror(options.work)):
        for what, violation in requirements:
            failed += bool(violation)
            print(f"FAILED  {options.title}: {what}: {violation}" if violation else f"passed  {options.title}: {what}")
    print()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
