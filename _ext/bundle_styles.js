// Makes one style sheet of several, of the rules that the pages use.
// Reads {files, content, out} as JSON from stdin: paths of the sheets in order, globs of pages and scripts, the target.
const fs = require("node:fs");
const path = require("node:path");
const postcss = require("postcss");
const {PurgeCSS} = require("purgecss");

const ADDRESS = /url\(\s*(["']?)(?!data:|https?:|#)([^"')]+)\1\s*\)/g;

// A sheet with its imports in place, without comments and the theme's icon fonts, its addresses relative to `home`.
function read(file, home) {
  const folder = path.dirname(file);
  const sheet = postcss.parse(fs.readFileSync(file, "utf8").replace(/^\uFEFF/, ""), {from: file});
  sheet.walkComments((comment) => comment.remove());
  sheet.walkAtRules("charset", (rule) => rule.remove());
  sheet.walkAtRules("font-face", (rule) => {
    if (/font.?awesome/i.test(rule.toString())) rule.remove();
  });
  sheet.walkRules((rule) => {
    if (rule.parent.type === "rule") throw rule.error("PurgeCSS drops nested rules");
    if (!file.endsWith("icons.css") && rule.selectors.every((one) => /^\.fa([srb]?$|[srb]?[.:]|-)/.test(one))) rule.remove();
  });
  sheet.walkDecls((declaration) => {
    if (path.resolve(folder) === path.resolve(home)) return;
    declaration.value = declaration.value.replace(ADDRESS, (_, quote, address) =>
      `url(${quote}${path.posix.join(path.relative(home, folder), address)}${quote})`);
  });
  // Last: what is imported has its addresses already.
  sheet.walkAtRules("import", (rule) => {
    const target = rule.params.match(/^(?:url\()?["']?([^"')]+)["']?\)?\s*$/);
    if (!target) throw rule.error("cannot be bundled");
    rule.replaceWith(read(path.resolve(folder, target[1]), home).nodes);
  });
  return sheet;
}

async function main() {
  const {files, content, out} = JSON.parse(fs.readFileSync(0, "utf8"));
  const home = path.dirname(out);
  const sheets = files.map((file) => read(file, home).toString());
  const [{css}] = await new PurgeCSS().purge({
    content,
    css: [{raw: sheets.join("\n")}],
    safelist: {standard: [/^bo-/], greedy: [/^data-/]},
  });
  fs.writeFileSync(out, css.replace(/\n\s*/g, "\n").replace(/\n+/g, "\n"));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
