"""Images by pycdlib, udfkit and libarchive (bsdtar)."""
from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pycdlib
import udfkit.bluray
import udfkit.dvd

from tests.corpus import content
from tests.corpus.genisoimage import links
from tests.corpus.recipe import LOST, VOUCHED, Recipe, md5s, plant, run

Extra = Callable[[pycdlib.PyCdlib], None]


# --- pycdlib ------------------------------------------------------------------------------------------------------

def by_pycdlib(options: Mapping[str, object], files: Mapping[str, bytes], then: Extra | None, folder: Path) -> Path:
    """`files` in every tree that these options of `PyCdlib.new` make. Plain names are numbers where others exist."""
    iso = pycdlib.PyCdlib()
    iso.new(sys_ident="LINUX", vol_ident="J010", **options)
    numbers = "rock_ridge" in options or "joliet" in options or "udf" in options
    known: dict[str, str] = {"": ""}
    for number, (path, raw) in enumerate(files.items()):
        parts = path.split("/")
        for depth in range(1, len(parts)):
            above, here = "/".join(parts[:depth - 1]), "/".join(parts[:depth])
            if here not in known:
                known[here] = f"{known[above]}/{f'D{len(known)}' if numbers else parts[depth - 1]}"
                iso.add_directory(known[here], **_names(options, here))
        plain = f"F{number}.DAT" if numbers else parts[-1]
        version = "" if options.get("interchange_level") == 4 else ";1"
        place = f"{known['/'.join(parts[:-1])]}/{plain}{version}"
        iso.add_fp(io.BytesIO(raw), len(raw), place, **_names(options, path))
    if then is not None:
        then(iso)
    iso.write(str(folder / "image"))
    iso.close()
    return folder / "image"


def _names(options: Mapping[str, object], path: str) -> dict[str, str]:
    return {**({"rr_name": path.rpartition("/")[2]} if "rock_ridge" in options else {}),
            **({"joliet_path": f"/{path}"} if "joliet" in options else {}),
            **({"udf_path": f"/{path}"} if "udf" in options else {})}


def boot_record(iso: pycdlib.PyCdlib) -> None:
    iso.add_eltorito("/F0.DAT;1", bootcatfile="/BOOT.CAT;1", rr_bootcatname="boot.cat", joliet_bootcatfile="/boot.cat")


def hard_link(iso: pycdlib.PyCdlib) -> None:
    iso.add_hard_link(iso_old_path="/F0.DAT;1", iso_new_path="/LINK.DAT;1", rr_name="link")


def soft_link(iso: pycdlib.PyCdlib) -> None:
    iso.add_symlink("/SYM.;1", "sym", "目录.txt")


def second_primary(iso: pycdlib.PyCdlib) -> None:
    iso.duplicate_pvd()


def pyc(name: str, options: Mapping[str, object], files: Mapping[str, bytes], then: Extra | None = None,
        **more: Any) -> Recipe:
    layers = ("ISO 9660", *(["Rock Ridge"] if "rock_ridge" in options else []),
              *(["Joliet"] if "joliet" in options else []),
              *(["UDF 1.02"] if "udf" in options else []))         # whatever it was asked for
    truth = {**md5s(files), **more.pop("extra", {})}
    how = ", ".join(f"{key}={value}" for key, value in options.items()) + (f"; {then.__name__}" if then else "")
    return Recipe(**{"name": f"pycdlib-{name}", "maker": "pycdlib", "how": how, "layers": layers, "truth": truth,
                     "build": partial(by_pycdlib, options, files, then), **more})


# --- libarchive ---------------------------------------------------------------------------------------------------

def by_bsdtar(options: str, files: Mapping[str, bytes], linked: bool, folder: Path) -> Path:
    root = plant(folder, files)
    if linked:
        links(root)
    run("bsdtar", "-cf", "../image", "--format", "iso9660", *(["--options", options] if options else []),
        *sorted(path.name for path in root.iterdir()), cwd=root)
    return folder / "image"


