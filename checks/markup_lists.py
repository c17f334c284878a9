"""Lists in XML and HTML: fciv's database, what HashMyFiles and spreadsheets save.

Takes a text, gives what its records say (XML) or tables of cells (HTML). Nothing is fetched, expanded or executed: a
document type, an entity, a depth or a width that no such list has is refused. Source: domain §10.10; output of
`fciv -xml`, HashMyFiles `/sxml`, `/shtml`, `/sverhtml`.
"""
from __future__ import annotations

import base64
import binascii
import html
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from xml.parsers import expat

from . import normalise
from .form import FormUnreadable
from .list_lines import Entry, Said, entry_of, record_header, record_of, shown_pairs
from .workbook import Sheet

_DEPTH, _FIELDS, _VALUE = 3, 64, 40_000
_BEGINS = re.compile(r"\s*(?:<!--(?s:.*?)-->\s*)*<(?:(\?xml|FCIV)|!DOCTYPE\s+html|html|head|body|table|h[1-6])\b",
                     re.IGNORECASE)
_XML_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z][\w.-]{0,39})[\"']")
_HTML_ENCODING = re.compile(rb"<meta\b[^>]{0,200}?\bcharset\s*=\s*[\"']?\s*([A-Za-z][\w.-]{0,39})", re.IGNORECASE)
_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030",
              "us-ascii": "utf-8", "ascii": "utf-8"}


def kind_of(head: str) -> str:
    """"xml", "html", or "" for a text that is neither."""
    match = _BEGINS.match(head)
    return "" if match is None else "xml" if match[1] else "html"


def encoding_of(chunks: deque[bytes]) -> str:
    """The one encoding of a text: as a document of tags declares it, else as it looks; "" where it is not that."""
    head = chunks[0][:4096]
    declared = _XML_ENCODING.match(head) or (_HTML_ENCODING.search(head) if kind_of(head.decode("latin-1")) else None)
    if declared is None:
        return normalise.encoding_of(chunks)
    encoding = _ENCODINGS.get(declared[1].decode().lower(), "")
    return encoding if encoding and normalise.decodes(chunks, encoding) else ""


# --- XML -------------------------------------------------------------------------------------------------------

def read_xml(pieces: Iterable[str], keep: Callable[[Said], None], file_name: str) -> None:
    """The records of a document: root, records, fields; handed to `keep`. Of fciv the digests are base64.

    Raises: FormUnreadable form-broken, form-unknown-layout (another shape, a document type, an entity).
    """
    builder = _Builder(keep, file_name)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: builder.start(tag, parser.CurrentLineNumber)
    parser.EndElementHandler = lambda tag: builder.end()
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    try:
        for piece in pieces:
            parser.Parse(piece.encode("utf-8", "surrogatepass"))
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise FormUnreadable("form-broken", file=file_name) from error


class _Builder:
    """Takes the events of one document, hands on its records."""

    def __init__(self, keep: Callable[[Said], None], file_name: str) -> None:
        self._keep = keep
        self._file_name = file_name
        self._open: list[tuple[str, int]] = []              # elements that are open: tag, line
        self._pairs: list[tuple[str, str]] = []             # fields of the record that is open
        self._value: list[str] = []
        self._length = 0

    def start(self, tag: str, line_no: int) -> None:
        self._open.append((tag, line_no))
        self._value, self._length = [], 0
        if len(self._open) > _DEPTH or len(self._pairs) > _FIELDS:
            self.refuse()

    def end(self) -> None:
        tag, line_no = self._open.pop()
        if len(self._open) == _DEPTH - 1:
            self._pairs.append((tag, "".join(self._value).strip()))
        elif len(self._open) == _DEPTH - 2:
            of_fciv = self._open[0][0].upper() == "FCIV"
            self._keep(_fciv(line_no, self._pairs) if of_fciv else record_of(line_no, [
                (label.replace("_", " "), value) for label, value in self._pairs]))
            self._pairs = []
        self._value, self._length = [], 0

    def text(self, text: str) -> None:
        if len(self._open) < _DEPTH and text.strip():        # text where none belongs: another shape
            self.refuse()
        self._value.append(text)
        self._length += len(text)
        if self._length > _VALUE:
            self.refuse()

    def refuse(self, *_: object) -> None:
        raise FormUnreadable("form-unknown-layout", file=self._file_name)


_FCIV_BYTES = {"MD5": ("md5", 16), "SHA1": ("sha1", 20)}


