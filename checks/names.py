"""Names: how a path of a form meets a path of a carrier, by names alone, never by digests.

Takes paths as written and the carrier's trees, gives file numbers, the root offset of a list, and whether a name is
one that means nothing (litter, a list of digests). Relies on litter.toml. Source: domain §10.3.
"""
from __future__ import annotations

import re
import tomllib
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from carriers.model import Structure, Tree

_FILE = Path(__file__).with_name("litter.toml")
NOT_FOUND = -1
_LOST_FOUND = -2                # some file may bear the name, which lost characters
_NEAR_AT_MOST = 64

# A drive letter, `\\?\E:`, `\\host\share` or `\\?\UNC\host\share`, with the separators after it; or separators alone.
_ROOT = re.compile(r"(?:[\\/]{2}[?.][\\/](?:UNC[\\/]+[^\\/]+[\\/]+[^\\/]+(?=[\\/])|[A-Za-z]:)"
                   r"|[\\/]{2}[^\\/?.][^\\/]*[\\/]+[^\\/]+(?=[\\/])|[A-Za-z]:)?[\\/]*")
_COMPONENT = re.compile(r"[^\\/]+")


def nfc(text: str) -> str:
    """Unicode NFC; the second step of the ladder."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """NFC and case-folded; the third step of the ladder."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


_STEPS: tuple[Callable[[str], str], ...] = (str, nfc, fold)


class Names:
    """The names of one carrier. A rung of the ladder is a step in a tree; every tree comes before the next step."""

    def __init__(self, structure: Structure) -> None:
        files = structure.files
        if files is None:
            raise ValueError("names are looked up once the files are known")
        self.files = files
        self.trees = structure.trees or (Tree("files", files.paths, range(len(files))),)
        self._indexes: dict[int, dict[str, int]] = {}
        self._skeletons: dict[str, list[str]] = {}

    def tree_name(self, rung: int) -> str:
        return self.trees[rung % len(self.trees)].name

    def find(self, path: str) -> tuple[int, int]:
        """File number and rung of a path, (NOT_FOUND, 0) where no rung knows it or knows it uniquely."""
        rung = 0
        for step in _STEPS:
            key = step(path)
            for _ in self.trees:
                file_no = (self._indexes.get(rung) or self._index(rung)).get(key, NOT_FOUND)
                if file_no >= 0:
                    return file_no, rung
                rung += 1
        return NOT_FOUND, 0

    def find_all(self, paths: Sequence[str], file_nos: array[int], rungs: bytearray) -> None:
        """Fill in the files of paths that have none yet, and their rungs, as `find` does; fast for many."""
        missed = [at for at, file_no in enumerate(file_nos) if file_no < 0]
        for rung in range(len(_STEPS) * len(self.trees)):
            step, tree_no = divmod(rung, len(self.trees))
            if not missed:
                return
            if not tree_no:
                missed = [at for at in missed if file_nos[at] < 0]
                keys = list(map(_STEPS[step], [paths[at] for at in missed]))
            for at, file_no in zip(missed, map(self._index(rung).get, keys, repeat(NOT_FOUND)), strict=True):
                if file_no >= 0 > file_nos[at]:
                    file_nos[at], rungs[at] = file_no, rung

    def find_as_written(self, paths: Sequence[str]) -> array[int]:
        """File numbers of paths as they stand, in the first tree; NOT_FOUND for all that need another look."""
        file_nos = array("q", map(self._index(0).get, paths, repeat(NOT_FOUND)))
        for at, path in enumerate(paths):
            if ".." in path and is_refused(path):
                file_nos[at] = NOT_FOUND
        return file_nos

    def may_be_lost(self, path: str) -> bool:
        """Whether a path may be that of a file here before characters were lost; a few that look alike are tried."""
        if not self._skeletons:
            for other in self.files.paths:
                self._skeletons.setdefault(skeleton(other), []).append(other)
        near = self._skeletons.get(skeleton(path), [])
        return any(lost_agrees(path, other) for other in near[:_NEAR_AT_MOST])

    def packages(self, wanted: Iterable[str]) -> dict[str, list[int]]:
        """Names of packages → the files that bear them: as full name, else without extension, else without two
        (`P1.zip.enc`, `P1.7z.001`); litter aside."""
        keys = {fold(name) for name in wanted if name}
        full: dict[str, set[int]] = defaultdict(set)
        stems: dict[str, set[int]] = defaultdict(set)
        twice: dict[str, set[int]] = defaultdict(set)
        for tree in self.trees if keys else ():
            for path, file_no in zip(tree.paths, tree.file_nos, strict=True):
                name = fold(path.rpartition("/")[2])
                if name in keys:
                    full[name].add(file_no)
                if (stem := name.rpartition(".")[0]) in keys and not is_litter(path):
                    stems[stem].add(file_no)
                elif (inner := stem.rpartition(".")[0]) in keys and not is_litter(path):
                    twice[inner].add(file_no)
        return {name: sorted(next((found[fold(name)] for found in (full, stems, twice) if fold(name) in found), ()))
                for name in wanted if name}

    def by_last_name(self, wanted: set[str]) -> dict[str, list[str]]:
        """Folded last components → the paths, in all trees, that end with them."""
        found: dict[str, list[str]] = {name: [] for name in wanted}
        for tree in self.trees:
            for path in tree.paths:
                places = found.get(fold(path.rpartition("/")[2]))
                if places is not None:
                    places.append(path)
        return found

    def _index(self, rung: int) -> dict[str, int]:
        index = self._indexes.get(rung)
        if index is None:
            step, tree_no = divmod(rung, len(self.trees))
            tree = self.trees[tree_no]
            if _STEPS[step] is nfc and all(unicodedata.is_normalized("NFC", path) for path in tree.paths):
                index = self._index(tree_no)                    # the same names
            else:
                index = _unique(tree, _STEPS[step])
            self._indexes[rung] = index
        return index


