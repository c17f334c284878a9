"""What the paper says of a decision: every cell of the form as a sentence.

Takes a `Decision`, gives texts; relies on the edition (`zj-2010.toml`) for all words and on `checks.judge` for the
outcome of a carrier. Nothing that was not checked is ever worded as passed; a number is never rounded away: bytes
stand beside GB. Clauses: domain §3.3, §5.2, §10.8.
"""
from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from os.path import commonprefix
from pathlib import Path
from typing import Any

from checks.catalogue import shown
from checks.judge import final_outcome, open_doubts
from checks.verdict import (
    CHECKS,
    MUST_BE_CHECKED,
    Check,
    CheckResult,
    Decision,
    FormSummary,
    Judgement,
    Outcome,
    Severity,
    Verdict,
)

EDITIONS = ("zj-2010", "saac-2012")
_GB_BESIDE = 10 ** 10               # bytes below which 「实收…GB(…字节)」 fits one line
_NAMED_AT_MOST = 3                  # carriers named in a sentence; the annex names all


@cache
def edition(name: str = EDITIONS[0]) -> Mapping[str, Any]:
    """An edition of the 检验表 as data: form, rows, and all words of papers by section.

    Editions differ in the form and its rows alone: another one is laid over the first, and the words are the same
    for all papers, so that sentences need not be told which edition they stand on.
    """
    folder = Path(__file__).parent
    files = dict.fromkeys((f"{EDITIONS[0]}.toml", "notices.toml", f"{name}.toml"))
    return {section: words for file in files
            for section, words in tomllib.loads((folder / file).read_text(encoding="utf-8")).items()}


def say(key: str, **facts: object) -> str:
    """The sentence "section.key" with its facts filled in, each of them escaped first.

    Raises: KeyError where the edition has no such sentence or the sentence asks for another fact.
    """
    section, name = key.split(".")
    safe = {fact: shown(str(value)) for fact, value in facts.items()}
    return str(edition()[section][name]).format_map(safe)


def name_of(word: str) -> str:
    """The printed word of an identifier ("md5" → MD5, "disc" → 光盘); unknown ones as they are, escaped."""
    names: Mapping[str, str] = edition()["names"]
    return names.get(word) or shown(word)


def forbidden_words(text: str) -> tuple[str, ...]:
    """The words that no sheet may say and that this text says; for remarks, before they are recorded."""
    return tuple(word for word in edition()["never"] if word in text)


def gigabytes(count: int) -> str:
    """Bytes / 1024³ to three decimals (domain §5.5)."""
    return f"{count / 1024 ** 3:,.3f}"


def final_readings(decision: Decision) -> tuple[Verdict, ...]:
    """The reading of every carrier that the conclusion rests on, in the order of the decision: the last one, or the
    last that failed, for no other reading undoes that. The others stand in the annex only."""
    chosen: dict[tuple[str, str], tuple[tuple[int, bool, str], Verdict]] = {}
    for verdict in decision.verdicts:
        facts = verdict.carrier
        key = (facts.number, facts.set_code) if facts.number else ("", verdict.intake)
        failed = final_outcome(verdict, decision.resolutions) is Outcome.FAILED
        rank = verdict.attempt, failed, verdict.at
        if key not in chosen or chosen[key][0] <= rank:
            chosen[key] = rank, verdict
    return tuple(verdict for _, verdict in chosen.values())


def carrier_name(verdict: Verdict) -> str:
    """载体编号, else the volume label, else the number of the intake."""
    return shown(verdict.carrier.number or verdict.carrier.volume_label or verdict.intake)


def carriers_named(verdicts: Sequence[Verdict]) -> str:
    """A few carriers by name, the rest counted."""
    names = "、".join(carrier_name(v) for v in verdicts[:_NAMED_AT_MOST])
    if len(verdicts) <= _NAMED_AT_MOST:
        return names
    return say("check.more_carriers", carriers=names, count=len(verdicts), unit=unit_of(verdicts))


def unit_of(verdicts: Sequence[Verdict]) -> str:
    """The measure word of these carriers."""
    kinds = {v.carrier.kind for v in verdicts}
    return name_of(f"{kinds.pop()}_unit" if len(kinds) == 1 else "folder_unit")


def algorithms_of(verdicts: Sequence[Verdict]) -> list[str]:
    """The algorithms of the unit's lines, printed names."""
    found = {a for v in verdicts for a in (*v.reference.algorithms, *(line.algorithm for line in v.lines)) if a}
    order = [a for a in ("md5", "sha1", "sha256", "sha512", "sm3", "crc32") if a in found]
    return [name_of(a) for a in [*order, *sorted(found - set(order))]]


