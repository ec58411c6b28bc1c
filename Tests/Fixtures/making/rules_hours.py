"""Rules of hours: each packet goes to the hour of its own stamp, a flow to that of its first packet."""

from __future__ import annotations

from .captures import Blocks, pcap, pcap_header, pcap_record
from .cases import HOUR, MICROSECOND, NEXT_HOUR, SECOND, Case, out, reply, row
from .packets import FIN, SYN

HOUR_LENGTH = 3600 * SECOND
BEFORE = HOUR_LENGTH - MICROSECOND

FRAME = out().data

CROSSING_CASES = [
    Case(
        "hour-edge",
        "The last microsecond belongs to the hour before, the first instant to the new one.",
        [out(BEFORE), out(HOUR_LENGTH)],
        [row(1, 0, (1, 40)), row(0, 0, (1, 40), hour=NEXT_HOUR)],
    ),
    Case(
        "hour-edge-nanosecond",
        "The same to the nanosecond.",
        files=[pcap([out(HOUR_LENGTH - 1), out(HOUR_LENGTH)], nanosecond=True)],
        packets=2,
        tallies=[row(1, 0, (1, 40)), row(0, 0, (1, 40), hour=NEXT_HOUR)],
    ),
    Case(
        "hour-answered-later",
        "The flow is counted in the hour of its first packet, its answer in the hour of the first reply.",
        [out(BEFORE, SYN), reply(HOUR_LENGTH + SECOND), reply(HOUR_LENGTH + 2 * SECOND)],
        [row(1, 0, (1, 40)), row(0, 1, (0, 0), (2, 80), hour=NEXT_HOUR)],
    ),
    Case(
        "hour-answered-once",
        "Later replies in a later hour do not answer a flow again.",
        [out(BEFORE - SECOND), reply(BEFORE), reply(HOUR_LENGTH)],
        [row(1, 1, (1, 40), (1, 40)), row(0, 0, (0, 0), (1, 40), hour=NEXT_HOUR)],
    ),
    Case(
        "hour-mark-in-the-next",
        "Unmarked packets of the hour before wait for the mark and then count in their own hour.",
        [
            out(BEFORE - 10 * SECOND, SYN, tos=0),
            reply(BEFORE - 9 * SECOND, data=10),
            out(BEFORE - 8 * SECOND, tos=0, data=5),
            out(HOUR_LENGTH + SECOND),
            reply(HOUR_LENGTH + 2 * SECOND),
        ],
        [row(1, 1, (2, 85), (1, 50), largest=135), row(0, 0, (1, 40), (1, 40), hour=NEXT_HOUR, largest=215)],
    ),
    Case(
        "hour-mark-two-hours-later",
        "Three hours of waiting packets and then the mark: every hour gets its own.",
        [
            out(0, tos=0),
            reply(HOUR_LENGTH, data=1),
            out(2 * HOUR_LENGTH, tos=0, data=2),
            reply(2 * HOUR_LENGTH + SECOND, data=3),
            out(3 * HOUR_LENGTH, data=4),
        ],
        [
            row(1, 0, (1, 40)),
            row(0, 1, (0, 0), (1, 41), hour=HOUR + 3600),
            row(0, 0, (1, 42), (1, 43), hour=HOUR + 7200),
            row(0, 0, (1, 44), hour=HOUR + 10800),
        ],
        more_options=["--tcp-idle", "4000"],
    ),
    Case(
        "hour-never-marked",
        "A flow across the hour that never gets the mark is one unmarked flow.",
        [out(BEFORE, tos=0), reply(HOUR_LENGTH), out(HOUR_LENGTH + SECOND, tos=0)],
        left_out={"unmarked": 3},
        unmarked_flows=1,
    ),
    Case(
        "hour-long-flow",
        "A flow counts once however many hours it lasts.",
        [out(hour * HOUR_LENGTH) for hour in range(4)],
        [
            row(1, 0, (1, 40), largest=40),
            row(0, 0, (1, 40), hour=HOUR + 3600, largest=80),
            row(0, 0, (1, 40), hour=HOUR + 7200, largest=120),
            row(0, 0, (1, 40), hour=HOUR + 10800, largest=160),
        ],
        more_options=["--tcp-idle", "3600"],
    ),
    Case(
        "hour-reordered",
        "First packets reordered around the hour: the flow counts with the first in the file, each packet in its own hour.",
        [out(HOUR_LENGTH, SYN), out(BEFORE), reply(HOUR_LENGTH + 1000)],
        [row(0, 0, (1, 40)), row(1, 1, (1, 40), (1, 40), hour=NEXT_HOUR)],
    ),
    Case(
        "hour-reordered-waiting",
        "The same while the packets still wait for the mark.",
        [out(HOUR_LENGTH, SYN, tos=0), reply(BEFORE), out(BEFORE, tos=0), out(HOUR_LENGTH + SECOND)],
        [row(0, 1, (1, 40), (1, 40)), row(1, 0, (2, 80), hour=NEXT_HOUR)],
    ),
    Case(
        "hour-backwards",
        "Stamps that jump back by hours: every packet in its own hour, still one flow.",
        [out(2 * HOUR_LENGTH), out(0), out(HOUR_LENGTH), out(0)],
        [
            row(0, 0, (2, 80), largest=160),
            row(0, 0, (1, 40), hour=HOUR + 3600, largest=120),
            row(1, 0, (1, 40), hour=HOUR + 7200, largest=40),
        ],
    ),
    Case(
        "hour-backwards-waiting",
        "The same with the mark on the last.",
        [out(2 * HOUR_LENGTH, tos=0), reply(0), out(HOUR_LENGTH, tos=0), out(0)],
        [
            row(0, 1, (1, 40), (1, 40), largest=160),
            row(0, 0, (1, 40), hour=HOUR + 3600, largest=120),
            row(1, 0, (1, 40), hour=HOUR + 7200, largest=40),
        ],
    ),
    Case(
        "hour-new-flow-each",
        "Port reuse across the hour: two flows, one in each hour.",
        [out(BEFORE - SECOND, SYN), out(BEFORE, FIN), out(HOUR_LENGTH, SYN)],
        [row(1, 0, (2, 80), largest=80), row(1, 0, (1, 40), hour=NEXT_HOUR, largest=40)],
    ),
    Case(
        "largest-of-several",
        "Of three flows in one tally the largest counts, in the hour before as in the next one.",
        [
            out(BEFORE - 3 * SECOND, source_port=40001, data=100),
            out(BEFORE - 2 * SECOND, source_port=40002, data=300),
            reply(BEFORE - SECOND, destination_port=40001, data=150),
            out(BEFORE, source_port=40003),
            out(HOUR_LENGTH, source_port=40001, data=20),
            out(HOUR_LENGTH + SECOND, source_port=40003),
        ],
        [row(3, 1, (3, 520), (1, 190), largest=340), row(0, 0, (2, 100), hour=NEXT_HOUR, largest=390)],
    ),
    Case(
        "largest-unmarked",
        "Flows without a mark are not the largest.",
        [out(0, source_port=40001, data=900, tos=0), out(SECOND, source_port=40002)],
        [row(1, 0, (1, 40), largest=40)],
        left_out={"unmarked": 1},
        unmarked_flows=1,
    ),
]


