#!/usr/bin/python3
"""Follows exit traffic from the client's stream to the site, and says of each step whether it agrees.

Reads what a run of the appliance has left in a folder: the client's list of streams, the servers' record, the
capture of the mirror, an independent count of that capture, the ledger, two versions of the site (of the month
that is under way, and of the month once it is over), the journals. Exit code 0 if all of it agrees, else 1.
"""

import argparse
import re
import socket
import sys
from collections import Counter
from pathlib import Path

import capturefile as capture
from check import Requirement, at_least, conclude, exactly
from evidence import (
    BYTES_IN, BYTES_OUT, FIGURES, FLOWS, PACKETS_IN, PACKETS_OUT, Evidence, Record, read_evidence, total)
from flows import CLASSES, Flow
from lies import lies
from publication import SiteCheck

# The stream number of `lab up`, which tries whether the network works.
PROBE = 4_000_000
REACHING = ("plain", "abandoned", "deserted")
FEWEST_PORTS_PUBLISHED = 4
ADDRESS_LIKE = re.compile(rb"[0-9a-fA-F:.]{7,}")


# MARK: From stream to server to wire


class Connections:
    """The servers' record joined with the client's list and with the flows on the wire."""

    def __init__(self, evidence: Evidence) -> None:
        self.streams = {stream["stream"]: stream for stream in evidence.streams if stream["kind"] in REACHING}
        self.reached = {record["stream"] for record in evidence.servers} & self.streams.keys()
        self.tcp = [flow for flow in evidence.wire.flows if flow.key[0] == capture.TCP]
        self.servers = evidence.servers
        self.unasked = sum(
            record["stream"] not in self.streams and record["stream"] != PROBE and record["bytes_in"] > 0
            for record in self.servers)
        self._match()
        self.refused = [flow for flow in self.tcp if flow.refused]
        self.unanswered = [flow for flow in self.tcp if not flow.refused and not flow.established]
        self.failing = {
            kind: {(stream["host"], stream["port"]) for stream in evidence.streams if stream["kind"] == kind}
            for kind in ("refused", "unanswered")
        }

    def _match(self) -> None:
        """Each accepted connection with its flow, by the two addresses and ports."""
        flows: dict[tuple[str, int, str, int], list[Flow]] = {}
        for flow in self.tcp:
            if flow.established:
                flows.setdefault(flow.key[1:], []).append(flow)
        self.matched = self.closed_wire_out = self.closed_wire_in = self.cut_out = self.cut_in = 0
        self.closed_server_in = self.closed_server_out = 0
        for record in self.servers:
            candidates = flows.get((record["peer"], record["peer_port"], record["server"], record["port"]))
            if not candidates:
                continue
            flow = candidates.pop(0)
            self.matched += 1
            if record["end"] == "closed":
                self.closed_wire_out += flow.bytes_out
                self.closed_wire_in += flow.bytes_in
                self.closed_server_in += record["bytes_in"]
                self.closed_server_out += record["bytes_out"]
            else:
                self.cut_out += flow.bytes_out
                self.cut_in += flow.bytes_in
        self.unknown = sum(len(rest) for rest in flows.values())

    def lost_in_tor(self) -> int:
        """Streams that failed before any exit connection was made for them."""
        return sum(
            number not in self.reached and stream["result"] not in ("ok", "hung up")
            for number, stream in self.streams.items())

    def without_reason(self, kind: str, flows: list[Flow]) -> int:
        return sum((flow.key[3], flow.key[4]) not in self.failing[kind] for flow in flows)