def cells(decision: Decision) -> dict[str, str]:
    """The text of every cell of page 1 by its name in the edition; "" = a blank line to write on."""
    final = final_readings(decision)
    return {**declared(decision.form, decision.receiving_org), "data_size_found": _size_found(final),
            "carrier_spec_found": _media_found(final), "accuracy": _accuracy(decision, final),
            "completeness": _completeness(decision, final), "usability": _usability(decision, final),
            "safety": _safety(decision, final), "appearance": _appearance(decision), "method": _method(final),
            "conclusion": _conclusion(decision, final), "not_checked": not_checked_items(decision, final)}


def declared(form: FormSummary, receiving_org: str) -> dict[str, str]:
    """The cells that the unit declares: all of the form that can be printed before anything was checked."""
    field = {key: shown(value.strip()) for key, value in form.fields.items()}
    counted = [say(f"head.{key}", count=field[name]) if field[name].replace(",", "").isdecimal() else field[name]
               for key, name in (("items", "item_count"), ("volumes", "volume_count"), ("pages", "page_count"))
               if field.get(name)]
    description, mode = field.get("description", ""), field.get("backup_mode", "")
    if description and mode:
        description = say("head.description_mode", description=description, mode=mode)
    return {"work_name": field.get("work_name", ""), "description": description or mode,
            "item_count": ",".join(counted), "data_size": _declared_size(field),
            "carrier_range": _carrier_range(field, form),
            "carrier_spec": field.get("carrier_spec", "") or field.get("carrier_form", ""),
            "unit_side": say("head.unit_side", name=form.fields.get("unit_name", "")),
            "receiving_side": say("head.receiving_side", name=receiving_org)}


def _declared_size(field: Mapping[str, str]) -> str:
    size = field.get("declared_gb", "") or edition()["page"]["blank"] + "GB"
    return say("head.data_size", declared=f"{size}GB" if re.fullmatch(r"[0-9.,]+", size) else size)


def _size_found(final: Sequence[Verdict]) -> str:
    """Bytes, which are never cut; GB beside them where the half cell has room (the words of 准确性 always have it)."""
    total, sets = sum(v.counts.bytes for v in final), len({v.carrier.set_code for v in final})
    if sets > 1:
        return say("head.data_size_found_sets", sets=sets, bytes=f"{total:,}")
    return say("head.data_size_found" if total < _GB_BESIDE else "head.data_size_found_large", gb=gigabytes(total),
               bytes=f"{total:,}")


def _carrier_range(field: Mapping[str, str], form: FormSummary) -> str:
    numbers = form.carrier_nos
    first = field.get("carrier_from", "") or (numbers[0] if numbers else "")
    last = field.get("carrier_to", "") or (numbers[-1] if numbers else "")
    if not first or not last or first == last:
        return shown(first or last)
    same = len(commonprefix((first, last)))
    return say("head.range", first=first, last=last[last.rfind("-", 0, same) + 1:])


def _media_found(final: Sequence[Verdict]) -> str:
    met: dict[tuple[str, str], int] = {}
    for verdict in final:
        key = (verdict.carrier.kind, verdict.carrier.medium or name_of(verdict.carrier.kind))
        met[key] = met.get(key, 0) + 1
    media = "、".join(say("head.medium", medium=medium, count=count, unit=name_of(f"{kind}_unit"))
                     for (kind, medium), count in met.items())
    return say("head.detected", media=media)


def result_of(verdict: Verdict, check: str) -> Check:
    """A check of a verdict; one that the verdict does not speak of was not checked."""
    return next((c for c in verdict.checks if c.id == check), Check(check, CheckResult.NOT_CHECKED, {}))


def _results(final: Sequence[Verdict], check: str) -> set[CheckResult]:
    return {result_of(v, check).result for v in final} or {CheckResult.NOT_CHECKED}


def _not_run(verdict: Verdict, check: str) -> str | None:
    """Why a check was not run, in words; None where it was run (a doubt is no reason of this kind)."""
    found = result_of(verdict, check)
    if found.result is CheckResult.NOT_APPLICABLE:
        return None
    for judged in verdict.findings:
        if judged.code == "check-not-run" and (judged.facts.get("check") or judged.check) == check:
            reason = shown(found.evidence.get("zh", "")) if check not in MUST_BE_CHECKED else ""
            return reason or judged.text.get("zh", "") or say("check.no_reason")
    doubted = any(j.check == check and j.severity is Severity.DOUBT for j in verdict.findings)
    if found.result is not CheckResult.NOT_CHECKED or doubted:
        return None
    return shown(found.evidence.get("zh", "")) or say("check.no_reason")


