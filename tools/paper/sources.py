"""What the book is made of: the parts of the contents, the pages' articles, pictures for print."""

import html
import re
from pathlib import Path

import yaml
from PIL import Image

LEFT_OUT = {"chapters/api"}  # a reference for the screen: it is searched, not read
WIDEST, WIDEST_FRAME = 900, 640  # pixels: some 250 dpi at the width of a picture and of a frame
FRAME = re.compile(r"-\d\d\.png$")  # as _ext/frame_pictures.py calls the frames of a slider
ARTICLE = re.compile(r'<article class="bd-article".*?</article>', re.S)
MATHML = re.compile(
    r'<span class="katex"><span class="katex-mathml">(?:(?!</span>).)*?'
    r'<annotation encoding="application/x-tex">(.*?)</annotation>.*?</span>',
    re.S,
)
STYLE = re.compile(r'<link [^>]*href="(?:\.\./)*(_static/[^"?]+\.css)[^"]*"')


def parts(root):
    """The parts of the book, as (caption, names of pages), in the order of ``_toc.yml``."""
    contents = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    for part in contents["parts"]:
        yield (
            part["caption"],
            [page["file"] for page in part["chapters"] if page["file"] not in LEFT_OUT],
        )


def article(site, name):
    """The article of a built page, as HTML that loads no picture yet."""
    text = ARTICLE.search((site / f"{name}.html").read_text(encoding="utf-8"))[0]
    text = text.replace("<article", f'<article data-page="{name}"', 1)
    text = MATHML.sub(said, text)
    return re.sub(r'(<img [^>]*?)\bsrc="', r'\1data-src="', text)


def said(formula):
    """A formula without MathML, which a PDF cannot hold, said by its TeX."""
    return f'<span class="katex" role="img" aria-label="{formula[1].replace(chr(34), "&quot;")}">'


def styles(site, name):
    """The style sheets of a built page, as paths from the site's root."""
    return STYLE.findall((site / f"{name}.html").read_text(encoding="utf-8"))


def page(site, front, chapters):
    """One HTML page of all chapters.

    Args:
        site: folder of the built site.
        front: HTML of the first pages.
        chapters: the parts, as from :func:`parts`.
    """
    names = [name for _, pages in chapters for name in pages]
    sheets = [f'<link rel="stylesheet" href="{site / s}">' for s in styles(site, names[0])]
    own = [Path(__file__).with_name(name) for name in ("paper.css", "front.css")]
    sheets.extend(f'<link rel="stylesheet" href="{path}">' for path in own)
    body = [front]
    for caption, pages in chapters:
        body.append(f'<div class="part"><h1>{html.escape(caption)}</h1></div>')
        body.extend(article(site, name) for name in pages)
    return "\n".join(
        [
            '<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">',
            "<title>Benign Oscillation</title>",
            '<style id="first-page"></style>',
            *sheets,
            '</head><body><main class="bd-content">',
            *body,
            "</main></body></html>",
        ]
    )


def reduced(site, folder):
    """Write copies of the site's pictures, small and opaque; return {name: address of the copy}."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for path in sorted((site / "_images").glob("*.png")):
        with Image.open(path) as picture:
            clear = picture.convert("RGBA")
        opaque = Image.new("RGB", clear.size, "white")
        opaque.paste(clear, mask=clear)
        widest = WIDEST_FRAME if FRAME.search(path.name) else WIDEST
        if opaque.width > widest:
            size = widest, round(opaque.height * widest / opaque.width)
            opaque = opaque.resize(size, Image.Resampling.HAMMING)
        copy = folder / path.name
        few = opaque.quantize(method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(copy, compress_level=1)
        # A page shows a figure as WebP.
        found[path.name] = found[f"{path.stem}.webp"] = copy.as_uri()
    return found
