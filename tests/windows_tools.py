"""What tools on Windows write about files: the words, columns and line ends of each, as published or as seen.

Every function takes path → content and gives the text that the tool would write; the caller encodes it as the tool
does (ANSI is GBK on a Chinese Windows). Nothing here is read through our own parsers.
"""
from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from html import escape

Content = Mapping[str, bytes]
ROOT = "E:\\备份\\"


def of(raw: bytes, algorithm: str = "md5") -> str:
    if algorithm == "crc32":
        return f"{zlib.crc32(raw):08X}"
    return hashlib.new(algorithm, raw).hexdigest()


def windows(path: str, root: str = ROOT) -> str:
    return root + path.replace("/", "\\")


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def pairs(digest: str) -> str:
    return " ".join(digest[at:at + 2] for at in range(0, len(digest), 2))


# --- certutil ------------------------------------------------------------------------------------------------------

def _certutil(content: Content, head: str, end: str, grouped: bool, algorithm: str) -> str:
    return crlf("".join(
        head.format(tag=algorithm.upper(), path=windows(path)) + "\n"
        + (pairs(of(raw, algorithm)) if grouped else of(raw, algorithm)) + f"\nCertUtil: -hashfile {end}\n"
        for path, raw in content.items()))


def certutil_zh(content: Content, algorithm: str = "md5") -> str:
    """Windows 10 and 11, Chinese."""
    return _certutil(content, "{tag} 的 {path} 哈希:", "命令成功完成。", False, algorithm)


def certutil_zh_7(content: Content, algorithm: str = "md5") -> str:
    """Windows 7 and 8, Chinese."""
    return _certutil(content, "{tag} 哈希(文件 {path}):", "命令成功完成。", True, algorithm)


def certutil_en(content: Content, algorithm: str = "sha256") -> str:
    """Windows 10 and 11, English."""
    return _certutil(content, "{tag} hash of {path}:", "command completed successfully.", False, algorithm)


def certutil_en_7(content: Content, algorithm: str = "sha1") -> str:
    """Windows 7 and 8, English."""
    return _certutil(content, "{tag} hash of file {path}:", "command completed successfully.", True, algorithm)


# --- Get-FileHash --------------------------------------------------------------------------------------------------

def powershell_table(content: Content, algorithm: str = "md5", width: int = 400) -> str:
    """`Get-FileHash … > list.txt`; PowerShell 5.1 cuts at the console's width with three full stops."""
    rows = [f"{'Algorithm':16}{'Hash':71}Path", f"{'---------':16}{'----':71}----"]
    for path, raw in content.items():
        row = f"{algorithm.upper():16}{of(raw, algorithm).upper():71}{windows(path)}"
        rows.append(row if len(row) < width else row[:width - 4] + "...")
    return crlf("\n" + "\n".join(rows) + "\n\n\n")


def powershell_list(content: Content, algorithm: str = "sha256") -> str:
    """`Get-FileHash … | Format-List > list.txt`."""
    return crlf("\n" + "".join(f"\nAlgorithm : {algorithm.upper()}\nHash      : {of(raw, algorithm).upper()}\n"
                               f"Path      : {windows(path)}\n\n" for path, raw in content.items()) + "\n")


def powershell_csv(content: Content, algorithm: str = "sha256") -> str:
    """`Get-FileHash … | Export-Csv`, Windows PowerShell 5.1."""
    rows = (f'"{algorithm.upper()}","{of(raw, algorithm).upper()}","{windows(path)}"\n'
            for path, raw in content.items())
    return crlf('#TYPE Microsoft.Powershell.Utility.FileHash\n"Algorithm","Hash","Path"\n' + "".join(rows))


# --- fciv ----------------------------------------------------------------------------------------------------------

_FCIV = "//\n// File Checksum Integrity Verifier version 2.05.\n//\n"


def fciv(content: Content, algorithm: str = "md5") -> str:
    """`fciv -r`: names in lower case."""
    return crlf(_FCIV + "".join(f"{of(raw, algorithm)} {windows(path).lower()}\n" for path, raw in content.items()))


