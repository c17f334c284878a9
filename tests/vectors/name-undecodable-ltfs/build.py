"""A percent-encoded name that is no UTF-8: it is taken for GB18030, as the form has it."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    content = {**CONTENT, "公文.txt": b"text"}
    odd = {**CONTENT, "公文.txt".encode("gbk").decode("utf-8", "surrogateescape"): b"text"}
    return tape_case(folder, ltfs(odd, Options()), content)
