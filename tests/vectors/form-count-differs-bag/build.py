"""Payload-Oxum counts more files than the manifests and the carrier have; the bytes are right."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, bag, plant


def build(folder: Path) -> Case:
    files = bag(CONTENT, "md5", bag_info=b"Payload-Oxum: 12100.4\n")
    return Case(plant(folder, files), plant(folder, files, "bag"))
