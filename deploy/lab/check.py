#!/usr/bin/env python3
"""Compares the capture of the exit's links with what the client asked for and what the servers wrote down.

Exit code 0 if every exit flow is marked from its SYN to the last packet that a socket sent, nothing of
Tor's own is marked, no exit packet took the inner link, and all three records agree; else 1.
"""

import argparse
import ipaddress
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import capturefile as capture
from capturefile import CaptureFile, Packet
from flows import CLASSES, Flow, FlowTable

Record = dict[str, Any]

# The classes of weir-route's guard that are exit packets on a wrong way.
EXIT_DROPS = ("exit_elsewhere", "exit_address_elsewhere", "exit_wrong_source", "exit_unmarked")


@dataclass
class Requirement:
    """One line of the verdict."""

    what: str
    found: int
    wanted: str
    holds: bool


def exactly(what: str, found: int, wanted: int) -> Requirement:
    return Requirement(what, found, str(wanted), found == wanted)


def at_least(what: str, found: int, wanted: int) -> Requirement:
    return Requirement(what, found, f"≥ {wanted}", found >= wanted)


@dataclass
class InnerLink:
    """Packets between the exit host and the rest of the Tor network, by what they belong to."""

    packets: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    flows: dict[str, set[tuple[str, int, str, int]]] = field(default_factory=dict)
    marked: int = 0
    of_exit_flows: int = 0


