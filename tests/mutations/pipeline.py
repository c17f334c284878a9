"""A whole intake in memory, from carrier to outcome, without journal and register: for many runs in one process."""
from __future__ import annotations

from pathlib import Path

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import Carrier, Files
from carriers.plan import make_plan
from checks.bind import Choice, bind
from checks.compare import compare
from checks.digests import Digests
from checks.fixity import Fixities, ReadState
from checks.form import SubmittedForm
from checks.hashers import Hashers
from checks.judge import judge_findings, outcome_of, run_checks
from checks.onepass import one_pass
from checks.readability import Readability, SlowRule
from checks.unseen import check_structure
from checks.verdict import Outcome

_CHOICE = Choice()


def disc_of(path: Path, content: bytes) -> Disc:
    """A disc that gives these bytes. path: any file of the same length."""
    return Disc(BlockSource(path, pread=lambda _, length, offset: content[offset:offset + length]))


def outcome(carrier: Carrier, form: SubmittedForm, hashers: Hashers, choice: Choice = _CHOICE) -> Outcome:
    """What `station.intake` would come to."""
    identity = carrier.identify()
    structure, found = carrier.structure()
    files = structure.files if structure.files is not None else Files()
    binding = bind(form, identity, structure, choice)
    plan = make_plan(structure)
    readability = Readability(structure, plan.planned_bytes, SlowRule())
    digests = Digests(hashers, structure, Fixities(hashers.algorithms, len(files)))
    for number in plan.lost:
        digests.lose(number, ReadState.TRUNCATED)
    for number in files.obstacles:
        digests.lose(number, ReadState.NO_CONTENT)
    digests.empty(n for n, size in enumerate(files.sizes) if not size and n not in files.obstacles)
    one_pass(carrier.read(plan), (readability, digests), lambda _: None)
    comparison = compare(form, binding, structure, digests.finish(), found)
    listed = {target for target in binding.targets if target >= 0}
    findings = [*comparison.found, *check_structure(structure, found), *binding.findings,
                *readability.findings(lambda n: "listed" if n in listed else "elsewhere"), *comparison.findings]
    judged = judge_findings(findings, choice.profile)
    coverage = readability.coverage(sum(plan.lost.values()))
    checks = run_checks(judged, comparison.counts, coverage, ("health", "quality"), {})
    run_out = sum(f.extent.length_bytes for f in findings if f.code == "run-out" and f.extent)
    return outcome_of(judged, checks, comparison.counts, coverage, run_out)
