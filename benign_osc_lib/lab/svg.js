// Small helpers to make elements, and round numbers for axes.

const SVG_SPACE = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/**
 * An HTML element with attributes (`onclick` and the like listen) and children.
 *
 * JupyterLab takes keys for itself ("expand the heading" is ArrowRight) unless the very element that
 * has the focus says otherwise; on an element around it, the word does not help (4.6.6).
 */
export function node(tag, attributes = {}, ...children) {
  const made = fill(document.createElement(tag), attributes, children);
  made.setAttribute("data-lm-suppress-shortcuts", "true");
  return made;
}

/** The same for SVG. */
export function shape(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG_SPACE, tag), attributes, children);
}

/** Round numbers between low and high, about `count` of them: 1, 2 or 5 times a power of ten apart. */
export function roundTicks(low, high, count = 4) {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step);
}

/** Powers of ten between two positive numbers. */
export function powerTicks(low, high) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const gap = Math.max(1, Math.ceil((last - first) / 4));
  const powers = [];
  for (let k = first; k <= last; k += gap) powers.push(10 ** k);
  return powers;
}

const raised = (power) =>
  [...power.replace("+", "")].map((digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(digit)]).join("");

/** A number for an axis: few digits, a true minus. */
export function tickLabel(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const [head, power] = value.toExponential(0).split("e");
    return `${head === "1" ? "" : `${head.replace("-", "−")}·`}10${raised(power)}`;
  }
  return String(Number(value.toPrecision(6))).replace(/^-/, "−");
}

/** Text with what follows a "_" set lower: nodes to append. */
export function withSubscripts(text) {
  return text.split(/_(\w+)/).map((part, k) => (k % 2 ? node("sub", {}, part) : part));
}

/** A number with so many digits after the point, a true minus, and none before a zero. */
export const fixed = (value, digits) =>
  value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");

/** A number in running text: two or three digits, a true minus. */
export function inWords(value, digits = 2) {
  if (!Number.isFinite(value)) return "no value";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-4 || size >= 1e5) {
    const [head, power] = value.toExponential(digits - 1).split("e");
    return `${head.replace("-", "−")}·10${raised(power)}`;
  }
  const after = size >= 0.1 ? digits : digits + Math.ceil(-Math.log10(size)) - 1;
  return fixed(value, Math.min(6, Math.max(0, after)));
}

/** The least and the greatest finite number of arrays. */
export function extent(...arrays) {
  let low = Infinity;
  let high = -Infinity;
  for (const array of arrays) {
    for (let k = 0; k < array.length; k += 1) {
      const value = array[k];
      if (value < low && value > -Infinity) low = value;
      if (value > high && value < Infinity) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 1];
}
