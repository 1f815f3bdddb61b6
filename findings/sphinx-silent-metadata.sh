#!/usr/bin/env bash
# MyST-NB: a misspelt key in a cell's metadata is ignored. sphinx-proof: a warning names no real file.
#
# Expected: an unknown key next to `figure` and `image` is worth a warning, as an unknown option of a
#   directive is; and a warning of a duplicate label names the two files, a.md and b.md.
# Seen: with `figur` for `figure` the picture loses its caption, its number and its label, and the
#   build with -W -n passes. The other warning blames b.rst, which does not exist.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: sphinx==7.4.7 myst-nb==1.4.0 sphinx-proof==0.4.0 ipython==9.18.1
cd "$work"

mkdir key label
for book in key label; do
    cat > "$book/conf.py" <<'PY'
extensions = ["myst_nb", "sphinx_proof"]
html_theme = "alabaster"
nb_execution_mode = "off"
PY
done
printf '# Title\n\n```{toctree}\na\n```\n' > key/index.md
printf '# Title\n\n```{toctree}\na\nb\n```\n' > label/index.md
for page in a b; do
    printf '# %s\n\n```{prf:theorem}\n:label: same\n\nText.\n```\n' "$page" > "label/$page.md"
done
cat > notebook.py <<'PY'
import sys

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
cell = new_code_cell("picture", execution_count=1)
cell.outputs = [new_output("display_data", {"image/png": PIXEL})]
cell.metadata["mystnb"] = {sys.argv[1]: {"caption": "What to see.", "name": "fig-one"}}
book = new_notebook(cells=[new_markdown_cell("# A"), cell])
book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
book.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
nbformat.write(book, "key/a.ipynb")
PY

{
    for key in figure figur; do
        venv/bin/python notebook.py "$key"
        venv/bin/python -m sphinx -q -E -W -n -b html key "built-$key" && echo "$key: no warning"
        echo "$key: $(grep -c 'What to see.' "built-$key/a.html") captions"
    done
    venv/bin/python -m sphinx -q -E -n -b html label built-label
} 2>&1 | sed "s|$work/||g" | tee seen.txt

diff seen.txt - <<'SEEN' || { echo "the behaviour has changed"; exit 1; }
figure: no warning
figure: 1 captions
figur: no warning
figur: 0 captions
label/b.rst: WARNING: duplicate theorem label 'same', other instance in label/a.md
SEEN
