"""Rules of the IPv4 header, each check one below and at its edge."""

from __future__ import annotations

from .captures import Record, cut
from .cases import DE, EXIT, EXIT_PORT, STRANGER, Case, framed, out, row
from .packets import ICMP, TCP, UDP, ipv4, tcp, udp

# Captured lengths below count from the start of the IP header.
LINK = 14

TCP_HEADER, UDP_HEADER = tcp(EXIT_PORT, 443), udp(EXIT_PORT, 53)

MORE_FRAGMENTS, DO_NOT_FRAGMENT, RESERVED_BIT = 0x2000, 0x4000, 0x8000


def packet(
    payload: bytes = TCP_HEADER, protocol: int = TCP, captured: int | None = None, original: int | None = None, **fields: int
) -> Record:
    """One outbound packet; `captured` bytes of it, from the IP header on; `original` the whole frame."""
    record = framed_ipv4(ipv4(payload, EXIT, DE, protocol, **fields), original)
    return record if captured is None else cut(record, LINK + captured)


def framed_ipv4(content: bytes, original: int | None) -> Record:
    # `framed` looks at the version nibble, which lies in some of these packets.
    record = framed(b"\x40" + content[1:], 0, original)
    return Record(record.stamp, record.data[:LINK] + content, record.original)


ONE_TCP, ONE_UDP = row(1, 0, (1, 40)), row(1, 0, (1, 28), protocol=UDP, port=53)

CAPTURED_CASES = [
    Case(
        "ipv4-header-captured",
        "Of a packet with version 5, 19 captured bytes are a cut header, 20 show the version.",
        [packet(version=5, captured=19), packet(version=5, captured=20)],
        left_out={"header_cut": 1, "version_mismatch": 1},
    ),
    Case(
        "ipv4-nothing-captured",
        "The Ethernet header alone was captured: a cut header.",
        [packet(captured=0), packet(captured=1)],
        left_out={"header_cut": 2},
    ),
    Case(
        "ipv4-tcp-captured",
        "20 bytes of the TCP header have to be captured: 39 bytes of IP are too few, 40 enough.",
        [packet(captured=39), packet(captured=40)],
        [ONE_TCP],
        {"header_cut": 1},
    ),
    Case(
        "ipv4-udp-captured",
        "8 bytes of UDP have to be captured: 27 bytes of IP are too few, 28 enough.",
        [packet(UDP_HEADER, UDP, captured=27), packet(UDP_HEADER, UDP, captured=28)],
        [ONE_UDP],
        {"header_cut": 1},
    ),
    Case(
        "ipv4-options-captured",
        "With 40 bytes of options the TCP header ends at 80: 79 captured bytes are too few, 80 enough.",
        [packet(header_words=15, captured=79), packet(header_words=15, captured=80)],
        [row(1, 0, (1, 80))],
        {"header_cut": 1},
    ),
    Case(
        "ipv4-only-fixed-header-captured",
        "With 20 bytes captured the protocol is known: ICMP is left out as such, TCP as cut.",
        [packet(captured=20), packet(bytes(8), ICMP, captured=20)],
        left_out={"header_cut": 1, "not_tcp_udp": 1},
    ),
    Case(
        "ipv4-snap-length-keeps-true-length",
        "A packet cut by the snap length counts with its true length, from the IP header.",
        [cut(out(0, data=1460), 54), cut(out(1000, data=1460), 96), cut(out(2000, data=1460, protocol=UDP, port=53), 42)],
        [row(1, 0, (2, 3000)), row(1, 0, (1, 1488), protocol=UDP, port=53)],
    ),
]

VERSION_CASES = [
    Case(
        "ipv4-version",
        "A version nibble other than 4 behind EtherType 0x0800 is a mismatch.",
        [packet(version=version) for version in (0, 3, 5, 6, 15)],
        left_out={"version_mismatch": 5},
    ),
    Case(
        "ipv4-version-before-header-length",
        "Version and header length both wrong: the version is looked at first.",
        [packet(version=6, header_words=4), packet(version=5, total=0, header_words=0)],
        left_out={"version_mismatch": 2},
    ),
    Case(
        "ipv4-header-length",
        "An IHL below 5 is a bad header length; 5 is the shortest.",
        [packet(header_words=words) for words in (0, 1, 4, 5)],
        [ONE_TCP],
        {"bad_header_length": 3},
    ),
    Case(
        "ipv4-header-length-before-total-length",
        "IHL and total length both wrong: the header length is looked at first.",
        [packet(header_words=4, total=3), packet(header_words=4, total=9000, fragment_field=1)],
        left_out={"bad_header_length": 2},
    ),
    Case(
        "ipv4-options",
        "Options are skipped: the ports are read behind them and the bytes include them.",
        [packet(header_words=6), packet(header_words=15), packet(UDP_HEADER, UDP, header_words=7)],
        [row(1, 0, (2, 124)), row(1, 0, (1, 36), protocol=UDP, port=53)],
    ),
]

