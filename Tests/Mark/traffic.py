#!/usr/bin/python3
"""Connections from given source addresses, and the server that they go to."""

from __future__ import annotations

import argparse
import contextlib
import socket
import struct
import threading

AMOUNT = 200_000


def receive_all(connection: socket.socket) -> int:
    total = 0
    while data := connection.recv(65536):
        total += len(data)
    return total


def answer(connection: socket.socket) -> None:
    # Half of the connections end with a reset, as they should.
    with connection, contextlib.suppress(ConnectionResetError, BrokenPipeError):
        connection.sendall(b"x" * AMOUNT)
        receive_all(connection)


def serve(port: int) -> None:
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def connect(port: int, source: str, server: str, reset: bool) -> None:
    """Sends and receives, then closes with FIN, or with a RST."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.bind((source, 0))
        connection.connect((server, port))
        connection.sendall(b"y" * AMOUNT)
        if reset:
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        connection.shutdown(socket.SHUT_WR)
        assert receive_all(connection) == AMOUNT


def query(server: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as datagrams:
        datagrams.sendto(b"query", (server, port))


def server_for(source: str, ipv4: str, ipv6: str) -> str:
    if source.startswith("::ffff:"):
        return "::ffff:" + ipv4
    return ipv6 if ":" in source else ipv4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="answer every connection")
    serving.add_argument("port", type=int)
    connecting = commands.add_parser("connect", help="connect from each source address")
    connecting.add_argument("port", type=int)
    connecting.add_argument("ipv4", help="the server's IPv4 address")
    connecting.add_argument("ipv6", help="the server's IPv6 address")
    connecting.add_argument("source", nargs="+")
    options = parser.parse_args()
    if options.command == "serve":
        serve(options.port)
        return
    for source in options.source:
        for reset in (False, True):
            server = server_for(source, options.ipv4, options.ipv6)
            connect(options.port, source, server, reset)
    for server in (options.ipv4, options.ipv6):
        query(server, 53)
        query(server, 123)


if __name__ == "__main__":
    main()
