"""Capture files, written field by field: classic pcap and pcapng.

https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

NANOSECONDS = 1_000_000_000

SNAP_LENGTH = 262_144

ETHERNET, COOKED_V1, COOKED_V2 = 1, 113, 276


@dataclass(frozen=True)
class Record:
    """One captured packet: `stamp` in nanoseconds since 1970, `original` its length on the wire."""

    stamp: int
    data: bytes
    original: int | None = None

    @property
    def wire_length(self) -> int:
        return len(self.data) if self.original is None else self.original


def cut(record: Record, captured: int) -> Record:
    """The record as a snap length of `captured` leaves it."""
    return Record(record.stamp, record.data[:captured], record.wire_length)


def pcap_header(link: int = ETHERNET, *, nanosecond: bool = False, big: bool = False) -> bytes:
    magic = 0xA1B23C4D if nanosecond else 0xA1B2C3D4
    return struct.pack((">" if big else "<") + "IHHiIII", magic, 2, 4, 0, 0, SNAP_LENGTH, link)


def pcap_record(seconds: int, fraction: int, data: bytes, original: int, *, big: bool = False) -> bytes:
    return struct.pack((">" if big else "<") + "IIII", seconds, fraction, len(data), original) + data


def pcap(records: Iterable[Record], link: int = ETHERNET, *, nanosecond: bool = False, big: bool = False) -> bytes:
    unit = 1 if nanosecond else 1000
    parts = [pcap_header(link, nanosecond=nanosecond, big=big)]
    for record in records:
        seconds, fraction = divmod(record.stamp, NANOSECONDS)
        if fraction % unit:
            raise ValueError("a stamp finer than the file's unit")
        parts.append(pcap_record(seconds, fraction // unit, record.data, record.wire_length, big=big))
    return b"".join(parts)


@dataclass(frozen=True)
class Blocks:
    """Blocks of a pcapng section in one byte order."""

    big: bool = False

    def pack(self, layout: str, *values: int | bytes) -> bytes:
        return struct.pack((">" if self.big else "<") + layout, *values)

    def block(self, block_type: int, body: bytes) -> bytes:
        padded = body + bytes(-len(body) % 4)
        length = self.pack("I", len(padded) + 12)
        return self.pack("I", block_type) + length + padded + length

    def option(self, code: int, value: bytes) -> bytes:
        return self.pack("HH", code, len(value)) + value + bytes(-len(value) % 4)

    def options(self, pairs: Iterable[tuple[int, bytes]]) -> bytes:
        body = b"".join(self.option(code, value) for code, value in pairs)
        return body + self.pack("HH", 0, 0) if body else b""

    def section(self, length: int = -1, options: Iterable[tuple[int, bytes]] = ()) -> bytes:
        return self.block(0x0A0D0D0A, self.pack("IHHq", 0x1A2B3C4D, 1, 0, length) + self.options(options))

    def interface(
        self,
        link: int = ETHERNET,
        resolution: int | None = None,
        offset: int | None = None,
        options: Iterable[tuple[int, bytes]] = (),
    ) -> bytes:
        """`resolution` is the raw byte of if_tsresol, `offset` the seconds of if_tsoffset."""
        pairs = list(options)
        if resolution is not None:
            pairs.append((9, bytes([resolution])))
        if offset is not None:
            pairs.append((14, self.pack("q", offset)))
        return self.block(1, self.pack("HHI", link, 0, SNAP_LENGTH) + self.options(pairs))

    def packet(
        self,
        units: int,
        data: bytes,
        original: int | None = None,
        interface: int = 0,
        options: Iterable[tuple[int, bytes]] = (),
    ) -> bytes:
        """An enhanced packet block; `units` is the stamp in the interface's own unit."""
        wire_length = len(data) if original is None else original
        head = self.pack("IIIII", interface, units >> 32, units & 0xFFFFFFFF, len(data), wire_length)
        return self.block(6, head + data + bytes(-len(data) % 4) + self.options(options))

    def obsolete_packet(self, units: int, data: bytes) -> bytes:
        head = self.pack("HHIIII", 0, 0xFFFF, units >> 32, units & 0xFFFFFFFF, len(data), len(data))
        return self.block(2, head + data)

    def simple_packet(self, data: bytes) -> bytes:
        return self.block(3, self.pack("I", len(data)) + data)


def pcapng(records: Iterable[Record], link: int = ETHERNET, *, nanosecond: bool = False, big: bool = False) -> bytes:
    blocks = Blocks(big)
    unit = 1 if nanosecond else 1000
    parts = [blocks.section(), blocks.interface(link, 9 if nanosecond else None)]
    parts += [blocks.packet(record.stamp // unit, record.data, record.wire_length) for record in records]
    return b"".join(parts)