TOTAL_LENGTH_CASES = [
    Case(
        "ipv4-total-below-header",
        "A total length below the header's is bad; equal is enough for the check to go on to the protocol.",
        [packet(bytes(8), ICMP, total=19), packet(bytes(8), ICMP, total=20), packet(bytes(8), ICMP, total=1)],
        left_out={"bad_total_length": 2, "not_tcp_udp": 1},
    ),
    Case(
        "ipv4-total-below-options",
        "A header of 24 bytes: a total length of 23 is bad, 24 reaches the protocol check.",
        [packet(bytes(8), ICMP, total=total, header_words=6) for total in (23, 24)],
        left_out={"bad_total_length": 1, "not_tcp_udp": 1},
    ),
    Case(
        "ipv4-total-beyond-frame",
        "A total length one above the room is bad, equal to the room is good.",
        [packet(total=41), packet(total=40), packet(total=65535)],
        [ONE_TCP],
        {"bad_total_length": 2},
    ),
    Case(
        "ipv4-total-against-original-length",
        "The room comes from the length on the wire, not from what was captured.",
        [
            packet(total=1000, captured=40, original=LINK + 1000),
            packet(total=1001, captured=40, original=LINK + 1000),
        ],
        [row(1, 0, (1, 1000))],
        {"bad_total_length": 1},
    ),
    Case(
        "ipv4-original-below-captured",
        "A record whose original length is below the captured one: the captured length is the frame's.",
        [packet(original=0), packet(original=20), packet(total=41, original=10)],
        [row(1, 0, (2, 80))],
        {"bad_total_length": 1},
    ),
    Case(
        "ipv4-tcp-total",
        "A total length that leaves 19 bytes for TCP is bad, 20 is good.",
        [packet(total=39), packet(total=40), packet(total=20)],
        [ONE_TCP],
        {"bad_total_length": 2},
    ),
    Case(
        "ipv4-udp-total",
        "A total length that leaves 7 bytes for UDP is bad, 8 is good.",
        [packet(UDP_HEADER, UDP, total=27), packet(UDP_HEADER, UDP, total=28)],
        [ONE_UDP],
        {"bad_total_length": 1},
    ),
    Case(
        "ipv4-tcp-total-with-options",
        "Behind 4 bytes of options TCP needs a total length of 44.",
        [packet(header_words=6, total=43), packet(header_words=6, total=44)],
        [row(1, 0, (1, 44))],
        {"bad_total_length": 1},
    ),
    Case(
        "ipv4-total-before-captured",
        "Total length too short for TCP and the TCP header cut: the total length is looked at first.",
        [packet(total=39, captured=30), packet(total=41, captured=30)],
        left_out={"bad_total_length": 2},
    ),
    Case(
        "ipv4-total-below-captured",
        "Bytes behind the total length are not the packet's: a shorter total length counts as it says.",
        [packet(tcp(EXIT_PORT, 443, data=100), total=50)],
        [row(1, 0, (1, 50))],
    ),
]

ZERO_LENGTH_CASES = [
    Case(
        "ipv4-total-zero",
        "A total length of 0 in an ordinary frame is bad.",
        [packet(total=0), packet(UDP_HEADER, UDP, total=0)],
        left_out={"bad_total_length": 2},
    ),
    Case(
        "ipv4-total-zero-room-65535",
        "A total length of 0 with room for exactly 65535 bytes is bad: that length could have been written.",
        [packet(total=0, captured=40, original=LINK + 65535)],
        left_out={"bad_total_length": 1},
    ),
    Case(
        "ipv4-total-zero-room-65536",
        "BIG TCP: a total length of 0 with room for more than 65535 bytes takes the room as its length.",
        [
            packet(total=0, captured=40, original=LINK + 65536),
            packet(total=0, captured=40, original=LINK + 190000),
        ],
        [row(1, 0, (2, 255536))],
    ),
    Case(
        "ipv4-total-zero-big-checks-go-on",
        "A BIG TCP packet goes through the other checks: fragment, protocol, captured bytes.",
        [
            packet(total=0, captured=40, original=LINK + 70000, fragment_field=MORE_FRAGMENTS),
            packet(bytes(8), ICMP, total=0, original=LINK + 70000),
            packet(total=0, captured=39, original=LINK + 70000),
            packet(total=0, captured=40, original=LINK + 70000, header_words=4),
        ],
        left_out={"fragment": 1, "not_tcp_udp": 1, "header_cut": 1, "bad_header_length": 1},
    ),
    Case(
        "ipv4-total-one-in-big-frame",
        "Only 0 stands for the room: a total length of 1 in a frame of 70000 bytes is bad, 40 counts as 40.",
        [
            packet(total=1, captured=40, original=LINK + 70000),
            packet(total=40, captured=40, original=LINK + 70000),
        ],
        [ONE_TCP],
        {"bad_total_length": 1},
    ),
]

