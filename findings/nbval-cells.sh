#!/usr/bin/env bash
# nbval: two kinds of cells are never compared and do not fail; a semicolon fails without a reason.
#
# Expected: a cell that prints something else than what is stored fails, and no other.
# Seen: 1. A cell that was never run (no execution count, no output) passes whatever it prints.
#   2. After a cell that takes too long, the kernel is interrupted and goes on, but a later cell with a
#      wrong stored output counts as an expected failure (xfail).
#   3. Where a closing semicolon hides a value, the stored output is as a notebook shows it, empty;
#      nbval runs cells outside the history, there the semicolon hides nothing, and the cell fails.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: nbval==0.11.0 pytest==9.2.0 nbclient==0.11.0 \
    ipykernel==7.4.0 ipython==9.18.1
cd "$work"

cat > notebooks.py <<'PY'
import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output


def cell(count, source, stored=""):
    outputs = [new_output("stream", name="stdout", text=stored)] if stored else []
    return new_code_cell(source, execution_count=count, outputs=outputs)


books = {
    "never_run": new_notebook(cells=[cell(None, "print(1)")]),
    "too_long": new_notebook(cells=[cell(1, "import time; time.sleep(60)"), cell(2, "print(2)", "3\n")]),
    "semicolon": new_notebook(cells=[cell(None, "1 + 1;")]),
}
NotebookClient(books["semicolon"]).execute()
for name, book in books.items():
    nbformat.write(book, f"{name}.ipynb")
PY
venv/bin/python notebooks.py 2>log.txt

for book in never_run too_long semicolon; do
    venv/bin/python -m pytest -p no:cacheprovider --color=no -q -rA --nbval --nbval-current-env \
        --nbval-cell-timeout=5 "$book.ipynb" >>log.txt 2>&1 || true
done
grep -oE '^(PASSED|FAILED|XFAIL) [a-z_]+\.ipynb::Cell [0-9]+' log.txt | sort | tee seen.txt

diff seen.txt - <<'SEEN' || { cat log.txt; echo "the behaviour has changed"; exit 1; }
FAILED semicolon.ipynb::Cell 0
FAILED too_long.ipynb::Cell 0
PASSED never_run.ipynb::Cell 0
XFAIL too_long.ipynb::Cell 1
SEEN
