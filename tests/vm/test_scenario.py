"""A bad day at the workstation: discs and disks are inserted, damaged, torn out, swapped, hung and pulled while intakes
run on all drives. Every verdict is right, every block that is named, and no device has another byte than before."""
from __future__ import annotations

import random
from pathlib import Path

from tests.udf_writer import Options, udf_image
from tests.vm import kit
from tests.vm.kit import Home
from tests.vm.workstation import DRIVES, Faults, Medium, Workstation

SETTINGS = "hang_seconds = 30.0\nsave_seconds = 0.1\n"
SLOW = 600_000                  # bytes a second


def udf(folder: Path, name: str, files: dict[str, bytes]) -> Path:
    image = folder / f"{name}.udf"
    image.write_bytes(udf_image(files, Options(revision="2.01")).raw)
    return image


def test_a_bad_day(workstation: Workstation, tmp_path: Path) -> None:
    home = Home(workstation, "/srv/day", SETTINGS)
    sound, damaged, disk = (kit.content(name) for name in ("sound", "damaged", "disk"))
    hung, copy_a, stick = (kit.content(name, count=22) for name in ("hung", "copies", "stick"))
    last = max(copy_a)
    copy_b = {**copy_a, last: copy_a[last][:-1] + b"B"}         # every block but one is that of copy A
    lists = {name: home.listed(name, files) for name, files in (
        ("sound", sound), ("damaged", damaged), ("hung", hung), ("a", copy_a), ("b", copy_b), ("stick", stick),
        ("disk", disk))}
    images = {"sound": udf(tmp_path, "sound", sound), "damaged": kit.iso(tmp_path, "damaged", damaged),
              "hung": kit.iso(tmp_path, "hung", hung), "a": kit.iso(tmp_path, "a", copy_a),
              "b": kit.iso(tmp_path, "b", copy_b), "stick": kit.dirty_ext4(tmp_path, "stick.img", stick),
              "disk": kit.fat(tmp_path, "disk.img", disk)}
    before = {name: kit.sha256(image) for name, image in images.items()}
    bad = {("案卷/0002.bin", kit.block_of(images["damaged"], damaged["案卷/0002.bin"], 5)),
           ("案卷/0006.bin", kit.block_of(images["damaged"], damaged["案卷/0006.bin"], 70))}
    bad_sector = kit.block_of(images["disk"], disk["案卷/0003.bin"], 9, 512)

    # six carriers, six intakes
    media = {"sound": workstation.insert("sata0", images["sound"], Faults(bytes_s=SLOW)),
             "damaged": workstation.insert("sata1", images["damaged"],
                                           Faults(bad=kit.sectors(*(block for _, block in bad)))),
             "hung": workstation.insert("scsi", images["hung"], Faults(bytes_s=SLOW)),
             "a": workstation.insert("usb", images["a"], Faults(bytes_s=SLOW)),
             "stick": workstation.plug("usb", images["stick"], "STICK01", Faults(bytes_s=SLOW)),
             "disk": workstation.plug("scsi", images["disk"], "DISK01", Faults(bad=(bad_sector,)))}
    jobs = {name: home.start(medium.device, lists[name]) for name, medium in media.items()}
    for name in ("a", "hung", "stick"):
        home.wait_until_reading(media[name], jobs[name])
    workstation.hang(media["hung"])
    workstation.pull(media["stick"])
    workstation.tear_out("usb")
    other = workstation.insert("usb", images["b"])
    came = {name: workstation.wait(job) for name, job in jobs.items()}
    assert {name: ran.code for name, ran in came.items()} == {
        "sound": 0, "damaged": 1, "hung": 4, "a": 4, "stick": 4, "disk": 1}, came
    assert kit.blocks_named(kit.verdict(came["damaged"]), "block-unreadable") == bad
    assert kit.blocks_named(kit.verdict(came["disk"]), "block-unreadable", 512) == {("案卷/0003.bin", bad_sector)}
    assert len(home.open_intakes()) == 3

    # the drive comes back, copy B lies where A lay, the stick is plugged in again
    workstation.go_on(media["hung"])
    workstation.set_speed(media["hung"], 0)
    workstation.wait_until_free(media["hung"])
    stick_again = workstation.plug("usb", images["stick"], "STICK01")
    jobs = {"hung": home.start(media["hung"].device, lists["hung"]), "b as a": home.start(other.device, lists["a"]),
            "stick": home.start(stick_again.device, lists["stick"])}
    came = {name: workstation.wait(job) for name, job in jobs.items()}
    assert {name: ran.code for name, ran in came.items()} == {"hung": 0, "b as a": 1, "stick": 3}, came
    assert [judged["code"] for judged in kit.verdict(came["stick"])["findings"] if judged["severity"] != "note"] == [
        "session-open"]                                         # its journal was not replayed
    assert kit.verdict(came["stick"])["counts"]["equal"] == len(stick)
    assert [line["path"] for line in kit.verdict(came["b as a"])["lines"] if line["state"] != "equal"] == [last]
    assert kit.verdict(home.run(other.device, lists["b"]))["counts"]["equal"] == len(copy_b)
    workstation.clear()
    assert {name: kit.sha256(image) for name, image in images.items()} == before


