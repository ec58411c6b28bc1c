"""Rules of the IPv6 header and its extension headers, each check one below and at its edge."""

from __future__ import annotations

from .captures import Record, cut
from .cases import DE6, EXIT6, EXIT_PORT, HOUR, SECOND, Case, row
from .packets import (
    DESTINATION_OPTIONS,
    FRAGMENT,
    HOP_BY_HOP,
    IPV6,
    ROUTING,
    TCP,
    UDP,
    ethernet,
    extension,
    fragment_header,
    ipv6,
    tcp,
    udp,
)

# Captured lengths below count from the start of the IP header.
LINK = 14

TCP_HEADER, UDP_HEADER = tcp(EXIT_PORT, 443), udp(EXIT_PORT, 53)

ICMPV6, NO_NEXT_HEADER = 58, 59


def packet(
    payload: bytes = TCP_HEADER, next_header: int = TCP, captured: int | None = None, original: int | None = None, **fields: int
) -> Record:
    """One outbound packet; `captured` bytes of it, from the IP header on; `original` the whole frame."""
    record = Record(HOUR * SECOND, ethernet(ipv6(payload, EXIT6, DE6, next_header, **fields), IPV6), original)
    return record if captured is None else cut(record, LINK + captured)


def counted(packets: int, total: int, **key: int) -> dict[str, object]:
    """One flow of outbound packets to port 443."""
    return row(1, 0, (packets, total), version=6, **key)  # type: ignore[arg-type]


ONE_TCP, ONE_UDP = counted(1, 60), counted(1, 48, protocol=UDP, port=53)

HEADER_CASES = [
    Case(
        "ipv6-header-captured",
        "Of a packet with version 5, 39 captured bytes are a cut header, 40 show the version.",
        [packet(version=5, captured=39), packet(version=5, captured=40)],
        left_out={"header_cut": 1, "version_mismatch": 1},
    ),
    Case(
        "ipv6-version",
        "A version nibble other than 6 behind EtherType 0x86dd is a mismatch.",
        [packet(version=version) for version in (0, 4, 5, 7, 15)],
        left_out={"version_mismatch": 5},
    ),
    Case(
        "ipv6-version-before-length",
        "Version and payload length both wrong: the version is looked at first.",
        [packet(version=4, payload_length=9000)],
        left_out={"version_mismatch": 1},
    ),
    Case(
        "ipv6-payload-beyond-frame",
        "Payload length + 40 one above the room is bad, equal to the room is good.",
        [packet(payload_length=21), packet(payload_length=20), packet(payload_length=65535)],
        [ONE_TCP],
        {"bad_total_length": 2},
    ),
    Case(
        "ipv6-payload-against-original-length",
        "The room comes from the length on the wire, not from what was captured.",
        [
            packet(payload_length=1000, captured=60, original=LINK + 1040),
            packet(payload_length=1001, captured=60, original=LINK + 1040),
        ],
        [counted(1, 1040)],
        {"bad_total_length": 1},
    ),
    Case(
        "ipv6-length-before-protocol",
        "Payload beyond the frame and ICMPv6: the length is looked at first.",
        [packet(bytes(8), ICMPV6, payload_length=9), packet(bytes(8), ICMPV6)],
        left_out={"bad_total_length": 1, "not_tcp_udp": 1},
    ),
    Case(
        "ipv6-padding",
        "Bytes behind the payload length are padding and not counted.",
        [packet(TCP_HEADER + bytes(40), payload_length=20), packet(UDP_HEADER + bytes(3), UDP, payload_length=8)],
        [ONE_TCP, ONE_UDP],
    ),
    Case(
        "ipv6-flow-label",
        "Traffic class and flow label share bytes: a full label leaves the mark as it is and makes none.",
        [
            packet(flow_label=0xFFFFF),
            packet(udp(EXIT_PORT, 53), UDP, flow_label=0xFFFFF, traffic_class=0),
            packet(udp(EXIT_PORT, 123), UDP, flow_label=0x1C1C1, traffic_class=0x1F),
        ],
        [ONE_TCP, counted(1, 48, protocol=UDP, port=123)],
        {"unmarked": 1},
        unmarked_flows=1,
    ),
]

