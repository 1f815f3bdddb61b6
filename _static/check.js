/* Forms under the exercises: an answer is judged on the page, by the ranges that the page brings
   along. The same ranges judge it in Python (benign_osc_lib/exercises). */
(() => {
  "use strict";

  /** What the page knows of an exercise: for each part its ranges or its letters. */
  const decode = (word) =>
    JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(word), (c) => c.charCodeAt(0))));

  /** A number as readers write it, also "0,05", "−2", "5/9" and "1e-3"; NaN if it is none. */
  const number = (text) => {
    const plain = text.trim().replace(",", ".").replace(/[−–]/g, "-");
    const [over, under, more] = plain.split("/");
    const value = (part) => (part && part.trim() ? Number(part) : NaN);
    return under === undefined ? value(over) : more === undefined ? value(over) / value(under) : NaN;
  };

  /** The verdict on one part and what to say: the first range that holds it, as in Python. */
  const judge = (part, answer) => {
    if (part.letters) return part.letters[answer];
    const found = part.ranges.find(([low, high]) => low <= answer && answer <= high);
    return found ? found.slice(2) : ["wrong", part.hint];
  };

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  /** A formula's letters, its name: one of MathML alone leaves a label empty for axe-core. */
  const letters = (math) => (math.querySelector("semantics > :first-child") ?? math).textContent;

  /** Put the controls of one part into its box; returns a function that reads the answer. */
  const control = (box, known, id, name) => {
    const ask = box.querySelector(":scope > p:last-of-type") ?? box;
    ask.id = id;
    if (!known.letters) {
      const input = make("input", {
        type: "text", autocomplete: "off", spellcheck: "false", "aria-labelledby": id,
      });
      box.append(input);
      return { read: () => number(input.value), missing: "Enter a number.", input };
    }
    const list = box.querySelector("ol");
    list.setAttribute("role", "radiogroup");
    list.setAttribute("aria-labelledby", id);
    [...list.children].forEach((item, place) => {
      const text = item.querySelector(":scope > p") ?? item;
      const radio = make("input", { type: "radio", name, value: "abcdefgh"[place] });
      const label = make("label", {}, radio, make("span", {}, ...text.childNodes));
      for (const math of label.querySelectorAll("math")) math.setAttribute("aria-label", letters(math));
      item.setAttribute("role", "presentation");
      item.replaceChildren(label);
    });
    const chosen = () => list.querySelector("input:checked")?.value;
    return { read: chosen, missing: "Choose an answer.", input: list.querySelector("input") };
  };

  const enliven = (box) => {
    const known = decode(box.dataset.answer);
    const name = `check-${box.dataset.number}`;
    const form = make("form", { novalidate: "" });
    const parts = [...box.querySelectorAll(":scope > .bo-part")];
    const asked = parts.map((part, i) => control(part, known[i], `${name}-${i}`, `${name}-${i}`));
    const result = make("div", { class: "bo-result", role: "status" });
    const button = make("button", { type: "submit" }, "Check");
    box.prepend(form);
    form.append(...parts, button, result);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const lines = asked.map(({ read, missing }, i) => {
        const answer = read();
        const none = answer === undefined || Number.isNaN(answer) || Math.abs(answer) === Infinity;
        const [verdict, say] = none ? ["empty", missing] : judge(known[i], answer);
        const line = make("p", { class: `bo-${verdict}` });
        if (parts.length > 1) line.append(`(${i + 1}) `);
        if (!none) line.append(make("b", {}, `${verdict[0].toUpperCase()}${verdict.slice(1)}.`), " ");
        line.append(say);
        return line;
      });
      result.replaceChildren(...lines);
    });
    box.classList.add("bo-live");
  };

  const boxes = () => document.querySelectorAll(".bo-check").forEach(enliven);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", boxes);
  else boxes();
})();