def test_killed_at_any_moment_ends_in_the_same_verdict(workstation: Workstation, tmp_path: Path) -> None:
    rng = random.Random(20261124)
    files = {drive: kit.content(f"killed {drive}") for drive in DRIVES}
    images = {drive: (kit.iso if drive.startswith("sata") else udf)(tmp_path, drive, files[drive]) for drive in DRIVES}
    bad = {drive: kit.block_of(images[drive], files[drive]["案卷/0005.bin"], 11) for drive in ("sata1", "usb")}
    faults = {drive: Faults(kit.sectors(bad[drive]) if drive in bad else (), bytes_s=SLOW) for drive in DRIVES}
    media = {drive: workstation.insert(drive, image, faults[drive]) for drive, image in images.items()}
    straight, killed = Home(workstation, "/srv/straight", SETTINGS), Home(workstation, "/srv/killed", SETTINGS)
    lists = {drive: straight.listed(drive, content) for drive, content in files.items()}
    undisturbed = [straight.start(medium.device, lists[drive]) for drive, medium in media.items()]
    wanted = dict(zip(media, map(kit.verdict, workstation.wait_all(undisturbed)), strict=True))
    assert {drive: said["outcome"] for drive, said in wanted.items()} == {
        "sata0": "passed", "sata1": "failed", "scsi": "passed", "usb": "failed"}
    came: dict[str, dict[str, object]] = {}
    deaths, numbers = 0, []
    for sitting in range(3):
        fates = {drive: _fate(medium, images[drive], rng) for drive, medium in media.items()} if sitting < 2 else {}
        jobs = {drive: killed.start(medium.device, lists[drive], fates.get(drive, ""))
                for drive, medium in media.items() if drive not in came}
        for drive, ran in zip(jobs, workstation.wait_all(list(jobs.values())), strict=True):
            if ran.out.startswith("{"):
                came[drive] = kit.but_for_the_sitting(kit.verdict(ran))
                numbers.append(kit.verdict(ran)["intake"])
            else:
                deaths += 1
                assert ran.code in (4, 137), ran.err
    assert came == {drive: kit.but_for_the_sitting(said) for drive, said in wanted.items()}
    assert deaths >= len(DRIVES)
    # none was begun twice: what had a first line went on
    assert killed.begun_intakes() == sorted(numbers), workstation.done(
        f"head -qn 1 {killed.path}/intakes/*/journal.jsonl; dmesg | tail")


def _fate(medium: Medium, image: Path, rng: random.Random) -> str:
    """When an intake dies, and which of its processes."""
    return kit.killed_after(medium.device, rng.randrange(image.stat().st_size // 1024),
                            rng.choice(("both", "child")))
