"""One of two manifests of a bag lists fewer files than the other."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, bag, manifest, plant


def build(folder: Path) -> Case:
    some = {f"data/{path}": raw for path, raw in CONTENT.items() if path != "说明.txt"}
    files = bag(CONTENT, "md5", manifest_sha1=manifest(some, "sha1"))
    return Case(plant(folder, files), plant(folder, files, "bag"))