def _unique(tree: Tree, key: Callable[[str], str]) -> dict[str, int]:
    """key(path) → file number; NOT_FOUND where several files have this key."""
    if key is str:
        index = dict(zip(tree.paths, tree.file_nos, strict=True))
        if len(index) == len(tree.paths):
            return index
    index = {}
    for path, file_no in zip(map(key, tree.paths), tree.file_nos, strict=True):
        if index.setdefault(path, file_no) != file_no:
            index[path] = NOT_FOUND
    return index


# ---------------------------------------------------------------------------------------------- paths as written

def relative(written: str) -> str:
    """A path without drive letter, host and share, leading separators and `./`; `/` between components.

    Returns: "" where a component is `..`: such a path is refused.
    """
    parts = written[_root_length(written):].replace("\\", "/").split("/")
    if ".." in parts:
        return ""
    return "/".join([p for p in parts if p and p != "."])


def is_refused(written: str) -> bool:
    """Whether a path climbs: it has a component `..`."""
    return ".." in written.replace("\\", "/").split("/")


def literal_prefix(written: str, drop: int) -> str:
    """What of a path as written is not compared: its root and the first `drop` components, with the separators."""
    start = _root_length(written)
    starts = [m.start() for m in _COMPONENT.finditer(written, start) if m.group() != "."]
    if drop:
        return written[:starts[drop]] if drop < len(starts) else ""
    return written[:start]


def shown_prefix(prefix: str) -> str:
    """A literal prefix as it is shown: `E:\\备份`, `E:\\`; "" where it is separators or `./` only."""
    bare = prefix.rstrip("\\/")
    if not bare.strip("\\/."):
        return ""
    return bare + prefix[len(bare):][:1] if bare.endswith(":") else bare


def _root_length(written: str) -> int:
    match = _ROOT.match(written)
    return match.end() if match else 0


