"""What our reader and every witness make of every image, and where they differ."""
from __future__ import annotations

import fnmatch
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from carriers.blocks import BlockSource
from carriers.disc import Disc
from tests.carriers.images import numbered_digests
from tests.corpus import building, witnesses
from tests.corpus.reading import UNREAD, Reading, View
from tests.corpus.recipe import VOUCHED, Recipe

RECORD = Path(__file__).resolve().parent / "differences.toml"
UDF_ONLY = ("libudfread", "udfinfo")


@dataclass(frozen=True, slots=True)
class Ours:
    """What our reader says. files and trees: path → MD5, `UNREAD` for a file that it names and does not vouch for."""

    layers: tuple[str, ...]
    files: Mapping[str, str]
    trees: Mapping[str, Mapping[str, str]]
    findings: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    recipe: Recipe
    ours: Ours
    readings: Mapping[str, Reading]


@dataclass(frozen=True, slots=True)
class Likeness:
    """A view of a witness beside the tree of ours that it shows. kinds: kind of difference → how many files."""

    tree: str
    right: int
    total: int
    kinds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """A recorded difference: these witnesses, these images (patterns), these kinds, and why in one sentence."""

    witness: tuple[str, ...]
    images: tuple[str, ...]
    kinds: frozenset[str]
    reason: str
    but: tuple[str, ...] = ()

    def covers(self, witness: str, image: str, kinds: frozenset[str]) -> bool:
        return witness in self.witness and kinds == self.kinds and self.speaks_of(image)

    def speaks_of(self, image: str) -> bool:
        return any(fnmatch.fnmatchcase(image, p) for p in self.images) \
            and not any(fnmatch.fnmatchcase(image, p) for p in self.but)


def survey(wanted: Sequence[Recipe], folder: Path) -> list[Row]:
    """Build, read, ask everyone. Raises: as `building.build`."""
    images = building.build(wanted, folder / "images")
    discs = [witnesses.Disc(images[recipe.name], trees_of(recipe), recipe.session) for recipe in wanted]
    (folder / "scratch").mkdir()
    readings = {name: witness(discs, folder / "scratch") for name, witness in witnesses.WITNESSES.items()}
    return [Row(recipe, ours(images[recipe.name]), {name: of[number] for name, of in readings.items()})
            for number, recipe in enumerate(wanted)]


def trees_of(recipe: Recipe) -> tuple[str, ...]:
    return tuple("UDF" if layer.startswith("UDF") else layer for layer in recipe.layers)


def ours(image: Path) -> Ours:
    disc = Disc(BlockSource(image))
    structure, findings = disc.structure()
    read = numbered_digests(disc, structure, "md5")
    assert structure.files is not None
    by_number = [UNREAD if number in structure.files.obstacles else read.get(number, UNREAD)
                 for number in range(len(structure.files))]
    trees = {tree.name: {path: by_number[number] for path, number in zip(tree.paths, tree.file_nos, strict=True)}
             for tree in structure.trees}
    files = dict(zip(structure.files.paths, by_number, strict=True))
    disc.close()
    return Ours(structure.layers, files, trees, dict(Counter(finding.code for finding in findings)))


def vouched(truth: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, str]:
    """A truth in which the files that only witnesses can vouch for are as we read them."""
    return {path: seen.get(path, UNREAD) if digest == VOUCHED else digest for path, digest in truth.items()}


# --- comparing ----------------------------------------------------------------------------------------------------

def likenesses(row: Row, witness: str) -> list[Likeness]:
    """Each view of a witness beside the tree of ours that it names, or else the one that it is most like."""
    found = []
    for view in row.readings[witness].views:
        if view.tree:
            found.append(beside(view.tree, row.ours.trees.get(view.tree), view))
        else:
            found.append(min((beside(name, files, view) for name, files in row.ours.trees.items()),
                             key=lambda likeness: sum(likeness.kinds.values()), default=beside("", None, view)))
    return found


def beside(tree: str, files: Mapping[str, str] | None, view: View) -> Likeness:
    """missing, extra: names; names: as many of both, pair by pair of one content; differs: one name, two contents."""
    if files is None:
        return Likeness(tree, 0, 0, {"no-such-tree": len(view.files)} if view.files else {})
    right = sum(view.files.get(path) == digest for path, digest in files.items())
    missing = Counter(digest for path, digest in files.items() if path not in view.files)
    extra = Counter(digest for path, digest in view.files.items() if path not in files)
    renamed = (missing & extra).total()
    differs = sum(path in view.files and view.files[path] != digest for path, digest in files.items())
    kinds = {"names": renamed, "missing": missing.total() - renamed, "extra": extra.total() - renamed,
             "differs": differs}
    return Likeness(tree, right, len(files), {kind: count for kind, count in kinds.items() if count})


def kinds_of(row: Row, witness: str) -> frozenset[str]:
    """All kinds of difference between this witness and us, on this image; empty = it agrees, or has nothing to show."""
    reading, ours = row.readings[witness], row.ours
    if witness == "udfinfo":
        return _claims(reading, ours)
    if not reading.views:
        speaks = not ours.trees or (witness in UDF_ONLY and "UDF" not in ours.trees)
        return frozenset() if speaks else frozenset({"refuses"})
    kinds = {kind for likeness in likenesses(row, witness) for kind in likeness.kinds}
    if witness in ("kernel", "pycdlib"):
        shown = {view.tree for view in reading.views}
        kinds |= {f"no {tree}" for tree in ours.trees if tree not in shown}
    return frozenset(kinds)


def _claims(reading: Reading, ours: Ours) -> frozenset[str]:
    layer = next((layer for layer in ours.layers if layer.startswith("UDF")), "")
    if not reading.claims:
        return frozenset({"refuses"}) if layer else frozenset()
    kinds = {"revision"} if f"UDF {reading.claims['udfrev']}" != layer else set()
    if reading.claims.get("numfiles") != str(len(ours.trees.get("UDF", {}))):
        kinds.add("count")
    return frozenset(kinds)


def recorded() -> list[Difference]:
    """The record. Raises: KeyError, for an entry that lacks a field."""
    entries = tomllib.loads(RECORD.read_text("utf-8")).get("difference", [])
    return [Difference(tuple(entry["witness"]), tuple(entry["images"]), frozenset(entry["kinds"]), entry["reason"],
                       tuple(entry.get("but", ()))) for entry in entries]


def confirmed(row: Row, tree: str) -> list[str]:
    """The witnesses that show this tree of ours exactly: every name and every content, and nothing else."""
    return [name for name, reading in row.readings.items()
            if any(view.tree in (tree, "") and view.files == row.ours.trees[tree] for view in reading.views)]


def unrecorded(rows: Sequence[Row]) -> list[tuple[Row, str, frozenset[str]]]:
    """Differences that nobody explained."""
    record = recorded()
    return [(row, name, kinds) for row in rows for name in row.readings if (kinds := kinds_of(row, name))
            and not any(difference.covers(name, row.recipe.name, kinds) for difference in record)]


def outdated(rows: Sequence[Row]) -> list[str]:
    """What is recorded and does not occur: of every entry each witness and each image that it speaks of."""
    return [f"{name} on {row.recipe.name}: {difference.reason}" for difference in recorded()
            for name in difference.witness for row in rows
            if difference.speaks_of(row.recipe.name) and kinds_of(row, name) != difference.kinds] + [
        f"{pattern}: no such image" for difference in recorded() for pattern in difference.images
        if not any(fnmatch.fnmatchcase(row.recipe.name, pattern) for row in rows)]
