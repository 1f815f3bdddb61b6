#!/usr/bin/env bash
# sphinx-proof with sphinx-togglebutton: a proof of class `dropdown` stops every later fold of its page.
#
# Expected: a proof with `:class: dropdown` folds, as a theorem and any other box does; if it cannot,
#   the build says so, or the rest of the page is unharmed.
# Seen: the build passes with -W -n. A proof has no title line, sphinx-togglebutton takes one for
#   granted, and its script ends with an error. The proof stays open, and so does the box after it.
#   With a theorem in the proof's place both fold. Needs Chromium (CHROMIUM=/path/to/it).
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: sphinx==7.4.7 myst-parser==3.0.1 sphinx-proof==0.4.0 sphinx-togglebutton==0.4.5 playwright==1.65.2
cd "$work"

cat > open.py <<'PY'
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

with sync_playwright() as p:
    browser = p.chromium.launch(executable_path=sys.argv[1])
    for kind in ("theorem", "proof"):
        page = browser.new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(error))
        page.goto(Path(f"built-{kind}/index.html").absolute().as_uri())
        folds = page.locator(".toggle-button").count()
        print(f"{kind}: {folds} of 2 boxes fold, {len(errors)} errors")
PY

for kind in theorem proof; do
    mkdir "$kind"
    cat > "$kind/conf.py" <<'PY'
extensions = ["myst_parser", "sphinx_proof", "sphinx_togglebutton"]
html_theme = "alabaster"
PY
    printf '# Title\n\n```{prf:%s}\n:class: dropdown\n\nText.\n```\n\n```{admonition} Box\n:class: dropdown\n\nText.\n```\n' \
        "$kind" > "$kind/index.md"
done

{
    for kind in theorem proof; do
        venv/bin/python -m sphinx -q -E -W -n -b html "$kind" "built-$kind" && echo "$kind: no warning"
    done
    venv/bin/python open.py "${CHROMIUM:-$(command -v chromium)}"
} 2>&1 | tee seen.txt

diff seen.txt - <<'SEEN' || { echo "the behaviour has changed"; exit 1; }
theorem: no warning
proof: no warning
theorem: 2 of 2 boxes fold, 0 errors
proof: 0 of 2 boxes fold, 1 errors
SEEN
