#!/usr/bin/python3
"""Tries to make interfaces at the other end of some links send something, and counts what they sent.

Runs in the namespace of the links' near ends. What is sent to them is what a mirror's port may meet: ARP
and neighbour solicitations for the host's addresses, router advertisements, multicast queries, pings and
connections to the interface's own hardware address, packets to be forwarded, somebody else's traffic.
"""

from __future__ import annotations

import argparse
import collections
import json
import select
import socket
import sys
import time

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoRequest, ICMPv6MLQuery, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6NDOptPrefixInfo, IPv6,
    IPv6ExtHdrHopByHop, RouterAlert,
)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet

ALL_HOSTS = "01:00:5e:00:00:01"
ALL_NODES = "33:33:00:00:00:01"
BROADCAST = "ff:ff:ff:ff:ff:ff"


def provocations(hardware: str, ipv4: str, ipv6: str) -> list[Packet]:
    """For an interface with this hardware address, on a host that has these addresses elsewhere."""
    solicited = "33:33:ff:" + ":".join(hardware.split(":")[3:])
    other = "02:00:00:00:00:99"
    near4, far4 = "192.0.2.77", "198.51.100.7"
    near6, far6 = "fe80::77", "2001:db8:99::7"
    advertisement = IPv6(src=near6, dst="ff02::1", hlim=255) / ICMPv6ND_RA(routerlifetime=1800)
    frames: list[Packet] = [
        Ether(dst=BROADCAST) / ARP(op="who-has", psrc=near4, pdst=ipv4),
        Ether(dst=BROADCAST) / ARP(op="who-has", psrc="0.0.0.0", pdst=ipv4),
        Ether(dst=hardware) / ARP(op="who-has", psrc=near4, pdst=ipv4),
        Ether(dst=ALL_NODES) / advertisement / ICMPv6NDOptPrefixInfo(prefix="2001:db8:77::", prefixlen=64),
        Ether(dst=ALL_NODES) / IPv6(src=near6, dst="ff02::1", hlim=1)
        / IPv6ExtHdrHopByHop(options=RouterAlert()) / ICMPv6MLQuery(),
        # An IGMPv2 query; scapy's own layer for it is not among those that it loads by itself.
        Ether(dst=ALL_HOSTS) / IP(src=near4, dst="224.0.0.1", proto=2, ttl=1) / b"\x11\x64\xee\x9b\0\0\0\0",
        Ether(dst=BROADCAST) / IP(src=near4, dst="255.255.255.255") / UDP(sport=68, dport=67),
        Ether(dst=ALL_HOSTS) / IP(src=near4, dst="224.0.0.1") / ICMP(),
        Ether(dst=ALL_NODES) / IPv6(src=near6, dst="ff02::1") / ICMPv6EchoRequest(),
    ]
    for target in (ipv6, link_local(hardware)):
        for to in (solicited, hardware):
            frames.append(Ether(dst=to) / IPv6(src=near6, dst=target, hlim=255) / ICMPv6ND_NS(tgt=target))
        frames.append(Ether(dst=hardware) / IPv6(src=near6, dst=target) / ICMPv6EchoRequest())
        frames.append(Ether(dst=hardware) / IPv6(src=near6, dst=target) / UDP(sport=1, dport=9))
        frames.append(Ether(dst=hardware) / IPv6(src=near6, dst=target) / TCP(sport=1, dport=9))
    for to in (hardware, other):
        frames += [
            Ether(dst=to) / IP(src=near4, dst=ipv4) / ICMP(),
            Ether(dst=to) / IP(src=near4, dst=ipv4) / UDP(sport=1, dport=9),
            Ether(dst=to) / IP(src=near4, dst=ipv4) / TCP(sport=1, dport=9),
            Ether(dst=to) / IP(src=near4, dst=far4) / TCP(sport=1, dport=9),
            Ether(dst=to) / IP(src=near4, dst=far4, ttl=1) / UDP(sport=1, dport=9),
            Ether(dst=to) / IPv6(src="2001:db8:77::9", dst=far6) / TCP(sport=1, dport=9),
            Ether(dst=to) / IPv6(src="2001:db8:77::9", dst=far6, hlim=1) / UDP(sport=1, dport=9),
        ]
    return frames


def link_local(hardware: str) -> str:
    """As the kernel makes it of the hardware address (EUI-64)."""
    parts = [int(part, 16) for part in hardware.split(":")]
    parts[0] ^= 2
    whole = [*parts[:3], 0xFF, 0xFE, *parts[3:]]
    return "fe80::" + ":".join(f"{whole[i] << 8 | whole[i + 1]:x}" for i in range(0, 8, 2))


def what_is(frame: bytes) -> str:
    """A word for the count; the whole frame for a person who has to find out who sent it."""
    return Ether(frame).summary()


def run(options: argparse.Namespace) -> dict[str, dict[str, int]]:
    sockets: dict[str, socket.socket] = {}
    frames: dict[str, list[bytes]] = {}
    for link in options.link:
        name, hardware = link.split("=")
        sockets[name] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        sockets[name].bind((name, 3))
        frames[name] = [bytes(f) for f in provocations(hardware, options.ipv4, options.ipv6)]
    sent: dict[str, collections.Counter[str]] = {name: collections.Counter() for name in sockets}
    print("listening", file=sys.stderr, flush=True)
    began = time.monotonic()
    next_provocation = began
    while (now := time.monotonic()) < began + options.seconds:
        if now >= next_provocation:
            next_provocation = now + 1
            for name, own in frames.items():
                for frame in own:
                    provoke(sockets[name], frame)
        readable, _, _ = select.select(list(sockets.values()), [], [], max(0, next_provocation - time.monotonic()))
        for name, link_socket in sockets.items():
            if link_socket in readable:
                receive(link_socket, sent[name])
    return {name: dict(count) for name, count in sent.items()}


def provoke(link_socket: socket.socket, frame: bytes) -> None:
    try:
        link_socket.send(frame)
    except OSError:
        # The link is down just now, which is one of the provocations.
        pass


def receive(link_socket: socket.socket, sent: collections.Counter[str]) -> None:
    try:
        frame, address = link_socket.recvfrom(65536)
    except OSError:
        return
    if address[2] != socket.PACKET_OUTGOING:
        sent[what_is(frame)] += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--ipv4", required=True, help="an address that the host has on another interface")
    parser.add_argument("--ipv6", required=True, help="the same of IPv6")
    parser.add_argument("link", nargs="+", help="NAME=ADDRESS: near end, hardware address of the far end")
    print(json.dumps(run(parser.parse_args()), indent=2))


if __name__ == "__main__":
    main()
