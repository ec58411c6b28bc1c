"""Interfaces that are no Ethernet: what has an IP packet in it is counted, whatever stands before it."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import struct

from .privacy import image
from .traffic import PAYLOAD, frame, remote
from .world import EXIT_V4, Ledger, World, expect, expect_equal, in_namespace, run

TUNSETIFF, TUNSETLINK = 0x400454CA, 0x400454CD
IFF_TUN = 1
# Hardware types (linux/if_arp.h), and what libpcap makes of them.
RAW, PPP, GRE, INFINIBAND, CAN, FDDI = 65534, 512, 778, 32, 280, 774
DATA = 1000


def tunnel(world: World, name: str, kind: int) -> int:
    """An interface that says it is of another kind. What is written to the descriptor comes in by it, behind the
    protocol that is to be announced."""
    with in_namespace(world.monitor):
        descriptor = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN))
        fcntl.ioctl(descriptor, TUNSETLINK, kind)
    run("ip", "-n", world.monitor, "link", "set", name, "up")
    return descriptor


def expect_counted(world: World, name: str, kind: int, *options: str) -> None:
    descriptor = tunnel(world, name, kind)
    ledger = world.folder / f"{name}.ledger"
    collector = world.collector(*options, interface=name, ledger=ledger)
    collector.signal(signal.SIGSTOP)
    frames = [frame(remote(number, version), exit_port=1024 + number, data=DATA) for number in range(100) for version in (4, 6)]
    # Another host's, and one that is not IP: PPP's own.
    frames += [frame(remote(1), exit_address="203.0.113.9"), bytes(12) + b"\xc0\x21" + PAYLOAD]
    for data in frames:
        os.write(descriptor, bytes(2) + data[12:])
    memory = image(collector)
    expect(memory["ring"].count(socket.inet_aton(EXIT_V4)) >= 100, f"{name}: the packets are not in the ring")
    expect(PAYLOAD[:12] not in memory["ring"] + memory["own"], f"{name}: payload is in the process")
    collector.signal(signal.SIGCONT)
    collector.wait_for_status(f"the packets of {name}", lambda status: status["packets_counted"] == 200)
    collector.stop()
    os.close(descriptor)
    found = Ledger(ledger)
    expect_equal(
        found.rows("SELECT ip_version, sum(flows), sum(packets_out), sum(bytes_out) FROM tallies GROUP BY ip_version"),
        [(4, 100, 100, 100 * (40 + DATA)), (6, 100, 100, 100 * (60 + DATA))], f"tallies of {name}",
    )  # fmt: skip
    expect_equal(found.rows("SELECT packets, left_out_not_ip, dropped_kernel FROM captures"), [(201, 1, 0)], f"captures of {name}")
    found.check()


def test_link_types(world: World) -> None:
    """Packets without a link header, and those that libpcap makes one for, are counted without their payload"""
    expect_counted(world, "raw", RAW)
    expect_counted(world, "ppp", PPP)
    expect_counted(world, "gre", GRE, "--threads", "2")
    expect_counted(world, "infiniband", INFINIBAND)


def test_unsupported_link_types(world: World) -> None:
    """An interface of a kind whose packets can't be read is refused by its name, by the check as well"""
    for name, kind, linktype, words in (("can", CAN, "CAN_SOCKETCAN", "a CAN bus"), ("fddi", FDDI, "FDDI", "an FDDI ring")):
        descriptor = tunnel(world, name, kind)
        refused = world.collector(interface=name, wait=False)
        expect_equal(refused.process.wait(60), 78, f"exit code; {refused.log}")
        expect(f"--interface: {name} has the link type {linktype}, which is not supported" in refused.log, refused.log)
        checked = world.collector("--dry-run", interface=name, wait=False)
        expect_equal(checked.process.wait(60), 78, f"exit code; {checked.log}")
        expect(f"fail  --interface: {name} is {words}, which is not supported" in checked.log, checked.log)
        os.close(descriptor)
