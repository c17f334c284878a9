"""One TOML file → one frozen configuration; what the domain marks as uncertain is here, never a constant.

Takes a path (or none: the defaults), gives `Config`; relies on the catalogue for the names of checks and on labels for
the editions. Unknown keys are refused: a misspelt policy must not silently be the default.
"""
from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from carriers.model import Refused
from carriers.retries import Limits
from checks import catalogue
from checks.verdict import CHECKS, MUST_BE_CHECKED, Severity
from labels.sentences import EDITIONS

_NO_POLICY = frozenset({"home", "language", "edition", "paper_number", "overlay_offset_mm", "label_stocks",
                        "label_copies", "paper_queue", "label_queue", "print_server", "print_wait_seconds",
                        "media_names", "print_sides", "attestation_number", "lock_number", "signing_p12",
                        "signing_password_file", "signing_crl", "signing_pkcs11_module", "signing_token_label",
                        "signing_key_label", "signing_certificate_label", "folder_drives", "intake_ports",
                        "hang_seconds"})
_FURTHEST_MM, _LONGEST_MM = 30.0, 300.0     # no printer is off by more; no sheet is longer
_MEASURES = frozenset({"columns", "rows", "left", "top", "width", "height", "pitch_x", "pitch_y"})
DEFAULT_PATH = Path("/etc/station/station.toml")


@dataclass(frozen=True, slots=True)
class Config:
    """station_id begins every number. language: zh or en, where $STATION_LANG does not say.

    check_years: until the next check, by carrier kind (domain §5.4).

    signing_p12: the centre's PKCS#12 file, "" = a key of the station's own; signing_password_file: holds its password,
    "" = asked for (of a token: its PIN); signing_pkcs11_module: the library of the centre's token; signing_…_label:
    what to take on it, "" = the only one there is; signing_crl: a list of revoked certificates, PEM or DER.
    may_be_unchecked: checks that may be 未检测 and the carrier still passes; never accuracy, completeness, usability.
    read_retries: more tries of a sector that failed. place_seconds, error_seconds: what reads that fail may take in one
    place and on a carrier, bad_places: in how many places; then what follows an error is not attempted.
    readings_per_attempt: of one carrier, in one drive or several (domain §10.5). hang_seconds: a read that lasts for
    longer means that the drive hangs; the kernel itself tries again for two minutes and more.
    appearance: what a negative answer about a carrier's looks weighs: reject, doubt or note.
    edition: of the 检验表. overlay_offset_mm: what 套打 is moved by on each queue, right and down; "" = all others.
    label_stocks: bought sheets of labels, in mm (`labels.label_sheet.Stock`).
    paper_queue, label_queue: CUPS queues of A4 sheets and of smaller ones, "" = the PDF waits in the outbox.
    print_server: host[:port] of CUPS, "" = this machine. print_wait_seconds: how long a job may stand still.
    media_names: width x height in mm → what CUPS calls it; other sizes go as Custom.WxHmm. print_sides: by kind of
    paper; others are printed on one side.
    folder_drives: folders in which an image or a package that appears is offered like a disc in a drive.
    intake_ports: ports that carriers are put into, as `station drives --json` names them; () = every USB port and
    optical drive, and then no rule refuses a keyboard there.
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
    signing_pkcs11_module: str = ""
    signing_token_label: str = ""
    signing_key_label: str = ""
    signing_certificate_label: str = ""
    paper_number: str = "{batch}-{kind}{seq:02d}"
    edition: str = EDITIONS[0]
    overlay_offset_mm: Mapping[str, Sequence[float]] = field(default_factory=dict)
    label_stocks: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: {
        "disk-12": {"columns": 2, "rows": 6, "left": 4.7, "top": 21.6, "width": 99.1, "height": 42.3,
                    "pitch_x": 101.6, "pitch_y": 42.3},
        "spine-20": {"columns": 1, "rows": 20, "left": 46, "top": 20, "width": 118, "height": 6.5,
                     "pitch_x": 118, "pitch_y": 12.5}})
    certificate_copies: int = 2
    label_copies: int = 1
    paper_queue: str = ""
    label_queue: str = ""
    print_server: str = ""
    print_wait_seconds: float = 600.0
    media_names: Mapping[str, str] = field(default_factory=lambda: {"210x297": "A4"})
    print_sides: Mapping[str, str] = field(default_factory=lambda: {"certificate": "two-sided-long-edge"})
    folder_drives: tuple[str, ...] = ()
    intake_ports: tuple[str, ...] = ()
    read_retries: int = 2
    place_seconds: float = 300.0
    error_seconds: float = 1800.0
    bad_places: int = 100
    readings_per_attempt: int = 3
    save_seconds: float = 30.0
    hang_seconds: float = 180.0
    slow_seconds: float = 0.5
    slow_factor: float = 8.0
    may_be_unchecked: tuple[str, ...] = ("safety", "quality", "health", "appearance")
    appearance: Mapping[str, str] = field(default_factory=lambda: {
        "scratches": "doubt", "clean": "doubt", "label": "doubt", "case": "note"})
    check_years: Mapping[str, int] = field(default_factory=lambda: {"disc": 4, "disk": 1, "tape": 2, "folder": 1})
    set_names: Mapping[str, str] = field(default_factory=lambda: {"A": "封存", "B": "利用", "C": "异地"})

    def policy_sha256(self) -> str:
        """Identity of the policy that a verdict was made under (a place or a printer is not a policy)."""
        policy = {key: value for key, value in asdict(self).items() if key not in _NO_POLICY}
        return hashlib.sha256(json.dumps(policy, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def limits(self) -> Limits:
        """What read errors may cost."""
        return Limits(self.read_retries, self.place_seconds, self.error_seconds, self.bad_places)

    def offset_mm(self, queue: str) -> tuple[float, float]:
        """What is printed in place is moved by on this queue: to the right and down."""
        right, down = self.overlay_offset_mm.get(queue) or self.overlay_offset_mm.get("") or (0.0, 0.0)
        return float(right), float(down)


def load_config(path: Path | None) -> Config:
    """The configuration at path, else at the default path if there is one, else the defaults.

    Raises: Refused("config-unreadable" | "config-unknown-key" | "config-never-unchecked" | "config-bad-value").
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
    for key, least in (("readings_per_attempt", 1), ("hang_seconds", 10)):
        if table.get(key, least) < least:
            raise Refused("config-bad-value", path=str(chosen), key=key, value=str(table[key]))
    _check_paper(chosen, table)
    if table.get("signing_p12") and table.get("signing_pkcs11_module"):
        raise Refused("config-bad-value", path=str(chosen), key="signing_p12", value="signing_pkcs11_module")
    given: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    if "appearance" in given:
        given["appearance"] = {**defaults.appearance, **given["appearance"]}
    config = Config(**given)
    _check_policy(config, chosen)
    return config


