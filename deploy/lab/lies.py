"""Evidence of a run, falsified: each of these has to be noticed, or the comparison compares nothing."""

import copy
import socket
from collections.abc import Callable, Iterator

from evidence import BYTES_OUT, FLOWS, PACKETS_IN, PACKETS_OUT, Evidence, Tallies


def change(tallies: Tallies, column: int, by: int) -> None:
    key = max(tallies, key=lambda key: tallies[key][PACKETS_OUT])
    figures = list(tallies[key])
    figures[column] += by
    tallies[key] = tuple(figures)


def lose_packet(evidence: Evidence) -> None:
    change(evidence.ledger, PACKETS_IN, -1)


def lose_bytes(evidence: Evidence) -> None:
    change(evidence.ledger, BYTES_OUT, -1)


def count_flow_twice(evidence: Evidence) -> None:
    change(evidence.ledger, FLOWS, 1)


def move_to_another_port(evidence: Evidence) -> None:
    key = max(evidence.ledger, key=lambda key: evidence.ledger[key][PACKETS_OUT])
    evidence.ledger[(*key[:3], 8333, *key[4:])] = evidence.ledger.pop(key)


def see_no_mark(evidence: Evidence) -> None:
    evidence.ledger.clear()


def forget_connection(evidence: Evidence) -> None:
    evidence.servers.pop()


def forget_byte(evidence: Evidence) -> None:
    next(record for record in evidence.servers if record["end"] == "closed")["bytes_in"] -= 1


def drop_in_kernel(evidence: Evidence) -> None:
    evidence.captures[0]["dropped_kernel"] = 1


def publish_another_total(evidence: Evidence) -> None:
    site = evidence.sites["final"][-1]
    site.total["bytes_in"] += site.policy["round_bytes"]


def publish_another_row(evidence: Evidence) -> None:
    row = evidence.sites["provisional"][-1].tables["service-ports"]["rows"][0]
    row["flows"] += 100


def publish_too_little(evidence: Evidence) -> None:
    for site in evidence.sites["final"]:
        site.policy["minimum_flows"] = 1000


def leave_rows_out(evidence: Evidence) -> None:
    table = evidence.sites["final"][-1].tables["ip-versions"]
    table["rows"].pop()


def write_address(evidence: Evidence) -> None:
    evidence.written["journal-monitor"] += evidence.wire.flows[0].key[3].encode() + b"\n"


def keep_packed_address(evidence: Evidence) -> None:
    address = next(flow.key[3] for flow in evidence.wire.flows if flow.family == 6)
    evidence.written["weir.ledger"] += socket.inet_pton(socket.AF_INET6, address)


FALSIFICATIONS: dict[str, Callable[[Evidence], None]] = {
    "the ledger has a packet less": lose_packet,
    "the ledger has a byte less": lose_bytes,
    "the ledger has a flow more": count_flow_twice,
    "the ledger has a tally under another port": move_to_another_port,
    "the collector has found no mark": see_no_mark,
    "the kernel has dropped a packet": drop_in_kernel,
    "a server has forgotten a connection": forget_connection,
    "a server has counted a byte less": forget_byte,
    "the site tells another total": publish_another_total,
    "the site tells another figure of a row": publish_another_row,
    "the site tells rows that are too small": publish_too_little,
    "the site leaves a row out": leave_rows_out,
    "an address is in the collector's journal": write_address,
    "an address is in the ledger": keep_packed_address,
}


def lies(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    """Copies of the evidence, each with one thing that is not so."""
    for what, falsify in FALSIFICATIONS.items():
        copied = copy.copy(evidence)
        for name in ("servers", "ledger", "captures", "sites"):
            setattr(copied, name, copy.deepcopy(getattr(evidence, name)))
        copied.written = dict(evidence.written)
        falsify(copied)
        yield what, copied
