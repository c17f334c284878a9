"""Files and directories into blocks: content, allocation descriptors, ICBs, File Identifier Descriptors."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.udf_writer import structures as s
from tests.udf_writer.blocks import Partition
from tests.udf_writer.model import ADDRESSING, Options, Piece, Shape
from tests.udf_writer.structures import ALLOCATED, CONTINUED, HOLE, RECORDED, Address

PLAIN = Shape()


@dataclass(frozen=True, slots=True)
class Extent:
    kind: int
    length: int
    at: Address


@dataclass(slots=True)
class Node:
    """A file, directory or stream with an ICB."""

    path: str
    raw: bytes
    shape: Shape
    is_directory: bool
    icb: Address = Address(0, 0)
    unique_id: int = 0
    children: list[str] = field(default_factory=list)

    @property
    def icb_blocks(self) -> int:
        return 2 if self.shape.strategy == 4096 else 1


def content_of(raw: bytes, shape: Shape) -> bytes:
    """What a reader must find in a file of this shape."""
    return raw + bytes(shape.zeros_after) + shape.tail


def bytes_of(raw: bytes, shape: Shape) -> int:
    """How many those are, without making them."""
    return len(raw) + shape.zeros_after + len(shape.tail)


def truth_of(content: Mapping[str, bytes], options: Options) -> dict[str, bytes]:
    """The files a reader must find: path → content. No deleted or special ones, no symbolic links, no loops."""
    nodes = nodes_of(content, options)
    found = {}
    for path, node in nodes.items():
        target = nodes[node.shape.link] if node.shape.link else node
        is_special = target.shape.target or target.shape.file_type not in (0, s.REGULAR, s.REAL_TIME)
        if not target.is_directory and not is_special and not node.shape.characteristics & s.CH_DELETED:
            found[path] = content_of(target.raw, target.shape)
    return found


def nodes_of(content: Mapping[str, bytes], options: Options) -> dict[str, Node]:
    """Every path and the directories above it, the root ("") first. "a/" is an empty directory."""
    nodes = {"": Node("", b"", options.shapes.get("", PLAIN), True)}
    for key, raw in content.items():
        parts = key.rstrip("/").split("/")
        for depth in range(1, len(parts) + 1):
            path, above = "/".join(parts[:depth]), "/".join(parts[:depth - 1])
            if path in nodes:
                continue
            is_directory = depth < len(parts) or key.endswith("/")
            nodes[path] = Node(path, b"" if is_directory else raw, options.shapes.get(path, PLAIN), is_directory)
            nodes[above].children.append(path)
    for number, node in enumerate(node for node in nodes.values() if node.path):
        node.unique_id = 16 + number            # UDF 3.2.1.1: 0 is the root's, 1 to 15 are reserved
    return nodes


@dataclass(slots=True)
class Recorder:
    """Records trees into a partition. `icbs`: where the ICBs of an earlier recording lie, for media with a VAT."""

    partition: Partition
    options: Options
    prefix: str = ""
    icbs: dict[str, Address] = field(default_factory=dict)
    next_unique_id: int = 0

    def note(self, name: str, blocks: Sequence[Address], length: int, offset: int = 0) -> None:
        self.partition.note(self.prefix + name, tuple(blocks), length, offset)

    def take_icb(self, blocks: int = 1) -> Address:
        ref = self.options.node_ref
        return Address(self.partition.take(ref, blocks), ref)

    def record(self, content: Mapping[str, bytes], same: frozenset[str] = frozenset()) -> dict[str, Node]:
        """Record a tree; files in `same` are left as an earlier recording has them."""
        nodes = nodes_of(content, self.options)
        self.next_unique_id = max(self.next_unique_id, 16 + len(nodes))
        for node in nodes.values():
            if node.shape.link:
                continue
            if node.path in self.icbs:
                node.icb = self.icbs[node.path]
                if node.path not in same:       # a new block, the old virtual address
                    self.partition.vat[node.icb.lbn] = self.partition.take(0, 1)
            else:
                node.icb = self.take_icb(node.icb_blocks)
        for node in nodes.values():
            if node.shape.link:
                node.icb, node.unique_id = nodes[node.shape.link].icb, nodes[node.shape.link].unique_id
            elif node.is_directory:
                self.directory(node, nodes)
            elif node.path not in same:
                self.file(node, 1 + sum(other.shape.link == node.path for other in nodes.values()))
        self.icbs = {node.path: node.icb for node in nodes.values() if not node.shape.link}
        return nodes

    # --- files ---------------------------------------------------------------------------------------------------

    def file(self, node: Node, links: int) -> None:
        shape = node.shape
        raw, file_type = node.raw, shape.file_type or s.REGULAR
        if shape.target:
            raw, file_type = s.path_components(shape.target), s.SYMLINK
        streams, stream_bytes = self.streams(node.path, node.icb, node.unique_id, shape.streams)
        entry = s.Entry(file_type, 0, 0, b"", unique_id=node.unique_id, links=links, streams=streams,
                        stream_bytes=self.options.block_bytes if streams else 0)
        size = bytes_of(raw, shape) + stream_bytes
        if shape.strategy == 4096:
            self.chain(node, replace(entry, object_size=size), raw)
        else:
            self.content(node, replace(entry, object_size=size), raw)

    def chain(self, node: Node, entry: s.Entry, raw: bytes) -> None:
        """ICBs of strategy 4096: a direct entry, and an indirect one that gives the next; the last one counts."""
        node = replace(node)
        for version in range(node.shape.prior_versions):
            prior = replace(entry, strategy=4096, prior_entries=version)
            self.content(node, prior, raw[::-1] + b"older", f"prior:{node.path}:{version}")
            following = self.take_icb(2)
            at = Address(node.icb.lbn + 1, node.icb.ref)
            raw_ie = s.indirect_entry(following, self.options.block_bytes, at.lbn, self.options.edition)
            self.partition.put_block(at, raw_ie)
            self.note(f"ie:{node.path}:{version}", [at], 52)
            node.icb = following
        self.content(node, replace(entry, strategy=4096, prior_entries=node.shape.prior_versions), raw)
        at = Address(node.icb.lbn + 1, node.icb.ref)
        self.partition.put_block(at, s.terminal_entry(at.lbn, self.options.edition))
        self.note(f"te:{node.path}:0", [at], 36)

    def streams(self, path: str, owner: Address | None, unique_id: int,
                streams: Mapping[str, bytes]) -> tuple[Address | None, int]:
        """A stream directory and its streams (4/9.2, UDF 3.3.5); gives its ICB, and the bytes of all streams.

        owner: the file's ICB, to which the directory's parent leads; the system stream directory is its own.
        """
        if not streams:
            return None, 0
        folder = Node(path, b"", PLAIN, True, self.take_icb(), unique_id)
        nodes = [Node(f"{path}::{name}", raw, PLAIN, False, self.take_icb(), unique_id)
                 for name, raw in streams.items()]
        identifiers = [self.identifier(b"", s.CH_DIRECTORY | s.CH_PARENT, owner or folder.icb, unique_id)]
        for name, node in zip(streams, nodes, strict=True):
            bits = s.CH_METADATA if name.startswith("*UDF") else 0
            identifiers.append(self.identifier(s.characters(name), bits, node.icb, unique_id))
            self.content(node, s.Entry(s.REGULAR, 0, 0, b"", flags=0x2000, unique_id=unique_id), node.raw)
        size = sum(s.fid_bytes(identifier) for identifier in identifiers)
        entry = s.Entry(s.STREAMS, 0, size, b"", unique_id=unique_id, flags=0x2000)
        self.directory_content(folder, identifiers, entry, f"streams:{path}")
        return folder.icb, sum(len(raw) for raw in streams.values())

    def content(self, node: Node, entry: s.Entry, raw: bytes, name: str = "") -> None:
        """A file's content and its ICB."""
        addressing = self.addressing(node, bytes_of(raw, node.shape))
        name = name or f"fe:{node.path}"
        data_name = f"data:{node.path}" if name.startswith("fe:") else f"data:{name}"
        if addressing == s.EMBEDDED:
            entry = replace(entry, addressing=s.EMBEDDED, space=raw, information_length=len(raw))
            self.icb(node, entry, name)
            extended = self.is_extended(node)
            self.note(data_name, [node.icb], len(raw), self.embedded_at(node, extended))
            return
        extents = self.lay(raw, node.shape, node.icb.ref if addressing == s.SHORT else 0)
        held = [extent for extent in extents if extent.kind == RECORDED]
        self.note(data_name, self.blocks_of(held), sum(extent.length for extent in held))
        entry = replace(entry, addressing=addressing, information_length=bytes_of(raw, node.shape))
        self.icb(node, self.with_space(node, entry, self.finished(extents, node.shape)), name)

    def lay(self, raw: bytes, shape: Shape, ref: int) -> list[Extent]:
        """Allocate a content's pieces and write them."""
        pieces = self.cut(raw, shape)
        laid: dict[int, Extent] = {}
        order = list(enumerate(pieces))
        for number, (kind, part, length) in reversed(order) if shape.descending else order:
            at = Address(0, 0)
            if kind != HOLE:
                at = Address(self.partition.take(ref, self.count(length)), ref)
                if len(order) > 1:
                    self.partition.take(ref, 1)             # a foreign block, so that the pieces do not touch
            if kind == RECORDED:
                self.partition.put(ref, at.lbn, part)
            laid[number] = Extent(kind, length, at)
        return [laid[number] for number in range(len(pieces))]

    def cut(self, raw: bytes, shape: Shape) -> list[tuple[int, bytes, int]]:
        """A content as (kind, bytes, length) of its pieces; holes no longer than an extent can be."""
        parts: list[tuple[int, bytes, int]] = []
        at = 0
        for piece in shape.pieces or (Piece(),):
            part = raw[at:at + piece.length] if piece.length else raw[at:]
            if piece.kind != RECORDED and part.strip(b"\0"):
                raise ValueError("what is not recorded reads as zeros")
            at += len(part)
            if part:
                parts.append((piece.kind, part, len(part)))
        if at != len(raw):
            raise ValueError("pieces that do not hold the content")
        most = s.MOST_BYTES // self.options.block_bytes * self.options.block_bytes
        for start in range(0, shape.zeros_after, most):
            parts.append((HOLE, b"", min(most, shape.zeros_after - start)))
        if shape.tail:
            parts.append((RECORDED, shape.tail, len(shape.tail)))
        if any(length % self.options.block_bytes for _, _, length in parts[:-1]):
            raise ValueError("4/12.1: only the last extent may end inside a block")
        return parts

    def finished(self, extents: list[Extent], shape: Shape) -> list[Extent]:
        """The extents with what lies after the information length."""
        if shape.rounded:
            last = extents[-1]
            extents = [*extents[:-1], replace(last, length=self.count(last.length) * self.options.block_bytes)]
        if shape.file_tail_blocks:
            at = Address(self.partition.take(0, shape.file_tail_blocks), 0)
            extents = [*extents, Extent(ALLOCATED, shape.file_tail_blocks * self.options.block_bytes, at)]
        return extents

    # --- directories ---------------------------------------------------------------------------------------------

    def identifier(self, name: bytes, characteristics: int, icb: Address, unique_id: int) -> s.Identifier:
        return s.Identifier(name, characteristics, icb, self.options.block_bytes, unique_id)

    def directory(self, node: Node, nodes: Mapping[str, Node]) -> None:
        above = nodes[node.path.rpartition("/")[0]]
        identifiers = [self.identifier(b"", s.CH_DIRECTORY | s.CH_PARENT, above.icb, above.unique_id)]
        for path in node.children:
            child = nodes[path]
            target = nodes[child.shape.link] if child.shape.link else child
            name = child.shape.identifier or s.characters(path.rpartition("/")[2], child.shape.compression_id)
            bits = child.shape.characteristics | (s.CH_DIRECTORY if target.is_directory else 0)
            identifier = s.Identifier(name, bits, target.icb, target.icb_blocks * self.options.block_bytes,
                                      target.unique_id, child.shape.implementation_use)
            if child.shape.no_icb:
                identifier = replace(identifier, icb=Address(0, 0), icb_bytes=0, unique_id=0)
            identifiers.append(identifier)
        links = 1 + sum(nodes[path].is_directory for path in node.children)
        streams, stream_bytes = self.streams(node.path, node.icb, node.unique_id, node.shape.streams)
        size = sum(s.fid_bytes(identifier) for identifier in identifiers)
        entry = s.Entry(s.DIRECTORY, 0, size, b"", unique_id=node.unique_id, links=links, streams=streams,
                        stream_bytes=self.options.block_bytes if streams else 0, object_size=size + stream_bytes)
        self.directory_content(node, identifiers, entry, f"fe:{node.path}")

    def directory_content(self, node: Node, identifiers: Sequence[s.Identifier], entry: s.Entry, name: str) -> None:
        """The FIDs of a directory and its ICB. A FID's tag tells the block it begins in (4/7.2.8)."""
        size = entry.information_length
        addressing = self.addressing(node, size)
        entry = replace(entry, addressing=addressing)
        start = self.embedded_at(node, self.is_extended(node)) if addressing == s.EMBEDDED else 0
        if addressing == s.EMBEDDED:
            blocks = [node.icb]
            entry = replace(entry, space=self.fids(node, identifiers, blocks, start))
            self.icb(node, entry, name)
        else:
            ref = node.icb.ref if addressing == s.SHORT or self.options.has_metadata else 0
            extents = self.lay(bytes(size), node.shape, ref)
            blocks = self.blocks_of(extents)
            raw = self.fids(node, identifiers, blocks, 0)
            for number, block in enumerate(blocks):
                part = raw[number * self.options.block_bytes:(number + 1) * self.options.block_bytes]
                self.partition.put(block.ref, block.lbn, part)
            self.icb(node, self.with_space(node, entry, self.finished(extents, node.shape)), name)
        self.note(f"dir:{node.path}" + "::" * (entry.file_type == s.STREAMS), blocks, size, start)

    def fids(self, node: Node, identifiers: Sequence[s.Identifier], blocks: Sequence[Address], start: int) -> bytes:
        raw, size = b"", self.options.block_bytes
        paths = ["", *node.children] if node.children else [""] * len(identifiers)
        for path, identifier in zip(paths, identifiers, strict=True):
            at = start + len(raw)
            raw += s.file_identifier(identifier, blocks[at // size].lbn, self.options.edition)
            if path:
                self.note(f"fid:{path}", blocks[at // size:], s.fid_bytes(identifier), at % size)
        return raw

    # --- ICBs ----------------------------------------------------------------------------------------------------

    def is_extended(self, node: Node) -> bool:
        for wanted in (node.shape.extended_entry, self.options.extended_entries):
            if wanted is not None and not node.shape.streams:
                return wanted
        return self.options.edition.bcd >= 0x0200

    def attribute_bytes(self, node: Node) -> int:
        return len(self.attributes(node))

    def attributes(self, node: Node) -> bytes:
        parts = [s.device(*node.shape.device)] if node.shape.device else []
        if node.shape.attribute_bytes:
            parts.append(s.free_attribute_space(node.shape.attribute_bytes))
        return s.attributes(parts, node.icb.lbn, self.options.edition) if parts else b""

    def embedded_at(self, node: Node, extended: bool) -> int:
        """Where an ICB's allocation descriptors or embedded content begin (4/14.9, 4/14.17)."""
        return (216 if extended else 176) + self.attribute_bytes(node)

    def room(self, node: Node) -> int:
        return self.options.block_bytes - self.embedded_at(node, self.is_extended(node))

    def addressing(self, node: Node, size: int) -> int:
        """How a node's content is recorded: as its shape or the options say, in extents where it does not fit."""
        wanted = node.shape.descriptors or (self.options.directories or "embedded" if node.is_directory
                                            else self.options.descriptors)
        in_extents = node.shape.pieces or node.shape.zeros_after or size > self.room(node)
        if wanted == "embedded" and in_extents:
            wanted = "short" if node.is_directory and self.options.has_metadata else "long"
        if wanted == "short" and self.options.has_metadata and not node.is_directory:
            raise ValueError("UDF 2.50 2.3.10: content lies outside the metadata partition and needs long_ads")
        return ADDRESSING[wanted]

    def icb(self, node: Node, entry: s.Entry, name: str) -> None:
        entry = replace(entry, attributes=self.attributes(node))
        raw = s.file_entry(entry, node.icb.lbn, self.is_extended(node), self.options.edition)
        self.partition.put_block(node.icb, raw)
        self.note(name, [node.icb], len(raw))

    def with_space(self, node: Node, entry: s.Entry, extents: Sequence[Extent]) -> s.Entry:
        """An entry with its allocation descriptors, continued in AEDs where they do not fit (4/12, 4/14.5)."""
        size = {s.SHORT: 8, s.LONG: 16, s.EXTENDED: 20}[entry.addressing]
        limit = node.shape.per_icb or 1 << 30
        first = min(limit, self.room(node) // size)
        later = min(limit, (self.options.block_bytes - 24) // size)
        groups: list[list[Extent]] = []
        rest = list(extents)
        while len(rest) > (room := later if groups else first):
            groups.append(rest[:room - 1])
            rest = rest[room - 1:]
        groups.append(rest)
        ref = node.icb.ref if entry.addressing == s.SHORT or not self.options.has_vat else 0
        places = [Address(self.partition.take(ref, 1), ref) for _ in groups[1:]]
        raws = [b"".join(self.descriptor(entry.addressing, extent) for extent in group) for group in groups]
        for number, at in enumerate(places):
            raws[number] += self.descriptor(entry.addressing, Extent(CONTINUED, self.options.block_bytes, at))
        previous = 0
        for number, at in enumerate(places):
            raw = s.allocation_extent(previous, raws[number + 1], at.lbn, self.options.edition)
            self.partition.put_block(at, raw)
            self.note(f"aed:{node.path}:{number}", [at], len(raw))
            previous = at.lbn
        recorded = sum(self.count(extent.length) for extent in extents if extent.kind == RECORDED)
        return replace(entry, space=raws[0], blocks_recorded=recorded)

    def descriptor(self, addressing: int, extent: Extent) -> bytes:
        if addressing == s.SHORT:
            return s.short_ad(extent.kind, extent.length, extent.at.lbn)
        if addressing == s.LONG:
            return s.long_ad(extent.kind, extent.length, extent.at)
        return s.ext_ad(extent.kind, extent.length, extent.at)

    def count(self, length: int) -> int:
        return -(-length // self.options.block_bytes)

    def blocks_of(self, extents: Sequence[Extent]) -> list[Address]:
        return [Address(extent.at.lbn + number, extent.at.ref) for extent in extents
                for number in range(self.count(extent.length))]
