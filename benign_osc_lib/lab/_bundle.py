"""The laboratory's JavaScript as one file: its modules, one a concept, put one after the other.

anywidget takes one ES module; a page opened from a disk runs none at all, only plain scripts. Both
are made here from the files of this folder. A file begins with its imports, written
``import { a, b } from "./file.js";``, of names of files before it. All share one scope.
"""

import re
from importlib.resources import files

FILES = (
    *("random.js", "point.js", "draw.js", "network.js", "fresh.js", "theory.js"),
    *("presets.js", "phase_grid.js"),
    *("svg.js", "plot.js", "controls.js", "state.js", "words.js"),
    *("point_view.js", "potential_view.js", "cobweb_view.js"),
    *("network_run.js", "histogram.js", "network_view.js", "phase_view.js"),
    *("python.js", "share.js", "lab.js"),
)
"""The modules, each after those that it imports; the last has the default export."""

IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"\./(\w+\.js)";\n', re.M)
EXPORT = re.compile(r"^export (?=(?:async )?(?:const|let|function|class)\b)", re.M)
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:const|let|function\*?|class) (\w+)", re.M)
EXPORTED = re.compile(r"^export (?:async )?(?:const|let|function\*?|class) (\w+)", re.M)
DEFAULT = re.compile(r"^export default ", re.M)


def read(name):
    """The text of a file of the laboratory."""
    return (files(__package__) / name).read_text(encoding="utf-8")


def joined(sources):
    """The text of modules, name to text in order, as one module.

    Raises:
        ValueError: a module imports what no module before it exports, in another way than that
            above, or declares a name again; or another than the last has a default export.
    """
    exported, owner, parts = {}, {}, []
    for place, (name, text) in enumerate(sources.items()):
        for names, of in IMPORT.findall(text):
            wanted = {part.strip() for part in names.split(",") if part.strip()}
            missing = wanted - exported.get(of, set())
            if missing:
                raise ValueError(
                    f"{name} imports {', '.join(sorted(missing))}, not before it in {of}"
                )
        body = IMPORT.sub("", text)
        if re.search(r"^\s*import\b", body, re.M):
            raise ValueError(f'{name} must import as import {{ a }} from "./file.js";')
        if place < len(sources) - 1 and DEFAULT.search(body):
            raise ValueError(f"{name} has a default export and is not the last")
        for declared in DECLARED.findall(body):
            if declared in owner:
                raise ValueError(f"{declared} is declared in {owner[declared]} and in {name}")
            owner[declared] = name
        exported[name] = set(EXPORTED.findall(body))
        parts.append(f"// {name}\n{EXPORT.sub('', body)}")
    return "\n".join(parts)


def plain_script(module, after):
    """A module with a default export, and what is to be done with it, as a script of its own scope.

    Args:
        module: what :func:`joined` made.
        after: statements in which the default export is called ``laboratory``.
    """
    body, found = DEFAULT.subn("const laboratory = ", module)
    if found != 1:
        raise ValueError(f"the module must have one default export, got {found}")
    return f'(() => {{\n"use strict";\n{body}\n{after}\n}})();\n'


def module():
    """The whole laboratory as one ES module."""
    return joined({name: read(name) for name in FILES})