# ----------------------------------------------------------------------------------------------- lost characters

_LOST = re.compile(r"[?_…\ufffd]+")
_NO_LETTERS = re.compile(r"[^a-z0-9/]+")


def has_lost(path: str) -> bool:
    """Whether a name may have lost characters: `?`, `_`, `…`, U+FFFD."""
    return _LOST.search(path) is not None


def lost_agrees(listed: str, path: str) -> bool:
    """Whether `path` may be what a listed path was before characters were lost; component by component.

    A run of lost characters stands for one or more characters of the same component. Linear in the lengths.
    """
    listed_parts, parts = fold(listed).split("/"), fold(path).split("/")
    return len(listed_parts) == len(parts) and all(map(_component_agrees, listed_parts, parts))


def _component_agrees(listed: str, name: str) -> bool:
    first, *rest = _LOST.split(listed)
    if not rest:
        return listed == name
    last = rest.pop()
    if not name.startswith(first):
        return False
    at = len(first)
    for piece in rest:
        at = name.find(piece, at + 1)
        if at < 0:
            return False
        at += len(piece)
    return len(name) - len(last) > at and name.endswith(last)


def skeleton(path: str) -> str:
    """ASCII letters, digits and separators of a folded path: equal for a name and what is left of it."""
    return _NO_LETTERS.sub("", fold(path))


# ------------------------------------------------------------------------------------------------ the root offset

class RootOffset(NamedTuple):
    """One for a whole list: drop the first components, prepend a directory of the carrier."""

    drop: int = 0
    prepend: str = ""

    def apply(self, path: str) -> str:
        """A relative path under this offset, "" where nothing is left of it."""
        if self.drop:
            parts = path.split("/", self.drop)
            if len(parts) <= self.drop:
                return ""
            path = parts[-1]
        return f"{self.prepend}/{path}" if self.prepend and path else path


class Root(NamedTuple):
    """The offset to compare with. settled: no person need confirm it. rivals: as good as each other, none chosen."""

    offset: RootOffset
    bound: int
    listed: int
    settled: bool
    rivals: tuple[RootOffset, ...] = ()


_PLACES_AT_MOST = 20_000        # files of one name that are tried as the place of a line
_OFFSETS_AT_MOST = 16           # counted over all lines
_COINCIDENCE = 8                # an offset that binds no more than one line in eight is no offset


def choose_root(names: Names, paths: Sequence[str], missed: Sequence[str], agrees: Callable[[str, int], bool]) -> Root:
    """The root offset of a list, by names and, between equals, by declared sizes.

    The list as it stands stays unless another offset binds more lines. Settled only where exactly one offset binds
    every line one to one, and all lines lose the same components.

    Args:    paths: relative (`relative`), each once. missed: of them, those that the list as it stands does not bind.
             agrees: whether a path's declared size fits a file.
    """
    identity = RootOffset()
    bound = len(paths) - len(missed) + _lost_count(names, missed)
    if bound == len(paths):
        return Root(identity, bound, len(paths), True)
    best, most, complete = _best(names, paths, agrees, bound)
    if len(best) == 1:
        settled = complete and most == len(paths) and best[0].drop <= len(_common_directories(paths))
        return Root(best[0], most, len(paths), settled)
    if best and most * 2 >= len(paths):
        return Root(identity, most, len(paths), False, tuple(best))
    return Root(identity, bound, len(paths), True)


