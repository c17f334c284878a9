"""From options to an image: partition, metadata files, VAT, sparing, descriptor sequences, anchors."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from struct import pack

from tests.udf_writer import structures as s
from tests.udf_writer.blocks import Partition, runs_of
from tests.udf_writer.model import PACKET_BLOCKS, Options, Runs, UdfImage
from tests.udf_writer.structures import HOLE, NONE, RECORDED, Address
from tests.udf_writer.tree import Recorder

# blocks from the session's start
MAIN, RESERVE, INTEGRITY, CONTINUED, TABLES, PARTITION = 128, 144, 160, 168, 220, 288
SEQUENCE_BLOCKS, INTEGRITY_BLOCKS, SPARE_PACKETS, RUN_OUT = 16, 8, 6, 32
Parts = tuple[tuple[int | None, int], ...]
UNIT = 32                                   # of metadata allocation and alignment (UDF 2.2.10)
DEFAULT = Options()
KINDS = {"PVD": 1, "AVDP": 2, "VDP": 3, "IUVD": 4, "PD": 5, "LVD": 6, "USD": 7, "TD": 8, "LVID": 9}


@dataclass(frozen=True, slots=True)
class Metadata:
    """The Metadata File (UDF 2.2.13): blocks of its ICBs, and the parts of its content as (first lbn of the partition,
    blocks); first None: not allocated."""

    main_icb: int
    mirror_icb: int
    bitmap_icb: int
    main: Parts
    mirror: Parts

    def blocks(self, mirrored: bool) -> list[int | None]:
        return [None if first is None else first + number for first, count in (self.mirror if mirrored else self.main)
                for number in range(count)]


@dataclass(frozen=True, slots=True)
class Session:
    """Where a session begins, and where the partition ends by its descriptors (blocks); prefix: of its names."""

    base: int
    end: int
    prefix: str = ""


@dataclass(slots=True)
class Volume:
    """What the descriptors of a volume are made from, and the image under construction."""

    options: Options
    partition: Partition
    file_set: Address
    counts: tuple[int, int]                 # files, directories
    next_unique_id: int
    metadata: Metadata | None = None
    bitmap: tuple[int, int] = (0, 0)
    start: int = 0                          # absolute block of the partition
    end: int = 0                            # the block after it
    sessions: list[Session] = field(default_factory=list)
    moved: dict[int, int] = field(default_factory=dict)         # packet's first lbn → absolute block
    spare: list[int] = field(default_factory=list)
    tables: list[int] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    places: dict[str, Runs] = field(default_factory=dict)

    def write(self, name: str, kind: int, body: bytes, block: int) -> None:
        """A descriptor of the volume at an absolute block."""
        size = self.options.block_bytes
        raw = s.tagged(kind, body, block, self.options.edition)
        self.raw[block * size:block * size + len(raw)] = raw
        self.places[name] = ((block * size, len(raw)),)

    def absolute(self, at: Address, mirrored: bool = False) -> int | None:
        """The block of the volume behind an address; None where the metadata file has none."""
        lbn: int | None = at.lbn
        if at.ref == 1:
            assert self.metadata is not None
            lbn = self.metadata.blocks(mirrored)[at.lbn]
        if lbn is None:
            return None
        packet = lbn - lbn % PACKET_BLOCKS
        return self.moved[packet] + lbn - packet if packet in self.moved else self.start + lbn


def udf_image(content: Mapping[str, bytes], options: Options = DEFAULT, earlier: UdfImage | None = None) -> UdfImage:
    """An image that holds this content.

    Args:    content: path → bytes, "/" between names, "name/" for an empty directory; b"" for what has a target, a
             link or a device. earlier: an image that lies before this session.
    Raises:  ValueError where the standard has no such image.
    """
    size = options.block_bytes
    if (options.session_start * size < len(earlier.raw)) if earlier else options.session_start:
        raise ValueError("a session begins after the one before it")
    partition = Partition(size, options.has_vat, hole=(UNIT, 2 * UNIT) if options.metadata_hole else (0, 0))
    partition.vat.extend([NONE] * options.vat_unused)
    volume = record(content, options, partition)
    finish(volume)
    arrange(volume)
    total = total_blocks(volume)
    before = earlier.raw if earlier else b""
    volume.raw = bytearray(before + bytes(total * size - len(before)))
    copy_partition(volume)
    if options.has_sparing:
        write_sparing(volume)
    for session in volume.sessions:
        write_recognition(volume, session)
        write_sequences(volume, session)
        write_integrity(volume, session)
        write_anchors(volume, session, total)
    locate(volume)
    return UdfImage(bytes(volume.raw), size, volume.places)


# --- what lies in the partition ----------------------------------------------------------------------------------

def record(content: Mapping[str, bytes], options: Options, partition: Partition) -> Volume:
    """The file set and its files; what an earlier writing had recorded, where the medium keeps it."""
    recorder = Recorder(partition, options)
    partition.take(0, options.first_blocks)
    file_set = Address(partition.take(options.node_ref, 1), options.node_ref)
    end = Address(partition.take(options.node_ref, 1), options.node_ref)
    before = options.earlier_content
    previous = NONE
    same: frozenset[str] = frozenset()
    sessions = [options.session_start]
    if options.new_session and (before is None or 512 in options.where_anchors_lie):
        raise ValueError("a session after what was recorded before")
    if before is not None:
        if not options.has_vat:
            raise ValueError("only a VAT lets older content stay")
        recorder.prefix = "before:"
        recorder.record(before)
        kept = dict(partition.notes)
        previous = write_vat(partition, options, (len(before), 1), NONE, "before:")
        if options.new_session:
            ends = options.session_start + PARTITION + len(partition.recorded) // options.block_bytes
            partition.take(0, RUN_OUT + PARTITION, b"\0")
            sessions.append(ends + RUN_OUT)
        recorder.prefix = ""
        same = frozenset(path for path, raw in content.items() if before.get(path) == raw and path[-1:] != "/")
        for name, note in kept.items():
            if name.removeprefix("before:").partition(":")[2].partition("::")[0] in same:
                partition.notes[name.removeprefix("before:")] = note
        for path, icb in recorder.icbs.items():
            if path in before and path not in content:
                partition.vat[icb.lbn] = NONE
    nodes = recorder.record(content, same)
    streams, _ = recorder.streams("//system", None, 0, options.system_streams)
    edition = options.edition
    root = nodes[""].icb
    body = s.file_set(options.label, root, streams, options.block_bytes, edition)
    partition.put_block(file_set, s.tagged(0x0100, body, file_set.lbn, edition))
    partition.note("fsd", (file_set,), 512)
    partition.put_block(end, s.tagged(KINDS["TD"], bytes(496), end.lbn, edition))
    partition.note("fsd:td", (end,), 512)
    directories = sum(node.is_directory for node in nodes.values())
    counts = (len(nodes) - directories, directories)
    volume = Volume(options, partition, file_set, counts, recorder.next_unique_id)
    volume.sessions = [Session(base, 0) for base in sessions]
    if options.has_vat:
        finish_vat(volume, previous)
    return volume


def finish_vat(volume: Volume, previous: int) -> None:
    """The VAT, its ICB last of all (UDF 2.2.11); an anchor at N-257 lies in the partition then."""
    options, partition = volume.options, volume.partition
    if "N-1" in options.where_anchors_lie:
        raise ValueError("the last block is the VAT's")
    if "N-257" in options.where_anchors_lie:
        partition.take(0, 1, b"\0")
        needed = 0 if options.vat_embedded else -(-(len(partition.vat) * 4 + 152) // options.block_bytes)
        partition.take(0, 255 - needed - options.blocks_after_vat, b"\0")
    write_vat(partition, options, volume.counts, previous, "")


def write_vat(partition: Partition, options: Options, counts: tuple[int, int], previous: int, prefix: str) -> int:
    """A VAT and its ICB at the end of what is recorded; gives the ICB's block."""
    size, edition = options.block_bytes, options.edition
    is_150 = edition.bcd < 0x0200
    raw = (s.vat_150(partition.vat, previous) if is_150
           else s.vat_200(partition.vat, previous, counts, options.label, edition))
    extended = not is_150 and options.extended_entries is not False
    entry = s.Entry(0 if is_150 else s.VAT, s.LONG, len(raw), b"")
    if options.vat_embedded:
        icb = partition.take(0, 1)
        at, first, count = 216 if extended else 176, icb, 1
        entry = replace(entry, addressing=s.EMBEDDED, space=raw)
    else:
        count = -(-len(raw) // size)
        first = partition.take(0, count)
        icb = partition.take(0, 1)
        partition.put(0, first, raw)
        at = 0
        space = s.long_ad(RECORDED, len(raw), Address(first, 0))
        entry = replace(entry, space=space, blocks_recorded=count)
    partition.note(prefix + "vat", tuple(Address(first + number, 0) for number in range(count)), len(raw), at)
    whole = s.file_entry(entry, icb, extended, edition)
    partition.put_block(Address(icb, 0), whole)
    partition.note(prefix + "vat-icb", (Address(icb, 0),), len(whole))
    return icb


def finish(volume: Volume) -> None:
    """What the partition holds beside the files: metadata files, the space bitmap, free blocks."""
    options, partition = volume.options, volume.partition
    if options.has_metadata:
        volume.metadata = write_metadata(partition, options)
    if options.partition_access not in (3, 4):
        return
    size = options.block_bytes
    used = len(partition.recorded) // size
    count = next(count for count in range(1, 1000)
                 if 24 + -(-(padded_blocks(options, used + count + options.spare_blocks)) // 8) <= count * size)
    total = padded_blocks(options, used + count + options.spare_blocks)
    bitmap = partition.take(0, count)
    free = [block >= used + count for block in range(total)]
    raw = s.tagged(0x0108, s.space_bitmap(free), bitmap, options.edition)
    partition.put(0, bitmap, raw)
    partition.take(0, total - used - count)
    partition.note("bitmap", tuple(Address(bitmap + number, 0) for number in range(count)), len(raw))
    volume.bitmap = (bitmap, count * size)


def padded_blocks(options: Options, blocks: int) -> int:
    return -(-blocks // PACKET_BLOCKS) * PACKET_BLOCKS if options.has_sparing else blocks


def write_metadata(partition: Partition, options: Options) -> Metadata:
    """The Metadata File, its mirror and its bitmap (UDF 2.2.13), all of them in the partition beside the files."""
    size = options.block_bytes
    least = 3 if options.metadata_hole else options.metadata_extents
    wanted = max(-(-len(partition.metadata) // (UNIT * size)), least)
    partition.take(1, wanted * UNIT - len(partition.metadata) // size)
    used = len(partition.metadata) // size
    cuts = [(0, UNIT, True), (UNIT, UNIT, False), (2 * UNIT, used - 2 * UNIT, True)] if options.metadata_hole else [
        (number * UNIT, UNIT if number < options.metadata_extents - 1 else used - number * UNIT, True)
        for number in range(options.metadata_extents)]
    icbs = [partition.take(0, 1) for _ in range(3)]
    main: list[tuple[int | None, int]] = []
    mirror: list[tuple[int | None, int]] = []
    for first, count, is_recorded in cuts:
        for parts in (main, mirror) if options.mirror == "duplicated" else (main,):
            if not is_recorded:
                parts.append((None, count))
                continue
            partition.take(0, -(len(partition.recorded) // size) % UNIT)
            at = partition.take(0, count)
            partition.put(0, at, bytes(partition.metadata[first * size:(first + count) * size]))
            parts.append((at, count))
    found = Metadata(icbs[0], icbs[1] if options.mirror != "none" else NONE,
                     icbs[2] if options.metadata_bitmap else NONE, tuple(main), tuple(mirror or main))
    write_metadata_icb(partition, options, (s.METADATA, found.main_icb, found.main), "metadata")
    if options.mirror != "none":
        write_metadata_icb(partition, options, (s.MIRROR, found.mirror_icb, found.mirror), "mirror")
    if options.metadata_bitmap:
        bits = s.tagged(0x0108, s.space_bitmap([False] * used), 0, options.edition)
        at = partition.take(0, -(-len(bits) // size))
        partition.put(0, at, bits)
        file = (s.METADATA_BITMAP, found.bitmap_icb, ((at, -(-len(bits) // size)),))
        write_metadata_icb(partition, options, file, "metadata-bitmap", len(bits))
    return found


def write_metadata_icb(partition: Partition, options: Options, file: tuple[int, int, Parts], name: str,
                       length: int = 0) -> None:
    """The ICB of one of the metadata files, given as (file type, its block, its parts); length 0: whole blocks."""
    file_type, icb, parts = file
    size = options.block_bytes
    total = length or sum(count for _, count in parts) * size
    space, left = b"", total
    for first, count in parts:
        part = min(left, count * size)
        space += s.short_ad(RECORDED, part, first) if first is not None else s.short_ad(HOLE, part, 0)
        left -= part
    held = [(first, count) for first, count in parts if first is not None]
    entry = s.Entry(file_type, s.SHORT, total, space, sum(count for _, count in held), links=0)
    whole = s.file_entry(entry, icb, options.extended_entries is not False, options.edition)
    partition.put_block(Address(icb, 0), whole)
    partition.note(f"{name}:icb", (Address(icb, 0),), len(whole))
    blocks = tuple(Address(first + number, 0) for first, count in held for number in range(count))
    partition.note(name, blocks, min(total, len(blocks) * size))


# --- where it lies in the volume ---------------------------------------------------------------------------------

def arrange(volume: Volume) -> None:
    """Where the partition, the spare packets and the sparing tables lie."""
    options = volume.options
    volume.start = options.session_start + (PARTITION + 256 if 512 in options.where_anchors_lie else PARTITION)
    volume.end = volume.start + len(volume.partition.recorded) // options.block_bytes
    first, last = volume.sessions[0], volume.sessions[-1]
    volume.sessions = [replace(last, end=volume.end + options.blocks_after_vat)]
    if last != first:
        volume.sessions.insert(0, Session(first.base, last.base - RUN_OUT, "before:"))
    if options.has_sparing:
        volume.spare = [volume.end + number * PACKET_BLOCKS for number in range(SPARE_PACKETS)]
        volume.moved = {packet * PACKET_BLOCKS: volume.spare[-1 - number]
                        for number, packet in enumerate(options.spared)}
        after = volume.end + SPARE_PACKETS * PACKET_BLOCKS
        here = options.session_start + TABLES
        volume.tables = [after, here, after + 1, here + 1][:options.sparing_tables]


def total_blocks(volume: Volume) -> int:
    """The blocks of the whole image; anchors at its end where they are asked for."""
    options = volume.options
    after = volume.end + options.blocks_after_vat
    if options.has_sparing:
        after += SPARE_PACKETS * PACKET_BLOCKS + options.sparing_tables
    if options.has_vat:
        return after
    if "N-257" in options.where_anchors_lie:
        return after + 257
    return after + ("N-1" in options.where_anchors_lie)


def copy_partition(volume: Volume) -> None:
    """The partition's blocks, those of moved packets in the spare area with inverted bytes in their old place."""
    size = volume.options.block_bytes
    recorded = volume.partition.recorded
    volume.raw[volume.start * size:volume.start * size + len(recorded)] = recorded
    for lbn, block in volume.moved.items():
        packet = recorded[lbn * size:(lbn + PACKET_BLOCKS) * size]
        if len(packet) != PACKET_BLOCKS * size:
            raise ValueError("a packet outside the partition")
        volume.raw[block * size:block * size + len(packet)] = packet
        old = (volume.start + lbn) * size
        volume.raw[old:old + len(packet)] = bytes(byte ^ 0xFF for byte in packet)
        volume.places[f"spare:{lbn // PACKET_BLOCKS}"] = ((block * size, len(packet)),)
        volume.places[f"stale:{lbn // PACKET_BLOCKS}"] = ((old, len(packet)),)


def write_sparing(volume: Volume) -> None:
    body = s.sparing_table(volume.moved, volume.spare, volume.options.edition)
    for number, block in enumerate(volume.tables):
        volume.write(f"sparing:{number}", 0, body, block)


def write_recognition(volume: Volume, session: Session) -> None:
    """The volume recognition sequence: 2048 bytes each, or a block where blocks are longer (2/8.3)."""
    options = volume.options
    step = max(2048, options.block_bytes)
    for number, identifier in enumerate(("BEA01", options.edition.nsr, "TEA01")):
        at = session.base * options.block_bytes + 32768 + number * step
        volume.raw[at:at + step] = s.volume_structure(identifier, step)
        volume.places[f"{session.prefix}vrs:{identifier}"] = ((at, step),)


def partition_maps(volume: Volume) -> tuple[bytes, ...]:
    options, edition = volume.options, volume.options.edition
    number = options.partition_number
    first = s.type_1_map(number)
    if options.has_sparing:
        table = 56 + 8 * SPARE_PACKETS
        rest = pack("<HBBI", PACKET_BLOCKS, len(volume.tables), 0, table)
        rest += pack(f"<{len(volume.tables)}I", *volume.tables)
        first = s.type_2_map("*UDF Sparable Partition", number, rest, edition)
    if options.has_vat:
        return (first, s.type_2_map("*UDF Virtual Partition", number, b"", edition))
    found = volume.metadata
    if found is None:
        return (first,)
    flags = options.mirror == "duplicated"
    rest = pack("<IIIIHB", found.main_icb, found.mirror_icb, found.bitmap_icb, UNIT, UNIT, flags)
    return (first, s.type_2_map("*UDF Metadata Partition", number, rest, edition))


def descriptors(volume: Volume, session: Session, number: int, *, is_old: bool = False) -> list[tuple[str, bytes]]:
    """Bodies of the volume's descriptors. Old ones have a lower number and name other places, as if since changed."""
    options, size, edition = volume.options, volume.options.block_bytes, volume.options.edition
    label = "OLD" if is_old else options.label
    wrong = 3 if is_old else 0
    integrity = (session.base + INTEGRITY, INTEGRITY_BLOCKS * size)
    if options.integrity_next:
        integrity = (integrity[0], integrity[1] // 2)
    place = s.PartitionFields(options.partition_access, volume.start + wrong,
                              session.end - volume.start - wrong, volume.bitmap,
                              options.partition_number)
    file_set = replace(volume.file_set, lbn=volume.file_set.lbn + wrong)
    fields = s.VolumeFields(label, size, file_set, partition_maps(volume), integrity)
    return [("PVD", s.primary(number, label)), ("IUVD", s.implementation_use(number + 1, label, edition)),
            ("PD", s.partition(number + 2, place, edition)), ("LVD", s.logical_volume(number + 3, fields, edition)),
            ("USD", s.unallocated_space(number + 4))]


def write_sequences(volume: Volume, session: Session) -> None:
    """The main and the reserve sequence (3/8.4.2)."""
    options = volume.options
    size, kind = options.block_bytes, options.sequence
    now = descriptors(volume, session, 10)
    old = [(f"{name}:old", body) for name, body in descriptors(volume, session, 1, is_old=True)
           if name in ("PVD", "PD", "LVD")]
    order = {"prevailing": old + now, "prevailing-first": now + old}.get(kind, now)
    for number, (prefix, first) in enumerate(((f"{session.prefix}main", MAIN), (f"{session.prefix}reserve", RESERVE))):
        block = session.base + first
        rest = order
        if kind == "continued":
            following = session.base + CONTINUED + number * SEQUENCE_BLOCKS
            volume.write(f"{prefix}:{order[0][0]}", KINDS[order[0][0]], order[0][1], block)
            pointer = s.volume_pointer(11, (following, SEQUENCE_BLOCKS * size))
            volume.write(f"{prefix}:VDP", KINDS["VDP"], pointer, block + 1)
            rest, block = order[1:], following
        for at, (name, body) in enumerate([*rest, ("TD", bytes(496))]):
            volume.write(f"{prefix}:{name}", KINDS[name.removesuffix(":old")], body, block + at)


def write_integrity(volume: Volume, session: Session) -> None:
    """The logical volume integrity sequence (3/8.8.2): the last one prevails."""
    options, size = volume.options, volume.options.block_bytes
    blocks, prefix = session.end - volume.start, session.prefix
    maps = len(partition_maps(volume))
    sizes, free = [blocks], [options.spare_blocks if volume.bitmap[1] else 0]
    if maps == 2:
        sizes.append(NONE if options.has_vat else len(volume.partition.metadata) // size)
        free.append(NONE if options.has_vat else 0)
    base = session.base + INTEGRITY
    for number, state in enumerate(options.integrity):
        is_last = number == len(options.integrity) - 1
        before_last = options.integrity_next and number == len(options.integrity) - 2
        elsewhere = base + INTEGRITY_BLOCKS // 2
        block = elsewhere if is_last and options.integrity_next and number else base + number
        fields = s.IntegrityFields(state == "closed", volume.next_unique_id, tuple(free), tuple(sizes), *volume.counts,
                                   (elsewhere, size * INTEGRITY_BLOCKS // 2) if before_last else (0, 0))
        volume.write(f"{prefix}lvid:{number}", KINDS["LVID"], s.integrity(fields, options.edition), block)
        if not before_last:
            volume.write(f"{prefix}lvid:td", KINDS["TD"], bytes(496), block + 1)
    volume.places[f"{prefix}lvid"] = volume.places[f"{prefix}lvid:{len(options.integrity) - 1}"]


def write_anchors(volume: Volume, session: Session, total: int) -> None:
    """Anchors (3/8.4.2.1, UDF 2.2.3): at 256 of the session, or as seen from the end of the volume."""
    options, size = volume.options, volume.options.block_bytes
    extents = [(session.base + first, SEQUENCE_BLOCKS * size) for first in (MAIN, RESERVE)]
    for where in options.where_anchors_lie:
        from_end = {"N-1": total - 1, "N-257": total - 257}
        block = from_end[where] if isinstance(where, str) else session.base + where
        volume.write(f"{session.prefix}anchor:{where}", KINDS["AVDP"], s.anchor(extents[0], extents[1]), block)


def locate(volume: Volume) -> None:
    """Names to bytes of the image, in the mirror too."""
    mirrored = volume.metadata is not None and volume.options.mirror == "duplicated"
    for prefix in ("", "mirror!") if mirrored else ("",):
        for name, note in volume.partition.notes.items():
            if prefix and not any(block.ref == 1 for block in note.blocks):
                continue
            found = list(blocks_at(volume, note.blocks, bool(prefix)))
            volume.places[prefix + name] = runs_of(note, volume.options.block_bytes, found)


def blocks_at(volume: Volume, blocks: tuple[Address, ...], mirrored: bool) -> Iterator[int]:
    for at in blocks:
        block = volume.absolute(at, mirrored)
        assert block is not None, at
        yield block
