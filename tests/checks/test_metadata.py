"""Metadata beside the records, gathered while the carrier is read."""
import pytest

from carriers.model import Chunk, Extent, FilePart
from checks.metadata import FILE_BYTES, Metadata
from tests import transfer_kit as kit
from tests.checks.mutations import Held

SOUND = kit.metadata("A-1", "GB18030")
BROKEN = SOUND[:-5]


def consumer(*contents: bytes) -> Metadata:
    return Metadata(Held({f"{n}/电子档案元数据.xml": raw for n, raw in enumerate(contents)}).layout)


def chunk(file_no: int, raw: bytes, offset: int = 0, *, lost: bool = False) -> Chunk:
    part = FilePart(file_no, offset, 3, len(raw))
    return Chunk(0, Extent(0, 2048), (part,), 1, 0.0, None if lost else b"abc" + raw + b"slack")


def said(metadata: Metadata) -> list[tuple[str, str]]:
    return [(f.path, str(f.facts["reason"])) for f in metadata.findings()]


@pytest.mark.parametrize("encoding", ["GB18030", "GB2312", "UTF-8", "UTF-16"])
def test_sound_metadata_are_not_mentioned(encoding: str) -> None:
    raw = kit.metadata("A-1", encoding)
    metadata = consumer(raw)
    metadata.consume(chunk(0, raw))
    assert (said(metadata), metadata.classified) == ([], "")


def test_broken_and_empty_ones_are() -> None:
    metadata = consumer(BROKEN, b"", SOUND, b"\xff\xff", SOUND.replace(b"GB18030", b"UTF-8"))
    for number, raw in enumerate((BROKEN, b"", SOUND, b"\xff\xff", SOUND.replace(b"GB18030", b"UTF-8"))):
        if raw:
            metadata.consume(chunk(number, raw))
    assert said(metadata) == [("0/电子档案元数据.xml", "syntax"), ("1/电子档案元数据.xml", "empty"),
                              ("3/电子档案元数据.xml", "encoding"), ("4/电子档案元数据.xml", "encoding-declared")]


def test_pieces_are_gathered_over_a_sitting() -> None:
    first = consumer(BROKEN, SOUND)
    first.consume(chunk(0, BROKEN[:50]))
    first.consume(chunk(1, SOUND[:9]))
    second = consumer(BROKEN, SOUND)
    second.restore(first.save())
    second.consume(chunk(1, SOUND[9:], 9))
    second.consume(chunk(0, BROKEN[50:], 50))
    assert said(second) == [("0/电子档案元数据.xml", "syntax")]
    third = consumer(BROKEN, SOUND)
    third.restore(second.save())
    assert third.findings() == second.findings()


def test_what_could_not_be_read_is_left_to_its_own_finding() -> None:
    metadata = consumer(BROKEN)
    metadata.consume(chunk(0, BROKEN[:50], lost=True))
    metadata.consume(chunk(0, BROKEN[50:], 50))
    assert said(metadata) == []


def test_a_large_one_is_said_not_to_be_checked() -> None:
    metadata = consumer(b"<" * (FILE_BYTES + 1))
    metadata.consume(chunk(0, b"<" * (FILE_BYTES + 1)))
    assert said(metadata) == [("0/电子档案元数据.xml", "not-checked")]


def test_many_at_one_time_are_bounded() -> None:
    raw = b"<a>" + b" " * (FILE_BYTES - 3)
    metadata = consumer(*[raw] * 40)
    for number in range(40):
        metadata.consume(chunk(number, raw[:-1]))
    assert {reason for _, reason in said(metadata)} == {"not-checked"} and len(said(metadata)) == 8


@pytest.mark.parametrize("raw", [
    kit.metadata("A-1", "GB18030", "机密"), kit.metadata("A-1", "UTF-8", "机密")[:-9],
    "<?xml version='1.0' encoding='GBK'?><r><b a:密级='机密' xmlns:a='x'/></r>".encode("gbk")])
def test_a_level_is_noticed(raw: bytes) -> None:
    metadata = consumer(raw)
    metadata.consume(chunk(0, raw))
    assert metadata.classified == "机密"
