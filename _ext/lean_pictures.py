"""Pictures that do not hold up a page: files of their own, with their size, fetched when near.

Figures are shown as lossless WebP, a quarter smaller than PNG; the frames of sliders stay PNG.
"""

import base64
import functools
import hashlib
import re
import struct
from pathlib import Path

from PIL import Image

IMAGE = re.compile(r"<img\b[^>]*>")
SOURCE = re.compile(r'\bsrc="([^"]+)"')
INLINE = re.compile(r'\bsrc="data:image/(png|jpeg|svg\+xml);base64,([^"]+)"')
SIZE = re.compile(r'<svg\b[^>]*\bviewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"')
SCALED = re.compile(r'\s*style="width: [\d.]+px; height: [\d.]+px;?"')
FRAME = re.compile(r"-\d\d\.png$")  # as _ext/frame_pictures.py calls the frames of a slider
LONGEST_INLINE = 2000  # characters


@functools.cache
def size(path):
    """Width and height of a picture in pixels, or None."""
    content = path.read_bytes() if path.is_file() else b""
    if content.startswith(b"\x89PNG"):
        return struct.unpack(">II", content[16:24])
    if path.suffix == ".svg":
        found = SIZE.search(content[:4000].decode("utf-8", "replace"))
        return found and (round(float(found[1])), round(float(found[2])))
    return None


def to_file(match, page):
    """The attribute `src` of a picture that stood in the page as text, now a file beside it."""
    if len(match[2]) <= LONGEST_INLINE:
        return match[0]
    content = base64.b64decode(match[2])
    suffix = {"png": ".png", "jpeg": ".jpg", "svg+xml": ".svg"}[match[1]]
    root = re.search(r"data-content_root=\"([^\"]*)\"", page.read_text(encoding="utf-8"))[1]
    name = f"_images/{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
    path = page.parent / root / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return f'src="{root}{name}"'


@functools.cache
def smaller(path):
    """The same picture as WebP beside it, or the PNG itself where that is no larger."""
    made = path.with_suffix(".webp")
    if not made.exists() or made.stat().st_mtime < path.stat().st_mtime:
        with Image.open(path) as picture:
            picture.convert("RGBA").save(made, lossless=True, quality=50, method=2)
    return min(path, made, key=lambda file: file.stat().st_size)


def lighten(tag, page, first):
    """One picture's tag with what it lacks."""
    tag = INLINE.sub(lambda match: to_file(match, page), tag)
    source = SOURCE.search(tag)
    if source is None or ":" in source[1]:
        return tag
    tag = SCALED.sub("", tag)  # the notebook's size; a page shows as much as there is room for
    extra = []
    path = (page.parent / source[1].partition("?")[0]).resolve()
    found = size(path)
    if found and source[1].endswith(".png") and not FRAME.search(path.name):
        best = source[1].removesuffix(".png") + smaller(path).suffix
        tag = tag.replace(source[0], f'src="{best}"')
    if found and not re.search(r"\b(width|height)=", tag):
        extra.append('width="{}" height="{}"'.format(*found))
    if not first and "loading=" not in tag:
        extra.append('loading="lazy"')
    return " ".join(["<img", *extra, tag.removeprefix("<img").lstrip()])


def lighten_pictures(text, page):
    """A page whose pictures have their size; all but the first wait until they are near."""
    start = text.find("<article")
    head, article = text[:start], text[start:]
    tags = iter(range(len(text)))
    return head + IMAGE.sub(lambda match: lighten(match[0], Path(page), next(tags) == 0), article)
