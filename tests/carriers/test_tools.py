"""Tools are run without a shell, to a deadline; a missing one is an answer."""
from __future__ import annotations

import sys

from carriers.tools import Answer, run_tool


def test_a_tool_says_something() -> None:
    assert run_tool((sys.executable, "-c", "import sys; print('a b'); sys.exit(5)")) == Answer(5, b"a b\n")


def test_a_tool_that_is_missing() -> None:
    assert run_tool(("no-such-tool-anywhere",)) == Answer(-1, b"", "no-tool")


def test_a_tool_that_does_not_end_is_killed_at_the_deadline() -> None:
    endless = "import time\nprint('x', flush=True)\ntime.sleep(600)"
    assert run_tool((sys.executable, "-c", endless), deadline_seconds=0.5) == Answer(-1, b"", "no-answer")


def test_a_tool_that_says_too_much_has_said_nothing() -> None:
    assert run_tool((sys.executable, "-c", "print('x' * (5 << 20))")).reason == "no-answer"
