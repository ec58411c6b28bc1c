"""Rules of the mark: which packets carry it and what it makes count."""

from __future__ import annotations

from .cases import DE6, FR, SECOND, Case, out, reply, row
from .packets import ACK, FIN, MARK, SYN, UDP

MARK_PLACE_CASES = [
    Case(
        "mark-first",
        "The mark on the first outbound packet alone: all packets of the flow count.",
        [out(0, SYN), reply(1000), out(2000, tos=0), reply(3000)],
        [row(1, 1, (2, 80), (2, 80))],
    ),
    Case(
        "mark-middle",
        "The mark on a packet in the middle: those before and after count as well.",
        [out(0, SYN, tos=0), reply(1000), out(2000), reply(3000), out(4000, tos=0)],
        [row(1, 1, (3, 120), (2, 80))],
    ),
    Case(
        "mark-last",
        "The mark on the last packet of the flow: everything before it counts.",
        [reply(0), out(1000, tos=0), reply(2000), out(3000, FIN | ACK)],
        [row(1, 1, (2, 80), (2, 80))],
    ),
    Case(
        "mark-inbound-only",
        "The mark on inbound packets alone does not count.",
        [out(0, SYN, tos=0), reply(1000, SYN | ACK, tos=MARK), out(2000, tos=0)],
        left_out={"unmarked": 3},
        unmarked_flows=1,
    ),
    Case(
        "mark-replies-any-dscp",
        "Replies of a marked flow count whatever their DSCP.",
        [out(0), reply(1000, tos=0), reply(2000, tos=46 << 2), reply(3000, tos=MARK), reply(4000, tos=0xFF)],
        [row(1, 1, (1, 40), (4, 160))],
    ),
    Case(
        "mark-udp",
        "UDP flows are marked like TCP flows.",
        [
            out(0, protocol=UDP, port=53),
            reply(1000, protocol=UDP, port=53, data=100),
            out(2000, protocol=UDP, port=53, source_port=40001, tos=0),
        ],
        [row(1, 1, (1, 28), (1, 128), protocol=UDP, port=53)],
        {"unmarked": 1},
        unmarked_flows=1,
    ),
    Case(
        "mark-two-flows",
        "A marked flow does not mark its neighbour to the same service.",
        [out(0), out(1000, source_port=40001, tos=0), reply(2000, destination_port=40001), reply(3000)],
        [row(1, 1, (1, 40), (1, 40))],
        {"unmarked": 2},
        unmarked_flows=1,
    ),
    Case(
        "mark-none",
        "Nothing marked: no tally; packets and flows are counted as unmarked.",
        [out(0, tos=0), out(1000, source_port=40001, tos=0), reply(2000), out(3000, remote=DE6, tos=0)],
        left_out={"unmarked": 4},
        unmarked_flows=3,
    ),
    Case(
        "mark-inbound-flow",
        "A flow of inbound packets alone, marked or not, stays unmarked.",
        [reply(0, tos=MARK), reply(1000, tos=MARK, destination_port=40001), reply(2000)],
        left_out={"unmarked": 3},
        unmarked_flows=2,
    ),
]

DSCP_CASES = [
    Case(
        "dscp-ecn-bits",
        "The two ECN bits below the DSCP do not matter.",
        [out(0, source_port=40000 + ecn, tos=MARK | ecn) for ecn in range(4)],
        [row(4, 0, (4, 160))],
    ),
    Case(
        "dscp-ecn-bits-ipv6",
        "Nor in the IPv6 traffic class, where they lie across two bytes.",
        [out(0, source_port=40000 + ecn, remote=DE6, tos=MARK | ecn) for ecn in range(4)],
        [row(4, 0, (4, 240), version=6)],
    ),
    Case(
        "dscp-neighbours",
        "DSCP 6, 8, 39, 23, 15, 3 and 5 are not 7: each bit counts.",
        [out(0, source_port=40000 + dscp, tos=dscp << 2) for dscp in (6, 8, 39, 23, 15, 3, 5)],
        left_out={"unmarked": 7},
        unmarked_flows=7,
    ),
    Case(
        "dscp-neighbours-ipv6",
        "The same over IPv6.",
        [out(0, source_port=40000 + dscp, remote=DE6, tos=dscp << 2) for dscp in (6, 8, 39, 23, 15, 3, 5)],
        left_out={"unmarked": 7},
        unmarked_flows=7,
    ),
    Case(
        "dscp-not-tos",
        "The mark is a DSCP, not a ToS byte: ToS 7 is DSCP 1 and no mark.",
        [out(0, tos=7), out(1000, source_port=40001, tos=7, remote=DE6)],
        left_out={"unmarked": 2},
        unmarked_flows=2,
    ),
    Case(
        "dscp-0",
        "--dscp 0: packets without any DSCP are the marked ones, DSCP 7 is not.",
        [out(0, tos=0), out(1000, source_port=40001, tos=3), out(2000, source_port=40002, tos=MARK)],
        [row(2, 0, (2, 80))],
        {"unmarked": 1},
        unmarked_flows=1,
        more_options=["--dscp", "0"],
    ),
    Case(
        "dscp-63",
        "--dscp 63: the largest value, with any ECN bits; 62 and 31 are not it.",
        [
            out(0, tos=0xFC),
            out(1000, source_port=40001, tos=0xFF),
            out(2000, source_port=40002, tos=62 << 2),
            out(3000, source_port=40003, tos=31 << 2),
            out(4000, remote=DE6, tos=0xFE),
        ],
        [row(2, 0, (2, 80)), row(1, 0, (1, 60), version=6)],
        {"unmarked": 2},
        unmarked_flows=2,
        more_options=["--dscp", "63"],
    ),
    Case(
        "dscp-46",
        "--dscp 46: another value takes the place of the default.",
        [out(0, tos=46 << 2), out(1000, source_port=40001)],
        [row(1, 0, (1, 40))],
        {"unmarked": 1},
        unmarked_flows=1,
        more_options=["--dscp", "46"],
    ),
    Case(
        "dscp-7-written-out",
        "--dscp 7 is the default.",
        [out(0), out(1000, source_port=40001, tos=0)],
        [row(1, 0, (1, 40))],
        {"unmarked": 1},
        unmarked_flows=1,
        more_options=["--dscp", "7"],
    ),
]

EVERY_FLOW_CASES = [
    Case(
        "every-flow",
        "--every-flow counts marked and unmarked flows alike; nothing is left out as unmarked.",
        [
            out(0, tos=0),
            reply(1000),
            out(2000, source_port=40001),
            reply(3000, remote=FR, destination_port=40002),
            out(4 * SECOND, protocol=UDP, port=53, tos=46 << 2),
        ],
        [
            row(2, 1, (2, 80), (1, 40)),
            row(1, 1, (0, 0), (1, 40), asn=64497, country="FR"),
            row(1, 0, (1, 28), protocol=UDP, port=53),
        ],
        more_options=["--every-flow"],
    ),
    Case(
        "every-flow-other-reasons",
        "--every-flow changes nothing about the other reasons and about what ends a flow.",
        [
            out(0, FIN, tos=0),
            out(SECOND, SYN, tos=0),
            out(302 * SECOND, tos=0),
            out(302 * SECOND, source="192.0.2.77", tos=0),
        ],
        [row(3, 0, (3, 120))],
        {"other_host": 1},
        more_options=["--every-flow"],
    ),
]

CASES = [*MARK_PLACE_CASES, *DSCP_CASES, *EVERY_FLOW_CASES]
