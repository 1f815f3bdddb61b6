// One plot: axes, grid, curves, marks. Drawn in real pixels, so that text keeps its size.
//
// A picture is {x: [low, high], y: [low, high], log, xLabel, yLabel, curves, marks, alt}.
// A curve is {kind, x, y, mode}: arrays of one length; lines break at what is not finite.
// `under(toX, toY)` may draw more, as SVG text. A mark is {kind, y} or {kind, x} for a line across, {kind, x, y} for a point, with a label or not.
// Kinds (lab.css): strong, weak, noise, plain; with "theory" dotted, with "small" dashed.
import { node, powerTicks, roundTicks, shape, tickLabel, withSubscripts } from "./svg.js";

const LEFT = 46;
const RIGHT = 10;
const TOP = 20;
const BOTTOM = 34;

function swatch(kind) {
  const line = shape("path", { class: `lab-curve ${kind}`, d: "M1 6H23" });
  if (kind.includes("dots")) line.setAttribute("d", "M4 6h0M12 6h0M20 6h0");
  return shape("svg", { width: 24, height: 12, "aria-hidden": "true" }, line);
}

/** A key under a plot's title: [{kind, label}]. */
export function plotKey(entries) {
  const items = entries.map(({ kind, label }) =>
    node("span", {}, swatch(kind), node("span", {}, ...withSubscripts(label))),
  );
  return node("span", { class: "lab-key" }, ...items);
}

/** Functions from data to pixels inside a frame. */
export function pixelScales({ x, y, log }, width, height) {
  const scale = log ? Math.log : (value) => value;
  const [low, high] = [scale(y[0]), scale(y[1])];
  const across = (width - LEFT - RIGHT) / (x[1] - x[0] || 1);
  const up = (height - TOP - BOTTOM) / (high - low || 1);
  return {
    toX: (value) => LEFT + (value - x[0]) * across,
    toY: (value) => height - BOTTOM - (scale(value) - low) * up,
  };
}

const tenth = (value) => Math.round(value * 10) / 10;

/** A path of dots; several in one pixel are one. */
function dotsOf({ x, y }, toX, toY, [low, high]) {
  const seen = new Set();
  let path = "";
  const end = Math.min(x.length, y.length);
  for (let k = 0; k < end; k += 1) {
    const [across, height] = [toX(x[k]), toY(y[k])];
    if (!(height >= low && height <= high)) continue; // also what is no number
    const pixel = Math.round(across) * 8192 + Math.round(height);
    if (seen.has(pixel)) continue;
    seen.add(pixel);
    path += `M${tenth(across)} ${tenth(height)}h0`;
  }
  return path;
}

/** A path through all points, broken at what is no number; moves below half a pixel are left out. */
function lineOf({ x, y }, toX, toY, [low, high]) {
  let path = "";
  let pen = false;
  let [lastX, lastY] = [0, 0];
  const end = Math.min(x.length, y.length);
  for (let k = 0; k < end; k += 1) {
    const across = toX(x[k]);
    const height = Math.max(low, Math.min(high, toY(y[k]))); // cut just outside the frame
    if (!Number.isFinite(across) || !Number.isFinite(height)) {
      pen = false;
      continue;
    }
    const near = pen && Math.abs(across - lastX) < 0.5 && Math.abs(height - lastY) < 0.5;
    if (near && k < end - 1) continue;
    path += `${pen ? "L" : "M"}${tenth(across)} ${tenth(height)}`;
    [pen, lastX, lastY] = [true, across, height];
  }
  return path;
}

function axes(picture, toX, toY, width, height) {
  const yTicks =
    picture.yTicks ?? (picture.log ? powerTicks(...picture.y) : roundTicks(...picture.y));
  const xTicks = picture.xTicks ?? roundTicks(...picture.x, Math.max(2, Math.floor(width / 75)));
  const right = width - RIGHT;
  const floor = height - BOTTOM;
  const parts = [];
  for (const value of yTicks) {
    const at = tenth(toY(value));
    parts.push(`<path class="lab-grid" d="M${LEFT} ${at}H${right}"/>`);
    parts.push(
      `<text class="lab-tick" x="${LEFT - 6}" y="${at + 4}" text-anchor="end">${(picture.yText ?? tickLabel)(value)}</text>`,
    );
  }
  for (const value of xTicks) {
    const at = tenth(toX(value));
    parts.push(`<path class="lab-grid" d="M${at} ${TOP}V${floor}"/>`);
    parts.push(
      `<text class="lab-tick" x="${at}" y="${floor + 15}" text-anchor="middle">${tickLabel(value)}</text>`,
    );
  }
  parts.push(`<path class="lab-axis" d="M${LEFT} ${TOP}V${floor}H${right}"/>`);
  parts.push(
    `<text class="lab-label" x="${right}" y="${height - 4}" text-anchor="end">${picture.xLabel ?? ""}</text>`,
  );
  parts.push(`<text class="lab-label" x="4" y="13">${picture.yLabel ?? ""}</text>`);
  return `<g aria-hidden="true">${parts.join("")}</g>`;
}

