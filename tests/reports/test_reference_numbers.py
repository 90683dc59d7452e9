from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.reports.reference_numbers import ReferenceNumber, parse_reference, read_reference
from nashlens.reports.reference_table import reference_table

HEADER = "game,algorithm,metric,value,source,agent,low,high\n"


def test_parse_reference_reads_every_column() -> None:
    text = HEADER + 'spread,maddpg,final_return,−1.5,"A, B (2001)",,-2,-1\n\nspread,ddpg,final_return,3,C,agent_0,,\n'
    first, second = parse_reference(text)
    assert (first.line, first.value, first.low, first.high, first.source) == (2, -1.5, -2.0, -1.0, "A, B (2001)")
    assert (second.line, second.agent, second.value) == (4, "agent_0", 3.0)
    assert math.isnan(second.low)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("game,algorithm,metric,value\n", "line 1: .* missing: source$"),
        (HEADER.replace("low", "lower"), "line 1: column 'lower' is unknown or stands twice"),
        (HEADER.replace("low", "high"), "line 1: column 'high' is unknown or stands twice"),
        (HEADER + "g,a,m,1,s\n", "line 2: 5 fields, but the header has 8"),
        (HEADER + "g,a,m,one,s,,,\n", "line 2: value must be a finite number, not 'one'"),
        (HEADER + "g,a,m,nan,s,,,\n", "line 2: value must be a finite number, not 'nan'"),
        (HEADER + "g,a,m,1,s,,0,\n", "line 2: low and high must both be given, or neither"),
        (HEADER + "g,a,m,1,s,,2,3\n", "line 2: value must lie between low and high, not 1 outside 2 to 3"),
        (HEADER + "g,,m,1,s,,,\n", "line 2: algorithm is empty"),
        (HEADER + "g,a,m,1,s,,,\n" * 2, "line 3: the same number stands in line 2"),
        (HEADER + 'g,a,m,1,"s\n', "line 2: no CSV: "),
        (HEADER, "must have a header and at least one row"),
        ("", "must have a header and at least one row"),
    ],
)
def test_parse_reference_says_where_it_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_reference(text, source="them.csv")
    assert str(caught.value).startswith("them.csv")


@given(st.text(max_size=200))
def test_parse_reference_of_any_text_reads_or_refuses(text: str) -> None:
    try:
        said = "reference" if parse_reference(text) else ""
    except ValueError as error:
        said = str(error)
    assert said.startswith("reference")


def test_read_reference_reads_files_with_a_mark_and_refuses_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "them.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEADER + "g,a,m,1,s,,,\n").encode())
    assert read_reference(path)[0].game == "g"
    path.write_bytes(b"game,\xff")
    with pytest.raises(ValueError, match="must be UTF-8 text"):
        read_reference(path)
    with pytest.raises(FileNotFoundError):
        read_reference(tmp_path / "none.csv")


def frame(agents: tuple[str, ...] = ("every agent",)) -> pd.DataFrame:
    return pd.DataFrame(
        {"game": "spread", "algorithm": "maddpg", "seed": seed, "step": 10, "agent": agent, "metric": "final_return"}
        | {"value": float(seed), "bound": "estimate"}
        for seed in range(5)
        for agent in agents
    )


def published(**changes: object) -> ReferenceNumber:
    values: dict[str, object] = {
        **{"line": 7, "game": "spread", "algorithm": "maddpg", "metric": "final_return", "agent": "", "value": 2.5},
        **{"low": math.nan, "high": math.nan, "source": "A (2001)"},
    }
    return ReferenceNumber(**{**values, **changes})  # type: ignore[arg-type]


def test_reference_table_sets_numbers_beside_measured_ones() -> None:
    numbers = [published(), published(value=9.0, low=8.0, high=10.0, source="B")]
    table = reference_table(frame(), numbers, source="them.csv")
    # Seeds 0 to 4: mean 2, s = 1.5811, and 2.776 s over the root of 5 is 1.963.
    assert table.rows[0] == (
        *("spread", "Return of the final policies", "every agent", "maddpg", "2.0 [0.0, 4.0]", "5 seeds", "2.50"),
        *("A (2001)", "inside the measured interval"),
    )
    assert table.rows[1][6:] == ("9.0 [8.0, 10.0]", "B", "above the measured interval")
    assert table.data["published"].tolist() == [2.5, 9.0]
    assert np.isnan(table.data["published_low"].iloc[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"game": "sprea"}, "game 'sprea' was not measured; there is spread"),
        ({"algorithm": "coma"}, "algorithm 'coma' was not measured in spread; there is maddpg"),
        ({"metric": "x"}, "metric 'x' was not measured of maddpg in spread; there is final_return"),
    ],
)
def test_reference_table_names_the_line_and_what_there_is(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=f"them.csv, line 7: {message}"):
        reference_table(frame(), [published(**changes)], source="them.csv")


def test_reference_table_needs_the_agent_where_agents_differ() -> None:
    two = frame(("a", "b"))
    assert reference_table(two, [published(agent="b")], source="them.csv").rows[0][2] == "b"
    with pytest.raises(ValueError, match="line 7: agent '' has no final_return in spread; there are a and b"):
        reference_table(two, [published()], source="them.csv")
