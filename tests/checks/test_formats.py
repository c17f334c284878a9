"""First bytes against extensions."""
from carriers.model import Addressing, Chunk, Extent, FileEntry, FilePart, Files, Structure
from checks.formats import Formats, load_signatures

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00" + bytes(50)
PDF = b"%PDF-1.7\n" + bytes(50)
LOCKED_ZIP = b"PK\x03\x04\x14\x00\x01\x00" + bytes(50)


def pass_over(contents: dict[str, bytes]) -> Formats:
    files = Files()
    for number, (path, content) in enumerate(contents.items()):
        files.add(FileEntry(path, b"", len(content), (Extent(number, len(content)),)))
    consumer = Formats(Structure(("test",), Addressing.BLOCKS, 2048, 9, 9 * 2048, 9, files, ()))
    for number, content in enumerate(contents.values()):
        consumer.consume(Chunk(number, Extent(number, 2048), (FilePart(number, 0, 5, len(content)),), 1, 0.0,
                               b"slack" + content))
    return consumer


def test_what_fits_is_not_mentioned() -> None:
    assert pass_over({"a.pdf": PDF, "b.PNG": PNG, "c.unknown": PNG, "没有扩展名": b"x"}).findings() == []


def test_what_does_not_fit_is_named() -> None:
    found = pass_over({"a.pdf": PNG, "b.jpg": b"\xff\xd8\xff\xe0"}).findings()
    assert [(f.code, f.path, dict(f.facts)) for f in found] == [
        ("format-mismatch", "a.pdf", {"extension": "pdf", "found": "image/png"})]


def test_an_encrypted_zip_is_said_to_be_one() -> None:
    assert [(f.code, f.path) for f in pass_over({"数据包.zip": LOCKED_ZIP}).findings()] == [
        ("package-encrypted", "数据包.zip")]


def test_the_state_goes_on() -> None:
    first = pass_over({"a.pdf": PNG, "b.zip": LOCKED_ZIP})
    second = pass_over({"a.pdf": PDF, "b.zip": b"PK\x03\x04" + bytes(9)})
    second.restore(first.save())
    assert second.findings() == first.findings()


def test_only_the_first_piece_of_a_file_is_looked_at() -> None:
    consumer = pass_over({"a.pdf": PDF})
    consumer.consume(Chunk(9, Extent(0, 2048), (FilePart(0, 2048, 0, 60),), 1, 0.0, PNG))
    assert consumer.findings() == []


def test_the_kept_table_is_sane() -> None:
    for extension, rows in load_signatures().items():
        assert extension == extension.lower() and rows
        assert all(offset >= 0 and len(sign) >= 2 for offset, sign in rows)
