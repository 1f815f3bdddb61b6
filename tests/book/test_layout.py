"""The house: imports go one way, and every file is short enough to be read in one sitting."""

import ast
import inspect
import re
from graphlib import CycleError, TopologicalSorter
from importlib import import_module

import pytest

from tests.book.common import ROOT
from tools.set_repository import files

LIBRARY = ROOT / "benign_osc_lib"
LONGEST, LONGEST_TEST = 300, 400  # lines of a file
PYTHON = [path for path in files(ROOT) if path.suffix == ".py"]


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in PYTHON if path.is_relative_to(LIBRARY)}


def imports(name):
    """The modules of the library that a module imports, inside functions too."""
    path, found = MODULES[name], set()
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:  # a name in a package may be a module of its own
                inner = f"{source}.{alias.name}"
                found.add(inner if inner in MODULES else source)
    return {other for other in found if other in MODULES and other != name}


def test_imports_go_one_way():
    graph = {name: imports(name) for name in MODULES}
    assert sum(map(len, graph.values())) > len(MODULES)  # the arrows are seen
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"imports in a circle: {' -> '.join(error.args[1])}")


def test_only_the_public_face_knows_the_whole():
    """No module asks the package itself for a name: that would load everything, in a circle."""
    for name in MODULES:
        if name != "benign_osc_lib":
            assert "benign_osc_lib" not in imports(name), name


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_says_what_it_is(path):
    text = path.read_text(encoding="utf-8")
    limit = LONGEST_TEST if path.is_relative_to(ROOT / "tests") else LONGEST
    assert text.count("\n") <= limit
    if text:
        assert ast.get_docstring(ast.parse(text)), "a module begins with what it is for"


@pytest.mark.parametrize(
    "path", [p for p in PYTHON if p.name.startswith("test_")], ids=lambda p: p.name
)
def test_a_relative_error_is_not_also_absolute(path):
    """``approx`` with ``rel`` alone adds 1e-12, in which anything smaller is equal to 0."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "approx":
            named = {keyword.arg for keyword in node.keywords}
            assert "rel" not in named or "abs" in named, f"line {node.lineno}"


def shown(module):
    """The functions and classes that autodoc shows of a module, each by its own address.

    They are those of ``__all__``; or, without it, the public ones that stand in the module itself.
    """
    chosen = getattr(module, "__all__", None)
    names = chosen or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]
    found = (getattr(module, name) for name in names)
    return {
        f"{one.__module__}.{one.__qualname__}"
        for one in found
        if inspect.isfunction(one) or inspect.isclass(one)
    }


def test_the_page_of_the_library_is_complete():
    """Whatever a module beside `__init__.py`, or the face of a package, defines for its users."""
    page = (ROOT / "chapters" / "api.md").read_text(encoding="utf-8")
    named = re.findall(r"automodule:: (\S+)", page)
    documented = set.union(*(shown(import_module(name)) for name in named))
    for name in MODULES:
        if name.count(".") == 1 and not name.split(".")[1].startswith("_"):
            own = {one for one in shown(import_module(name)) if one.startswith(f"{name}.")}
            assert not own - documented, name
