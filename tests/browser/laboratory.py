"""The laboratory alone on a page of its own, and how tests find their way in it."""

PAGE = """<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Laboratory</title>
<style>body {{ font: 16px/1.6 sans-serif; margin: 0 auto; max-width: 740px; padding: 0 16px }}
html[data-theme="dark"] body {{ background: #121212; color: #d8d8d8 }} {css}</style>
<main><h1>Laboratory</h1></main><script>{script}</script></html>"""

MOUNT = """
const mount = (values) => {
  const heard = {};
  const model = {
    get: (name) => values[name],
    set: (name, value) => {
      values[name] = value;
      for (const each of heard[`change:${name}`] ?? []) each();
    },
    on: (name, each) => { (heard[name] ??= []).push(each); },
    off: (name, each) => { heard[name] = (heard[name] ?? []).filter((other) => other !== each); },
    save_changes: () => { values.saved = (values.saved ?? 0) + 1; },
  };
  const el = document.createElement("div");
  document.querySelector("main").append(el);
  return { el, model, stop: laboratory.render({ model, el }), heard };
};
window.labs = new URLSearchParams(location.search).getAll("view")
  .map((view) => mount({ view, lab_page: "http://localhost/lab?view=all" }));
"""


def says(page, words, place=0):
    """Wait until a line in words holds these words (or this pattern)."""
    line = page.locator(".lab-words").nth(place)
    line.filter(has_text=words).wait_for()
    return line.inner_text()


def slider(page, field):
    return page.locator(f"[data-field={field}]")
