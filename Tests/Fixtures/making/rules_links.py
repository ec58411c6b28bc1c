"""Rules of the link layer: header lengths, protocol fields, tags."""

from __future__ import annotations

import struct

from .captures import COOKED_V1, COOKED_V2, Record, cut, pcap
from .cases import DE, DE6, EXIT, EXIT6, EXIT_PORT, HOUR, SECOND, Case, out, reply, row
from .packets import (
    ARP,
    IPV4,
    IPV6,
    MARK,
    SERVICE_VLAN,
    VLAN,
    cooked_v1,
    cooked_v2,
    ethernet,
    ipv4,
    ipv6,
    tcp,
    udp,
)

RAW, RAW_BSD, RAW_OPENBSD, RAW_IPV4, RAW_IPV6 = 101, 12, 14, 228, 229
NULL, LOOP = 0, 108

STAMP = HOUR * SECOND

# 40 bytes each way over IPv4, 60 over IPv6.
OUT4 = ipv4(tcp(EXIT_PORT, 443), EXIT, DE)
IN4 = ipv4(tcp(443, EXIT_PORT), DE, EXIT, tos=0)
OUT6 = ipv6(tcp(EXIT_PORT, 443), EXIT6, DE6)
IN6 = ipv6(tcp(443, EXIT_PORT), DE6, EXIT6, traffic_class=0)

BOTH_VERSIONS = [row(1, 1, (1, 40), (1, 40)), row(1, 1, (1, 60), (1, 60), version=6)]
ONE_OUT = [row(1, 0, (1, 40))]
ONE_OUT6 = [row(1, 0, (1, 60), version=6)]


def record(data: bytes, original: int | None = None) -> Record:
    return Record(STAMP, data, original)


def null_frame(family: bytes, packet: bytes) -> Record:
    return record(family + packet)


def link_case(name: str, about: str, link: int, frames: list[Record], **answer: object) -> Case:
    return Case(name, about, files=[pcap(frames, link)], packets=len(frames), **answer)  # type: ignore[arg-type]


ETHERNET_CASES = [
    Case(
        "ethernet",
        "Ethernet: IPv4 and IPv6 behind a 14-byte header, both directions.",
        [record(ethernet(OUT4)), record(ethernet(IN4)), record(ethernet(OUT6, IPV6)), record(ethernet(IN6, IPV6))],
        BOTH_VERSIONS,
    ),
    Case(
        "ethernet-header-cut",
        "Of an ARP frame 13 captured bytes are a cut header, 14 are enough to see that it is not IP.",
        [cut(record(ethernet(bytes(28), ARP)), 13), cut(record(ethernet(bytes(28), ARP)), 14)],
        left_out={"header_cut": 1, "not_ip": 1},
    ),
    Case(
        "ethernet-nothing-captured",
        "A frame of which no byte was captured is a cut header.",
        [record(b"", 60)],
        left_out={"header_cut": 1},
    ),
    Case(
        "ethernet-not-ip",
        "Other EtherTypes, the 802.3 length field and tag types other than 0x8100 and 0x88a8 are not IP.",
        [
            record(ethernet(bytes(46), ARP)),
            record(ethernet(bytes(46), 0x0026)),
            record(ethernet(b"\x00\x01\x01\x40" + OUT4, 0x8847)),
            record(ethernet(b"\x11\x00\x00\x01\x00\x2a\x00\x21" + OUT4, 0x8864)),
            record(ethernet(OUT4, IPV4, [(0x9100, 5)])),
            record(ethernet(OUT4, 0x0801)),
            record(ethernet(OUT6, 0x86DC)),
        ],
        left_out={"not_ip": 7},
    ),
    Case(
        "ethernet-ethertype-decides",
        "The EtherType says which version is expected: a version nibble against it is a mismatch.",
        [record(ethernet(OUT6, IPV4)), record(ethernet(OUT4, IPV6))],
        left_out={"version_mismatch": 2},
    ),
    Case(
        "ethernet-padding",
        "Padding to the shortest frame is not counted: bytes are the IP total length.",
        [
            record(ethernet(OUT4 + bytes(6))),
            record(ethernet(IN4 + bytes(6))),
            record(ethernet(ipv4(udp(EXIT_PORT, 53), EXIT, DE, 17) + bytes(18))),
        ],
        [row(1, 1, (1, 40), (1, 40)), row(1, 0, (1, 28), protocol=17, port=53)],
    ),
    Case(
        "ethernet-check-sequence-kept",
        "Four bytes of frame check sequence after the packet are not counted.",
        [record(ethernet(OUT4 + b"\xde\xad\xbe\xef"))],
        ONE_OUT,
    ),
]