TRANSPORT_CASES = [
    Case(
        "ipv6-tcp-total",
        "A payload length that leaves 19 bytes for TCP is bad, 20 is good.",
        [packet(payload_length=19), packet(payload_length=20)],
        [ONE_TCP],
        {"bad_total_length": 1},
    ),
    Case(
        "ipv6-udp-total",
        "A payload length that leaves 7 bytes for UDP is bad, 8 is good.",
        [packet(UDP_HEADER, UDP, payload_length=7), packet(UDP_HEADER, UDP, payload_length=8)],
        [ONE_UDP],
        {"bad_total_length": 1},
    ),
    Case(
        "ipv6-tcp-captured",
        "20 bytes of the TCP header have to be captured: 59 bytes of IP are too few, 60 enough.",
        [packet(captured=59), packet(captured=60), packet(captured=40)],
        [ONE_TCP],
        {"header_cut": 2},
    ),
    Case(
        "ipv6-udp-captured",
        "8 bytes of UDP have to be captured: 47 bytes of IP are too few, 48 enough.",
        [packet(UDP_HEADER, UDP, captured=47), packet(UDP_HEADER, UDP, captured=48)],
        [ONE_UDP],
        {"header_cut": 1},
    ),
    Case(
        "ipv6-total-before-captured",
        "Payload too short for TCP and the TCP header cut: the length is looked at first.",
        [packet(payload_length=19, captured=50)],
        left_out={"bad_total_length": 1},
    ),
    Case(
        "ipv6-protocols",
        "Next headers that are not walked are not TCP or UDP: ICMPv6, none, ESP, AH, mobility, HIP, shim6, SCTP, IPv4, 253.",
        [packet(bytes(40), protocol) for protocol in (ICMPV6, NO_NEXT_HEADER, 50, 51, 135, 139, 140, 132, 4, 253)],
        left_out={"not_tcp_udp": 10},
    ),
    Case(
        "ipv6-snap-length-keeps-true-length",
        "A packet cut by the snap length counts with its true length.",
        [packet(tcp(EXIT_PORT, 443, data=1440), captured=60), packet(udp(EXIT_PORT, 53, data=1000), UDP, captured=48)],
        [counted(1, 1500), counted(1, 1048, protocol=UDP, port=53)],
    ),
]

ZERO_LENGTH_CASES = [
    Case(
        "ipv6-payload-zero",
        "A payload length of 0 in an ordinary frame is a packet of 40 bytes: no TCP fits, ICMPv6 is just not TCP.",
        [packet(payload_length=0), packet(bytes(8), ICMPV6, payload_length=0), packet(b"", NO_NEXT_HEADER)],
        left_out={"bad_total_length": 1, "not_tcp_udp": 2},
    ),
    Case(
        "ipv6-payload-zero-room-65575",
        "A payload length of 0 with room for exactly 65575 bytes is a packet of 40 bytes.",
        [packet(payload_length=0, captured=60, original=LINK + 65575)],
        left_out={"bad_total_length": 1},
    ),
    Case(
        "ipv6-payload-zero-room-65576",
        "BIG TCP: a payload length of 0 with room for more than 65575 bytes takes the room as total length.",
        [
            packet(payload_length=0, captured=60, original=LINK + 65576),
            packet(payload_length=0, captured=60, original=LINK + 190000),
        ],
        [counted(2, 255576)],
    ),
    Case(
        "ipv6-jumbogram",
        "BIG TCP with the hop-by-hop jumbo option that Linux puts in front: walked, the room counts.",
        [packet(b"\x06\x00\xc2\x04\x00\x01\x11\x70" + TCP_HEADER, HOP_BY_HOP, payload_length=0, captured=68, original=LINK + 70040)],
        [counted(1, 70040)],
    ),
    Case(
        "ipv6-payload-zero-big-checks-go-on",
        "A BIG TCP packet goes through the other checks: fragment, protocol, captured bytes.",
        [
            packet(fragment_header(TCP, 1) + TCP_HEADER, FRAGMENT, payload_length=0, original=LINK + 70000),
            packet(bytes(8), ICMPV6, payload_length=0, original=LINK + 70000),
            packet(payload_length=0, captured=59, original=LINK + 70000),
        ],
        left_out={"fragment": 1, "not_tcp_udp": 1, "header_cut": 1},
    ),
]

