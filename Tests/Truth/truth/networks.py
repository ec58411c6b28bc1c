"""An address to its AS number and country, from MMDB records of any known shape."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any

import maxminddb

NO_ASN, NO_COUNTRY = 0, "ZZ"

AS_NAME = re.compile(r"AS([0-9]{1,10})", re.ASCII)


class Networks:
    """Looks each address up once."""

    def __init__(self, asn_database: Path | None, country_database: Path | None) -> None:
        self.asn_reader = maxminddb.open_database(str(asn_database)) if asn_database else None
        self.country_reader = maxminddb.open_database(str(country_database)) if country_database else None
        self.known: dict[bytes, tuple[int, str]] = {}

    def __call__(self, address: bytes) -> tuple[int, str]:
        if address not in self.known:
            text = str(ipaddress.ip_address(address))
            self.known[address] = asn_of(record_of(self.asn_reader, text)), country_of(record_of(self.country_reader, text))
        return self.known[address]


def record_of(reader: Any, address: str) -> Any:
    if reader is None:
        return None
    try:
        return reader.get(address)
    except (ValueError, maxminddb.InvalidDatabaseError):
        # An IPv6 address asked of an IPv4 tree, or a damaged file.
        return None


def field(record: Any, *path: str) -> Any:
    for name in path:
        if not isinstance(record, dict):
            return None
        record = record.get(name)
    return record


def asn_of(record: Any) -> int:
    number = field(record, "autonomous_system_number")
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    name = field(record, "asn")
    match = AS_NAME.fullmatch(name) if isinstance(name, str) else None
    number = int(match[1]) if match else NO_ASN
    return number if number < 2**32 else NO_ASN


def country_of(record: Any) -> str:
    for path in (("country", "iso_code"), ("registered_country", "iso_code"), ("country_code",)):
        code = field(record, *path)
        if isinstance(code, str) and code:
            return code
    country = field(record, "country")
    if isinstance(country, str) and len(country) == 2 and country.isascii() and country.isalpha():
        return country
    return NO_COUNTRY
