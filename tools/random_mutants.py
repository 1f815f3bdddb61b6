#!/usr/bin/env python3
"""Break the library at random places, one at a time, and see whether its tests notice.

    tools/random_mutants.py --seed 7 --count 20 --files theory phase    # modules, or folders

Changed are comparisons, arithmetic, numbers, conditions, the order of arguments; dropped are checks
of arguments and calls of methods. The nearest test files run first, then all of tests/library. Not
every survivor is a gap: some changes mean the same. `tools/mutants.py` does this for the chapters.
"""

import argparse
import ast
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copytree, ignore_patterns

ROOT = Path(__file__).resolve().parent.parent
NOT_COPIED = ignore_patterns(".*", "_build", "__pycache__", "node_modules")
OTHER = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt},
    **{ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult},
    **{ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And},
}


def changes(node):
    """Yield what a node of the syntax tree can become."""
    match node:
        case ast.Compare(left, [op], right) if type(op) in OTHER:
            yield ast.Compare(left, [OTHER[type(op)]()], right)
        case ast.BinOp(left, op, right) if type(op) in OTHER:
            yield ast.BinOp(left, OTHER[type(op)](), right)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(OTHER[type(op)](), values)
        case ast.UnaryOp(_, operand):
            yield operand
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(float(value)):
            yield ast.Constant(1.01 * value or 0.01)
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Expr(ast.Call(ast.Attribute(ast.Name("_checks")))):
            yield ast.Pass()
        case ast.Call(ast.Attribute(ast.Name("_checks"))):
            pass
        case ast.Call(function, [first, second, *rest], keywords):
            yield ast.Call(function, [second, first, *rest], keywords)
        case ast.Call(ast.Attribute(thing), [], _):
            yield thing


def words(tree):
    """The nodes inside f-strings, error messages and annotations, which are not changed."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.JoinedStr, ast.Raise)):
            yield from ast.walk(node)
        elif isinstance(node, ast.AnnAssign):
            yield from ast.walk(node.annotation)


def mutants(path):
    """All (path, line, text as it is, start, end, text broken) of a file."""
    source = path.read_text(encoding="utf-8").encode()
    tree = ast.parse(source)
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    left_out = {id(node) for node in words(tree)}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        for new in changes(node):
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            text = ast.unparse(new)
            broken = text if isinstance(new, ast.Pass) else f"({text})"
            yield path, node.lineno, source[start:end].decode(), start, end, broken


def modules(names):
    """The files of modules and folders below the library, all without names."""
    library = ROOT / "benign_osc_lib"
    for name in names or ["."]:
        path = library / name
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def nearest(path):
    """The test files that speak of a module by their names, and the tables of the interface."""
    parts = path.relative_to(ROOT / "benign_osc_lib").with_suffix("").parts
    words = [part.strip("_").rstrip("s") for part in parts]
    found = [p for word in words for p in ROOT.glob(f"tests/library/test_{word}*.py")]
    tables = [ROOT / f"tests/library/test_{name}.py" for name in ("ranges", "defaults")]
    return [str(p.relative_to(ROOT)) for p in dict.fromkeys(found + tables) if p.exists()]


def first_failure(copy, tests, *options):
    """The first failing test, or None."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *options]
    env = {"PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1", "CI": "1"}
    env |= {"NUMBA_CACHE_DIR": str(copy / "numba"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        settings = {"cwd": copy, "env": {**os.environ, **env}, "timeout": 1200}
        run = subprocess.run([*command, *tests], capture_output=True, text=True, **settings)
    except subprocess.TimeoutExpired:
        return "takes too long"
    if run.returncode == 0:
        return None
    failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].split(" - ")[0] if failed else (run.stdout + run.stderr)[-500:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--files", nargs="*", help="in the library, such as theory or sgd.py")
    parser.add_argument("--nearest", action="store_true", help="run the nearest tests only")
    chosen = parser.parse_args()
    every = [mutant for path in modules(chosen.files) for mutant in mutants(path)]
    picked = random.Random(chosen.seed).sample(every, min(chosen.count, len(every)))
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = copytree(ROOT, Path(folder) / "copy", ignore=NOT_COPIED)
        for path, line, text, start, end, broken in picked:
            target, source = copy / path.relative_to(ROOT), path.read_bytes()
            target.write_bytes(source[:start] + broken.encode() + source[end:])
            found = first_failure(copy, nearest(path))
            if not found and not chosen.nearest:
                found = first_failure(copy, ["tests/library"], "-n", "2", "--dist", "loadscope")
            target.write_bytes(source)
            survivors += not found
            what = f"{path.relative_to(ROOT)}:{line}: {' '.join(text.split())} -> {broken}"
            print(f"noticed   {what}: {found}" if found else f"SURVIVED  {what}", flush=True)
    print(f"{survivors} of {len(picked)} survived")
    return survivors > 0


if __name__ == "__main__":
    sys.exit(main())
