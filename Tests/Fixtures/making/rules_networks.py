"""Rules of AS number and country: the remote address, looked up in Tests/Fixtures/databases."""

from __future__ import annotations

from .cases import DE6, EXIT, FR, FR6, NO_ASN, NO_COUNTRY, NOTHING, US, Case, out, reply, row
from .packets import UDP


def one(asn: int, country: str, version: int = 4) -> dict[str, object]:
    return row(1, 0, (1, 40 if version == 4 else 60), version=version, asn=asn, country=country)


CASES = [
    Case(
        "network-known",
        "AS number and country of the remote network.",
        [out(0), out(1000, remote=FR), out(2000, remote=US)],
        [one(64496, "DE"), one(64497, "FR"), one(64498, "US")],
    ),
    Case(
        "network-known-ipv6",
        "The same over IPv6.",
        [out(0, remote=DE6), out(1000, remote=FR6)],
        [one(64496, "DE", 6), one(65536, "FR", 6)],
    ),
    Case(
        "network-partly-known",
        "No country: ZZ. No AS number: 0. Neither: both.",
        [out(0, remote=NO_COUNTRY), out(1000, remote=NO_ASN), out(2000, remote=NOTHING)],
        [one(64499, "ZZ"), one(0, "JP"), one(0, "ZZ")],
    ),
    Case(
        "network-partly-known-ipv6",
        "The same over IPv6.",
        [out(0, remote="2001:db8:300:8000::1"), out(1000, remote="2001:db8:300::1"), out(2000, remote="2001:db8:400::1")],
        [one(64499, "ZZ", 6), one(0, "JP", 6), one(0, "ZZ", 6)],
    ),
    Case(
        "network-registered-country",
        "Without a country the registered country stands in; with one it does not.",
        [out(0, remote="198.19.1.1"), out(1000, remote="198.19.200.1")],
        [one(65551, "CH"), one(65550, "BR")],
    ),
    Case(
        "network-large-number",
        "An AS number of 32 bits.",
        [out(0, remote="198.18.1.1")],
        [one(4200000001, "NL")],
    ),
    Case(
        "network-edges",
        "First and last addresses of neighbouring prefixes.",
        [
            out(0, remote="198.51.99.255"),
            out(0, remote="198.51.100.0"),
            out(0, remote="198.51.100.127"),
            out(0, remote="198.51.100.128"),
            out(0, remote="198.51.100.255"),
            out(0, remote="198.51.101.0"),
            out(0, remote="198.17.255.255"),
            out(0, remote="198.18.0.0"),
            out(0, remote="198.18.255.255"),
            out(0, remote="198.19.0.0"),
        ],
        [
            row(3, 0, (3, 120), asn=0, country="ZZ"),
            row(2, 0, (2, 80), asn=64496, country="DE"),
            row(2, 0, (2, 80), asn=64497, country="FR"),
            row(2, 0, (2, 80), asn=4200000001, country="NL"),
            row(1, 0, (1, 40), asn=65551, country="CH"),
        ],
    ),
    Case(
        "network-edges-ipv6",
        "The same over IPv6, with an edge inside the address's second half of a /48.",
        [
            out(0, remote="2001:db8:ff:ffff:ffff:ffff:ffff:ffff"),
            out(0, remote="2001:db8:100::"),
            out(0, remote="2001:db8:100:ffff:ffff:ffff:ffff:ffff"),
            out(0, remote="2001:db8:101::"),
            out(0, remote="2001:db8:300:7fff:ffff:ffff:ffff:ffff"),
            out(0, remote="2001:db8:300:8000::"),
        ],
        [
            row(2, 0, (2, 120), version=6, asn=0, country="ZZ"),
            row(2, 0, (2, 120), version=6),
            row(1, 0, (1, 60), version=6, asn=0, country="JP"),
            row(1, 0, (1, 60), version=6, asn=64499, country="ZZ"),
        ],
    ),
    Case(
        "network-of-the-remote",
        "The remote's network, not the exit's, in either direction.",
        [out(0, source="198.51.100.10", remote=FR), reply(1000, destination="198.51.100.10", remote=FR)],
        [row(1, 1, (1, 40), (1, 40), asn=64497, country="FR")],
        options=["--exit-address", "198.51.100.10"],
    ),
    Case(
        "network-of-inbound-first",
        "A flow that begins with a reply has the network of its source.",
        [reply(0, remote=US), out(1000, remote=US)],
        [row(1, 1, (1, 40), (1, 40), asn=64498, country="US")],
    ),
    Case(
        "network-separates-tallies",
        "Same port, several networks and protocols: one tally for each.",
        [
            out(0, port=53, protocol=UDP),
            out(0, port=53, protocol=UDP, remote=FR),
            out(0, port=53, remote=FR),
            out(0, port=53, protocol=UDP, remote=FR6),
            out(0, port=53, protocol=UDP, remote="198.51.100.20"),
        ],
        [
            row(2, 0, (2, 56), protocol=UDP, port=53),
            row(1, 0, (1, 28), protocol=UDP, port=53, asn=64497, country="FR"),
            row(1, 0, (1, 40), port=53, asn=64497, country="FR"),
            row(1, 0, (1, 48), protocol=UDP, port=53, version=6, asn=65536, country="FR"),
        ],
    ),
    Case(
        "network-exit-inside-databases",
        "An exit address has no network of its own even where the databases know it.",
        [out(0, source="203.0.113.10", remote=EXIT)],
        [row(1, 0, (1, 40), asn=0, country="ZZ")],
        options=["--exit-address", "203.0.113.10"],
    ),
]