TAG_CASES = [
    Case(
        "vlan-one",
        "One 802.1Q tag is skipped, whatever its priority bits and number.",
        [record(ethernet(OUT4, IPV4, [(VLAN, 5)])), record(ethernet(OUT6, IPV6, [(VLAN, 0xFFFF)]))],
        [*ONE_OUT, *ONE_OUT6],
    ),
    Case(
        "vlan-service",
        "One 802.1ad tag is skipped.",
        [record(ethernet(OUT4, IPV4, [(SERVICE_VLAN, 100)]))],
        ONE_OUT,
    ),
    Case(
        "vlan-two",
        "Two tags in any order of the two types are skipped; tags do not separate flows.",
        [
            record(ethernet(OUT4, IPV4, [(SERVICE_VLAN, 100), (VLAN, 5)])),
            record(ethernet(OUT4, IPV4, [(VLAN, 5), (SERVICE_VLAN, 100)])),
            record(ethernet(OUT4, IPV4, [(VLAN, 1), (VLAN, 2)])),
            record(ethernet(OUT4)),
        ],
        [row(1, 0, (4, 160))],
    ),
    Case(
        "vlan-forty",
        "Forty tags are skipped as well.",
        [record(ethernet(OUT4, IPV4, [(VLAN, 1), (SERVICE_VLAN, 2)] * 20))],
        ONE_OUT,
    ),
    Case(
        "vlan-tag-cut",
        "A tag not wholly captured (15, 16, 17 bytes) is a cut header, 18 bytes show what it carries.",
        [cut(record(ethernet(bytes(28), ARP, [(VLAN, 5)])), length) for length in (14, 15, 16, 17, 18)],
        left_out={"header_cut": 4, "not_ip": 1},
    ),
    Case(
        "vlan-second-tag-cut",
        "The second tag has to be captured as well: 21 bytes are cut, 22 are enough.",
        [cut(record(ethernet(bytes(28), ARP, [(SERVICE_VLAN, 1), (VLAN, 5)])), length) for length in (21, 22)],
        left_out={"header_cut": 1, "not_ip": 1},
    ),
    Case(
        "vlan-takes-room",
        "Tags count against the room: a total length that fits without the tag is one byte too long with it.",
        [
            record(ethernet(OUT4, IPV4, [(VLAN, 5)]), 58),
            cut(record(ethernet(ipv4(tcp(EXIT_PORT, 443), EXIT, DE, total=41), IPV4, [(VLAN, 5)]), 58), 58),
        ],
        ONE_OUT,
        {"bad_total_length": 1},
    ),
]