def tar(name: str, options: str, files: Mapping[str, bytes], linked: bool = False, **more: Any) -> Recipe:
    layers = ("ISO 9660", *([] if "!rockridge" in options else ["Rock Ridge"]),
              *([] if "!joliet" in options else ["Joliet"]))
    return Recipe(**{"name": f"bsdtar-{name}", "maker": "bsdtar", "how": f"--format iso9660 --options {options or '-'}",
                     "build": partial(by_bsdtar, options, files, linked), "truth": md5s(files), "layers": layers,
                     **more})


# --- udfkit -------------------------------------------------------------------------------------------------------

STREAM = {"BDMV/STREAM/00000.m2ts": content.noise("m2ts", 6144 * 20), "BDMV/index.bdmv": content.noise("index", 200)}


def by_udfkit(files: Mapping[str, bytes], folder: Path) -> Path:
    udfkit.bluray.write_image(str(plant(folder, files)), str(folder / "image"), "J010_BD")
    return folder / "image"


def bluray(name: str, files: Mapping[str, bytes]) -> Recipe:
    return Recipe(f"udfkit-{name}", "udfkit", "bluray: UDF 2.50 with a metadata partition", partial(by_udfkit, files),
                  md5s(files), ("UDF 2.50",))


def recipes() -> tuple[Recipe, ...]:
    p, c, la = content.plain(), content.chinese(), content.latin()
    linked = md5s({"a/one.txt": b"one", "two.txt": b"one"})
    return (
        *(pyc(f"level-{level}", {"interchange_level": level}, p) for level in (1, 2, 3, 4)),
        pyc("joliet", {"joliet": 3}, c),
        pyc("joliet-1", {"joliet": 1}, la),
        *(pyc(f"rr-{version}", {"rock_ridge": version}, c) for version in ("1.09", "1.10", "1.12")),
        pyc("rr-long", {"rock_ridge": "1.09"},
            {name: raw for name, raw in content.long_names().items() if len(name) < 240}),
        pyc("jr", {"joliet": 3, "rock_ridge": "1.09"}, c),
        pyc("jr-many", {"joliet": 3, "rock_ridge": "1.12"}, content.many(300)),
        pyc("xa", {"rock_ridge": "1.09", "xa": True}, c),
        pyc("torito", {"joliet": 3, "rock_ridge": "1.09"}, c, boot_record, extra={"boot.cat": VOUCHED}),
        pyc("hard-link", {"rock_ridge": "1.09"}, c, hard_link, extra=md5s({"link": c["目录.txt"]})),
        pyc("soft-link", {"rock_ridge": "1.12"}, c, soft_link, findings={"symlink-noted": 1}),
        pyc("second-primary", {"interchange_level": 3}, p, second_primary),
        pyc("udf", {"udf": "2.60"}, c),
        pyc("udf-jr", {"udf": "2.60", "joliet": 3, "rock_ridge": "1.12"}, c),
        tar("jr", "", c),
        tar("rr", "!joliet", c),
        tar("joliet", "!rockridge", c),
        tar("joliet-long", "joliet=long", {"档案" * 38 + ".t": b"78 characters", **la}),
        tar("plain", "!joliet,!rockridge", p),
        tar("level-4", "iso-level=4", la),
        tar("zisofs", "zisofs=indirect", c, findings={"content-encoded": 3}, truth={
            **md5s(c), **{path: LOST for path, raw in c.items() if len(raw) > 2048}}),
        tar("links", "", {"a/one.txt": b"one"}, True, truth=linked, findings={"symlink-noted": 2}),
        bluray("bluray", STREAM),
        bluray("bluray-chinese", {**STREAM, **{f"档案/{path}": raw for path, raw in c.items()}}),
        bluray("bluray-many", {**STREAM, **content.many(300)}),
        bluray("bluray-deep", {**STREAM, **content.deep(12)}),
    )
