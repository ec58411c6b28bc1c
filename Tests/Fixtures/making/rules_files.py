"""Rules of capture files: formats, byte orders, blocks, cut-off ends, several files at once."""

from __future__ import annotations

from .captures import COOKED_V1, COOKED_V2, ETHERNET, Blocks, Record, cut, pcap, pcap_header, pcap_record, pcapng
from .cases import DE, EXIT, EXIT_PORT, HOUR, MICROSECOND, NEXT_HOUR, SECOND, Case, out, reply, row
from .packets import ACK, FIN, SYN, UDP, cooked_v1, cooked_v2, ipv4, tcp

HOUR_LENGTH = 3600 * SECOND

RAW = 101

# Around the hour, so that a fraction read in the wrong unit or order shows.
AROUND_THE_HOUR = [out(HOUR_LENGTH - MICROSECOND), reply(HOUR_LENGTH), out(HOUR_LENGTH + SECOND)]
AROUND_THE_HOUR_NANOSECOND = [out(HOUR_LENGTH - 1), reply(HOUR_LENGTH), out(HOUR_LENGTH + SECOND)]
AROUND_THE_HOUR_ROWS = [row(1, 0, (1, 40)), row(0, 1, (1, 40), (1, 40), hour=NEXT_HOUR)]

FORMAT_CASES = [
    *(
        Case(
            f"{name}-{'big' if big else 'little'}-{'nanosecond' if nanosecond else 'microsecond'}",
            f"{title}, {'big' if big else 'little'}-endian, stamps in {'nano' if nanosecond else 'micro'}seconds.",
            files=[write(AROUND_THE_HOUR_NANOSECOND if nanosecond else AROUND_THE_HOUR, nanosecond=nanosecond, big=big)],
            packets=3,
            tallies=AROUND_THE_HOUR_ROWS,
        )
        for name, title, write in (("classic", "Classic pcap", pcap), ("pcapng", "pcapng", pcapng))
        for big in (False, True)
        for nanosecond in (False, True)
    ),
    Case("classic-empty", "A capture without packets: nothing counted, nothing wrong.", files=[pcap_header()], packets=0),
    Case("pcapng-empty", "A pcapng file without packets.", files=[Blocks().section() + Blocks().interface()], packets=0),
    Case(
        "classic-link-type-upper-bits",
        "The upper bits of the link type field tell of a frame check sequence and are not part of the type.",
        files=[pcap([out()], ETHERNET | 0x2400_0000)],
        packets=1,
        tallies=[row(1, 0, (1, 40))],
    ),
    Case(
        "classic-empty-records",
        "Records without any captured byte are packets too.",
        [Record(HOUR * SECOND, b"", 0), out(), Record(HOUR * SECOND, b"", 1500)],
        [row(1, 0, (1, 40))],
        {"header_cut": 2},
    ),
]


def last_bytes_missing(count: int) -> bytes:
    return pcap([out(0), out(1000), out(2000)])[:-count]


RECORD_LENGTH = 16 + len(out().data)

TRUNCATED_CASES = [
    Case(
        f"truncated-{name}",
        about,
        files=[last_bytes_missing(missing)],
        packets=2,
        truncated=1,
        tallies=[row(1, 0, (2, 80))],
    )
    for name, missing, about in (
        ("one-byte-missing", 1, "The last record lacks its last byte: it is not counted, the rest is."),
        ("no-data", RECORD_LENGTH - 16, "The last record has its header and no data."),
        ("header-15", RECORD_LENGTH - 15, "15 bytes of the last record's header."),
        ("header-8", RECORD_LENGTH - 8, "8 bytes of the last record's header."),
        ("header-1", RECORD_LENGTH - 1, "One byte of the last record's header."),
    )
] + [
    Case(
        "truncated-nowhere",
        "A file that ends with its last record is not cut off.",
        files=[last_bytes_missing(RECORD_LENGTH)],
        packets=2,
        tallies=[row(1, 0, (2, 80))],
    ),
    Case(
        "truncated-first-record",
        "The only record is cut off: no packet, and the flag.",
        files=[pcap([out()])[:-10]],
        packets=0,
        truncated=1,
    ),
    Case(
        "truncated-big-endian",
        "A cut-off big-endian nanosecond file.",
        files=[pcap([out(0), out(1000)], big=True, nanosecond=True)[:-20]],
        packets=1,
        truncated=1,
        tallies=[row(1, 0, (1, 40))],
    ),
    Case(
        "truncated-snap-cut-is-not-truncated",
        "Packets cut by the snap length are whole records: no flag.",
        [cut(out(0, data=1000), 60), cut(out(1000, data=1000), 60)],
        [row(1, 0, (2, 2080))],
    ),
] + [
    Case(
        f"truncated-pcapng-{name}",
        about,
        files=[pcapng([out(0), out(1000), out(2000)])[:-missing]],
        packets=2,
        truncated=1,
        tallies=[row(1, 0, (2, 80))],
    )
    # An enhanced packet block of 54 bytes of data is 28 + 56 + 4 bytes long.
    for name, missing, about in (
        ("trailer", 2, "The last block lacks half of its closing length."),
        ("data", 20, "The last block ends in its data."),
        ("fields", 70, "The last block ends in its fixed fields."),
        ("block-header", 83, "Five bytes of the last block."),
    )
] + [
    Case(
        "truncated-pcapng-other-block",
        "The last block is cut off and no packet: the flag, all packets.",
        files=[pcapng([out(0)]) + Blocks().block(5, bytes(12))[:-6]],
        packets=1,
        truncated=1,
        tallies=[row(1, 0, (1, 40))],
    ),
]

