#!/usr/bin/env python3
"""Makes the lab's traffic, and writes what it asked for and what it got: one JSON line a stream.

Runs in the client's namespace. Exit streams first and foremost: of known sizes, isolated from each
other, over IPv4 and IPv6, to addresses and to names that the exit resolves; a few that the client
abandons half-way or before the answer, that are refused, and that nobody answers. And what must not be marked: streams on
circuits in which the exit host is only the middle hop, visits of an onion service, directory fetches.
"""

import argparse
import asyncio
import ipaddress
import json
import random
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

import socks
from torcontrol import Control, ControlError

AT_ONCE = 24
ABANDON_AFTER = 100_000
MIDDLE_CIRCUITS = 4
STREAMS_A_MIDDLE_CIRCUIT = 5
ONION_VISITS = 10
MOST_ONION_VISITS = 40


@dataclass(frozen=True)
class Stream:
    """One stream that the client asks tor for."""

    stream: int
    kind: str
    host: str
    port: int
    family: int
    isolation: str
    upload: int = 0
    download: int = 0
    pause: int = 0
    hang_up_after: int | None = None


class Journal:
    """The client's record of the run."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._results: dict[tuple[str, str], int] = {}

    def write(self, stream: Stream, outcome: socks.Outcome) -> None:
        print(json.dumps(asdict(stream) | asdict(outcome)), file=self._file, flush=True)
        key = (stream.kind, outcome.result)
        self._results[key] = self._results.get(key, 0) + 1

    def summary(self) -> str:
        return ", ".join(f"{kind} {result}: {n}" for (kind, result), n in sorted(self._results.items()))


def random_address(prefix: str, chance: random.Random) -> str:
    network = ipaddress.ip_network(prefix)
    # Not the first sixteen: the lab gives some of them to its own machines.
    return str(network[chance.randrange(16, min(network.num_addresses, 2**40) * 7 // 8)])


def any_size(chance: random.Random, largest: int) -> int:
    """As many small ones as large ones on a logarithmic scale, and some of nothing at all."""
    return 0 if chance.random() < 0.1 else int(largest ** chance.random())


def exit_streams(options: argparse.Namespace, chance: random.Random) -> list[Stream]:
    """The plan: per 40 streams 34 plain ones, 2 abandoned in the middle of a download, 2 deserted before the
    answer, 1 refused, 1 unanswered; half of them IPv6."""
    streams = []
    for index in range(options.streams):
        family = 4 if index % 2 == 0 else 6
        prefixes = [p for p in options.prefix if ipaddress.ip_network(p).version == family]
        named = index % 4 >= 2
        host = f"v{family}-{chance.randrange(options.names)}.{options.domain}" if named else (
            random_address(chance.choice(prefixes), chance))
        stream = Stream(index, "plain", host, chance.choice(options.port), family,
                        f"exit-{index // options.streams_a_circuit}",
                        any_size(chance, 100_000), any_size(chance, 400_000))
        place = index % 40
        if place in (18, 19):
            stream = replace(stream, kind="abandoned", upload=0, download=20_000_000,
                             hang_up_after=ABANDON_AFTER)
        elif place in (8, 9):
            # The answer meets a closed socket: this is what makes a kernel send an RST of its own.
            stream = replace(stream, kind="deserted", upload=0, download=1000, pause=2000, hang_up_after=0)
        elif place == 38 + (index // 40) % 2:
            stream = replace(stream, kind="refused", host=random_address(prefixes[0], chance),
                             port=options.closed_port, isolation=f"refused-{index}")
        elif place == 28 + (index // 40) % 2:
            silent = [p for p in options.silent if ipaddress.ip_network(p).version == family]
            stream = replace(stream, kind="unanswered", host=str(ipaddress.ip_network(silent[0])[1]),
                             isolation=f"unanswered-{index}")
        streams.append(stream)
    chance.shuffle(streams)
    return streams


async def ask(options: argparse.Namespace, stream: Stream, seconds: float = 90) -> socks.Outcome:
    return await socks.request(
        options.socks_port, stream.isolation, stream.host, stream.port, stream.stream, stream.upload,
        stream.download, stream.pause, stream.hang_up_after, seconds)


async def run_exit_streams(options: argparse.Namespace, journal: Journal) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def run(stream: Stream) -> None:
        async with places:
            journal.write(stream, await ask(options, stream, 8 if stream.kind == "unanswered" else 90))

    await asyncio.gather(*(run(s) for s in exit_streams(options, random.Random(options.seed))))


async def run_middle_streams(options: argparse.Namespace, control: Control, journal: Journal) -> None:
    """Circuits of our own choosing: relay, exit host, relay; the last one connects to a server beside it."""
    host, port = options.beside_last_hop.rsplit(":", 1)
    chance = random.Random(options.seed + 1)
    path = options.middle_path.split(",")
    await control.command("SETEVENTS CIRC STREAM")
    await control.command("SETCONF __LeaveStreamsUnattached=1")
    try:
        for number in range(MIDDLE_CIRCUITS * STREAMS_A_MIDDLE_CIRCUIT):
            if number % STREAMS_A_MIDDLE_CIRCUIT == 0:
                circuit = await control.build_circuit(path)
            stream = Stream(1_000_000 + number, "middle", host, int(port), 4, f"middle-{number}",
                            any_size(chance, 100_000), any_size(chance, 400_000))
            asked = asyncio.create_task(ask(options, stream))
            circuit = await control.attach_next_stream(options.beside_last_hop, circuit, path)
            journal.write(stream, await asked)
    finally:
        await control.command("RESETCONF __LeaveStreamsUnattached")
        await control.command("SETEVENTS")


async def onion_circuits_through(control: Control, fingerprint: str) -> int:
    circuits = await control.information("circuit-status")
    return sum("PURPOSE=HS_CLIENT" in line and fingerprint in line for line in circuits)


async def run_onion_visits(options: argparse.Namespace, control: Control, journal: Journal) -> int:
    """Visits until some rendezvous has passed through the exit host; how many of its circuits did."""
    chance = random.Random(options.seed + 2)
    through = 0
    for number in range(MOST_ONION_VISITS):
        stream = Stream(2_000_000 + number, "onion", options.onion, 80, 4, f"onion-{number}",
                        any_size(chance, 50_000), any_size(chance, 200_000))
        journal.write(stream, await ask(options, stream))
        through = await onion_circuits_through(control, options.middle_path.split(",")[1])
        if number + 1 >= ONION_VISITS and through > 0:
            break
    return through


async def fetch_directory(address: str, port: int) -> socks.Outcome:
    """The consensus, over plain HTTP from the exit host's directory port."""
    try:
        async with asyncio.timeout(30):
            reader, writer = await asyncio.open_connection(address, port)
            request = b"GET /tor/status-vote/current/consensus HTTP/1.0\r\n\r\n"
            writer.write(request)
            answer = await reader.read(-1)
            writer.close()
    except (OSError, TimeoutError) as error:
        return socks.Outcome(f"broken: {type(error).__name__}")
    good = answer.startswith(b"HTTP/1.0 200")
    return socks.Outcome("ok" if good else "not 200", len(request), len(answer))


