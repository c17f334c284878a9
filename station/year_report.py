"""A year in sentences, as the centre reports it, and as JSON.

Takes a `Summary`, gives texts in the operator's language; relies on `phrases.toml`. The kind of sentences is that of
the Haiyan report (domain §3.7); sizes are to the base 1024 with the bytes beside them (§5.5).
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from station.plans import Progress
from station.standing import Head
from station.statistics import REASONS, Group, Quality, Summary, Totals
from station.words import Voice

_NAMES = 12                             # of units in one sentence
_MB, _GB = 1 << 20, 1 << 30
_TABLES = ("by_layer", "by_data_form", "by_layer_form_unit", "by_unit", "by_year", "by_batch")


def heads_text(heads: Iterable[Head], voice: Voice, digits: int = 64) -> str:
    """The registers as far as they were read, with the SHA-256 of their last lines."""
    return "; ".join(voice.phrase("year-head", station=h.station, seq=h.seq, sha256=h.sha256[:digits]) for h in heads)


def sentences(summary: Summary, voice: Voice) -> list[str]:
    """The report, sentence by sentence; what there is nothing to say of is left out."""
    year = voice.phrase("year-of", year=summary.year) if summary.year else voice.phrase("year-all")
    at = datetime.fromisoformat(summary.at).astimezone()
    texts = [voice.phrase("year-title", year=year, at=f"{at:%Y-%m-%d %H:%M}",
                          heads=heads_text(summary.heads, voice))]
    if summary.plan:
        texts.append(_plan(summary.plan, voice))
    total = summary.total
    texts.append(voice.phrase(
        "year-total", units=total.units, batches=total.batches, carriers=total.carriers,
        kinds=_counted(summary.kinds, "kind-", voice), sets=_counted(summary.sets, "", voice),
        files=f"{total.files:,}", net=sized(total.net_bytes, voice), bytes=sized(total.bytes, voice),
        repeated=sized(total.repeated_bytes, voice)) + _declared(total, voice))
    for layer, form in sorted({group.names[:2] for group in summary.by_layer_form_unit}):
        texts.append(_class(summary, layer, form, voice))
    texts += [voice.phrase("year-project", unit=group.names[1], system=group.names[4], batch=group.names[0],
                           net=sized(group.totals.net_bytes, voice)) + _declared(group.totals, voice)
              for group in summary.by_batch if group.names[4]]
    texts += _quality(summary.quality, voice)
    texts.append(voice.phrase("year-open", open=summary.open_batches, partly=summary.partly))
    sampling = summary.sampling
    if sampling.samples:
        texts.append(voice.phrase("year-sampling", **asdict(sampling)))
    texts.append(voice.phrase("year-acts", **summary.acts))
    texts.append(voice.phrase("year-method"))
    return texts


def _plan(plan: list[Progress], voice: Voice) -> str:
    """A unit is done when all its rows are; overdue when one is."""
    units: dict[str, set[str]] = {}
    for each in plan:
        units.setdefault(each.row.fonds_no or each.row.unit_name, set()).add(each.state)
    done = sum(states == {"done"} for states in units.values())
    overdue = sum("overdue" in states for states in units.values())
    return voice.phrase("year-plan", units=len(units), rows=len(plan), done=done, undone=len(units) - done,
                        overdue=overdue)


def _class(summary: Summary, layer: str, form: str, voice: Voice) -> str:
    """One layer and data form: its units by name, its sums."""
    groups = [group for group in summary.by_layer_form_unit if group.names[:2] == (layer, form)]
    names = [group.names[2] or "-" for group in groups]
    more = voice.phrase("year-more") if len(names) > _NAMES else ""
    listed = voice.phrase("year-comma").join(names[:_NAMES]) + more
    sums = added(groups)
    unsaid = voice.phrase("year-unsaid")
    return voice.phrase("year-class", layer=layer or unsaid, form=form or unsaid, units=len(groups), names=listed,
                        batches=sums.batches, carriers=sums.carriers, net=sized(sums.net_bytes, voice)
                        ) + _declared(sums, voice)


def added(groups: Iterable[Group]) -> Totals:
    """The sum of groups that share no carrier and no unit."""
    sums = Totals()
    for group in groups:
        for name, value in asdict(group.totals).items():
            if value is not None:
                setattr(sums, name, (getattr(sums, name) or 0) + value)
    return sums


def _declared(totals: Totals, voice: Voice) -> str:
    """What forms declare, only as far as they do."""
    parts = [voice.phrase(f"year-{name}", count=f"{count:,}") for name in ("volumes", "items", "pages")
             if (count := getattr(totals, name)) is not None]
    parts += [voice.phrase(f"year-{name}", size=_rounded(size) or sized(size, voice))
              for name in ("declared_bytes", "original_bytes") if (size := getattr(totals, name)) is not None]
    return voice.phrase("year-declared", parts=voice.phrase("year-comma").join(parts)) if parts else ""


def _quality(quality: Quality, voice: Voice) -> list[str]:
    if not quality.decided:
        return []
    rate = f"{100 * quality.first_pass / quality.decided:.1f}"
    texts = [voice.phrase("year-quality", decided=quality.decided, first=quality.first_pass, rate=rate,
                          returns=quality.returns, still=quality.still_returned,
                          reasons=_counted(quality.reasons, "why-", voice), attempts=max(quality.attempts, default=1))]
    if quality.days:
        mean = sum(quality.days) / len(quality.days)
        texts.append(voice.phrase("year-days", mean=f"{mean:.1f}", longest=f"{max(quality.days):.1f}"))
    texts.append(voice.phrase("year-people", people=quality.by_people, anchors=_counted(quality.anchors, "", voice),
                              unchecked=_counted(quality.unchecked, "check-", voice))
                 + (voice.phrase("year-unknown", count=quality.unchecked_unknown) if quality.unchecked_unknown else ""))
    return texts


def _counted(counts: Counter[str], prefix: str, voice: Voice) -> str:
    """Words with how often, most often first: 光盘 3、磁带 1."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    plain = not prefix
    words = (f"{(name or voice.phrase('year-unsaid')) if plain else _word(prefix, name, voice)} {count}"
             for name, count in ordered)
    return voice.phrase("year-comma").join(words) or voice.phrase("year-none")