def _fciv(line_no: int, pairs: Sequence[tuple[str, str]]) -> Said:
    """`<FILE_ENTRY><name>…</name><MD5>…</MD5><SHA1>…</SHA1></FILE_ENTRY>`."""
    text = shown_pairs(pairs)
    fields = dict(pairs)
    path = fields.pop("name", "")
    if "\n" in path:
        return Said(line_no, text, reason="name")
    if not path or len(fields) + 1 != len(pairs) or not fields.keys() <= _FCIV_BYTES.keys():
        return Said(line_no, text, path=path)
    entries = []
    for label, value in fields.items():
        algorithm, size = _FCIV_BYTES[label]
        digest = _from_base64(value)
        entries.append(entry_of(path, algorithm, digest) if len(digest) == 2 * size
                       else Entry(path, algorithm, "", reason="layout"))
    return Said(line_no, text, entries, "digest-empty", path)


def _from_base64(text: str) -> str:
    """Hex of base64 in its only right writing, else ""."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if base64.b64encode(raw).decode() == text else ""


# --- HTML ------------------------------------------------------------------------------------------------------
# Tables only, by one pass over the tags: cells need not be closed. `html.parser` is not used: on hostile text its time
# grows with the square of the length.

_TAG = re.compile(r"<(/?)(table|tr|td|th|br|script|style)\b([^<>]*)>|<[^<>]*>|[^<]+|<", re.IGNORECASE)
_HARMLESS = re.compile(r"</?(?:a|b|i|u|p|font|span|div|nobr|strong|em|small|code|tt|thead|tbody|tfoot|colgroup|col"
                       r"|caption|center|img|hr|o:p)(?![a-z0-9])[^<>]*>", re.IGNORECASE)
_SPAN = re.compile(r"\b(?:col|row)span\s*=\s*[\"']?\s*(?!1\b)\d", re.IGNORECASE)
_FOLDED = re.compile(r"[ \t]*[\r\n]\s*+")
_CELLS = re.compile(r"<\s*/?(?:table|tr|td|th)\b", re.IGNORECASE)
_DIGEST = re.compile(r"[0-9A-Fa-f]{32}")


def read_html(text: str, file_name: str) -> list[Sheet]:
    """The tables of a document as sheets; one of two columns is a record that stands upright, and is laid down.

    A digest that stands in no cell is a sheet of its own, in which there is no table.
    Raises: FormUnreadable form-unknown-layout (cells that span others, tables in tables, cells in comments).
    """
    _refuse_comments(text, file_name)
    sheets, upright = [], []
    for rows in _html_tables(text, file_name):
        labels = tuple(cells[0] for _, cells in rows if len(cells) == 2)
        if len(labels) == len(rows) and record_header(labels):
            upright.append((labels, (rows[0][0], [cells[1] for _, cells in rows])))
        else:
            sheets.append(Sheet("", rows, delimited=True))
    for labels, row in upright:
        sheets.append(Sheet("", [(row[0], list(labels)), row]))
    return sheets


def _refuse_comments(text: str, file_name: str) -> None:
    """What a comment takes out is not on the paper; one that holds cells, or does not end, is not guessed about."""
    begin = text.find("<!--")
    while begin >= 0:
        end = text.find("-->", begin)
        if end < 0 or _CELLS.search(text, begin, end):
            raise FormUnreadable("form-unknown-layout", file=file_name)
        begin = text.find("<!--", end)


def _html_tables(text: str, file_name: str) -> Iterator[list[tuple[int, list[str]]]]:
    rows: list[tuple[int, list[str]]] = []
    cell: list[str] | None = None
    outside: list[str] = []                                 # text that stands in no cell, since the last cell
    in_table, skipped, line_no = False, "", 1
    for match in _TAG.finditer(text):
        closing, tag = match[1] or "", (match[2] or "").lower()
        if in_table and not tag and match[0][0] == "<" and not _HARMLESS.fullmatch(match[0]):
            raise FormUnreadable("form-unknown-layout", file=file_name)      # it may hide cells, or join them
        if skipped:
            skipped = "" if closing and tag == skipped else skipped
        elif tag in ("script", "style"):
            skipped = "" if closing else tag
        elif tag == "br":
            (cell if cell is not None else []).append("\n")
        elif not tag:
            if not (match[0].startswith("<") and len(match[0]) > 1):
                (outside if cell is None else cell).append(html.unescape(_FOLDED.sub(" ", match[0])))
        else:
            if cell is not None:
                rows[-1][1].append("".join(cell).strip())
                cell = None
            if (tag == "table" and not closing and in_table) or _SPAN.search(match[3]):
                raise FormUnreadable("form-unknown-layout", file=file_name)
            if tag == "table":
                if closing and rows:
                    yield rows
                rows, in_table = [], not closing
            elif tag == "tr" and not closing and in_table:
                rows.append((line_no, []))
            elif tag in ("td", "th") and not closing and in_table:
                rows = rows or [(line_no, [])]
                cell = []
            if outside and _DIGEST.search("".join(outside)):
                yield [(line_no, ["".join(outside).strip()])]
            outside = []
        line_no += match[0].count("\n")
    if rows:
        yield rows
    if _DIGEST.search("".join(outside)):
        yield [(line_no, ["".join(outside).strip()])]
