"""The virtual workstation: what it lacks is said in one sentence, and no name can be mistaken for another."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.vm import building, debian, guest

A, B = "0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f"


def test_names_that_hold_anything() -> None:
    names = [b"./a", b"./line\nbreak", f"./{A}  ./a".encode(), b"./unreadable", b"./\xff"]
    printed = b"".join(b"%s  %s\n" % (digest.encode(), name) for digest, name in zip(
        (A, B, A, B), [name for name in names if name != b"./unreadable"], strict=True))
    assert dict(guest._sums(names, printed)) == {
        b"a": A, b"line\nbreak": B, f"{A}  ./a".encode(): A, b"unreadable": None, b"\xff": B}


def test_a_last_file_that_cannot_be_read() -> None:
    assert dict(guest._sums([b"./a", b"./b"], f"{A}  ./a\n".encode())) == {b"a": A, b"b": None}


def test_no_qemu_is_said_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "boot").mkdir()
    (tmp_path / "boot" / "vmlinuz-6").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(debian.NoGuest, match="qemu-system-x86"):
        guest._boot(tmp_path, tmp_path, [], 1)


def test_no_kernel_is_said_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(debian, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(debian.NoGuest, match="apt-cache is missing"):
        guest.kernel_release()


def test_an_archive_is_what_the_kernel_unpacks(tmp_path: Path) -> None:
    """Its fields by position: name and content where the format puts them, everything on four bytes."""
    raw = debian.cpio({"a/b": b"content"})
    assert raw.startswith(b"070701") and len(raw) % 4 == 0
    at = raw.index(b"a/b\0")
    assert int(raw[at - 110 + 54:at - 110 + 62], 16) == 7
    assert raw[at - 110 + -(-(110 + 4) // 4) * 4:][:7] == b"content"
    assert b"TRAILER!!!\0" in raw


def test_only_root_builds_a_workstation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(debian, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(debian.NoGuest, match="only root can build it"):
        building._root(tmp_path / "6.1.0-1-amd64")
