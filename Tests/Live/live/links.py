"""An interface that goes away, and comes back."""

from __future__ import annotations

import json
import signal
import time

from .traffic import conversation
from .world import Ledger, World, expect, expect_equal, run, wait_for


def coverage(ledger: Ledger) -> list[tuple[int, int]]:
    return [(int(str(a)), int(str(b))) for a, b in ledger.rows("SELECT began, ended FROM coverage ORDER BY began")]


def promiscuity(world: World) -> int:
    """How many want every packet that comes by the interface, for whomever it is."""
    return int(json.loads(run("ip", "-d", "-j", "-n", world.monitor, "link", "show", "mirror"))[0]["promiscuity"])


def test_promiscuous(world: World) -> None:
    """The interface is promiscuous while the collector runs, unless it is told not to be"""
    expect_equal(promiscuity(world), 0, "promiscuity before")
    for options, wanted in (((), 1), (("--no-promiscuous",), 0), (("--threads", "2"), 2)):
        collector = world.collector(*options)
        expect_equal(promiscuity(world), wanted, f"promiscuity with {options}")
        collector.stop()
        expect_equal(promiscuity(world), 0, "promiscuity after the end")


def test_link_down(world: World) -> None:
    """A link that is down for a while is no end, and no coverage"""
    collector = world.collector()
    world.send(conversation(1, 5))
    collector.wait_for_status("the packets", lambda status: status["packets_counted"] == 10)
    world.set_link("down")
    collector.wait_for_status("the link to be down", lambda status: not status["observes"])
    expect("is down or gone" in collector.log, collector.log)
    down = time.time()
    time.sleep(3)
    up = time.time()
    world.set_link("up")
    collector.wait_for_status("the link to be up", lambda status: status["observes"])
    world.send(conversation(1, 5))
    collector.wait_for_status("the packets after it", lambda status: status["packets_counted"] == 20)
    collector.stop()
    ledger = Ledger(collector.ledger)
    intervals = coverage(ledger)
    expect_equal(len(intervals), 2, f"intervals of coverage, {intervals}")
    expect(intervals[0][1] <= down + 1 and intervals[1][0] >= up - 1, f"{intervals}, down from {down} to {up}")
    expect_equal(ledger.rows("SELECT sum(flows) FROM tallies"), [(1,)], "flows: it is still the same")
    ledger.check()


def test_down_at_the_start(world: World) -> None:
    """An interface that is down at the start is refused with the remedy; a link without a carrier is awaited, and is no coverage"""
    world.set_link("down")
    refused = world.collector(wait=False)
    expect_equal(refused.process.wait(60), 69, f"exit code; {refused.log}")
    expect("--interface: mirror is down: 'ip link set mirror up'" in refused.log, refused.log)
    world.set_link("up")
    run("ip", "-n", world.sender, "link", "set", "tap", "down")
    wait_for("no carrier", lambda: "NO-CARRIER" in run("ip", "-n", world.monitor, "link", "show", "mirror"))
    collector = world.collector()
    expect("mirror is down or gone" in collector.log, collector.log)
    expect_equal(collector.status["observes"], False, "whether it observes, from the first status on")
    collector.stop()
    ledger = Ledger(collector.ledger)
    expect_equal(ledger.number("SELECT count(*) FROM coverage") if ledger.is_begun() else 0, 0, "intervals of coverage")
    run("ip", "-n", world.sender, "link", "set", "tap", "up")
    wait_for("the carrier", lambda: "LOWER_UP" in run("ip", "-n", world.monitor, "link", "show", "mirror"))
    collector = world.collector()
    world.send(conversation(1, 5))
    collector.wait_for_status("the packets", lambda status: status["packets_counted"] == 10)
    collector.stop()
    ledger.check()


def test_interface_made_anew(world: World) -> None:
    """An interface that was removed and made anew is followed, without a privilege"""
    collector = world.collector()
    world.send(conversation(1, 5))
    collector.wait_for_status("the packets", lambda status: status["packets_counted"] == 10)
    world.remove_interfaces()
    collector.wait_for_status("the interface to be gone", lambda status: not status["observes"])
    world.make_interfaces()
    collector.wait_for_status("the interface to be back", lambda status: status["observes"])
    expect_equal(promiscuity(world), 1, "promiscuity of the new one")
    world.send(conversation(2, 5))
    collector.wait_for_status("the packets after it", lambda status: status["packets_counted"] == 20)
    collector.stop()
    ledger = Ledger(collector.ledger)
    expect_equal(ledger.packets, 20, "packets")
    ledger.check()


def test_interface_made_anew_unseen(world: World) -> None:
    """An interface that was made anew between two looks is followed, and what passed meanwhile is not claimed"""
    collector = world.collector()
    world.send(conversation(1, 5))
    collector.wait_for_status("the packets", lambda status: status["packets_counted"] == 10)
    collector.signal(signal.SIGSTOP)
    world.remove_interfaces()
    world.make_interfaces()
    collector.signal(signal.SIGCONT)
    collector.wait_for_log("mirror was made anew, and is listened to again")
    world.send(conversation(2, 5))
    collector.wait_for_status("the packets after it", lambda status: status["packets_counted"] == 20)
    collector.stop()
    expect("is down or gone" not in collector.log, f"it was seen to be gone, so that the test shows nothing: {collector.log}")
    expect_equal(len(coverage(Ledger(collector.ledger))), 2, "intervals of coverage")
    Ledger(collector.ledger).check()


def test_interface_made_anew_with_threads(world: World) -> None:
    """Threads that share an interface cannot follow it: the collector ends with a reason, to be started again"""
    collector = world.collector("--threads", "2")
    world.send(conversation(1, 5))
    collector.wait_for_status("the packets", lambda status: status["packets_counted"] == 10)
    world.remove_interfaces()
    collector.wait_for_status("the interface to be gone", lambda status: not status["observes"])
    world.make_interfaces()
    expect_equal(collector.process.wait(60), 69, f"exit code; {collector.log}")
    expect("several threads share its packets" in collector.log, collector.log)
    ledger = Ledger(collector.ledger)
    expect_equal(ledger.packets, 10, "packets")
    ledger.check()
