"""证据锁定: papers are signed, heads of the chain are signed and printed, and each can be asked for years later.

Takes drawn PDFs and register lines, gives signed PDFs, `key` and `lock` lines; relies on keys.py and pyHanko (PAdES,
ETSI EN 319 142-1). The order at the end is fixed (contract): act's line → PDF bearing its hash → signature → print
line bearing the PDF's hash.
"""
from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator.registry import SimpleCertificateStore

from station.batch import UsageError
from station.home import RegisterError, write_durably
from station.keys import Signer, fingerprint, open_signer, verifies
from station.register import Station
from station.signing_token import TokenKey

_HEAD = re.compile(rb"/Keywords \(head:([0-9a-f]{64})\)")
_HOSTILE = (ValueError, LookupError, TypeError, AttributeError)     # what altered files make of the parser: measured
_HEX = re.compile(r"[0-9a-f]{16,64}")


def ready_signer(station: Station, ask: Callable[[], str] | None = None) -> Signer:
    """The key that signs today, named in the register by a `key` line since it came into use.

    ask: instead of the station's own way to ask for a password. Raises: as `open_signer`; RegisterError.
    """
    signer = open_signer(station.config, station.home, ask or station.ask)
    before = ""
    for line in station.register.lines_of("key"):
        before = str(line["fingerprint"])
    if before != signer.fingerprint:
        station.register.append("key", {
            "fingerprint": signer.fingerprint, "certificate": _text(signer.certificate.public_bytes(Encoding.DER)),
            "others": [_text(c.public_bytes(Encoding.DER)) for c in signer.others], "own": signer.own,
            "replaces": before})
    return signer


def lock(station: Station, signer: Signer, head: str, page: Mapping[str, Any] | None = None) -> str:
    """Sign a head of the chain in a `lock` line; page: number, lines, week of a 《台账锁定页》.

    Returns: the new head. Raises: RegisterError.
    """
    week = str((page or {}).get("week", ""))
    return station.register.append("lock", {
        "head": head, "week": week, **(page or {}), "certificate": signer.fingerprint,
        "signature": _text(signer.sign(_lock_message(station.config.station_id, head, week)))})


def lock_holds(line: Mapping[str, Any], certificates: Mapping[str, x509.Certificate]) -> bool:
    """Whether the signature of a `lock` line is by the key that it names, and that key is in the chain."""
    certificate = certificates.get(str(line["certificate"]))
    message = _lock_message(str(line["station"]), str(line["head"]), str(line["week"]))
    return certificate is not None and verifies(certificate, base64.b64decode(line["signature"]), message)


def _lock_message(station_id: str, head: str, week: str) -> bytes:
    return f"{station_id}\n{head}\n{week}\n".encode()


def certificate_of(line: Mapping[str, Any]) -> x509.Certificate:
    """The certificate of a `key` line.

    Raises: ValueError where it is none, or not the one of the line's fingerprint.
    """
    raw = base64.b64decode(line["certificate"])
    if hashlib.sha256(raw).hexdigest() != line["fingerprint"]:
        raise ValueError("a certificate of another fingerprint")
    try:
        return x509.load_der_x509_certificate(raw)
    except x509.InvalidVersion as failure:
        raise ValueError(str(failure)) from failure


def issue(station: Station, signer: Signer, path: Path, drawn: bytes, record: Mapping[str, Any]) -> None:
    """Sign a drawn paper, keep it and its copy in the outbox, then its `print` line; all is on disk on return.

    record: number, paper (its kind), batch, reprint, copies …, and head: the hash that the paper bears.
    Raises: RegisterError.
    """
    raw, file = signed_pdf(signer, drawn, str(record["number"])), os.path.relpath(path, station.home.root)
    with station.home.locked():                                # two people print two papers at one moment
        if any(line["file"] == file for line in station.register.lines_of("print", about=(file,))):
            raise RegisterError("number-just-taken", number=str(record["number"]))
        sha256 = write_durably(path, raw)
        write_durably(station.home.outbox / path.name, raw)
        station.register.append("print", {**record, "file": file, "sha256": sha256, "signed": signer.fingerprint})


def signed_pdf(signer: Signer, drawn: bytes, number: str) -> bytes:
    """A drawn PDF with an invisible PAdES signature over all of it (baseline B: no time stamp, we are off line)."""
    metadata = signers.PdfSignatureMetadata(field_name="Station", md_algorithm="sha256", reason=number,
                                            subfilter=SigSeedSubFilter.PADES)
    writer = IncrementalPdfFileWriter(BytesIO(drawn))
    if isinstance(signer.key, TokenKey):
        with signer.key.present():
            signed = signers.sign_pdf(writer, metadata, signer=signer.key.pdf_signer(signer.certificate, signer.others))
        return bytes(signed.getbuffer())
    certificates = load_certs_from_pemder_data(_pem(signer.certificate, *signer.others))
    own = load_private_key_from_pemder_data(
        signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), None)
    certificate, *others = certificates
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    for each in others:
        store.register(each)
    stamp = signers.SimpleSigner(signing_cert=certificate, signing_key=own, cert_registry=store)
    signed = signers.sign_pdf(writer, metadata, signer=stamp)
    return bytes(signed.getbuffer())


def paper_problem(raw: bytes, line: Mapping[str, Any], certificates: Mapping[str, x509.Certificate]) -> str:
    """What is wrong with the signature of a printed paper: a key of `phrases.toml`, "" = nothing.

    `valid` alone does not see a changed byte: `intact` and the whole file must hold too. Whom to trust is said by the
    chain's `key` lines, not by a path of certificates; the time is the line's.
    """
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)     # it would say on stderr what we answer
    try:
        signature, = PdfFileReader(BytesIO(raw)).embedded_signatures
        covers_all = signature.evaluate_signature_coverage() is SignatureCoverageLevel.ENTIRE_FILE
        intact, valid = validate_sig_integrity(signature.signer_info, signature.signer_cert, "data",
                                               signature.compute_digest())
    except (PdfError, SignatureValidationError, *_HOSTILE):     # ValueError: none, or a second one put over it
        return "break-unsigned"
    if not (intact and valid and covers_all):
        return "break-signature"
    certificate = certificates.get(signature.signer_cert.sha256.hex())
    if certificate is None or fingerprint(certificate) != line["signed"]:
        return "break-signature-key"
    at = datetime.fromisoformat(str(line["at"])).astimezone(UTC)
    in_time = certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
    return "" if in_time else "break-signature-expired"


def head_on(raw: bytes) -> str:
    """The head of the register that one of our PDFs bears in its keywords (and in print), "" = none."""
    found = _HEAD.findall(raw)
    return found[0].decode() if found else ""


def heads_asked(text: str) -> list[str]:
    """The heads (64 hex digits, or at least 16 of them) in what a person gave: digits, or a PDF or JSON file with them.

    Raises: UsageError("head-malformed").
    """
    digits = re.sub(r"[\s\-:.]", "", text).lower()
    if _HEX.fullmatch(digits):
        return [digits]
    path = Path(text)
    try:
        raw = path.read_bytes()
        heads = [head_on(raw)] if raw.startswith(b"%PDF") else sorted({*_heads_in(json.loads(raw))})
    except (OSError, ValueError) as failure:
        raise UsageError("head-malformed", text=text) from failure
    if not any(heads):
        raise UsageError("head-malformed", text=text)
    return heads


def _heads_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("head", "head_sha256") and isinstance(item, str) and _HEX.fullmatch(item):
                yield item
            yield from _heads_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _heads_in(item)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
