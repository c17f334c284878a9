"""SMART: the rules of domain §4.8 on what smartctl says. The sound answer is recorded (smartctl 7.3, QEMU's disk)."""
from __future__ import annotations

import json
from typing import Any

import pytest

from carriers.smart import parse_smartctl
from tests.drives_kit import OWN, UNKNOWN_BRIDGE, smartctl

NVME: dict[str, Any] = {"device": {"type": "sntrealtek", "protocol": "NVMe"}, "ata_smart_attributes": None,
                        "model_name": "CT2000P3PSSD8", "serial_number": "2340E87C0001", "firmware_version": "P9CR40A"}


def found(raw: bytes) -> list[tuple[str, str, object]]:
    return [(f.code, str(f.facts["reason"]), f.facts.get("place", f.facts.get("value", "")))
            for f in parse_smartctl(raw).findings]


def nvme(**log: int) -> bytes:
    sound = {"critical_warning": 0, "available_spare": 100, "percentage_used": 3, "media_errors": 0}
    return smartctl(**{**NVME, "nvme_smart_health_information_log": sound | log})


def test_a_sound_disk() -> None:
    smart = parse_smartctl(smartctl())
    assert smart == ("", True, "BENCH SATA HDD", "SN0001", "2.5+", 1, ())


@pytest.mark.parametrize(("bits", "what"), [
    (0x08, [("disk-failing", "status", "")]), (0x10, [("disk-failing", "prefail", "")]),
    (0x20, [("disk-worn", "past", "")]), (0x80, [("disk-worn", "self-test", "")]),
    (0x40, [("disk-worn", "error-log", "log")]), (0x00, [])])
def test_exit_bits(bits: int, what: list[tuple[str, str, object]]) -> None:
    assert found(smartctl(exit_status=bits)) == what
    assert parse_smartctl(smartctl(exit_status=bits)).reason == ""


def test_a_command_that_failed_is_never_healthy_and_hides_no_failure() -> None:
    smart = parse_smartctl(smartctl(exit_status=0x0C, smart_status={"passed": False}))
    assert smart.reason == "command-failed" and smart.serial == "SN0001"
    assert [f.code for f in smart.findings] == ["disk-failing"]


@pytest.mark.parametrize(("number", "name", "raw", "what"), [
    (5, "Reallocated_Sector_Ct", "24", [("disk-worn", "attribute-5", 24)]),
    (5, "Reallocated_Sector_Ct", "0 (1, 24)", []),                       # more in the same bytes; what counts is 0
    (5, "Retired_Block_Count", "24", []),                                # a maker's own meaning
    (187, "Reported_Uncorrect", "1", [("disk-failing", "attribute-187", 1)]),
    (197, "Current_Pending_Sector", "8", [("disk-failing", "attribute-197", 8)]),
    (198, "Offline_Uncorrectable", "2", [("disk-failing", "attribute-198", 2)]),
    (198, "Host_Reads_GiB", "1834", []),
    (199, "UDMA_CRC_Error_Count", "3", [("disk-worn", "attribute-199", "cable")]),
    (197, "Current_Pending_Sector", "-", []), (197, "Current_Pending_Sector", "9" * 40, [])])
def test_attributes(number: int, name: str, raw: str, what: list[tuple[str, str, object]]) -> None:
    assert found(smartctl(attributes={number: (name, raw)})) == what


@pytest.mark.parametrize(("log", "what"), [
    ({}, []), ({"media_errors": 2}, [("disk-failing", "media-errors", 2)]),
    ({"percentage_used": 104}, [("disk-worn", "endurance", 104)])])
def test_nvme(log: dict[str, int], what: list[tuple[str, str, object]]) -> None:
    assert found(nvme(**log)) == what
    assert parse_smartctl(nvme(**log))[:4] == ("", True, "CT2000P3PSSD8", "2340E87C0001")


def test_a_hot_nvme_disk_is_not_a_failing_one() -> None:
    log = {"critical_warning": 2, "percentage_used": 3, "media_errors": 0}
    raw = smartctl(exit_status=8, smart_status={"passed": False}, nvme_smart_health_information_log=log, **NVME)
    assert found(raw) == [("disk-worn", "hot", "")]
    raw = smartctl(exit_status=8, smart_status={"passed": False}, **NVME,
                   nvme_smart_health_information_log={**log, "critical_warning": 6})
    assert found(raw) == [("disk-failing", "status", "")]


def test_scsi_counters() -> None:
    raw = smartctl(device={"type": "scsi", "protocol": "SCSI"}, ata_smart_attributes=None, scsi_grown_defect_list=3,
                   scsi_error_counter_log={"read": {"total_uncorrected_errors": 1}})
    assert found(raw) == [("disk-failing", "read-errors", 1), ("disk-worn", "defects", 3)]
    assert not parse_smartctl(raw).own


@pytest.mark.parametrize(("raw", "reason"), [
    (UNKNOWN_BRIDGE, "bridge-unknown"),
    (smartctl(exit_status=2, smartctl={"exit_status": 2, "messages": [
        {"string": "Smartctl open device: /dev/sda failed: Permission denied"}]}), "no-right"),
    (smartctl(smartctl={"exit_status": 1, "messages": [{"string": "/dev/vda: Unable to detect device type"}]}),
     "no-smart"),
    (smartctl(smartctl={"exit_status": 2}), "no-answer"),
    (smartctl(smart_status=None), "no-smart"), (smartctl(smart_status={"passed": "yes"}), "no-smart"),
    (b"", "no-answer"), (b"{", "no-answer"), (b"[]", "no-answer"), (b'{"smartctl": []}', "no-answer"),
    (smartctl()[:500], "no-answer"), (b'{"smartctl": {"exit_status": true}}', "no-answer")])
def test_what_could_not_be_learnt(raw: bytes, reason: str) -> None:
    assert parse_smartctl(raw).reason == reason and parse_smartctl(raw).findings == ()


def test_keys_of_another_shape_are_no_program_error() -> None:
    record = json.loads(smartctl(**OWN))
    for key in record:
        for value in (None, [], {}, "x", -1, [[]], [{"id": [], "raw": 3}]):
            parse_smartctl(json.dumps({**record, key: value}).encode())


def test_firmwares_text_is_cleaned() -> None:
    smart = parse_smartctl(smartctl(serial_number="AB\u202e\x1b[2J" + "C" * 200, model_name=["x"]))
    assert smart.serial == "AB?[2J" + "C" * 57 and smart.model == ""
