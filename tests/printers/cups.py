"""A CUPS of the tests' own on loopback, with two IPP printers that can fail: A4 sheets on both sides, and labels.

No service of the machine is touched. The printers are CUPS's own `ippeveprinter`; what reaches them is kept. The
folder lies beside pytest's, for the filters of CUPS run as user lp, whom pytest shuts out of its own.
"""
from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = {"cupsd": "cups-daemon", "lp": "cups-client", "ipptool": "cups-ipp-utils", "ippeveprinter": "cups-ipp-utils",
         "dbus-daemon": "dbus"}
FILTER = Path("/usr/lib/cups/filter/pdftopdf")
LABELS_PT = {"w283h176": (283, 176), "w176h283": (176, 283), "w142h71": (142, 71)}       # 100x62, 62x100, 50x25 mm
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
_SERVER = """Listen 127.0.0.1:{port}
Browsing No
BrowseLocalProtocols none
DefaultAuthType None
WebInterface No
ErrorPolicy retry-job
JobRetryInterval 1
<Location />
  Order allow,deny
  Allow from 127.0.0.1
</Location>
<Policy default>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""
_FILES = """ServerRoot {0}/etc
RequestRoot {0}/spool
TempDir {0}/spool/tmp
CacheDir {0}/cache
StateDir {0}/run
AccessLog {0}/log/access_log
ErrorLog {0}/log/error_log
PageLog {0}/log/page_log
FileDevice Yes
User lp
Group lp
SystemGroup root
"""


def until(what: Callable[[], object], why: str, seconds: float = 20.0) -> None:
    """Wait for a state, not for a time. Raises: AssertionError with why."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"after {seconds:.0f} s still not: {why}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Printers:
    """The server and its printers `paper` and `label`. server: what $CUPS_SERVER must be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = f"127.0.0.1:{free_port()}"
        self.ports = {"paper": free_port(), "label": free_port()}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for name in ("etc/ppd", "spool/tmp", "cache", "run", "log", "paper", "label"):
            (self.folder / name).mkdir(parents=True)
        for name in ("etc", "spool", "cache", "run", "spool/tmp"):
            shutil.chown(self.folder / name, group="lp")
            (self.folder / name).chmod(0o1770 if name == "spool/tmp" else 0o775)
        etc = self.folder / "etc"
        (etc / "cupsd.conf").write_text(_SERVER.format(port=self.server.rpartition(":")[2]))
        (etc / "cups-files.conf").write_text(_FILES.format(self.folder))
        (etc / "label.ppd").write_text(label_ppd())
        for name in self.ports:
            shutil.copy(HERE / "engine.sh", self.folder / name / "engine")
            (self.folder / name / "engine").chmod(0o755)
        bus = self.folder / "run" / "bus"                     # ippeveprinter wants a system bus, whatever is on it
        self._begin("bus", "dbus-daemon", "--session", "--nopidfile", "--nofork", f"--address=unix:path={bus}")
        until(bus.exists, "the D-Bus of the printers is there")
        for name in self.ports:
            self.on(name)
        self._begin("cupsd", "cupsd", "-f", "-c", str(etc / "cupsd.conf"), "-s", str(etc / "cups-files.conf"))
        until(lambda: listens(int(self.server.rpartition(":")[2])), f"CUPS listens: {self.log()}")
        for name, port in self.ports.items():
            self.tell("lpadmin", "-p", name, "-E", "-v", f"ipp://localhost:{port}/ipp/print", "-m", "everywhere")

    def stop(self) -> None:
        for process in reversed(self.running.values()):
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()

    def on(self, name: str) -> None:
        """Switch a printer on; on return it listens."""
        own = ["-P", str(self.folder / "etc" / "label.ppd")] if name == "label" else \
            ["-2", "-f", "application/pdf,image/pwg-raster"]
        self._begin(name, "ippeveprinter", "-r", "off", "-n", "localhost", "-p", str(self.ports[name]),
                    "-d", str(self.folder / name), *own, "-k", "-c", str(self.folder / name / "engine"), name)
        until(lambda: listens(self.ports[name]), f"printer {name} listens")

    def off(self, name: str) -> None:
        """Switch a printer off; on return it is gone."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def trouble(self, name: str, reason: str = "") -> None:
        """Give a printer a trouble (`media-empty-error` …); its jobs wait until it is taken away again."""
        place = self.folder / name / "REASON"
        place.write_text(reason)

    def tell(self, *command: str) -> str:
        """One of CUPS's own commands."""
        done = subprocess.run(command, env={**os.environ, "PATH": PATH, "CUPS_SERVER": self.server}, text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, (command, done.stderr, self.log())
        return done.stdout

    def printed(self, name: str) -> list[Path]:
        """The PDFs that reached a printer, oldest first."""
        return sorted((self.folder / name).glob("*.pdf"), key=lambda path: path.stat().st_mtime_ns)

    def asked(self, pdf: Path) -> dict[str, str]:
        """What a printer was asked for with a PDF, by the names of IPP in capitals."""
        rows = Path(f"{pdf}.asked").read_text(encoding="utf-8").splitlines()
        return dict(row.removeprefix("IPP_").split("=", 1) for row in rows)

    def heal(self) -> None:
        """As at the start, without jobs."""
        self.tell("cancel", "-a", "-x")
        for name in self.ports:
            self.trouble(name)
            if name not in self.running:
                self.on(name)
            self.tell("cupsenable", name)
            self.tell("cupsaccept", name)
            for path in (self.folder / name).glob("*-*"):
                path.unlink()

    def log(self) -> str:
        path = self.folder / "log" / "error_log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def _begin(self, name: str, *command: str) -> None:
        with (self.folder / "log" / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "PATH": PATH,
                     "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder / 'run' / 'bus'}"})