B = Blocks()
MICROSECONDS = HOUR * 1_000_000


def epb(units: int = 0, data: bytes | None = None, **fields: object) -> bytes:
    return B.packet(MICROSECONDS + units, out().data if data is None else data, **fields)  # type: ignore[arg-type]


PCAPNG_CASES = [
    Case(
        "pcapng-other-blocks",
        "Name resolution, statistics, secrets, custom and unknown blocks between the packets are skipped.",
        files=[
            B.section()
            + B.block(0x0000_0BAD, B.pack("I", 32473) + bytes(20))
            + B.interface()
            + B.block(4, B.pack("HH", 0, 0))
            + epb()
            + B.block(0x0000_000A, B.pack("II", 0x544C534B, 4) + b"none")
            + B.block(0x4000_0BAD, B.pack("I", 32473))
            + epb(1)
            + B.block(0x7FFF_FFF0, bytes(range(64)))
            + B.block(5, B.pack("III", 0, 0, 0))
        ],
        packets=2,
        tallies=[row(1, 0, (2, 80))],
    ),
    Case(
        "pcapng-options",
        "Options in section, interface and packet blocks, of odd lengths, are skipped.",
        files=[
            B.section(options=[(2, b"example"), (4, b"a"), (1, b"")])
            + B.interface(resolution=6, options=[(2, b"eth0"), (3, b"outer link"), (11, b"\0tcp"), (15, b"xyz")])
            + epb(options=[(1, b"comment"), (2, B.pack("I", 1))])
            + epb(1, out(data=1).data, options=[(1, b"x")])
            + epb(2, out(data=2).data)
            + epb(3, out(data=3).data)
        ],
        packets=4,
        tallies=[row(1, 0, (4, 166))],
    ),
    Case(
        "pcapng-section-length",
        "A section that says its length instead of −1.",
        files=[B.section(length=20 + 2 * 88) + B.interface() + epb() + epb(1)],
        packets=2,
        tallies=[row(1, 0, (2, 80))],
    ),
    Case(
        "pcapng-two-sections",
        "A second section starts its own list of interfaces: number 0 is now another, with another unit.",
        files=[
            B.section()
            + B.interface()
            + epb()
            + B.section()
            + B.interface(resolution=9)
            + B.packet((HOUR + 3600) * SECOND, reply().data)
        ],
        packets=2,
        tallies=[row(1, 0, (1, 40)), row(0, 1, (0, 0), (1, 40), hour=NEXT_HOUR)],
        more_options=["--tcp-idle", "3600"],
    ),
    Case(
        "pcapng-interfaces",
        "Packets of several interfaces, one of them unused, one described after the first packet.",
        files=[B.section() + B.interface() + B.interface() + epb() + B.interface() + epb(1, interface=2)],
        packets=2,
        tallies=[row(1, 0, (2, 80))],
    ),
    Case(
        "pcapng-original-length",
        "Packets cut by the snap length in pcapng count with their true length.",
        files=[
            B.section()
            + B.interface()
            + epb(0, out(data=1000).data[:54], original=1054)
            + epb(1, out(data=1000).data[:55], original=1054)
            + epb(2, out(data=1000).data[:54], original=1053)
        ],
        packets=3,
        tallies=[row(1, 0, (2, 2080))],
        left_out={"bad_total_length": 1},
    ),
    Case(
        "pcapng-simple-packet",
        "Simple packet blocks have no stamp: they stand apart from all others, in 1970.",
        files=[B.section() + B.interface() + epb() + B.simple_packet(out().data) + epb(1)],
        packets=3,
        tallies=[row(1, 0, (2, 80)), row(0, 0, (1, 40), hour=0)],
    ),
    Case(
        "pcapng-obsolete-packet",
        "The obsolete packet block has stamp and interface and is read like the enhanced one.",
        files=[B.section() + B.interface() + B.obsolete_packet(MICROSECONDS, out().data) + epb(1)],
        packets=2,
        tallies=[row(1, 0, (2, 80))],
    ),
    Case(
        "pcapng-cooked",
        "Link types in pcapng are those of classic pcap: Linux cooked v2.",
        files=[pcapng([Record(HOUR * SECOND, cooked_v2(ipv4(tcp(EXIT_PORT, 443), EXIT, DE)))], COOKED_V2)],
        packets=1,
        tallies=[row(1, 0, (1, 40))],
    ),
]


