"""Images by xorriso and by libburn's cdrskin: the same kinds, and HFS+, partition tables, filters, grown sessions."""
from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.corpus import content
from tests.corpus.genisoimage import BOOT, FIRST, OTHER, SECOND, THIRD, TORITO, layers_of, links
from tests.corpus.recipe import BLOCK, LOST, VOUCHED, Recipe, md5s, plant, run

Files = Mapping[str, bytes]


def emulated(options: str, files: Files, folder: Path) -> Path:
    plant(folder, files)
    run("xorriso", "-as", "mkisofs", "-quiet", "-o", "image", *options.split(), "content", cwd=folder)
    return folder / "image"


def native(commands: str, files: Files, folder: Path) -> Path:
    """A folder mapped to the root, these commands, a commit."""
    plant(folder, files)
    run("xorriso", "-outdev", "image", "-map", "content", "/", *commands.split(), "-commit", cwd=folder)
    return folder / "image"


def mkisofs(name: str, options: str, files: Files, **more: Any) -> Recipe:
    truth = {**md5s(files), **more.pop("extra", {})}
    return Recipe(**{"name": f"xorriso-{name}", "maker": "xorriso", "how": f"-as mkisofs {options}",
                     "build": partial(emulated, options, files), "truth": truth,
                     "layers": layers_of(options + " -R"), **more})


def xorriso(name: str, commands: str, files: Files, joliet: bool = True, **more: Any) -> Recipe:
    """Rock Ridge always, Joliet where asked for."""
    truth = {**md5s(files), **more.pop("extra", {})}
    commands = ("-joliet on " if joliet else "") + commands
    return Recipe(**{"name": f"xorriso-{name}", "maker": "xorriso", "how": commands or "(as it is)",
                     "build": partial(native, commands, files), "truth": truth,
                     "layers": ("ISO 9660", "Rock Ridge", *(["Joliet"] if joliet else [])), **more})


# --- sessions -----------------------------------------------------------------------------------------------------

def grown(steps: Sequence[Files], folder: Path) -> Path:
    """Sessions appended to a file; xorriso brings block 16 up to date, as on an overwritable medium."""
    for number, files in enumerate(steps):
        plant(folder, files, f"s{number}")
        removed = ["-rm", "/目录.txt", "--"] if number == 2 else []
        run("xorriso", "-dev", "image", "-joliet", "on", "-overwrite", "on", "-map", f"s{number}", "/", *removed,
            "-commit", cwd=folder)
    return folder / "image"


def not_brought_up_to_date(steps: Sequence[Files], folder: Path) -> Path:
    """The same sessions as a write-once medium keeps them: block 16 onwards as the first session wrote it."""
    image = grown(steps[:1], folder)
    first = image.read_bytes()[16 * BLOCK:32 * BLOCK]
    for number, files in enumerate(steps[1:], 1):
        plant(folder, files, f"s{number}")
        run("xorriso", "-dev", "image", "-joliet", "on", "-overwrite", "on", "-map", f"s{number}", "/", "-commit",
            cwd=folder)
    with image.open("r+b") as file:
        file.seek(16 * BLOCK)
        file.write(first)
    return image


def by_cdrskin(options: str, folder: Path) -> Path:
    """Two tracks of genisoimage written by cdrskin to a pseudo drive: it brings only the primary descriptor up to date.

    cdrskin writes files for nobody but an unprivileged user; relative paths spare him the folders above.
    """
    folder.chmod(0o777)
    (folder / "image").touch()
    (folder / "image").chmod(0o666)
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    drive = [*user, "cdrskin", "--allow_emulated_drives", "dev=stdio:image", "--grow_overwriteable_iso"]
    charset = ("-quiet", "-input-charset", "utf-8")
    for number, files in enumerate((FIRST, SECOND)):
        plant(folder, files, f"s{number}")
        grown = ("-C", run(*drive, "-msinfo", cwd=folder).decode().split()[-1], "-M", "image") if number else ()
        run("genisoimage", *charset, *options.split(), *grown, "-o", f"track{number}", f"s{number}", cwd=folder)
        (folder / f"track{number}").chmod(0o644)
        run(*drive, "-multi", "padsize=150s", f"track{number}", cwd=folder)
    return folder / "image"


def union(*parts: Files) -> dict[str, str]:
    whole: dict[str, bytes] = {}
    for files in parts:
        whole.update(files)
    return md5s(whole)


JR = ("ISO 9660", "Rock Ridge", "Joliet")


