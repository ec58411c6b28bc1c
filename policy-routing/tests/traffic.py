#!/usr/bin/python3
"""Makes packets of every class, by real sockets and the kernels behind them.

`serve` runs in the internet, `listen` and `make` on the Tor host. What a connection is about is told by its
port: an exit's connections go to 7001 to 7009, a relay's to 9001 to 9009, the same scenario at the same last
digit. `make` prints what became of each, one JSON line a scenario.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import json
import os
import pwd
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrFragment
from scenarios import EXIT, HOST_PORT, RELAY, SCENARIOS, SSH_PORT

AMOUNT = 60_000
NO_PORT = 24  # IP_BIND_ADDRESS_NO_PORT, as tor asks for
PATIENCE = 4.0

Connection = socket.socket


def family_of(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def receive_all(connection: Connection) -> int:
    total = 0
    while data := connection.recv(65536):
        total += len(data)
    return total


# The internet's side


@contextlib.contextmanager
def deaf(connection: Connection, rules: str) -> Iterator[None]:
    """The internet's host does not hear this connection for a while."""
    element = f"{{ {connection.getpeername()[1]} . {connection.getsockname()[1]} }}"
    subprocess.run(["nft", "add", "element", "inet", "network", rules, element], check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "element", "inet", "network", rules, element], check=True)


def serve_plain(connection: Connection) -> None:
    connection.sendall(bytes(AMOUNT))
    receive_all(connection)


def serve_closed(connection: Connection) -> None:
    """Answers after the other end has closed: what arrives there finds no socket."""
    receive_all(connection)
    connection.sendall(b"late")


def serve_time_wait(connection: Connection) -> None:
    """Does not hear that its FIN was acknowledged, and sends it again: a TIME_WAIT answers."""
    receive_all(connection)
    with deaf(connection, "deaf_to_acknowledgements"):
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.7)


def serve_retransmit(connection: Connection) -> None:
    connection.recv(1)
    with deaf(connection, "deaf"):
        connection.sendall(b"go on")
        time.sleep(0.7)
    receive_all(connection)


def serve_upload(connection: Connection) -> None:
    """Says how much arrived: whether the connection got across the narrow link."""
    connection.sendall(struct.pack("!I", receive_all(connection)))


def serve_reset(connection: Connection) -> None:
    connection.sendall(b"soon gone")
    receive_all(connection)


SERVERS: dict[str, Callable[[Connection], None]] = {
    "plain": serve_plain,
    "closed": serve_closed,
    "time-wait": serve_time_wait,
    "retransmit": serve_retransmit,
    "narrow": serve_upload,
    "reset": serve_reset,
}


def listener(port: int, family: socket.AddressFamily, address: str = "") -> Connection:
    new = socket.socket(family, socket.SOCK_STREAM)
    new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        new.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    new.bind((address, port))
    new.listen(64)
    return new


def accept_all(listening: Connection, answer: Callable[[Connection], None]) -> None:
    def run(connection: Connection) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(30)
            answer(connection)

    while True:
        connection, _ = listening.accept()
        threading.Thread(target=run, args=(connection,), daemon=True).start()


def in_background(function: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=function, args=arguments, daemon=True).start()


def resolve(address: str) -> None:
    """Answers what it is asked: at once, late, or with the first fragment of an answer."""
    datagrams = socket.socket(family_of(address), socket.SOCK_DGRAM)
    datagrams.bind((address, 53))
    while True:
        query, peer = datagrams.recvfrom(512)
        if query == b"late":
            threading.Timer(0.7, datagrams.sendto, (b"answer", peer)).start()
        elif query == b"fragment":
            send_first_fragment(address, peer[0], peer[1])
        else:
            datagrams.sendto(b"answer", peer)


def send_first_fragment(source: str, destination: str, port: int) -> None:
    datagram = UDP(sport=53, dport=port, len=2008, chksum=0xFFFF) / bytes(992)
    if ":" in source:
        send_raw(IPv6(src=source, dst=destination) / IPv6ExtHdrFragment(id=port, m=1, nh=17) / datagram)
    else:
        send_raw(IP(src=source, dst=destination, id=port, flags="MF") / datagram)


def send_raw(packet: IP | IPv6) -> None:
    """The kernel finds the way, the packet is ours from its header on."""
    family = socket.AF_INET6 if isinstance(packet, IPv6) else socket.AF_INET
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.sendto(bytes(packet), (packet.dst, 0))


