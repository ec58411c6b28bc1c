#!/usr/bin/python3
"""A steady load: connections that last, new ones all the time, and datagrams with numbers.

`sink` runs in the internet, `load` on the Tor host, once for what an exit sends and once for what a relay
does. The exit's sockets have the mark by their own doing: here the rules are tested, and not the library.
Both write down the datagrams that they sent or got when they are told to end (SIGTERM).
"""

from __future__ import annotations

import argparse
import array
import contextlib
import signal
import socket
import struct
import sys
import threading
import time

from scenarios import DATAGRAMS, ECHO, EXIT, RELAY
from traffic import accept_all, family_of, in_background, listener

PAUSE = 0.01
ended = threading.Event()


def echo(connection: socket.socket) -> None:
    while data := connection.recv(65536):
        connection.sendall(data)


def sink(options: argparse.Namespace) -> None:
    received = {}
    for family in (socket.AF_INET, socket.AF_INET6):
        for base in (EXIT, RELAY):
            in_background(accept_all, listener(base + ECHO, family), echo)
            numbers = array.array("Q")
            received[f"{base}-{4 if family == socket.AF_INET else 6}"] = numbers
            in_background(receive_datagrams, family, base + DATAGRAMS, numbers)
    print("serving", flush=True)
    ended.wait()
    for name, numbers in received.items():
        write(options.output, name, [f"{number}" for number in numbers])


def receive_datagrams(family: socket.AddressFamily, port: int, numbers: array.array[int]) -> None:
    datagrams = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    datagrams.bind(("", port))
    while True:
        numbers.append(struct.unpack("!Q", datagrams.recv(64))[0])


def write(folder: str, name: str, lines: list[str]) -> None:
    with open(f"{folder}/{name}", "w", encoding="ascii") as file:
        file.write("".join(f"{line}\n" for line in lines))


class Sender:
    """One family's load of an exit or a relay."""

    def __init__(self, base: int, source: str, destination: str, mark: int, numbered: bool) -> None:
        self._base = base
        self._source = source
        self._destination = destination
        self._mark = mark
        self._numbered = numbered
        self.sent: list[str] = []

    def start(self) -> list[threading.Thread]:
        tasks = [self._last, self._renew] + ([self._number] if self._numbered else [])
        threads = [threading.Thread(target=task, daemon=True) for task in tasks]
        for thread in threads:
            thread.start()
        return threads

    def _socket(self, kind: socket.SocketKind) -> socket.socket:
        new = socket.socket(family_of(self._destination), kind)
        new.settimeout(0.5)
        if ":" in self._destination:
            new.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, self._mark << 2)
        else:
            new.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, self._mark << 2)
        if self._source:
            new.bind((self._source, 0))
        return new

    def _last(self) -> None:
        """A connection for as long as it lasts."""
        while not ended.is_set():
            with contextlib.suppress(OSError), self._socket(socket.SOCK_STREAM) as stream:
                stream.connect((self._destination, self._base + ECHO))
                while not ended.is_set():
                    stream.sendall(bytes(1000))
                    stream.recv(65536)
                    time.sleep(PAUSE)
            time.sleep(PAUSE)

    def _renew(self) -> None:
        while not ended.is_set():
            with contextlib.suppress(OSError), self._socket(socket.SOCK_STREAM) as stream:
                stream.connect((self._destination, self._base + ECHO))
                stream.sendall(b"new")
                stream.recv(3)
            time.sleep(2 * PAUSE)

    def _number(self) -> None:
        """Each with its number; a new socket where the old one is no longer good."""
        number = 0
        while not ended.is_set():
            with contextlib.suppress(OSError), self._socket(socket.SOCK_DGRAM) as datagrams:
                datagrams.connect((self._destination, self._base + DATAGRAMS))
                while not ended.is_set():
                    now = time.time()
                    result = "sent"
                    try:
                        datagrams.send(struct.pack("!Q", number))
                    except OSError as error:
                        result = type(error).__name__
                    self.sent.append(f"{number} {now:.6f} {result}")
                    number += 1
                    time.sleep(PAUSE / 2)
            time.sleep(PAUSE)


def load(options: argparse.Namespace) -> None:
    base = EXIT if options.role == "exit" else RELAY
    senders = {family: Sender(base, getattr(options, f"source{family}"), getattr(options, f"web{family}"), options.dscp,
                              not options.streams_only)
               for family in (4, 6)}
    threads = [thread for sender in senders.values() for thread in sender.start()]
    print("loading", flush=True)
    ended.wait()
    for thread in threads:
        thread.join()
    for family, sender in senders.items():
        write(options.output, f"{base}-{family}", sender.sent)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("action", choices=["sink", "load"])
    parser.add_argument("--role", choices=["exit", "relay"])
    parser.add_argument("--dscp", type=int, default=0)
    parser.add_argument("--streams-only", action="store_true", help="no datagrams")
    parser.add_argument("--output", required=True, help="folder for the numbers")
    for name in ("source", "web"):
        for family in (4, 6):
            parser.add_argument(f"--{name}{family}", default="")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    (sink if options.action == "sink" else load)(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
