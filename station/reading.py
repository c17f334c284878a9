"""A reading: what one pass learnt of a carrier, before anything is compared. Kept, so that a later form needs no pass.

Takes the carrier's structure and the consumers of the pass, gives `files.jsonl.zst` and a journal record; gives the
same reading back from those (`recompare`). Relies on the journal's lists.
"""
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from carriers.capacity import Probed
from carriers.health import Health
from carriers.model import Addressing, CarrierId, CarrierKind, Extent, FileEntry, Files, Finding, Structure, Tree
from checks.catalogues import Enclosed, enclosed_from
from checks.encodings import named_as_listed
from checks.fixity import DIGEST_BYTES, Fixities, ReadState
from checks.form import SubmittedForm
from checks.formats import Formats
from checks.readability import Readability, SlowRule
from station.journal import read_list

OPENED_READ_ONLY: Mapping[str, str | bool] = {"method": "open-read-only", "read_back": False}


@dataclass(frozen=True, slots=True)
class Reading:
    """What lies on the carrier and what reading it gave. found: of its structure, its enclosed files, the drive.

    joined: groups of files that were hashed as one too; their fixities come after those of all files. health: what the
    drive said; what it gave reason to find stands in found. probed: whether the carrier has what it claims. read_only:
    how the carrier was kept from being written, as the verdict says it.
    """

    identity: CarrierId
    structure: Structure
    found: tuple[Finding, ...]
    enclosed: Enclosed
    fixities: Fixities
    readability: Readability
    formats: Formats
    planned_bytes: int
    lost_bytes: int
    joined: tuple[tuple[int, ...], ...] = ()
    health: Health = field(default_factory=Health)
    probed: Probed = Probed()
    read_only: Mapping[str, str | bool] = field(default_factory=lambda: dict(OPENED_READ_ONLY))

    def joined_as(self, joined: tuple[tuple[int, ...], ...]) -> Reading:
        """The same reading for a form that joins these files; what was not hashed as one when it was read is not read.
        """
        count, known = self.fixities.count - len(self.joined), self.fixities
        fixities = Fixities(known.algorithms, count + len(joined), carrier=known.carrier)
        numbers = [*range(count), *(count + self.joined.index(parts) if parts in self.joined else -1
                                    for parts in joined)]
        for number, before in enumerate(numbers):
            if before >= 0:
                fixities.states[number] = known.states[before]
        for name, column in fixities.columns.items():
            width = DIGEST_BYTES[name]
            column[:count * width] = known.columns[name][:count * width]
            for number, before in enumerate(numbers[count:], count):
                if before >= 0:
                    column[number * width:(number + 1) * width] = \
                        known.columns[name][before * width:(before + 1) * width]
        return replace(self, fixities=fixities, joined=joined)

    def record(self) -> dict[str, Any]:
        """The journal's `reading` line: all of it but the list of files."""
        structure = self.structure
        return {
            "identity": {f: getattr(self.identity, f) for f in CarrierId.__dataclass_fields__},
            "structure": {"layers": structure.layers, "addressing": structure.addressing,
                          "block_bytes": structure.block_bytes, "blocks": structure.blocks,
                          "capacity_bytes": structure.capacity_bytes, "volume_blocks": structure.volume_blocks,
                          "trees": [t.name for t in structure.trees], "structure_extents": structure.structure_extents,
                          "unseen_blocks": structure.unseen_blocks, "links": structure.links},
            "found": [finding_record(f) for f in self.found], "enclosed": self.enclosed.record(),
            "algorithms": self.fixities.algorithms,
            "carrier_digests": [[a, n, h] for (a, n), h in sorted(self.fixities.carrier.items())],
            "readability": self.readability.save(), "formats": self.formats.save(),
            "planned_bytes": self.planned_bytes, "lost_bytes": self.lost_bytes, "read_only": dict(self.read_only),
            "probed": self.probed, "health": asdict(replace(self.health, findings=())),
            "joined": [[parts, self.fixities.states[number],
                        {name: self.fixities.digest(number, name).hex() for name in self.fixities.algorithms}]
                       for number, parts in enumerate(self.joined, self.fixities.count - len(self.joined))],
        }

    def named_for(self, form: SubmittedForm) -> Reading:
        """The same with names that record no encoding as this form has them."""
        structure, found = named_as_listed(form, self.structure, self.found)
        formats = Formats(structure)
        formats.restore(self.formats.save())
        return replace(self, structure=structure, found=found, formats=formats)

    def file_rows(self) -> Iterator[str]:
        """The rows of files.jsonl.zst: names in every tree, size, extents, state, digests, raw: the path in
        hex as recorded, where decoding it was a guess."""
        files = self.structure.files
        if files is None:
            return
        names = [json.encoder.encode_basestring(path) for path in files.paths]
        states = [ReadState(state).name.lower() for state in range(len(ReadState))]
        keys = "".join([f'","{name}":"%s' for name in self.fixities.algorithms])
        hexes = (self.fixities.hexes(name)[:len(files)] for name in self.fixities.algorithms)
        digests = map(keys.__mod__, zip(*hexes, strict=True))
        elsewhere = map(",".join, zip(*(_names_in(tree, files) for tree in self.structure.trees), strict=True))
        states_of = self.fixities.states[:len(files)]
        columns = zip(names, files.sizes, files.starts, states_of, digests, elsewhere, strict=True)
        for number, (name, size, start, state, digest, shown) in enumerate(columns):
            extents = f"[{start},{size}]" if start >= 0 else \
                ",".join([f"[{lba},{length},0,{skip}]" if skip else f"[{lba},{length}]"
                          for lba, length, _, skip in files.extents(number)])
            obstacle = f',"obstacle":"{files.obstacles[number]}"' if number in files.obstacles else ""
            raw = f',"raw":"{files.raw_names[number].hex()}"' if number in files.raw_names else ""
            yield (f'{{"path":{name},"size":{size},"names":[{shown}],"extents":[{extents}],'
                   f'"state":"{states[state]}{digest}"{obstacle}{raw}}}')