def _caveats(decision: Decision, final: Sequence[Verdict], check: str) -> str:
    """What a cell adds where its check did not pass everywhere: not run (why), doubts that people answered."""
    reasons: dict[str, list[Verdict]] = {}
    for verdict in final:
        reason = _not_run(verdict, check)
        if reason is not None:
            reasons.setdefault(reason.rstrip("。"), []).append(verdict)
    parts = [say("check.not_checked", reason=reason) if len(group) == len(final)
             else say("check.some", which=carriers_named(group), reason=reason) for reason, group in reasons.items()]
    doubts = [j for v in final for j in v.findings if j.severity is Severity.DOUBT and _is_of(j, check)]
    still = [j for v in final for j in open_doubts(v, decision.resolutions) if _is_of(j, check)]
    for key, count in (("resolved", len(doubts) - len(still)), ("open", len(still))):
        if count:
            parts.append(say(f"check.{key}", count=count))
    return "".join(parts)


def _is_of(judged: Judgement, check: str) -> bool:
    return judged.check == check and judged.code != "check-not-run"


def _failed(final: Sequence[Verdict], check: str) -> str:
    """Which carriers failed a check; stands early in its cell, where no cut can hide it."""
    failed = [v for v in final if result_of(v, check).result is CheckResult.FAILED]
    return say("check.failed", which=carriers_named(failed)) if failed else ""


def _packages(final: Sequence[Verdict]) -> int:
    """How many packages were brought: as the form numbers them; a carrier whose lines name none is one package."""
    total = 0
    for verdict in final:
        named = {line.package_no for line in verdict.lines if line.package_no}
        total += verdict.counts.packages or (len(named) if len(verdict.lines) == verdict.counts.listed else 0) or 1
    return total


def _accuracy(decision: Decision, final: Sequence[Verdict]) -> str:
    lead = say("accuracy.lead", packages=_packages(final), gb=gigabytes(sum(v.counts.bytes for v in final)))
    sums = {state: sum(getattr(v.counts, state) for v in final)
            for state in ("equal", "differs", "unreadable", "missing", "not_checked")}
    anchor = max((v.reference.anchor for v in final), default="P5")            # the weakest speaks for all
    algorithms = algorithms_of(final)
    algorithm = "、".join(algorithms) or name_of("digest")
    caveats = _caveats(decision, final, "accuracy")
    lead += _failed(final, "accuracy")
    if any(j.code == "reference-corrected" for v in final for j in v.findings):
        caveats = say("accuracy.corrected") + caveats
    if anchor == "P5" or not any(sums.values()):
        return lead + say("accuracy.P5" if anchor == "P5" else "accuracy.none") + caveats
    clean = _results(final, "accuracy") == {CheckResult.PASSED} and not any(
        count for state, count in sums.items() if state != "equal")
    if clean:
        text = say(f"accuracy.{anchor}", algorithm=algorithm, equal=f"{sums['equal']:,}")
    else:
        text = say("accuracy.counted", algorithm=algorithm, parts=_parts(sums), reference=say(f"reference.{anchor}"))
    return lead + text + caveats + (say("accuracy.md5") if name_of("md5") in algorithms else "")


def _parts(sums: Mapping[str, int]) -> str:
    return ",".join(say("accuracy.part", state=name_of(state), count=f"{count:,}")
                    for state, count in sums.items() if count or state == "equal")


def _completeness(decision: Decision, final: Sequence[Verdict]) -> str:
    sums = {key: f"{sum(getattr(v.counts, key) for v in final):,}"
            for key in ("listed", "missing", "unlisted", "files", "bytes")}
    counts = say("completeness.counts", carriers=len(final), unit=unit_of(final), files=sums["files"],
                 bytes=sums["bytes"])
    listed = {key: sums[key] for key in ("listed", "missing", "unlisted")}
    if _results(final, "completeness") == {CheckResult.PASSED} and sums["missing"] == "0":
        return say("completeness.passed" if sums["unlisted"] == "0" else "completeness.passed_extra", counts=counts,
                   **listed)
    return (_failed(final, "completeness") + say("completeness.counted", counts=counts, **listed)
            + _caveats(decision, final, "completeness"))


def _usability(decision: Decision, final: Sequence[Verdict]) -> str:
    sums = {key: sum(getattr(v.coverage, f"{key}_bytes") for v in final)
            for key in ("planned", "read", "unreadable", "not_attempted")}
    coverage = say("usability.coverage", **{key: f"{count:,}" for key, count in sums.items()})
    results, kinds = _results(final, "usability"), {v.carrier.kind for v in final}
    facts = {"carriers": len(final), "unit": unit_of(final), "kind": name_of(kinds.pop()) if len(kinds) == 1 else ""}
    if results == {CheckResult.PASSED}:
        whole = sums["read"] == sums["planned"] and not sums["unreadable"] and not sums["not_attempted"]
        return say("usability.passed" if whole else "usability.passed_but", **facts) + coverage
    return _failed(final, "usability") + coverage + _caveats(decision, final, "usability")


