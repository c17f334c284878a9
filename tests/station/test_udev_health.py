"""The rule and the service that read SMART with rights say what `carriers/health.py` relies on."""
from __future__ import annotations

from pathlib import Path

from carriers.health import Witnesses

RULES = Path(__file__).resolve().parents[2] / "udev-rules"
RULE, SERVICE = (RULES / "61-station-health.rules").read_text(), (RULES / "station-health@.service").read_text()


def settings(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", "")


def test_the_snapshot_is_written_where_it_is_looked_for() -> None:
    folder = Witnesses().snapshots
    assert f"StandardOutput=truncate:{folder}/%i.json\n" in SERVICE
    assert f'RUN+="/usr/bin/mkdir -p {folder}"' in RULE                 # before the service's output is opened
    assert "smartctl --json=c -a /dev/disk/by-diskseq/%i\n" in SERVICE


def test_the_rule_is_one_line_and_answers_only_what_is_plugged_in() -> None:
    rules = [line for line in settings(RULE).splitlines() if line]
    assert len(rules) == 1 and rules[0].startswith('ACTION=="add", SUBSYSTEM=="block", ENV{DEVTYPE}=="disk"')
    assert 'ENV{SYSTEMD_WANTS}+="station-health@$env{DISKSEQ}.service"' in rules[0]


def test_the_service_can_do_nothing_else() -> None:
    lines = settings(SERVICE).splitlines()
    assert "CapabilityBoundingSet=CAP_SYS_RAWIO CAP_SYS_ADMIN" in lines and "ProtectSystem=strict" in lines
    assert [line for line in lines if line.startswith("Exec")] == [
        "ExecStart=-/usr/sbin/smartctl --json=c -a /dev/disk/by-diskseq/%i"]
    assert {line.split()[-1] for line in lines if line.startswith("DeviceAllow=")} == {"r"}
