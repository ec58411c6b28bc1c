"""Frames to send, and what the ledger should say of them."""

from __future__ import annotations

import struct
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

from .world import EXIT_V4, EXIT_V6, DATABASES, expect

TRUTH = Path(__file__).resolve().parents[2] / "Truth"
sys.path.insert(0, str(TRUTH.parent / "Fixtures"))

from making import packets  # noqa: E402
from making.captures import pcap_header, pcap_record  # noqa: E402

MARK = 7 << 2
SYN, ACK, FIN = 0x02, 0x10, 0x01

# What no ring and no image of the process may hold.
PAYLOAD = b"WEIR-TEST-PAYLOAD-MUST-NOT-BE-SEEN."


def frame(
    remote: str,
    port: int = 443,
    exit_port: int = 40000,
    outbound: bool = True,
    marked: bool = True,
    flags: int = ACK,
    data: int = 0,
    udp: bool = False,
    tags: list[tuple[int, int]] | None = None,
    exit_address: str | None = None,
) -> bytes:
    """One packet between the exit and a remote; `data` bytes of payload, which say so."""
    version = ip_address(remote).version
    near = (exit_address or (EXIT_V4 if version == 4 else EXIT_V6)), exit_port
    far = remote, port
    (source, source_port), (destination, destination_port) = (near, far) if outbound else (far, near)
    payload = (PAYLOAD * (data // len(PAYLOAD) + 1))[:data]
    if udp:
        transport = packets.udp(source_port, destination_port, length=8 + data) + payload
    else:
        transport = packets.tcp(source_port, destination_port, flags) + payload
    tos = MARK if marked and outbound else 0
    protocol = packets.UDP if udp else packets.TCP
    if version == 4:
        packet = packets.ipv4(transport, source, destination, protocol, tos=tos, total=20 + len(transport))
        return packets.ethernet(packet, packets.IPV4, tags or [])
    packet = packets.ipv6(transport, source, destination, protocol, traffic_class=tos, payload_length=len(transport))
    return packets.ethernet(packet, packets.IPV6, tags or [])


def remote(number: int, version: int = 4) -> str:
    """Some address outside."""
    if version == 4:
        return f"198.51.{number >> 8 & 0xFF}.{number & 0xFF}"
    return f"2001:db8:100::{number:x}"


def conversation(number: int, packets_each_way: int, **more: object) -> list[bytes]:
    """A flow with as many packets out as in."""
    options = {"remote": remote(number), "exit_port": 10000 + number % 50000, **more}
    frames = []
    for position in range(packets_each_way):
        frames.append(frame(flags=SYN if position == 0 else ACK, outbound=True, **options))  # type: ignore[arg-type]
        frames.append(frame(outbound=False, **options))  # type: ignore[arg-type]
    return frames


def read_pcap(path: Path) -> list[tuple[int, bytes, int]]:
    """Stamp in nanoseconds, bytes, length on the wire of each record of a classic nanosecond file."""
    content = path.read_bytes()
    records, offset = [], 24
    while offset < len(content):
        seconds, fraction, captured, length = struct.unpack_from("<IIII", content, offset)
        offset += 16
        records.append((seconds * 1_000_000_000 + fraction, content[offset : offset + captured], length))
        offset += captured
    return records


class Generated:
    """Generated traffic of Tests/Truth as whole frames, with payload, and the independent count of it.

    What the kernel drops before it is counted, packets of other hosts, is sent and not in the truth.
    """

    def __init__(self, folder: Path, count: int, seed: int, largest: int = 9000, tcp_idle: int = 86_400) -> None:
        source, truth = folder / "generated.pcap", folder / "truth.pcap"
        made = subprocess.run(
            (str(TRUTH / "generate"), str(source), "--packets", str(count), "--seed", str(seed),
             "--format", "pcap-nanosecond", "--snap-length", "300"),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        expect(made.returncode == 0, made.stderr)
        self.frames: list[bytes] = []
        self.expected = 0
        with truth.open("wb") as file:
            file.write(pcap_header(1, nanosecond=True))
            for stamp, data, length in read_pcap(source):
                # More tags than the kernel takes off and the filter walks are headers cut short.
                if length > largest or len(data) < 14 or tag_count(data) > 5:
                    continue
                missing = length - len(data)
                whole = data + (PAYLOAD * (missing // len(PAYLOAD) + 1))[:missing]
                self.frames.append(whole)
                if not of_other_hosts(whole):
                    self.expected += 1
                    file.write(pcap_record(*divmod(stamp, 1_000_000_000), whole, len(whole)))
        counted = subprocess.run(
            (str(TRUTH / "tally"), str(truth), "--exit-address", "192.0.2.10/31",
             "--exit-address", "2001:db8:ffff::10/127", "--tcp-idle", str(tcp_idle), "--udp-idle", str(tcp_idle),
             "--asn-database", str(DATABASES / "geolite2-asn.mmdb"),
             "--country-database", str(DATABASES / "geolite2-country.mmdb")),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        expect(counted.returncode == 0, counted.stderr)
        (folder / "truth.json").write_text(counted.stdout, encoding="utf-8")


def tag_count(data: bytes) -> int:
    count = 0
    while data[12 + 4 * count : 14 + 4 * count] in (b"\x81\x00", b"\x88\xa8"):
        count += 1
    return count


def of_other_hosts(data: bytes) -> bool:
    """Whether this is IP, of the version that its EtherType announces, and neither end is an exit address."""
    offset, kind = 14, data[12:14]
    while kind in (b"\x81\x00", b"\x88\xa8"):
        kind, offset = data[offset + 2 : offset + 4], offset + 4
    packet = data[offset:]
    if kind == b"\x08\x00":
        return len(packet) >= 20 and packet[0] >> 4 == 4 and not any(
            packet[at : at + 4] in (bytes([192, 0, 2, 10]), bytes([192, 0, 2, 11])) for at in (12, 16)
        )
    if kind == b"\x86\xdd":
        prefix = ip_address("2001:db8:ffff::10").packed
        return len(packet) >= 40 and packet[0] >> 4 == 6 and not any(
            packet[at : at + 15] == prefix[:15] and packet[at + 15] & 0xFE == prefix[15] for at in (8, 24)
        )
    return False
