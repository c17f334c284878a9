"""The centre's key on a PKCS#11 token (SoftHSM stands for it): papers, heads and lock page are signed inside it."""
from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pkcs11 import Attribute, ObjectClass

from carriers.model import Refused
from station import evidence
from station.audit import audit
from station.config import load_config
from station.keys import open_signer
from station.sheets import print_lock_page
from tests.station.evidence_kit import a_certificate, a_drawing, a_p12, a_paper, a_small_register, a_station

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN, ID = "1234", b"\xa1"
RSA, EC, EMPTY, BARE, WRONG, LATE, SHUT = "centre rsa", "centre ec", "empty", "bare", "wrong", "late", "shut"

pytestmark = pytest.mark.skipif(not MODULE.exists() and "CI" not in os.environ, reason="softhsm2 is not installed")


def signed_for(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, days: tuple[int, int] = (-1, 365)
               ) -> x509.Certificate:
    """A certificate for this key, by an authority that nobody else knows."""
    authority, model = a_certificate(days)
    return (x509.CertificateBuilder().subject_name(model.subject).issuer_name(model.issuer)
            .public_key(key.public_key()).serial_number(4712).not_valid_before(model.not_valid_before_utc)
            .not_valid_after(model.not_valid_after_utc).sign(authority, hashes.SHA256()))


def make(folder: Path, label: str, key: Any, *certificates: x509.Certificate) -> None:
    """A token with a key and the certificates beside it."""
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "56789"],
                   check=True, capture_output=True)
    if key is not None:
        path = folder / "key.pem"
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
        subprocess.run(["softhsm2-util", "--import", path, "--token", label, "--label", "signing", "--id", ID.hex(),
                        "--pin", PIN], check=True, capture_output=True)
    for number, certificate in enumerate(certificates):
        (folder / f"{label}-{number}.der").write_bytes(certificate.public_bytes(serialization.Encoding.DER))


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """All tokens, before the library is loaded: it looks for them once."""
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "all").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'all'}\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        keys = {RSA: rsa.generate_private_key(65537, 2048), EC: ec.generate_private_key(ec.SECP256R1()),
                BARE: rsa.generate_private_key(65537, 2048), WRONG: rsa.generate_private_key(65537, 2048),
                LATE: rsa.generate_private_key(65537, 2048)}
        kept = {RSA: (signed_for(keys[RSA]), a_certificate()[1]), EC: (signed_for(keys[EC]),), BARE: (), SHUT: (),
                WRONG: (signed_for(keys[BARE]),), LATE: (signed_for(keys[LATE], (-9, -2)),), EMPTY: ()}
        for label, certificates in kept.items():
            make(folder, label, keys.get(label), *certificates)
        for token in pkcs11.lib(str(MODULE)).get_tokens():
            for number, certificate in enumerate(kept.get(token.label, ())):
                with token.open(user_pin=PIN, rw=True) as session:
                    session.create_object({
                        Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.TOKEN: True,
                        Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                        Attribute.LABEL: f"certificate {number}", Attribute.ID: ID if number == 0 else b"\xa2",
                        Attribute.SUBJECT: certificate.subject.public_bytes(),
                        Attribute.VALUE: certificate.public_bytes(serialization.Encoding.DER)})
        (folder / "pin").write_text(f"{PIN}\n")
        yield folder


def of_token(tokens: Path, label: str, **more: str) -> dict[str, str]:
    return {"signing_pkcs11_module": str(MODULE), "signing_token_label": label,
            "signing_password_file": str(tokens / "pin"), **more}


