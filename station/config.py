"""One TOML file → one frozen configuration; what the domain marks as uncertain is here, never a constant.

Takes a path (or none: the defaults), gives `Config`; relies on nothing. Unknown keys are refused: a misspelt policy
must not silently be the default.
"""
from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from carriers.model import Refused

DEFAULT_PATH = Path("/etc/station/station.toml")


@dataclass(frozen=True, slots=True)
class Config:
    """station_id begins every number. check_years: until the next check, by carrier kind (domain §5.4).

    signing_p12: the centre's PKCS#12 file, "" = a key of the station's own; signing_password_file: holds its password,
    "" = asked for; signing_crl: a list of revoked certificates (PEM or DER), "" = none.
    """

    station_id: str = "S1"
    language: str = "zh"
    home: str = ""
    receiving_org: str = "电子文件和数字档案登记备份中心"
    batch_number: str = "{fonds_no}-{year}-{seq:02d}"
    certificate_number: str = "{batch}-J{seq:02d}"
    label_number: str = "{batch}-L{seq:02d}"
    attestation_number: str = "{station}-{year}-A{seq:04d}"
    lock_number: str = "{station}-{week}-K{seq:02d}"
    signing_p12: str = ""
    signing_password_file: str = ""
    signing_crl: str = ""
    certificate_copies: int = 2
    read_retries: int = 2
    save_seconds: float = 30.0
    slow_seconds: float = 0.5
    slow_factor: float = 8.0
    may_be_unchecked: tuple[str, ...] = ("safety", "quality", "health")
    check_years: Mapping[str, int] = field(default_factory=lambda: {"disc": 4, "disk": 1, "tape": 2, "folder": 1})
    set_names: Mapping[str, str] = field(default_factory=lambda: {"A": "封存", "B": "利用", "C": "异地"})

    def policy_sha256(self) -> str:
        """Identity of the policy that a verdict was made under (places are no policy)."""
        places = ("home", "language", "signing_p12", "signing_password_file", "signing_crl")
        policy = {key: value for key, value in asdict(self).items() if key not in places}
        return hashlib.sha256(json.dumps(policy, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def load_config(path: Path | None) -> Config:
    """The configuration at path, else at the default path if there is one, else the defaults.

    Raises: Refused("config-unreadable" | "config-unknown-key").
    """
    chosen = path or (DEFAULT_PATH if DEFAULT_PATH.is_file() else None)
    if chosen is None:
        return Config()
    try:
        table: dict[str, Any] = tomllib.loads(chosen.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise Refused("config-unreadable", path=str(chosen), reason=str(failure)) from failure
    defaults = Config()
    for key, value in table.items():
        if key not in {f.name for f in fields(Config)}:
            raise Refused("config-unknown-key", path=str(chosen), key=key)
        default = getattr(defaults, key)
        wanted = (int, float) if isinstance(default, float) else dict if isinstance(default, Mapping) \
            else list if isinstance(default, tuple) else type(default)
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise Refused("config-unknown-key", path=str(chosen), key=key)
    given: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    return Config(**given)


def home_path(option: Path | None, config: Config) -> Path:
    """--home, else $STATION_HOME, else the configuration, else the user's data directory (contract)."""
    if option is not None:
        return option
    if os.environ.get("STATION_HOME"):
        return Path(os.environ["STATION_HOME"])
    if config.home:
        return Path(config.home)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "station"