COOKED_CASES = [
    link_case(
        "cooked-v1",
        "Linux cooked v1: 16-byte header, protocol at offset 14.",
        COOKED_V1,
        [record(cooked_v1(OUT4)), record(cooked_v1(IN4)), record(cooked_v1(OUT6, IPV6)), record(cooked_v1(IN6, IPV6))],
        tallies=BOTH_VERSIONS,
    ),
    link_case(
        "cooked-v1-header-cut",
        "Linux cooked v1: 15 captured bytes are a cut header, 16 are enough to see ARP.",
        COOKED_V1,
        [cut(record(cooked_v1(bytes(28), ARP)), 15), cut(record(cooked_v1(bytes(28), ARP)), 16)],
        left_out={"header_cut": 1, "not_ip": 1},
    ),
    link_case(
        "cooked-v1-vlan",
        "Linux cooked v1: tags after the header are skipped; half a tag is a cut header.",
        COOKED_V1,
        [
            record(cooked_v1(OUT4, IPV4, [(VLAN, 5)])),
            record(cooked_v1(OUT6, IPV6, [(SERVICE_VLAN, 6), (VLAN, 5)])),
            cut(record(cooked_v1(OUT4, IPV4, [(VLAN, 5)])), 19),
        ],
        tallies=[*ONE_OUT, *ONE_OUT6],
        left_out={"header_cut": 1},
    ),
    link_case(
        "cooked-v2",
        "Linux cooked v2: 20-byte header, protocol at offset 0.",
        COOKED_V2,
        [record(cooked_v2(OUT4)), record(cooked_v2(IN4)), record(cooked_v2(OUT6, IPV6)), record(cooked_v2(IN6, IPV6))],
        tallies=BOTH_VERSIONS,
    ),
    link_case(
        "cooked-v2-header-cut",
        "Linux cooked v2: 19 captured bytes are a cut header although the protocol is among them.",
        COOKED_V2,
        [cut(record(cooked_v2(bytes(28), ARP)), 2), cut(record(cooked_v2(bytes(28), ARP)), 19), cut(record(cooked_v2(bytes(28), ARP)), 20)],
        left_out={"header_cut": 2, "not_ip": 1},
    ),
    link_case(
        "cooked-v2-vlan",
        "Linux cooked v2: tags after the header are skipped; half a tag is a cut header.",
        COOKED_V2,
        [
            record(cooked_v2(OUT4, IPV4, [(VLAN, 5)])),
            record(cooked_v2(OUT6, IPV6, [(SERVICE_VLAN, 6), (VLAN, 5)])),
            cut(record(cooked_v2(OUT4, IPV4, [(VLAN, 5)])), 23),
        ],
        tallies=[*ONE_OUT, *ONE_OUT6],
        left_out={"header_cut": 1},
    ),
]

RAW_CASES = [
    *(
        link_case(
            f"raw-{link}",
            f"Link type {link} is raw IP: the version nibble decides.",
            link,
            [record(OUT4), record(IN4), record(OUT6), record(IN6)],
            tallies=BOTH_VERSIONS,
        )
        for link in (RAW, RAW_BSD, RAW_OPENBSD)
    ),
    link_case(
        "raw-nibble",
        "Raw IP: a version nibble that is neither 4 nor 6 is not IP, be the packet whole or one byte.",
        RAW,
        [record(b"\x55" + OUT4[1:]), record(b"\x05" + OUT4[1:]), record(b"\xf0"), record(b"\x70" + OUT6[1:])],
        left_out={"not_ip": 4},
    ),
    link_case(
        "raw-cut",
        "Raw IP: an empty packet is a cut header, one byte with nibble 4 or 6 as well.",
        RAW,
        [record(b"", 40), record(b"\x45", 40), record(b"\x60", 60), record(b"", 0)],
        left_out={"header_cut": 4},
    ),
    link_case(
        "raw-ipv4",
        "Link type 228 is raw IPv4: an IPv6 packet there is a version mismatch, an empty one a cut header.",
        RAW_IPV4,
        [record(OUT4), record(OUT6), record(b"", 40)],
        tallies=ONE_OUT,
        left_out={"version_mismatch": 1, "header_cut": 1},
    ),
    link_case(
        "raw-ipv6",
        "Link type 229 is raw IPv6: an IPv4 packet there is a version mismatch, an empty one a cut header.",
        RAW_IPV6,
        [record(OUT6), record(OUT4), record(b"", 60)],
        tallies=ONE_OUT6,
        left_out={"version_mismatch": 1, "header_cut": 1},
    ),
]

# The address families of IPv6 on Linux, NetBSD, FreeBSD and macOS.
FAMILIES6 = (10, 24, 28, 30)


