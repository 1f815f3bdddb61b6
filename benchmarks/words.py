"""Numbers as the page prints them, in Markdown."""


def digits(value, count=2):
    """A number to so many significant digits, without an exponent; an integer with all of them."""
    if isinstance(value, int):
        return thousands(value)
    shown = float(f"{value:.{count}g}")
    if shown == 0:
        return "0"
    text = f"{shown:.10f}".rstrip("0").rstrip(".")
    whole, _, decimals = text.partition(".")
    missing = count - len((whole + decimals).lstrip("0"))
    if missing > 0 and abs(shown) < 10 ** (count - 1):
        decimals += "0" * missing
    return thousands(int(whole)) + (f".{decimals}" if decimals else "")


def thousands(value):
    """An integer with narrow spaces."""
    return f"{value:,}".replace(",", "\u202f")


def power(value):
    """A small number as a formula."""
    if value == 0:
        return "$0$"
    factor, exponent = f"{value:.0e}".split("e")
    return rf"${factor} \cdot 10^{{{int(exponent)}}}$"


def duration(seconds):
    """A time with the unit that suits it."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{digits(seconds / size)} {unit}"
    return f"{digits(seconds)} seconds"


def commit(found):
    """The beginning of a commit, and whether files were changed since."""
    if found is None:
        return "unknown"
    name, _, dirty = found.partition("-")
    return name[:7] + (" with changes" if dirty else "")
