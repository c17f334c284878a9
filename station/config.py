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

_NO_POLICY = frozenset({"home", "language", "label_copies", "paper_queue", "label_queue", "print_server",
                        "print_wait_seconds", "media_names", "print_sides"})
DEFAULT_PATH = Path("/etc/station/station.toml")


@dataclass(frozen=True, slots=True)
class Config:
    """station_id begins every number. check_years: until the next check, by carrier kind (domain §5.4).

    paper_queue, label_queue: CUPS queues of A4 sheets and of smaller ones, "" = the PDF waits in the outbox.
    print_server: host[:port] of CUPS, "" = this machine. print_wait_seconds: how long a job may stand still.
    media_names: width x height in mm → what CUPS calls it; other sizes go as Custom.WxHmm. print_sides: by kind of
    paper; others are printed on one side.
    """

    station_id: str = "S1"
    language: str = "zh"
    home: str = ""
    receiving_org: str = "电子文件和数字档案登记备份中心"
    batch_number: str = "{fonds_no}-{year}-{seq:02d}"
    certificate_number: str = "{batch}-J{seq:02d}"
    label_number: str = "{batch}-L{seq:02d}"
    certificate_copies: int = 2
    label_copies: int = 1
    paper_queue: str = ""
    label_queue: str = ""
    print_server: str = ""
    print_wait_seconds: float = 600.0
    media_names: Mapping[str, str] = field(default_factory=lambda: {"210x297": "A4"})
    print_sides: Mapping[str, str] = field(default_factory=lambda: {"certificate": "two-sided-long-edge"})
    read_retries: int = 2
    save_seconds: float = 30.0
    slow_seconds: float = 0.5
    slow_factor: float = 8.0
    may_be_unchecked: tuple[str, ...] = ("safety", "quality", "health")
    check_years: Mapping[str, int] = field(default_factory=lambda: {"disc": 4, "disk": 1, "tape": 2, "folder": 1})
    set_names: Mapping[str, str] = field(default_factory=lambda: {"A": "封存", "B": "利用", "C": "异地"})

    def policy_sha256(self) -> str:
        """Identity of the policy that a verdict was made under (a place or a printer is not a policy)."""
        policy = {key: value for key, value in asdict(self).items() if key not in _NO_POLICY}
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