def file(*records: Record) -> bytes:
    return pcap(records)


MERGE_CASES = [
    Case(
        "merge-overlapping",
        "Two files that overlap in time are merged by stamp: the second fills the pause of the first.",
        files=[file(out(0), out(500 * SECOND)), file(out(250 * SECOND))],
        packets=3,
        tallies=[row(1, 0, (3, 120))],
    ),
    Case(
        "merge-overlapping-other-order",
        "The same two files the other way round on the command line.",
        files=[file(out(250 * SECOND)), file(out(0), out(500 * SECOND))],
        packets=3,
        tallies=[row(1, 0, (3, 120))],
    ),
    Case(
        "merge-disjoint-other-order",
        "A later file named first: the earlier one is still read first, its FIN before the other's SYN.",
        files=[file(out(20 * SECOND, SYN)), file(out(10 * SECOND, FIN))],
        packets=2,
        tallies=[row(2, 0, (2, 80))],
    ),
    Case(
        "merge-tie-fin-first",
        "Equal stamps go by command-line order: FIN of the first file, then SYN of the second.",
        files=[file(out(SECOND, FIN)), file(out(SECOND, SYN))],
        packets=2,
        tallies=[row(2, 0, (2, 80))],
    ),
    Case(
        "merge-tie-syn-first",
        "Equal stamps go by command-line order: SYN of the first file, then FIN of the second.",
        files=[file(out(SECOND, SYN)), file(out(SECOND, FIN))],
        packets=2,
        tallies=[row(1, 0, (2, 80))],
    ),
    Case(
        "merge-tie-whole-run",
        "While stamps are equal the first file goes on: both its packets come before the second file's.",
        files=[file(out(SECOND, ACK), out(SECOND, FIN)), file(out(SECOND, SYN))],
        packets=3,
        tallies=[row(2, 0, (3, 120))],
    ),
    Case(
        "merge-keeps-order-in-file",
        "Inside a file its own order stays: the FIN at 50 s stands behind the packet at 100 s and so after the other's SYN at 60 s.",
        files=[
            file(out(100 * SECOND), out(50 * SECOND, FIN), out(200 * SECOND)),
            file(out(60 * SECOND, SYN), out(150 * SECOND)),
        ],
        packets=5,
        tallies=[row(1, 0, (5, 200))],
    ),
    Case(
        "merge-keeps-order-in-file-late-syn",
        "A SYN at 50 s behind a packet at 100 s comes after the other file's FIN at 90 s.",
        files=[file(out(100 * SECOND), out(50 * SECOND, SYN)), file(out(90 * SECOND, FIN))],
        packets=3,
        tallies=[row(2, 0, (3, 120))],
    ),
    Case(
        "merge-first-packet-is-not-the-earliest",
        "Only the next packet of a file decides: the first file's early packets wait behind its late first one.",
        files=[file(out(400 * SECOND), out(0, SYN)), file(out(10 * SECOND, FIN), out(390 * SECOND, FIN))],
        packets=4,
        tallies=[row(3, 0, (4, 160))],
    ),
    Case(
        "merge-flow-across-files",
        "A flow goes on from file to file, its mark in the last: all its packets count in their hours.",
        files=[
            file(out(3500 * SECOND, SYN, tos=0), reply(3500 * SECOND + 1000, SYN | ACK)),
            file(out(3599 * SECOND, tos=0, data=10), reply(3601 * SECOND, data=20)),
            file(out(3700 * SECOND)),
        ],
        packets=5,
        tallies=[row(1, 1, (2, 90), (1, 40)), row(0, 0, (1, 40), (1, 60), hour=NEXT_HOUR)],
    ),
    Case(
        "merge-directions-in-two-files",
        "One direction in each file, as two-armed taps write them.",
        files=[
            file(*(reply(index * SECOND + MICROSECOND, data=100) for index in range(4))),
            file(*(out(index * SECOND, data=10) for index in range(4))),
        ],
        packets=8,
        tallies=[row(1, 1, (4, 200), (4, 560))],
    ),
    Case(
        "merge-formats",
        "Files of different formats, units and link types are merged alike.",
        files=[
            pcap([Record((HOUR + 600) * SECOND, cooked_v1(ipv4(tcp(EXIT_PORT, 443), EXIT, DE)))], COOKED_V1, big=True),
            pcapng([Record((HOUR + 300) * SECOND, ipv4(tcp(EXIT_PORT, 443), EXIT, DE))], RAW, nanosecond=True, big=True),
            pcap([out(0), out(900 * SECOND + 1)], nanosecond=True),
        ],
        packets=4,
        tallies=[row(2, 0, (4, 160))],
    ),
    Case(
        "merge-with-empty",
        "A file without packets among the others changes nothing.",
        files=[file(out(0)), file(), file(out(SECOND))],
        packets=2,
        tallies=[row(1, 0, (2, 80))],
    ),
    Case(
        "merge-with-truncated",
        "Cut-off files are counted; the others are read to their end.",
        files=[file(out(0), out(SECOND))[:-3], file(out(2 * SECOND), out(3 * SECOND)), file(out(4 * SECOND))[:-60]],
        packets=3,
        truncated=2,
        tallies=[row(1, 0, (3, 120))],
    ),
    Case(
        "merge-twelve-backwards",
        "Twelve files, the latest first: pauses of 290 s keep the flow alive.",
        files=[file(out((11 - index) * 290 * SECOND)) for index in range(12)],
        packets=12,
        tallies=[row(1, 0, (12, 480))],
    ),
    Case(
        "merge-before-1970",
        "A file from before 1970 comes before one from after.",
        files=[
            pcap_header() + pcap_record(5, 0, out(flags=SYN).data, 54),
            Blocks().section() + Blocks().interface(offset=-10) + Blocks().packet(0, out(flags=FIN).data),
        ],
        packets=2,
        tallies=[row(1, 0, (1, 40), hour=-3600), row(1, 0, (1, 40), hour=0)],
    ),
    Case(
        "merge-after-2038",
        "A stamp after 2038 comes after one from today, not before 1970.",
        files=[
            pcap_header() + pcap_record(2_147_483_648, 0, out(flags=SYN).data, 54),
            file(out(0, FIN)),
        ],
        packets=2,
        tallies=[row(1, 0, (1, 40)), row(1, 0, (1, 40), hour=2_147_482_800)],
    ),
]