def _names_in(tree: Tree, files: Files) -> list[str]:
    """JSON of every file's name in a tree: 1 = the same as its path, null = not shown there."""
    cells, paths = ["null"] * len(files), files.paths
    for path, number in zip(tree.paths, tree.file_nos, strict=True):
        cells[number] = "1" if path is paths[number] or path == paths[number] \
            else json.encoder.encode_basestring(path)
    return cells


def finding_record(finding: Finding) -> dict[str, Any]:
    """A finding as a journal keeps it."""
    return {"code": finding.code, "path": finding.path, "extent": finding.extent, "facts": dict(finding.facts)}


def finding_from(record: Mapping[str, Any]) -> Finding:
    return Finding(record["code"], record["path"], Extent(*record["extent"]) if record["extent"] else None,
                   record["facts"])


def reading_from(record: Mapping[str, Any], files_list: Path, slow: SlowRule) -> Reading:
    """The reading that a journal's `reading` line and its list of files describe.

    Raises: RegisterError("journal-broken").
    """
    parts = record["structure"]
    files = Files()
    columns: list[tuple[list[str], list[int]]] = [([], []) for _ in parts["trees"]]
    rows = list(read_list(files_list))
    algorithms = tuple(record["algorithms"])
    joined = record.get("joined", [])
    fixities = Fixities(algorithms, len(rows) + len(joined))
    for number, row in enumerate(rows):
        files.add(FileEntry(row["path"], bytes.fromhex(row.get("raw", "")), row["size"],
                            tuple(Extent(*e) for e in row["extents"]), row.get("obstacle", "")))
        for (paths, numbers), name in zip(columns, row["names"], strict=True):
            if name is not None:
                paths.append(row["path"] if name == 1 else name)
                numbers.append(number)
        if row["state"] == "complete":
            fixities.put(number, {a: bytes.fromhex(row[a]) for a in algorithms})
        else:
            fixities.states[number] = ReadState[row["state"].upper()]
    for number, (_, state, hexes) in enumerate(joined, len(rows)):
        fixities.put(number, {name: bytes.fromhex(text) for name, text in hexes.items() if text})
        fixities.states[number] = state
    fixities.carrier.update({(a, n): h for a, n, h in record["carrier_digests"]})
    trees = tuple(Tree(name, paths, numbers) for name, (paths, numbers) in zip(parts["trees"], columns, strict=True))
    structure = Structure(tuple(parts["layers"]), Addressing(parts["addressing"]), parts["block_bytes"],
                          parts["blocks"], parts["capacity_bytes"], parts["volume_blocks"], files, trees,
                          tuple(Extent(*e) for e in parts["structure_extents"]), parts["unseen_blocks"],
                          links=tuple(Extent(*e) for e in parts.get("links", ())))
    readability = Readability(structure, record["planned_bytes"], slow)
    readability.restore(record["readability"])
    formats = Formats(structure)
    formats.restore(record["formats"])
    identity = CarrierId(**{**record["identity"], "kind": CarrierKind(record["identity"]["kind"])})
    found = [finding_from(f) for f in record["found"]]
    if "enclosed" not in record:                    # kept by a station that did not look for such files
        found.append(Finding("check-not-run", "", None, {"check": "completeness", "reason": "catalogues"}))
    return Reading(identity, structure, tuple(found), enclosed_from(record.get("enclosed", {})), fixities,
                   readability, formats, record["planned_bytes"], record["lost_bytes"],
                   tuple(tuple(parts) for parts, _, _ in joined),
                   Health(**{**record["health"], "findings": ()}) if "health" in record else Health(),
                   Probed(*record.get("probed", Probed())), record.get("read_only", OPENED_READ_ONLY))