def _word(prefix: str, name: str, voice: Voice) -> str:
    """The word of a name; a reason that the desk wrote and nobody here knows stands as it is."""
    return name if prefix == "why-" and name not in REASONS else voice.phrase(prefix + name)


def sized(count: int, voice: Voice) -> str:
    """Bytes in MB or GB to the base 1024 with the exact number beside: 66.40MB(69,625,446字节)."""
    size, exact = _rounded(count), f"{count:,}"
    return voice.phrase("year-size", size=size, count=exact) if size else voice.phrase("year-bytes", count=exact)


def _rounded(count: int) -> str:
    """Bytes in MB or GB, as forms declare them; "" for fewer."""
    if count < _MB:
        return ""
    return f"{count / _GB:,.3f}GB" if count >= _GB else f"{count / _MB:,.2f}MB"


def record(summary: Summary) -> dict[str, Any]:
    """The summary as plain JSON values; every number that a sentence has, and no sentence."""
    def group(each: Group) -> dict[str, Any]:
        return {"names": each.names, **asdict(each.totals), "repeated_bytes": each.totals.repeated_bytes}
    said = {each.name: getattr(summary.quality, each.name) for each in fields(summary.quality)}
    quality = {name: dict(sorted(value.items())) if isinstance(value, Counter) else value
               for name, value in said.items()}
    return {
        "year": summary.year, "at": summary.at, "heads": [asdict(head) for head in summary.heads],
        "total": group(Group((), summary.total)),
        **{name: [group(each) for each in getattr(summary, name)] for name in _TABLES},
        "kinds": dict(summary.kinds), "sets": dict(summary.sets), "partly": summary.partly,
        "open_batches": summary.open_batches, "quality": quality, "sampling": asdict(summary.sampling),
        "acts": dict(summary.acts), "plan": [plan_row(each) for each in summary.plan]}


def plan_row(progress: Progress) -> dict[str, Any]:
    """A row of the 计划名册 with its 完成情况."""
    return {**asdict(progress.row), "state": progress.state, "accepted": [b.number for b in progress.accepted],
            "net_bytes": progress.net_bytes, "completed_on": progress.completed_on}
