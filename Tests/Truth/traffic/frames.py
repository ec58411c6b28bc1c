"""Frames of conversations, and frames that are wrong in every way the rules name."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from making import packets
from making.packets import TCP, UDP

from .conversations import EXIT_ADDRESSES, Conversation

ETHERNET, COOKED_V1, COOKED_V2, RAW = 1, 113, 276, 101


class Frame(NamedTuple):
    data: bytes
    wire_length: int


class Framer:
    """Puts IP packets into frames of one link type, cut at the snap length."""

    def __init__(self, link: int, snap_length: int) -> None:
        self.link = link
        self.snap_length = snap_length

    def frame(self, packet: bytes, protocol: int, tags: list[tuple[int, int]], missing: int = 0) -> Frame:
        """`missing` bytes of the packet were on the wire and are not in `packet`."""
        if self.link == ETHERNET:
            data = packets.ethernet(packet, protocol, tags)
        elif self.link == COOKED_V1:
            data = packets.cooked_v1(packet, protocol, tags)
        elif self.link == COOKED_V2:
            data = packets.cooked_v2(packet, protocol, tags)
        else:
            data = packet
        wire_length = len(data) + missing
        if self.link == ETHERNET and wire_length < 60:
            data += bytes(60 - wire_length)
            wire_length = 60
        return Frame(data[: self.snap_length], wire_length)


EXTENSION_CHAINS: list[Callable[[int], tuple[int, bytes]]] = [
    lambda protocol: (protocol, b""),
    lambda protocol: (packets.HOP_BY_HOP, packets.extension(protocol)),
    lambda protocol: (packets.DESTINATION_OPTIONS, packets.extension(packets.ROUTING, 1) + packets.extension(protocol)),
    lambda protocol: (packets.FRAGMENT, packets.fragment_header(protocol)),
]


def packet_of(conversation: Conversation, outbound: bool, flags: int, data: int, tos: int, **lies: int) -> bytes:
    """The IP packet with all lengths as if `data` bytes followed, which it leaves out."""
    near = conversation.exit_address, conversation.exit_port
    far = conversation.remote_address, conversation.service_port
    (source, source_port), (destination, destination_port) = (near, far) if outbound else (far, near)
    protocol = lies.pop("protocol", conversation.protocol)
    if conversation.protocol == UDP:
        transport = packets.udp(source_port, destination_port, length=(8 + data) & 0xFFFF)
    else:
        transport = packets.tcp(source_port, destination_port, flags)
    if conversation.version == 4:
        lies.setdefault("total", 20 + max(0, lies.get("header_words", 5) - 5) * 4 + len(transport) + data)
        return packets.ipv4(transport, source, destination, protocol, tos=tos, **lies)
    first, chain = EXTENSION_CHAINS[conversation.extensions](protocol)
    lies.setdefault("payload_length", len(chain) + len(transport) + data)
    return packets.ipv6(chain + transport, source, destination, first, traffic_class=tos, **lies)


def ethertype(conversation: Conversation) -> int:
    return packets.IPV4 if conversation.version == 4 else packets.IPV6


def good_frame(framer: Framer, conversation: Conversation, outbound: bool, flags: int, data: int) -> Frame:
    packet = packet_of(conversation, outbound, flags, data, conversation.next_tos(outbound))
    return framer.frame(packet, ethertype(conversation), conversation.tags, data)


# What disturbs: each takes a living conversation, so that a frame that is
# counted in spite of its fault changes numbers that matter.

Noise = Callable[[Random, Framer, Conversation], Frame]


def lying(random: Random, framer: Framer, conversation: Conversation, data: int = 0, **lies: int) -> Frame:
    packet = packet_of(conversation, random.random() < 0.6, packets.ACK, data, packets.MARK, **lies)
    return framer.frame(packet, ethertype(conversation), conversation.tags, data)


def address_resolution(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    return framer.frame(bytes.fromhex("0001080006040001") + random.randbytes(20), packets.ARP, conversation.tags)


def control_message(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    return lying(random, framer, conversation, protocol=1 if conversation.version == 4 else 58)


def other_protocol(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    return lying(random, framer, conversation, protocol=random.choice((2, 4, 41, 47, 50, 51, 59, 132, 255)))


def fragment(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    if conversation.version == 4:
        field = random.choice((0x2000, 0x2000 | random.randint(1, 8000), random.randint(1, 8191), 0x4000, 0x8000))
        return lying(random, framer, conversation, fragment_field=field)
    header = packets.fragment_header(conversation.protocol, *random.choice(((0, 1), (181, 1), (362, 0), (0, 0), (0, 0, 3))))
    transport = packets.tcp(conversation.exit_port, conversation.service_port)
    packet = packets.ipv6(header + transport, conversation.exit_address, conversation.remote_address, packets.FRAGMENT)
    return framer.frame(packet, packets.IPV6, conversation.tags)


def wrong_length(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    data = random.randint(20, 60)
    true_length = len(packet_of(conversation, True, packets.ACK, 0, 0)) + data - (40 if conversation.version == 6 else 0)
    near_the_truth = true_length + random.randint(-2, 2)
    length = random.choice((near_the_truth, random.randint(0, 60), 1500, 65535))
    if conversation.version == 4:
        return lying(random, framer, conversation, data, total=length)
    return lying(random, framer, conversation, data, payload_length=length)


def big_packet(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    """Length 0 in a frame around and far above what sixteen bits can say."""
    room = random.choice((65534, 65535, 65536, 65537, 65574, 65575, 65576, 65577, 190000))
    data = room - len(packet_of(conversation, True, packets.ACK, 0, 0))
    if conversation.version == 4:
        return lying(random, framer, conversation, data, total=0)
    return lying(random, framer, conversation, data, payload_length=0)


def wrong_header_length(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    if conversation.version == 6:
        return wrong_length(random, framer, conversation)
    words = random.randint(0, 15)
    shorter = {"total": words * 4 + random.randint(-1, 21)} if words and random.random() < 0.5 else {}
    return lying(random, framer, conversation, random.randint(0, 30), header_words=words, **shorter)


def wrong_version(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    return lying(random, framer, conversation, version=random.randint(0, 15))


def random_bytes(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    data = random.randbytes(random.randint(0, 120))
    return Frame(data[: framer.snap_length], len(data) + random.choice((0, 0, 1000)))


def random_packet(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    return framer.frame(random.randbytes(random.randint(0, 100)), ethertype(conversation), conversation.tags)


def flipped_bits(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    """A sound frame with a few bits turned over anywhere in its headers."""
    sound = lying(random, framer, conversation, random.randint(0, 100))
    data = bytearray(sound.data)
    for _ in range(random.randint(1, 3)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return Frame(bytes(data), sound.wire_length)


def cut_short(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    """With other faults too, so that it matters which check comes first."""
    fault = random.choice(({}, {"version": 5}, {"protocol": 50}, {"protocol": 1}))
    sound = lying(random, framer, conversation, random.randint(0, 1400), **fault)
    return Frame(sound.data[: random.randint(0, 80)], sound.wire_length)


def wire_length_lies(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    sound = lying(random, framer, conversation)
    return Frame(sound.data, random.randint(0, sound.wire_length + 3))


def other_host(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    packet = packets.ipv4(packets.tcp(50000, 443), f"192.0.2.{random.randint(100, 254)}", "198.51.100.10")
    return framer.frame(packet, packets.IPV4, conversation.tags)


def between_exit_addresses(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    source, destination = random.sample(EXIT_ADDRESSES, 2)
    packet = packets.ipv4(packets.tcp(50000, 443), source, destination, tos=random.choice((0, packets.MARK)))
    return framer.frame(packet, packets.IPV4, conversation.tags)


def odd_tags(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    """Many tags, tags of another kind, tags cut off."""
    packet = packet_of(conversation, True, packets.ACK, 0, packets.MARK)
    kinds = [(random.choice((0x8100, 0x88A8, 0x9100)), random.randint(0, 4095)) for _ in range(random.randint(1, 12))]
    frame = framer.frame(packet, ethertype(conversation), kinds)
    return Frame(frame.data[: random.choice((15, 17, 18, 22, 200))], frame.wire_length)


def odd_extensions(random: Random, framer: Framer, conversation: Conversation) -> Frame:
    """Extension headers of any length in any order, some of which reach beyond the packet."""
    headers = [random.choice((0, 43, 44, 60)) for _ in range(random.randint(1, 6))]
    body = b""
    for following in [*headers[1:], random.choice((TCP, UDP, 58, 59))]:
        body += packets.extension(following, random.choice((0, 0, 0, 1, 2, 30)))[: random.choice((8, 8, 16, 24))]
    body += packets.tcp(conversation.exit_port, 443)
    length = random.choice((len(body), random.randint(0, len(body))))
    packet = packets.ipv6(body, "2001:db8:ffff::10", "2001:db8:100::10", headers[0], payload_length=length)
    frame = framer.frame(packet, packets.IPV6, conversation.tags)
    captured = random.choice((len(frame.data), random.randint(40, 80)))
    return Frame(frame.data[:captured], frame.wire_length)


NOISE: list[Noise] = [
    address_resolution,
    control_message,
    other_protocol,
    fragment,
    wrong_length,
    big_packet,
    wrong_header_length,
    wrong_version,
    random_bytes,
    random_packet,
    flipped_bits,
    cut_short,
    wire_length_lies,
    other_host,
    between_exit_addresses,
    odd_tags,
    odd_extensions,
]