def null_case(name: str, order: str, big_file: bool) -> Case:
    layout = {"little": "<I", "big": ">I"}[order]
    frames = [null_frame(struct.pack(layout, 2), OUT4), null_frame(struct.pack(layout, 2), IN4)]
    frames += [null_frame(struct.pack(layout, family), OUT6) for family in FAMILIES6]
    return Case(
        name,
        f"NULL loopback in a {'big' if big_file else 'little'}-endian file: families 2, 10, 24, 28, 30 in {order}-endian order.",
        files=[pcap(frames, NULL, big=big_file)],
        packets=6,
        tallies=[row(1, 1, (1, 40), (1, 40)), row(1, 0, (4, 240), version=6)],
    )


LOOPBACK_CASES = [
    null_case("null-little", "little", False),
    null_case("null-big", "big", False),
    null_case("null-big-file-little", "little", True),
    null_case("null-big-file-big", "big", True),
    link_case(
        "null-other-family",
        "NULL loopback: other families are not IP, whatever the packet looks like.",
        NULL,
        [null_frame(struct.pack("<I", family), OUT4) for family in (0, 1, 7, 23, 0x0202, 0x00020000)],
        left_out={"not_ip": 6},
    ),
    link_case(
        "null-header-cut",
        "NULL loopback: three captured bytes are a cut header, four with another family are not IP.",
        NULL,
        [record(b"\x02\0\0", 44), record(b"\x07\0\0\0", 44), record(b"", 44), record(b"\x02\0\0\0", 44)],
        left_out={"header_cut": 3, "not_ip": 1},
    ),
    link_case(
        "null-family-decides",
        "NULL loopback: the family says which version is expected.",
        NULL,
        [null_frame(b"\x02\0\0\0", OUT6), null_frame(b"\x0a\0\0\0", OUT4)],
        left_out={"version_mismatch": 2},
    ),
    link_case(
        "loop",
        "LOOP loopback: families in network order.",
        LOOP,
        [null_frame(struct.pack(">I", 2), OUT4), null_frame(struct.pack(">I", 2), IN4)]
        + [null_frame(struct.pack(">I", family), OUT6) for family in FAMILIES6],
        tallies=[row(1, 1, (1, 40), (1, 40)), row(1, 0, (4, 240), version=6)],
    ),
    link_case(
        "loop-other-order",
        "LOOP loopback: a family in little-endian order is another family, so not IP.",
        LOOP,
        [null_frame(struct.pack("<I", 2), OUT4), null_frame(struct.pack("<I", 30), OUT6)],
        left_out={"not_ip": 2},
    ),
    link_case(
        "loop-header-cut",
        "LOOP loopback: three captured bytes are a cut header.",
        LOOP,
        [record(b"\0\0\0", 44), record(b"\0\0\0\x07", 44)],
        left_out={"header_cut": 1, "not_ip": 1},
    ),
]