def fciv_both(content: Content) -> str:
    """`fciv -both`."""
    return crlf(_FCIV + "\t\tMD5\t\t\t\tSHA-1\n" + "-" * 73 + "\n" + "".join(
        f"{of(raw)} {of(raw, 'sha1')} {windows(path).lower()}\n" for path, raw in content.items()))


def fciv_xml(content: Content) -> str:
    """`fciv -both -xml db.xml`: base64."""
    def encoded(raw: bytes, algorithm: str) -> str:
        return base64.b64encode(hashlib.new(algorithm, raw).digest()).decode()

    return '<?xml version="1.0" encoding="utf-8"?>\r\n<FCIV>' + "".join(
        f"<FILE_ENTRY><name>{escape(windows(path).lower())}</name><MD5>{encoded(raw, 'md5')}</MD5>"
        f"<SHA1>{encoded(raw, 'sha1')}</SHA1></FILE_ENTRY>" for path, raw in content.items()) + "</FCIV>\r\n"


# --- tools that write md5sum's lines, or nearly --------------------------------------------------------------------

def hashcheck(content: Content, algorithm: str = "sha1") -> str:
    return crlf("".join(f"{of(raw, algorithm)} *{windows(path, '')}\n" for path, raw in content.items()))


def teracopy(content: Content) -> str:
    return crlf("; SHA1 checksums created by TeraCopy\n; teracopy.com\n\n" + "".join(
        f"{of(raw, 'sha1')} ?SHA1*{windows(path, '')}\n" for path, raw in content.items()))


def fastsum(content: Content) -> str:
    """Names that the system's code page cannot write stand in a comment above their line."""
    def entry(path: str, raw: bytes) -> str:
        name = windows(path, "")
        ansi = "".join(c if c.isascii() else "?" for c in name)
        return (f"; UTF8: {name}\n" if ansi != name else "") + f"{of(raw).upper()} *{ansi}\n"

    return crlf("; Generated by FastSum 1.7\n; http://www.fastsum.com\n;\n"
                + "".join(entry(path, raw) for path, raw in content.items()))


def fastsum_below(content: Content) -> str:
    """The same with the comment below its line."""
    lines = fastsum(content).split("\r\n")
    for at in range(len(lines) - 1, 0, -1):
        if lines[at - 1].startswith("; UTF8:"):
            lines[at - 1], lines[at] = lines[at], lines[at - 1]
    return "\r\n".join(lines)


def md5sum_exe(content: Content) -> str:
    """GNU md5sum for Windows: back-slashes doubled, and a mark that they are."""
    return "".join(f"\\{of(raw)} *{windows(path).replace(chr(92), chr(92) * 2)}\n" for path, raw in content.items())


def easy_md5_creator(content: Content) -> str:
    return crlf("".join(f"{windows(path, '')} {of(raw)}\n" for path, raw in content.items()))


def quicksfv(content: Content) -> str:
    comments = "".join(f"; {len(raw):12}  10:00.00 2025-01-31 {windows(path, '')}\n" for path, raw in content.items())
    return crlf("; Generated by QuickSFV v2.36 on 2025-01-31 at 10:00:00\n; http://www.QuickSFV.org\n;\n" + comments
                + "".join(f"{windows(path, '')} {of(raw, 'crc32')}\n" for path, raw in content.items()))


def total_commander(content: Content) -> str:
    return crlf("".join(f"{of(raw, 'sha256')} *{windows(path, '')}\n" for path, raw in content.items()))


# --- 7-Zip ---------------------------------------------------------------------------------------------------------

def seven_zip(content: Content, algorithm: str = "md5") -> str:
    """`7z h -scrcMD5 *`, in the shape of version 19 to 26; the totals are sums of digests, here of no meaning."""
    digits = len(of(b"", algorithm))
    rule = f"{'-' * digits} {'-' * 13}  {'-' * 12}\n"
    rows = "".join(f"{of(raw, algorithm)} {len(raw):13}  {windows(path, '')}\n" for path, raw in content.items())
    total = f"{of(b'total', algorithm)}-00000001"
    size = sum(map(len, content.values()))
    return crlf(
        "\n7-Zip 23.01 (x64) : Copyright (c) 1999-2023 Igor Pavlov : 2023-06-20\n\nScanning\n"
        f"1 folder, {len(content)} files, {size} bytes (1 KiB)\n\n"
        f"{algorithm.upper():{digits}} {'Size':>13}  Name\n{rule}{'':{digits}} {'':13}  案卷\n"
        f"{rows}{rule}{total} {size:13}  \n"
        f"\nFolders: 1\nFiles: {len(content)}\nSize: {size}\n\n{algorithm.upper():6} for data:              {total}\n"
        f"{algorithm.upper():6} for data and names:    {total}\n\nEverything is Ok\n")


