"""Who talks to whom, and how: each conversation is a script of packets in time.

A script yields what a real host would do, and now and then what the rules for
flows are about: ports used again, pauses around the idle timeout, marks that
come late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from making.packets import ACK, FIN, MARK, PSH, RST, SYN, TCP, UDP

SECOND, MILLISECOND, MICROSECOND = 1_000_000_000, 1_000_000, 1000

EXIT_ADDRESSES = ["192.0.2.10", "192.0.2.11"]
EXIT_ADDRESSES6 = ["2001:db8:ffff::10", "2001:db8:ffff::11"]

# Networks of Tests/Fixtures/databases, with the last part to be drawn, and some
# that no database knows. Few hosts, so that keys come back.
REMOTES = [
    *("198.51.100.{}",) * 5,
    *("203.0.113.{}",) * 4,
    *("198.18.7.{}", "198.19.3.{}", "198.19.201.{}"),
    *("198.51.99.{}", "100.64.0.{}"),
]
REMOTES6 = [
    *("2001:db8:100::{:x}", "2001:db8:100:8::{:x}", "2001:db8:200::{:x}"),
    *("2001:db8:300::{:x}", "2001:db8:300:8000::{:x}", "2001:db8:400::{:x}"),
]

TCP_PORTS = [*(443,) * 30, *(80,) * 10, 8333, 5222, 993, 22, 25, 6667, 8080, 9001, 65535]
UDP_PORTS = [*(53,) * 30, 443, 123]

IDLE_TIMEOUT = {TCP: 300 * SECOND, UDP: 60 * SECOND}


class Event(NamedTuple):
    delay: int  # nanoseconds since the event before
    outbound: bool
    flags: int
    data: int


Script = Iterator[Event]


@dataclass(eq=False)
class Conversation:
    """The key of a flow, how its frames look, and which of its packets carry the mark."""

    version: int
    protocol: int
    exit_address: str
    exit_port: int
    remote_address: str
    service_port: int
    tags: list[tuple[int, int]] = field(default_factory=list)
    extensions: int = 0
    reply_tos: int = 0
    unmarked_tos: int = 0
    # Of the outbound packets: the first that is marked, and how many are; None for all that follow.
    marked_from: int | None = 0
    marked_count: int | None = None
    ecn: int = 0
    sent: int = 0

    def next_tos(self, outbound: bool) -> int:
        if not outbound:
            return self.reply_tos
        index = self.sent
        self.sent += 1
        marked = self.marked_from is not None and index >= self.marked_from
        if marked and self.marked_count is not None:
            marked = index < (self.marked_from or 0) + self.marked_count
        return (MARK if marked else self.unmarked_tos) | self.ecn


def round_trip(random: Random) -> int:
    return random.randint(2_000, 300_000) * MICROSECOND


def heavy_tail(random: Random, most: int) -> int:
    """Most are small, a few are very large."""
    return min(most, int(random.paretovariate(0.9)))


def handshake(random: Random) -> Script:
    yield Event(0, True, SYN, 0)
    if random.random() < 0.03:
        yield Event(SECOND, True, SYN, 0)
    yield Event(round_trip(random), False, SYN | ACK, 0)
    yield Event(random.randint(20, 900) * MICROSECOND, True, ACK, 0)


def goodbye(random: Random) -> Script:
    if random.random() < 0.2:
        yield Event(round_trip(random), random.random() < 0.5, RST | ACK, 0)
        return
    first = random.random() < 0.5
    yield Event(round_trip(random), first, FIN | ACK, 0)
    yield Event(round_trip(random), not first, FIN | ACK, 0)
    yield Event(random.randint(20, 900) * MICROSECOND, first, ACK, 0)
    if random.random() < 0.1:
        # Data for a socket that is gone.
        yield Event(round_trip(random), False, PSH | ACK, 100)
        yield Event(50 * MICROSECOND, True, RST, 0)


def exchange(random: Random, rounds: int) -> Script:
    for _ in range(rounds):
        yield Event(random.randint(1, 400) * MILLISECOND, True, PSH | ACK, random.randint(20, 1200))
        for _ in range(random.randint(1, 4)):
            yield Event(random.randint(10, 5000) * MICROSECOND, False, ACK, random.choice((1448, 1448, 1448, 300)))


def web(random: Random) -> Script:
    yield from handshake(random)
    yield from exchange(random, heavy_tail(random, 400))
    yield from goodbye(random)


def scan(random: Random) -> Script:
    for attempt in range(random.randint(1, 4)):
        yield Event((1 << attempt) * SECOND if attempt else 0, True, SYN, 0)


def refused(random: Random) -> Script:
    """Tried again from the same port: SYN after RST."""
    for attempt in range(random.randint(1, 3)):
        yield Event(attempt * SECOND, True, SYN, 0)
        yield Event(round_trip(random), False, RST | ACK, 0)


def reused_port(random: Random) -> Script:
    for _ in range(random.randint(2, 4)):
        yield from handshake(random)
        yield from exchange(random, random.randint(1, 3))
        yield from goodbye(random)


def pause(random: Random, protocol: int) -> int:
    """Around the idle timeout: at it, a hair's breadth over, a second or two before, well below, well above."""
    timeout = IDLE_TIMEOUT[protocol]
    shortly_before = timeout - random.randint(0, 2_000_000) * MICROSECOND
    return random.choice((timeout, timeout + MICROSECOND, shortly_before, timeout // 2, timeout + timeout // 3))


def sleepy(random: Random) -> Script:
    yield from handshake(random)
    for _ in range(random.randint(1, 4)):
        yield Event(pause(random, TCP), random.random() < 0.7, PSH | ACK, 40)
        yield Event(round_trip(random), random.random() < 0.5, ACK, 0)


def long_lived(random: Random) -> Script:
    """Kept alive for hours."""
    yield from handshake(random)
    for _ in range(random.randint(10, 100)):
        yield Event(random.randint(60, 290) * SECOND, True, PSH | ACK, 60)
        yield Event(round_trip(random), False, ACK, 0)


def answer_without_question(random: Random) -> Script:
    for _ in range(random.randint(1, 3)):
        yield Event(round_trip(random), False, random.choice((RST, SYN | ACK, ACK)), 0)


def name_lookup(random: Random) -> Script:
    yield Event(0, True, 0, random.randint(20, 60))
    if random.random() < 0.95:
        yield Event(round_trip(random), False, 0, random.randint(40, 480))


def resolver_socket(random: Random) -> Script:
    """One socket for all questions, with pauses around the UDP timeout."""
    for _ in range(random.randint(5, 60)):
        quiet = pause(random, UDP) if random.random() < 0.3 else random.randint(1, 4000) * MILLISECOND
        yield Event(quiet, True, 0, random.randint(20, 60))
        yield Event(round_trip(random), False, 0, random.randint(40, 480))


TCP_SCRIPTS: list[tuple[Callable[[Random], Script], int]] = [
    (web, 60),
    (scan, 12),
    (refused, 8),
    (reused_port, 6),
    (sleepy, 6),
    (long_lived, 1),
    (answer_without_question, 2),
]
UDP_SCRIPTS: list[tuple[Callable[[Random], Script], int]] = [(name_lookup, 30), (resolver_socket, 1)]


def scripted(random: Random, scripts: list[tuple[Callable[[Random], Script], int]]) -> Script:
    chosen = random.choices([script for script, _ in scripts], [weight for _, weight in scripts])[0]
    return chosen(random)


def marks(random: Random) -> tuple[int | None, int | None]:
    """Mostly all packets, sometimes from a later one on, sometimes one alone, sometimes none."""
    kind = random.random()
    if kind < 0.65:
        return 0, None
    if kind < 0.75:
        return random.randint(1, 8), None
    if kind < 0.80:
        return random.randint(0, 5), 1
    return None, None


def begin(random: Random) -> tuple[Conversation, Script]:
    six = random.random() < 0.15
    protocol = UDP if random.random() < 0.25 else TCP
    host = random.randint(1, 254)
    marked_from, marked_count = marks(random)
    conversation = Conversation(
        version=6 if six else 4,
        protocol=protocol,
        exit_address=random.choice(EXIT_ADDRESSES6 if six else EXIT_ADDRESSES),
        exit_port=random.randint(32768, 60999),
        remote_address=random.choice(REMOTES6 if six else REMOTES).format(host),
        service_port=random.choice(UDP_PORTS if protocol == UDP else TCP_PORTS),
        tags=random.choices(([], [(0x8100, 5)], [(0x88A8, 100), (0x8100, 7)]), (90, 7, 3))[0],
        extensions=random.choices((0, 1, 2, 3), (90, 4, 3, 3))[0] if six else 0,
        reply_tos=random.choices((0, 0x20, 0xB8, MARK), (85, 5, 5, 5))[0],
        unmarked_tos=random.choices((0, 0x20, 0xB8, 39 << 2, 15 << 2), (85, 5, 4, 3, 3))[0],
        marked_from=marked_from,
        marked_count=marked_count,
        ecn=random.choices((0, 1, 2, 3), (90, 3, 4, 3))[0],
    )
    return conversation, scripted(random, UDP_SCRIPTS if protocol == UDP else TCP_SCRIPTS)
