"""What is counted of live traffic: the same as of a file."""

from __future__ import annotations

import json
from collections import Counter

from .traffic import Generated, conversation, frame, remote
from .world import Collector, Ledger, World, expect, expect_equal

COUNTERS = "flows, flows_answered, packets_out, packets_in, bytes_out, bytes_in"
KEY = "ip_version, protocol, port, asn, country"


def expect_truth(world: World, ledger: Ledger) -> None:
    """The ledger against the independent count, whatever the hour."""
    truth = json.loads((world.folder / "truth.json").read_text(encoding="utf-8"))
    wanted: Counter[tuple[object, ...]] = Counter()
    names = [name.strip() for name in COUNTERS.split(",")]
    for tally in truth["tallies"]:
        key = tuple(tally[name.strip()] for name in KEY.split(","))
        for name in names:
            wanted[(*key, name)] += tally[name]
    found: Counter[tuple[object, ...]] = Counter()
    sums = ", ".join(f"sum({name})" for name in names)
    for row in ledger.rows(f"SELECT {KEY}, {sums} FROM tallies GROUP BY {KEY}"):
        for name, value in zip(names, row[5:], strict=True):
            found[(*row[:5], name)] += int(str(value))
    differing = [(key, found[key], wanted[key]) for key in wanted | found if found[key] != wanted[key]]
    expect(not differing, f"(row, found, true): {differing[:5]}")
    reasons = {
        name.removeprefix("left_out_"): ledger.number(f"SELECT sum({name}) FROM captures")
        for (name,) in ledger.rows("SELECT name FROM pragma_table_info('captures') WHERE name LIKE 'left_out_%'")
    }
    expect_equal({name: count for name, count in reasons.items() if count}, truth["left_out"], "left out")
    expect_equal(ledger.number("SELECT sum(packets) FROM captures"), truth["packets"], "packets")
    expect_equal(ledger.number("SELECT sum(unmarked_flows) FROM captures"), truth["unmarked_flows"], "unmarked flows")
    ledger.check()


def count_generated(world: World, collector: Collector, seed: int, packets: int = 20000) -> None:
    traffic = Generated(world.folder, packets, seed)
    world.send(traffic.frames)
    collector.seen(traffic.expected)
    collector.stop()
    expect_equal(collector.status["dropped_by_kernel"], 0, "dropped by the kernel")
    expect_truth(world, Ledger(collector.ledger))


def test_truth(world: World) -> None:
    """Live traffic of every kind is counted as an independent program counts it"""
    count_generated(world, world.collector("--tcp-idle", "86400", "--udp-idle", "86400"), seed=3)


def test_threads(world: World) -> None:
    """With three threads the same is counted: both directions of a flow reach one of them"""
    collector = world.collector("--tcp-idle", "86400", "--udp-idle", "86400", "--threads", "3")
    count_generated(world, collector, seed=4)
    shares = collector.status["packets_by_thread"]
    assert isinstance(shares, list)
    expect(len(shares) == 3 and min(shares) > 1000, f"packets are not shared: {shares}")


def test_idle_link(world: World) -> None:
    """A flow is in the ledger after a flush, and an idle link keeps no signal waiting"""
    collector = world.collector()
    world.send(conversation(1, 5))
    collector.seen(10)
    collector.wait_for_status("a flush", lambda status: status["packets_counted"] == 10)
    ledger = Ledger(collector.ledger)
    expect_equal(ledger.rows("SELECT sum(flows), sum(packets_out), sum(packets_in) FROM tallies"), [(1, 5, 5)], "tally")
    ledger.check()
    collector.stop()
    ledger.check()


def test_every_flow(world: World) -> None:
    """Unmarked flows count with --every-flow, and are settled without it once they are idle"""
    frames = conversation(7, 3, marked=False)
    collector = world.collector("--tcp-idle", "1")
    world.send(frames)
    collector.wait_for_status("the flow to idle out", lambda status: status["unmarked_flows"] == 1)
    expect_equal(collector.status["flows_in_table"], 0, "flows in memory")
    collector.stop()
    expect_equal(Ledger(collector.ledger).number("SELECT left_out_unmarked FROM captures"), 6, "left out")
    collector = world.collector("--every-flow")
    world.send(frames)
    collector.seen(6)
    collector.stop()
    expect_equal(Ledger(collector.ledger).packets, 6, "packets in tallies")


def test_tags(world: World) -> None:
    """Tags that the kernel strips are counted as what they are, and change no length"""
    collector = world.collector()
    frames = []
    for number, tags in enumerate(([], [(0x8100, 5)], [(0x88A8, 6), (0x8100, 5)], [(0x8100, 5)] * 4, [(0x8100, 5)] * 5)):
        frames.append(frame(remote(number), tags=tags, data=100))
        frames.append(frame(remote(number, 6), tags=tags, data=100, udp=True))
    world.send(frames)
    collector.seen(len(frames))
    collector.stop()
    ledger = Ledger(collector.ledger)
    expect_equal(
        ledger.rows("SELECT ip_version, sum(flows), sum(bytes_out) FROM tallies GROUP BY ip_version"),
        [(4, 5, 5 * 140), (6, 5, 5 * 148)], "tallies",
    )  # fmt: skip
    ledger.check()


def test_other_hosts(world: World) -> None:
    """Packets of other hosts never reach the collector"""
    collector = world.collector()
    world.send([frame(remote(1), exit_address="203.0.113.9")] * 50)
    world.send(conversation(2, 1))
    collector.seen(2)
    collector.stop()
    expect_equal(collector.status["packets_received"], 2, "packets received")
    expect_equal(Ledger(collector.ledger).number("SELECT packets FROM captures"), 2, "packets")


def test_flow_table_full(world: World) -> None:
    """Flows beyond the limit are left out, and counted so"""
    collector = world.collector("--max-flows", "10")
    world.send([frame(remote(number), exit_port=20000 + number) for number in range(25)])
    collector.seen(25)
    collector.stop()
    ledger = Ledger(collector.ledger)
    expect_equal(ledger.rows("SELECT packets_counted, left_out_flow_table_full FROM captures"), [(10, 15)], "packets")
    ledger.check()
