"""Drawings of intervals: what is drawn, what is said in words, and that they do not change by themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nashlens.reports.figures import curve_panel
from nashlens.reports.interval_figures import interval_panel


def frame(kinds: int = 1) -> pd.DataFrame:
    rows = [
        {"row": "none", "kind": f"kind {k}", "value": 1.0 + k, "low": 0.5 + k, "high": 1.5 + k} for k in range(kinds)
    ]
    return pd.DataFrame([*rows, {"row": "full", "kind": "kind 0", "value": -2.0, "low": np.nan, "high": np.nan}])


def test_every_number_stands_in_the_alternative() -> None:
    panel = interval_panel(frame(), name="p", title="spread", x_label="return", references={"best": 3.0})
    said = "return in spread: none 1.0 [0.5, 1.5]; full −2.00; lines mark best at 3.00."
    assert panel.alternative == said
    assert "none" in panel.svg
    assert "best" in panel.svg  # the line is named in the legend


def test_several_kinds_are_named() -> None:
    panel = interval_panel(frame(2), name="p", title="spread", x_label="return")
    assert "none, kind 1 2.0 [1.5, 2.5]" in panel.alternative
    assert "kind 1" in panel.svg


def test_the_same_frame_gives_the_same_drawing() -> None:
    first, second = (interval_panel(frame(), name="p", title="t", x_label="x").svg for _ in range(2))
    assert first == second


def test_nothing_to_draw_and_too_many_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="frame must have rows of at most 4 kinds, not 0 of 0"):
        interval_panel(frame().iloc[:0], name="p", title="t", x_label="x")
    with pytest.raises(ValueError, match="of at most 4 kinds, not 6 of 5"):
        interval_panel(frame(5), name="p", title="t", x_label="x")


def test_a_panel_of_many_lines_keeps_room_for_its_curves() -> None:
    lines = [f"line {k}" for k in range(15)]
    curves = pd.DataFrame(
        [{"line": line, "step": step, "mean": 0.0, "low": 0.0, "high": 0.0} for line in lines for step in (0, 1)]
    )
    none = pd.DataFrame(columns=["line", "seed", "step", "value"])
    panel = curve_panel(
        curves, none, name="p", title="t", lines=lines, y_label="y", alternative="a", colours=dict.fromkeys(lines, 0)
    )  # without room the layout collapses, which is a warning and so an error here
    assert all(line in panel.svg for line in lines)
