"""The tables of the chapters: Markdown under a caption."""

from IPython.display import Markdown


def table(caption, head, rows):
    """A table that a notebook shows, and a page as well, with a caption above it.

    Numbers stay whole: no line breaks before a percent sign or around a plus-minus sign.

    Args:
        caption: what the table shows, in Markdown.
        head: the heads of the columns: a sequence, or one text with a bar between two columns.
        rows: the rows, likewise; what is no text is written as ``str`` writes it.

    Returns:
        An ``IPython.display.Markdown``.

    Raises:
        ValueError: a row has not as many cells as the head.
    """
    head, rows = _cells(head), [_cells(row) for row in rows]
    for number, row in enumerate(rows):
        if len(row) != len(head):
            raise ValueError(f"rows[{number}] must have {len(head)} cells, as the head; got {row}")
    lines = [head, ["---"] * len(head), *rows]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    for breaks in (" %", " ±", "± "):
        text = text.replace(breaks, breaks.replace(" ", "\N{NO-BREAK SPACE}"))
    return Markdown(f"*{caption}*\n\n{text}")


def _cells(line):
    """The cells of a line of a table, as texts."""
    if isinstance(line, str):
        line = line.strip().removeprefix("|").removesuffix("|") if line.startswith("|") else line
        return [cell.strip() for cell in line.split("|")]
    return [str(cell) for cell in line]
