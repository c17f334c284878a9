"""The key that signs: made on first use, or the centre's own; one that may not sign says so before anything is said."""
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from carriers.model import Refused
from station.keys import Signer, open_signer, verifies
from tests.station.evidence_kit import a_certificate, a_p12, a_station


def opened(folder: Path, **configuration: str) -> Signer:
    station = a_station(folder / "home", **configuration)
    return open_signer(station.config, station.home)


def test_our_own_key_is_made_once_and_nobody_else_reads_it(tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    assert first.own and first.fingerprint == second.fingerprint
    path = tmp_path / "home" / "keys" / "station.pem"
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    authority, = first.others
    first.certificate.verify_directly_issued_by(authority)
    assert path.read_bytes().count(b"PRIVATE KEY-----") == 2              # one key: the authority's is gone


def test_a_signature_holds_for_its_message_and_key_only(tmp_path: Path) -> None:
    own, other = opened(tmp_path), opened(tmp_path / "other")
    p12 = opened(tmp_path / "p12", signing_p12=str(a_p12(tmp_path / "a.p12", b"")))
    for signer in (own, p12):
        signature = signer.sign(b"head")
        assert verifies(signer.certificate, signature, b"head")
        assert not verifies(signer.certificate, signature, b"heaD")
        assert not verifies(other.certificate, signature, b"head")


def test_the_password_comes_from_a_file_or_from_a_person(tmp_path: Path) -> None:
    p12, secret = a_p12(tmp_path / "a.p12"), tmp_path / "secret"
    secret.write_text("geheim\n")
    assert not opened(tmp_path, signing_p12=str(p12), signing_password_file=str(secret)).own
    station = a_station(tmp_path / "home", signing_p12=str(p12))
    assert open_signer(station.config, station.home, lambda: "geheim").certificate.serial_number == 4711
    for ask in (None, lambda: "falsch"):
        with pytest.raises(Refused) as refusal:
            open_signer(station.config, station.home, ask)
        assert refusal.value.code == "key-password"


@pytest.mark.parametrize(("days", "with_key", "code"), [
    ((-9, -2), True, "key-expired"), ((2, 9), True, "key-expired"), ((-1, 9), False, "key-absent")])
def test_a_key_that_may_not_sign_is_refused(tmp_path: Path, days: tuple[int, int], with_key: bool, code: str) -> None:
    p12 = a_p12(tmp_path / "a.p12", b"", days, with_key=with_key)
    with pytest.raises(Refused) as refusal:
        opened(tmp_path, signing_p12=str(p12))
    assert refusal.value.code == code


@pytest.mark.parametrize("content", [None, b"", b"no certificate at all"])
def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.p12"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Refused) as refusal:
        opened(tmp_path, signing_p12=str(path))
    assert refusal.value.code in ("key-unreadable", "key-password")


@pytest.mark.parametrize("encoding", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_a_revoked_certificate_is_refused(tmp_path: Path, encoding: serialization.Encoding) -> None:
    p12 = a_p12(tmp_path / "a.p12", b"")
    key, issuer = a_certificate()
    now = datetime.now(UTC)
    entry = x509.RevokedCertificateBuilder().serial_number(4711).revocation_date(now - timedelta(days=3)).build()
    empty = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject).last_update(now).next_update(
        now + timedelta(days=9))
    listed = tmp_path / "crl"
    listed.write_bytes(empty.sign(key, hashes.SHA256()).public_bytes(encoding))
    assert not opened(tmp_path, signing_p12=str(p12), signing_crl=str(listed)).own
    listed.write_bytes(empty.add_revoked_certificate(entry).sign(key, hashes.SHA256()).public_bytes(encoding))
    with pytest.raises(Refused) as refusal:
        opened(tmp_path, signing_p12=str(p12), signing_crl=str(listed))
    assert refusal.value.code == "key-revoked"
    listed.write_bytes(b"nothing")
    with pytest.raises(Refused) as refusal:
        opened(tmp_path, signing_p12=str(p12), signing_crl=str(listed))
    assert refusal.value.code == "key-unreadable"
