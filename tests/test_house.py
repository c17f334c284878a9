"""The house keeps itself: who may import whom, how long things may be, and what may not be done at all.

An exemption is a line in one of the tables below, with its reason.
"""
from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("carriers", "checks", "labels", "station")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MEASURED = [*MODULES, *sorted((ROOT / "bench").glob("*.py"))]

MAY_IMPORT = {
    "carriers": {"carriers"},
    "checks": {"carriers", "checks"},
    "labels": {"checks", "labels"},
    "station": {"carriers", "checks", "labels", "station"},
}
# what checks see of carriers are their types, for they open none
ONLY_MODEL = {"checks": "carriers.model"}
# "package name" → why it may be imported against the arrows
ALSO = {
    "labels carriers.model.Refused": "the family of exceptions that say: we could not (a font is missing)",
}
HOME_OF = {
    "pyudev": "station", "textual": "station", "tinydb": "station", "psutil": "station", "pycdlib": "station",
    "zstandard": "station", "xlsxwriter": "station", "xxhash": "carriers", "pytsk3": "carriers", "magic": "checks",
    "pyhanko": "station", "pkcs11": "station", "pyhanko_certvalidator": "station", "cryptography": "station",
    "python_calamine": "checks", "docx": "checks", "reportlab": "labels",
}
LONGEST_FUNCTION, LONGEST_FILE, MOST_PARAMETERS = 60, 500, 5

# "file: function" → why it may have more than five parameters
MANY_PARAMETERS: dict[str, str] = {}
# "file: function" → why it may catch everything
BROAD_EXCEPT = {
    "station/__main__.py: guarded": "the program's entry: prints the trace, exits 70, nothing goes on after it",
}
PRINT_ALLOWED = ("station", "bench")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def package_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything a module imports, relative imports resolved."""
    inside = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(inside[:-node.level]) if node.level else ""
            module = ".".join(part for part in (above, node.module or "") if part)
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls_of(path: Path) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the dotted name of what is called, as far as it is a name."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def foreign_arrows(path: Path) -> list[str]:
    package = package_of(path)
    wrong = []
    for line, name in imports_of(path):
        top = name.partition(".")[0]
        if f"{package} {name}" in ALSO:
            continue
        in_model = package not in ONLY_MODEL or top != "carriers" or f"{name}.".startswith(ONLY_MODEL[package] + ".")
        if (top in MAY_IMPORT and top not in MAY_IMPORT[package]) or not in_model:
            wrong.append(f"{name_of(path)}:{line} imports {name}")
        elif HOME_OF.get(top, package) != package:
            wrong.append(f"{name_of(path)}:{line} imports {name}, at home in {HOME_OF[top]}")
        elif top in ("tests", "bench"):
            wrong.append(f"{name_of(path)}:{line} imports {name}")
    return wrong


def writing_calls(path: Path) -> list[str]:
    """Calls that open something for writing, or change a file system."""
    changes = re.compile(r"(os\.(remove|unlink|rename|replace|rmdir|mkdir|makedirs|truncate|ftruncate|utime|chmod|chown"
                         r"|link|symlink|write|pwrite|writev|pwritev)|shutil\.\w+|.*\.(write_bytes|write_text|unlink"
                         r"|rmdir|mkdir|touch|rename|chmod|symlink_to|hardlink_to|truncate))$")
    wrong = []
    for call, name in calls_of(path):
        arguments = [ast.unparse(argument) for argument in (*call.args, *(word.value for word in call.keywords))]
        if name in ("os.open", "os.fdopen") and re.search(r"O_(WRONLY|RDWR|CREAT|APPEND|TRUNC)", " ".join(arguments)):
            wrong.append(f"{name_of(path)}:{call.lineno} {name} for writing")
        if (name in ("open", "io.open", "os.fdopen") or name.endswith(".open")) and any(
                re.fullmatch(r"'[rbtU]*[wax+][rwbt+]*'", argument) for argument in arguments):
            wrong.append(f"{name_of(path)}:{call.lineno} {name} for writing")
        if changes.match(name):
            wrong.append(f"{name_of(path)}:{call.lineno} {name}")
    return wrong


def broad_excepts(path: Path) -> list[str]:
    """Handlers of everything, but for those that only tidy up and raise it again."""
    wrong = []
    for function in (tree_of(path), *functions_of(path)):
        for node in own_nodes(function):
            if isinstance(node, ast.ExceptHandler) and ast.unparse(node.body[-1]) != "raise":
                caught = "everything" if node.type is None else ast.unparse(node.type)
                where = f"{name_of(path)}: {getattr(function, 'name', 'module')}"
                if re.search(r"\b(everything|Exception|BaseException)\b", caught) and where not in BROAD_EXCEPT:
                    wrong.append(f"{where} line {node.lineno} catches {caught}")
    return wrong


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function or module that belong to no function inside it."""
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            yield from own_nodes(node)


