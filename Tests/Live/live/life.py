"""Being told what to do, and telling how it goes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess

from .traffic import conversation, frame, remote
from .world import Collector, Ledger, World, expect, expect_equal, wait_for


def status_command(world: World, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (str(world.programs / "weir-collect"), "status", "--status-folder", str(world.folder), *options),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_signals(world: World) -> None:
    """SIGTERM, SIGINT and SIGQUIT flush what was counted and end with 0, an idle link or not"""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        collector = world.collector(flush_seconds=3600)
        world.send(conversation(1, 4))
        collector.signal(number)
        expect_equal(collector.process.wait(30), 0, "exit code")
        expect("8 packets received, 8 counted; dropped: 0 by the kernel, 0 by the interface, 0 by us" in collector.log,
               collector.log)
    ledger = Ledger(collector.ledger)
    expect_equal(ledger.rows("SELECT sum(flows), sum(packets_out) FROM tallies"), [(3, 12)], "tallies")
    ledger.check()


def test_figures_on_request(world: World) -> None:
    """SIGUSR1 has what was counted written down before its time, tells the sums, and is no end"""
    collector = world.collector(flush_seconds=3600)
    for so_far in (8, 16):
        world.send(conversation(so_far, 4))
        sums = f"{so_far} packets received, {so_far} counted; dropped: 0 by the kernel, 0 by the interface, 0 by us"
        # Those that the kernel has not handed over yet are told the next time.
        def told(sums: str = sums) -> bool:
            collector.signal(signal.SIGUSR1)
            return sums in collector.log

        wait_for(f"{sums!r} in the log", told)
        expect_equal(Ledger(collector.ledger).packets, so_far, "packets in the ledger")
        expect_equal(collector.status["packets_counted"], so_far, "packets in the status")
    collector.stop()
    Ledger(collector.ledger).check()


def test_databases_reloaded(world: World) -> None:
    """SIGHUP swaps the databases, of which a broken one changes nothing, and begins a new capture"""
    collector = world.collector()
    country = world.databases / "geolite2-country.mmdb"
    to = remote(0x640A)  # 198.51.100.10
    world.send([frame(to, exit_port=1001)])
    collector.seen(1)

    # Replaced by rename, as an updater does: first by rubbish.
    sound = country.read_bytes()
    other = world.databases / "new"
    other.write_bytes(b"no database")
    os.replace(other, country)
    collector.signal(signal.SIGHUP)
    collector.wait_for_log("the databases so far stay in use")
    world.send([frame(to, exit_port=1002)])
    collector.seen(2)

    # Then by one that puts every country elsewhere: the letters of its records changed.
    changed = re.sub(rb"\x42DE", b"\x42XX", sound)
    expect(changed != sound, "the fixture has no DE")
    other.write_bytes(changed)
    os.replace(other, country)
    collector.signal(signal.SIGHUP)
    collector.wait_for_log("the databases were read again")
    world.send([frame(to, exit_port=1003)])
    collector.seen(3)
    collector.stop()
    ledger = Ledger(collector.ledger)
    expect_equal(
        ledger.rows("SELECT country, flows FROM tallies ORDER BY flows DESC"), [("DE", 2), ("XX", 1)], "countries"
    )
    expect_equal(ledger.number("SELECT count(DISTINCT country_database) FROM captures"), 2, "databases on record")
    ledger.check()


def test_database_damaged(world: World) -> None:
    """Look-ups that met a damaged part of a database are told, in the log, in the status, and in the sum after a reload"""
    database = world.databases / "geolite2-asn.mmdb"
    content = bytearray(database.read_bytes())
    content[147 * 6 : 148 * 6] = b"\xff" * 6
    database.write_bytes(content)
    collector = world.collector()
    known = ("198.51.100.10", "198.51.100.200", "203.0.113.10", "198.19.1.1", "198.19.200.1", "2001:db8:300::1", "2001:db8:400::1")
    world.send([frame(address) for address in known])
    status = collector.wait_for_status("the packets", lambda status: status["packets_counted"] == len(known))
    failures = status["failed_lookups"]
    expect(int(str(failures)) > 0, "nothing of what was looked up is damaged: the test shows nothing")
    said = "met a damaged database record: the flows count"
    collector.wait_for_log(said)
    expect(said in status_command(world).stdout, status_command(world).stdout)
    collector.signal(signal.SIGHUP)
    collector.wait_for_log("the databases were read again")
    collector.stop()
    expect_equal(collector.status["failed_lookups"], failures, "failures after the reload")


def test_databases_deleted(world: World) -> None:
    """Databases that are deleted meanwhile stay in use"""
    collector = world.collector()
    shutil.rmtree(world.databases)
    world.send([frame(remote(0x640A))])
    collector.seen(1)
    collector.signal(signal.SIGHUP)
    collector.wait_for_log("the databases so far stay in use")
    collector.stop()
    expect_equal(Ledger(collector.ledger).rows("SELECT country, flows FROM tallies"), [("DE", 1)], "tallies")


def test_notifications(world: World) -> None:
    """The service manager is told that it is ready, alive, reloading and stopping, by path and by abstract name"""
    for path in (str(world.folder / "notify"), f"@weir-live-{os.getpid()}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind("\0" + path[1:] if path.startswith("@") else path)
            listener.settimeout(60)
            heard: list[str] = []

            def hear(what: str) -> None:
                while True:
                    message = listener.recv(4096).decode()
                    heard.append(message)
                    if message.startswith(what):
                        return

            # An abstract name belongs to the namespace of the network.
            prefix = ("nsenter", "--net=/proc/1/ns/net") if path.startswith("@") else ()
            if prefix:
                continue_in_namespace(world, path, listener)
                return
            collector = world.collector(environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000"}, wait=False)
            hear("READY=1")
            hear("WATCHDOG=1")
            hear("WATCHDOG=1")
            hear("STATUS=")
            collector.signal(signal.SIGHUP)
            hear("RELOADING=1\nMONOTONIC_USEC=")
            hear("READY=1")
            collector.signal(signal.SIGTERM)
            hear("STOPPING=1")
            expect_equal(collector.process.wait(60), 0, "exit code")


def continue_in_namespace(world: World, path: str, listener: socket.socket) -> None:
    """An abstract socket can be reached only from its own network namespace: so listen in the collector's."""
    listener.close()
    script = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);"
        f"s.bind('\\0{path[1:]}'); print('listening', flush=True); s.settimeout(60); print(s.recv(100).decode())"
    )
    with subprocess.Popen(
        ("ip", "netns", "exec", world.monitor, "/usr/bin/python3", "-c", script), stdout=subprocess.PIPE, text=True
    ) as listening:
        assert listening.stdout
        expect_equal(listening.stdout.readline(), "listening\n", "listener")
        collector = world.collector(environment={"NOTIFY_SOCKET": path})
        expect(listening.stdout.readline().startswith("STATUS="), "no notification by the abstract name")
        listening.wait(60)
    collector.stop()


