"""Two network namespaces joined by a pair of interfaces, and the collector on one end."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

EXIT_V4, EXIT_V6 = "192.0.2.10", "2001:db8:ffff::10"
EXIT_OPTIONS = ("--exit-address", "192.0.2.10/31", "--exit-address", "2001:db8:ffff::10/127")
DATABASES = Path(__file__).resolve().parents[2] / "Fixtures" / "databases"

DEADLINE = 60.0

# Whom the collector becomes.
ACCOUNT = "nobody"

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


class Failure(AssertionError):
    """What a test expected and did not get."""


def expect(condition: object, message: str) -> None:
    if not condition:
        raise Failure(message)


def expect_equal(found: object, wanted: object, what: str) -> None:
    expect(found == wanted, f"{what}: {found!r} in place of {wanted!r}")


def wait_for(what: str, condition: Callable[[], object], deadline: float = DEADLINE) -> object:
    """Waits for the thing itself, not for a while."""
    end = time.monotonic() + deadline
    while True:
        result = condition()
        if result:
            return result
        expect(time.monotonic() < end, f"waited {deadline:.0f} s in vain for {what}")
        time.sleep(0.05)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"{' '.join(command)}: {done.stderr}")
    return done.stdout


@contextmanager
def in_namespace(name: str) -> Iterator[None]:
    """In another network namespace for a while: setns(2) holds for this thread, and a socket stays where it was made."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        expect(_libc.setns(there, _CLONE_NEWNET) == 0, "setns")
        yield
    finally:
        expect(_libc.setns(here, _CLONE_NEWNET) == 0, "setns")
        os.close(here)
        os.close(there)


class World:
    """The namespaces, for the time of one test: `wl-PID-m` with the interface `mirror`, and `wl-PID-t`."""

    def __init__(self, programs: Path, folder: Path, number: int) -> None:
        self.programs = programs
        self.folder = folder
        self.monitor = f"wl-{os.getpid()}-{number}-m"
        self.sender = f"wl-{os.getpid()}-{number}-t"
        # Where the account may look, wherever this repository is; and where it may write.
        self.databases = folder / "databases"
        shutil.copytree(DATABASES, self.databases)
        folder.chmod(0o755)
        shutil.chown(folder, ACCOUNT)
        self.collectors: list[Collector] = []
        self.socket: socket.socket | None = None

    def __enter__(self) -> World:
        for name in (self.monitor, self.sender):
            run("ip", "netns", "add", name)
            # No packet of the namespaces' own: the only ones are those that a test sends.
            run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        self.make_interfaces()
        return self

    def __exit__(self, *_: object) -> None:
        for collector in self.collectors:
            collector.kill()
        if self.socket:
            self.socket.close()
        for name in (self.monitor, self.sender):
            subprocess.run(("ip", "netns", "delete", name), capture_output=True, check=False)

    def make_interfaces(self, mtu: int = 9000) -> None:
        run(
            "ip", "-n", self.monitor, "link", "add", "mirror", "mtu", str(mtu), "arp", "off", "type", "veth",
            "peer", "name", "tap", "netns", self.sender, "mtu", str(mtu), "arp", "off",
        )  # fmt: skip
        self.set_link("up")
        run("ip", "-n", self.sender, "link", "set", "tap", "up")
        wait_for("the link", lambda: "LOWER_UP" in run("ip", "-n", self.sender, "link", "show", "tap"))
        self.open_socket()

    def remove_interfaces(self) -> None:
        run("ip", "-n", self.monitor, "link", "delete", "mirror")

    def set_link(self, state: str) -> None:
        run("ip", "-n", self.monitor, "link", "set", "mirror", state)

    def open_socket(self) -> None:
        """A packet socket in the sender's namespace."""
        if self.socket:
            self.socket.close()
        with in_namespace(self.sender):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.socket.bind(("tap", 0))
            self.socket.setsockopt(socket.SOL_SOCKET, 32, 1 << 24)  # SO_SNDBUFFORCE

    def send(self, frames: list[bytes]) -> None:
        assert self.socket
        for frame in frames:
            self.socket.send(frame)

    def collector(self, *options: str, **settings: object) -> Collector:
        collector = Collector(self, options, **settings)  # type: ignore[arg-type]
        self.collectors.append(collector)
        return collector


