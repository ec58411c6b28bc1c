"""Headers to flows to tallies."""

from __future__ import annotations

import heapq
import ipaddress
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from .captures import NANOSECONDS, Packet
from .headers import TCP, UDP, Header, LeftOut, read_header

OTHER_HOST = "other_host"
UNMARKED = "unmarked"
FLOW_TABLE_FULL = "flow_table_full"

FIN, SYN, RST = 0x01, 0x02, 0x04

KEY_NAMES = ("hour", "ip_version", "protocol", "port", "asn", "country")
COUNTER_NAMES = ("flows", "flows_answered", "packets_out", "packets_in", "bytes_out", "bytes_in", "largest_flow")
FLOWS, ANSWERED, PACKETS_OUT, PACKETS_IN, BYTES_OUT, BYTES_IN, LARGEST_FLOW = range(7)


class FlowKey(NamedTuple):
    version: int
    protocol: int
    exit_address: bytes
    exit_port: int
    remote_address: bytes
    service_port: int


class Flow:
    """One flow with all it would add to the tallies, by hour; nothing is added before it ends."""

    __slots__ = ("answered", "closing", "greatest_stamp", "hours", "key", "marked", "serial", "size")

    def __init__(self, key: FlowKey, stamp: int, serial: int) -> None:
        self.key = key
        self.serial = serial
        self.greatest_stamp = stamp
        self.closing = False  # FIN or RST seen, in either direction
        self.marked = False
        self.answered = False
        self.size = 0
        self.hours: dict[int, list[int]] = {}
        self.counters(stamp)[FLOWS] = 1

    def counters(self, stamp: int) -> list[int]:
        hour = stamp // (3600 * NANOSECONDS) * 3600
        if hour not in self.hours:
            self.hours[hour] = [0] * len(COUNTER_NAMES)
        return self.hours[hour]

    def add(self, stamp: int, outbound: bool, length: int) -> None:
        counters = self.counters(stamp)
        counters[PACKETS_OUT if outbound else PACKETS_IN] += 1
        counters[BYTES_OUT if outbound else BYTES_IN] += length
        self.size += length
        counters[LARGEST_FLOW] = max(counters[LARGEST_FLOW], self.size)
        if not outbound and not self.answered:
            self.answered = True
            counters[ANSWERED] += 1
        self.greatest_stamp = max(self.greatest_stamp, stamp)

    def packets(self) -> int:
        return sum(counters[PACKETS_OUT] + counters[PACKETS_IN] for counters in self.hours.values())


class ExitAddresses:
    """Which addresses are exit addresses; answers are remembered, for the list may be long."""

    def __init__(self, prefixes: list[str]) -> None:
        self.networks = [ipaddress.ip_network(prefix, strict=False) for prefix in prefixes]
        self.known: dict[bytes, bool] = {}

    def __contains__(self, address: bytes) -> bool:
        if address not in self.known:
            host = ipaddress.ip_address(address)
            self.known[address] = any(host.version == network.version and host in network for network in self.networks)
        return self.known[address]


class Tallier:
    """Takes packets one by one; `result` ends what is still alive."""

    def __init__(
        self,
        exit_addresses: ExitAddresses,
        network_of: Callable[[bytes], tuple[int, str]],
        dscp: int = 7,
        every_flow: bool = False,
        max_flows: int | None = None,
        tcp_idle: int = 300 * NANOSECONDS,
        udp_idle: int = 60 * NANOSECONDS,
    ) -> None:
        self.exit_addresses = exit_addresses
        self.network_of = network_of
        self.dscp = dscp
        self.every_flow = every_flow
        self.max_flows = max_flows
        self.idle_timeout = {TCP: tcp_idle, UDP: udp_idle}
        self.flows: dict[FlowKey, Flow] = {}
        self.flows_begun = 0
        # Of the flows alive, when each can have idled at the earliest. Kept
        # only for a bounded table; an entry may be older than its flow's stamps.
        self.deadlines: list[tuple[int, int, FlowKey]] = []
        self.tallies: dict[tuple[Any, ...], list[int]] = {}
        self.left_out: Counter[str] = Counter()
        self.packets = 0
        self.unmarked_flows = 0

    def take(self, packet: Packet) -> None:
        self.packets += 1
        try:
            self.count(packet.stamp, read_header(packet.link, packet.data, packet.wire_length))
        except LeftOut as left_out:
            self.left_out[left_out.reason] += 1

    def count(self, stamp: int, header: Header) -> None:
        if header.source in self.exit_addresses:
            outbound = True
            ends = (header.source, header.source_port, header.destination, header.destination_port)
        elif header.destination in self.exit_addresses:
            outbound = False
            ends = (header.destination, header.destination_port, header.source, header.source_port)
        else:
            raise LeftOut(OTHER_HOST)
        flow = self.flow_of(FlowKey(header.version, header.protocol, *ends), stamp, header.flags)
        flow.add(stamp, outbound, header.length)
        if header.flags & (FIN | RST):
            flow.closing = True
        if outbound and header.dscp == self.dscp:
            flow.marked = True

    def flow_of(self, key: FlowKey, stamp: int, flags: int) -> Flow:
        flow = self.flows.get(key)
        if flow is not None:
            if not self.has_idled(flow, stamp) and not (flow.closing and flags & SYN):
                return flow
            self.end(flow)
        self.make_room(stamp)
        flow = Flow(key, stamp, self.flows_begun)
        self.flows_begun += 1
        self.flows[key] = flow
        if self.max_flows is not None:
            heapq.heappush(self.deadlines, (self.deadline(flow), flow.serial, key))
        return flow

    def deadline(self, flow: Flow) -> int:
        return flow.greatest_stamp + self.idle_timeout[flow.key.protocol]

    def has_idled(self, flow: Flow, stamp: int) -> bool:
        return stamp > self.deadline(flow)

    def make_room(self, stamp: int) -> None:
        if self.max_flows is None or len(self.flows) < self.max_flows:
            return
        while self.deadlines and stamp > self.deadlines[0][0]:
            _, serial, key = heapq.heappop(self.deadlines)
            flow = self.flows.get(key)
            if flow is None or flow.serial != serial:
                continue
            if self.has_idled(flow, stamp):
                self.end(flow)
            else:
                heapq.heappush(self.deadlines, (self.deadline(flow), serial, key))
        if len(self.flows) >= self.max_flows:
            raise LeftOut(FLOW_TABLE_FULL)

    def end(self, flow: Flow) -> None:
        del self.flows[flow.key]
        if not flow.marked and not self.every_flow:
            self.left_out[UNMARKED] += flow.packets()
            self.unmarked_flows += 1
            return
        key = flow.key
        network = self.network_of(key.remote_address)
        for hour, counters in flow.hours.items():
            tally_key = (hour, key.version, key.protocol, key.service_port, *network)
            tally = self.tallies.setdefault(tally_key, [0] * len(COUNTER_NAMES))
            for index, value in enumerate(counters):
                tally[index] = max(tally[index], value) if index == LARGEST_FLOW else tally[index] + value

    def result(self, truncated: int) -> dict[str, Any]:
        for flow in list(self.flows.values()):
            self.end(flow)
        return {
            "packets": self.packets,
            "truncated": truncated,
            "tallies": [
                dict(zip(KEY_NAMES + COUNTER_NAMES, (*key, *counters), strict=True))
                for key, counters in sorted(self.tallies.items())
            ],
            "left_out": dict(sorted(self.left_out.items())),
            "unmarked_flows": self.unmarked_flows,
        }
