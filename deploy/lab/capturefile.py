"""Reads the packets of a pcap file as far as the lab needs them: Ethernet, IPv4 and IPv6, TCP and UDP.

For what tcpdump wrote inside the lab, not for hostile files: a damaged one ends in an exception.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TCP = 6
UDP = 17
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))


@dataclass(frozen=True, slots=True)
class Packet:
    """One TCP or UDP packet; `payload` counts its bytes above TCP or UDP, `length` those of the IP datagram."""

    time: float
    protocol: int
    source: str
    source_port: int
    destination: str
    destination_port: int
    tos: int
    payload: int
    sequence: int = 0
    flags: int = 0
    has_options: bool = False
    length: int = 0


class CaptureFile:
    """Iterates over the TCP and UDP packets; counts the others."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        self.others = 0
        if len(self._data) < 24 or struct.unpack_from("<I", self._data)[0] != 0xA1B2C3D4:
            raise ValueError(f"{path} is not a pcap file of this machine")
        if struct.unpack_from("<I", self._data, 20)[0] != 1:
            raise ValueError(f"{path} is not an Ethernet capture")

    def __iter__(self) -> Iterator[Packet]:
        for time, frame in self.frames():
            packet = decode(time, frame)
            if packet is None:
                self.others += 1
            else:
                yield packet

    def frames(self) -> Iterator[tuple[float, bytes]]:
        """Each frame as far as it was kept, with its time."""
        position = 24
        while position + 16 <= len(self._data):
            seconds, fraction, kept, _ = struct.unpack_from("<IIII", self._data, position)
            yield seconds + fraction / 1e6, self._data[position + 16 : position + 16 + kept]
            position += 16 + kept


def decode(time: float, frame: bytes) -> Packet | None:
    ethertype = frame[12:14]
    if ethertype == b"\x08\x00":
        tos, protocol = frame[15], frame[23]
        header = (frame[14] & 15) * 4
        length = struct.unpack_from("!H", frame, 16)[0]
        source = socket.inet_ntop(socket.AF_INET, frame[26:30])
        destination = socket.inet_ntop(socket.AF_INET, frame[30:34])
        return transport(time, protocol, source, destination, tos, length, header, frame[14 + header :])
    if ethertype == b"\x86\xdd":
        tos = struct.unpack_from("!H", frame, 14)[0] >> 4 & 0xFF
        length, protocol = struct.unpack_from("!HB", frame, 18)
        source = socket.inet_ntop(socket.AF_INET6, frame[22:38])
        destination = socket.inet_ntop(socket.AF_INET6, frame[38:54])
        return transport(time, protocol, source, destination, tos, length + 40, 40, frame[54:])
    return None


def transport(
    time: float, protocol: int, source: str, destination: str, tos: int, length: int, below: int, segment: bytes
) -> Packet | None:
    if protocol == UDP:
        ports = struct.unpack_from("!HH", segment)
        return Packet(time, UDP, source, ports[0], destination, ports[1], tos, length - below - 8, length=length)
    if protocol == TCP:
        source_port, destination_port, sequence = struct.unpack_from("!HHI", segment)
        header = (segment[12] >> 4) * 4
        return Packet(time, TCP, source, source_port, destination, destination_port, tos,
                      length - below - header, sequence, segment[13], header > 20, length)
    return None