EXTENSION_CASES = [
    *(
        Case(
            f"ipv6-extension-{header}",
            f"Header {header} is walked by its length of (byte 1 + 1) × 8 bytes and counts into the bytes.",
            [
                packet(extension(TCP) + TCP_HEADER, header),
                packet(extension(TCP, 1) + TCP_HEADER, header),
                packet(extension(TCP, 255) + TCP_HEADER, header),
            ],
            [counted(3, 68 + 76 + 2108)],
        )
        for header in (HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS)
    ),
    Case(
        "ipv6-extension-chain",
        "Hop-by-hop, destination options, routing, atomic fragment, destination options, TCP: all walked.",
        [
            packet(
                extension(DESTINATION_OPTIONS)
                + extension(ROUTING, 2)
                + extension(FRAGMENT)
                + fragment_header(DESTINATION_OPTIONS)
                + extension(TCP, 1)
                + TCP_HEADER,
                HOP_BY_HOP,
            )
        ],
        [counted(1, 40 + 8 + 24 + 8 + 8 + 16 + 20)],
    ),
    Case(
        "ipv6-extension-repeated",
        "The same header again and again, hop-by-hop in the middle too: walked as found.",
        [
            packet(extension(HOP_BY_HOP) + extension(HOP_BY_HOP) + extension(UDP) + UDP_HEADER, HOP_BY_HOP),
            packet(extension(HOP_BY_HOP) + extension(UDP) + UDP_HEADER, ROUTING),
        ],
        [counted(2, 40 + 24 + 8 + 40 + 16 + 8, protocol=UDP, port=53)],
    ),
    Case(
        "ipv6-extension-long-chain",
        "A thousand extension headers are walked: there is no limit but the packet.",
        [packet(extension(DESTINATION_OPTIONS) * 999 + extension(TCP) + TCP_HEADER, DESTINATION_OPTIONS)],
        [counted(1, 40 + 8000 + 20)],
    ),
    Case(
        "ipv6-extension-endless-chain",
        "A chain that fills the packet and never reaches a transport header: the next one lies beyond the total length.",
        [packet(extension(HOP_BY_HOP) * 100, HOP_BY_HOP)],
        left_out={"bad_total_length": 1},
    ),
    Case(
        "ipv6-extension-endless-chain-cut",
        "The same chain cut by the snap length: a cut header.",
        [packet(extension(HOP_BY_HOP) * 100, HOP_BY_HOP, captured=40 + 80)],
        left_out={"header_cut": 1},
    ),
    Case(
        "ipv6-extension-routing-destination",
        "The remote address is the header's destination, whatever the routing header names.",
        [packet(bytes([TCP, 2, 0, 1, 0, 0, 0, 0]) + bytes.fromhex("20010db8020000000000000000000010") + TCP_HEADER, ROUTING)],
        [counted(1, 40 + 24 + 20)],
    ),
    Case(
        "ipv6-extension-then-other",
        "Behind walked headers something else than TCP or UDP: not TCP or UDP.",
        [
            packet(extension(ICMPV6) + bytes(8), HOP_BY_HOP),
            packet(extension(NO_NEXT_HEADER), DESTINATION_OPTIONS),
            packet(extension(51) + TCP_HEADER, ROUTING),
        ],
        left_out={"not_tcp_udp": 3},
    ),
]

EXTENSION_LENGTH_CASES = [
    Case(
        "ipv6-extension-first-bytes-total",
        "An extension header needs 8 bytes inside the payload: 7 are bad, 8 are walked.",
        [
            packet(extension(ICMPV6), HOP_BY_HOP, payload_length=7),
            packet(extension(ICMPV6), HOP_BY_HOP, payload_length=8),
            packet(extension(ICMPV6), HOP_BY_HOP, payload_length=0),
        ],
        left_out={"bad_total_length": 2, "not_tcp_udp": 1},
    ),
    Case(
        "ipv6-extension-whole-total",
        "An extension header of 16 bytes needs 16 inside the payload: 15 are bad, 16 are walked.",
        [
            packet(extension(ICMPV6, 1), ROUTING, payload_length=15),
            packet(extension(ICMPV6, 1), ROUTING, payload_length=16),
            packet(extension(ICMPV6, 255), ROUTING, payload_length=100),
        ],
        left_out={"bad_total_length": 2, "not_tcp_udp": 1},
    ),
    Case(
        "ipv6-extension-first-bytes-captured",
        "Eight bytes of an extension header have to be captured, then its next header is known although the rest is cut.",
        [
            packet(extension(ICMPV6, 1) + bytes(8), HOP_BY_HOP, captured=47),
            packet(extension(ICMPV6, 1) + bytes(8), HOP_BY_HOP, captured=48),
            packet(extension(ICMPV6, 1) + bytes(8), HOP_BY_HOP, captured=41),
        ],
        left_out={"header_cut": 2, "not_tcp_udp": 1},
    ),
    Case(
        "ipv6-extension-total-before-captured",
        "Payload ends in the extension header and the capture as well: the length is looked at first.",
        [
            packet(extension(TCP), HOP_BY_HOP, payload_length=7, captured=40),
            packet(extension(TCP, 1), HOP_BY_HOP, payload_length=15, captured=48),
        ],
        left_out={"bad_total_length": 2},
    ),
    Case(
        "ipv6-extension-transport-total",
        "Behind an extension header TCP needs 20 bytes of payload and UDP 8; one less is bad.",
        [
            packet(extension(TCP) + TCP_HEADER, HOP_BY_HOP, payload_length=27),
            packet(extension(TCP) + TCP_HEADER, HOP_BY_HOP, payload_length=28),
            packet(extension(UDP) + UDP_HEADER, HOP_BY_HOP, payload_length=15),
            packet(extension(UDP) + UDP_HEADER, HOP_BY_HOP, payload_length=16),
            packet(extension(TCP), HOP_BY_HOP),
        ],
        [counted(1, 68), counted(1, 56, protocol=UDP, port=53)],
        {"bad_total_length": 3},
    ),
    Case(
        "ipv6-extension-transport-captured",
        "Behind an extension header the transport header has to be captured; one byte less is a cut header.",
        [
            packet(extension(TCP) + TCP_HEADER, HOP_BY_HOP, captured=67),
            packet(extension(TCP) + TCP_HEADER, HOP_BY_HOP, captured=68),
            packet(extension(UDP) + UDP_HEADER, HOP_BY_HOP, captured=55),
            packet(extension(UDP) + UDP_HEADER, HOP_BY_HOP, captured=56),
        ],
        [counted(1, 68), counted(1, 56, protocol=UDP, port=53)],
        {"header_cut": 2},
    ),
]

