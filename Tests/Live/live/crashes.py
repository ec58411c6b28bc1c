"""Kills at any moment."""

from __future__ import annotations

import os
import random
import time

from .traffic import conversation
from .world import Ledger, World, expect, expect_equal

SIDE_BY_SIDE = True

# Seconds: the flush interval, and what a busy machine may add to it.
INTERVAL, SLACK = 1.0, 2.0


def test_kills(world: World) -> None:
    """Killed at any moment, the ledger accounts for the same packets in tallies and captures, and loses a flush at most"""
    seed = random.SystemRandom().randrange(1 << 32)
    rounds = int(os.environ["WEIR_KILLS"])
    print(f"        {rounds} kills, seed {seed}", flush=True)
    choice = random.Random(seed)
    flow = sent_in_all = 0
    running = 0.0
    is_begun = False
    ledger = Ledger(world.folder / "weir.ledger")
    for number in range(rounds):
        before = ledger.packets if is_begun else 0
        collector = world.collector()
        began = time.monotonic()
        end = began + choice.uniform(0, 1.6)
        sent: list[tuple[float, int]] = []
        while time.monotonic() < end:
            world.send(conversation(flow, 3))
            flow += 1
            sent.append((time.monotonic(), 6))
            time.sleep(0.001)
        killed = time.monotonic()
        collector.kill()
        running += killed - began
        world.collectors.remove(collector)
        sent_in_all += sum(count for _, count in sent)
        where = f"round {number} of seed {seed}"
        # Once begun, it has to be sound each time.
        is_begun = is_begun or ledger.is_begun()
        if not is_begun:
            continue
        ledger.check()
        found = ledger.packets - before
        kept = sum(count for moment, count in sent if moment < killed - INTERVAL - SLACK)
        expect(kept <= found <= sum(count for _, count in sent), f"{found} packets, {kept} were due, {where}")
    captures = ledger.number("SELECT count(*) FROM captures")
    expect(0 < captures <= rounds, f"{captures} captures")
    # The last run: nothing is lost when it ends by itself, and what lies between two runs is not covered.
    gap = time.time()
    time.sleep(3)
    before = ledger.packets
    collector = world.collector()
    again = time.time()
    world.send(conversation(flow, 3))
    collector.stop()
    ledger.check()
    expect_equal(ledger.packets - before, 6, "packets of the last run")
    middle = int((gap + again) / 2)
    covered = ledger.number(f"SELECT count(*) FROM coverage WHERE began <= {middle} AND ended >= {middle}")
    expect_equal(covered, 0, "the time between two runs is covered")
    print(f"        {sent_in_all} packets sent in {running:.0f} s, {ledger.packets} in the ledger,"
          f" {ledger.number('SELECT count(*) FROM captures')} captures", flush=True)  # fmt: skip