def serve(options: argparse.Namespace) -> None:
    for family in (socket.AF_INET, socket.AF_INET6):
        for base in (EXIT, RELAY):
            for number, name in SCENARIOS.items():
                if name in SERVERS:
                    in_background(accept_all, listener(base + number, family), SERVERS[name])
        in_background(accept_all, listener(HOST_PORT, family), serve_plain)
    for address in options.resolver:
        in_background(resolve, address)
    print("serving", flush=True)
    threading.Event().wait()


# The Tor host's side


def open_stream(source: str, destination: str, port: int, ttl: int | None = None) -> Connection:
    new = socket.socket(family_of(destination), socket.SOCK_STREAM)
    try:
        new.settimeout(PATIENCE)
        new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ttl is not None and ":" in destination:
            new.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
        elif ttl is not None:
            new.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        if source:
            new.setsockopt(socket.IPPROTO_IP, NO_PORT, 1)
            new.bind((source, 0))
        new.connect((destination, port))
    except OSError:
        new.close()
        raise
    return new


def make_plain(connection: Connection) -> str:
    connection.sendall(bytes(AMOUNT))
    connection.shutdown(socket.SHUT_WR)
    received = receive_all(connection)
    return "ok" if received == AMOUNT else f"received {received} bytes of {AMOUNT}"


def make_closed(connection: Connection) -> str:
    connection.sendall(b"request")
    return "ok"


def make_time_wait(connection: Connection) -> str:
    connection.sendall(b"request")
    connection.shutdown(socket.SHUT_WR)
    receive_all(connection)
    return "ok"


def make_retransmit(connection: Connection) -> str:
    connection.sendall(b"x")
    connection.recv(16)
    connection.sendall(bytes(5_000))
    connection.shutdown(socket.SHUT_WR)
    receive_all(connection)
    return "ok"


def make_narrow(connection: Connection) -> str:
    connection.sendall(bytes(4 * AMOUNT))
    connection.shutdown(socket.SHUT_WR)
    arrived = struct.unpack("!I", connection.recv(4))[0]
    return "ok" if arrived == 4 * AMOUNT else f"{arrived} bytes of {4 * AMOUNT} got across"


def make_reset(connection: Connection) -> str:
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return "ok"


MAKERS: dict[str, Callable[[Connection], str]] = {
    "plain": make_plain,
    "closed": make_closed,
    "time-wait": make_time_wait,
    "retransmit": make_retransmit,
    "narrow": make_narrow,
    "reset": make_reset,
}


def outcome(function: Callable[[], str]) -> str:
    try:
        return function()
    except TimeoutError:
        return "no answer"
    except OSError as error:
        return type(error).__name__ if type(error) is not OSError else error.strerror or str(error)


def connect(name: str, number: int, options: argparse.Namespace, family: int) -> str:
    source = getattr(options, f"source{family}")
    port = (EXIT if options.role == "exit" else RELAY) + number
    where = {"narrow": "narrow", "silent": "silent"}.get(name, "web")
    destination = getattr(options, f"{where}{family}")

    def run() -> str:
        # A time to live of one: the router has to say that it is over.
        with open_stream(source, destination, port, 1 if name == "expired" else None) as connection:
            return MAKERS[name](connection) if name in MAKERS else "connected"

    return outcome(run)


def ask(query: bytes, resolver: str) -> str:
    """As libevent asks: by sendto on a socket that is not bound."""
    def run() -> str:
        with socket.socket(family_of(resolver), socket.SOCK_DGRAM) as datagrams:
            datagrams.settimeout(2)
            datagrams.sendto(query, (resolver, 53))
            if query == b"late":
                return "gone"
            if query == b"nobody":
                # The port unreachable that comes back is an error of a connected socket only.
                return "answered" if select.select([datagrams], [], [], 1)[0] else "no answer"
            return "ok" if datagrams.recv(512) == b"answer" else "something else"

    return outcome(run)