FRAGMENT_CASES = [
    Case(
        "ipv4-fragments",
        "First, middle and last fragment are all left out, the marked first with its ports too.",
        [
            packet(fragment_field=MORE_FRAGMENTS),
            packet(fragment_field=MORE_FRAGMENTS | 185),
            packet(fragment_field=370),
        ],
        left_out={"fragment": 3},
    ),
    Case(
        "ipv4-fragment-field-edges",
        "The smallest and the largest offset are fragments; don't-fragment and the reserved bit alone are not.",
        [
            packet(fragment_field=1),
            packet(fragment_field=0x1FFF),
            packet(fragment_field=DO_NOT_FRAGMENT),
            packet(fragment_field=RESERVED_BIT),
            packet(fragment_field=DO_NOT_FRAGMENT | RESERVED_BIT),
        ],
        [row(1, 0, (3, 120))],
        {"fragment": 2},
    ),
    Case(
        "ipv4-fragment-before-protocol",
        "A fragment of ICMP is left out as a fragment, and so is one with too short a TCP or a cut one.",
        [
            packet(bytes(8), ICMP, fragment_field=MORE_FRAGMENTS),
            packet(total=28, fragment_field=MORE_FRAGMENTS),
            packet(captured=20, fragment_field=3),
        ],
        left_out={"fragment": 3},
    ),
    Case(
        "ipv4-total-before-fragment",
        "A fragment with a total length beyond the frame is left out for the length.",
        [packet(total=41, fragment_field=MORE_FRAGMENTS), packet(total=19, fragment_field=1)],
        left_out={"bad_total_length": 2},
    ),
    Case(
        "ipv4-fragment-does-not-mark",
        "A marked fragment is in no flow, so it marks none.",
        [packet(fragment_field=MORE_FRAGMENTS), out(1000, tos=0)],
        left_out={"fragment": 1, "unmarked": 1},
        unmarked_flows=1,
    ),
]

PROTOCOL_CASES = [
    Case(
        "ipv4-protocols",
        "Protocols other than TCP and UDP are left out: ICMP, IGMP, IPv4, IPv6, GRE, ESP, SCTP, UDP-Lite, 0 and 255.",
        [packet(bytes(40), protocol) for protocol in (1, 2, 4, 41, 47, 50, 132, 136, 0, 255)],
        left_out={"not_tcp_udp": 10},
    ),
    Case(
        "ipv4-protocol-before-captured",
        "An ICMP packet without payload has a good total length; the protocol is what leaves it out.",
        [packet(b"", ICMP), packet(bytes(100), ICMP, captured=21)],
        left_out={"not_tcp_udp": 2},
    ),
    Case(
        "transport-fields-not-judged",
        "TCP data offset, UDP length and checksums are not looked at; nor is port 0.",
        [
            packet(TCP_HEADER[:12] + b"\x00" + TCP_HEADER[13:]),
            packet(TCP_HEADER[:12] + b"\xf0" + TCP_HEADER[13:]),
            packet(udp(EXIT_PORT, 53, length=0), UDP),
            packet(udp(EXIT_PORT, 53, length=65535), UDP),
            packet(udp(0, 0), UDP),
        ],
        [
            row(1, 0, (2, 80)),
            row(1, 0, (2, 56), protocol=UDP, port=53),
            row(1, 0, (1, 28), protocol=UDP, port=0),
        ],
    ),
    Case(
        "transport-port-extremes",
        "Ports use all sixteen bits: 65535 and 256.",
        [
            packet(tcp(65535, 65535)),
            packet(tcp(256, 256)),
            packet(udp(1, 0x8000), UDP),
        ],
        [
            row(1, 0, (1, 40), port=65535),
            row(1, 0, (1, 40), port=256),
            row(1, 0, (1, 28), protocol=UDP, port=32768),
        ],
    ),
    Case(
        "one-packet-each-reason",
        "Every reason a header can give, once each, beside one packet that counts.",
        [
            packet(),
            packet(captured=10),
            packet(version=7),
            packet(header_words=3),
            packet(total=5),
            packet(fragment_field=9),
            packet(bytes(20), ICMP),
            framed(ipv4(TCP_HEADER, STRANGER, DE)),
        ],
        [ONE_TCP],
        {
            "header_cut": 1,
            "version_mismatch": 1,
            "bad_header_length": 1,
            "bad_total_length": 1,
            "fragment": 1,
            "not_tcp_udp": 1,
            "other_host": 1,
        },
    ),
]

CASES = [
    *CAPTURED_CASES,
    *VERSION_CASES,
    *TOTAL_LENGTH_CASES,
    *ZERO_LENGTH_CASES,
    *FRAGMENT_CASES,
    *PROTOCOL_CASES,
]
