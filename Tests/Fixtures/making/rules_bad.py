"""Files that are no capture, or stop being one: they have to be refused, never half counted in silence."""

from __future__ import annotations

import gzip
import struct

from .captures import ETHERNET, Blocks, pcap, pcap_header, pcapng
from .cases import HOUR, BadCase, out

B = Blocks()

FRAME = out().data

GOOD = pcap([out(0), out(1000)])


def absurd(captured: int, big: bool = False) -> bytes:
    """A sound record, one that claims `captured` bytes, and another sound one."""
    order = ">" if big else "<"
    sound = struct.pack(order + "IIII", HOUR, 0, len(FRAME), len(FRAME)) + FRAME
    lie = struct.pack(order + "IIII", HOUR, 1, captured, captured) + FRAME
    return pcap_header(big=big) + sound + lie + sound


def damaged_block(block: bytes) -> bytes:
    """A sound packet, `block`, and another sound packet."""
    sound = B.packet(HOUR * 1_000_000, FRAME)
    return B.section() + B.interface() + sound + block + sound


NO_CAPTURE_CASES = [
    BadCase("empty", "A file of no bytes.", [b""]),
    BadCase("text", "A text file.", [b"hour,port,packets\n0,443,1\n" * 10], "txt"),
    BadCase("zeros", "A file of zero bytes.", [bytes(200)]),
    BadCase("gzip", "A capture still compressed.", [gzip.compress(GOOD, mtime=0)], "pcap.gz"),
    BadCase("database", "A file of another kind: the start of an SQLite ledger.", [b"SQLite format 3\0" + bytes(100)], "sqlite"),
    BadCase("snoop", "Another capture format: snoop.", [b"snoop\0\0\0" + struct.pack(">II", 2, 4) + bytes(100)], "snoop"),
    *(
        BadCase(f"header-{length}", f"The first {length} bytes of a classic header.", [GOOD[:length]])
        for length in (1, 2, 3, 4, 8, 12, 16, 20, 22, 23)
    ),
    *(
        BadCase(f"pcapng-header-{length}", f"The first {length} bytes of a section header.", [B.section()[:length]], "pcapng")
        for length in (5, 8, 11, 12, 20, 27)
    ),
    BadCase("version", "A classic header of version 9.0.", [GOOD[:4] + struct.pack("<HH", 9, 0) + GOOD[8:]]),
    BadCase("pcapng-magic", "A section header with another byte-order magic.", [B.block(0x0A0D0D0A, bytes(16)) + B.interface()], "pcapng"),
    BadCase("one-of-two", "A sound capture and a text file: nothing is counted.", [GOOD, b"not a capture\n"]),
]

LINK_TYPE_CASES = [
    *(
        BadCase(f"link-type-{link}", f"Link type {link} ({name}) is not read.", [pcap([out()], link)])
        for link, name in ((105, "802.11"), (127, "radiotap"), (9, "PPP"), (117, "pflog"), (147, "private use"))
    ),
    BadCase("pcapng-link-type", "A pcapng interface of 802.11.", [pcapng([out()], 105)], "pcapng"),
    BadCase(
        "pcapng-mixed-link-types",
        "Interfaces of several link types in one file: libpcap cannot tell them apart, so the file is refused.",
        [
            B.section()
            + B.interface(ETHERNET)
            + B.interface(101)
            + B.packet(HOUR * 1_000_000, FRAME)
            + B.packet(HOUR * 1_000_000, FRAME[14:], interface=1)
        ],
        "pcapng",
    ),
]

BROKEN_CASES = [
    *(
        BadCase(f"captured-length-{name}", f"A record in the middle claims {captured} captured bytes.", [absurd(captured, big)])
        for name, captured, big in (
            ("largest", 0xFFFF_FFFF, False),
            ("negative", 0x8000_0000, False),
            ("huge", 0x7FFF_FFFF, False),
            ("big-endian", 0x7FFF_FFFF, True),
            ("unlikely", 300_000_000, False),
        )
    ),
    BadCase(
        "pcapng-unknown-interface",
        "A packet of an interface that no block describes.",
        [damaged_block(B.packet(HOUR * 1_000_000, FRAME, interface=7))],
        "pcapng",
    ),
    BadCase(
        "pcapng-no-interface",
        "A packet before any interface.",
        [B.section() + B.packet(HOUR * 1_000_000, FRAME)],
        "pcapng",
    ),
    BadCase(
        "pcapng-captured-length",
        "A packet that claims more captured bytes than its block holds.",
        [damaged_block(B.block(6, B.pack("IIIII", 0, 0, 0, 1000, 1000) + FRAME))],
        "pcapng",
    ),
    BadCase(
        "pcapng-block-length-odd",
        "A block length that is no multiple of four.",
        [damaged_block(B.pack("II", 5, 23) + bytes(11) + B.pack("I", 23))],
        "pcapng",
    ),
    BadCase("pcapng-block-length-zero", "A block of length 0.", [damaged_block(B.pack("III", 5, 0, 0))], "pcapng"),
    BadCase(
        "pcapng-block-length-eight",
        "A block of length 8, too short for its own frame.",
        [damaged_block(B.pack("III", 5, 8, 8))],
        "pcapng",
    ),
    BadCase(
        "pcapng-block-length-huge",
        "A block of 4 GB in a small file.",
        [damaged_block(B.pack("II", 5, 0xFFFF_FFFC))],
        "pcapng",
    ),
    BadCase(
        "pcapng-block-trailer",
        "A closing length that is not the opening one.",
        [damaged_block(B.pack("II", 5, 24) + bytes(12) + B.pack("I", 28))],
        "pcapng",
    ),
    BadCase(
        "pcapng-packet-block-short",
        "A packet block too short for its fixed fields.",
        [damaged_block(B.block(6, bytes(16)))],
        "pcapng",
    ),
]

CASES = [*NO_CAPTURE_CASES, *LINK_TYPE_CASES, *BROKEN_CASES]
