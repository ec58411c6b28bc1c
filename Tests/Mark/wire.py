#!/usr/bin/python3
"""Judges a capture of traffic.py: which packets carry the mark, and whether ECN went on."""

from __future__ import annotations

import argparse
import ipaddress
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

MARK = 0x1C
PORT = 8000
FIN, SYN, RST, ECE, CWR = 0x01, 0x02, 0x04, 0x40, 0x80
ECT0 = 2


@dataclass(frozen=True)
class Packet:
    source: str
    source_port: int
    destination_port: int
    tos: int
    protocol: int
    flags: int
    sequence: int
    payload: int


def frames(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        header = file.read(24)
        order = "<" if header[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        while record := file.read(16):
            length = struct.unpack(order + "IIII", record)[2]
            yield file.read(length)


def packets(path: str) -> Iterator[Packet]:
    for frame in frames(path):
        kind = int.from_bytes(frame[12:14], "big")
        body = frame[14:]
        if kind == 0x0800:
            length = 4 * (body[0] & 15)
            total = int.from_bytes(body[2:4], "big")
            tos, protocol, source = body[1], body[9], body[12:16]
        elif kind == 0x86DD:
            length = 40
            total = 40 + int.from_bytes(body[4:6], "big")
            tos = int.from_bytes(body[:2], "big") >> 4 & 0xFF
            protocol, source = body[6], body[8:24]
        else:
            continue
        if protocol not in (6, 17):
            continue
        transport = body[length:]
        ports = struct.unpack("!HH", transport[:4])
        flags = transport[13] if protocol == 6 else 0
        sequence = int.from_bytes(transport[4:8], "big") if protocol == 6 else 0
        offset = 4 * (transport[12] >> 4) if protocol == 6 else 8
        address = str(ipaddress.ip_address(source))
        payload = total - length - offset
        yield Packet(address, *ports, tos, protocol, flags, sequence, payload)


def is_answer_of_no_socket(packet: Packet) -> bool:
    """An RST that the kernel sends to data for a closed socket: no mark is left to carry."""
    return bool(packet.flags & RST) and packet.payload == 0 and packet.tos & 0xFC == 0


def new_data(flow: list[Packet]) -> Iterator[Packet]:
    """Without retransmissions, which ECN leaves out (RFC 3168 section 6.1.5)."""
    begin = flow[0].sequence
    seen = 0
    for packet in flow:
        offset = (packet.sequence - begin) % 2**32
        if packet.payload > 0 and offset >= seen:
            seen = offset + packet.payload
            yield packet


def judge_flow(flow: list[Packet], marked: bool) -> Iterator[str]:
    """A TCP connection's packets in one direction, in their order."""
    want = MARK if marked else 0
    name = f"{flow[0].source}:{flow[0].source_port}"
    by_kernel = [packet for packet in flow if marked and is_answer_of_no_socket(packet)]
    judged = [packet for packet in flow if packet not in by_kernel]
    first = flow[0].flags
    if not first & SYN or not any(packet.flags & (FIN | RST) for packet in judged):
        yield f"{name}: the capture has no whole connection"
    if by_kernel and not any(packet.flags & RST for packet in judged):
        yield f"{name}: {len(by_kernel)} unmarked RSTs, though the program reset nothing"
    wrong = sum(packet.tos & 0xFC != want for packet in judged)
    if wrong:
        yield f"{name}: {wrong} of {len(judged)} packets have another DSCP than {want >> 2}"
    if first & (ECE | CWR) != ECE | CWR:
        yield f"{name}: the SYN does not ask for ECN"
    data = list(new_data(flow))
    if not data or any(packet.tos & 3 != ECT0 for packet in data):
        yield f"{name}: data without ECT(0)"


def judge(path: str, mode: str) -> Iterator[str]:
    all_packets = list(packets(path))
    flows: dict[tuple[str, int], list[Packet]] = {}
    for packet in all_packets:
        if packet.protocol == 6 and packet.destination_port == PORT:
            flows.setdefault((packet.source, packet.source_port), []).append(packet)
    marked = 0
    for (source, _), flow in flows.items():
        is_exit = mode == "sentinel" or source.endswith(("198.51.100.11", "2001:db8:1::11"))
        marked += is_exit
        yield from judge_flow(flow, is_exit)
    expected = {"bind": (12, 6), "sentinel": (6, 6)}[mode]
    if (len(flows), marked) != expected:
        yield f"{len(flows)} connections, {marked} of them exits: not {expected}"
    replies = [p for p in all_packets if p.source_port == PORT and p.tos & 0xFC]
    if replies:
        yield f"{len(replies)} replies have a mark"
    for port, tos in ((53, MARK), (123, 0)):
        datagrams = [p for p in all_packets if p.protocol == 17 and p.destination_port == port]
        if [p.tos for p in datagrams] != [tos, tos]:
            yield f"datagrams to port {port}: ToS {[p.tos for p in datagrams]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("capture")
    parser.add_argument("mode", choices=["bind", "sentinel"])
    options = parser.parse_args()
    complaints = list(judge(options.capture, options.mode))
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
