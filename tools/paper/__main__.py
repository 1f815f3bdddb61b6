"""Print the built site as one book.

python -m tools.paper    # _build/html -> _build/benign-oscillation.pdf
"""

import argparse
import gc
import time
from pathlib import Path

import yaml
from pypdf import PdfReader

from benign_osc_lib import __version__

from . import finish, front, printing, sources

ROOT = Path(__file__).resolve().parent.parent.parent
SUBJECT = "How stochastic gradient descent with a large learning rate learns weak features"


def print_book(site, out):
    """Print the built site in one folder as one PDF.

    Args:
        site: the folder.
        out: path of the PDF; pictures and pages in between go to a folder `paper` beside it.
    """
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    chapters = list(sources.parts(ROOT))
    folder = out.parent / "paper"
    small = sources.reduced(site, folder / "images")
    source = folder / "book.html"
    source.write_text(
        sources.page(site, front.html(config, __version__), chapters), encoding="utf-8"
    )
    names = [name for _, pages in chapters for name in pages]
    # What follows the first chapter of a part is below the part in the outline.
    later = {name.split("/")[-1] for _, pages in chapters for name in pages[1:]}
    settings = {
        "pages": names,
        "site": f"{site.as_uri()}/",
        "home": f"{config['html']['baseurl']}/",
        "small": small,
    }
    about = {"/Title": config["title"], "/Author": config["author"], "/Subject": SUBJECT}
    with printing.assembled(source, settings) as page:
        printed, numbers, pages = [], {}, 0
        for piece in printing.pieces(page):
            path = folder / f"{piece}.pdf"
            printing.write(page, piece, pages, path)
            numbers[piece] = pages + 1
            pages += len(PdfReader(path).pages)
            printed.append((path, int(piece in later)))
        printing.fill_contents(page, numbers)
        printing.write(page, "contents", numbers["contents"] - 1, folder / "contents.pdf")
    finish.join(printed, out, about)


def main():
    """Read the command line, print, and say what came out."""
    parser = argparse.ArgumentParser(description="Print the built site as one PDF.")
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "benign-oscillation.pdf")
    arguments = parser.parse_args()
    gc.disable()  # a million small objects that all stay: looking for garbage takes a third longer
    start = time.perf_counter()
    print_book(arguments.site.resolve(), arguments.out.resolve())
    megabytes = arguments.out.stat().st_size / 1e6
    print(f"{arguments.out}: {megabytes:.1f} MB, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