FRAGMENT_CASES = [
    Case(
        "ipv6-fragments",
        "First, middle and last fragment are all left out.",
        [
            packet(fragment_header(TCP, 0, 1) + TCP_HEADER, FRAGMENT),
            packet(fragment_header(TCP, 181, 1) + TCP_HEADER, FRAGMENT),
            packet(fragment_header(TCP, 362, 0) + TCP_HEADER, FRAGMENT),
        ],
        left_out={"fragment": 3},
    ),
    Case(
        "ipv6-fragment-edges",
        "Offset 1 and the largest offset are fragments; an atomic one counts, its reserved bits ignored.",
        [
            packet(fragment_header(TCP, 1) + TCP_HEADER, FRAGMENT),
            packet(fragment_header(TCP, 0x1FFF) + TCP_HEADER, FRAGMENT),
            packet(fragment_header(TCP) + TCP_HEADER, FRAGMENT),
            packet(fragment_header(TCP, reserved=3) + TCP_HEADER, FRAGMENT),
        ],
        [counted(2, 136)],
        {"fragment": 2},
    ),
    Case(
        "ipv6-fragment-length-byte",
        "A fragment header is 8 bytes; its second byte is reserved and no length.",
        [packet(b"\x06\xff\x00\x00\x00\x00\x5e\xed" + TCP_HEADER, FRAGMENT)],
        [counted(1, 68)],
    ),
    Case(
        "ipv6-fragment-before-protocol",
        "A fragment of ICMPv6 is left out as a fragment, behind other headers too.",
        [
            packet(fragment_header(ICMPV6, 0, 1) + bytes(8), FRAGMENT),
            packet(extension(FRAGMENT) + fragment_header(NO_NEXT_HEADER, 5) + bytes(8), HOP_BY_HOP),
            packet(fragment_header(TCP, 5), FRAGMENT),
        ],
        left_out={"fragment": 3},
    ),
    Case(
        "ipv6-fragment-header-edges",
        "A fragment header needs 8 bytes inside the payload, then captured.",
        [
            packet(fragment_header(TCP, 1), FRAGMENT, payload_length=7),
            packet(fragment_header(TCP, 1), FRAGMENT, payload_length=8),
            packet(fragment_header(TCP, 1) + TCP_HEADER, FRAGMENT, captured=47),
            packet(fragment_header(TCP, 1) + TCP_HEADER, FRAGMENT, captured=48),
        ],
        left_out={"bad_total_length": 1, "fragment": 2, "header_cut": 1},
    ),
    Case(
        "ipv6-fragment-atomic-then-fragment",
        "An atomic fragment header is walked on, and a second one that is not atomic is found.",
        [packet(fragment_header(FRAGMENT) + fragment_header(TCP, 7) + TCP_HEADER, FRAGMENT)],
        left_out={"fragment": 1},
    ),
]

CASES = [
    *HEADER_CASES,
    *TRANSPORT_CASES,
    *ZERO_LENGTH_CASES,
    *EXTENSION_CASES,
    *EXTENSION_LENGTH_CASES,
    *FRAGMENT_CASES,
]
