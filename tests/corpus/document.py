"""docs/formats-read.md: what every reader makes of every image, from a survey."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.corpus import witnesses
from tests.corpus.reading import UNREAD
from tests.corpus.recipe import VOUCHED, Recipe
from tests.corpus.survey import Difference, Ours, Row, confirmed, kinds_of, likenesses, recorded

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "formats-read.md"
BODY = "## 汇总 · Summary"             # from here on the document is the same wherever the readers are the same
HEAD = """# 本站能读的盘 · What this reader reads

`./run corpus` makes {images} disc images with {makers} makers, reads each with our reader and with {witnesses} others,
compares names and MD5 of every file, and writes this page. A test does the same and fails where a cell differs.

| reader | version |
|---|---|
{versions}

A cell of the last table is *right files / files*, for each tree (UDF, Joliet, Rock Ridge, ISO 9660) that the reader
shows, and for udfinfo the revision and the number of files that it names; `—`: refuses the image, although there is
something for it to show; empty: nothing in it for that reader. Files that must be named and cannot be read (damaged,
encoded) are right when they are not passed off as read. The numbers in the last column are the reasons below the table:
every difference has one.

"""


def document(rows: Sequence[Row]) -> str:
    versions = witnesses.versions()
    head = HEAD.format(images=len(rows), makers=len({row.recipe.maker for row in rows}), witnesses=len(versions),
                       versions="\n".join(f"| {name} | {version} |" for name, version in versions.items()))
    return head + body(rows)


def body(rows: Sequence[Row]) -> str:
    """From the heading `BODY` on."""
    record = recorded()
    reasons = list(dict.fromkeys(difference.reason for difference in record))
    lines = [BODY, "", *summary(rows), "", *confirmations(rows), "",
             "## 逐盘 · Image by image", "", *table(rows, record, reasons), "",
             "## 原因 · Reasons", "", *(f"{number}. {reason}" for number, reason in enumerate(reasons, 1))]
    return "\n".join(lines) + "\n"


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """Images on which all that a reader shows is right, by maker."""
    yield ("各来源中，读出结果全部正确的映像数（以该程序有内容可读的为分母）。 "
           "Images on which all that a reader shows is right, of those with something for it.")
    yield ""
    yield f"| maker | images | ours | {' | '.join(witnesses.WITNESSES)} |"
    yield "|---" * (len(witnesses.WITNESSES) + 3) + "|"
    for maker in dict.fromkeys(_kind(row.recipe) for row in rows):
        mine = [row for row in rows if _kind(row.recipe) == maker]
        cells = [_whole(mine, name) for name in witnesses.WITNESSES]
        right = sum(rightly_read(row) == len(row.recipe.truth) for row in mine)
        yield f"| {maker} | {len(mine)} | {right} | {' | '.join(cells)} |"


def confirmations(rows: Sequence[Row]) -> Iterator[str]:
    """How many of our trees somebody else shows exactly as we do."""
    trees = {(row.recipe.name, tree): bool(confirmed(row, tree)) for row in rows for tree in row.ours.trees}
    alone = [f"{name} ({tree})" for (name, tree), seen in trees.items() if not seen]
    yield (f"Of {len(trees)} trees that our reader shows, {sum(trees.values())} are shown by at least one other reader"
           " with the same names, the same contents and nothing else. The others, with their reasons in the table: "
           f"{', '.join(alone)}.")


def _kind(recipe: Recipe) -> str:
    return "damaged" if recipe.damage is not None else recipe.maker


def _whole(rows: Sequence[Row], witness: str) -> str:
    asked = [row for row in rows if cell(row, witness)]
    return f"{sum(not kinds_of(row, witness) for row in asked)} of {len(asked)}" if asked else ""


def table(rows: Sequence[Row], record: Sequence[Difference], reasons: Sequence[str]) -> Iterator[str]:
    yield f"| image | how it is made | ours | {' | '.join(witnesses.WITNESSES)} | why |"
    yield "|---" * (len(witnesses.WITNESSES) + 4) + "|"
    for row in rows:
        numbers = {reasons.index(difference.reason) + 1 for name in witnesses.WITNESSES for difference in record
                   if difference.covers(name, row.recipe.name, kinds_of(row, name))}
        cells = [row.recipe.name, _plain(row.recipe.how), f"{rightly_read(row)}/{len(row.recipe.truth)}",
                 *(cell(row, name) for name in witnesses.WITNESSES), " ".join(map(str, sorted(numbers)))]
        yield f"| {' | '.join(cells)} |"


def cell(row: Row, witness: str) -> str:
    reading = row.readings[witness]
    if reading.claims:
        return f"{reading.claims['udfrev']}, {reading.claims.get('numfiles', '?')} files"
    if not reading.views:
        return "—" if kinds_of(row, witness) else ""
    found = likenesses(row, witness)
    if all(likeness.right == likeness.total for likeness in found):
        return f"{found[0].right}/{found[0].total}" + (f" ×{len(found)}" if len(found) > 1 else "")
    told = "told the session: " if witness == "kernel" else ""         # the one view of the kernel that names no tree
    return ", ".join(f"{'' if view.tree else told}{likeness.tree} {likeness.right}/{likeness.total}"
                     for view, likeness in zip(reading.views, found, strict=True))


def rightly_read(row: Row) -> int:
    return sum(_is_right(row.ours, path, digest) for path, digest in row.recipe.truth.items())


def _is_right(ours: Ours, path: str, digest: str) -> bool:
    return ours.files.get(path) == digest or (digest == VOUCHED and ours.files.get(path, UNREAD) != UNREAD)


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;")