def test_watchdog(world: World) -> None:
    """A process that hangs is not told alive"""
    path = str(world.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(0.2)
        collector = world.collector(environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000"})

        def drained() -> bool:
            try:
                listener.recv(4096)
            except TimeoutError:
                return True
            return False

        collector.signal(signal.SIGSTOP)
        wait_for("silence", drained)
        listener.settimeout(3)
        try:
            expect(False, f"it was told alive: {listener.recv(4096)!r}")
        except TimeoutError:
            pass
        collector.signal(signal.SIGCONT)
        listener.settimeout(60)
        while b"WATCHDOG=1" not in listener.recv(4096):
            pass
        collector.stop()


def test_status(world: World) -> None:
    """The status says what was counted and dropped, and that the process has ended or was killed"""
    expect_equal(status_command(world).returncode, 66, "exit code without a status file")
    textfile = world.folder / "weir.prom"
    collector = world.collector("--textfile", str(textfile))
    world.send(conversation(3, 10))
    world.send([frame(remote(5), udp=True, tags=[(0x8100, 1)] * 6)])
    collector.wait_for_status("the packets", lambda status: status["packets_counted"] == 20)
    answer = status_command(world, "--json")
    expect_equal(answer.returncode, 0, f"exit code; {answer.stderr}")
    status = json.loads(answer.stdout)
    wanted = {
        "state": "running", "interface": "mirror", "observes": True, "packets_counted": 20, "packets_received": 21,
        "dropped_by_kernel": 0, "dropped_by_interface": 0, "flows_in_table": 1, "pid": collector.process.pid,
        "tallies_waiting": 0,
    }  # fmt: skip
    expect_equal({name: status[name] for name in wanted}, wanted, "status")
    expect_equal(status["left_out"]["header_cut"], 1, "headers cut")
    expect_equal([database["kind"] for database in status["databases"]], ["asn", "country"], "databases")
    for name in ("open_hour", "last_flush", "updated", "started"):
        expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", status[name]), f"{name}: {status[name]}")
    expect(1 <= status["coverage_today"]["seconds_observed"] <= status["coverage_today"]["seconds_passed"], "coverage")
    text = status_command(world).stdout
    for part in ("packets counted", "20", "by the kernel", "open hour", "last flush", "observed today", "country database"):
        expect(part in text, f"{part} is missing: {text}")
    metrics = textfile.read_text(encoding="utf-8")
    for line in ('packets_counted_total{interface="mirror"} 20', 'packets_dropped_total{interface="mirror",by="kernel"} 0',
                 'packets_left_out_total{interface="mirror",reason="header_cut"} 1', 'up{interface="mirror"} 1'):  # fmt: skip
        expect(f"\nweir_collect_{line}\n" in metrics, f"{line} is missing: {metrics}")
    for line in metrics.splitlines():
        expect(re.fullmatch(r'(# (HELP|TYPE)|weir_collect_[a-z_]+\{interface="mirror"(,[a-z]+="[a-z0-9_]+")?\}) .+', line), line)
    for content in (metrics, json.dumps(status), collector.log):
        for address in ("192.0.2.", "198.51.", "2001:db8"):
            expect(address not in content, f"an address: {content}")
    digests = status_command(world, "--digest").stdout
    checked = subprocess.run(("sha256sum", "--check", "--strict"), input=digests, capture_output=True, text=True, check=False)
    expect_equal((checked.returncode, checked.stdout.count(": OK")), (0, 3), f"digests: {digests}{checked.stderr}")
    program = digests.splitlines()[1].split()[0]
    collector.stop()
    ledger = Ledger(world.folder / "weir.ledger")
    captures = set(ledger.rows("SELECT program_sha256, config_hash FROM captures"))
    expect_equal(captures, {(program, digests.splitlines()[-1].split()[-1])}, "digests in the ledger")
    answer = status_command(world)
    expect_equal((answer.returncode, "was stopped" in answer.stderr), (69, True), f"after the end: {answer.stderr}")
    expect('weir_collect_up{interface="mirror"} 0' in textfile.read_text(encoding="utf-8"), "up after the end")
    collector = world.collector()
    before, after = status["coverage_today"], collector.status["coverage_today"]
    assert isinstance(after, dict)
    expect(before["day"] != after["day"] or before["seconds_observed"] <= after["seconds_observed"],
           f"{after} is less than what was observed before the start, {before}")  # fmt: skip
    collector.kill()
    answer = status_command(world)
    expect_equal((answer.returncode, "is gone" in answer.stderr), (69, True), f"after a kill: {answer.stderr}")


def test_status_of_services(world: World) -> None:
    """The status of the only service there is needs no folder to be named; of several it is asked which"""
    collector = world.collector()
    collector.stop()
    for names, code, words in (
        ((), 66, ("can't read /run/weir-collect/status.json",)),
        (("eth1",), 69, ("the collector was stopped",)),
        (("eth1", "eth2"), 64, ("--status-folder /run/weir-collect/eth1", "--status-folder /run/weir-collect/eth2")),
    ):
        folders = " ".join(f"/run/weir-collect/{name}" for name in names)
        copies = "".join(f" && cp '{world.folder}/status.json' {folder}" for folder in folders.split())
        answer = subprocess.run(
            ("unshare", "--mount", "--propagation", "private", "sh", "-c",
             f"mount -t tmpfs weir-live /run && mkdir -p /run/weir-collect {folders}{copies} && exec \"$@\"", "sh",
             str(world.programs / "weir-collect"), "status"),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        expect_equal(answer.returncode, code, f"exit code with {names}: {answer.stderr}")
        expect(all(word in answer.stderr for word in words), answer.stderr)


def test_journal(world: World) -> None:
    """Lines for the journal have its priorities, and no name of the program"""
    log = world.folder / "log-0"
    log.touch()
    status = log.stat()
    collector = world.collector(environment={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
    collector.stop()
    lines = collector.log.splitlines()
    expect(lines and all(re.match(r"<[3-6]>[^ ]", line) for line in lines), f"log: {lines}")


def test_second_collector(world: World) -> None:
    """A second collector of the same interface and ledger is refused, by whichever name, until the first has ended, however it ended"""
    first = world.collector()
    (world.folder / "by another name").symlink_to(world.folder / "weir.ledger")
    wait_for("the ledger", lambda: Ledger(first.ledger).is_begun())
    for path in (first.ledger, world.folder / "by another name"):
        second = world.collector(ledger=path, wait=False)
        expect_equal(second.process.wait(60), 69, f"exit code; {second.log}")
        expect(f"another collector counts mirror into {path} already" in second.log, second.log)
    # Another ledger is another matter.
    other = world.collector(ledger=world.folder / "other.ledger")
    world.send(conversation(1, 4))
    for collector in (first, other):
        wait_for("the packets", lambda path=collector.ledger: Ledger(path).is_begun() and Ledger(path).packets == 8)
    other.stop()
    first.kill()
    again = world.collector()
    again.stop()
    Ledger(again.ledger).check()


def test_ways_to_fail(world: World) -> None:
    """What cannot be begun ends with a reason and the exit code for it"""
    cases: list[tuple[int, str, dict[str, object], tuple[str, ...]]] = [
        (69, "--interface: there is no interface nowhere", {"interface": "nowhere"}, ()),
        (64, "--threads", {}, ("--threads", "0")),
        (78, "there is no account", {}, ("--user", "nobody-at-all")),
        (66, "--asn-database: can't read the ASN database", {}, ("--asn-database", str(world.databases / "none"))),
        (66, "--status-folder: can't open the folder /nowhere: no such file or directory; make it", {},
         ("--status-folder", "/nowhere")),
        (78, "--interface: 'any' is every interface at once", {"interface": "any"}, ()),
    ]
    for code, text, settings, options in cases:
        collector = Collector(world, options, wait=False, **settings)  # type: ignore[arg-type]
        world.collectors.append(collector)
        found = collector.process.wait(60)
        expect_equal((found, text in collector.log), (code, True), f"{options} {settings}: {collector.log}")
        expect(not (world.folder / "weir.ledger").exists(), "a ledger was left")
