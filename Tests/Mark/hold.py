#!/usr/bin/python3
"""Opens streams through a SOCKS port, one to each HOST:PORT, says "held" when all are open, and keeps them
open until standard input ends. With --once it tries each once, and says how many were refused."""

import argparse
import asyncio
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy/lab"))
import socks  # noqa: E402 # its folder has to be named first


async def attempt(socks_port: int, isolation: str, destination: str) -> tuple[int, object]:
    host, _, port = destination.rpartition(":")
    _, writer, code = await socks.connect(socks_port, isolation, host, int(port))
    return code, writer


async def hold(socks_port: int, destinations: list[str], seconds: int) -> None:
    """A circuit that broke with an exit which was started anew is no reason to fail: another is tried."""

    async def until_open(index: int, destination: str) -> object:
        tries = 0
        while True:
            code, writer = await attempt(socks_port, f"hold {index} {tries}", destination)
            if code == 0:
                return writer
            tries += 1
            await asyncio.sleep(0.5)

    async with asyncio.timeout(seconds):
        held = await asyncio.gather(*(until_open(*item) for item in enumerate(destinations)))
    print("held", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for writer in held:
        writer.close()


async def try_once(socks_port: int, destinations: list[str], seconds: int) -> None:
    codes = []
    for index, destination in enumerate(destinations):
        async with asyncio.timeout(seconds):
            codes.append((await attempt(socks_port, f"once {index}", destination))[0])
    print("refused", sum(code != 0 for code in codes), "of", len(codes), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--socks-port", type=int, default=9050)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("destinations", nargs="+", metavar="HOST:PORT")
    options = parser.parse_args()
    body = try_once if options.once else hold
    asyncio.run(body(options.socks_port, options.destinations, options.seconds))


main()