def classic(name: str, about: str, stamps: list[tuple[int, int]], tallies: list[dict[str, object]], nanosecond: bool = False) -> Case:
    """One outbound packet for each pair of raw seconds and fraction, every one in a flow of its own."""
    content = pcap_header(nanosecond=nanosecond)
    for index, (seconds, fraction) in enumerate(stamps):
        data = out(source_port=40000 + index).data
        content += pcap_record(seconds, fraction, data, len(data))
    return Case(name, about, files=[content], packets=len(stamps), tallies=tallies)


CLASSIC_STAMP_CASES = [
    classic(
        "stamp-zero",
        "The first second of 1970 is a stamp like any other.",
        [(0, 0), (3599, 999_999), (3600, 0)],
        [row(2, 0, (2, 80), hour=0), row(1, 0, (1, 40), hour=3600)],
    ),
    classic(
        "stamp-after-2038",
        "Seconds are unsigned: 2³¹ is in January 2038, not in 1901.",
        [(2_147_483_647, 0), (2_147_483_648, 0), (2_147_486_400, 0)],
        [row(2, 0, (2, 80), hour=2_147_482_800), row(1, 0, (1, 40), hour=2_147_486_400)],
    ),
    classic(
        "stamp-2106",
        "The largest seconds are in February 2106.",
        [(4_294_967_295, 999_999), (4_294_965_600, 0), (4_294_965_599, 999_999)],
        [row(1, 0, (1, 40), hour=4_294_962_000), row(2, 0, (2, 80), hour=4_294_965_600)],
    ),
    classic(
        "stamp-fraction-carries",
        "A fraction of a second or more carries over: 3599 s + 1,000,000 µs is the next hour, 999,999 µs is not.",
        [(HOUR + 3599, 999_999), (HOUR + 3599, 1_000_000), (HOUR, 3_599_999_999), (HOUR, 3_600_000_000)],
        [row(2, 0, (2, 80)), row(2, 0, (2, 80), hour=NEXT_HOUR)],
    ),
    classic(
        "stamp-fraction-unsigned",
        "The fraction is unsigned: 2³² − 1 µs are 4294.967295 s more, not 1 µs less.",
        [(HOUR, 4_294_967_295), (HOUR, 2_147_483_648)],
        [row(1, 0, (1, 40)), row(1, 0, (1, 40), hour=NEXT_HOUR)],
    ),
    classic(
        "stamp-fraction-unsigned-nanosecond",
        "In a nanosecond file 2³² − 1 ns are 4.294967295 s more.",
        [(HOUR + 3595, 4_294_967_295), (HOUR + 3596, 4_294_967_295), (HOUR + 3599, 1_000_000_000), (HOUR + 3599, 999_999_999)],
        [row(2, 0, (2, 80)), row(2, 0, (2, 80), hour=NEXT_HOUR)],
        nanosecond=True,
    ),
    classic(
        "stamp-beyond-32-bits",
        "Largest seconds and a fraction of 1905 s: the stamp goes beyond 32 bits.",
        [(4_294_967_295, 1_904_999_999), (4_294_967_295, 1_905_000_000)],
        [row(1, 0, (1, 40), hour=4_294_965_600), row(1, 0, (1, 40), hour=4_294_969_200)],
    ),
    Case(
        "stamp-fraction-carries-into-idling",
        "The carried fraction counts for idling: 299 s + 1,000,000 µs is exactly 300 s, one µs later is more.",
        files=[
            pcap_header()
            + pcap_record(HOUR, 0, FRAME, len(FRAME))
            + pcap_record(HOUR + 299, 1_000_000, FRAME, len(FRAME))
            + pcap_record(HOUR + 598, 2_000_001, FRAME, len(FRAME))
        ],
        packets=3,
        tallies=[row(2, 0, (3, 120))],
    ),
]


