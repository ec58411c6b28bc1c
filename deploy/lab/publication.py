"""The published rules of the site, written down once more: which of the ledger's figures a version of a month may
show, and how they are rounded. Which rows are folded although they are large enough is not repeated here; what is
folded has to be in "other", whatever it is."""

from calendar import timegm
from collections.abc import Callable

from evidence import BYTES_IN, BYTES_OUT, FIGURES, FLOWS, KEY, LARGEST_FLOW, Record, Site, Tallies, matches, total

UNITS = ("flows", "flows", "packets", "packets", "bytes", "bytes")
# How a row of a table is found in the ledger.
KEY_OF_ROW: dict[str, Callable[[Record], dict[str, int | str]]] = {
    "service-ports": lambda row: {"port": row["port"], "protocol": {"tcp": 6, "udp": 17}[row["transport"]]},
    "autonomous-systems": lambda row: {"asn": row["asn"]},
    "countries": lambda row: {"country": row["country"]},
    "ip-versions": lambda row: {"ip_version": row["ip_version"]},
}


def rounded(value: int, name: str, policy: Record, is_coarse: bool) -> int:
    """To the nearest multiple of its unit, halves up. While a month is under way, flows are multiples of the
    minimum, packets and bytes of the power of two that is 2·p % of them or the next larger one."""
    unit = policy[f"round_{name}"]
    if is_coarse and name == "flows":
        unit = max(unit, policy["minimum_flows"])
    elif is_coarse:
        share = value // 50 * policy["dominance_percent"]
        unit = max(unit, 1 << (share - 1).bit_length() if share > 1 else 1)
    return (value + unit // 2) // unit * unit


def of_month(tallies: Tallies, site: Site) -> Tallies:
    """What of the ledger a version of the site is about."""
    year, month = site.month
    begins = timegm((year, month, 1, 0, 0, 0))
    ends = timegm((year + month // 12, month % 12 + 1, 1, 0, 0, 0))
    return {key: figures for key, figures in tallies.items() if begins <= key[0] < min(ends, site.covered_until)}


def wanted_figures(tallies: Tallies, site: Site, keys: list[dict[str, int | str]]) -> list[int]:
    sums = [sum(total(tallies, column, **key) for key in keys) for column in range(len(FIGURES))]
    return [
        rounded(value, unit, site.policy, site.status == "provisional")
        for value, unit in zip(sums, UNITS, strict=True)
    ]


def is_allowed(tallies: Tallies, site: Site, key: dict[str, int | str]) -> bool:
    """The minimum of flows; and that the largest flow leaves enough to the others, of the bytes of both directions and
    of each, unless rounding hides what it can have of one."""
    directions = [total(tallies, column, **key) for column in (BYTES_OUT, BYTES_IN)]
    largest = max((figures[LARGEST_FLOW] for row, figures in tallies.items() if matches(row, key)), default=0)
    percent = site.policy["dominance_percent"]
    hidden = site.policy["round_bytes"] // 2 * 100 // percent
    return (total(tallies, FLOWS, **key) >= site.policy["minimum_flows"]
            and sum(directions) * 100 >= largest * (200 + percent)
            and all(min(largest, octets) <= hidden or octets * 100 >= min(largest, octets) * (200 + percent)
                    for octets in directions))


def differing(row: Record, wanted: list[int]) -> int:
    return sum(row[name] != value for name, value in zip(FIGURES, wanted, strict=True))


class SiteCheck:
    """The published rows of one version, each against the ledger."""

    def __init__(self, ledger: Tallies, site: Site) -> None:
        self.tallies = of_month(ledger, site)
        self.wanted_total = wanted_figures(self.tallies, site, [{}])
        self.is_large_enough = is_allowed(self.tallies, site, {})
        self.rows = self.different = self.forbidden = self.ports = 0
        for name, table in site.tables.items():
            key_of = KEY_OF_ROW[name]
            shown = [key_of(row) for row in table["rows"]]
            self.ports += len(shown) if name == "service-ports" else 0
            for row, key in zip(table["rows"], shown, strict=True):
                self.rows += 1
                self.different += differing(row, wanted_figures(self.tallies, site, [key]))
                self.forbidden += not is_allowed(self.tallies, site, key)
            self.different += self._other(site, table, shown)

    def _other(self, site: Site, table: Record, shown: list[dict[str, int | str]]) -> int:
        """All that is not shown is in "other", to the flow and the byte, before it is rounded."""
        if not shown:
            return 0 if table["other"] is None else 1
        left = {
            key: figures for key, figures in self.tallies.items()
            if {name: key[KEY.index(name)] for name in shown[0]} not in shown
        }
        if table["other"] is None:
            return len(left)
        return differing(table["other"], wanted_figures(left, site, [{}]))