class Collector:
    """A running `weir-collect run`, with a ledger and a status folder in the test's folder."""

    def __init__(
        self,
        world: World,
        options: tuple[str, ...] = (),
        ledger: Path | None = None,
        flush_seconds: int = 1,
        interface: str = "mirror",
        environment: dict[str, str] | None = None,
        wait: bool = True,
        prefix: tuple[str, ...] = (),
        around: tuple[str, ...] = (),
    ) -> None:
        self.world = world
        self.ledger = ledger or world.folder / "weir.ledger"
        databases = world.databases
        self.status_folder = world.folder
        self.log_path = world.folder / f"log-{len(world.collectors)}"
        command = [
            *around, "ip", "netns", "exec", world.monitor, *prefix, str(world.programs / "weir-collect"), "run",
            "--interface", interface, "--ledger", str(self.ledger), *EXIT_OPTIONS,
            "--asn-database", str(databases / "geolite2-asn.mmdb"),
            "--country-database", str(databases / "geolite2-country.mmdb"),
            "--flush-seconds", str(flush_seconds), "--status-folder", str(self.status_folder),
            "--user", ACCOUNT, *options,
        ]  # fmt: skip
        with self.log_path.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log, env={**os.environ, **(environment or {})})
        if wait:
            self.wait_for_log("counting on")

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")

    def wait_for_log(self, text: str, deadline: float = DEADLINE) -> None:
        def look() -> bool:
            if text in self.log:
                return True
            expect(self.process.poll() is None, f"the collector ended ({self.process.poll()}): {self.log}")
            return False

        wait_for(f"{text!r} in the log", look, deadline)

    @property
    def status(self) -> dict[str, object]:
        return json.loads((self.status_folder / "status.json").read_text(encoding="utf-8"))

    def wait_for_status(self, what: str, condition: Callable[[dict[str, object]], object], deadline: float = DEADLINE) -> dict[str, object]:
        def look() -> dict[str, object] | None:
            expect(self.process.poll() is None, f"the collector ended ({self.process.poll()}): {self.log}")
            try:
                status = self.status
            except FileNotFoundError:
                return None
            return status if condition(status) else None

        try:
            result = wait_for(what, look, deadline)
        except Failure as failure:
            raise Failure(f"{failure}; status: {json.dumps(self.status)}; log: {self.log}") from None
        assert isinstance(result, dict)
        return result

    def seen(self, packets: int) -> None:
        """Waits until so many packets have reached the collector since it was started."""
        self.wait_for_status(
            f"{packets} packets",
            lambda status: int(str(status["packets_received"])) >= packets,
        )

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def stop(self, code: int = 0) -> None:
        self.signal(signal.SIGTERM)
        expect_equal(self.process.wait(DEADLINE + 30), code, f"exit code; log: {self.log}")

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE)


class Ledger:
    """What a ledger holds, read as any other tool would."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self, query: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def number(self, query: str) -> int:
        value = self.rows(query)[0][0]
        return int(str(value)) if value is not None else 0

    def is_begun(self) -> bool:
        """Whether there is more than a file: one that was made by a process that was killed then is empty, or has a
        journal to be rolled back by the next one that writes."""
        try:
            return self.path.exists() and self.number("SELECT count(*) FROM sqlite_schema") > 0
        except sqlite3.OperationalError:
            return False

    @property
    def packets(self) -> int:
        return self.number("SELECT sum(packets_out + packets_in) FROM tallies")

    def check(self) -> None:
        """What holds after every flush: tallies and captures account for the same packets."""
        expect_equal(self.rows("PRAGMA integrity_check"), [("ok",)], "integrity_check")
        expect_equal(self.number("SELECT count(*) FROM pragma_foreign_key_check"), 0, "foreign keys broken")
        expect_equal(self.packets, self.number("SELECT sum(packets_counted) FROM captures"), "packets in tallies")
        expect_equal(
            self.number("SELECT count(*) FROM captures WHERE id NOT IN (SELECT capture FROM coverage)"), 0,
            "captures without coverage",
        )  # fmt: skip
        expect_equal(
            self.number("SELECT count(*) FROM captures c WHERE began <> (SELECT min(began) FROM coverage WHERE capture = c.id)"
                        " OR ended <> (SELECT max(ended) FROM coverage WHERE capture = c.id)"), 0,
            "captures that began or ended when they do not cover",
        )  # fmt: skip
