#!/usr/bin/env python3
"""Servers of the lab which write down the truth: one JSON line for every connection they accepted.

On every port they speak enough HTTP for curl: "POST /N" (or GET) is answered with N bytes after the
body has been read, and then the connection is closed. A query "?stream=I" is written down as well, so
that the client's list, the servers' record and the capture can be joined without guessing; with
"&pause=MS" the answer waits so many milliseconds, in which a client may have gone.

They know nothing of Tor and nothing of the mark.
"""

import argparse
import asyncio
import functools
import json
import re
import sys
import time
from dataclasses import asdict, dataclass

CHUNK = b"0123456789abcdef" * 1024
LONGEST_REQUEST_HEAD = 16 * 1024
IDLE_SECONDS = 30.0
REQUEST_LINE = re.compile(rb"^[A-Z]+ /(\d{1,10})(?:\?stream=(\d{1,10})(?:&pause=(\d{1,5}))?)? HTTP/1\.[01]\r\n")
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,10})\r\n", re.IGNORECASE)


@dataclass
class Connection:
    """What one accepted connection did."""

    accepted: float
    closed: float
    family: int
    server: str
    port: int
    peer: str
    peer_port: int
    stream: int | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    end: str = "closed"


async def read_head(reader: asyncio.StreamReader, connection: Connection) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < LONGEST_REQUEST_HEAD:
        block = await asyncio.wait_for(reader.read(4096), IDLE_SECONDS)
        if not block:
            break
        connection.bytes_in += len(block)
        head += block
    return head


async def read_body(reader: asyncio.StreamReader, connection: Connection, missing: int) -> None:
    while missing > 0:
        block = await asyncio.wait_for(reader.read(65536), IDLE_SECONDS)
        if not block:
            return
        connection.bytes_in += len(block)
        missing -= len(block)


async def send(writer: asyncio.StreamWriter, connection: Connection, block: bytes) -> None:
    writer.write(block)
    await asyncio.wait_for(writer.drain(), IDLE_SECONDS)
    connection.bytes_out += len(block)


async def answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: Connection
) -> None:
    head = await read_head(reader, connection)
    request = REQUEST_LINE.match(head)
    if request is None:
        await send(writer, connection, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        return
    connection.stream = int(request[2]) if request[2] else None
    length = CONTENT_LENGTH.search(head)
    already = len(head) - head.index(b"\r\n\r\n") - 4 if b"\r\n\r\n" in head else 0
    await read_body(reader, connection, (int(length[1]) if length else 0) - already)
    await asyncio.sleep(int(request[3] or 0) / 1000)
    size = int(request[1])
    await send(
        writer,
        connection,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size,
    )
    while size > 0:
        await send(writer, connection, CHUNK[: min(size, len(CHUNK))])
        size -= min(size, len(CHUNK))
    writer.write_eof()
    # The peer's FIN, so that the record is of the whole connection and the close is the peer's own.
    await asyncio.wait_for(reader.read(1), IDLE_SECONDS)


async def accept(
    family: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    server = writer.get_extra_info("sockname")
    peer = writer.get_extra_info("peername")
    connection = Connection(
        time.time(), 0.0, family, server[0], server[1], peer[0], peer[1]
    )
    try:
        await answer(reader, writer, connection)
    except (ConnectionError, TimeoutError) as error:
        connection.end = "idle" if isinstance(error, TimeoutError) else "reset"
    finally:
        connection.closed = time.time()
        print(json.dumps(asdict(connection)), flush=True)
        writer.close()


async def serve(addresses: list[str], ports: list[int]) -> None:
    listeners = []
    for address in addresses:
        handler = functools.partial(accept, 6 if ":" in address else 4)
        for port in ports:
            listeners.append(await asyncio.start_server(handler, address, port, backlog=512))
    print(f"listening on {len(listeners)} sockets", file=sys.stderr, flush=True)
    await asyncio.gather(*(listener.serve_forever() for listener in listeners))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--address", action="append", required=True, help="listen here (repeatable)")
    parser.add_argument("--port", action="append", required=True, type=int, help="(repeatable)")
    options = parser.parse_args()
    try:
        asyncio.run(serve(options.address, options.port))
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