def seven_zip_listing(content: Content) -> str:
    """`7z l -slt archive.7z`."""
    head = "\n7-Zip 23.01 (x64) : Copyright (c) 1999-2023 Igor Pavlov : 2023-06-20\n\n" \
           "Scanning the drive for archives:\n1 file, 195 bytes (1 KiB)\n\nListing archive: a.7z\n\n" \
           "--\nPath = a.7z\nType = 7z\nPhysical Size = 195\n" \
           "Method = LZMA2:12\nSolid = +\nBlocks = 1\n\n----------\n"
    folder = "Path = 案卷\nSize = 0\nPacked Size = 0\nModified = 2025-01-31 10:00:00\nAttributes = D\nCRC = \n" \
             "Encrypted = -\nMethod = \nBlock = \n\n"
    return crlf(head + folder + "".join(
        f"Path = {windows(path, '')}\nSize = {len(raw)}\nPacked Size = \nModified = 2025-01-31 10:00:00\n"
        f"Attributes = A\nCRC = {of(raw, 'crc32')}\nEncrypted = -\nMethod = LZMA2:12\nBlock = 0\n\n"
        for path, raw in content.items()))


# --- Hash 1.0.4 and HashMyFiles ------------------------------------------------------------------------------------

def hash_exe(content: Content) -> str:
    """Hash 1.0.4 汉化版."""
    return crlf("".join(
        f"文件: {windows(path)}\n大小: {len(raw)} 字节\n修改时间: 2025年1月31日, 10:00:00\nMD5: {of(raw).upper()}\n"
        f"SHA1: {of(raw, 'sha1').upper()}\nCRC32: {of(raw, 'crc32')}\n\n" for path, raw in content.items()))


def _columns(path: str, raw: bytes) -> dict[str, str]:
    return {"Filename": windows(path).rpartition("\\")[2], "MD5": of(raw), "SHA1": of(raw, "sha1"),
            "CRC32": of(raw, "crc32").lower(), "SHA-256": of(raw, "sha256"), "SHA-512": of(raw, "sha512"),
            "Full Path": windows(path), "Modified Time": "2025/1/31 10:00:00", "File Size": f"{len(raw):,}",
            "File Version": "", "Extension": path.rpartition(".")[2], "File Attributes": "A"}


def hashmyfiles_text(content: Content) -> str:
    """/stext."""
    rule = "=" * 50 + "\n"
    return crlf("".join(rule + "".join(f"{label:18}: {value}\n" for label, value in _columns(path, raw).items())
                        + rule + "\n" for path, raw in content.items()))


def hashmyfiles_tabs(content: Content) -> str:
    """/stab with the header line."""
    rows = [_columns(path, raw) for path, raw in content.items()]
    return crlf("".join("\t".join(cells) + "\n" for cells in (rows[0].keys(), *(row.values() for row in rows))))


def hashmyfiles_html(content: Content) -> str:
    """/shtml: cells are not closed."""
    rows = [_columns(path, raw) for path, raw in content.items()]
    head = "".join(f"<th>{label}" for label in rows[0])
    body = "".join("<tr>" + "".join(f"<td bgcolor=#FFFFFF nowrap>{escape(value) or '&nbsp;'}" for value in row.values())
                   + "\n" for row in rows)
    return crlf("<html><head><title>Hash List</title></head>\n<body>\n<h3>Hash List</h3>\n<br><h4>Created by using "
                '<a href="http://www.nirsoft.net/" target="newwin">HashMyFiles</a></h4><p>'
                f'<table border="1" cellpadding="5"><tr bgcolor="E0E0E0">\n{head}\n{body}</table>\n</body></html>\n')


