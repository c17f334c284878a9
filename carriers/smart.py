"""SMART: what a disk says of itself, as smartctl (smartmontools) reads it.

Takes the JSON of `smartctl --json -a`; gives a `Smart`. Relies on the table of USB bridges that smartctl carries
(drivedb.h, to which /etc/smart_drivedb.h adds): it talks through a bridge only in the way that is known of this very
one, and leaves a bridge that it does not know alone, for the wrong way can make one drop its disk. Bits, attributes:
smartctl(8), "EXIT STATUS"; domain §4.8.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from carriers.mmc import text_of
from carriers.model import Finding

_NOT_UNDERSTOOD, _NOT_OPENED, _COMMAND_FAILED = 0x01, 0x02, 0x04
_STATUS_FAILING, _PREFAIL_NOW, _BELOW_IN_THE_PAST, _ERROR_LOG, _SELF_TEST_LOG = 0x08, 0x10, 0x20, 0x40, 0x80
# Attribute → what its name must hold (makers use numbers as they like), what it means: a code, and where it is milder.
_ATTRIBUTES: Mapping[int, tuple[str, str, str]] = {
    5: ("realloc", "disk-worn", ""), 187: ("uncorrect", "disk-failing", ""), 197: ("pending", "disk-failing", ""),
    198: ("uncorrect", "disk-failing", ""), 199: ("crc", "disk-worn", "cable")}
_NVME_TEMPERATURE = 0x02                # of Critical Warning: NVMe base specification 1.4, figure 194
_WORN_OUT_PERCENT = 100


class Smart(NamedTuple):
    """reason: "" or why the disk's health is not known: bridge-unknown, no-right, no-smart, command-failed, no-answer.

    own: whether model and serial are the disk's own, whatever lies between. hours: it has been powered, -1 = not said.
    findings stand also where the rest was not learnt.
    """

    reason: str
    own: bool = False
    model: str = ""
    serial: str = ""
    firmware: str = ""
    hours: int = -1
    findings: tuple[Finding, ...] = ()


def parse_smartctl(raw: bytes) -> Smart:
    """What smartctl wrote, read with the rules of domain §4.8: what could not be asked is never healthy."""
    try:
        record = json.loads(raw)
    except ValueError:                                  # cut off, or another program's
        return Smart("no-answer")
    status = _number(record, "smartctl", "exit_status")
    if status < 0:
        return Smart("no-answer")
    if status & (_NOT_UNDERSTOOD | _NOT_OPENED):
        return Smart(_why_not_opened(record))
    protocol = _text(record, "device", "protocol")
    model = _text(record, "model_name") or _text(record, "scsi_model_name")
    findings = (*_of_status(record, status), *_of_attributes(record), *_of_logs(record))
    reason = ""
    if status & _COMMAND_FAILED:
        reason = "command-failed"
    if not isinstance(_at(record, "smart_status", "passed"), bool):
        reason = "no-smart"
    return Smart(reason, protocol in ("ATA", "NVMe"), model, _text(record, "serial_number"),
                 _text(record, "firmware_version") or _text(record, "scsi_revision"),
                 _number(record, "power_on_time", "hours"), findings)


def _why_not_opened(record: Any) -> str:
    messages = _at(record, "smartctl", "messages")
    said = " ".join(str(m.get("string")) for m in messages if isinstance(m, dict)) if isinstance(messages, list) else ""
    if re.search(r"U(nknown|nsupported) USB bridge", said):
        return "bridge-unknown"
    if re.search(r"Permission denied|Operation not permitted", said):
        return "no-right"
    return "no-smart" if "Unable to detect device type" in said else "no-answer"


def _of_status(record: Any, status: int) -> Iterator[Finding]:
    """The disk's own judgement, and what smartctl read from thresholds and logs.

    A hot NVMe disk warns too (bit 1 of Critical Warning), and is sound when it has cooled.
    """
    warning = _number(record, "nvme_smart_health_information_log", "critical_warning")
    hot = warning == _NVME_TEMPERATURE
    if _at(record, "smart_status", "passed") is False or status & _STATUS_FAILING:
        yield Finding("disk-worn" if hot else "disk-failing", facts={"reason": "hot" if hot else "status"})
    if status & _PREFAIL_NOW:
        yield Finding("disk-failing", facts={"reason": "prefail"})
    for bit, reason, place in ((_BELOW_IN_THE_PAST, "past", ""), (_SELF_TEST_LOG, "self-test", ""),
                               (_ERROR_LOG, "error-log", "log")):
        if status & bit:
            yield Finding("disk-worn", facts={"reason": reason, **({"place": place} if place else {})})


def _of_attributes(record: Any) -> Iterator[Finding]:
    """Raw values of ATA attributes. The number that smartctl prints counts: some disks keep more in the same bytes."""
    table = _at(record, "ata_smart_attributes", "table")
    for row in table if isinstance(table, list) else ():
        named, code, place = _ATTRIBUTES.get(_number(row, "id"), ("", "", ""))
        name, count = _text(row, "name"), re.match(r"\d{1,15}\b", _text(row, "raw", "string"))
        if code and named in name.lower() and count and int(count[0]):
            yield Finding(code, facts={"reason": f"attribute-{_number(row, 'id')}", "name": name,
                                       "value": int(count[0]), **({"place": place} if place else {})})


def _of_logs(record: Any) -> Iterator[Finding]:
    """Counters of NVMe and SCSI disks that mean what attributes mean on ATA disks."""
    nvme = ("nvme_smart_health_information_log",)
    counters = (("disk-failing", "media-errors", _number(record, *nvme, "media_errors")),
                ("disk-failing", "read-errors",
                 _number(record, "scsi_error_counter_log", "read", "total_uncorrected_errors")),
                ("disk-worn", "defects", _number(record, "scsi_grown_defect_list")))
    for code, reason, value in counters:
        if value > 0:
            yield Finding(code, facts={"reason": reason, "value": value})
    used = _number(record, *nvme, "percentage_used")
    if used >= _WORN_OUT_PERCENT:
        yield Finding("disk-worn", facts={"reason": "endurance", "value": used})


def _at(record: Any, *keys: str) -> Any:
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record


def _number(record: Any, *keys: str) -> int:
    """A whole number that is not negative, else -1."""
    value = _at(record, *keys)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else -1


def _text(record: Any, *keys: str) -> str:
    """Firmware's text, cut and cleaned."""
    value = _at(record, *keys)
    return text_of(value.encode("ascii", "replace")) if isinstance(value, str) else ""
