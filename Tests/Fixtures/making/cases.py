"""The words in which the rules' cases are written: records, rows, cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from . import packets
from .captures import Record, pcap
from .packets import ACK, MARK, TCP, UDP

SECOND, MILLISECOND, MICROSECOND = 1_000_000_000, 1_000_000, 1000

# 2026-01-01 00:00:00 UTC, the start of an hour. Stamps in cases count from it.
HOUR = 1_767_225_600
NEXT_HOUR = HOUR + 3600

EXIT, EXIT6 = "192.0.2.10", "2001:db8:ffff::10"
EXIT_OPTIONS = ["--exit-address", EXIT, "--exit-address", EXIT6]
EXIT_PORT = 40000

# Remote hosts, named by what Tests/Fixtures/databases know of them.
DE, FR, US = "198.51.100.10", "198.51.100.200", "203.0.113.10"  # AS64496, AS64497, AS64498
NO_COUNTRY, NO_ASN, NOTHING = "203.0.113.70", "203.0.113.130", "203.0.113.200"
DE6, FR6 = "2001:db8:100::10", "2001:db8:200::10"  # AS64496, AS65536
STRANGER, STRANGER6 = "192.0.2.99", "2001:db8:fffe::99"


@dataclass(frozen=True)
class Case:
    """One rule: captures, options and the answer, all written by hand.

    Either `records` (one Ethernet capture in classic pcap) or `files` (whole
    files). `packets` may stay out with `records`.
    """

    name: str
    about: str
    records: Sequence[Record] = ()
    tallies: Sequence[dict[str, Any]] = ()
    left_out: dict[str, int] = field(default_factory=dict)
    files: Sequence[bytes] = ()
    options: Sequence[str] = tuple(EXIT_OPTIONS)
    more_options: Sequence[str] = ()
    packets: int | None = None
    truncated: int = 0
    unmarked_flows: int = 0

    def contents(self) -> list[bytes]:
        return list(self.files) or [pcap(self.records)]

    def packet_count(self) -> int:
        return len(self.records) if self.packets is None else self.packets


@dataclass(frozen=True)
class BadCase:
    """Files that have to be refused."""

    name: str
    about: str
    files: Sequence[bytes]
    extension: str = "pcap"
    exit_code: int = 65


def row(
    flows: int = 0,
    answered: int = 0,
    out: tuple[int, int] = (0, 0),
    into: tuple[int, int] = (0, 0),
    *,
    hour: int = HOUR,
    version: int = 4,
    protocol: int = TCP,
    port: int = 443,
    asn: int = 64496,
    country: str = "DE",
    largest: int | None = None,
) -> dict[str, Any]:
    """A tally; `out` and `into` are (packets, bytes). The largest flow is in it where the case is about that."""
    return {
        "hour": hour,
        "ip_version": version,
        "protocol": protocol,
        "port": port,
        "asn": asn,
        "country": country,
        "flows": flows,
        "flows_answered": answered,
        "packets_out": out[0],
        "packets_in": into[0],
        "bytes_out": out[1],
        "bytes_in": into[1],
        **({} if largest is None else {"largest_flow": largest}),
    }


def transport(protocol: int, source_port: int, destination_port: int, flags: int, data: int) -> bytes:
    if protocol == UDP:
        return packets.udp(source_port, destination_port, data)
    return packets.tcp(source_port, destination_port, flags, data)


def ip_packet(
    source: str, destination: str, source_port: int, destination_port: int, *, protocol: int, flags: int, tos: int, data: int
) -> bytes:
    payload = transport(protocol, source_port, destination_port, flags, data)
    if ":" in source:
        return packets.ipv6(payload, source, destination, protocol, traffic_class=tos)
    return packets.ipv4(payload, source, destination, protocol, tos=tos)


def framed(packet: bytes, at: int = 0, original: int | None = None) -> Record:
    """An IP packet in an Ethernet frame, `at` nanoseconds after HOUR."""
    protocol = packets.IPV6 if packet and packet[0] >> 4 == 6 else packets.IPV4
    return Record(HOUR * SECOND + at, packets.ethernet(packet, protocol), original)


def out(
    at: int = 0,
    flags: int = ACK,
    *,
    tos: int = MARK,
    data: int = 0,
    protocol: int = TCP,
    remote: str = DE,
    port: int = 443,
    source: str | None = None,
    source_port: int = EXIT_PORT,
) -> Record:
    """An outbound packet: 40 bytes by TCP, 28 by UDP, 20 more over IPv6, plus data."""
    source = source or (EXIT6 if ":" in remote else EXIT)
    return framed(ip_packet(source, remote, source_port, port, protocol=protocol, flags=flags, tos=tos, data=data), at)


def reply(
    at: int = 0,
    flags: int = ACK,
    *,
    tos: int = 0,
    data: int = 0,
    protocol: int = TCP,
    remote: str = DE,
    port: int = 443,
    destination: str | None = None,
    destination_port: int = EXIT_PORT,
) -> Record:
    """The inbound counterpart of `out`, unmarked as replies are."""
    destination = destination or (EXIT6 if ":" in remote else EXIT)
    return framed(
        ip_packet(remote, destination, port, destination_port, protocol=protocol, flags=flags, tos=tos, data=data), at
    )