def _best(names: Names, paths: Sequence[str], agrees: Callable[[str, int], bool], to_beat: int
          ) -> tuple[list[RootOffset], int, bool]:
    """The offsets that bind most paths, if more than `to_beat`; how many they bind; whether all were tried."""
    offsets, complete = _ranked(names, paths, agrees)
    common = len(_common_directories(paths))                     # dropping these makes no two paths one
    best: list[tuple[RootOffset, array[int]]] = []
    most = max(to_beat, len(paths) // _COINCIDENCE)
    different: dict[int, int] = {}                               # paths that are left when so much is dropped
    for offset in offsets:
        wanted = most if best else most + 1
        if offset.drop not in different:
            different[offset.drop] = len(paths) if offset.drop <= common \
                else len({RootOffset(offset.drop).apply(path) for path in paths})
        if different[offset.drop] < wanted:
            continue
        file_nos = _bound(names, paths, offset, len(paths) - wanted)
        if file_nos is None:
            continue
        if _count(file_nos) > most:
            best, most = [], _count(file_nos)
        if all(file_nos != other for _, other in best):          # another way to say the same is no rival
            best.append((offset, file_nos))
    if len(best) > 1:
        fits = [_fitting(paths, file_nos, agrees) for _, file_nos in best]
        best = [b for b, fit in zip(best, fits, strict=True) if fit == max(fits)]
    return [offset for offset, _ in best], most, complete


def _bound(names: Names, paths: Sequence[str], offset: RootOffset, may_miss: int) -> array[int] | None:
    """The files of paths, one to one, under an offset; None as soon as more than `may_miss` paths have none."""
    file_nos = array("q")
    used: set[int] = set()
    for path in paths:
        path = offset.apply(path)
        file_no = names.find(path)[0]
        if file_no < 0 and has_lost(path) and names.may_be_lost(path):
            file_no = _LOST_FOUND
        elif file_no < 0 or file_no in used:
            file_no = NOT_FOUND
            may_miss -= 1
            if may_miss < 0:
                return None
        else:
            used.add(file_no)
        file_nos.append(file_no)
    return file_nos


def _lost_count(names: Names, missed: Sequence[str]) -> int:
    """How many paths that the list as it stands does not bind have lost characters and may be files all the same."""
    lost = list(filter(has_lost, missed))
    if not any(map(names.may_be_lost, _spread(lost, _NEAR_AT_MOST))):
        return 0
    return sum(map(names.may_be_lost, lost))


def _count(file_nos: array[int] | None) -> int:
    return 0 if file_nos is None else len(file_nos) - file_nos.count(NOT_FOUND)


def _fitting(paths: Sequence[str], file_nos: array[int], agrees: Callable[[str, int], bool]) -> int:
    return sum(agrees(path, file_no) for path, file_no in zip(paths, file_nos, strict=True) if file_no >= 0)


def _ranked(names: Names, paths: Sequence[str], agrees: Callable[[str, int], bool]) -> tuple[list[RootOffset], bool]:
    """Offsets worth counting, best first by a sample of lines; and whether every offset that binds all is among them.

    An offset that binds all lines binds the sampled line with the fewest places, so that line's places give them all.
    """
    sample = _spread(paths, 256)
    places = names.by_last_name({fold(p.rpartition("/")[2]) for p in sample})
    located = sorted((len(found), path, found) for path in sample
                     if (found := places[fold(path.rpartition("/")[2])]))
    end = "/" + sample[len(sample) // 2].rpartition("/")[2]
    twins = [path for path in paths if path.endswith(end)]       # what drops too much makes these one
    few = [(path, found) for count, path, found in located if count <= _PLACES_AT_MOST]
    complete = bool(few)
    common = _common_directories(paths)
    offsets: dict[RootOffset, None] = {}
    tried = 0
    for path, found in few[:8]:
        tried += len(found)
        if offsets and tried > _PLACES_AT_MOST:
            break
        for place in found:
            offsets.update(dict.fromkeys(_reduced(o, common) for o in _offsets(path, place)))
    offsets.pop(RootOffset(), None)
    ranked = list(offsets)
    for sampled, keep in ((8, 256), (64, _OFFSETS_AT_MOST)):
        lines = list(dict.fromkeys(_spread(sample, sampled) + _spread(twins, 8)))
        votes = {offset: _votes(names, lines, offset, agrees) for offset in ranked}
        ranked.sort(key=lambda o: votes[o], reverse=True)        # stable: earlier places and trees stay first
        if len(ranked) > keep and votes[ranked[keep]] == votes[ranked[0]]:
            complete = False                                     # more equals than can be counted
        ranked = [o for o in ranked[:keep] if votes[o][0] * _COINCIDENCE > len(lines)]
    return ranked, complete


def _spread(paths: Sequence[str], count: int) -> list[str]:
    return list(paths[::max(1, len(paths) // count)][:count])


def _votes(names: Names, paths: Sequence[str], offset: RootOffset, agrees: Callable[[str, int], bool]
           ) -> tuple[int, int]:
    file_nos = _bound(names, paths, offset, len(paths)) or array("q")
    return _count(file_nos), _fitting(paths, file_nos, agrees)


def _offsets(path: str, place: str) -> Iterable[RootOffset]:
    """The offsets that turn a path into a place: one for each length of their common end.

    A directory that lost characters and may be the one of the place belongs to the name; it is no root to drop.
    """
    parts, target = path.split("/"), place.split("/")
    listed, found = fold(path).split("/"), fold(place).split("/")
    for length in range(1, min(len(parts), len(target)) + 1):
        if not _component_agrees(listed[-length], found[-length]):
            return
        ends = length == min(len(parts), len(target))
        if ends or not has_lost(parts[-length - 1]) or not _component_agrees(listed[-length - 1], found[-length - 1]):
            yield RootOffset(len(parts) - length, "/".join(target[:-length]))


def _reduced(offset: RootOffset, common: Sequence[str]) -> RootOffset:
    """The simplest offset with the same effect: nothing is dropped only to be prepended again."""
    drop, kept = offset.drop, offset.prepend.split("/") if offset.prepend else []
    while drop and kept and drop <= len(common) and common[drop - 1] == kept[-1]:
        drop -= 1
        kept.pop()
    return RootOffset(drop, "/".join(kept))


def _common_directories(paths: Sequence[str]) -> list[str]:
    """The directories that all paths begin with."""
    if not paths:
        return []
    first, last = min(paths).split("/")[:-1], max(paths).split("/")[:-1]
    length = 0
    while length < min(len(first), len(last)) and first[length] == last[length]:
        length += 1
    return first[:length]


# --------------------------------------------------------------------------------------- names that mean nothing

@cache
def _patterns(section: str, key: str) -> re.Pattern[str]:
    """One pattern of all rows of litter.toml under a key; case-folded."""
    rows: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    wanted = rows[section][key]
    if key == "patterns":
        return re.compile("|".join(wanted))
    shells = (re.escape(fold(w)).replace(r"\*", ".*").replace(r"\?", ".") for w in wanted)
    return re.compile("|".join(shells), re.DOTALL)


def is_litter(path: str) -> bool:
    """Whether a file is one that a system left behind: Thumbs.db, ._x, anything below $RECYCLE.BIN …"""
    directory, _, name = path.rpartition("/")
    return _patterns("litter", "names").fullmatch(fold(name)) is not None or (directory != "" and _discarded(directory))


@lru_cache(maxsize=4096)
def _discarded(directory: str) -> bool:
    below = _patterns("litter", "directories")
    return any(below.fullmatch(d) for d in fold(directory).split("/"))


def is_digest_list(path: str) -> bool:
    """Whether a file is by its name a list of digests: *.md5, MD5SUMS, checksums.txt, manifest-md5.txt …"""
    return _patterns("lists", "names").fullmatch(fold(path).rpartition("/")[2]) is not None


def is_generic_label(label: str) -> bool:
    """Whether a volume label names nothing: empty, a date, 新建卷, CDROM …"""
    bare = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", label)).upper()
    return (not bare or _patterns("labels", "generic").fullmatch(fold(bare)) is not None
            or _patterns("labels", "patterns").fullmatch(bare) is not None)