/** A mark. A line outside the frame is left out; a point outside it lies on its edge. */
function mark({ kind, x, y, label }, toX, toY, width, height) {
  const ends = { across: [LEFT, width - RIGHT], up: [TOP, height - BOTTOM] };
  const outside = (at, [low, high]) => !(at >= low - 1 && at <= high + 1);
  const within = (at, [low, high]) => Math.max(low, Math.min(high, at));
  if (x == null) {
    const at = tenth(toY(y));
    if (outside(at, ends.up)) return "";
    const text = label
      ? `<text class="lab-note" x="${width - RIGHT - 2}" y="${at - 4}" text-anchor="end">${label}</text>`
      : "";
    return `<path class="lab-curve ${kind}" d="M${LEFT} ${at}H${width - RIGHT}"/>${text}`;
  }
  const left = tenth(within(toX(x), ends.across));
  if (y == null) {
    if (outside(toX(x), ends.across)) return "";
    const text = label
      ? `<text class="lab-note" x="${left}" y="${TOP - 7}" text-anchor="middle">${label}</text>`
      : "";
    return `<path class="lab-curve ${kind}" d="M${left} ${TOP}V${height - BOTTOM}"/>${text}`;
  }
  const top = tenth(within(toY(y), ends.up));
  const text = label
    ? `<text class="lab-note" x="${left + 8}" y="${top + 4}">${label}</text>`
    : "";
  return `<circle class="lab-dot ${kind}" cx="${left}" cy="${top}" r="5"/>${text}`;
}

/** The inside of a plot's SVG at a size, as text. */
export function plotMarkup(picture, width, height) {
  const { toX, toY } = pixelScales(picture, width, height);
  const bounds = [TOP - 40, height - BOTTOM + 40];
  const curves = picture.curves.map((curve) => {
    const dots = curve.mode === "dots" ? " dots" : "";
    const d = (curve.mode === "dots" ? dotsOf : lineOf)(curve, toX, toY, bounds);
    return `<path class="lab-curve ${curve.kind}${dots}" d="${d}"/>`;
  });
  const marks = (picture.marks ?? []).map((each) => mark(each, toX, toY, width, height));
  const frame = `x="${LEFT}" y="${TOP - 1}" width="${width - LEFT - RIGHT}" height="${height - TOP - BOTTOM + 2}"`;
  const view = `viewBox="${LEFT} ${TOP - 1} ${width - LEFT - RIGHT} ${height - TOP - BOTTOM + 2}"`;
  const inside = `<svg ${frame} ${view} class="lab-inside" role="presentation">${picture.under?.(toX, toY) ?? ""}${curves.join("")}</svg>`;
  return `${axes(picture, toX, toY, width, height)}${inside}<g aria-hidden="true">${marks.join("")}</g>`;
}

/**
 * A plot as a figure that redraws at its own width.
 * Gives {root, svg, show(picture), size(), drag(onMove, onEnd), stop()}; drag calls onMove with the x
 * under a pointer that is pressed and moved.
 */
export function createPlot({ title, key = [], ratio = 0.6, tallest = 320, role = "img" }) {
  const svg = shape("svg", { class: "lab-svg", role, "aria-label": title });
  const caption = node("figcaption", {}, node("strong", {}, title));
  if (key.length) caption.append(plotKey(key));
  const root = node("figure", { class: "lab-plot" }, caption, svg);
  let width = 0;
  let picture = null;
  const size = () => {
    const across = Math.max(220, Math.round(width || root.clientWidth || 340));
    return [across, Math.round(Math.min(tallest, across * ratio))];
  };
  const paint = () => {
    if (!picture) return;
    const [across, height] = size();
    svg.setAttribute("viewBox", `0 0 ${across} ${height}`);
    svg.innerHTML = plotMarkup(picture, across, height);
    svg.setAttribute("aria-label", `${title}. ${picture.alt ?? ""}`);
  };
  const observer = new ResizeObserver(() => {
    const found = Math.round(root.clientWidth);
    if (found && found !== width) {
      width = found;
      paint();
    }
  });
  observer.observe(root);
  return {
    root,
    svg,
    size,
    show(next) {
      picture = next;
      paint();
    },
    drag(onMove, onEnd) {
      const move = ({ clientX }) => {
        if (!picture) return;
        const { left, width: wide } = svg.getBoundingClientRect();
        const [across] = size();
        const inside = ((clientX - left) * across) / wide - LEFT;
        onMove(picture.x[0] + (inside * (picture.x[1] - picture.x[0])) / (across - LEFT - RIGHT));
      };
      svg.classList.add("lab-drag");
      // A finger may be about to scroll the page: it counts once it goes sideways, or as a tap.
      let pressed = null;
      let meant = false;
      const begin = (event) => {
        meant = true;
        svg.setPointerCapture(event.pointerId);
        move(event);
      };
      svg.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        pressed = event;
        meant = false;
        if (event.pointerType !== "touch") begin(event);
      });
      svg.addEventListener("pointermove", (event) => {
        if (!pressed) return;
        if (meant) move(event);
        else if (Math.abs(event.clientX - pressed.clientX) > 6) begin(event);
      });
      svg.addEventListener("pointerup", (event) => {
        if (!pressed) return;
        if (!meant) move(event);
        pressed = null;
        onEnd();
      });
      svg.addEventListener("pointercancel", () => (pressed = null));
    },
    stop: () => observer.disconnect(),
  };
}
