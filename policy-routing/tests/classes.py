"""What a packet on one of the Tor host's links is, by what the test knows: who made it, and which class."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "lab"))

import capturefile as capture
from capturefile import CaptureFile, Packet
from scenarios import EXIT, HOST_PORT, PORTS, RELAY, SCENARIOS, SSH_PORT

SCAN_PORTS = (5555, 5556)
ICMP4, ICMP6 = 1, 58
NEIGHBOURS = range(130, 138)  # MLD and neighbour discovery, ICMPv6 types
MLD2 = 143
ERRORS4 = {3: "unreachable", 11: "time exceeded", 12: "parameter problem"}
ERRORS6 = {1: "unreachable", 2: "too big", 3: "time exceeded", 4: "parameter problem"}


@dataclass(frozen=True)
class Seen:
    """One packet on a link. `owner` is exit, relay, host, scan, link or unknown."""

    outbound: bool
    family: int
    owner: str
    name: str
    dscp: int
    source: str
    scenario: str = ""
    time: float = 0


class Link:
    """The packets of one link's capture; `hardware` is the Tor host's address there."""

    def __init__(self, path: Path, hardware: str) -> None:
        self._path = path
        self._hardware = bytes.fromhex(hardware.replace(":", ""))
        self._reached: dict[tuple[object, ...], int] = {}
        self._ended: set[tuple[object, ...]] = set()
        self._over: set[tuple[object, ...]] = set()

    def __iter__(self) -> Iterator[Seen]:
        for time, frame in CaptureFile(self._path).frames():
            yield replace(self._classify(frame), time=time)

    def _classify(self, frame: bytes) -> Seen:
        outbound = frame[6:12] == self._hardware
        if frame[12:14] == b"\x08\x06":
            return Seen(outbound, 4, "link", "ARP", 0, "")
        frame = without_fragment_header(frame)
        packet = capture.decode(0, frame)
        if packet is not None:
            owner, scenario = owner_of(packet, outbound)
            name = self._name(packet, outbound, scenario)
            return Seen(outbound, family_of(packet), owner, name, packet.tos >> 2, packet.source, scenario)
        return classify_control(frame, outbound)

    def _name(self, packet: Packet, outbound: bool, scenario: str) -> str:
        if packet.protocol == capture.UDP:
            return "DNS" if scenario == "dns" else "datagram"
        flow = (packet.source, packet.source_port, packet.destination, packet.destination_port)
        back = (*flow[2:], *flow[:2])
        if packet.flags & capture.RST:
            return {"closed": "RST by kernel", "reset": "RST by socket"}.get(scenario, "RST")
        if packet.flags & capture.SYN:
            self._reached.pop(flow, None)
            return "SYN-ACK" if packet.flags & capture.ACK else "SYN"
        if packet.flags & capture.FIN:
            if flow in self._ended and back in self._ended:
                # A FIN that is sent again although both have been: only a TIME_WAIT is left to answer.
                self._over.add(back)
            self._ended.add(flow)
            return "FIN"
        if packet.payload > 0:
            end = packet.sequence + packet.payload & 0xFFFFFFFF
            again = flow in self._reached and end - self._reached[flow] & 0xFFFFFFFF > 0x7FFFFFFF
            again = again or self._reached.get(flow) == end
            if not again:
                self._reached[flow] = end
            return "retransmission" if again else "data"
        return "TIME_WAIT ACK" if outbound and flow in self._over else "ACK"


def without_fragment_header(frame: bytes) -> bytes:
    """As if it were whole. Only first fragments occur here."""
    if frame[12:14] == b"\x86\xdd" and frame[20] == 44:
        length = struct.unpack_from("!H", frame, 18)[0] - 8
        return frame[:18] + struct.pack("!HB", length, frame[54]) + frame[21:54] + frame[62:]
    return frame


def family_of(packet: Packet) -> int:
    return 6 if ":" in packet.source else 4


def owner_of(packet: Packet, outbound: bool) -> tuple[str, str]:
    local, remote = packet.source_port, packet.destination_port
    if not outbound:
        local, remote = remote, local
    if remote in SCAN_PORTS:
        return "scan", ""
    for owner, base in (("exit", EXIT), ("relay", RELAY)):
        if remote - base in PORTS:
            return owner, SCENARIOS.get(remote - base, "")
    if packet.protocol == capture.UDP:
        return ("exit", "dns") if remote == 53 else ("unknown", "")
    if local - RELAY in PORTS:
        return "relay", SCENARIOS.get(local - RELAY, "")
    return ("host", "") if remote == HOST_PORT or local == SSH_PORT else ("unknown", "")


def classify_control(frame: bytes, outbound: bool) -> Seen:
    """ICMP: an error belongs to whom the packet belongs that it is about."""
    if frame[12:14] == b"\x08\x00":
        family, tos, protocol, body = 4, frame[15], frame[23], frame[14 + 4 * (frame[14] & 15) :]
        source, errors, kind = frame[26:30], ERRORS4, ICMP4
    elif frame[12:14] == b"\x86\xdd":
        family, tos, protocol, body = 6, struct.unpack_from("!H", frame, 14)[0] >> 4 & 0xFF, frame[20], frame[54:]
        source, errors, kind = frame[22:38], ERRORS6, ICMP6
        if protocol == 0:
            protocol, body = body[0], body[8 * (body[1] + 1) :]
    else:
        return Seen(outbound, 0, "unknown", f"ethertype {frame[12:14].hex()}", 0, "")
    text = source.hex()
    if protocol != kind:
        return Seen(outbound, family, "unknown", f"protocol {protocol}", tos >> 2, text)
    if family == 6 and (body[0] in NEIGHBOURS or body[0] == MLD2):
        return Seen(outbound, 6, "link", "neighbour discovery", tos >> 2, text)
    if body[0] not in errors:
        return Seen(outbound, family, "scan", "echo", tos >> 2, text)
    name = errors[body[0]]
    if family == 4 and body[:2] == b"\x03\x04":
        name = "too big"
    about = without_fragment_header(frame[:12] + (b"\x08\x00" if family == 4 else b"\x86\xdd") + body[8:])
    quoted = capture.decode(0, about + bytes(20))
    if quoted is None:
        return Seen(outbound, family, "unknown", f"ICMP {name} about ?", tos >> 2, text)
    owner, scenario = owner_of(quoted, not outbound)
    return replace(Seen(outbound, family, owner, f"ICMP {name}", tos >> 2, text), scenario=scenario)
