"""Names of Joliet beside those of Rock Ridge: what tools make of awkward ones is one name, an altered one is not."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pycdlib
import pytest

from carriers import mapped
from tests.carriers import images

AWKWARD = ["a?c.txt", "a*d;e.txt", "b;1", "trail.", "back\\slash.txt", "表😀情.txt", "cafe\u0301.txt", " sp .txt",
           ".hidden", "many.dots.tar.gz", "tab\tname", "目录:一/f?.txt", "目录:一/附件", "x" * 70 + ".txt",
           "x" * 63 + "yz.dat", "关于" * 40 + ".pdf", "件" * 64 + ".pdf", "档" * 63 + "x", "y" * 110 + ".dat", "z" * 80,
           "n" * 20 + "." + "e" * 90, "cafe\u0301" * 20 + ".txt", "长" * 70 + "/子/短.txt"]
TWINS = ["a:b.txt", "a?b.txt", "a_b.txt", "q" * 80 + "1.txt", "q" * 80 + "2.txt", "空:.txt", "空?.txt"]


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("options", ["xorriso -J -R", "xorriso -J -joliet-long -R", "genisoimage -J -R",
                                     "genisoimage -J -joliet-long -r"])
def test_what_tools_make_of_names_is_one_name(tmp_path: Path, options: str, locale: str) -> None:
    """genisoimage records names that became one twice, which is damage; those are left to xorriso, who numbers them."""
    tool, *rest = options.split()
    content = {name: b"" if "空" in name else name.encode() for name in AWKWARD + TWINS * (tool == "xorriso")}
    images.plant(tmp_path / "root", content)
    command = ["xorriso", "-as", "mkisofs"] if tool == "xorriso" else ["genisoimage", "-input-charset", "utf-8"]
    done = subprocess.run([*command, "-quiet", *rest, "-o", str(tmp_path / "image"), str(tmp_path / "root")],
                          check=False, capture_output=True, env={**os.environ, "LC_ALL": locale})
    assert done.returncode == 0, done.stderr.decode()
    disc = images.open_image(tmp_path / "image")
    structure, findings = disc.structure()
    assert findings == ()
    digests = images.digests(disc, structure)
    rock_ridge = next(tree for tree in structure.trees if tree.name == "Rock Ridge")
    assert structure.files is not None
    assert {path: digests[structure.files.paths[n]] for path, n in
            zip(rock_ridge.paths, rock_ridge.file_nos, strict=True)} == images.sha256s(content)


def test_normal_forms_are_one_name(tmp_path: Path) -> None:
    """As macOS has it: decomposed in one tree, composed in the other."""
    image = pycdlib.PyCdlib()
    image.new(joliet=3, rock_ridge="1.09")
    source = tmp_path / "a"
    source.write_bytes(b"a")
    image.add_file(str(source), "/A.TXT;1", rr_name="cafe\u0301.txt", joliet_path="/caf\u00e9.txt")
    image.write(str(tmp_path / "image"))
    image.close()
    assert images.open_image(tmp_path / "image").structure()[1] == ()


@pytest.mark.parametrize(("joliet", "rock_ridge"), [
    ("z.dat", "b.dat"), ("案件.txt", "案卷.txt"), ("b1.dat", "b.dat"), ("b.dat", "b.da"), ("a_b.txt", "a-b.txt"),
    ("x" * 59, "x" * 70), ("x" * 30 + "w" + "x" * 33, "x" * 70 + ".txt"), ("x" * 60 + ".doc", "x" * 70 + ".txt"),
    ("关于" * 29 + "闭.pdf", "关于" * 40 + ".pdf"), ("a_c2.txt", "a?b.txt"), ("emo", "emoji😀.txt"), ("", "a")])
def test_other_names_are_other_names(joliet: str, rock_ridge: str) -> None:
    assert not mapped.may_be(joliet, rock_ridge, frozenset({"a_b.txt"}))


def test_hard_links_and_empty_files_are_paired_by_name(tmp_path: Path) -> None:
    content = dict.fromkeys(("空?.txt", "空.txt", "目:录/空.txt", "件" * 70 + ".txt"), b"")
    root = images.plant(tmp_path / "root", {**content, "一?.txt": b"1"})
    for name in ("一.txt", "二?.txt", "二.txt"):
        os.link(root / "一?.txt", root / name)
    disc = images.open_image(images.genisoimage(root, tmp_path / "image", "-J", "-R", "-hide-joliet", "空.txt"))
    assert [(f.code, f.path, f.facts["what"]) for f in disc.structure()[1]] == [
        ("layers-differ", path, "only-here") for path in ("空.txt", "目:录/空.txt")]
