"""Rules of flows: what belongs together and what ends a flow."""

from __future__ import annotations

from .captures import Record, pcap
from .cases import DE6, FR, MICROSECOND, SECOND, Case, out, reply, row
from .packets import ACK, FIN, PSH, RST, SYN, UDP


def dns_out(at: int, **fields: object) -> Record:
    return out(at, protocol=UDP, port=53, **fields)  # type: ignore[arg-type]


def dns_reply(at: int, **fields: object) -> Record:
    return reply(at, protocol=UDP, port=53, **fields)  # type: ignore[arg-type]


def flag_like_udp(at: int, flags: int) -> Record:
    """UDP with 20 bytes of payload; the byte where TCP keeps its flags is `flags`."""
    record = dns_out(at, data=20)
    position = 14 + 20 + 13
    return Record(record.stamp, record.data[:position] + bytes([flags]) + record.data[position + 1 :])


def tcp_row(flows: int, packets: int) -> dict[str, object]:
    """Outbound TCP packets of 40 bytes."""
    return row(flows, 0, (packets, packets * 40))


def udp_row(flows: int, packets: int) -> dict[str, object]:
    """Outbound UDP packets of 28 bytes."""
    return row(flows, 0, (packets, packets * 28), protocol=UDP, port=53)


def nanosecond_case(name: str, about: str, records: list[Record], tallies: list[dict[str, object]]) -> Case:
    return Case(name, about, files=[pcap(records, nanosecond=True)], packets=len(records), tallies=tallies)


KEY_CASES = [
    Case(
        "flow-both-directions",
        "Both directions of one connection are one flow, answered once.",
        [out(0, SYN), reply(10 * MICROSECOND, SYN | ACK), out(20 * MICROSECOND, data=100), reply(30 * MICROSECOND, data=1000)],
        [row(1, 1, (2, 180), (2, 1080))],
    ),
    Case(
        "flow-unanswered",
        "A flow without a reply is counted and not answered.",
        [out(0, SYN), out(SECOND, SYN), out(3 * SECOND, SYN)],
        [tcp_row(1, 3)],
    ),
    Case(
        "flow-begins-inbound",
        "A flow may begin with an inbound packet: started and answered by the same one.",
        [reply(0), out(SECOND)],
        [row(1, 1, (1, 40), (1, 40))],
    ),
    Case(
        "flow-key-exit-port",
        "Another exit port is another flow.",
        [out(0, source_port=40000), out(1000, source_port=40001), reply(2000, destination_port=40001)],
        [row(2, 1, (2, 80), (1, 40))],
    ),
    Case(
        "flow-key-service-port",
        "Another service port is another flow, and another tally.",
        [out(0, port=443), out(1000, port=80)],
        [tcp_row(1, 1), row(1, 0, (1, 40), port=80)],
    ),
    Case(
        "flow-key-remote-address",
        "Another remote address is another flow, in the same tally if the network is the same.",
        [out(0, remote="198.51.100.10"), out(1000, remote="198.51.100.11"), out(2000, remote=FR)],
        [tcp_row(2, 2), row(1, 0, (1, 40), asn=64497, country="FR")],
    ),
    Case(
        "flow-key-protocol",
        "TCP and UDP on the same ports are two flows with their own marks.",
        [out(0), out(1000, protocol=UDP, tos=0), reply(2000), reply(3000, protocol=UDP)],
        [row(1, 1, (1, 40), (1, 40))],
        {"unmarked": 2},
        unmarked_flows=1,
    ),
    Case(
        "flow-key-protocol-both",
        "TCP and UDP on the same ports: two tallies.",
        [out(0), out(1000, protocol=UDP)],
        [row(1, 0, (1, 40)), row(1, 0, (1, 28), protocol=UDP)],
    ),
    Case(
        "flow-key-version",
        "IPv4 and IPv6 with the same ports and network are two flows and two tallies.",
        [out(0), out(1000, remote=DE6)],
        [row(1, 0, (1, 40)), row(1, 0, (1, 60), version=6)],
    ),
    Case(
        "flow-key-direction",
        "The same two ports the other way round are another flow.",
        [out(0, port=443, source_port=40000), out(1000, port=40000, source_port=443)],
        [tcp_row(1, 1), row(1, 0, (1, 40), port=40000)],
    ),
    Case(
        "flow-key-last-byte",
        "IPv6 remotes that differ in the last byte only, and in the first half only, are three flows.",
        [out(0, remote="2001:db8:100::1"), out(1000, remote="2001:db8:100::2"), out(2000, remote="2001:db8:100:1::1")],
        [row(3, 0, (3, 180), version=6)],
    ),
]

