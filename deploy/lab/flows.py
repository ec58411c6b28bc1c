"""The flows of the outer link, each with what the exit sent: how many packets of which class, how many marked."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import capturefile as capture
from capturefile import Packet

Key = tuple[int, str, int, str, int]

# In the order in which a connection meets them. "RST, kernel" is the answer to a packet for which there
# is no socket any more: the kernel builds it without TCP options, and no socket's ToS can reach it. A
# socket's own RST carries the timestamps that the connection agreed on.
CLASSES = ["SYN", "ACK", "data", "FIN", "RST, socket", "RST, kernel", "UDP"]


def class_of(packet: Packet) -> str:
    if packet.protocol == capture.UDP:
        return "UDP"
    if packet.flags & capture.RST:
        return "RST, socket" if packet.has_options else "RST, kernel"
    if packet.flags & capture.SYN:
        return "SYN"
    if packet.flags & capture.FIN:
        return "FIN"
    return "data" if packet.payload > 0 else "ACK"


@dataclass
class Flow:
    """One connection of the exit's, from its SYN on."""

    key: Key
    first: float
    start: int = 0
    packets: Counter[str] = field(default_factory=Counter)
    marked: Counter[str] = field(default_factory=Counter)
    bytes_out: int = 0
    bytes_in: int = 0
    answer_start: int | None = None
    wants_ecn: bool = False
    agreed_ecn: bool = False
    ecn_capable: int = 0
    established: bool = False
    refused: bool = False
    stray_marks: int = 0

    @property
    def family(self) -> int:
        return 6 if ":" in self.key[3] else 4

    @property
    def unmarked(self) -> Counter[str]:
        return self.packets - self.marked

    def wholly_marked(self) -> bool:
        """From the SYN to the last packet that a socket sent."""
        return not any(n for name, n in self.unmarked.items() if name != "RST, kernel")

    def sent(self, packet: Packet, dscp: int) -> None:
        name = class_of(packet)
        self.packets[name] += 1
        self.marked[name] += packet.tos >> 2 == dscp
        self.stray_marks += packet.tos >> 2 not in (0, dscp)
        if name == "SYN":
            self.wants_ecn = bool(packet.flags & capture.ECE)
        if name == "data":
            self.ecn_capable += packet.tos & 3 != 0
        if packet.protocol == capture.TCP:
            self.bytes_out = max(self.bytes_out, self._reached(packet, self.start))

    def received(self, packet: Packet) -> None:
        if packet.protocol != capture.TCP:
            return
        if packet.flags & capture.SYN:
            self.answer_start = packet.sequence
            self.established = True
            self.agreed_ecn = self.wants_ecn and bool(packet.flags & capture.ECE)
        elif packet.flags & capture.RST and not self.established:
            self.refused = True
        elif self.answer_start is not None:
            self.bytes_in = max(self.bytes_in, self._reached(packet, self.answer_start))

    @staticmethod
    def _reached(packet: Packet, start: int) -> int:
        """How far into its direction this packet's last byte lies: by sequence, so retransmissions do not
        count twice. The lab's connections stay far below 2 GiB."""
        if packet.payload == 0:
            return 0
        return (packet.sequence - start - 1 & 0xFFFFFFFF) + packet.payload


class FlowTable:
    """Flows of the packets from and to the exit addresses."""

    def __init__(self, exit_addresses: Iterable[str], dscp: int) -> None:
        self._exit_addresses = frozenset(exit_addresses)
        self._dscp = dscp
        self._open: dict[Key, Flow] = {}
        self.flows: list[Flow] = []
        self.unbegun = 0

    def add(self, packet: Packet) -> bool:
        """False if the packet is neither from nor to an exit address."""
        if packet.source in self._exit_addresses:
            key = (packet.protocol, packet.source, packet.source_port,
                   packet.destination, packet.destination_port)
            flow = self._flow(key, packet)
            if flow is not None:
                flow.sent(packet, self._dscp)
            return True
        if packet.destination in self._exit_addresses:
            key = (packet.protocol, packet.destination, packet.destination_port,
                   packet.source, packet.source_port)
            if key in self._open:
                self._open[key].received(packet)
            return True
        return False

    def _flow(self, key: Key, packet: Packet) -> Flow | None:
        flow = self._open.get(key)
        begins = packet.protocol == capture.UDP and flow is None
        if packet.protocol == capture.TCP and packet.flags & (capture.SYN | capture.ACK) == capture.SYN:
            begins = flow is None or flow.start != packet.sequence
        if begins:
            flow = self._open[key] = Flow(key, packet.time, packet.sequence)
            self.flows.append(flow)
        elif flow is None:
            self.unbegun += 1
        return flow
