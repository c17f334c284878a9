"""Digests that a carrier itself has of its files (`ltfs.hash.*` of LTFS): a second list, and no proof of its own.

Takes the structure and the measured fixities, gives findings `digest-mismatch` at the place "recorded".
"""
from __future__ import annotations

from carriers.model import Finding, Structure
from checks.fixity import DIGEST_BYTES, Fixities


def recorded_algorithms(structure: Structure) -> tuple[str, ...]:
    """The algorithms that must be computed to look."""
    return tuple(structure.files.recorded) if structure.files is not None else ()


def recorded_findings(structure: Structure, fixities: Fixities) -> list[Finding]:
    """Files whose content is not what the carrier itself has a digest of."""
    files, found = structure.files, list[Finding]()
    for algorithm, (numbers, column) in files.recorded.items() if files is not None else ():
        width = DIGEST_BYTES[algorithm]
        for at, number in enumerate(numbers):
            said = bytes(column[at * width:(at + 1) * width])
            actual = fixities.digest(number, algorithm)             # nothing of a file that was not read whole
            if actual and actual != said:
                found.append(Finding("digest-mismatch", files.paths[number] if files else "", facts={
                    "algorithm": algorithm, "expected": said.hex(), "actual": actual.hex(), "elsewhere": "",
                    "reason": "recorded", "place": "recorded"}))
    return found
