#!/usr/bin/python3
"""An exit connection that sends as fast as it can, in two networks by short turns.

One process holds a connection in each, so that whatever else the machine does meets both. Both ends leave
the copying out (one buffer is sent again and again, what arrives is thrown away inside the kernel): what is
measured is the way of the packets.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import math
import os
import socket
import statistics
import struct
import sys
import termios
import threading
import time

PORT = 7011
BUFFER = bytes(1 << 18)
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
WINDOW = 4 << 20
TURN = 0.025


def receive() -> None:
    listening = socket.create_server(("::", PORT), family=socket.AF_INET6, dualstack_ipv6=True)
    # Of a size that the kernel does not choose: it would choose differently each time.
    listening.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, WINDOW)
    print("receiving", flush=True)
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=discard, args=(connection,), daemon=True).start()


def discard(connection: socket.socket) -> None:
    with connection:
        while connection.recv(1 << 24, socket.MSG_TRUNC):
            pass


def enter(namespace: str) -> None:
    """A socket stays in the network that its process was in when it was made."""
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    os.close(descriptor)


def connect(options: argparse.Namespace) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.destination else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, WINDOW)
    if family == socket.AF_INET6:
        connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, options.dscp << 2)
    else:
        connection.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, options.dscp << 2)
    if options.source:
        connection.bind((options.source, 0))
    connection.connect((options.destination, PORT))
    return connection


def waiting(connection: socket.socket) -> int:
    """Bytes that the other end has not acknowledged (SIOCOUTQ, which is TIOCOUTQ)."""
    return struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]


def turn(connection: socket.socket, seconds: float) -> tuple[float, float]:
    """Bits a second until all of it has arrived, and bits for a second of this process's CPU."""
    began, spent, sent = time.monotonic(), time.process_time(), 0
    while time.monotonic() < began + seconds:
        sent += connection.send(BUFFER)
    spent = time.process_time() - spent
    while waiting(connection):
        time.sleep(0.0002)
    return 8 * sent / (time.monotonic() - began), 8 * sent / spent


def compare(options: argparse.Namespace) -> None:
    turns: list[tuple[tuple[float, float], tuple[float, float]]] = []
    # Connections differ by luck (which core, which queue), and the first of two is often the slower one: a new
    # pair for every ten turns, begun by turns with the one or the other.
    namespaces = (getattr(options, "with"), options.without)
    for first in range(0, options.turns, 10):
        connections: dict[int, socket.socket] = {}
        for which in (0, 1) if first % 20 == 0 else (1, 0):
            enter(namespaces[which])
            connections[which] = connect(options)
        for connection in connections.values():
            turn(connection, 4 * TURN)
        for number in range(first, first + 10):
            order = (0, 1) if number % 2 == 0 else (1, 0)
            found = {which: turn(connections[which], TURN) for which in order}
            turns.append((found[0], found[1]))
        for connection in connections.values():
            connection.close()
    line = f"{options.title:<18}"
    for measure in (0, 1):
        rates = [(a[measure], b[measure]) for a, b in turns]
        ratios = sorted(a / b for a, b in rates)
        # The true median lies between these two in 95 of 100 cases (order statistics).
        middle, margin = len(ratios) // 2, round(0.98 * math.sqrt(len(ratios)))
        line += (f"{statistics.median(a for a, _ in rates) / 1e9:>8.2f}{statistics.median(b for _, b in rates) / 1e9:>8.2f}"
                 f"{statistics.median(ratios):>8.3f} ({ratios[middle - margin]:.3f} to {ratios[middle + margin]:.3f})")
    print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("action", choices=["receive", "compare"])
    parser.add_argument("--title", default="")
    parser.add_argument("--with", help="the one namespace")
    parser.add_argument("--without", help="the other")
    parser.add_argument("--source", default="")
    parser.add_argument("--destination", default="")
    parser.add_argument("--dscp", type=int, default=7)
    parser.add_argument("--turns", type=int, default=400)
    options = parser.parse_args()
    (receive if options.action == "receive" else lambda: compare(options))()
    return 0


if __name__ == "__main__":
    sys.exit(main())