DIRECTION_CASES = [
    Case(
        "direction-other-host",
        "Neither end is an exit address: another host, marked or not.",
        [
            record(ethernet(ipv4(tcp(EXIT_PORT, 443), "192.0.2.11", DE))),
            record(ethernet(ipv4(tcp(443, EXIT_PORT), DE, "192.0.2.9"))),
            record(ethernet(ipv6(tcp(EXIT_PORT, 443), "2001:db8:ffff::11", DE6), IPV6)),
        ],
        left_out={"other_host": 3},
    ),
    Case(
        "direction-other-host-last",
        "The addresses are looked at last: what fails another check has that check's reason.",
        [
            record(ethernet(ipv4(bytes(8), "192.0.2.11", DE, 1))),
            cut(record(ethernet(ipv4(tcp(EXIT_PORT, 443), "192.0.2.11", DE))), 53),
            record(ethernet(ipv4(tcp(EXIT_PORT, 443), "192.0.2.11", DE, fragment_field=1))),
        ],
        left_out={"not_tcp_udp": 1, "header_cut": 1, "fragment": 1},
    ),
    Case(
        "direction-prefix",
        "Exit addresses in prefix notation: both edges of 192.0.2.16/28 are inside, their neighbours outside.",
        [
            record(ethernet(ipv4(tcp(EXIT_PORT, 443), f"192.0.2.{host}", DE)))
            for host in (15, 16, 31, 32)
        ],
        [row(2, 0, (2, 80))],
        {"other_host": 2},
        options=["--exit-address", "192.0.2.16/28"],
    ),
    Case(
        "direction-prefix-odd-length",
        "A prefix length inside a byte: 192.0.2.0/23 reaches to 192.0.3.255.",
        [
            record(ethernet(ipv4(tcp(EXIT_PORT, 443), source, DE)))
            for source in ("192.0.1.255", "192.0.2.0", "192.0.3.255", "192.0.4.0")
        ],
        [row(2, 0, (2, 80))],
        {"other_host": 2},
        options=["--exit-address", "192.0.2.0/23"],
    ),
    Case(
        "direction-prefix-ipv6",
        "An IPv6 prefix: both edges of 2001:db8:ffff:8::/61 are inside, their neighbours outside.",
        [
            record(ethernet(ipv6(tcp(EXIT_PORT, 443), source, DE6), IPV6))
            for source in (
                "2001:db8:ffff:7:ffff:ffff:ffff:ffff",
                "2001:db8:ffff:8::",
                "2001:db8:ffff:f:ffff:ffff:ffff:ffff",
                "2001:db8:ffff:10::",
            )
        ],
        [row(2, 0, (2, 120), version=6)],
        {"other_host": 2},
        options=["--exit-address", "2001:db8:ffff:8::/61"],
    ),
    Case(
        "direction-versions-apart",
        "An IPv4 exit address says nothing of IPv6: ::192.0.2.10 is another host.",
        [
            record(ethernet(ipv6(tcp(EXIT_PORT, 443), "::192.0.2.10", DE6), IPV6)),
            record(ethernet(ipv6(tcp(EXIT_PORT, 443), "::ffff:192.0.2.10", DE6), IPV6)),
        ],
        left_out={"other_host": 2},
        options=["--exit-address", "192.0.2.10"],
    ),
    Case(
        "direction-several-exit-addresses",
        "Several exit addresses; the same ports from two of them are two flows.",
        [
            record(ethernet(ipv4(tcp(EXIT_PORT, 443), "192.0.2.10", DE))),
            record(ethernet(ipv4(tcp(EXIT_PORT, 443), "192.0.2.20", DE))),
            record(ethernet(ipv4(tcp(443, EXIT_PORT), DE, "192.0.2.20", tos=0))),
        ],
        [row(2, 1, (2, 80), (1, 40))],
        options=["--exit-address", "192.0.2.10", "--exit-address", "192.0.2.20"],
    ),
    Case(
        "direction-both-ends-exit",
        "From one exit address to another is outbound of the source; the way back is another flow.",
        [
            record(ethernet(ipv4(tcp(EXIT_PORT, 443), "192.0.2.10", "192.0.2.20"))),
            record(ethernet(ipv4(tcp(443, EXIT_PORT), "192.0.2.20", "192.0.2.10"))),
            record(ethernet(ipv4(tcp(443, EXIT_PORT), "192.0.2.20", "192.0.2.10", tos=0))),
        ],
        [row(1, 0, (1, 40), asn=0, country="ZZ"), row(1, 0, (2, 80), port=EXIT_PORT, asn=0, country="ZZ")],
        options=["--exit-address", "192.0.2.0/24"],
    ),
    Case(
        "direction-mark-is-no-direction",
        "The mark on an inbound packet does not make it outbound.",
        [out(0, tos=0), reply(1000, tos=MARK)],
        left_out={"unmarked": 2},
        unmarked_flows=1,
    ),
]

CASES = [*ETHERNET_CASES, *TAG_CASES, *COOKED_CASES, *RAW_CASES, *LOOPBACK_CASES, *DIRECTION_CASES]