def section(*blocks: bytes) -> bytes:
    return Blocks().section() + b"".join(blocks)


def stamped(units: int, port: int = 40000, interface: int = 0) -> bytes:
    return Blocks().packet(units, out(source_port=port).data, interface=interface)


PCAPNG_STAMP_CASES = [
    Case(
        "pcapng-resolution-default",
        "Without if_tsresol a stamp counts microseconds.",
        files=[section(Blocks().interface(), stamped((HOUR + 3600) * 1_000_000 - 1), stamped((HOUR + 3600) * 1_000_000))],
        packets=2,
        tallies=[row(1, 0, (1, 40)), row(0, 0, (1, 40), hour=NEXT_HOUR)],
    ),
    Case(
        "pcapng-resolution-second",
        "if_tsresol 0: whole seconds.",
        files=[section(Blocks().interface(resolution=0), stamped(HOUR), stamped(HOUR + 300), stamped(HOUR + 601))],
        packets=3,
        tallies=[row(2, 0, (3, 120))],
    ),
    Case(
        "pcapng-resolution-millisecond",
        "if_tsresol 3: milliseconds, 300 s is one flow and 300.001 s is not.",
        files=[
            section(
                Blocks().interface(resolution=3),
                stamped(HOUR * 1000),
                stamped(HOUR * 1000 + 300_000),
                stamped(HOUR * 1000 + 600_001),
            )
        ],
        packets=3,
        tallies=[row(2, 0, (3, 120))],
    ),
    Case(
        "pcapng-resolution-nanosecond",
        "if_tsresol 9: nanoseconds, exact.",
        files=[
            section(
                Blocks().interface(resolution=9),
                stamped(HOUR * SECOND),
                stamped((HOUR + 300) * SECOND),
                stamped((HOUR + 600) * SECOND + 1),
            )
        ],
        packets=3,
        tallies=[row(2, 0, (3, 120))],
    ),
    Case(
        "pcapng-resolution-binary",
        "if_tsresol 0x8a: units of 1/1024 s; 300 s is one flow and 300 s and one unit is not.",
        files=[
            section(
                Blocks().interface(resolution=0x8A),
                stamped(HOUR * 1024),
                stamped((HOUR + 300) * 1024),
                stamped((HOUR + 600) * 1024 + 1),
                stamped((HOUR + 3600) * 1024 - 1, port=40001),
                stamped((HOUR + 3600) * 1024, port=40002),
            )
        ],
        packets=5,
        tallies=[row(3, 0, (4, 160)), row(1, 0, (1, 40), hour=NEXT_HOUR)],
    ),
    Case(
        "pcapng-offset",
        "if_tsoffset seconds are added to every stamp of the interface.",
        files=[
            section(
                Blocks().interface(offset=HOUR),
                stamped(0),
                stamped(3_599_999_999, port=40001),
                stamped(3_600_000_000, port=40002),
            )
        ],
        packets=3,
        tallies=[row(2, 0, (2, 80)), row(1, 0, (1, 40), hour=NEXT_HOUR)],
    ),
    Case(
        "pcapng-before-1970",
        "A negative if_tsoffset: hours before 1970 are rounded down, −1 µs is in the hour −3600.",
        files=[
            section(
                Blocks().interface(offset=-7200),
                stamped(7_199_999_999, port=40000),
                stamped(7_200_000_000, port=40001),
                stamped(3_600_000_000, port=40002),
                stamped(3_599_999_999, port=40003),
            )
        ],
        packets=4,
        tallies=[row(1, 0, (1, 40), hour=-7200), row(2, 0, (2, 80), hour=-3600), row(1, 0, (1, 40), hour=0)],
    ),
    Case(
        "pcapng-before-1970-idling",
        "Idling across 1970: from −150 s to 150 s is exactly 300 s.",
        files=[section(Blocks().interface(offset=-150), stamped(0), stamped(300_000_000), stamped(600_000_001))],
        packets=3,
        tallies=[row(1, 0, (1, 40), hour=-3600), row(1, 0, (2, 80), hour=0)],
    ),
    Case(
        "pcapng-interfaces-own-resolution",
        "Interfaces with their own resolution and offset in one file: each stamp by its interface.",
        files=[
            section(
                Blocks().interface(),
                Blocks().interface(resolution=9),
                Blocks().interface(resolution=0, offset=HOUR),
                stamped(HOUR * 1_000_000, interface=0),
                stamped((HOUR + 300) * SECOND, interface=1),
                stamped(600, interface=2),
                stamped((HOUR + 900) * SECOND + 1, interface=1),
                stamped(3600, interface=2, port=40001),
            )
        ],
        packets=5,
        tallies=[row(2, 0, (4, 160)), row(1, 0, (1, 40), hour=NEXT_HOUR)],
    ),
]

CASES = [*CROSSING_CASES, *CLASSIC_STAMP_CASES, *PCAPNG_STAMP_CASES]
