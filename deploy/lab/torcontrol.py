"""The few commands of Tor's control protocol that the lab's traffic needs. Not a general client."""

import asyncio
import re
from pathlib import Path


class ControlError(Exception):
    """tor refused a command."""


class Control:
    """One authenticated connection to a control socket; events wait in a queue until they are read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._replies: asyncio.Queue[list[str]] = asyncio.Queue()
        self.events: asyncio.Queue[str] = asyncio.Queue()
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, socket: Path, cookie: Path) -> "Control":
        reader, writer = await asyncio.open_unix_connection(str(socket))
        control = cls(reader, writer)
        await control.command(f"AUTHENTICATE {cookie.read_bytes().hex()}")
        return control

    async def close(self) -> None:
        self._writer.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def command(self, line: str) -> list[str]:
        self._writer.write(line.encode() + b"\r\n")
        await self._writer.drain()
        reply = await asyncio.wait_for(self._replies.get(), 30)
        if not reply[-1].startswith("250"):
            raise ControlError(f"{line.split()[0]}: {reply[-1]}")
        return reply

    async def information(self, key: str) -> list[str]:
        """GETINFO of one key: its lines, without the protocol's frame."""
        reply = (await self.command(f"GETINFO {key}"))[:-1]
        first = reply[0][4:].removeprefix(f"{key}=")
        return [line for line in [first, *reply[1:]] if line]

    async def build_circuit(self, path: list[str]) -> str:
        """Extends a circuit through exactly these relays and waits until it stands. Tries for some time: while
        relays publish anew, tor has no descriptor of one or the other."""
        async with asyncio.timeout(45):
            while True:
                try:
                    return await self._build_circuit(path)
                except ControlError:
                    await asyncio.sleep(1)

    async def _build_circuit(self, path: list[str]) -> str:
        reply = await self.command(f"EXTENDCIRCUIT 0 {','.join('$' + hop for hop in path)}")
        identifier = reply[-1].split()[2]
        await self._event(rf"CIRC {identifier} BUILT", refusal=rf"CIRC {identifier} (FAILED|CLOSED)")
        return identifier

    async def attach_next_stream(self, target: str, circuit: str, path: list[str]) -> str:
        """Puts the next new stream to this target on this circuit, or on another of the same path where the
        circuit has been closed meanwhile, as any relay on it may do. Returns the circuit that it is on."""
        event = await self._event(rf"STREAM (\d+) NEW 0 {re.escape(target)}")
        for attempt in range(3):
            try:
                await self.command(f"ATTACHSTREAM {event.split()[1]} {circuit}")
                break
            except ControlError:
                if attempt == 2:
                    raise
                circuit = await self.build_circuit(path)
        return circuit

    async def _event(self, pattern: str, refusal: str = "$^", seconds: float = 30) -> str:
        async with asyncio.timeout(seconds):
            while True:
                event = await self.events.get()
                if re.match(refusal, event):
                    raise ControlError(event)
                if re.match(pattern, event):
                    return event

    async def _read(self) -> None:
        reply: list[str] = []
        while line := (await self._reader.readline()).decode("utf-8", "replace").rstrip("\r\n"):
            if line[3:4] == "+":
                reply.append(line)
                while (data := (await self._reader.readline()).decode().rstrip("\r\n")) not in (".", ""):
                    reply.append(data)
            elif line.startswith("650"):
                self.events.put_nowait(line[4:])
            else:
                reply.append(line)
                if line[3:4] == " ":
                    self._replies.put_nowait(reply)
                    reply = []
