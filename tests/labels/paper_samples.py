"""Decisions to print: a sound batch of two discs (the worked example of the form), a hostile one, a large one."""
from __future__ import annotations

import hashlib
from dataclasses import replace

from checks.verdict import (
    CarrierFacts,
    Check,
    CheckResult,
    Counts,
    CoverageSums,
    Decision,
    Digests,
    FormSummary,
    Judgement,
    LineResult,
    Outcome,
    Reference,
    Resolution,
    Severity,
    Sitting,
    Speed,
    Verdict,
)
from labels.certificate import Printing

BYTES = 6_578_815_488
PRINTING = Printing("2025-05-07 10:22", "HP-LaserJet-1020", 0, 2, hashlib.sha256(b"head").hexdigest(), "0.1.0")
RARE = "㐀䶮𠮷\U0002f9f4"                # Extension A, Extension B, a compatibility ideograph
UNDRAWN = "\U00030000"                 # Extension G: no font of the station has it
HOSTILE = f"照片/\u202egpj.exe\u2066 {RARE}{UNDRAWN} 第1卷\n伪造行" + "很长的目录名称_very-long-name." * 8 + "tif"
NOT_RUN = {"safety": "本站未安装杀毒引擎", "quality": "本站无光盘误码检测设备"}


def digest(text: str, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


def judgement(code: str, severity: Severity, check: str, text: str, path: str = "") -> Judgement:
    return Judgement(code, severity, check, "", path, None, None, 1, {}, {"zh": text, "en": code})


def checks(**results: CheckResult) -> tuple[Check, ...]:
    """All checks passed, those of NOT_RUN and the people's appearance not checked, health not applicable."""
    found = dict.fromkeys(("accuracy", "completeness", "usability"), CheckResult.PASSED)
    found |= dict.fromkeys(("safety", "appearance", "quality"), CheckResult.NOT_CHECKED)
    found["health"] = CheckResult.NOT_APPLICABLE
    return tuple(Check(name, result, {}) for name, result in (found | results).items())


def not_run() -> tuple[Judgement, ...]:
    return tuple(Judgement("check-not-run", Severity.NOTE, name, "", "", None, None, 1, {"check": name},
                           {"zh": reason, "en": name}) for name, reason in NOT_RUN.items())


def surface(end: int, bad: tuple[int, ...] = (), slow: tuple[int, ...] = ()) -> tuple[tuple[int, float, int], ...]:
    """400 points of a disc that speeds up outwards."""
    return tuple((end * n // 400, 2.0 if n in slow else 0.0 if n in bad else 9 + 13 * n / 400, 16 if n in bad else 0)
                 for n in range(400))


def verdict(number: str = "J010-2025-01-G001-A", size: int = 4_489_216_000) -> Verdict:
    """One sound DVD-R with one encrypted package on it."""
    md5 = digest(number, "md5")
    line = LineResult(3, number[:-2], f"{number[:-2]}.bak", "md5", md5, md5, "equal")
    return Verdict(
        1, Outcome.PASSED, "S1-2025-000017", "J010-2025-01", 1, "backup", "2025-05-07T02:01:00Z", "/dev/sr0",
        Reference("P1", digest("form"), "情况表.xlsx", "workbook", "", algorithms=("md5",)),
        CarrierFacts("disc", "DVD-R", number.replace("-", "_"), "", 4_700_372_992,
                     ("ISO 9660", "Joliet", "UDF 1.02"), 1, "0" * 32, number, number[-1]),
        Digests(digest(number), None),
        {"vendor": "HL-DT-ST", "model": "DVDRAM GH24NSD5", "firmware": "LV00", "serial": "K8EI3AB4411", "bus": "SATA",
         "bridge": ""},
        {"station": "S1", "kernel": "6.12.48", "boot_id": "4f1d2c7e"}, {"source": "人工对时", "offset_seconds": 1},
        {"method": "驱动器只读打开、udev 只读规则", "read_back": True}, ("张三", "李四"),
        (Sitting("2025-05-07T01:50:00Z", "2025-05-07T02:01:00Z", "4f1d2c7e"),), digest("policy"), digest("catalogue"),
        "2025-05-07 已知好坏载体各1个,结果符合预期", (), Counts(1, 1, files=1, bytes=size, packages=1), (line,),
        not_run(), checks(), CoverageSums(size + 2_000_000, size + 2_000_000, 0, 0),
        Speed(290.0, 15.5, 9.0, 22.0, surface(size)),
        {"station": "0.1.0", "libmagic": "5.46", "clamav": ""}, digest("journal" + number), digest("lines" + number),
        digest("files" + number))


def sound() -> Decision:
    """The worked example: two discs, two packages, 6,578,815,488 bytes."""
    first, second = verdict(), verdict("J010-2025-01-G002-A", BYTES - 4_489_216_000)
    second = replace(second, intake="S1-2025-000018")
    fields = {"work_name": "XX局2025年婚姻登记数据库登记备份(J010-2025-01)", "unit_name": "XX局", "fonds_no": "J010",
              "year": "2025", "description": "婚姻登记数据库备份文件,电子业务数据,加密数据包2个", "backup_mode": "脱机",
              "item_count": "12,480", "volume_count": "278", "declared_gb": "6.127", "carrier_spec": "光盘 DVD-R 4.7GB",
              "carrier_from": "J010-2025-01-G001-A", "carrier_to": "J010-2025-01-G002-A"}
    form = FormSummary("情况表.xlsx", digest("form"), fields, 2, ("J010-2025-01-G001-A", "J010-2025-01-G002-A"))
    return Decision("J010-2025-01-J01", "J010-2025-01", "2025-05-07T02:10:11Z", form, (first, second), (),
                    Outcome.PASSED, "张三", "李四", "", "无划痕、清洁、标签齐全,编号与载体目录一致。",
                    "XX县档案馆", "S1")


def hostile() -> Decision:
    """One disc passed after people answered a doubt, one failed, with a name that would break paper."""
    first, second = sound().verdicts
    doubt = judgement("file-unlisted", Severity.DOUBT, "completeness", "清单以外的文件:说明/备查.txt", "说明/备查.txt")
    first = replace(first, outcome=Outcome.UNDECIDED, findings=(doubt, *first.findings),
                    counts=replace(first.counts, unlisted=1, files=2),
                    checks=checks(completeness=CheckResult.NOT_CHECKED))
    lines = (LineResult(4, "J010-2025-01-G002", HOSTILE, "md5", digest("a", "md5"), digest("b", "md5"), "differs"),
             LineResult(5, "J010-2025-01-G002", "数据/第2包.bak", "sm3", digest("c"), "", "unreadable"),
             LineResult(6, "J010-2025-01-G002", "数据/第3包.bak", "md5", digest("d", "md5"), "", "missing"),
             LineResult(7, "J010-2025-01-G002", "第4包.bak", "md5", digest("e", "md5"), digest("e", "md5"), "equal"))
    findings = (judgement("digest-mismatch", Severity.REJECT, "accuracy", "摘要与表单不一致", HOSTILE),
                replace(judgement("block-unreadable", Severity.REJECT, "usability", "所列文件有不可读块",
                                  "数据/第2包.bak"), start_lba=1024, length_bytes=65536, count=48, clause="GB/T 18894"),
                judgement("file-missing", Severity.REJECT, "completeness", "清单所列文件不在载体上:数据/第3包.bak",
                          "数据/第3包.bak"),
                *(judgement("file-litter", Severity.NOTE, "completeness", f"系统残留文件:{n}/Thumbs.db") for n in "12"))
    size = second.counts.bytes
    second = replace(
        second, outcome=Outcome.FAILED, lines=lines, findings=(*findings, *second.findings),
        counts=Counts(4, 1, 1, 1, 1, 0, 0, 4, size, 1), digests=Digests(None, None), attempt=2,
        reference=replace(second.reference, anchor="P3", root_offset={"dropped": "E:\\备份", "prepended": ""},
                          algorithms=("md5", "sm3")),
        coverage=CoverageSums(size, size - 65536, 65536, 0), speed=replace(second.speed, surface=surface(
            size, tuple(range(120, 132)), (118, 119, 132, 133))),
        checks=checks(accuracy=CheckResult.FAILED, completeness=CheckResult.FAILED, usability=CheckResult.FAILED))
    answer = Resolution(first.intake, "file-unlisted", "说明/备查.txt", "accept", "张三", "李四",
                        "单位盖章说明:该文件为移交说明,属本批。", digest("scan"), "2025-05-07T02:08:00Z")
    form = replace(sound().form, fields={**sound().form.fields, "item_count": "", "description": "婚姻登记数据" * 40})
    return replace(sound(), number="J010-2025-01-J02", form=form, verdicts=(first, second), resolutions=(answer,),
                   outcome=Outcome.PARTLY, remark="G002请更换同批次以外的盘片重新制作。", appearance="")


def large() -> Decision:
    """One disk of 612,345 files, 300 of which differ; another reading of it before; the form says almost nothing."""
    number = "0123-2026-03-Y001"
    differing = tuple(LineResult(n + 2, "", f"扫描件/{n // 50:03d}/0123-WS-2011-Y-{n:04d}.tif", "sha256",
                                 digest(f"e{n}"), digest(f"a{n}"), "differs") for n in range(300))
    base = verdict(number, 3_998_614_552_576)
    late = replace(
        base, outcome=Outcome.FAILED, intake="S2-2026-000102", lines=differing,
        carrier=CarrierFacts("disk", "WDC WD40NDZW", "新加卷", "WD-WX12D3045678", 4_000_787_030_016, ("NTFS",), 0,
                             "1" * 32, number, ""),
        counts=Counts(612_345, 612_045, 300, 0, 0, 0, 3, 612_348, 3_998_614_552_576),
        reference=Reference("P2", digest("form"), "md5.txt", algorithms=("sha256",)),
        findings=(replace(judgement("digest-mismatch", Severity.REJECT, "accuracy", "摘要与表单不一致"), count=300),
                  *not_run()),
        sittings=tuple(Sitting(f"2026-03-0{d}T00:00:00Z", f"2026-03-0{d}T09:59:59Z", "b") for d in (2, 3, 4)),
        speed=Speed(98_000.0, 40.8, 3.0, 110.0, surface(3_998_614_552_576)[:7]),
        checks=checks(accuracy=CheckResult.FAILED))
    early = replace(late, intake="S2-2026-000099", at="2025-05-01T00:00:00Z", speed=Speed(0.0, 0.0, 0.0, 0.0))
    form = FormSummary("md5.txt", digest("form"), {"unit_name": "XX县自然资源和规划局不动产登记服务中心"}, 612_345, ())
    return replace(sound(), number="0123-2026-03-J01", form=form, verdicts=(early, late), outcome=Outcome.FAILED)