def make(options: argparse.Namespace) -> None:
    tasks: dict[tuple[str, int], Callable[[], str]] = {}
    for family in (4, 6):
        if options.role == "host":
            tasks["host", family] = host_task(options, family)
            continue
        for number, name in SCENARIOS.items():
            tasks[name, family] = lambda name=name, number=number, family=family: connect(
                name, number, options, family)
        if options.role == "exit":
            resolver, nobody = getattr(options, f"resolver{family}"), getattr(options, f"web{family}")
            tasks["dns", family] = lambda resolver=resolver: ask(b"query", resolver)
            tasks["dns late", family] = lambda resolver=resolver: ask(b"late", resolver)
            tasks["dns fragment", family] = lambda resolver=resolver: ask(b"fragment", resolver)
            tasks["dns refused", family] = lambda nobody=nobody: ask(b"nobody", nobody)
    with concurrent.futures.ThreadPoolExecutor(len(tasks)) as pool:
        running = {key: pool.submit(task) for key, task in tasks.items()}
        for (name, family), future in running.items():
            print(json.dumps({"role": options.role, "scenario": name, "family": family, "result": future.result()}))


def host_task(options: argparse.Namespace, family: int) -> Callable[[], str]:
    """As apt does: an unbound socket."""
    destination = getattr(options, f"packages{family}")

    def run() -> str:
        with open_stream("", destination, HOST_PORT) as connection:
            return make_plain(connection)

    return lambda: outcome(run)


# Both sides: who connects to the Tor host


def listen(options: argparse.Namespace) -> None:
    """The relay's port, and ssh's."""
    for address in options.address:
        family = family_of(address)
        for number in (1, 2, 9):
            in_background(accept_all, listener(RELAY + number, family, address), SERVERS[SCENARIOS[number]])
        in_background(accept_all, listener(SSH_PORT, family, address), serve_plain)
    print("listening", flush=True)
    threading.Event().wait()


def visit(options: argparse.Namespace) -> None:
    """From the internet: relays and an administrator who connect to the host's address."""
    for family in (4, 6):
        source, host = getattr(options, f"source{family}"), getattr(options, f"host{family}")
        for number in (1, 2, 9):
            name = SCENARIOS[number]
            result = outcome(lambda: visit_once(source, host, RELAY + number, MAKERS[name]))
            print(json.dumps({"role": "inbound", "scenario": name, "family": family, "result": result}))
        result = outcome(lambda: visit_once(source, host, SSH_PORT, make_plain))
        print(json.dumps({"role": "ssh", "scenario": "ssh", "family": family, "result": result}))


def visit_once(source: str, host: str, port: int, run: Callable[[Connection], str]) -> str:
    with open_stream(source, host, port) as connection:
        return run(connection)


def scan(options: argparse.Namespace) -> None:
    """From the internet: ports without a service, and the relay's own."""
    for target in options.address:
        head = IPv6(src=options.source6, dst=target) if ":" in target else IP(src=options.source4, dst=target)
        for port in (4444, RELAY + 1):
            send_raw(head / TCP(sport=5555, dport=port, seq=1))
            send_raw(head / TCP(sport=5556, dport=port, flags="A", seq=1, ack=1))
        send_raw(head / UDP(sport=5555, dport=4444) / b"scan")
        send_raw(head / (ICMPv6EchoRequest() if ":" in target else ICMP()))


def forgotten(options: argparse.Namespace) -> None:
    """From the internet: late packets of exit connections that the host's conntrack knows nothing of (any more).
    For most of them it makes no new entry either; the kernel answers all the same."""
    for target in options.address:
        version, server, resolver = ((IPv6, options.web6, options.resolver6) if ":" in target
                                     else (IP, options.web4, options.resolver4))
        for port, flags in enumerate(("FA", "SA", "A", "PA", "PU", "FPU", ""), start=20_001):
            send_raw(version(src=server, dst=target) / TCP(sport=EXIT + 1, dport=port, seq=1, ack=1, flags=flags))
        send_first_fragment(resolver, target, 20_053)


ACTIONS: dict[str, Callable[[argparse.Namespace], None]] = {
    "serve": serve, "listen": listen, "make": make, "visit": visit, "scan": scan, "forgotten": forgotten,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("action", choices=list(ACTIONS))
    parser.add_argument("--account", help="make as this account")
    parser.add_argument("--role", choices=["exit", "relay", "host"])
    parser.add_argument("--resolver", action="append", default=[], help="serve names here (repeatable)")
    parser.add_argument("--address", action="append", default=[], help="listen on or scan this (repeatable)")
    for name in ("source", "web", "narrow", "silent", "packages", "resolver", "host"):
        for family in (4, 6):
            parser.add_argument(f"--{name}{family}", default="")
    options = parser.parse_args()
    if options.account:
        account = pwd.getpwnam(options.account)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    ACTIONS[options.action](options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
