// Typesets formulas by KaTeX: reads one JSON line {tex, display}, writes one JSON line {html} or {error}.
const readline = require("node:readline");
const katex = require(process.argv[2]);

const typeset = ({tex, display}) => {
  try {
    return {html: katex.renderToString(tex, {
      displayMode: display, output: "htmlAndMathml", throwOnError: true, strict: "error", trust: false,
    })};
  } catch (error) {
    return {error: error.message};
  }
};

readline.createInterface({input: process.stdin}).on("line", (line) => {
  process.stdout.write(JSON.stringify(typeset(JSON.parse(line))) + "\n");
});
