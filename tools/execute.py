#!/usr/bin/env python3
"""Re-run chapters in place and store their outputs.

    tools/execute.py [CH ...]    # CH: how a chapter's file name starts, as 02; none: all of them

A run without changes leaves the files as they were, to the byte. A chapter that fails is left
untouched.
"""

import base64
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

from benign_osc_lib.plotting import with_palette

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "chapters"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
HERO = ROOT / "images" / "two-rates.png"  # README and index show it


def execute(path):
    """The notebook at `path`, run in a new kernel."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=600,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    return normalise(notebook)


def normalise(notebook):
    """The same notebook without what differs from run to run or from machine to machine."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            # A laboratory lives as long as its kernel; what stays is its picture, as HTML.
            data.pop(WIDGET_VIEW, None)
            if "image/png" in data:
                small = with_palette(base64.b64decode(data["image/png"]))
                data["image/png"] = base64.b64encode(small).decode()
    return notebook


def first_png(notebook, cell_id):
    """The first PNG image that a cell shows, as bytes."""
    cell = next(cell for cell in notebook.cells if cell.get("id") == cell_id)
    images = (output.get("data", {}).get("image/png") for output in cell.outputs)
    return base64.b64decode(next(image for image in images if image))


def main(numbers):
    paths = sorted(p for n in numbers or [""] for p in CHAPTERS.glob(f"{n}*.ipynb"))
    if not paths:
        sys.exit(f"no chapter in {CHAPTERS.name}/ starts with {' or '.join(numbers)}")
    failed = False
    for path in paths:
        print(f"{path.name} ...", end=" ", flush=True)
        start = time.perf_counter()
        try:
            notebook = execute(path)
        except (CellControlSignal, DeadKernelError) as error:
            print(f"failed, left untouched\n{error}")
            failed = True
            continue
        nbformat.write(notebook, path)
        if path.name.startswith("01_"):
            HERO.parent.mkdir(exist_ok=True)
            HERO.write_bytes(first_png(notebook, "hero-figure"))
        print(f"{time.perf_counter() - start:.1f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