def hashmyfiles_upright(content: Content) -> str:
    """/sverhtml: a table for each file."""
    tables = ('<p><table border="1" cellpadding="5">' + "".join(
        f"<tr><td bgcolor=#E0E0E0 nowrap>{label}<td bgcolor=#FFFFFF nowrap>{escape(value) or '&nbsp;'}\n"
        for label, value in _columns(path, raw).items()) + "</table>\n" for path, raw in content.items())
    return crlf("<html><head><title>Hash List</title></head>\n<body>\n<h3>Hash List</h3>\n" + "".join(tables)
                + "</body></html>\n")


def hashmyfiles_xml(content: Content) -> str:
    """/sxml."""
    def tag(label: str) -> str:
        return label.lower().replace(" ", "_")

    items = ("<item>\n" + "".join(f"<{tag(label)}>{escape(value)}</{tag(label)}>\n"
                                  for label, value in _columns(path, raw).items()) + "</item>\n"
             for path, raw in content.items())
    return crlf('<?xml version="1.0" ?>\n<hash_list>\n' + "".join(items) + "</hash_list>\n")


Write = Callable[[Content], str]
# tool → (what writes its text, its encoding, the list's name, algorithms per file, what stands before each name)
_ALL = ("md5", "sha1", "crc32", "sha256", "sha512")
TOOLS: Mapping[str, tuple[Write, str, str, tuple[str, ...], str]] = {
    "certutil-zh": (certutil_zh, "gb18030", "list.txt", ("md5",), ROOT),
    "certutil-zh-7": (certutil_zh_7, "gb18030", "list.txt", ("md5",), ROOT),
    "certutil-en": (certutil_en, "gb18030", "list.txt", ("sha256",), ROOT),
    "certutil-en-7": (certutil_en_7, "gb18030", "list.txt", ("sha1",), ROOT),
    "powershell-table": (powershell_table, "utf-16", "hash.txt", ("md5",), ROOT),
    "powershell-list": (powershell_list, "utf-16", "hash.txt", ("sha256",), ROOT),
    "powershell-csv": (powershell_csv, "utf-16", "hash.csv", ("sha256",), ROOT),
    "fciv": (fciv, "gb18030", "fciv.txt", ("md5",), ROOT),
    "fciv-both": (fciv_both, "gb18030", "fciv.txt", ("md5", "sha1"), ROOT),
    "fciv-xml": (fciv_xml, "utf-8", "db.xml", ("md5", "sha1"), ROOT),
    "hashcheck": (hashcheck, "utf-8-sig", "清单.sha1", ("sha1",), ""),
    "teracopy": (teracopy, "utf-8-sig", "清单.sha", ("sha1",), ""),
    "fastsum": (fastsum, "utf-8", "清单.md5", ("md5",), ""),
    "fastsum-below": (fastsum_below, "utf-8", "清单.md5", ("md5",), ""),
    "md5sum-exe": (md5sum_exe, "gb18030", "清单.md5", ("md5",), ROOT),
    "easy-md5-creator": (easy_md5_creator, "gb18030", "清单.md5", ("md5",), ""),
    "quicksfv": (quicksfv, "gb18030", "清单.sfv", ("crc32",), ""),
    "total-commander": (total_commander, "utf-8-sig", "清单.sha256", ("sha256",), ""),
    "7-zip": (seven_zip, "utf-8", "7z.txt", ("md5",), ""),
    "7-zip-listing": (seven_zip_listing, "utf-8", "7z.txt", ("crc32",), ""),
    "hash-exe": (hash_exe, "gb18030", "Hash.txt", ("md5", "sha1", "crc32"), ROOT),
    "hashmyfiles-text": (hashmyfiles_text, "utf-16", "h.txt", _ALL, ROOT),
    "hashmyfiles-tabs": (hashmyfiles_tabs, "utf-16", "h.txt", _ALL, ROOT),
    "hashmyfiles-html": (hashmyfiles_html, "utf-16", "h.html", _ALL, ROOT),
    "hashmyfiles-upright": (hashmyfiles_upright, "utf-16", "h.html", _ALL, ROOT),
    "hashmyfiles-xml": (hashmyfiles_xml, "utf-16", "h.xml", _ALL, ROOT),
}
