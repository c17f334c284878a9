"""Names as Joliet maps them: whether two trees' names may be one name, cut and mapped by the limits of Joliet.

Takes names of Joliet and Rock Ridge; gives yes or no. Relies on what mastering tools do, as tried on them: genisoimage
cuts at 64 or 103 UTF-16 units and before a character beyond U+FFFF; libisofs cuts the stem, keeps the extension, puts a
number before it where two names became one; both put "_" for the characters that Joliet forbids (Joliet §4).
"""
from __future__ import annotations

import re
import unicodedata

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f*:;?/\\\u2215\U00010000-\U0010ffff]")       # U+2215: names.SLASH
_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_JOLIET_UNITS = 64              # the least that a name is cut to; a longer one has more bytes of UTF-8 than this
_LEAST_KEPT = 60                # characters that are left of a name that was cut
_MOST_DIGITS = 7
_KEY_CHARACTERS = 48            # two names that may be one are alike in this many


def mapped(path: str) -> str:
    """The path with composed characters, and "_" for what Joliet does not allow; component by component alike."""
    if path.isascii() and path.isprintable() and not _FORBIDDEN.search(path.replace("/", "")):
        return path
    return "/".join(_FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)) for name in path.split("/"))


def key(path: str) -> str:
    """What paths that may be one have in common, but for numbers put into short names."""
    return "/".join(name[:_KEY_CHARACTERS] for name in mapped(path).split("/"))


def may_be(joliet: str, name: str, clashing: frozenset[str] = frozenset()) -> bool:
    """Whether Joliet may show the file `name` as `joliet`; both are single components.

    clashing: names that another one may have become by mapping; they are told apart by numbers.
    """
    shown, wanted = mapped(joliet), forms(name)
    if shown in wanted:
        return True
    beyond = _BEYOND.search(name)
    if beyond and shown == mapped(name[:beyond.start()]):
        return True
    if len(name.encode("utf-8", "surrogatepass")) > _JOLIET_UNITS and len(joliet) >= _LEAST_KEPT:
        uncomposed = _FORBIDDEN.sub("_", joliet), _FORBIDDEN.sub("_", name)
        return any(_is_cut(*pair) for pair in (*((shown, form) for form in wanted), uncomposed))
    return any(form in clashing and _unnumbered(shown, form) for form in wanted)


def forms(name: str) -> tuple[str, ...]:
    """The forms that a component may take in Joliet, before it is cut: mapped; and by a tool that was run in the
    locale C, with "_" for every byte that is not ASCII."""
    return mapped(name), mapped(re.sub(r"[^\x00-\x7f]", _blanked, name))


def _blanked(found: re.Match[str]) -> str:
    escaped = "\udc80" <= found[0] <= "\udcff"        # one odd byte of a name that nothing decodes
    return "_" if escaped else "_" * len(found[0].encode("utf-8", "surrogatepass"))


def _is_cut(shown: str, wanted: str) -> bool:
    if wanted.startswith(shown):
        return True
    stem, _, extension = shown.rpartition(".")
    whole, _, whole_extension = wanted.rpartition(".")
    if not whole_extension.startswith(extension) or not stem:
        stem, whole = shown, wanted
    return any(whole.startswith(head) for head in _heads(stem))


def _unnumbered(shown: str, wanted: str) -> bool:
    stem, dot, extension = shown.rpartition(".")
    whole, whole_dot, whole_extension = wanted.rpartition(".")
    if (dot, extension) != (whole_dot, whole_extension):
        stem, whole = shown, wanted
    return whole in _heads(stem)


def _heads(stem: str) -> list[str]:
    """The stem without the number that may end it."""
    digits = len(stem) - len(stem.rstrip("0123456789"))
    return [stem[:len(stem) - n] for n in range(min(digits, _MOST_DIGITS) + 1)]
