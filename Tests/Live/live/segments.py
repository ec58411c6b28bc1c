"""Segments that offloading merges, or has not cut yet, of a real connection."""

from __future__ import annotations

import socket
import struct
import subprocess

from .traffic import MARK
from .world import EXIT_V4, EXIT_V6, Ledger, World, expect, expect_equal, in_namespace, run

ENDS = {4: (EXIT_V4, "198.51.100.1"), 6: (EXIT_V6, "2001:db8:100::1")}
PORT, MTU = 443, 1500
OUT, BACK = 3 << 20, 1 << 20
# Beyond what the length fields of IP can tell.
BIG = 130_000

SERVER = f"""
import socket, sys
listener = socket.create_server((sys.argv[1], {PORT}), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
print("listening", flush=True)
connection, _ = listener.accept()
left = {OUT}
while left: left -= len(connection.recv(1 << 20))
connection.sendall(bytes({BACK}))
connection.shutdown(socket.SHUT_WR)
connection.recv(1)
"""

CLIENT = f"""
import socket, sys
is_new = ":" in sys.argv[1]
with socket.socket(socket.AF_INET6 if is_new else socket.AF_INET) as connection:
    if is_new: connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, {MARK})
    else: connection.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, {MARK})
    connection.bind((sys.argv[1], 0))
    connection.connect((sys.argv[2], {PORT}))
    connection.sendall(bytes({OUT}))
    left = {BACK}
    while left: left -= len(connection.recv(1 << 20))
"""


def connect_hosts(world: World) -> None:
    for namespace, interface, near in ((world.sender, "tap", 0), (world.monitor, "mirror", 1)):
        run("ip", "netns", "exec", namespace, "sysctl", "-qw", f"net.ipv6.conf.{interface}.disable_ipv6=0")
        run("ip", "-n", namespace, "link", "set", interface, "mtu", str(MTU), "arp", "on", "gso_max_size", str(BIG))
        for version, addresses in ENDS.items():
            length = 32 if version == 4 else 128
            no_wait = () if version == 4 else ("nodad",)
            run("ip", "-n", namespace, "address", "add", f"{addresses[near]}/{length}", "dev", interface, *no_wait)
            run("ip", "-n", namespace, "route", "add", f"{addresses[1 - near]}/{length}", "dev", interface)


def recorder(world: World) -> socket.socket:
    """Another view of the same interface, with room for everything."""
    with in_namespace(world.monitor):
        listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
        listener.bind(("mirror", 3))
    listener.setsockopt(socket.SOL_SOCKET, 33, 1 << 28)  # SO_RCVBUFFORCE
    listener.setblocking(False)
    return listener


def datagrams(listener: socket.socket) -> dict[tuple[int, bool], list[int]]:
    """The lengths of the TCP datagrams, by version and whether they leave the exit."""
    lengths: dict[tuple[int, bool], list[int]] = {(version, outbound): [] for version in ENDS for outbound in (True, False)}
    while True:
        try:
            data, length = bytearray(128), 0
            length = listener.recv_into(data, flags=socket.MSG_TRUNC)
        except BlockingIOError:
            return lengths
        if data[12:14] == b"\x08\x00" and data[23] == socket.IPPROTO_TCP:
            told = struct.unpack("!H", data[16:18])[0]
            key = (4, data[26:30] == socket.inet_aton(EXIT_V4))
        elif data[12:14] == b"\x86\xdd" and data[54 if data[20] == socket.IPPROTO_HOPOPTS else 20] == socket.IPPROTO_TCP:
            told = struct.unpack("!H", data[18:20])[0]
            told += 40 if told else 0
            key = (6, data[22:38] == socket.inet_pton(socket.AF_INET6, EXIT_V6))
        else:
            continue
        # What is too long to be told is 0.
        lengths[key].append(told or length - 14)


def transfer(world: World, near: str, far: str) -> None:
    with subprocess.Popen(
        ("ip", "netns", "exec", world.monitor, "/usr/bin/python3", "-c", SERVER, far), stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        expect_equal(server.stdout.readline(), "listening\n", "server")
        run("ip", "netns", "exec", world.sender, "/usr/bin/python3", "-c", CLIENT, near, far)
        server.wait(60)


def test_segments(world: World) -> None:
    """Segments larger than the link are counted with the length of their datagrams, and the remedy that is told works"""
    connect_hosts(world)
    in_monitor = ("ip", "netns", "exec", world.monitor)
    run(*in_monitor, "ethtool", "-K", "mirror", "gro", "on", "tso", "on", "gso", "on")
    run("ip", "netns", "exec", world.sender, "ethtool", "-K", "tap", "tso", "on", "gso", "on")
    collector = world.collector()
    listener = recorder(world)
    for near, far in ENDS.values():
        transfer(world, near, far)
    lengths = datagrams(listener)
    for (version, outbound), some in lengths.items():
        name = f"IPv{version} {'out' if outbound else 'in'}"
        large = sum(length > MTU for length in some)
        expect(large > 10, f"{large} datagrams larger than the link, {name}: the test shows nothing")
        expect(sum(some) > (OUT if outbound else BACK), f"{sum(some)} bytes, {name}: some are missing")
    expect(max(lengths[6, True]) > 65_575, f"none of {max(lengths[6, True])} bytes is beyond the length field")
    collector.wait_for_status("the connections", lambda status: status["packets_counted"] == sum(map(len, lengths.values())))
    collector.stop()
    ledger = Ledger(collector.ledger)
    expect_equal(
        ledger.rows("SELECT ip_version, flows, flows_answered, packets_out, bytes_out, packets_in, bytes_in FROM tallies"),
        [(version, 1, 1, len(lengths[version, True]), sum(lengths[version, True]),
          len(lengths[version, False]), sum(lengths[version, False])) for version in ENDS], "the connections",
    )  # fmt: skip
    ledger.check()

    expect("gro is on at mirror: segments are merged before they are counted" in collector.log, collector.log)
    expect("gso and tso are on at mirror: what this host sends itself is counted before it is cut" in collector.log, collector.log)
    remedy = collector.log.split("try '")[1].split("'")[0]
    expect_equal(remedy, "ethtool -K mirror gro off", "the remedy")
    run(*in_monitor, *remedy.split())
    collector = world.collector()
    expect("gro" not in collector.log, collector.log)
    expect("gro" not in str(collector.status["offloads"]), str(collector.status))
    collector.stop()
