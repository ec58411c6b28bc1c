"""What a run of the appliance has left behind, read from its folder: the client's list of streams, the servers'
record, the capture of the mirror, an independent count of that capture, the ledger, two versions of the site, and
what monitor and publisher have written."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import capturefile as capture
from capturefile import CaptureFile
from check import read_lines
from flows import Flow, FlowTable, class_of

Record = dict[str, Any]
Figures = tuple[int, ...]
Key = tuple[int | str, ...]
Tallies = dict[Key, Figures]

KEY = ("hour", "ip_version", "protocol", "port", "asn", "country")
FIGURES = ("flows", "flows_answered", "packets_out", "packets_in", "bytes_out", "bytes_in")
FLOWS, ANSWERED, PACKETS_OUT, PACKETS_IN, BYTES_OUT, BYTES_IN, LARGEST_FLOW = range(7)
# The tables of a month that name what they are of in full.
TABLES = ("service-ports", "autonomous-systems", "countries", "ip-versions")


@dataclass
class Wire:
    """The capture of the mirror, summed up."""

    packets: Counter[str]
    bytes: Counter[str]
    payload_out: int
    payload_in: int
    flows: list[Flow]
    unbegun: int
    foreign: int
    # By address family and direction, whatever flow they belong to.
    sums: dict[tuple[int, str], tuple[int, int]]


@dataclass
class Site:
    """One version of the site, as its readers get it."""

    policy: Record
    status: str
    covered_until: int
    month: tuple[int, int]
    total: Record | None
    tables: dict[str, Record]
    page: str


@dataclass
class Evidence:
    """All that the run has left."""

    streams: list[Record]
    servers: list[Record]
    wire: Wire
    truth: Tallies
    ledger: Tallies
    captures: list[Record]
    capture_log: str
    check: Record
    answers: list[tuple[int, str]]
    sites: dict[str, list[Site]]
    # What the monitor and the one who publishes have written: journals, ledger, site.
    written: dict[str, bytes]


def read_wire(path: Path, exits: list[str]) -> Wire:
    table = FlowTable(exits, 0)
    wire = Wire(Counter(), Counter(), 0, 0, table.flows, 0, 0, {})
    for packet in CaptureFile(path):
        if not table.add(packet):
            wire.foreign += 1
            continue
        outbound = packet.source in exits
        name = class_of(packet) if outbound else "received"
        wire.packets[name] += 1
        wire.bytes[name] += packet.length
        if packet.protocol == capture.TCP:
            wire.payload_out += packet.payload if outbound else 0
            wire.payload_in += 0 if outbound else packet.payload
        key = (6 if ":" in packet.source else 4, "out" if outbound else "in")
        packets, octets = wire.sums.get(key, (0, 0))
        wire.sums[key] = (packets + 1, octets + packet.length)
    wire.unbegun = table.unbegun
    return wire


def read_ledger(path: Path) -> tuple[Tallies, list[Record]]:
    # Nothing writes to it any more, and nothing is to be written beside it.
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)
    connection.row_factory = sqlite3.Row
    columns = ", ".join((*KEY, *FIGURES, "largest_flow"))
    rows = [tuple(row) for row in connection.execute(f"SELECT {columns} FROM tallies")]
    captures = [dict(row) for row in connection.execute("SELECT * FROM captures")]
    connection.close()
    return {row[: len(KEY)]: row[len(KEY) :] for row in rows}, captures


def read_truth(path: Path) -> Tallies:
    rows = json.loads(path.read_text(encoding="utf-8"))["tallies"]
    return {
        tuple(row[name] for name in KEY): tuple(row[name] for name in (*FIGURES, "largest_flow")) for row in rows
    }


def read_site(folder: Path) -> list[Site]:
    sites = []
    for month in sorted(path.parent for path in folder.glob("*/released.json")):
        released = json.loads((month / "released.json").read_text(encoding="utf-8"))
        year, number = (int(part) for part in released["month"].split("-"))
        sites.append(Site(
            released["policy"], released["status"], released["covered_until"], (year, number),
            json.loads((month / "totals.json").read_text(encoding="utf-8"))["total"],
            {
                name: json.loads(path.read_text(encoding="utf-8"))
                for name in TABLES
                if (path := month / f"{name}.json").exists()
            },
            (month / "index.html").read_text(encoding="utf-8")))
    return sites


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder.parent)), path.read_bytes()


def read_evidence(folder: Path, exits: list[str]) -> Evidence:
    ledger, captures = read_ledger(folder / "weir.ledger")
    written = dict(files_below(folder / "site-final")) | {
        path.name: path.read_bytes()
        for path in (*folder.glob("journal-*"), *folder.glob("weir.ledger*"), folder / "status.json")
    }
    answers = [line.split("\t", 1) for line in (folder / "answers").read_text(encoding="utf-8").splitlines()]
    return Evidence(
        read_lines(folder / "streams.jsonl"), read_lines(folder / "internet-servers.jsonl"),
        read_wire(folder / "outer.pcap", exits), read_truth(folder / "truth.json"), ledger, captures,
        (folder / "record").read_text(encoding="utf-8"),
        json.loads((folder / "check.json").read_text(encoding="ascii")),
        [(int(status), what) for status, what in answers],
        {name: read_site(folder / f"site-{name}") for name in ("provisional", "final")}, written)


def matches(key: Key, wanted: dict[str, int | str]) -> bool:
    return all(key[KEY.index(name)] == value for name, value in wanted.items())


def total(tallies: Tallies, column: int, **wanted: int | str) -> int:
    """A column's sum over the tallies whose keys have these values."""
    return sum(figures[column] for key, figures in tallies.items() if matches(key, wanted))
