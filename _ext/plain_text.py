"""What a part of a page says, as plain text: formulas in characters, no code and nothing computed.

KaTeX has parsed every formula already; its MathML is spelled out here: ``\\kappa = 2\\eta/m`` as
"κ = 2η/m", ``q_1^2`` as "q₁²". A displayed formula, which has no such form, becomes "…".
"""

import re
import unicodedata
from xml.etree import ElementTree

from docutils import nodes
from katex_at_build import FormulaError, typeset
from sphinx import addnodes

RAISED = dict(zip("0123456789+-−=()ni*′⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ*′ᵀ", strict=True))
LOWERED = dict(
    zip(
        "0123456789+-−=()aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
)
ACCENTS = {
    unicodedata.normalize("NFKC", mark): accent
    for marks, accent in (("˙", "\u0307"), ("^ˆ", "\u0302"), ("ˉ¯", "\u0304"), ("~", "\u0303"))
    for mark in marks
}
RELATIONS = re.compile(r"\s*([=<>≤≥≈≪≫∈→←∼∝≠:=]+)\s*")
SILENT = (
    nodes.comment,
    nodes.image,
    nodes.literal_block,
    nodes.raw,
    nodes.system_message,
    nodes.target,
    addnodes.index,
)


def spell(tex):
    """A formula in characters; empty if KaTeX does not know it."""
    try:
        found = re.search(r"<math.*?</math>", typeset(tex), re.S)
    except FormulaError:
        return ""
    text = unicodedata.normalize("NFC", letters(ElementTree.fromstring(found[0])))
    text = re.sub(r"\s+", " ", RELATIONS.sub(r" \1 ", text)).strip()
    return re.sub(r" (?=[)\],;⁰¹²³⁴-⁹⁺⁻])", "", text)


def letters(element):
    """An element of MathML in characters."""
    name = element.tag.rpartition("}")[2]
    if name in ("mi", "mn", "mo", "mtext", "ms"):
        text = unicodedata.normalize("NFKC", element.text or "")
        return text.replace("\u2061", "").replace("∥", "‖")
    parts = [letters(child) for child in element if not child.tag.endswith("annotation")]
    if name == "msup":
        return parts[0] + shifted(parts[1], RAISED, "^")
    if name in ("msub", "munder"):
        return parts[0] + shifted(parts[1], LOWERED, "_")
    if name in ("msubsup", "munderover"):
        return parts[0] + shifted(parts[1], LOWERED, "_") + shifted(parts[2], RAISED, "^")
    if name == "mover":
        return parts[0] + ACCENTS.get(parts[1], "")
    if name == "mfrac" and parts == ["1", "2"]:
        return "½"
    if name == "mfrac":
        return f"{grouped(parts[0])}/{grouped(parts[1])}"
    if name == "msqrt":
        return f"√{grouped(''.join(parts))}"
    if name == "mphantom":
        return ""
    return (" " if name in ("mtr", "mtable") else "").join(parts)


def shifted(text, characters, mark):
    """An index or exponent in its own small characters, else after a mark or as a word."""
    text = text.strip()
    if not text or text == "′":
        return text
    if all(character in characters for character in text):
        return "".join(characters[character] for character in text)
    if characters is LOWERED and text == "∞":
        return text
    if characters is LOWERED and text.isalpha() and len(text) > 1:
        return f" {text} "  # one letter would read as a factor
    return mark + grouped(text)


def grouped(text):
    """Brackets round what is more than one number or name."""
    return text if len(text) == 1 or text.isalnum() else f"({text})"


def is_silent(node):
    """Whether a node says nothing that is read as text: code, pictures, forms, titles of folds."""
    return (
        isinstance(node, SILENT)
        or node.tagname.startswith("solution")
        or node.tagname == "check_form"
        or (isinstance(node, nodes.title) and "dropdown" in (node.parent or {}).get("classes", ()))
        or "cell_input" in getattr(node, "attributes", {}).get("classes", ())
    )


def words(node, leave=lambda node: False):
    """The text of a node, without what `leave` picks out and what is silent.

    Captions are all that is read of the output of a cell.
    """
    return re.sub(r"\s+", " ", "".join(pieces(node, leave))).strip()


def pieces(node, leave):
    if isinstance(node, nodes.Text):
        yield str(node)
    elif isinstance(node, nodes.math):
        yield spell(node.astext())
    elif isinstance(node, nodes.math_block):
        yield " … "
    elif "cell_output" in node.attributes.get("classes", ()):
        for caption in node.findall(nodes.caption):
            yield from (" ", words(caption), " ")
    elif not is_silent(node) and not leave(node):
        apart = not isinstance(node, (nodes.Inline, nodes.TextElement)) or isinstance(
            node, (nodes.paragraph, nodes.title, nodes.term, nodes.caption)
        )
        for child in node.children:
            yield from pieces(child, leave)
        if apart:
            yield " "