IDLE_CASES = [
    Case("idle-tcp-at-timeout", "TCP: a pause of exactly 300 s does not end the flow.", [out(0), out(300 * SECOND)], [tcp_row(1, 2)]),
    Case(
        "idle-tcp-over-timeout",
        "TCP: a pause of 300.000001 s ends the flow.",
        [out(0), out(300 * SECOND + MICROSECOND)],
        [tcp_row(2, 2)],
    ),
    Case("idle-udp-at-timeout", "UDP: a pause of exactly 60 s does not end the flow.", [dns_out(0), dns_out(60 * SECOND)], [udp_row(1, 2)]),
    Case(
        "idle-udp-over-timeout",
        "UDP: a pause of 60.000001 s ends the flow.",
        [dns_out(0), dns_out(60 * SECOND + MICROSECOND)],
        [udp_row(2, 2)],
    ),
    nanosecond_case(
        "idle-tcp-nanosecond",
        "Stamps are exact to the nanosecond: 300 s is one flow, 300 s and 1 ns more is another.",
        [out(1), out(300 * SECOND + 1), out(600 * SECOND + 2)],
        [tcp_row(2, 3)],
    ),
    nanosecond_case(
        "idle-udp-nanosecond",
        "UDP likewise: 60 s and 1 ns.",
        [dns_out(999_999_999), dns_out(60 * SECOND + 999_999_999), dns_out(121 * SECOND)],
        [udp_row(2, 3)],
    ),
    Case(
        "idle-from-last-packet",
        "Idling counts from the last packet, not the first.",
        [out(0), out(200 * SECOND), out(400 * SECOND), out(700 * SECOND)],
        [tcp_row(1, 4)],
    ),
    Case(
        "idle-replies-keep-alive",
        "Replies keep a flow alive as well.",
        [out(0), reply(250 * SECOND), out(500 * SECOND)],
        [row(1, 1, (2, 80), (1, 40))],
    ),
    Case(
        "idle-ended-by-reply",
        "An inbound packet after the pause ends the flow and starts the next, which is answered from its first packet.",
        [out(0), reply(301 * SECOND), out(302 * SECOND)],
        [row(2, 1, (2, 80), (1, 40))],
    ),
    Case(
        "idle-from-greatest-stamp",
        "Idling counts from the greatest stamp seen: a late packet with an earlier stamp does not set it back.",
        [out(0), out(200 * SECOND), out(100 * SECOND), out(500 * SECOND)],
        [tcp_row(1, 4)],
    ),
    Case(
        "idle-from-greatest-stamp-over",
        "One microsecond after 300 s from the greatest stamp the flow is over.",
        [out(0), out(200 * SECOND), out(100 * SECOND), out(500 * SECOND + MICROSECOND)],
        [tcp_row(2, 4)],
    ),
    Case(
        "idle-backwards-never-ends",
        "A stamp far before the flow's greatest is no pause.",
        [out(2000 * SECOND), out(0), out(2300 * SECOND)],
        [tcp_row(1, 3)],
    ),
    Case(
        "idle-other-flows-end-nothing",
        "Only packets of the same key end a flow: time passing elsewhere does not, when stamps then step back.",
        [dns_out(0), dns_out(500 * SECOND, source_port=40001), dns_out(60 * SECOND)],
        [udp_row(2, 3)],
    ),
    Case(
        "idle-tcp-is-not-udp",
        "A pause of 200 s ends a UDP flow and no TCP flow.",
        [out(0), dns_out(0), out(200 * SECOND), dns_out(200 * SECOND)],
        [tcp_row(1, 2), udp_row(2, 2)],
    ),
    Case(
        "idle-tcp-option",
        "--tcp-idle 10: 10 s are no end, 10.000001 s are; UDP keeps its 60 s.",
        [out(0), out(10 * SECOND), dns_out(10 * SECOND), out(20 * SECOND + MICROSECOND), dns_out(70 * SECOND)],
        [tcp_row(2, 3), udp_row(1, 2)],
        more_options=["--tcp-idle", "10"],
    ),
    Case(
        "idle-udp-option",
        "--udp-idle 5: 5 s are no end, 5.000001 s are; TCP keeps its 300 s.",
        [dns_out(0), out(0), dns_out(5 * SECOND), dns_out(10 * SECOND + MICROSECOND), out(300 * SECOND)],
        [tcp_row(1, 2), udp_row(2, 3)],
        more_options=["--udp-idle", "5"],
    ),
    Case(
        "idle-mark-not-inherited",
        "The flow after the pause has to be marked itself; the one before keeps its mark.",
        [out(0), out(301 * SECOND, tos=0)],
        [tcp_row(1, 1)],
        {"unmarked": 1},
        unmarked_flows=1,
    ),
    Case(
        "idle-mark-not-retroactive",
        "A mark after the pause says nothing of the flow before it.",
        [out(0, tos=0), reply(SECOND), out(302 * SECOND)],
        [tcp_row(1, 1)],
        {"unmarked": 2},
        unmarked_flows=1,
    ),
]

