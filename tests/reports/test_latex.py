from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.reports.latex import PACKAGES, document, escaped, file_name, to_latex
from nashlens.reports.tables import Table

NASTY = '100% of $a_b & {c} #d ^e ~f \\input{/etc/passwd} "g" <h> |i| `j` --k ?` é ß λ − 中'
WORDS = st.text(max_size=30) | st.sampled_from([NASTY, "[1, 2]", "*", "", "\\\\", "%", "}{", "\\end{longtable}"])
# One step of TeX's reading: a command with what it takes here, an escaped sign, or a plain sign.
TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\[^A-Za-z]|[{}]|.", re.DOTALL)


def table_of(header: tuple[str, ...], rows: tuple[tuple[str, ...], ...], **changes: object) -> Table:
    values = {
        "name": "nasty",
        "title": "A title",
        "caption": "A caption.",
        "header": header,
        "rows": rows,
        "data": pd.DataFrame(rows, columns=list(header)),
        "numeric": frozenset({0}),
    }
    return Table(**{**values, **changes})  # type: ignore[arg-type]


def check(text: str) -> None:
    """Read a text as TeX would: groups and mathematics close, and no special sign stands bare."""
    depth, mathematics = 0, False
    for token in TOKEN.findall(text):
        depth += {"{": 1, "}": -1}.get(token, 0)
        assert depth >= 0, text
        if token == "$":
            mathematics = not mathematics
        assert token not in {"&", "#", "%", "_", "~"}, (token, text)
        assert token != "^" or mathematics, text
        assert " " <= token[0] <= "~", (token, text)
    assert depth == 0, text
    assert not mathematics, text


def rows_of(latex: str) -> list[list[str]]:
    """Return the cells of every row of a table, header included, from its text alone."""
    body = latex.split(r"\toprule", 1)[1].partition(r"\end{longtable}")[0]
    lines = [line for line in body.split("\n") if line.endswith("\\\\")]
    return [re.split(r"(?<!\\) & ", line.removesuffix("\\\\")) for line in lines]


def test_escaped_prints_every_sign_as_it_is() -> None:
    assert escaped("a_b") == r"a\_\allowbreak{}b"
    assert escaped("50% & #1 {x} $2") == r"50\% \& \#1 \{x\} \$2"
    assert escaped("\\ ~ ^") == r"\textbackslash{} \textasciitilde{} \textasciicircum{}"
    assert escaped("−1.5 ≥ λ²") == r"$-$1.5 $\geq$ $\lambda$$^2$"
    assert escaped("“x” – …") == r"``x'' -- \ldots{}"
    assert escaped("a--b") == "a-{}-b"
    assert escaped("Mañé, Erdős, ï") == r"Ma{\~n}{\'e}, Erd{\H o}s" + ", " + r"{\"\i}"
    assert escaped("中\nx\t y") == "{U+4E2D} x y"


@given(WORDS)
def test_escaped_is_ascii_and_closes_what_it_opens(text: str) -> None:
    check(escaped(text))


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=4), st.tuples(WORDS, WORDS, WORDS), WORDS)
def test_to_latex_has_a_cell_for_every_word(rows: list[tuple[str, ...]], header: tuple[str, ...], words: str) -> None:
    latex = to_latex(table_of(header, tuple(rows), title=words, caption=words))
    assert latex.isascii()
    assert latex.count(r"\begin{longtable}") == latex.count(r"\end{longtable}") == 1
    found = rows_of(latex)
    assert len(found) == 2 + max(len(rows), 1)  # the header stands twice: on the first page and on later ones
    expected = [header, header, *rows] if rows else [header, header]
    for cells, row in zip(found, expected, strict=False):
        assert cells == [("{}" if k == 0 else "") + escaped(word) for k, word in enumerate(row)]
        for cell in cells:
            check(cell)


def test_to_latex_begins_no_row_with_what_a_command_would_take() -> None:
    latex = to_latex(table_of(("a", "b"), (("[1, 2]", "x"), ("*", "y"))))
    assert "\n{}[1, 2] & x\\\\\n{}* & y\\\\\n" in latex


def test_to_latex_shares_the_width_of_a_line() -> None:
    latex = to_latex(table_of(("n", "word"), (("1", "a long text " * 9),)))
    shares = [float(share) for share in re.findall(r"dimexpr ([\d.]+)\\linewidth", latex)]
    assert sum(shares) == pytest.approx(1.0, abs=1e-3)
    assert shares[1] / shares[0] == pytest.approx(34 / 5, rel=0.01)  # at least 5 signs are reckoned, at most 34
    assert "raggedleft" in latex.split("raggedright")[0]


def test_file_name_leaves_no_folder() -> None:
    assert file_name("../a b/ç") == "..-a-b--"


def test_document_inputs_every_table_once() -> None:
    text = document("50% done", ["one", "two"])
    assert text.count(r"\input{one}") == text.count(r"\input{two}") == 1
    assert all(package in text for package in PACKAGES)
    assert r"50\% done" in text


def test_pdflatex_sets_a_table_of_all_signs(tmp_path: Path) -> None:
    compiler = shutil.which("pdflatex")
    if compiler is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no pdflatex: .ci/run installs it")
        pytest.skip("no pdflatex on this machine; the tests above read the tables instead")
    every = "".join(chr(k) for k in range(0x20, 0x250))
    rows = ((NASTY, every), ("[1]", "αβγδεθλμπρστω −×±·≤≥≠→∞Σ²½–—…“”‘’"), ("", "*"))
    table = table_of(("%", "&"), rows, title="#1", caption=NASTY)
    (tmp_path / "nasty.tex").write_text(to_latex(table), encoding="ascii")
    empty = table_of(("a",), (), name="empty")
    (tmp_path / "empty.tex").write_text(to_latex(empty), encoding="ascii")
    (tmp_path / "tables.tex").write_text(document(NASTY, ["nasty", "empty"]), encoding="ascii")
    command = [compiler, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "tables.tex"]
    environment = {**os.environ, "openin_any": "p", "openout_any": "p"}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Missing character" not in done.stdout
    assert (tmp_path / "tables.pdf").read_bytes().startswith(b"%PDF")
