"""What the memory of a running collector holds, and what it does not."""

from __future__ import annotations

import re
import signal
import socket
import struct

from .traffic import PAYLOAD, SYN, frame, remote
from .world import EXIT_V4, EXIT_V6, Collector, World, expect, expect_equal


def image(collector: Collector) -> dict[str, bytes]:
    """All memory of the process: `ring` is what it shares with the kernel, `own` the rest."""
    parts: dict[str, list[bytes]] = {"ring": [], "own": []}
    pid = collector.process.pid
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)", line)
            assert match
            begin, end, rights, name = int(match[1], 16), int(match[2], 16), match[3], match[4]
            # What cannot be written to is programs and databases.
            if not rights.startswith("rw") or name in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            memory.seek(begin)
            content = bytearray()
            while begin + len(content) < end:
                block = memory.read(min(1 << 20, end - begin - len(content)))
                if not block:
                    break
                # Pages that nothing was ever written to would only make the search slow.
                content += block if any(block) else b"\0"
                begin += 0 if any(block) else len(block) - 1
            parts["ring" if name.startswith("socket:") else "own"].append(bytes(content))
    return {name: b"\0".join(contents) for name, contents in parts.items()}


def test_payload(world: World) -> None:
    """No payload is in the ring or elsewhere in the process, whatever the packets look like"""
    collector = world.collector(flush_seconds=3600)
    collector.signal(signal.SIGSTOP)
    frames = []
    for number in range(200):
        for data in (1, 40, 700, 1400):
            frames.append(frame(remote(number), data=data, outbound=number % 2 == 0))
            frames.append(frame(remote(number, 6), data=data, udp=True, tags=[(0x8100, 7)] * (number % 4)))
    # Pieces of a datagram, another protocol, a header that lies: all of them with payload.
    whole = frame(remote(1), data=900)
    frames += [whole[:20] + b"\x20\x00" + whole[22:], whole[:20] + b"\x00\x20" + whole[22:]]
    frames += [whole[:23] + b"\x2f" + whole[24:], whole[:14] + b"\x44" + whole[15:], whole[:12] + b"\x88\xb6" + whole[14:]]
    world.send(frames)
    memory = image(collector)
    # That the search finds what is there: the headers of these packets lie in the ring, nothing else of them.
    expect(memory["ring"].count(socket.inet_aton(EXIT_V4)) > 700, "the packets are not in the ring")
    for name, content in memory.items():
        for start in range(0, len(PAYLOAD) - 8):
            expect(PAYLOAD[start : start + 8] not in content, f"payload in {name}")
    collector.signal(signal.SIGCONT)
    collector.stop()
    expect_equal(collector.status["packets_received"], len(frames), "packets received")


def test_addresses(world: World) -> None:
    """Seconds after they were seen, no remote address is in the process, the ring set aside"""
    collector = world.collector()
    numbers = range(500, 525)
    world.send([frame(remote(number), exit_port=number, flags=SYN) for number in numbers])
    world.send([frame(remote(number, 6), exit_port=number, flags=SYN) for number in numbers])
    collector.wait_for_status("the flows", lambda status: status["flows_in_table"] == 2 * len(numbers))
    memory = image(collector)
    own = memory["own"]
    expect(b"mirror" in own, "the search does not find the interface's name")
    exits4, exits6 = socket.inet_aton(EXIT_V4), socket.inet_pton(socket.AF_INET6, EXIT_V6)
    expect(memory["ring"].count(exits4) >= len(numbers), "the search does not find what is in the ring")
    bare = 0
    for number in numbers:
        four = socket.inet_aton(remote(number))
        six = socket.inet_pton(socket.AF_INET6, remote(number, 6))
        word = struct.unpack("!I", four)[0]
        patterns = {
            "beside the exit address": exits4 + four,
            "as a word": struct.pack("<Q", word),
            "as a word with the exit address": struct.pack("<II", word, struct.unpack("!I", exits4)[0]),
            "as text": remote(number).encode() + b"\0",
            "as IPv6": six,
            "as two words": struct.pack("<QQ", *struct.unpack("!QQ", six)),
            "as two words in the other order": struct.pack("<QQ", *reversed(struct.unpack("!QQ", six))),
            "beside the exit's": exits6 + six,
            "as text of IPv6": remote(number, 6).encode() + b"\0",
        }
        for how, pattern in patterns.items():
            expect(pattern not in own, f"the address number {number} is in memory, {how}")
        bare += four in own
        bare += struct.pack("<I", word) in own
    # Four bytes are anywhere by accident, but not those of many addresses.
    expect(bare < len(numbers) / 20, f"{bare} of {2 * len(numbers)} bare IPv4 addresses are in memory")
    collector.stop()