@pytest.mark.parametrize("label", [RSA, EC])
def test_papers_heads_and_lock_page_are_signed_inside_the_token(tokens: Path, tmp_path: Path, label: str) -> None:
    a_small_register(tmp_path)                                  # our own key came before
    station = a_station(tmp_path, **of_token(tokens, label))
    signer = evidence.ready_signer(station)
    assert not signer.own and len(signer.others) == (1 if label == RSA else 0)
    a_paper(station, "P2", station.register.head())
    page = print_lock_page(station)
    assert audit(station.home).breaks == []
    assert [line["own"] for line in station.register.lines_of("key")] == [True, False]
    said = subprocess.run(["pdfsig", "-nocert", page.path], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said and "Total document signed" in said
    raw = page.path.read_bytes()
    page.path.write_bytes(raw[:2000] + bytes([raw[2000] ^ 1]) + raw[2001:])
    assert audit(station.home).breaks != []


def test_labels_may_be_given_and_the_pin_asked(tokens: Path, tmp_path: Path) -> None:
    station = a_station(tmp_path, signing_pkcs11_module=str(MODULE), signing_token_label=RSA,
                        signing_key_label="signing", signing_certificate_label="certificate 0")
    assert open_signer(station.config, station.home, lambda: PIN).certificate.serial_number == 4712


@pytest.mark.parametrize(("change", "code"), [
    ({"signing_token_label": "nobody's"}, "key-token-absent"), ({"signing_token_label": ""}, "key-token-absent"),
    ({"signing_pkcs11_module": "/nowhere/lib.so"}, "key-token-module"),
    ({"signing_pkcs11_module": "/usr/bin/env"}, "key-token-module"),
    ({"signing_token_label": SHUT, "signing_password_file": ""}, "key-token-pin"),
    ({"signing_token_label": SHUT, "signing_password_file": "wrong"}, "key-token-pin"),
    ({"signing_token_label": EMPTY}, "key-token-key"), ({"signing_key_label": "other"}, "key-token-key"),
    ({"signing_token_label": BARE}, "key-token-certificate"), ({"signing_token_label": WRONG}, "key-token-certificate"),
    ({"signing_certificate_label": "other"}, "key-token-certificate"),
    ({"signing_certificate_label": "certificate 1"}, "key-token-certificate"),
    ({"signing_token_label": LATE}, "key-expired"), ({"signing_password_file": "/nowhere"}, "key-unreadable")])
def test_a_token_that_cannot_sign_is_a_sentence_and_nothing_is_recorded(tokens: Path, tmp_path: Path,
                                                                         change: dict[str, str], code: str) -> None:
    if change.get("signing_password_file") == "wrong":
        change = {**change, "signing_password_file": str(tmp_path / "wrong")}
        (tmp_path / "wrong").write_text("4321")
    station = a_station(tmp_path / "home", **of_token(tokens, RSA) | change)
    with pytest.raises(Refused) as refusal:
        print_lock_page(station)
    assert refusal.value.code == code
    assert not station.register.path.exists() and not list(station.home.papers.iterdir())


def test_a_token_that_is_pulled_out_loses_no_record(tokens: Path, tmp_path: Path) -> None:
    station = a_station(tmp_path, **of_token(tokens, RSA))
    signer = evidence.ready_signer(station)
    before = station.register.path.read_bytes()
    signer.key.session.close()                                  # type: ignore[union-attr]
    with pytest.raises(Refused) as refusal:
        evidence.lock(station, signer, station.register.head())
    assert refusal.value.code == "key-token-lost"
    with pytest.raises(Refused) as refusal:
        evidence.issue(station, signer, station.home.papers / "P1.pdf", a_drawing("0" * 64),
                       {"number": "P1", "paper": "p", "head": "0" * 64})
    assert refusal.value.code == "key-token-lost"
    assert station.register.path.read_bytes() == before and not list(station.home.papers.iterdir())


def test_a_file_and_a_token_at_once_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "station.toml"
    path.write_text(f'signing_p12 = "{a_p12(tmp_path / "a.p12")}"\nsigning_pkcs11_module = "{MODULE}"\n')
    with pytest.raises(Refused) as refusal:
        load_config(path)
    assert refusal.value.code == "config-bad-value"