async def run_directory_fetches(options: argparse.Namespace, journal: Journal) -> None:
    for number in range(10):
        address = options.directory[number % len(options.directory)]
        host, port = address.rsplit(":", 1)
        stream = Stream(3_000_000 + number, "directory", host, int(port), 4, "")
        journal.write(stream, await fetch_directory(host, int(port)))


async def run_all(options: argparse.Namespace) -> int:
    began = time.time()
    control = await Control.open(options.control, options.control.with_name("control_auth_cookie"))
    with open(options.output / "streams.jsonl", "w", encoding="ascii") as file:
        journal = Journal(file)
        await run_middle_streams(options, control, journal)
        through = await run_onion_visits(options, control, journal)
        await run_directory_fetches(options, journal)
        await run_exit_streams(options, journal)
    await control.close()
    run = {"began": began, "ended": time.time(), "onion_circuits_through_exit": through}
    (options.output / "run.json").write_text(json.dumps(run) + "\n", encoding="ascii")
    print(f"{journal.summary()}; onion circuits through the exit host: {through}; "
          f"{run['ended'] - began:.0f} s", file=sys.stderr)
    return 0


async def wait_ready(options: argparse.Namespace) -> int:
    """Asks for one stream of each sort until all have worked."""
    deadline = time.monotonic() + options.seconds
    missing = {f"v4-0.{options.domain}": "", f"v6-0.{options.domain}": "", options.onion: ""}
    attempt = 0
    while missing and time.monotonic() < deadline:
        attempt += 1
        outcomes = await asyncio.gather(*(
            socks.request(options.socks_port, f"ready-{attempt}", host, 80, 4_000_000, seconds=8)
            for host in missing))
        missing = {host: outcome.result for host, outcome in zip(missing, outcomes) if outcome.result != "ok"}
        await asyncio.sleep(0.5 if missing else 0)
    if missing:
        for host, result in missing.items():
            print(f"no stream through the network to {host}: {result}", file=sys.stderr)
    return 1 if missing else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("action", choices=["ready", "run"])
    parser.add_argument("--socks-port", type=int, required=True)
    parser.add_argument("--onion", required=True, help="name of the onion service")
    parser.add_argument("--domain", required=True, help="zone with the names v4-N and v6-N")
    parser.add_argument("--names", type=int, default=1, help="how many of them there are a family")
    parser.add_argument("--seconds", type=float, default=75, help="how long to wait (ready)")
    parser.add_argument("--output", type=Path, help="folder for streams.jsonl and run.json")
    parser.add_argument("--control", type=Path, help="control socket of the client's tor")
    parser.add_argument("--streams", type=int, default=400)
    parser.add_argument("--streams-a-circuit", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--prefix", action="append", default=[], help="destinations (repeatable)")
    parser.add_argument("--silent", action="append", default=[], help="prefix that answers nothing")
    parser.add_argument("--port", action="append", type=int, default=[], help="(repeatable)")
    parser.add_argument("--closed-port", type=int, default=4)
    parser.add_argument("--middle-path", default="", help="three fingerprints; the second is the exit's")
    parser.add_argument("--beside-last-hop", default="", help="ADDRESS:PORT that only its last hop allows")
    parser.add_argument("--directory", action="append", default=[], help="ADDRESS:PORT (repeatable)")
    options = parser.parse_args()
    try:
        return asyncio.run(wait_ready(options) if options.action == "ready" else run_all(options))
    except (OSError, ControlError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