def of_streams(evidence: Evidence, joined: Connections) -> list[Requirement]:
    asked = len(joined.streams)
    lost = joined.lost_in_tor()
    return [
        exactly("streams to a server that reached it, or failed within Tor", len(joined.reached) + lost, asked),
        # tor may lose a stream while a consensus changes; a lost one proves nothing either way.
        at_least("… that reached it", len(joined.reached), asked - asked // 20),
        exactly("requests at the servers that no stream had asked for", joined.unasked, 0),
        at_least("streams by circuits in which the exit is the middle hop",
                 sum(stream["kind"] == "middle" and stream["result"] == "ok" for stream in evidence.streams), 1),
    ]


def of_wire(evidence: Evidence, joined: Connections) -> list[Requirement]:
    connections, refused, unanswered = len(joined.servers), len(joined.refused), len(joined.unanswered)
    return [
        exactly("packets that the capture lost", lost_by(evidence.capture_log), 0),
        exactly("packets from or to other hosts, or of flows without a beginning",
                evidence.wire.foreign + evidence.wire.unbegun, 0),
        exactly("connections on the wire that a server accepted", joined.matched, connections),
        exactly("… and that none knows of", joined.unknown, 0),
        exactly("bytes to the servers, of connections that both ends closed",
                joined.closed_wire_out, joined.closed_server_in),
        exactly("bytes from the servers, of the same", joined.closed_wire_in, joined.closed_server_out),
        exactly("TCP flows: accepted, refused or unanswered", len(joined.tcp), connections + refused + unanswered),
        exactly("refused flows that no stream had asked for", joined.without_reason("refused", joined.refused), 0),
        exactly("unanswered flows that no stream had asked for",
                joined.without_reason("unanswered", joined.unanswered), 0),
    ]


def lost_by(log: str) -> int:
    """By tcpdump's own account; a capture that gave none counts as one lost."""
    found = re.search(r"(\d+) packets dropped by kernel", log)
    return int(found[1]) if found else 1


# MARK: From wire to ledger to site


def of_ledger(evidence: Evidence, joined: Connections) -> list[Requirement]:
    ledger, truth = evidence.ledger, evidence.truth
    lines = []
    for family in (4, 6):
        flows = sum(flow.family == family for flow in joined.tcp)
        lines.append(exactly(f"TCP flows over IPv{family}", total(ledger, FLOWS, ip_version=family, protocol=6), flows))
    lines.append(exactly("UDP flows (the exit's DNS queries)", total(ledger, FLOWS, protocol=17),
                         total(truth, FLOWS, protocol=17)))
    for family in (4, 6):
        for direction, packets, octets in (("out", PACKETS_OUT, BYTES_OUT), ("in", PACKETS_IN, BYTES_IN)):
            wanted = evidence.wire.sums.get((family, direction), (0, 0))
            lines += [
                exactly(f"packets {direction}, IPv{family}", total(ledger, packets, ip_version=family), wanted[0]),
                exactly(f"bytes {direction}, IPv{family}", total(ledger, octets, ip_version=family), wanted[1]),
            ]
    return [
        *lines,
        exactly(f"tallies that differ from an independent count's {len(truth)}",
                sum(ledger.get(key) != truth.get(key) for key in ledger.keys() | truth.keys()), 0),
        exactly("packets that the collector's kernel or interface dropped",
                sum(row["dropped_kernel"] + row["dropped_interface"] for row in evidence.captures), 0),
        exactly("captures, so that nothing began anew", len(evidence.captures), 1),
    ]


def of_site(evidence: Evidence, version: str) -> list[Requirement]:
    lines = []
    ports = 0
    for site in evidence.sites[version]:
        found = SiteCheck(evidence.ledger, site)
        ports += found.ports
        if site.total is None:
            # Of a run around midnight or the end of a month.
            lines.append(exactly("months left out that are large enough", int(found.is_large_enough), 0))
            continue
        for name, value in zip(FIGURES, found.wanted_total, strict=True):
            lines.append(exactly(f"{name.replace('_', ' ')} of {site.month[0]}-{site.month[1]:02}",
                                 site.total[name], value))
        lines += [
            exactly(f"figures of {found.rows} rows and their “other” that differ from the ledger's",
                    found.different, 0),
            exactly("rows that the rules forbid to publish", found.forbidden, 0),
            exactly("pages that say how many flows", int(f"{site.total['flows']:,}" in site.page), 1),
        ]
    return [
        *lines,
        at_least("service ports published", ports, FEWEST_PORTS_PUBLISHED if version == "final" else 0),
        exactly("months in another state", sum(site.status != version for site in evidence.sites[version]), 0),
        at_least("months", len(evidence.sites[version]), 1),
    ]


# MARK: What was written, and what the hosts say


def of_hosts(evidence: Evidence) -> list[Requirement]:
    addresses = {flow.key[3].encode() for flow in evidence.wire.flows}
    # Four bytes of IPv4 would be found by chance.
    packed = {socket.inet_pton(socket.AF_INET6, address.decode()) for address in addresses if b":" in address}
    told = sum(
        sum(word.strip(b".:") in addresses for word in ADDRESS_LIKE.findall(text))
        + sum(address in text for address in packed)
        for text in evidence.written.values())
    requirements = evidence.check["requirements"]
    broken = [line["what"] for line in requirements if not line["holds"]]
    return [
        exactly(f"of {len(addresses)} addresses, in {len(evidence.written)} files of monitor and publisher", told, 0),
        exactly("; ".join([f"lines of “lab check” that don't hold, of {len(requirements)}", *broken]), len(broken), 0),
        *(exactly(f"exit code of {what}", status, 0) for status, what in evidence.answers),
    ]


def sections(evidence: Evidence) -> dict[str, list[Requirement]]:
    joined = Connections(evidence)
    return {
        "from the client's streams to the servers": of_streams(evidence, joined),
        "from the servers to the mirror of the outer link": of_wire(evidence, joined),
        "from the mirror to the ledger": of_ledger(evidence, joined),
        "from the ledger to the site, while the month is under way": of_site(evidence, "provisional"),
        "from the ledger to the site, once the month is over": of_site(evidence, "final"),
        "what else the hosts say, and don't": of_hosts(evidence),
    }


def of_lies(evidence: Evidence) -> list[Requirement]:
    """What holds of the evidence has to fail of each lie: one line at least."""
    holding = holding_lines(evidence)
    return [at_least(f"{what}: lines that notice", len(holding - holding_lines(lie)), 1) for what, lie in lies(evidence)]


def holding_lines(evidence: Evidence) -> set[tuple[str, int]]:
    return {
        (name, place) for name, lines in sections(evidence).items() for place, line in enumerate(lines) if line.holds
    }


# MARK: Telling


def explanation(evidence: Evidence) -> list[tuple[str, int, int]]:
    """Every byte of the ledger, by what sort of packet it was in."""
    wire = evidence.wire
    return [
        *((f"{name} sent", wire.packets[name], wire.bytes[name]) for name in CLASSES),
        ("received", wire.packets["received"], wire.bytes["received"]),
        ("all of them", wire.packets.total(), wire.bytes.total()),
        ("in the ledger", total(evidence.ledger, PACKETS_OUT) + total(evidence.ledger, PACKETS_IN),
         total(evidence.ledger, BYTES_OUT) + total(evidence.ledger, BYTES_IN)),
    ]


def payload(evidence: Evidence) -> list[tuple[str, int, int]]:
    """Bytes above TCP on the wire, by what became of them."""
    joined, wire = Connections(evidence), evidence.wire
    once_out, once_in = joined.closed_wire_out + joined.cut_out, joined.closed_wire_in + joined.cut_in
    return [
        ("counted by the servers too", joined.closed_server_in, joined.closed_server_out),
        ("of connections that were cut short", joined.cut_out, joined.cut_in),
        ("sent again by TCP", wire.payload_out - once_out, wire.payload_in - once_in),
        ("all of them", wire.payload_out, wire.payload_in),
    ]


def figures(evidence: Evidence, with_lies: bool) -> Record:
    found = sections(evidence)
    if with_lies:
        found["falsified copies of these records"] = of_lies(evidence)
    return {
        "streams": {f"{kind}: {result}": number for (kind, result), number in sorted(
            Counter((stream["kind"], stream["result"]) for stream in evidence.streams).items())},
        "packets": [dict(zip(("class", "packets", "bytes"), row, strict=True)) for row in explanation(evidence)],
        "payload": [dict(zip(("what", "out", "in"), row, strict=True)) for row in payload(evidence)],
        "requirements": {name: [vars(line) for line in lines] for name, lines in found.items()},
        "holds": all(line.holds for lines in found.values() for line in lines),
    }


def print_table(found: Record) -> None:
    print(f"{'streams that the client asked for':<70}{'number':>14}")
    for what, number in found["streams"].items():
        print(f"  {what:<68}{number:>14,}")
    print(f"\n{'what the mirror of the outer link carried':<56}{'packets':>14}{'bytes':>14}")
    for row in found["packets"]:
        print(f"  {row['class']:<54}{row['packets']:>14,}{row['bytes']:>14,}")
    print(f"\n{'bytes above TCP':<56}{'to servers':>14}{'from servers':>14}")
    for row in found["payload"]:
        print(f"  {row['what']:<54}{row['out']:>14,}{row['in']:>14,}")
    print(f"\n{'what must hold':<72}{'found':>14}{'wanted':>14}")
    for name, lines in found["requirements"].items():
        print(f"{name}")
        for line in lines:
            number = f"{line['found']:,}"
            wanted = f"{int(line['wanted']):,}" if line["wanted"].isdecimal() else line["wanted"]
            print(f"  {line['what']:<70}{number:>14}{wanted:>14}  {'ok' if line['holds'] else 'FAIL'}")
    wrong = sum(not line["holds"] for lines in found["requirements"].values() for line in lines)
    count = sum(map(len, found["requirements"].values()))
    print(f"\nall of it agrees: {count} lines" if found["holds"] else f"\nFAIL: {wrong} of {count} lines do not hold")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="what the run has left")
    parser.add_argument("--exit-address", action="append", required=True, help="(repeatable)")
    parser.add_argument("--falsify", action="store_true",
                        help="falsify copies of the records as well: each lie has to be noticed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = figures(read_evidence(options.folder, options.exit_address), options.falsify)
    return conclude(found, options.json, print_table)


if __name__ == "__main__":
    sys.exit(main())