def _safety(decision: Decision, final: Sequence[Verdict]) -> str:
    failed = [v for v in final if result_of(v, "safety").result is CheckResult.FAILED]
    if failed:
        count = sum(j.count for v in failed for j in v.findings
                    if j.check == "safety" and j.severity is Severity.REJECT)
        return say("safety.failed", count=count, which=carriers_named(failed)) + _caveats(decision, final, "safety")
    passed = [v for v in final if result_of(v, "safety").result is CheckResult.PASSED]
    evidence = dict.fromkeys(result_of(v, "safety").evidence.get("zh", "") or say("safety.done") for v in passed)
    text = "".join(say("safety.passed", evidence=e) for e in evidence)
    if passed and any(j.code == "package-encrypted" for v in passed for j in v.findings):
        text = say("safety.encrypted") + text
    text += _caveats(decision, final, "safety")
    if text:
        return text
    doubted = CheckResult.NOT_CHECKED in _results(final, "safety")
    return say("check.not_checked", reason=say("check.doubted")) if doubted else say("check.not_applicable")


def _appearance(decision: Decision) -> str:
    return shown(decision.appearance) or say("check.not_checked", reason=say("check.no_appearance"))


def _method(final: Sequence[Verdict]) -> str:
    algorithms = "、".join(algorithms_of(final)) or name_of("digest")
    drives = dict.fromkeys(" ".join(v.drive.get(k, "") for k in ("vendor", "model", "firmware")).strip()
                           for v in final)
    named = "、".join(shown(d) for d in drives if d) or say("method.no_drive")
    read_only = dict.fromkeys((str(v.read_only.get("method", "")), v.read_only.get("read_back") is True)
                              for v in final)
    ways = "".join(say("method.read_only", method=name_of(method) or say("page.unknown"),
                       read_back=say("method.read_back" if back else "method.no_read_back"))
                   for method, back in read_only)
    versions = dict.fromkeys(say("method.engine", name=n, version=x) for v in final
                             for n, x in v.versions.items() if x)
    software = say("method.software", versions="、".join(versions)) if versions else ""
    return say("method.compare", algorithms=algorithms) + say("method.drive", drives=named) + ways + software


def _conclusion(decision: Decision, final: Sequence[Verdict]) -> str:
    outcomes = {v.intake: final_outcome(v, decision.resolutions) for v in final}
    unit = decision.form.fields.get("unit_name", "")
    if decision.outcome is Outcome.PARTLY:
        passed = [v for v in final if outcomes[v.intake] is Outcome.PASSED]
        failed = [v for v in final if outcomes[v.intake] is not Outcome.PASSED]
        text = say("conclusion.partly", passed=carriers_named(passed), failed=carriers_named(failed), unit=unit)
    else:
        text = say(f"conclusion.{decision.outcome}", unit=unit)
    for kept in decision.exceptions:
        text += "\n" + say("conclusion.exception", carrier=kept.carrier_no or say("annex.unnamed"), by=kept.by,
                           reason=kept.reason)
    for back in decision.sent_back:
        text += "\n" + say("conclusion.sent_back", carrier=back.carrier_no or say("annex.unnamed"),
                           attempt=back.attempt, intake=back.intake, reasons="、".join(back.reasons))
    for before in decision.earlier:
        changed = "、".join(say("conclusion.was", carrier=number or say("annex.unnamed"), outcome=name_of(outcome))
                           for number, outcome in before.changed.items())
        text += "\n" + say("conclusion.earlier", number=before.number, outcome=name_of(before.outcome),
                           changed=changed or say("conclusion.unchanged"))
    if decision.remark:
        text += "\n" + say("conclusion.remark", remark=decision.remark)
    return text


def headline(decision: Decision) -> str:
    """检验结论 in one phrase: 合格, 不合格, 部分合格, with the number of doubts that people answered."""
    count = sum(r.answer != "recheck" for r in decision.resolutions)
    if count:
        return say(f"conclusion.{decision.outcome}_resolved", count=count)
    return name_of(decision.outcome)


def not_checked_items(decision: Decision, final: Iterable[Verdict]) -> str:
    """未检测项及原因: every check that was not run on some carrier, once per reason."""
    met: dict[str, None] = {}
    for verdict in final:
        for check in CHECKS:
            reason = _not_run(verdict, check)
            if reason is None or (check == "appearance" and decision.appearance and not decision.seen_each):
                continue
            if check == "appearance":
                reason = say("check.no_appearance")
            met[say("check.listed", name=name_of(check), reason=reason.rstrip("。"))] = None
    return ";".join(met) or say("page.none")
