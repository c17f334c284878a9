"""A station in a folder, for tests of what its papers and its register prove."""
from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from labels.page import Sheet
from station.config import Config
from station.evidence import issue, lock, ready_signer
from station.home import Home
from station.register import Register, Station

ROOT = Path(__file__).resolve().parents[2]


def a_station(folder: Path, **configuration: Any) -> Station:
    home = Home(folder)
    home.prepare()
    config = Config(**configuration)
    return Station(config, home, Register(home, config.station_id))


def a_drawing(head: str) -> bytes:
    target = BytesIO()
    sheet = Sheet(target, "样张", "2026-01-01T00:00:00Z")
    sheet.bears(head)
    sheet.text(100, 100, "检验合格", 12)
    sheet.save()
    return target.getvalue()


def a_paper(station: Station, number: str, head: str) -> None:
    """A signed paper that bears this head, with its print line."""
    issue(station, ready_signer(station), station.home.papers / f"{number}.pdf", a_drawing(head),
          {"number": number, "paper": "p", "head": head})


def a_small_register(folder: Path) -> Station:
    """Lines of every kind that the audit looks into without an intake: key, note, lock, a signed paper, note."""
    station = a_station(folder)
    signer = ready_signer(station)
    head = station.register.append("note", {"text": "档案\n"})
    lock(station, signer, head)
    a_paper(station, "P1", head)
    station.register.append("note", {"text": "后来"})
    return station


def a_certificate(days: tuple[int, int] = (-1, 365)) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """An RSA key with a certificate of its own, valid from and to so many days from now."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "登记备份中心")])
    now = datetime.now(UTC)
    return key, (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                 .serial_number(4711).not_valid_before(now + timedelta(days=days[0]))
                 .not_valid_after(now + timedelta(days=days[1])).sign(key, hashes.SHA256()))


def a_p12(path: Path, password: bytes = b"geheim", days: tuple[int, int] = (-1, 365), *, with_key: bool = True) -> Path:
    key, certificate = a_certificate(days)
    kind = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"centre", key if with_key else None, certificate,
                                                           None, kind))
    return path


def told(home: Path, *arguments: object) -> tuple[int, str]:
    """Exit code and everything said by a command."""
    done = subprocess.run([sys.executable, "-m", "station", *map(str, arguments), "--home", str(home)],
                          capture_output=True, text=True, env={"PYTHONPATH": str(ROOT), "PATH": ""},
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout + done.stderr
