// The buttons under a view: copy its address, copy it as Python.
import { createButton } from "./controls.js";
import { pythonOf } from "./python.js";
import { encodeState } from "./state.js";
import { node } from "./svg.js";

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no clipboard here, or not allowed: what to copy is shown instead
  }
}

/**
 * page: the address of the laboratory's page, or "" where there is none (in a notebook).
 * Gives {root, update(view, state)}.
 */
export function createShare(page) {
  let view = "";
  let state = null;
  const told = node("span", { class: "lab-told", role: "status" });
  const code = node("pre", { tabindex: "0", "aria-label": "Python", class: "lab-code" });
  const box = node(
    "details",
    { class: "lab-python" },
    node("summary", {}, "The same in Python"),
    code,
  );
  const link = node("input", {
    class: "lab-link",
    type: "text",
    readonly: true,
    "aria-label": "Address of this state",
    hidden: true,
  });
  const address = () =>
    new URL(encodeState(view, state), new URL(page || location.href, location.href)).href;
  const copyLink = createButton("Copy link", async () => {
    const done = await copyText(address());
    link.hidden = done;
    link.value = address();
    if (!done) link.select();
    told.textContent = done ? "Link copied." : "Copy the address from the field.";
  });
  const copyPython = createButton("Copy as Python", async () => {
    const done = await copyText(pythonOf(view, state));
    box.open = box.open || !done;
    told.textContent = done ? "Python copied." : "Copy the lines from the box.";
  });
  return {
    root: node("div", { class: "lab-share" }, page ? copyLink : null, copyPython, told, link, box),
    update(nextView, nextState) {
      view = nextView;
      state = nextState;
      code.textContent = pythonOf(view, state);
      if (told.textContent) told.textContent = "";
    },
  };
}
