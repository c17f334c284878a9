"""Sound images of every kind the writer makes, each with the files a reader must find in it."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import shake_128

from tests.udf_writer import structures as s
from tests.udf_writer.damage import patched, retagged
from tests.udf_writer.model import Options, Piece, Shape, UdfImage
from tests.udf_writer.structures import ALLOCATED, HOLE, RECORDED
from tests.udf_writer.tree import truth_of
from tests.udf_writer.volume import udf_image

Plan = tuple[str, Mapping[str, bytes], Options]
BLOCK = 2048


def noise(name: str, length: int) -> bytes:
    return shake_128(name.encode()).digest(length)


def papers() -> dict[str, bytes]:
    """A small carrier: 6 files in 4 directories, names of both compressions, one file empty."""
    return {
        "说明.txt": "J010-2026 登记备份\r\n".encode() * 5,
        "案卷/0001.txt": noise("1", 3000),
        "案卷/0002.bin": noise("2", 9000),
        "案卷/附件/a.dat": noise("a", 2 * BLOCK),
        "readme.txt": b"one line\n",
        "empty.txt": b"",
        "空/": b"",
    }


def all_samples() -> dict[str, tuple[UdfImage, Mapping[str, bytes]]]:
    """Every sample: name → the image and its files. Deterministic; each image is below 2 MB."""
    samples: dict[str, tuple[UdfImage, Mapping[str, bytes]]] = {}
    for group in (revisions(), media(), virtual(), metadata(), files(), directories(), nodes(), volumes()):
        for name, content, options in group:
            assert name not in samples, name
            samples[name] = udf_image(content, options), truth_of(content, options)
    samples.update(sessions())
    return samples


def mount_options(image: UdfImage) -> str:
    """What the Linux driver must be told: the block size, hidden files, and the session where it is not the first."""
    session = min(runs[0][0] for name, runs in image.places.items() if name.startswith("vrs:")) - 32768
    options = f"bs={image.block_bytes},unhide"
    return options + (f",session={session // image.block_bytes}" if session else "")


def revisions() -> Iterator[Plan]:
    for revision, descriptors in (("1.02", "short"), ("1.50", "long"), ("2.00", "long"), ("2.01", "short"),
                                  ("2.50", "embedded"), ("2.60", "long")):
        yield f"plain-{revision}", papers(), Options(revision=revision, descriptors=descriptors)
    for block_bytes in (512, 1024, 4096):
        yield f"blocks-{block_bytes}", papers(), Options(block_bytes=block_bytes)
    yield "blocks-512-embedded", papers(), Options(block_bytes=512, descriptors="embedded")
    yield "blocks-4096-embedded", papers(), Options(block_bytes=4096, descriptors="embedded", anchors=(256,))
    yield "file-entries-2.01", papers(), Options(extended_entries=False)
    yield "embedded-1.02", papers(), Options(revision="1.02", descriptors="embedded")
    yield "extended-descriptors", papers(), Options(descriptors="extended")


def media() -> Iterator[Plan]:
    yield "read-only-1.02", papers(), Options(revision="1.02", medium="read-only")
    yield "partition-number", papers(), Options(revision="2.50", medium="metadata", partition_number=0x1234)
    yield "write-once-without-vat", papers(), Options(access_type=2)
    yield "sparable", papers(), Options(medium="sparable")
    content = {**papers(), "long.bin": noise("long", 70 * BLOCK)}
    yield "sparable-1.50", content, Options(medium="sparable", revision="1.50", spared=(1,), sparing_tables=1)
    yield "sparable-moved", content, Options(medium="sparable", spared=(0, 2, 3))
    yield "sparable-moved-four-tables", content, Options(medium="sparable", spared=(2, 0), sparing_tables=4)
    yield "sparable-metadata", content, Options(medium="sparable-metadata", revision="2.50", spared=(0, 4, 5))


def virtual() -> Iterator[Plan]:
    for revision in ("1.50", "2.00", "2.01", "2.50", "2.60"):
        yield f"vat-{revision}", papers(), Options(medium="virtual", revision=revision)
    yield "vat-1.50-embedded", papers(), Options(medium="virtual", revision="1.50", vat_embedded=True)
    yield "vat-2.01-embedded", papers(), Options(medium="virtual", vat_embedded=True)
    yield "vat-link-blocks", papers(), Options(medium="virtual", blocks_after_vat=2)
    content = {**papers(), "long.bin": noise("long", 200 * 512)}
    yield "vat-of-two-blocks", content, Options(medium="virtual", block_bytes=512, vat_unused=150)
    yield "vat-of-two-blocks-1.50", content, Options(medium="virtual", block_bytes=512, vat_unused=150, revision="1.50")
    yield "vat-second-anchor", papers(), Options(medium="virtual", anchors=(256, "N-257"))
    yield "vat-directories-in-extents", papers(), Options(medium="virtual", directories="long")
    yield "vat-content-in-virtual-space", papers(), Options(medium="virtual", descriptors="short")
    before = {**papers(), "案卷/0001.txt": noise("draft", 5000), "gone.txt": b"deleted since"}
    after = {**papers(), "案卷/附件/b.dat": noise("b", 4000)}
    for revision in ("1.50", "2.01"):
        yield f"vat-superseded-{revision}", after, Options(medium="virtual", revision=revision, earlier_content=before)
        yield f"second-session-appended-{revision}", after, Options(
            medium="virtual", revision=revision, earlier_content=before, new_session=True)
    yield "vat-superseded-embedded", after, Options(medium="virtual", earlier_content=before, descriptors="embedded")


def metadata() -> Iterator[Plan]:
    yield "metadata", papers(), Options(medium="metadata", revision="2.50")
    yield "metadata-2.60", papers(), Options(medium="metadata", revision="2.60", access_type=1)
    yield "metadata-shared-mirror", papers(), Options(medium="metadata", revision="2.50", mirror="shared")
    yield "metadata-one-extent", papers(), Options(medium="metadata", revision="2.50", metadata_extents=1)
    yield "metadata-content-at-block-0", papers(), Options(medium="metadata", revision="2.50", first_blocks=0)
    yield "metadata-bitmap", papers(), Options(medium="metadata", revision="2.50", metadata_bitmap=True)
    many = {f"{number:03}/{number}.txt": noise(str(number), 40) for number in range(25)}
    yield "metadata-hole", many, Options(medium="metadata", revision="2.50", metadata_hole=True)
    yield "metadata-embedded", many, Options(medium="metadata", revision="2.50", descriptors="embedded")
    yield "metadata-directories-in-extents", many, Options(medium="metadata", revision="2.50", directories="short")
    yield "pseudo-overwrite", papers(), Options(medium="pseudo-overwrite", revision="2.60")


def files() -> Iterator[Plan]:
    blocks = noise("pieces", 10 * BLOCK + 700)
    in_blocks = tuple(Piece(BLOCK) for _ in range(10))
    pieces = Shape(pieces=(Piece(2 * BLOCK), Piece(BLOCK), Piece(3 * BLOCK), Piece()))
    down = Shape(pieces=pieces.pieces, descending=True)
    for descriptors in ("short", "long"):
        shapes = {"up.bin": pieces, "down.bin": down}
        yield f"pieces-{descriptors}", {"up.bin": blocks, "down.bin": blocks[::-1], "next.txt": b"next"}, Options(
            descriptors=descriptors, shapes=shapes)
        continued = {"in-one.bin": Shape(pieces=(*in_blocks, Piece()), per_icb=6),
                     "in-many.bin": Shape(pieces=(*in_blocks, Piece()), per_icb=3, descending=True)}
        yield f"continued-{descriptors}", {"in-one.bin": blocks, "in-many.bin": blocks[::-1]}, Options(
            descriptors=descriptors, shapes=continued)
    full = {"full.bin": Shape(pieces=tuple(Piece(512) for _ in range(80)))}
    yield "continued-when-full", {"full.bin": noise("full", 80 * 512)}, Options(block_bytes=512, shapes=full)
    yield "continued-metadata", {"a.bin": blocks}, Options(
        revision="2.50", medium="metadata", shapes={"a.bin": Shape(pieces=(*in_blocks, Piece()), per_icb=4)})
    yield "continued-virtual", {"a.bin": blocks}, Options(
        medium="virtual", shapes={"a.bin": Shape(pieces=(*in_blocks, Piece()), per_icb=4)})
    yield from files_with_holes()


def files_with_holes() -> Iterator[Plan]:
    head, tail = noise("head", 2 * BLOCK), noise("tail", 900)
    content = {"hole.bin": head + bytes(3 * BLOCK) + tail, "begins.bin": bytes(BLOCK) + tail,
               "ends.bin": head + bytes(1500)}
    for name, kind in (("hole", HOLE), ("allocated", ALLOCATED)):
        shapes = {"hole.bin": Shape(pieces=(Piece(2 * BLOCK), Piece(3 * BLOCK, kind), Piece())),
                  "begins.bin": Shape(pieces=(Piece(BLOCK, kind), Piece())),
                  "ends.bin": Shape(pieces=(Piece(2 * BLOCK, RECORDED), Piece(0, kind)))}
        for descriptors in ("short", "long"):
            yield f"{name}-{descriptors}", content, Options(descriptors=descriptors, shapes=shapes)
    shapes = {"rounded.bin": Shape(rounded=True), "tail.bin": Shape(file_tail_blocks=3),
              "both.bin": Shape(rounded=True, file_tail_blocks=2)}
    content = {"rounded.bin": noise("r", 3000), "tail.bin": noise("t", 2 * BLOCK), "both.bin": noise("b", 5000)}
    yield "information-length-shorter", content, Options(shapes=shapes)
    shapes = {"plain.bin": Shape(attribute_bytes=300), "inside.bin": Shape(attribute_bytes=700, descriptors="embedded")}
    yield "extended-attributes", {"plain.bin": noise("p", 3000), "inside.bin": noise("i", 600)}, Options(shapes=shapes)


def directories() -> Iterator[Plan]:
    many = {f"案卷目录/第{number:04}号文件.txt": noise(str(number), 30) for number in range(150)}
    yield "directory-embedded-or-not", many, Options(descriptors="embedded")
    for directories in ("short", "long"):
        yield f"directories-{directories}", papers(), Options(directories=directories)
    yield "identifiers-cross-blocks", many, Options(block_bytes=512, descriptors="embedded")
    in_pieces = {"案卷目录": Shape(pieces=(Piece(2 * BLOCK), Piece(BLOCK), Piece()), descending=True)}
    yield "directory-in-pieces", many, Options(descriptors="embedded", shapes=in_pieces)
    continued = {"案卷目录": Shape(pieces=(*(Piece(512) for _ in range(12)), Piece()), per_icb=5)}
    yield "directory-continued", many, Options(block_bytes=512, descriptors="embedded", shapes=continued)
    yield "deep", {"/".join(f"{depth:02}层" for depth in range(40)) + "/底.txt": b"deep down"}, Options()
    use = {"a.txt": Shape(implementation_use=s.developer()),
           "b.txt": Shape(implementation_use=s.developer() + bytes(8))}
    yield "implementation-use", {"a.txt": b"a", "b.txt": b"b", "c.txt": b"c"}, Options(shapes=use)
    named = {"eight.txt": Shape(compression_id=8), "sixteen.txt": Shape(compression_id=16),
             "café.txt": Shape(compression_id=8), "naïve.txt": Shape(compression_id=16)}
    yield "names-8-and-16", {**dict.fromkeys(named, b"named"), "名.txt": b"16", "𠮷野家.txt": b"surrogates"}, Options(
        shapes=named)
    yield "names-of-254", {"a" * 254: b"8", "长" * 84: b"16", "b" * 250 + ".txt": b"8 again"}, Options()
    yield "names-longest", {"长" * 127: b"127", "长" * 123 + ".txt": b"381 bytes of UTF-8"}, Options()
    odd = {"slash": "a/b.txt", "control": "a\x01\x1f\x7f.txt", "bidi": "a\u202egnp.txt", "newline": "a\nb.txt",
           "dots": "..."}
    yield "names-odd", {key: key.encode() for key in odd}, Options(
        shapes={key: Shape(identifier=s.characters(name)) for key, name in odd.items()})


def nodes() -> Iterator[Plan]:
    content = {**papers(), "hidden.txt": b"hidden", "marked.txt": b"metadata bit",
               "bit.txt": b"deleted", "all.txt": b"deleted too", "名字.txt": b"deleted"}
    shapes = {"hidden.txt": Shape(characteristics=s.CH_HIDDEN), "bit.txt": Shape(characteristics=s.CH_DELETED),
              "all.txt": Shape(characteristics=s.CH_DELETED, compression_id=254, no_icb=True),
              "名字.txt": Shape(characteristics=s.CH_DELETED, compression_id=255, no_icb=True),
              "marked.txt": Shape(characteristics=s.CH_METADATA)}
    yield "hidden-and-deleted", content, Options(shapes=shapes)
    shapes = {"link": Shape(target="案卷/0001.txt"), "up/out": Shape(target="../案卷/./0002.bin"),
              "root": Shape(target="/etc/名"), "fifo": Shape(file_type=s.FIFO), "socket": Shape(file_type=s.SOCKET),
              "disk": Shape(file_type=s.BLOCK_DEVICE, device=(8, 1)),
              "tty": Shape(file_type=s.CHARACTER_DEVICE, device=(4, 2))}
    for descriptors in ("long", "embedded"):
        yield f"special-files-{descriptors}", {**papers(), **dict.fromkeys(shapes, b"")}, Options(
            shapes=shapes, descriptors=descriptors)
    shapes = {"hard.txt": Shape(link="案卷/0001.txt"), "案卷/附件/hard.dat": Shape(link="案卷/附件/a.dat")}
    yield "hard-links", {**papers(), **dict.fromkeys(shapes, b"")}, Options(shapes=shapes)
    streams = {"案卷/0001.txt": Shape(streams={"评语": "合格".encode(), "thumb": noise("thumb", 5000)}),
               "readme.txt": Shape(streams={"*UDF NT ACL": noise("acl", 80)}, descriptors="embedded")}
    yield "named-streams", papers(), Options(revision="2.00", shapes=streams)
    streams = {"": Shape(streams={"root": b"of the root"}), "案卷": Shape(streams={"n": noise("n", 3000)})}
    yield "named-streams-of-directories", papers(), Options(shapes=streams)
    shapes = {"案卷/0001.txt": Shape(file_type=s.REAL_TIME)}
    yield "real-time-file", papers(), Options(shapes=shapes)
    streams.pop("")
    system = {"*UDF Unique ID Mapping Data": noise("map", 48), "*UDF Backup": noise("backup", 16)}
    yield "system-streams", papers(), Options(system_streams=system)
    yield "system-streams-metadata", papers(), Options(revision="2.50", medium="metadata", system_streams=system,
                                                       shapes=streams)
    chained = {"once.bin": Shape(strategy=4096), "thrice.bin": Shape(strategy=4096, prior_versions=2)}
    for revision in ("1.02", "2.01"):
        yield f"strategy-4096-{revision}", {"once.bin": noise("o", 3000), "thrice.bin": noise("t", 3000)}, Options(
            revision=revision, access_type=2, shapes=chained)


def volumes() -> Iterator[Plan]:
    for sequence in ("prevailing", "prevailing-first", "continued"):
        yield f"sequence-{sequence}", papers(), Options(sequence=sequence)
    yield "integrity-open", papers(), Options(integrity=("open",))
    yield "integrity-reopened", papers(), Options(integrity=("closed", "open", "closed"))
    yield "integrity-elsewhere", papers(), Options(integrity=("open", "closed"), integrity_next=True)
    for anchors in ((256,), ("N-1",), ("N-257",), (512,), (256, "N-1", "N-257")):
        name = "-and-".join(str(anchor) for anchor in anchors)
        yield f"anchor-{name}", papers(), Options(anchors=anchors)
    yield "label-chinese", papers(), Options(label="登记备份2026年01批")
    yield "label-latin", papers(), Options(label="Größe élève", revision="1.02")
    yield "label-none", papers(), Options(label="")


def sessions() -> dict[str, tuple[UdfImage, Mapping[str, bytes]]]:
    """Two sessions, the second of which counts; its files are not those of the first."""
    first = udf_image({"old.txt": b"first session"}, Options(label="FIRST", anchors=(256,)))
    start = len(first.raw) // BLOCK // 32 * 32 + 128
    second = Options(session_start=start)
    before = udf_image({"old.txt": b"first session"}, Options(label="FIRST", medium="virtual"))
    virtual = Options(session_start=start, medium="virtual")
    return {"second-session": (udf_image(papers(), second, first), truth_of(papers(), second)),
            "second-session-virtual": (udf_image(papers(), virtual, before), truth_of(papers(), virtual))}


def huge_sample() -> tuple[UdfImage, Mapping[str, tuple[int, bytes, bytes]]]:
    """A file of 5 GiB and a bit that is a hole but for its ends: path → (bytes, how it begins, how it ends)."""
    head, tail = noise("head", BLOCK), noise("tail", 1000)
    zeros = 5 * (1 << 30)
    shapes = {"huge.bin": Shape(zeros_after=zeros, tail=tail)}
    shapes["chained.bin"] = Shape(zeros_after=zeros, tail=tail, per_icb=3)
    options = Options(shapes=shapes, descriptors="short")
    truth = (len(head) + zeros + len(tail), head, tail)
    return udf_image(dict.fromkeys(shapes, head), options), dict.fromkeys(shapes, truth)


def hostile_samples() -> dict[str, tuple[UdfImage, Mapping[str, bytes]]]:
    """Chains that lead back to themselves, tags sound: a reader must end, with the files that are whole."""
    found: dict[str, tuple[UdfImage, Mapping[str, bytes]]] = {}
    options = Options(shapes={"案卷/回": Shape(link="案卷"), "案卷/附件/回": Shape(link="案卷")})
    content = {**papers(), "案卷/回": b"", "案卷/附件/回": b""}
    found["loop-of-directories"] = udf_image(content, options), truth_of(content, options)
    long = Shape(pieces=(*(Piece(BLOCK) for _ in range(8)), Piece()), per_icb=3)
    image = udf_image({**papers(), "a.bin": noise("a", 9 * BLOCK)}, Options(shapes={"a.bin": long}))
    here = image.read("aed:a.bin:1")[12:16]
    found["loop-of-extents"] = retagged(image, "aed:a.bin:1", {24 + 2 * 16 + 4: here}), papers_truth()
    chained = Shape(strategy=4096, prior_versions=1)
    image = udf_image({**papers(), "a.bin": noise("a", 900)}, Options(access_type=2, shapes={"a.bin": chained}))
    here = image.read("prior:a.bin:0")[12:16]
    found["loop-of-entries"] = retagged(image, "ie:a.bin:0", {40: here}), papers_truth()
    image = udf_image(papers(), Options(sequence="continued"))
    for prefix in ("main", "reserve"):
        here = image.block(f"{prefix}:PVD").to_bytes(4, "little")
        image = retagged(image, f"{prefix}:VDP", {24: here})
    found["loop-of-sequences"] = image, {}
    image = udf_image(papers(), Options(integrity=("open", "open"), integrity_next=True))
    here = image.block("lvid:0").to_bytes(4, "little")
    found["loop-of-integrity"] = retagged(image, "lvid:0", {36: here}), papers_truth()
    image = udf_image(papers(), Options(medium="virtual", earlier_content=papers()))
    here = image.read("vat-icb")[12:16]
    found["loop-of-vats"] = patched(image, "vat", 132, here), papers_truth()
    return found


def papers_truth() -> dict[str, bytes]:
    return truth_of(papers(), Options())
