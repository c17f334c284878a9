"""Disks on kernel devices: what the vectors' images must say they say as disks too, and no byte of them changes."""
from __future__ import annotations

from pathlib import Path

from tests.test_vectors import built, expectation
from tests.vm import kit
from tests.vm.kit import Home
from tests.vm.workstation import Workstation

# which file system, plugged in where; session-open: with changes that a mount would write back
DISKS = {"sound-disk-ntfs": "usb", "session-open-ntfs": "scsi", "sound-disk-exfat": "uas", "session-open-ext4": "usb",
         "session-open-fat": "scsi", "sound-disk-gpt": "uas"}


def test_disks_of_every_file_system(workstation: Workstation, tmp_path: Path) -> None:
    home = Home(workstation, "/srv/disks")
    images, jobs = {}, {}
    for number, (name, bus) in enumerate(DISKS.items()):
        (tmp_path / name).mkdir()
        case = built(name, tmp_path / name)
        assert case.form is not None
        images[case.source] = kit.sha256(case.source)
        disk = workstation.plug(bus, case.source, f"DISK{number:04d}")
        form = workstation.put(f"{home.path}.lists/{name}-{case.form.name}", case.form.read_bytes())
        jobs[name] = home.start(disk.device, form)
    for name, ran in zip(jobs, workstation.wait_all(list(jobs.values())), strict=True):
        said, wanted = kit.verdict(ran), expectation(name)
        assert (ran.code, said["outcome"]) == (wanted["exit"], wanted["outcome"]), (name, said["findings"])
        assert said["counts"] | wanted["counts"] == said["counts"], name
        assert _weighty(said["findings"]) == _weighty(wanted["findings"]), name
        assert said["read_only"]["read_back"] is True
    workstation.clear()
    assert {image: kit.sha256(image) for image in images} == images


def test_a_disk_on_a_sata_port_tells_of_its_health(workstation: Workstation) -> None:
    """By SMART, which QEMU's SATA disks have; their serial number is the disk's own."""
    home = Home(workstation, "/srv/smart")
    device = workstation.done("readlink -f /dev/disk/by-id/ata-*SATAHDD01").strip()
    ran = home.run(device, home.listed("fixed", {"a.bin": b"a" * 70_000}))
    said = kit.verdict(ran)
    assert (ran.code, said["carrier"]["serial"]) == (0, "SATAHDD01")
    assert [check["result"] for check in said["checks"] if check["id"] == "health"] == ["passed"]


def _weighty(findings: list[dict[str, object]]) -> set[tuple[object, object]]:
    """What counts for the outcome; a device gives notes that an image does not."""
    return {(judged["code"], judged.get("path", "")) for judged in findings if judged["severity"] != "note"}
