r"""Tables as LaTeX: booktabs, one file a table, in plain ASCII, so that every engine reads them alike.

Each file is a ``longtable`` as wide as the line, to be put into a document by ``\input``; it needs the packages
``array``, ``booktabs`` and ``longtable``. ``tables.tex`` is such a document, with all tables of a report.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from nashlens.reports.tables import Table

PACKAGES = ("array", "booktabs", "longtable")
LEAST, MOST = 5, 34  # characters that a column's width is reckoned from, unless one of its words is longer
SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_\allowbreak{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\char34{}",
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≠": r"$\neq$",
    "→": r"$\to$",
    "∞": r"$\infty$",
    "Σ": r"$\Sigma$",
    "²": "$^2$",
    "½": r"$\frac12$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "ł": r"\l{}",
    "æ": r"\ae{}",
    **{
        letter: f"$\\{name}$"
        for letter, name in zip(
            "αβγδεθλμπρστω",
            (
                *("alpha", "beta", "gamma", "delta", "varepsilon", "theta", "lambda"),
                *("mu", "pi", "rho", "sigma", "tau", "omega"),
            ),
            strict=True,
        )
    },
}
ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0308": '"',
    "\u030a": "r ",
    "\u030b": "H ",
    "\u030c": "v ",
}


def escaped(text: str) -> str:
    r"""Return a text that LaTeX prints as it is, in ASCII, on one line; a letter that it lacks is named by its number.

    >>> escaped("50% of a_b & λ")
    '50\\% of a\\_\\allowbreak{}b \\& $\\lambda$'
    """
    words = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(_letter(letter, words[k + 1 : k + 2]) for k, letter in enumerate(words))


def to_latex(table: Table) -> str:
    """Return a table as LaTeX.

    Parameters
    ----------
    table : the words of a reader.
    """
    head = _row(table.header)
    rows = [_row(row) for row in table.rows] or [f"\\multicolumn{{{len(table.header)}}}{{l}}{{nothing}}"]
    lines = [
        f"% needs \\usepackage{{{', '.join(PACKAGES)}}}",
        r"\begingroup\footnotesize\setlength{\LTcapwidth}{\linewidth}",
        f"\\begin{{longtable}}{{@{{}}{_columns(table)}@{{}}}}",
        f"\\caption[{{{escaped(table.title)}}}]{{{escaped(table.title)}. {escaped(table.caption)}}}"
        f"\\label{{tab:{file_name(table.name)}}}\\\\",
        *(r"\toprule", f"{head}\\\\", r"\midrule", r"\endfirsthead"),
        *(r"\toprule", f"{head}\\\\", r"\midrule", r"\endhead"),
        *(r"\bottomrule", r"\endlastfoot"),
        *(f"{row}\\\\" for row in rows),
        r"\end{longtable}",
        r"\endgroup",
    ]
    return "\n".join(lines) + "\n"


def document(title: str, names: Sequence[str]) -> str:
    """Return a document that puts table files one after the other.

    Parameters
    ----------
    title : of the document.
    names : of the files beside it, without their ending.
    """
    lines = [
        r"\documentclass{article}",
        r"\usepackage[margin=2cm]{geometry}",
        f"\\usepackage{{{', '.join(PACKAGES)}}}",
        r"\begin{document}",
        f"\\section*{{{escaped(title)}}}",
        *(f"\\input{{{file_name(name)}}}" for name in names),
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"


def _letter(letter: str, following: str) -> str:
    if letter == "-" and following == "-":
        return "-{}"  # else two hyphens would be set as a dash
    if letter in SPECIAL:
        return SPECIAL[letter]
    if " " <= letter <= "~":
        return letter
    base, accent = (*unicodedata.normalize("NFD", letter), "", "")[:2]
    if base.isascii() and base.isalpha() and accent in ACCENTS and len(unicodedata.normalize("NFD", letter)) == 2:
        return f"{{\\{ACCENTS[accent]}{base}}}" if base not in "ij" else f"{{\\{ACCENTS[accent]}\\{base}}}"
    return f"{{U+{ord(letter):04X}}}"


def _row(words: Sequence[str]) -> str:
    # Braces first: the commands before a row would take a bracket or a star for an argument of theirs.
    return "{}" + " & ".join(escaped(word) for word in words)


def _columns(table: Table) -> str:
    """Return columns that share the width of a line by the length of their longest word or, up to a bound, text."""
    texts = [[head, *(row[k] for row in table.rows)] for k, head in enumerate(table.header)]
    sizes = [max(LEAST, min(max(map(len, column)), MOST), *map(_longest_word, column)) for column in texts]
    total = sum(sizes)
    return "".join(
        f">{{\\ragged{'left' if k in table.numeric else 'right'}\\arraybackslash}}"
        f"p{{\\dimexpr {size / total:.4f}\\linewidth-2\\tabcolsep\\relax}}"
        for k, size in enumerate(sizes)
    )


def _longest_word(text: str) -> int:
    """Return the length of the longest part of a text that no line can end in."""
    return max(map(len, re.split(r"[\s_]+", text)))


def file_name(name: str) -> str:
    """Return a name as one of a file or a label: letters, digits, hyphens and points; the rest become hyphens."""
    return re.sub(r"[^A-Za-z0-9.-]", "-", name)
