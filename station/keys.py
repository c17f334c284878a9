"""The centre's key: a PKCS#12 file or PKCS#11 token of the configuration, else an authority made on first use.

Takes the configuration and the home, gives a `Signer`; relies on cryptography. A key that may not sign any more is a
refusal before anything is said to be done. Sources: RFC 5280 (certificates, lists of revoked ones), RFC 7292 (PKCS#12).
"""
from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from carriers.model import Refused
from station.config import Config
from station.home import Home, kept, write_durably
from station.signing_token import TokenKey, open_token

_YEARS = 30                        # of our own certificate: papers are kept longer than any office computer
_OWN = "station.pem"
_TRIAL = b"station: a trial of the key"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its certificate. others: the certificates above it. own: made by this station itself."""

    key: Key | TokenKey
    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]
    own: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as hex."""
        return fingerprint(self.certificate)

    def sign(self, message: bytes) -> bytes:
        """A detached signature (ECDSA or RSA PKCS #1 v1.5, over SHA-256)."""
        if isinstance(self.key, TokenKey):
            return self.key.sign(message)
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))


def open_signer(config: Config, home: Home, ask: Callable[[], str] | None = None) -> Signer:
    """The key that signs today. ask: gives the password of the file, or the PIN, where the configuration names none.

    Raises: Refused("key-unreadable" | "key-password" | "key-absent" | "key-kind" | "key-expired" | "key-revoked" |
    "key-token-…"); RegisterError where our own key cannot be kept.
    """
    if config.signing_pkcs11_module:
        signer = _of_token(config, ask)
    else:
        signer = _of_file(Path(config.signing_p12), config, ask) if config.signing_p12 else _our_own(home)
    certificate, now = signer.certificate, datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Refused("key-expired", begin=f"{certificate.not_valid_before_utc:%Y-%m-%d}",
                      end=f"{certificate.not_valid_after_utc:%Y-%m-%d}")
    revoked = revoked_at(config, certificate)
    if revoked is not None:
        raise Refused("key-revoked", on=f"{revoked:%Y-%m-%d}", path=config.signing_crl)
    return signer


def revoked_at(config: Config, certificate: x509.Certificate) -> datetime | None:
    """When the configured list of revoked certificates took this one back; None = it did not, or there is no list.

    Raises: Refused("key-unreadable") for a list that cannot be read or is not the issuer's.
    """
    if not config.signing_crl:
        return None
    raw = _bytes(config.signing_crl)
    load = x509.load_pem_x509_crl if raw.startswith(b"-----") else x509.load_der_x509_crl
    try:
        revoked = load(raw)
    except ValueError as failure:
        raise Refused("key-unreadable", path=config.signing_crl, reason=str(failure)) from failure
    entry = revoked.get_revoked_certificate_by_serial_number(certificate.serial_number)
    return entry.revocation_date_utc if entry is not None and revoked.issuer == certificate.issuer else None


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, as hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def verifies(certificate: x509.Certificate, signature: bytes, message: bytes) -> bool:
    """Whether a detached signature of `Signer.sign` is by this certificate's key over this message."""
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _bytes(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as failure:
        raise Refused("key-unreadable", path=str(path), reason=os.strerror(failure.errno or 0)) from failure


def _password(config: Config, ask: Callable[[], str] | None) -> bytes:
    if config.signing_password_file:
        return _bytes(config.signing_password_file).rstrip(b"\r\n")
    return (ask() if ask else "").encode()


def _of_token(config: Config, ask: Callable[[], str] | None) -> Signer:
    """The key on a token; that it signs, and for this certificate, is tried now."""
    labels = {"token": config.signing_token_label, "key": config.signing_key_label,
              "certificate": config.signing_certificate_label}
    key, certificate, others = open_token(config.signing_pkcs11_module, labels, _password(config, ask).decode())
    signer = Signer(key, certificate, others, own=False)
    if not verifies(certificate, signer.sign(_TRIAL), _TRIAL):
        raise Refused("key-token-certificate", token=key.token, label=labels["certificate"] or "-", count=1)
    return signer


def _of_file(path: Path, config: Config, ask: Callable[[], str] | None) -> Signer:
    raw, password = _bytes(path), _password(config, ask)
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(raw, password or None)
    except ValueError as failure:                              # a wrong password and a broken file look alike
        raise Refused("key-password", path=str(path)) from failure
    if key is None or certificate is None:
        raise Refused("key-absent", path=str(path))
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Refused("key-kind", path=str(path))
    return Signer(key, certificate, tuple(others), own=False)


def _our_own(home: Home) -> Signer:
    """The key kept under HOME/keys, made now if there is none."""
    path = home.keys / _OWN
    with home.locked():
        if not path.exists():
            with kept(path):
                home.keys.mkdir(mode=0o700, exist_ok=True)
            write_durably(path, _made(home.root.name), 0o600)
    raw = _bytes(path)
    try:
        key = serialization.load_pem_private_key(raw, None)
        certificate, *others = x509.load_pem_x509_certificates(raw)
    except ValueError as failure:
        raise Refused("key-unreadable", path=str(path), reason=str(failure)) from failure
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Refused("key-kind", path=str(path))
    return Signer(key, certificate, tuple(others), own=True)


def _made(place: str) -> bytes:
    """A new key with its certificate by an authority whose own key is thrown away: it can issue no second one."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Intake station local authority ({place})"[:64])])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Intake station ({place})"[:64])])
    root = _builder(root_name, root_name, root_key.public_key(), is_authority=True).sign(root_key, hashes.SHA256())
    leaf = _builder(name, root_name, key.public_key(), is_authority=False).sign(root_key, hashes.SHA256())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    return private + b"".join(c.public_bytes(serialization.Encoding.PEM) for c in (leaf, root))


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, is_authority: bool
             ) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    usage = x509.KeyUsage(digital_signature=not is_authority, content_commitment=not is_authority,
                          key_encipherment=False, data_encipherment=False, key_agreement=False,
                          key_cert_sign=is_authority, crl_sign=is_authority, encipher_only=False, decipher_only=False)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=round(365.25 * _YEARS)))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), True)
            .add_extension(usage, True))