def udp(at: int, source_port: int, **fields: object) -> Record:
    return out(at, protocol=UDP, port=53, source_port=source_port, **fields)  # type: ignore[arg-type]


def udp_row(flows: int, packets: int) -> dict[str, object]:
    return row(flows, 0, (packets, packets * 28), protocol=UDP, port=53)


def table(flows: int) -> list[str]:
    return ["--max-flows", str(flows)]


TABLE_CASES = [
    Case(
        "table-full",
        "--max-flows 1: a second flow's packets are left out, replies too; the first goes on.",
        [out(0), out(1000, source_port=40001), reply(2000, destination_port=40001), reply(3000), out(4000)],
        [row(1, 1, (2, 80), (1, 40))],
        {"flow_table_full": 2},
        more_options=table(1),
    ),
    Case(
        "table-just-enough",
        "--max-flows 3 holds three flows; the fourth is left out.",
        [out(index * 1000, source_port=40000 + index) for index in range(4)],
        [row(3, 0, (3, 120))],
        {"flow_table_full": 1},
        more_options=table(3),
    ),
    Case(
        "table-udp-idle",
        "A full table makes room by ending what has idled: UDP not at 60 s, but 1 µs later.",
        [udp(0, 1), udp(60 * SECOND, 2), udp(60 * SECOND + MICROSECOND, 3), udp(60 * SECOND + MICROSECOND, 1)],
        [udp_row(2, 2)],
        {"flow_table_full": 2},
        more_options=table(1),
    ),
    Case(
        "table-tcp-idle",
        "TCP makes room not at 300 s, but 1 µs later.",
        [out(0), out(300 * SECOND, source_port=40001), out(300 * SECOND + MICROSECOND, source_port=40002)],
        [row(2, 0, (2, 80))],
        {"flow_table_full": 1},
        more_options=table(1),
    ),
    Case(
        "table-each-its-timeout",
        "After 61 s the UDP flow makes room, the TCP flow stays and goes on.",
        [out(0), udp(0, 1), udp(61 * SECOND, 2), udp(62 * SECOND, 3), reply(63 * SECOND)],
        [row(1, 1, (1, 40), (1, 40)), udp_row(2, 2)],
        {"flow_table_full": 1},
        more_options=table(2),
    ),
    Case(
        "table-own-key-after-idle",
        "A flow that idled is replaced by the next of its key even in a full table.",
        [out(0), out(301 * SECOND)],
        [row(2, 0, (2, 80))],
        more_options=table(1),
    ),
    Case(
        "table-own-key-after-fin",
        "A flow ended by SYN after FIN is replaced in its place.",
        [out(0, FIN), out(SECOND, SYN), out(2 * SECOND, source_port=40001)],
        [row(2, 0, (2, 80))],
        {"flow_table_full": 1},
        more_options=table(1),
    ),
    Case(
        "table-fin-makes-no-room",
        "A flow that has seen FIN stays in the table until it idles.",
        [out(0, FIN), reply(1000, FIN | ACK), out(2000, source_port=40001)],
        [row(1, 1, (1, 40), (1, 40))],
        {"flow_table_full": 1},
        more_options=table(1),
    ),
    Case(
        "table-unmarked-ended",
        "An unmarked flow that makes room is an unmarked flow; the same key later is another.",
        [udp(0, 1, tos=0), udp(61 * SECOND, 2), udp(122 * SECOND, 1, tos=0)],
        [udp_row(1, 1)],
        {"unmarked": 2},
        unmarked_flows=2,
        more_options=table(1),
    ),
    Case(
        "table-ends-all-that-idled",
        "A full table ends every flow that has idled, not just one: a packet that steps back starts its flow anew.",
        [udp(0, 1), udp(0, 2), udp(0, 3), udp(100 * SECOND, 4), udp(30 * SECOND, 1), udp(30 * SECOND, 2)],
        [udp_row(6, 6)],
        more_options=table(3),
    ),
    Case(
        "table-not-full-ends-nothing",
        "With room left nothing is ended: a packet that steps back finds its flow.",
        [udp(0, 1), udp(0, 2), udp(100 * SECOND, 3), udp(30 * SECOND, 1)],
        [udp_row(3, 4)],
        more_options=table(3),
    ),
    Case(
        "table-greatest-stamp",
        "Whether a flow has idled goes by its greatest stamp, not its last packet's.",
        [udp(100 * SECOND, 1), udp(10 * SECOND, 1), udp(160 * SECOND, 2), udp(160 * SECOND + MICROSECOND, 3)],
        [udp_row(2, 3)],
        {"flow_table_full": 1},
        more_options=table(1),
    ),
    Case(
        "table-step-back",
        "A packet with an earlier stamp than all flows finds none that has idled.",
        [udp(1000 * SECOND, 1), udp(0, 2)],
        [udp_row(1, 1)],
        {"flow_table_full": 1},
        more_options=table(1),
    ),
    Case(
        "table-mark-does-not-help",
        "A marked packet is left out of a full table like any other, though the flow in it is unmarked.",
        [out(0, tos=0), out(1000, source_port=40001)],
        left_out={"unmarked": 1, "flow_table_full": 1},
        unmarked_flows=1,
        more_options=table(1),
    ),
    Case(
        "table-left-out-leaves-no-trace",
        "A flow that found no room is not remembered: when there is room it begins with that packet.",
        [udp(0, 1), udp(10 * SECOND, 2), udp(61 * SECOND, 2, tos=0)],
        [udp_row(1, 1)],
        {"flow_table_full": 1, "unmarked": 1},
        unmarked_flows=1,
        more_options=table(1),
    ),
    Case(
        "table-every-flow",
        "--every-flow with a full table.",
        [udp(0, 1, tos=0), udp(1000, 2, tos=0), udp(60 * SECOND + MICROSECOND, 2, tos=0)],
        [udp_row(2, 2)],
        {"flow_table_full": 1},
        more_options=["--every-flow", *table(1)],
    ),
    Case(
        "table-own-idle-options",
        "--udp-idle holds for making room too.",
        [udp(0, 1), udp(5 * SECOND, 2), udp(5 * SECOND + MICROSECOND, 2)],
        [udp_row(2, 2)],
        {"flow_table_full": 1},
        more_options=["--udp-idle", "5", *table(1)],
    ),
]

CASES = [*FORMAT_CASES, *TRUNCATED_CASES, *PCAPNG_CASES, *MERGE_CASES, *TABLE_CASES]