def read_lines(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def networks(texts: Iterable[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(text) for text in texts]


class Membership:
    """Whether an address is in one of some networks; remembers, since few addresses make many packets."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._networks = networks(texts)
        self._known: dict[str, bool] = {}

    def __contains__(self, address: str) -> bool:
        if address not in self._known:
            parsed = ipaddress.ip_address(address)
            self._known[address] = any(parsed in network for network in self._networks)
        return self._known[address]


def read_inner_link(options: argparse.Namespace, outside: Membership) -> InnerLink:
    link = InnerLink()
    exits, relays = set(options.exit_address), set(options.relay_address)
    for packet in CaptureFile(options.run / "inner.pcap"):
        ends = (packet.source, packet.destination)
        link.marked += packet.tos >> 2 == options.dscp
        link.of_exit_flows += any(end in exits - relays or end in outside for end in ends)
        if not relays.intersection(ends):
            continue
        kind = inner_kind(options, packet)
        link.packets[kind] += 1
        link.bytes[kind] += max(packet.payload, 0)
        flow = min((packet.source, packet.source_port, packet.destination, packet.destination_port),
                   (packet.destination, packet.destination_port, packet.source, packet.source_port))
        link.flows.setdefault(kind, set()).add(flow)
    return link


def inner_kind(options: argparse.Namespace, packet: Packet) -> str:
    ports = (packet.source_port, packet.destination_port)
    if packet.protocol == capture.TCP and options.directory_port in ports:
        return "directory"
    if packet.protocol == capture.TCP and options.or_port in ports:
        return "OR"
    return "other"


def dropped(run: Path) -> int:
    """Packets that a capture lost, by tcpdump's own account; a capture that gave none counts as one lost."""
    lost = 0
    for name in ("outer.log", "inner.log"):
        found = re.search(r"(\d+) packets dropped by kernel", (run / name).read_text(encoding="utf-8"))
        lost += int(found[1]) if found else 1
    return lost


class Comparison:
    """All records of one run, joined."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.run: Record = json.loads((options.run / "run.json").read_text(encoding="ascii"))
        self.streams = read_lines(options.run / "streams.jsonl")
        self.truth = self._of_this_run(options.truth)
        self.inner_truth = self._of_this_run(options.inner_truth)
        self.inner_on_outer = self.foreign_on_outer = 0
        self.table = FlowTable(options.exit_address, options.dscp)
        self._read_outer_link()
        self.inner = read_inner_link(options, Membership(options.outer_network))
        self.tcp = [flow for flow in self.table.flows if flow.key[0] == capture.TCP]
        self.dns = [flow for flow in self.table.flows if flow.key[0] == capture.UDP]

    def _of_this_run(self, path: Path) -> list[Record]:
        return [record for record in read_lines(path) if record["accepted"] >= self.run["began"]]

    def _read_outer_link(self) -> None:
        inside = Membership(self.options.inner_network)
        # With one address for all, an exit connection's own end is an address of the inner network too.
        exits = set(self.options.exit_address)
        for packet in CaptureFile(self.options.run / "outer.pcap"):
            if any(end in inside for end in {packet.source, packet.destination} - exits):
                self.inner_on_outer += 1
            elif not self.table.add(packet):
                self.foreign_on_outer += 1

    def servers_against_mirror(self) -> Counter[str]:
        """Each accepted connection with its flow, by the two addresses and ports."""
        flows: dict[tuple[str, int, str, int], list[Flow]] = {}
        for flow in self.tcp:
            flows.setdefault(flow.key[1:], []).append(flow)
        found: Counter[str] = Counter()
        for record in self.truth:
            key = (record["peer"], record["peer_port"], record["server"], record["port"])
            candidates = flows.get(key, [])
            if not candidates:
                found["not in the mirror"] += 1
                continue
            flow = candidates.pop(0)
            if record["end"] != "closed":
                found["cut short"] += 1
            elif (flow.bytes_out, flow.bytes_in) == (record["bytes_in"], record["bytes_out"]):
                found["same bytes"] += 1
            else:
                found["other bytes"] += 1
        left = [flow for rest in flows.values() for flow in rest]
        found["unknown to the servers"] = sum(flow.established for flow in left)
        return found

    def client_against_servers(self, kind: str, truth: list[Record]) -> Counter[str]:
        """Each stream of this kind with the server's record of it, by the number that it carried."""
        records = {record["stream"]: record for record in truth}
        found: Counter[str] = Counter()
        for stream in self.streams:
            if stream["kind"] != kind:
                continue
            record = records.get(stream["stream"])
            if stream["result"] != "ok":
                found["failed"] += 1
            elif record is None:
                found["unknown"] += 1
            elif (stream["sent"], stream["received"]) == (record["bytes_in"], record["bytes_out"]):
                found["same"] += 1
            else:
                found["other"] += 1
        return found

    def asked(self) -> Counter[tuple[str, str]]:
        return Counter((stream["kind"], stream["result"]) for stream in self.streams)

    def packets(self) -> tuple[Counter[str], Counter[str]]:
        marked: Counter[str] = Counter()
        unmarked: Counter[str] = Counter()
        for flow in self.table.flows:
            marked += flow.marked
            unmarked += flow.unmarked
        return marked, unmarked

    def requirements(self) -> list[Requirement]:
        routed = self._of_routing() if self.options.guard else []
        return [*self._of_marking(), *routed, *self._of_records(), *self._of_coverage()]

    def _of_routing(self) -> list[Requirement]:
        """What the rules add: the kernel's packets have the mark too, and the guard had nothing to do."""
        marked, unmarked = self.packets()
        guard = json.loads(self.options.guard.read_text(encoding="ascii"))
        dropped_exits = sum(guard["counters"][name]["packets"] for name in EXIT_DROPS)
        return [
            exactly("exit packets without the mark, the kernel's included", unmarked.total(), 0),
            at_least("RSTs by the kernel, with the mark", marked["RST, kernel"], 1),
            exactly("exit packets that the guard had to drop", dropped_exits, 0),
            exactly("things that weir-route check finds wrong",
                    sum(finding["status"] == "fail" for finding in guard["findings"]), 0),
        ]

    def _of_marking(self) -> list[Requirement]:
        plain = [flow for flow in self.tcp if flow.agreed_ecn and flow.packets["data"]]
        return [
            exactly("TCP exit flows marked from SYN to last socket-sent packet",
                    sum(flow.wholly_marked() for flow in self.tcp), len(self.tcp)),
            exactly("DNS flows marked throughout",
                    sum(flow.wholly_marked() for flow in self.dns), len(self.dns)),
            exactly("exit packets with some other DSCP",
                    sum(flow.stray_marks for flow in self.table.flows), 0),
            exactly("ECN flows whose data kept an ECN codepoint",
                    sum(flow.ecn_capable > 0 for flow in plain), len(plain)),
            exactly("marked packets on the inner link", self.inner.marked, 0),
            exactly("packets of exit flows on the inner link", self.inner.of_exit_flows, 0),
            exactly("Tor-internal packets on the outer link", self.inner_on_outer, 0),
            exactly("packets of other hosts on the outer link", self.foreign_on_outer, 0),
        ]

    def _of_records(self) -> list[Requirement]:
        servers = self.servers_against_mirror()
        client = self.client_against_servers("plain", self.truth)
        plain = client.total()
        return [
            exactly("packets the captures lost", dropped(self.options.run), 0),
            exactly("exit flows that began before the capture", self.table.unbegun, 0),
            exactly("servers' connections missing from the mirror", servers["not in the mirror"], 0),
            exactly("flows in the mirror that no server knows", servers["unknown to the servers"], 0),
            exactly("flows whose bytes differ from the server's", servers["other bytes"], 0),
            exactly("streams whose bytes differ from the server's", client["other"] + client["unknown"], 0),
            # tor may lose a stream while a consensus changes; a lost one proves nothing either way.
            at_least("plain exit streams that worked", client["same"], plain - plain // 20),
        ]

    def _of_coverage(self) -> list[Requirement]:
        """A check of nothing would always succeed."""
        middle = self.client_against_servers("middle", self.inner_truth)
        onion = self.client_against_servers("onion", self.inner_truth)
        return [
            at_least("exit flows over IPv4", sum(flow.family == 4 for flow in self.tcp), 1),
            at_least("exit flows over IPv6", sum(flow.family == 6 for flow in self.tcp), 1),
            at_least("flows with ECN agreed and data sent",
                     sum(flow.agreed_ecn and flow.packets["data"] > 0 for flow in self.tcp), 1),
            at_least("streams through the exit host as middle hop", middle["same"], 1),
            at_least("visits of the onion service", onion["same"], 1),
            at_least("onion circuits through the exit host", self.run["onion_circuits_through_exit"], 1),
            at_least("directory flows of the exit host", len(self.inner.flows.get("directory", ())), 1),
            at_least("OR connections of the exit host", len(self.inner.flows.get("OR", ())), 1),
        ]


def figures(comparison: Comparison) -> Record:
    marked, unmarked = comparison.packets()
    inner = comparison.inner
    return {
        "mark": comparison.options.mark,
        "dscp": comparison.options.dscp,
        "route": comparison.options.route,
        "streams": {f"{kind}: {result}": n for (kind, result), n in sorted(comparison.asked().items())},
        "flows": {
            f"ipv{family}": {
                "tcp": len(flows),
                "wholly_marked": sum(flow.wholly_marked() for flow in flows),
                "established": sum(flow.established for flow in flows),
                "refused": sum(flow.refused for flow in flows),
                "bytes_out": sum(flow.bytes_out for flow in flows),
                "bytes_in": sum(flow.bytes_in for flow in flows),
            }
            for family in (4, 6)
            for flows in [[flow for flow in comparison.tcp if flow.family == family]]
        } | {"dns": len(comparison.dns)},
        "packets": {name: {"marked": marked[name], "unmarked": unmarked[name]} for name in CLASSES},
        "servers_against_mirror": dict(comparison.servers_against_mirror()),
        "inner_link": {
            kind: {"flows": len(inner.flows[kind]), "packets": inner.packets[kind], "bytes": inner.bytes[kind]}
            for kind in sorted(inner.packets)
        },
        "requirements": [vars(requirement) for requirement in comparison.requirements()],
        "holds": all(requirement.holds for requirement in comparison.requirements()),
    }


def print_table(found: Record) -> None:
    print(f"mark: {found['mark']}, DSCP {found['dscp']}, routing: {found['route'] or 'by source address'}\n")
    print(f"{'streams asked for by the client':<48}{'number':>12}")
    for what, number in found["streams"].items():
        print(f"  {what:<46}{number:>12,}")
    print(f"\n{'exit flows in the mirror of the outer link':<48}{'IPv4':>12}{'IPv6':>12}")
    for key, text in (("tcp", "TCP flows"), ("wholly_marked", "marked from SYN to last socket-sent packet"),
                      ("established", "established"), ("refused", "refused"),
                      ("bytes_out", "bytes sent"), ("bytes_in", "bytes received")):
        print(f"  {text:<46}{found['flows']['ipv4'][key]:>12,}{found['flows']['ipv6'][key]:>12,}")
    print(f"\n{'packets from the exit addresses':<48}{'marked':>12}{'unmarked':>12}")
    for name, counts in found["packets"].items():
        print(f"  {name:<46}{counts['marked']:>12,}{counts['unmarked']:>12,}")
    print(f"\n{'the exit host on the inner link':<36}{'flows':>12}{'packets':>12}{'bytes':>12}")
    for kind, counts in found["inner_link"].items():
        print(f"  {kind:<34}{counts['flows']:>12,}{counts['packets']:>12,}{counts['bytes']:>12,}")
    print(f"\n{'what must hold':<60}{'found':>12}{'wanted':>12}")
    for line in found["requirements"]:
        verdict = "ok" if line["holds"] else "FAIL"
        print(f"  {line['what']:<58}{line['found']:>12,}{line['wanted']:>12}  {verdict}")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--run", type=Path, required=True, help="folder that lab traffic wrote")
    parser.add_argument("--truth", type=Path, required=True, help="record of the internet's servers")
    parser.add_argument("--inner-truth", type=Path, required=True, help="record of the servers beside Tor")
    parser.add_argument("--mark", default="", help="how the lab marks; only printed")
    parser.add_argument("--dscp", type=int, required=True)
    parser.add_argument("--exit-address", action="append", required=True)
    parser.add_argument("--relay-address", action="append", required=True)
    parser.add_argument("--inner-network", action="append", required=True)
    parser.add_argument("--outer-network", action="append", required=True)
    parser.add_argument("--or-port", type=int, required=True)
    parser.add_argument("--directory-port", type=int, required=True)
    parser.add_argument("--route", default="", help="mode of weir-route on the exit; only printed")
    parser.add_argument("--guard", type=Path, help="what `weir-route check --json` said, if it routes the exit")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def conclude(found: Record, as_json: bool, print_table: Callable[[Record], None]) -> int:
    """Prints the figures. Returns the exit code."""
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        print_table(found)
    return 0 if found["holds"] else 1


def main() -> int:
    options = read_options()
    return conclude(figures(Comparison(options)), options.json, print_table)


if __name__ == "__main__":
    sys.exit(main())
