"""Intakes of kernel devices: every drive, bad blocks, a disc that is torn out."""
from __future__ import annotations

from pathlib import Path

from tests.udf_writer import Options, udf_image
from tests.vm import kit
from tests.vm.kit import Home
from tests.vm.workstation import DRIVES, Faults, Workstation


def test_sound_discs_pass_in_every_drive(workstation: Workstation, tmp_path: Path) -> None:
    home = Home(workstation, "/srv/sound")
    jobs, images = [], []
    for drive in DRIVES:
        files = kit.content(drive, count=4)
        if drive in ("sata0", "scsi"):
            image = kit.iso(tmp_path, drive, files)
        else:
            image = tmp_path / f"{drive}.udf"
            image.write_bytes(udf_image(files, Options(revision="2.01")).raw)
        images.append((image, kit.sha256(image)))
        medium = workstation.insert(drive, image)
        jobs.append(home.start(medium.device, home.listed(drive, files)))
    for ran in workstation.wait_all(jobs):
        said = kit.verdict(ran)
        assert (ran.code, said["outcome"], said["counts"]["equal"]) == (0, "passed", 4)
    assert [kit.sha256(image) for image, _ in images] == [before for _, before in images]


def test_every_bad_block_is_named_by_its_file(workstation: Workstation, tmp_path: Path) -> None:
    home = Home(workstation, "/srv/bad")
    jobs, wanted = [], []
    for number, drive in enumerate(DRIVES):
        files = kit.content(drive, count=4)
        image = kit.iso(tmp_path, drive, files)
        bad = {(path, kit.block_of(image, raw, 3 + 7 * number + n))
               for n, (path, raw) in enumerate(files.items()) if n % 2}
        medium = workstation.insert(drive, image, Faults(bad=kit.sectors(*(block for _, block in bad))))
        jobs.append(home.start(medium.device, home.listed(drive, files)))
        wanted.append(bad)
    for ran, bad in zip(workstation.wait_all(jobs), wanted, strict=True):
        said = kit.verdict(ran)
        assert (ran.code, said["outcome"]) == (1, "failed")
        assert kit.blocks_named(said, "block-unreadable") == bad
        assert {line["path"] for line in said["lines"] if line["state"] == "unreadable"} == {path for path, _ in bad}
        assert said["counts"]["equal"] == 2


def test_a_disc_torn_out_leaves_the_intake_open(workstation: Workstation, tmp_path: Path) -> None:
    home = Home(workstation, "/srv/torn")
    files = kit.content("torn", count=22)
    image = kit.iso(tmp_path, "torn", files)
    medium = workstation.insert("scsi", image, Faults(bytes_s=600_000))
    listed = home.listed("torn", files)
    job = home.start(medium.device, listed)
    home.wait_until_reading(medium, job)
    workstation.tear_out("scsi")
    ran = workstation.wait(job)
    assert ran.code == 4, (ran.out[-1000:], ran.err[-1000:])
    assert len(home.open_intakes()) == 1
    again = workstation.insert("scsi", image)
    ran = home.run(again.device, listed)
    assert (ran.code, kit.verdict(ran)["outcome"]) == (0, "passed")
