"""人员名册: who may act, and how it was known that it was them.

Takes what stands after --by, --operator … on the command line and a way to ask for a PIN; gives a name and a method.
Relies on the register: the roster is folded from its `person` events. Without a roster every name is taken as it is
given (`named`): the ink signature is the proof then (domain §10.7).
"""
from __future__ import annotations

import hashlib
import hmac
import os
import pwd
from collections.abc import Callable, Mapping
from typing import NamedTuple

from station.batch import UsageError
from station.events import EVERY_STATION, events_of
from station.register import Station

_SCRYPT = {"n": 1 << 14, "r": 8, "p": 1}     # 16 MB and some 50 ms a guess


class Person(NamedTuple):
    """A member of the staff. badge, pin: salted hashes, "" = none. role: "head" may order 例外收存."""

    name: str
    badge: str = ""
    pin: str = ""
    role: str = ""


class Acting(NamedTuple):
    """A person who acts. method: named | pin | token."""

    name: str
    method: str


def roster(station: Station) -> dict[str, Person]:
    """The staff by name, as the register has it; those who left are not in it."""
    people: dict[str, Person] = {}
    for event in events_of(station.register, EVERY_STATION):
        if event.event == "person" and not event.corrected:
            facts: Mapping[str, str] = event.facts
            if facts.get("left"):
                people.pop(facts["name"], None)
            else:
                people[facts["name"]] = Person(facts["name"], facts.get("badge", ""), facts.get("pin", ""),
                                               facts.get("role", ""))
    return people


def acting(station: Station, said: str, ask: Callable[[str], str] | None) -> Acting:
    """Who is meant by a name or a badge code, and how that was known.

    ask: how a PIN is asked of the person of this name; None = nobody can be asked here.
    Raises: UsageError("person-unknown" | "pin-needed" | "pin-wrong").
    """
    staff = roster(station)
    if not staff or not said.strip():
        return Acting(said, "named")
    known = staff.get(said.strip())
    if known is None:
        for person in staff.values():
            if person.badge and _is(said, person.badge):
                return Acting(person.name, "token")
        raise UsageError("person-unknown", name="****" if said.isalnum() and said.isascii() else said)  # a badge code?
    if not known.pin:
        return Acting(known.name, "named")
    if ask is None:
        raise UsageError("pin-needed", name=known.name)
    if not _is(ask(known.name), known.pin):
        raise UsageError("pin-wrong", name=known.name)
    return Acting(known.name, "pin")


def secret_hash(text: str) -> str:
    """A badge code or PIN as the register keeps it: salt and scrypt hash, hex."""
    salt = os.urandom(16)
    return f"scrypt${salt.hex()}${hashlib.scrypt(text.encode(), salt=salt, **_SCRYPT).hex()}"


def _is(text: str, kept: str) -> bool:
    _, salt, digest = kept.split("$")
    return hmac.compare_digest(hashlib.scrypt(text.encode(), salt=bytes.fromhex(salt), **_SCRYPT).hex(), digest)


def login_name() -> str:
    """The name of the account that runs the station; its number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
