"""Every word there, in both languages; nothing worded that nobody says, nothing said that is not worded."""
import ast
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks import catalogue
from checks.verdict import CHECKS, Severity

ROOT = Path(__file__).resolve().parents[2]
TABLE = tomllib.loads((ROOT / "checks" / "catalogue.toml").read_text(encoding="utf-8"))
PHRASES = tomllib.loads((ROOT / "station" / "phrases.toml").read_text(encoding="utf-8"))
PACKAGES = ("carriers", "checks", "labels", "station")


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """(file, name of the function, call) of every call whose first argument is a plain text."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) \
                        and isinstance(node.args[0].value, str):
                    function = node.func
                    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                    yield str(path), name, node


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", sorted(TABLE["findings"]))
def test_a_finding_is_complete(code: str) -> None:
    row = TABLE["findings"][code]
    severities = [row["severity"], *row.get("at", {}).values(), *row.get("in", {}).values()]
    assert all(Severity(s) for s in severities)
    assert row["check"] in CHECKS or code == "check-not-run"
    assert row["name_zh"] and row["name_en"] and "clause" in row
    for texts in (row, *row.get("by", {}).values()):
        assert fields(texts["zh"]) == fields(texts["en"])
        assert any("\u4e00" <= c <= "\u9fff" for c in texts["zh"])
    if severities != ["note"] and code not in ("check-not-run", "format-mismatch", "package-encrypted"):
        assert row["do_zh"] and row["do_en"]


@pytest.mark.parametrize("section", ["errors", "phrases"])
def test_refusals_and_phrases_are_complete(section: str) -> None:
    for code, row in TABLE[section].items():
        assert fields(row["zh"]) == fields(row["en"]), code


def test_station_phrases_are_complete() -> None:
    for key, row in PHRASES.items():
        assert set(row) == {"zh", "en"} and fields(row["zh"]) == fields(row["en"]), key


def test_every_refusal_is_worded_with_the_facts_it_has() -> None:
    names = {"Refused", "CarrierError", "DriveLost", "CarrierChanged", "FormUnreadable", "RegisterError", "UsageError",
             "Stopped"}
    said = set()
    for path, name, call in calls():
        if name in names:
            code = call.args[0].value  # type: ignore[attr-defined]
            said.add(code)
            assert code in TABLE["errors"], (path, code)
            if all(k.arg for k in call.keywords):
                missing = fields(TABLE["errors"][code]["zh"]) - {k.arg for k in call.keywords}
                assert not missing, (path, code, missing)


def test_every_finding_that_is_made_is_in_the_catalogue() -> None:
    for path, name, call in calls():
        if name == "Finding":
            assert call.args[0].value in TABLE["findings"], path  # type: ignore[attr-defined]


def test_every_phrase_that_is_said_exists() -> None:
    for path, name, call in calls():
        if name in ("phrase", "say") and "station/" in path:
            key = call.args[0].value  # type: ignore[attr-defined]
            assert key in PHRASES or key.endswith("-"), (path, key)


def test_hostile_text_is_shown_escaped() -> None:
    assert catalogue.shown("a\x1b[31m\u202eb\udc80\n") == r"a\x1b[31m\u202eb\x80\x0a"
    assert catalogue.shown("档案 A-1") == "档案 A-1"
    assert catalogue.words("errors", "source-missing", {"source": "\u202e{x}"})["en"].startswith(
        r"There is no source \u202e{x}.")