def _check_policy(config: Config, path: Path) -> None:
    """What makes 合格 may not be given away by a configuration, and no misspelt policy may silently mean another."""
    for check in config.may_be_unchecked:
        if check in MUST_BE_CHECKED:
            raise Refused("config-never-unchecked", path=str(path), key=check)
        if check not in CHECKS:
            raise Refused("config-unknown-key", path=str(path), key=f"may_be_unchecked: {check}")
    for item, weight in config.appearance.items():
        if item not in catalogue.appearance() or weight not in list(Severity):
            raise Refused("config-unknown-key", path=str(path), key=f"appearance: {item} = {weight}")


def _check_paper(path: Path, table: Mapping[str, Any]) -> None:
    """What paper is printed by. Raises: Refused("config-bad-value")."""
    def number(value: object, limit: float) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and -limit <= value <= limit
    if table.get("language", catalogue.LANGUAGES[0]) not in catalogue.LANGUAGES:
        raise Refused("config-bad-value", path=str(path), key="language", value=table["language"])
    if table.get("edition", EDITIONS[0]) not in EDITIONS:
        raise Refused("config-bad-value", path=str(path), key="edition", value=table["edition"])
    for queue, offset in table.get("overlay_offset_mm", {}).items():
        if not isinstance(offset, list) or len(offset) != 2 or not all(number(v, _FURTHEST_MM) for v in offset):
            raise Refused("config-bad-value", path=str(path), key=f"overlay_offset_mm.{queue}", value=str(offset))
    for name, measures in table.get("label_stocks", {}).items():
        if not isinstance(measures, dict) or measures.keys() != _MEASURES or not all(
                number(v, _LONGEST_MM) and (isinstance(v, int) or key not in ("columns", "rows"))
                for key, v in measures.items()):
            raise Refused("config-bad-value", path=str(path), key=f"label_stocks.{name}", value=str(measures))


def home_path(option: Path | None, config: Config) -> Path:
    """--home, else $STATION_HOME, else the configuration, else the user's data directory (contract)."""
    if option is not None:
        return option
    if os.environ.get("STATION_HOME"):
        return Path(os.environ["STATION_HOME"])
    if config.home:
        return Path(config.home)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "station"
