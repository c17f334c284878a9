"""The files of tar archives as a structure keeps them: names decoded, links and special files noted, damage told.

Takes what `tar_members` finds, one after the other; gives `Files` and findings. Knows nothing of where the bytes lie.
"""
from __future__ import annotations

from collections.abc import Callable

from carriers import names
from carriers.iso9660 import damaged
from carriers.model import HOLE, Extent, FileEntry, Files, Finding, Tree
from carriers.tar_members import Damage, End, Member, Piece


class Collected:
    """Members as they come. extent_of: where a stretch of an archive lies on the carrier. most_holes: bytes of zeros,
    in all sparse files together, that a reading follows.

    links: hard links that follow the content which they have: file number → that of the other.
    """

    def __init__(self, extent_of: Callable[[Piece], Extent], most_holes: int) -> None:
        self.files = Files()
        self.links: dict[int, int] = {}
        self.findings: list[Finding] = []
        self._extent_of, self._holes_left = extent_of, most_holes
        self._numbers: dict[str, int] | None = None             # path → the last file of it, once a link asks
        self._lost_until = -1                                   # where the last damage ended

    def add(self, member: Member) -> int:
        """Take up a member. Returns: its file number, -1 where it is no file with content of its own."""
        raw = member.name.rstrip(b"/") if member.kind == "directory" else member.name
        path, recorded = self._named(raw)
        if member.kind == "directory" or not path:
            return -1
        if member.kind == "link":
            self._link(path, recorded, member)
        elif member.kind in ("", "sparse"):
            return self._file(path, recorded, member)
        else:
            target = names.decoded(member.link)[0] if member.kind == "symlink" else ""
            self.findings.append(Finding("content-not-on-carrier", path, facts={"kind": member.kind, "target": target}))
        return -1

    def damage(self, damage: Damage) -> None:
        """Take up a damage; stretches that follow each other are one. Its place is the byte, as an extent."""
        extent = self._extent_of(Piece(damage.at, damage.length))
        last = self.findings[-1] if self.findings and damage.at == self._lost_until else None
        if last is not None and last.extent is not None and last.code == "structure-damaged":
            whole = last.extent._replace(length_bytes=last.extent.length_bytes + damage.length)
            self.findings[-1] = Finding(last.code, "", whole, last.facts)
        else:
            self.findings.append(damaged(damage.what, extent=extent))
        self._lost_until = damage.end

    def end(self, end: End) -> None:
        """An archive is over; one without its end may have had more members."""
        if not end.marked:
            self.findings.append(damaged("tar-end", extent=self._extent_of(Piece(end.at, 0))))

    def trees(self) -> tuple[tuple[Tree, ...], list[Finding]]:
        """The names, the last member of a path first, as unpacking leaves it; `layers-differ` for what is below it."""
        paths = self.files.paths
        if len(set(paths)) == len(paths):
            return (Tree("tar", paths, range(len(paths))),), []
        columns: list[tuple[list[str], list[int]]] = []
        depth: dict[str, int] = {}
        findings: list[Finding] = []
        for number in range(len(paths) - 1, -1, -1):
            path = paths[number]
            below = depth[path] = depth.get(path, -1) + 1
            if below == len(columns):
                columns.append(([], []))
            columns[below][0].append(path)
            columns[below][1].append(number)
            if below == 1:
                findings.append(Finding("layers-differ", path, facts={"tree": "tar", "other": "tar 2",
                                                                      "what": "superseded"}))
        trees = tuple(Tree(f"tar {n}" if n > 1 else "tar", paths, numbers)
                      for n, (paths, numbers) in enumerate(columns, 1))
        return trees, findings

    def _named(self, raw: bytes) -> tuple[str, bytes]:
        """A path, and as recorded where decoding it was a guess; what stands before it ("/", "./") left out."""
        kept = [part for part in raw.split(b"/") if part not in (b"", b".")]
        text, guess = names.decoded(b"/".join(kept))
        if guess:
            self.findings.append(Finding("name-undecodable", text, facts={"encoding": guess}))
        if any(map(names.is_unsafe, text.split("/"))) and kept:
            self.findings.append(Finding("name-unsafe", text))
        return text, b"/".join(kept) if guess else b""

    def _file(self, path: str, recorded: bytes, member: Member) -> int:
        holes = sum(piece.length for piece in member.pieces if piece.at < 0)
        obstacle = ""
        if member.kind == "sparse" or holes > self._holes_left:
            obstacle = "structure-damaged"
            self.findings.append(damaged("tar-sparse", path))
        else:
            self._holes_left -= holes
        extents = () if obstacle else tuple(self._extent_of(piece) if piece.at >= 0 else Extent(HOLE, piece.length)
                                            for piece in member.pieces)
        return self._add(FileEntry(path, recorded, member.size, extents, obstacle))

    def _add(self, entry: FileEntry) -> int:
        number = self.files.add(entry)
        if self._numbers is not None:
            self._numbers[entry.path] = number
        return number

    def _link(self, path: str, recorded: bytes, member: Member) -> None:
        files = self.files
        if self._numbers is None:
            self._numbers = {each: number for number, each in enumerate(files.paths)}
        target = names.decoded(b"/".join(part for part in member.link.split(b"/") if part not in (b"", b".")))[0]
        number = self._numbers.get(target, -1)
        if number < 0:
            self.findings.append(Finding("content-not-on-carrier", path, facts={"kind": "link", "target": target}))
            return
        mine = self._add(FileEntry(path, recorded, files.sizes[number], files.extents(number),
                                   files.obstacles.get(number, "")))
        self.links[mine] = self.links.get(number, number)