def is_too_wide(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return len([name for name in given if name not in ("self", "cls")]) > MOST_PARAMETERS


# --- the rules -------------------------------------------------------------------------------------------------------

def test_there_is_something_to_look_at() -> None:
    assert {package_of(path) for path in MODULES} == set(PACKAGES)


def test_imports_follow_the_arrows() -> None:
    assert [arrow for path in MODULES for arrow in foreign_arrows(path)] == []


def test_carriers_write_nothing() -> None:
    assert [call for path in MODULES if package_of(path) == "carriers" for call in writing_calls(path)] == []


def test_carriers_do_not_map_memory() -> None:
    """A bad sector under a mapping is a SIGBUS that ends the process."""
    mapped = [name_of(path) for path in MODULES if package_of(path) == "carriers"
              for _, name in imports_of(path) if name.partition(".")[0] == "mmap"]
    assert mapped == []


def test_functions_are_short() -> None:
    long = [f"{name_of(path)}: {function.name} {function.end_lineno - function.lineno + 1} lines"
            for path in MEASURED for function in functions_of(path)
            if function.end_lineno is not None and function.end_lineno - function.lineno + 1 > LONGEST_FUNCTION]
    assert long == []


def test_files_are_short() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in [*MEASURED, ROOT / "run"]}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_parameters_are_few() -> None:
    wide = {f"{name_of(path)}: {function.name}" for path in MEASURED for function in functions_of(path)
            if is_too_wide(function)}
    assert wide == set(MANY_PARAMETERS)


def test_nothing_is_caught_broadly() -> None:
    assert [handler for path in MEASURED for handler in broad_excepts(path)] == []


def test_no_shell_is_started() -> None:
    shells = [f"{name_of(path)}:{call.lineno}" for path in MEASURED for call, name in calls_of(path)
              if name in ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput")
              or any(word.arg == "shell" for word in call.keywords)]
    assert shells == []


def test_only_the_station_speaks() -> None:
    prints = [f"{name_of(path)}:{call.lineno}" for path in MEASURED for call, name in calls_of(path)
              if name == "print" and package_of(path) not in PRINT_ALLOWED]
    assert prints == []


def test_nothing_names_this_machine_or_a_registry() -> None:
    """Tests use tmp_path; pip and apt are configured by the machine."""
    forbidden = re.compile(r"(?<![\w.])/(work|tmp|root|home)/|pypi\.|pythonhosted|deb\.debian\.org|npmjs"
                           r"|--(extra-)?index-url\b|--find-links\b|--trusted-host\b")
    files = [*MEASURED, *(ROOT / "tests").rglob("*.py"), *ROOT.glob("requirements*"), *ROOT.glob("*.toml"),
             *ROOT.glob("*.md"), *ROOT.glob("bench/*.md"), ROOT / "run", ROOT / ".ci" / "run"]
    named = [f"{name_of(path)}:{number} {line.strip()[:80]}" for path in files if path != Path(__file__).resolve()
             for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if forbidden.search(line)]
    assert named == []


def test_every_requirement_is_locked_with_a_hash() -> None:
    for lock in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", "")
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert lines
        assert [line.split()[0] for line in lines if "==" not in line.split()[0] or "--hash=sha256:" not in line] == []


# --- the rules bite --------------------------------------------------------------------------------------------------

@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of our shape in which a module can be planted."""
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    return tmp_path


def plant(root: Path, name: str, source: str) -> Path:
    path = root / name
    path.write_text(source, encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "source"), [
    ("carriers/a.py", "from checks import form"),
    ("carriers/a.py", "import reportlab.pdfgen"),
    ("checks/a.py", "from carriers import open_carrier"),
    ("checks/a.py", "from carriers.blocks import BlockSource"),
    ("checks/a.py", "def f():\n    import station.register"),
    ("labels/a.py", "from carriers.model import Refused, Finding"),
    ("labels/a.py", "from ..station import config"),
    ("station/a.py", "import xxhash"),
    ("station/a.py", "import tests.faults"),
])
def test_a_wrong_arrow_is_found(planted: Path, name: str, source: str) -> None:
    assert len(foreign_arrows(plant(planted, name, source))) == 1


@pytest.mark.parametrize(("name", "source"), [
    ("checks/a.py", "from carriers.model import Finding"),
    ("labels/a.py", "from checks.verdict import Decision\nimport reportlab"),
    ("station/a.py", "from carriers import open_carrier\nimport pycdlib"),
])
def test_a_right_arrow_is_not(planted: Path, name: str, source: str) -> None:
    assert foreign_arrows(plant(planted, name, source)) == []


@pytest.mark.parametrize("source", [
    "open(p, 'wb')", "open(p, mode='r+b')", "p.open('a')", "p.write_bytes(b'')", "os.open(p, os.O_RDWR)",
    "os.open(p, flags=os.O_RDONLY | os.O_CREAT)", "os.unlink(p)", "io.open(p, 'x')", "shutil.move(p, q)",
])
def test_a_writing_call_is_found(planted: Path, source: str) -> None:
    assert len(writing_calls(plant(planted, "carriers/a.py", source))) == 1


@pytest.mark.parametrize("source", ["open(p, 'rb')", "p.open()", "os.open(p, os.O_RDONLY)", "os.pread(f, 1, 0)"])
def test_a_reading_call_is_not(planted: Path, source: str) -> None:
    assert writing_calls(plant(planted, "carriers/a.py", source)) == []


@pytest.mark.parametrize("caught", ["", " Exception", " BaseException as e", " (OSError, Exception)"])
def test_a_broad_except_is_found(planted: Path, caught: str) -> None:
    source = f"def f():\n    try:\n        g()\n    except{caught}:\n        pass\n"
    assert len(broad_excepts(plant(planted, "checks/a.py", source))) == 1
    assert broad_excepts(plant(planted, "checks/b.py", source.replace("pass", "raise"))) == []