SYN_CASES = [
    Case(
        "syn-after-fin-out",
        "SYN after an outbound FIN starts a new flow.",
        [out(0, SYN), out(SECOND, FIN | ACK), out(2 * SECOND, SYN)],
        [tcp_row(2, 3)],
    ),
    Case(
        "syn-after-fin-in",
        "SYN after an inbound FIN starts a new flow.",
        [out(0, SYN), reply(SECOND, FIN | ACK), out(2 * SECOND, SYN), reply(3 * SECOND, SYN | ACK)],
        [row(2, 2, (2, 80), (2, 80))],
    ),
    Case(
        "syn-after-rst-out",
        "SYN after an outbound RST starts a new flow.",
        [out(0, SYN), out(SECOND, RST), out(2 * SECOND, SYN)],
        [tcp_row(2, 3)],
    ),
    Case(
        "syn-after-rst-in",
        "SYN after an inbound RST starts a new flow: a refused connection tried again.",
        [out(0, SYN), reply(1000, RST | ACK), out(SECOND, SYN), reply(SECOND + 1000, RST | ACK)],
        [row(2, 2, (2, 80), (2, 80))],
    ),
    Case(
        "syn-in-after-fin",
        "An inbound SYN, with ACK or not, after FIN starts a new flow too.",
        [out(0, FIN | ACK), reply(SECOND, SYN | ACK), out(2 * SECOND, ACK)],
        [row(2, 1, (2, 80), (1, 40))],
    ),
    Case(
        "syn-without-fin",
        "SYN again without FIN or RST is a retransmission: the same flow.",
        [out(0, SYN), out(SECOND, SYN), reply(2 * SECOND, SYN | ACK), out(3 * SECOND, SYN)],
        [row(1, 1, (3, 120), (1, 40))],
    ),
    Case(
        "syn-fin-forgotten",
        "A new flow starts without the FIN of the one before: its SYN sent again is the same flow.",
        [out(0, FIN), out(SECOND, SYN), out(2 * SECOND, SYN)],
        [tcp_row(2, 3)],
    ),
    Case(
        "syn-fin-forgotten-after-idle",
        "A flow that began after a pause has not seen the earlier FIN.",
        [out(0, FIN), out(301 * SECOND, ACK), out(302 * SECOND, SYN)],
        [tcp_row(2, 3)],
    ),
    Case(
        "syn-and-fin-in-one",
        "SYN and FIN in one packet: its FIN counts for the next SYN, not for its own.",
        [out(0, SYN | FIN), out(SECOND, SYN | FIN), out(2 * SECOND, SYN)],
        [tcp_row(3, 3)],
    ),
    Case(
        "syn-and-rst-in-one",
        "SYN and RST in one packet likewise.",
        [out(0, SYN), out(SECOND, SYN | RST), out(2 * SECOND, SYN)],
        [tcp_row(2, 3)],
    ),
    Case(
        "fin-without-syn",
        "Data, ACK and more FINs after FIN or RST stay in the flow.",
        [out(0, FIN | ACK), reply(1000, ACK), reply(2000, FIN | PSH | ACK), out(3000, ACK), out(4000, RST), out(5000, PSH | ACK)],
        [row(1, 1, (4, 160), (2, 80))],
    ),
    Case(
        "syn-step-back",
        "SYN after FIN starts a new flow even with an earlier stamp: the order of the file decides.",
        [out(10 * SECOND, FIN), out(9 * SECOND, SYN)],
        [tcp_row(2, 2)],
    ),
    Case(
        "syn-before-fin-by-order",
        "SYN before FIN in the file is one flow even if its stamp is later.",
        [out(10 * SECOND, SYN), out(9 * SECOND, FIN)],
        [tcp_row(1, 2)],
    ),
    Case(
        "syn-new-flow-own-greatest-stamp",
        "A flow begun by SYN has its own greatest stamp: idling counts from its packets alone.",
        [out(1000 * SECOND, FIN), out(0, SYN), out(301 * SECOND)],
        [tcp_row(3, 3)],
    ),
    Case(
        "syn-mark-not-inherited",
        "After FIN and SYN the mark has to come again, and the reply count starts anew.",
        [out(0, SYN), reply(1000), out(2000, FIN), out(SECOND, SYN, tos=0), reply(SECOND + 1000)],
        [row(1, 1, (2, 80), (1, 40))],
        {"unmarked": 2},
        unmarked_flows=1,
    ),
    Case(
        "syn-mark-not-retroactive",
        "A mark after SYN says nothing of the flow before.",
        [out(0, SYN, tos=0), out(1000, RST, tos=0), out(SECOND, SYN)],
        [tcp_row(1, 1)],
        {"unmarked": 2},
        unmarked_flows=1,
    ),
    Case(
        "syn-udp-has-no-flags",
        "UDP payload where TCP has its flags starts nothing.",
        [flag_like_udp(0, FIN), flag_like_udp(SECOND, SYN), flag_like_udp(2 * SECOND, SYN)],
        [row(1, 0, (3, 144), protocol=UDP, port=53)],
    ),
]

CASES = [*KEY_CASES, *IDLE_CASES, *SYN_CASES]
