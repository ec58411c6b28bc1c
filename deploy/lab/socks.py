"""One request through a SOCKS port, and what became of it."""

import asyncio
import ipaddress
import struct
from dataclasses import dataclass


@dataclass
class Outcome:
    """Bytes above TCP, as this end saw them; result is "ok" or says how it ended."""

    result: str
    sent: int = 0
    received: int = 0


def destination(host: str, port: int) -> bytes:
    """The SOCKS 5 address: a literal goes as an address, anything else as a name for the exit to resolve."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode()
        return bytes([3, len(name)]) + name + struct.pack("!H", port)
    return bytes([1 if address.version == 4 else 4]) + address.packed + struct.pack("!H", port)


async def connect(
    socks_port: int, isolation: str, host: str, port: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
    """The streams and SOCKS 5's reply code; tor gives each user name circuits of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", socks_port)
    user = isolation.encode()
    # One step at a time: tor loses a reply to a client that sends the next step ahead.
    writer.write(b"\x05\x01\x02")
    await reader.readexactly(2)
    writer.write(b"\x01" + bytes([len(user)]) + user + b"\x01x")
    await reader.readexactly(2)
    writer.write(b"\x05\x01\x00" + destination(host, port))
    code = (await reader.readexactly(4))[1]
    return reader, writer, code


async def exchange(
    socks_port: int,
    isolation: str,
    host: str,
    port: int,
    stream: int,
    upload: int,
    download: int,
    pause: int,
    hang_up_after: int | None,
) -> Outcome:
    """Hangs up once so many bytes have come back: with 0, before the paused answer."""
    reader, writer, code = await connect(socks_port, isolation, host, port)
    try:
        if code != 0:
            return Outcome(f"socks {code}")
        await reader.readexactly(6)
        head = (
            f"POST /{download}?stream={stream}&pause={pause} HTTP/1.1\r\nHost: {host}\r\n"
            f"Content-Length: {upload}\r\n\r\n"
        ).encode()
        writer.write(head + b"u" * upload)
        await writer.drain()
        outcome = Outcome("ok", sent=len(head) + upload)
        if hang_up_after == 0:
            await asyncio.sleep(pause / 2000)
            outcome.result = "hung up"
            return outcome
        while block := await reader.read(65536):
            outcome.received += len(block)
            if hang_up_after is not None and outcome.received >= hang_up_after:
                outcome.result = "hung up"
                break
        return outcome
    finally:
        writer.close()


async def request(
    socks_port: int,
    isolation: str,
    host: str,
    port: int,
    stream: int = 0,
    upload: int = 0,
    download: int = 0,
    pause: int = 0,
    hang_up_after: int | None = None,
    seconds: float = 60,
) -> Outcome:
    """As `exchange`, with every way to fail as a result instead of an exception."""
    try:
        async with asyncio.timeout(seconds):
            return await exchange(
                socks_port, isolation, host, port, stream, upload, download, pause, hang_up_after
            )
    except TimeoutError:
        return Outcome("no answer")
    except (OSError, asyncio.IncompleteReadError) as error:
        return Outcome(f"broken: {type(error).__name__}")