def recipes() -> tuple[Recipe, ...]:
    p, c, la = content.plain(), content.chinese(), content.latin()
    booted = {**c, **BOOT}
    catalogue = {"boot/boot.cat": VOUCHED}
    return (
        mkisofs("rr", "-R", c),
        mkisofs("jr", "-J -R", c),
        mkisofs("joliet", "-J", la),
        mkisofs("joliet-long", "-J -joliet-long -r", {"档案" * 40 + ".t": b"81 characters", **c}),
        *(mkisofs(f"level-{level}", f"-iso-level {level} -R", c) for level in (1, 2, 3)),
        mkisofs("iso9660-1999", "-iso-level 4 -R", c),
        mkisofs("long", "-R", content.long_names()),
        mkisofs("many", "-J -R", content.many()),
        mkisofs("plain-many", "-R", content.plain_many()),
        mkisofs("deep", "-R", content.deep()),
        mkisofs("deep-relocated", "-R -disallow_dir_id_ext -hide-rr-moved", content.deep()),
        mkisofs("odd-names", "-R", content.odd_names(), findings={"name-unsafe": 2}),
        mkisofs("relaxed", "-U -R -allow-lowercase -relaxed-filenames", la),
        mkisofs("hfsplus", "-R -hfsplus", c, findings=OTHER),
        mkisofs("hfsplus-joliet", "-J -R -hfsplus -hfs-bless content", c, findings=OTHER),
        mkisofs("torito", f"-J -R {TORITO}", booted, extra=catalogue),
        mkisofs("torito-efi", f"-J -R {TORITO} -eltorito-alt-boot -e boot/efi.img -no-emul-boot", booted,
                extra=catalogue),
        mkisofs("hybrid-mbr", f"-R {TORITO} -partition_offset 16 --protective-msdos-label", booted, extra=catalogue),
        mkisofs("hybrid-gpt", f"-J -R {TORITO} -eltorito-alt-boot -e boot/efi.img -no-emul-boot -isohybrid-gpt-basdat"
                " -partition_offset 16", booted, extra=catalogue),
        mkisofs("appended-partition", "-R -append_partition 2 0xef content/boot/efi.img -appended_part_as_gpt", booted,
                findings=OTHER),                            # a partition behind the volume, in which we find no files
        mkisofs("apple-partitions", "-R -hfsplus -part_like_isohybrid -isohybrid-apm-hfsplus -e boot/efi.img"
                " -no-emul-boot", booted, extra={"boot.catalog": VOUCHED}, findings=OTHER),
        mkisofs("no-pad", "-R -no-pad", c),
        mkisofs("md5-tags", "--md5 -R", c),
        xorriso("zisofs", "-set_filter_r --zisofs /大.txt --", {"大.txt": b"0123456789abcdef" * 20_000, "小.txt": b"s"},
                extra={"大.txt": LOST}, findings={"content-encoded": 1}),
        xorriso("zisofs-parameters", "-zisofs level=9:block_size=64k -set_filter_r --zisofs / --",
                {"甲/文本.txt": "档案".encode() * 30_000, "乙.bin": content.noise("zi", 50_000)}, joliet=False,
                extra={"甲/文本.txt": LOST}, findings={"content-encoded": 1}),
        xorriso("xattr", "-setfattr user.档案 J010 /目录.txt -- -setfattr user.long " + "v" * 400 + " /A.TXT --", c),
        xorriso("acl", "-acl on -setfacl_r g:100:rw /案卷 --", c, joliet=False),
        xorriso("for-backup", "-for_backup -compliance old_empty", c, joliet=False),
        xorriso("rr-1.12", "-compliance new_rr", c),
        xorriso("checksums", "-md5 on", c),
        xorriso("charset", "-compliance joliet_utf16:iso_9660_level=2", {"𠀀𠮷.txt": b"beyond the basic plane", **la}),
        Recipe("xorriso-split", "xorriso", "-split_size 64k: a folder of parts instead of a large file", split,
               md5s(parts_of(p)), JR[:2]),
        Recipe("xorriso-hard-links", "xorriso", "-hardlinks on; a symbolic link", hard_links,
               md5s({"a/one.txt": b"one", "two.txt": b"one"}), JR[:2], findings={"symlink-noted": 2}),
        Recipe("xorriso-sessions", "xorriso", "two sessions on a file", partial(grown, (FIRST, SECOND)),
               union(FIRST, SECOND), JR, findings={"earlier-session": 1}),
        Recipe("xorriso-sessions-three", "xorriso", "three sessions, the last removes a file",
               partial(grown, (FIRST, SECOND, THIRD)),
               {path: md5 for path, md5 in union(FIRST, SECOND, THIRD).items() if path != "目录.txt"}, JR,
               findings={"earlier-session": 2}),
        Recipe("xorriso-sessions-write-once", "xorriso", "two sessions, block 16 shows the first",
               partial(not_brought_up_to_date, (FIRST, SECOND)), union(FIRST, SECOND), JR,
               findings={"earlier-session": 1}),
        Recipe("cdrskin-sessions-rr", "cdrskin", "-multi: two sessions (genisoimage -R) on a pseudo drive",
               partial(by_cdrskin, "-R"), union(FIRST, SECOND), JR[:2]),
        Recipe("cdrskin-sessions-jr", "cdrskin", "-multi: two sessions (genisoimage -J -R) on a pseudo drive",
               partial(by_cdrskin, "-J -R"), union(FIRST, SECOND), JR,
               trees={"Joliet": md5s(FIRST)}, findings={"layers-differ": 2, "structure-damaged": 1}),
    )


def parts_of(files: Files) -> dict[str, bytes]:
    big = files["DATA/SUB/BIG.BIN"]
    name = "DATA/SUB/BIG.BIN/part_{}_of_2_at_{}_with_65536_of_" + str(len(big))
    return {**{path: raw for path, raw in files.items() if raw is not big},
            name.format(1, 0): big[:65536], name.format(2, 65536): big[65536:]}


def split(folder: Path) -> Path:
    plant(folder, content.plain())
    run("xorriso", "-outdev", "image", "-split_size", "64k", "-map", "content", "/", "-commit", cwd=folder)
    return folder / "image"


def hard_links(folder: Path) -> Path:
    root = plant(folder, {"a/one.txt": b"one"})
    links(root)
    run("xorriso", "-outdev", "image", "-hardlinks", "on", "-map", "content", "/", "-commit", cwd=folder)
    return folder / "image"
