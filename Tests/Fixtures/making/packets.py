"""Bytes of packets, with every field free to lie.

The builders put in what they are told and check nothing: half of the fixtures
are packets that contradict themselves. Checksums are zero throughout, because
a capture on the sending host shows packets before the card fills them in, so
nothing that counts may look at them.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

TCP, UDP, ICMP = 6, 17, 1

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
VLAN, SERVICE_VLAN = 0x8100, 0x88A8

# DSCP 7, the default mark, as the whole ToS byte or traffic class.
MARK = 7 << 2

HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS = 0, 43, 44, 60


def tcp(source_port: int, destination_port: int, flags: int = ACK, data: int = 0) -> bytes:
    header = struct.pack("!HHIIBBHHH", source_port, destination_port, 0, 0, 5 << 4, flags, 65535, 0, 0)
    return header + bytes(data)


def udp(source_port: int, destination_port: int, data: int = 0, length: int | None = None) -> bytes:
    return struct.pack("!HHHH", source_port, destination_port, 8 + data if length is None else length, 0) + bytes(data)


def ipv4(
    payload: bytes,
    source: str,
    destination: str,
    protocol: int = TCP,
    *,
    tos: int = MARK,
    total: int | None = None,
    version: int = 4,
    header_words: int = 5,
    fragment_field: int = 0,
) -> bytes:
    """`header_words` above 5 appends zero options; below 5 the header stays 20 bytes and lies."""
    options = bytes(max(0, header_words - 5) * 4)
    length = 20 + len(options) + len(payload) if total is None else total
    header = struct.pack(
        "!BBHHHBBH4s4s",
        version << 4 | header_words,
        tos,
        length,
        0,
        fragment_field,
        64,
        protocol,
        0,
        socket.inet_aton(source),
        socket.inet_aton(destination),
    )
    return header + options + payload


def ipv6(
    payload: bytes,
    source: str,
    destination: str,
    next_header: int = TCP,
    *,
    traffic_class: int = MARK,
    payload_length: int | None = None,
    version: int = 6,
    flow_label: int = 0,
) -> bytes:
    first_word = version << 28 | traffic_class << 20 | flow_label
    length = len(payload) if payload_length is None else payload_length
    addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
    return struct.pack("!IHBB", first_word, length, next_header, 64) + addresses + payload


def extension(next_header: int, extra: int = 0) -> bytes:
    """A hop-by-hop, routing or destination-option header of (extra + 1) × 8 bytes."""
    return struct.pack("!BB", next_header, extra) + bytes(6 + 8 * extra)


def fragment_header(next_header: int, offset: int = 0, more: int = 0, reserved: int = 0) -> bytes:
    return struct.pack("!BBHI", next_header, 0, offset << 3 | reserved << 1 | more, 0x5EED)


def tags(identifiers: Iterable[tuple[int, int]], protocol: int) -> tuple[int, bytes]:
    """The EtherType to put into the header before, and the tags' bytes after it."""
    first, body = protocol, b""
    for tag_type, vlan in reversed(list(identifiers)):
        body = struct.pack("!HH", vlan, first) + body
        first = tag_type
    return first, body


def ethernet(payload: bytes, protocol: int = IPV4, identifiers: Iterable[tuple[int, int]] = ()) -> bytes:
    first, body = tags(identifiers, protocol)
    return bytes.fromhex("020000000001 020000000002") + struct.pack("!H", first) + body + payload


def cooked_v1(payload: bytes, protocol: int = IPV4, identifiers: Iterable[tuple[int, int]] = ()) -> bytes:
    first, body = tags(identifiers, protocol)
    return struct.pack("!HHH8sH", 4, 1, 6, b"\x02\0\0\0\0\x01\0\0", first) + body + payload


def cooked_v2(payload: bytes, protocol: int = IPV4, identifiers: Iterable[tuple[int, int]] = ()) -> bytes:
    first, body = tags(identifiers, protocol)
    return struct.pack("!HHIHBB8s", first, 0, 2, 1, 4, 6, b"\x02\0\0\0\0\x01\0\0") + body + payload