@contextmanager
def printers() -> Iterator[Printers]:
    """The server with its printers while the tests last. Raises: AssertionError that says what is missing."""
    missing = sorted({package for tool, package in TOOLS.items() if shutil.which(tool, path=PATH) is None}
                     | (set() if FILTER.exists() else {"cups-filters"}))
    assert not missing, f"these packages are missing for the printer tests: apt-get install {' '.join(missing)}"
    assert os.getuid() == 0, "the printer tests start a CUPS of their own, which needs root: run them as root"
    folder = Path(tempfile.mkdtemp(prefix="printers-"))
    folder.chmod(0o755)
    ours = Printers(folder)
    try:
        ours.start()
        yield ours
    finally:
        ours.stop()
        shutil.rmtree(folder)


def label_ppd() -> str:
    """The sizes of the label printer, as `ippeveprinter -P` takes them."""
    first = next(iter(LABELS_PT))
    rows = ['*PPD-Adobe: "4.3"', '*FormatVersion: "4.3"', '*FileVersion: "1.0"', "*LanguageVersion: English",
            "*LanguageEncoding: ISOLatin1", '*PCFileName: "LABEL.PPD"', '*Product: "(Label)"',
            '*PSVersion: "(3010.000) 0"',
            '*Manufacturer: "Test"', '*ModelName: "Test label"', '*ShortNickName: "Test label"',
            '*NickName: "Test label"', "*ColorDevice: False", "*DefaultColorSpace: Gray", "*FileSystem: False",
            '*LanguageLevel: "3"']
    for key in ("PageSize", "PageRegion"):
        rows += [f"*OpenUI *{key}: PickOne", f"*OrderDependency: 10 AnySetup *{key}", f"*Default{key}: {first}",
                 *(f'*{key} {name}: "<</PageSize[{wide} {high}]>>setpagedevice"'
                   for name, (wide, high) in LABELS_PT.items()), f"*CloseUI: *{key}"]
    rows += [f"*DefaultImageableArea: {first}",
             *(f'*ImageableArea {name}: "0 0 {wide} {high}"' for name, (wide, high) in LABELS_PT.items()),
             f"*DefaultPaperDimension: {first}",
             *(f'*PaperDimension {name}: "{wide} {high}"' for name, (wide, high) in LABELS_PT.items()),
             "*DefaultResolution: 300dpi", "*DefaultFont: Courier", '*Font Courier: Standard "(002.004S)" Standard ROM']
    return "\n".join(rows) + "\n"
