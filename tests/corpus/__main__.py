"""`./run corpus`: builds the corpus, asks every reader, writes docs/formats-read.md."""
from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.corpus import building, document, survey


def main() -> int:
    started = time.monotonic()
    wanted = building.recipes()
    with tempfile.TemporaryDirectory() as folder:
        rows = survey.survey(wanted, Path(folder))
    wrong = [f"{row.recipe.name}: {name} {', '.join(sorted(kinds))}" for row, name, kinds in survey.unrecorded(rows)]
    document.DOCUMENT.parent.mkdir(exist_ok=True)
    document.DOCUMENT.write_text(document.document(rows), "utf-8")
    print(f"{document.DOCUMENT.name}: {len(rows)} images, {time.monotonic() - started:.0f} s")
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
