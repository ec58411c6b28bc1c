"""Capture files to packets: classic pcap and pcapng, several files merged by stamp."""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

NANOSECONDS = 1_000_000_000

# More than any snap length of tcpdump or Wireshark: a longer record is a lie.
LONGEST_RECORD = 262_144
LONGEST_BLOCK = 16 * 1024 * 1024

ETHERNET, COOKED_V1, COOKED_V2 = 1, 113, 276
NULL, LOOP = 0, 108
RAW = (101, 12, 14)
RAW_IPV4, RAW_IPV6 = 228, 229
LINK_TYPES = {ETHERNET, COOKED_V1, COOKED_V2, NULL, LOOP, *RAW, RAW_IPV4, RAW_IPV6}


class BadCapture(Exception):
    """The file is no capture, or stops being one."""


class Packet(NamedTuple):
    stamp: int  # nanoseconds since 1970, may be negative
    link: int
    data: bytes
    wire_length: int


class Capture:
    """One file. Its `truncated` is known once its packets have been read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.truncated = False
        self.content = path.read_bytes()

    def bad(self, what: str) -> BadCapture:
        return BadCapture(f"{self.path}: {what}")

    def packets(self) -> Iterator[Packet]:
        if self.content[:4] == b"\x0a\x0d\x0d\x0a":
            return self.pcapng()
        return self.classic()

    def checked_link(self, link: int) -> int:
        if link not in LINK_TYPES:
            raise self.bad(f"link type {link} is not supported")
        return link

    # Classic pcap

    def classic(self) -> Iterator[Packet]:
        content = self.content
        if len(content) < 24:
            raise self.bad("not a capture file")
        formats = {
            b"\xd4\xc3\xb2\xa1": ("<", 1000),
            b"\xa1\xb2\xc3\xd4": (">", 1000),
            b"\x4d\x3c\xb2\xa1": ("<", 1),
            b"\xa1\xb2\x3c\x4d": (">", 1),
        }
        if content[:4] not in formats:
            raise self.bad("not a capture file")
        order, unit = formats[content[:4]]
        major, _, _, _, _, link_field = struct.unpack_from(order + "HHiIII", content, 4)
        if major != 2:
            raise self.bad(f"version {major} of the format is not known")
        # The upper six bits tell of frame check sequences.
        link = self.checked_link(link_field & 0x03FF_FFFF)
        record = struct.Struct(order + "IIII")
        offset, end = 24, len(content)
        while offset < end:
            if end - offset < 16:
                self.truncated = True
                return
            seconds, fraction, captured, original = record.unpack_from(content, offset)
            if captured > LONGEST_RECORD:
                raise self.bad(f"a record of {captured} bytes at {offset}")
            offset += 16
            if end - offset < captured:
                self.truncated = True
                return
            data = content[offset : offset + captured]
            offset += captured
            yield Packet(seconds * NANOSECONDS + fraction * unit, link, data, max(original, captured))

    # pcapng

    def pcapng(self) -> Iterator[Packet]:
        content = self.content
        offset, end = 0, len(content)
        order = "<"
        interfaces: list[Interface] = []
        while offset < end:
            if content[offset : offset + 4] == b"\x0a\x0d\x0d\x0a" and end - offset >= 12:
                order = self.section_order(offset)
                interfaces = []
            if end - offset < 12:
                if offset == 0:
                    raise self.bad("not a capture file")
                self.truncated = True
                return
            block_type, length = struct.unpack_from(order + "II", content, offset)
            if length < 12 or length % 4 or length > LONGEST_BLOCK:
                raise self.bad(f"a block of {length} bytes at {offset}")
            if end - offset < length:
                if offset == 0:
                    raise self.bad("not a capture file")
                self.truncated = True
                return
            if struct.unpack_from(order + "I", content, offset + length - 4)[0] != length:
                raise self.bad(f"the block at {offset} has two lengths")
            body = content[offset + 8 : offset + length - 4]
            if block_type == 1:
                interfaces.append(self.interface(order, body, interfaces))
            elif block_type in (2, 6):
                yield self.pcapng_packet(order, block_type, body, interfaces)
            elif block_type == 3:
                yield self.simple_packet(order, body, interfaces)
            offset += length

    def section_order(self, offset: int) -> str:
        magic = self.content[offset + 8 : offset + 12]
        if magic == b"\x4d\x3c\x2b\x1a":
            return "<"
        if magic == b"\x1a\x2b\x3c\x4d":
            return ">"
        raise self.bad("a section of unknown byte order")

    def interface(self, order: str, body: bytes, others: list[Interface]) -> Interface:
        if len(body) < 8:
            raise self.bad("an interface block that is too short")
        link = self.checked_link(struct.unpack_from(order + "H", body)[0])
        if others and others[0].link != link:
            raise self.bad("interfaces of several link types")
        resolution, offset = 1_000_000, 0
        for code, value in options(order, body[8:]):
            if code == 9 and value:
                resolution = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
            elif code == 14 and len(value) == 8:
                (offset,) = struct.unpack(order + "q", value)
        return Interface(link, resolution, offset)

    def pcapng_packet(self, order: str, block_type: int, body: bytes, interfaces: list[Interface]) -> Packet:
        if len(body) < 20:
            raise self.bad("a packet block that is too short")
        # The obsolete packet block has a count of drops where the enhanced one
        # has the upper half of its interface number.
        layout = "IIIII" if block_type == 6 else "HxxIIII"
        number, high, low, captured, original = struct.unpack_from(order + layout, body)
        if captured > len(body) - 20:
            raise self.bad("a packet that is longer than its block")
        if number >= len(interfaces):
            raise self.bad(f"a packet of interface {number}, which is not described")
        interface = interfaces[number]
        units = high << 32 | low
        stamp = units * NANOSECONDS // interface.resolution + interface.offset * NANOSECONDS
        return Packet(stamp, interface.link, body[20 : 20 + captured], max(original, captured))


    def simple_packet(self, order: str, body: bytes, interfaces: list[Interface]) -> Packet:
        """Without a stamp: it belongs to the first moment of 1970, apart from all others."""
        if len(body) < 4 or not interfaces:
            raise self.bad("a simple packet block without a length or an interface")
        (original,) = struct.unpack_from(order + "I", body)
        data = body[4 : 4 + original]
        return Packet(interfaces[0].offset * NANOSECONDS, interfaces[0].link, data, original)


class Interface(NamedTuple):
    link: int
    resolution: int  # units in a second
    offset: int  # seconds


def options(order: str, body: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while len(body) - offset >= 4:
        code, length = struct.unpack_from(order + "HH", body, offset)
        if code == 0:
            return
        yield code, body[offset + 4 : offset + 4 + length]
        offset += 4 + (length + 3) // 4 * 4


def merged(captures: list[Capture]) -> Iterator[Packet]:
    """Always the packet of the file whose next one has the smallest stamp, ties in the order given."""
    if len(captures) == 1:
        yield from captures[0].packets()
        return
    heads: list[tuple[int, int, Packet]] = []
    sources = [capture.packets() for capture in captures]
    for index, source in enumerate(sources):
        for packet in source:
            heads.append((packet.stamp, index, packet))
            break
    heapq.heapify(heads)
    while heads:
        _, index, packet = heads[0]
        yield packet
        for following in sources[index]:
            heapq.heapreplace(heads, (following.stamp, index, following))
            break
        else:
            heapq.heappop(heads)
