"""A frame to the fields that count, or to the reason why it does not.

Checks stand in the order of the rules: the first that fails names the reason.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from .captures import COOKED_V1, COOKED_V2, ETHERNET, LOOP, NULL, RAW_IPV4, RAW_IPV6

HEADER_CUT = "header_cut"
NOT_IP = "not_ip"
VERSION_MISMATCH = "version_mismatch"
BAD_HEADER_LENGTH = "bad_header_length"
BAD_TOTAL_LENGTH = "bad_total_length"
FRAGMENT = "fragment"
NOT_TCP_UDP = "not_tcp_udp"

TCP, UDP = 6, 17
SHORTEST_TRANSPORT = {TCP: 20, UDP: 8}

ETHERTYPE_IPV4, ETHERTYPE_IPV6 = 0x0800, 0x86DD
TAG_TYPES = (0x8100, 0x88A8)

FAMILY_IPV4 = 2
FAMILIES_IPV6 = (10, 24, 28, 30)

# Extension headers that give their length in units of eight bytes.
HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS = 0, 43, 60
SIZED_EXTENSIONS = (HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS)
FRAGMENT_EXTENSION = 44


class Header(NamedTuple):
    version: int
    protocol: int
    source: bytes
    destination: bytes
    source_port: int
    destination_port: int
    length: int
    dscp: int
    flags: int


class LeftOut(Exception):
    """The packet does not count; `reason` is the name under which it is left out."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_header(link: int, data: bytes, wire_length: int) -> Header:
    version, offset = ip_header(link, data)
    room = wire_length - offset
    if version == 4:
        return read_ipv4(data, offset, room)
    return read_ipv6(data, offset, room)


# The link layer: which IP version is expected, and where its header begins.


def ip_header(link: int, data: bytes) -> tuple[int, int]:
    if link == ETHERNET:
        return behind_tags(data, 12, 14)
    if link == COOKED_V1:
        return behind_tags(data, 14, 16)
    if link == COOKED_V2:
        return behind_tags(data, 0, 20)
    if link in (NULL, LOOP):
        return loopback(data, link == LOOP)
    if not data:
        raise LeftOut(HEADER_CUT)
    if link == RAW_IPV4:
        return 4, 0
    if link == RAW_IPV6:
        return 6, 0
    version = data[0] >> 4
    if version not in (4, 6):
        raise LeftOut(NOT_IP)
    return version, 0


def behind_tags(data: bytes, protocol_offset: int, header_length: int) -> tuple[int, int]:
    captured = len(data)
    if captured < header_length:
        raise LeftOut(HEADER_CUT)
    protocol = data[protocol_offset] << 8 | data[protocol_offset + 1]
    offset = header_length
    while protocol in TAG_TYPES:
        if captured < offset + 4:
            raise LeftOut(HEADER_CUT)
        protocol = data[offset + 2] << 8 | data[offset + 3]
        offset += 4
    if protocol == ETHERTYPE_IPV4:
        return 4, offset
    if protocol == ETHERTYPE_IPV6:
        return 6, offset
    raise LeftOut(NOT_IP)


def loopback(data: bytes, network_order_only: bool) -> tuple[int, int]:
    if len(data) < 4:
        raise LeftOut(HEADER_CUT)
    families = [int.from_bytes(data[:4], "big")]
    if not network_order_only:
        families.append(int.from_bytes(data[:4], "little"))
    if FAMILY_IPV4 in families:
        return 4, 4
    if any(family in FAMILIES_IPV6 for family in families):
        return 6, 4
    raise LeftOut(NOT_IP)


# The IP headers. `start` is where the header begins in the frame.


def read_ipv4(data: bytes, start: int, room: int) -> Header:
    if len(data) < start + 20:
        raise LeftOut(HEADER_CUT)
    first, tos, total, fragment, protocol = struct.unpack_from("!BBHxxHxB", data, start)
    if first >> 4 != 4:
        raise LeftOut(VERSION_MISMATCH)
    header_length = (first & 15) * 4
    if header_length < 20:
        raise LeftOut(BAD_HEADER_LENGTH)
    if total == 0 and room > 65535:
        total = room
    if total < header_length or total > room:
        raise LeftOut(BAD_TOTAL_LENGTH)
    if fragment & 0x3FFF:
        raise LeftOut(FRAGMENT)
    if protocol not in SHORTEST_TRANSPORT:
        raise LeftOut(NOT_TCP_UDP)
    addresses = data[start + 12 : start + 16], data[start + 16 : start + 20]
    return read_transport(data, start, 4, protocol, addresses, header_length, total, tos)


def read_ipv6(data: bytes, start: int, room: int) -> Header:
    if len(data) < start + 40:
        raise LeftOut(HEADER_CUT)
    first_word, payload, next_header = struct.unpack_from("!IHB", data, start)
    if first_word >> 28 != 6:
        raise LeftOut(VERSION_MISMATCH)
    total = room if payload == 0 and room > 65575 else payload + 40
    if total > room:
        raise LeftOut(BAD_TOTAL_LENGTH)
    protocol, header_length = walk_extensions(data, start, next_header, total)
    addresses = data[start + 8 : start + 24], data[start + 24 : start + 40]
    return read_transport(data, start, 6, protocol, addresses, header_length, total, first_word >> 20 & 0xFF)


def walk_extensions(data: bytes, start: int, next_header: int, total: int) -> tuple[int, int]:
    """The transport protocol and the length of all headers before it."""
    position = 40
    while next_header in SIZED_EXTENSIONS or next_header == FRAGMENT_EXTENSION:
        if position + 8 > total:
            raise LeftOut(BAD_TOTAL_LENGTH)
        if len(data) < start + position + 8:
            raise LeftOut(HEADER_CUT)
        kind = next_header
        next_header = data[start + position]
        if kind == FRAGMENT_EXTENSION:
            offset_and_more = data[start + position + 2] << 8 | data[start + position + 3]
            if offset_and_more & 0xFFF9:
                raise LeftOut(FRAGMENT)
            position += 8
        else:
            position += (data[start + position + 1] + 1) * 8
            if position > total:
                raise LeftOut(BAD_TOTAL_LENGTH)
    if next_header not in SHORTEST_TRANSPORT:
        raise LeftOut(NOT_TCP_UDP)
    return next_header, position


def read_transport(
    data: bytes, start: int, version: int, protocol: int, addresses: tuple[bytes, bytes], header_length: int, total: int, tos: int
) -> Header:
    needed = header_length + SHORTEST_TRANSPORT[protocol]
    if total < needed:
        raise LeftOut(BAD_TOTAL_LENGTH)
    if len(data) < start + needed:
        raise LeftOut(HEADER_CUT)
    ports = start + header_length
    source_port, destination_port = struct.unpack_from("!HH", data, ports)
    flags = data[ports + 13] if protocol == TCP else 0
    return Header(version, protocol, *addresses, source_port, destination_port, total, tos >> 2, flags)
