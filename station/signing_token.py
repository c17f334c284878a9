"""A PKCS#11 token that holds the centre's key: it signs inside, the key never leaves it.

Takes the token's own library and labels, gives its key with its certificates; relies on python-pkcs11, and on pyHanko
for what goes into a PDF. Everything that can fail is tried, with a signature, before anything is said to be done.
Source: PKCS #11 v2.40 (OASIS), §6.7 on sessions and log-in; RFC 5480 and RFC 3279 §2.2.3 for ECDSA signatures.
"""
from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.sign.pkcs11 import PKCS11Signer

from carriers.model import Refused

_KINDS = (KeyType.RSA, KeyType.EC)


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A private key on a token, in a session that is logged in. token: its label."""

    token: str
    session: Any
    handle: Any

    @property
    def is_rsa(self) -> bool:
        return bool(self.handle.key_type == KeyType.RSA)

    def sign(self, message: bytes) -> bytes:
        """A detached signature as `keys.Signer.sign` makes it. Raises: Refused("key-token-lost")."""
        with self.present():
            if self.is_rsa:
                return bytes(self.handle.sign(message, mechanism=Mechanism.SHA256_RSA_PKCS))
            raw = self.handle.sign(hashlib.sha256(message).digest(), mechanism=Mechanism.ECDSA)
        half = len(raw) // 2                                   # r and s, side by side
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    def pdf_signer(self, certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> PKCS11Signer:
        """What pyHanko signs a PDF with."""
        own, *above = load_certs_from_pemder_data(b"".join(c.public_bytes(Encoding.PEM)
                                                           for c in (certificate, *others)))
        by_id = self.handle[Attribute.ID]
        name: dict[str, Any] = {"key_id": by_id} if by_id else {"key_label": self.handle[Attribute.LABEL]}
        return PKCS11Signer(self.session, signing_cert=own, ca_chain=above, use_raw_mechanism=not self.is_rsa, **name)

    @contextmanager
    def present(self) -> Iterator[None]:
        """Raises: Refused("key-token-lost") where the token fails while it signs."""
        try:
            yield
        except pkcs11.PKCS11Error as failure:
            raise Refused("key-token-lost", token=self.token, reason=_name(failure)) from failure


def open_token(module: str, labels: Mapping[str, str], pin: str
               ) -> tuple[TokenKey, x509.Certificate, tuple[x509.Certificate, ...]]:
    """The key of a token, its certificate, and the other certificates on it.

    labels: token, key, certificate; "" = the only one there is, a certificate also by the key's own CKA_ID.
    Raises: Refused("key-token-module" | "key-token-absent" | "key-token-pin" | "key-token-locked" | "key-token-key" |
    "key-token-certificate" | "key-kind" | "key-token-lost").
    """
    try:
        library = pkcs11.lib(module)
        tokens = list(library.get_tokens())
    except (pkcs11.PKCS11Error, RuntimeError, OSError) as failure:     # no such library, or it is of something else
        raise Refused("key-token-module", path=module, reason=_name(failure)) from failure
    wanted = [token for token in tokens if labels["token"] in ("", token.label)]
    if len(wanted) != 1:
        raise Refused("key-token-absent", token=labels["token"] or "-",
                      tokens="、".join(token.label for token in tokens) or "-")
    name = str(wanted[0].label)
    try:
        try:
            session = wanted[0].open(user_pin=pin or "")
        except pkcs11.UserAlreadyLoggedIn:                     # by another session of this process
            session = wanted[0].open()
    except (pkcs11.PinLocked, pkcs11.PinExpired) as failure:
        raise Refused("key-token-locked", token=name) from failure
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.ArgumentsBad) as failure:
        raise Refused("key-token-pin", token=name) from failure
    except pkcs11.PKCS11Error as failure:
        raise Refused("key-token-lost", token=name, reason=_name(failure)) from failure
    with TokenKey(name, session, None).present():
        key = _key(session, name, labels["key"])
        certificate, others = _certificates(session, key, labels["certificate"])
    return key, certificate, others


def _key(session: Any, token: str, label: str) -> TokenKey:
    asked = {Attribute.CLASS: ObjectClass.PRIVATE_KEY} | ({Attribute.LABEL: label} if label else {})
    found = list(session.get_objects(asked))
    if len(found) != 1:
        raise Refused("key-token-key", token=token, label=label or "-", count=len(found))
    if found[0].key_type not in _KINDS:
        raise Refused("key-kind", path=token)
    return TokenKey(token, session, found[0])


def _certificates(session: Any, key: TokenKey, label: str
                  ) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
    rows = list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}))
    by_id = key.handle[Attribute.ID]
    own = [row for row in rows if (row[Attribute.LABEL] == label if label else by_id and row[Attribute.ID] == by_id)]
    chosen = own or ([] if label else rows)
    try:
        read = [x509.load_der_x509_certificate(row[Attribute.VALUE]) for row in (*chosen, *rows)]
    except (ValueError, TypeError) as failure:
        raise Refused("key-token-certificate", token=key.token, label=label or "-", count=0) from failure
    if len(chosen) != 1:
        raise Refused("key-token-certificate", token=key.token, label=label or "-", count=len(chosen))
    return read[0], tuple(each for each in dict.fromkeys(read[1:]) if each != read[0])


def _name(failure: Exception) -> str:
    return f"{type(failure).__name__} {failure}".strip()
