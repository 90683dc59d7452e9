"""The .nfg text: hand-written examples, round trips, OpenSpiel's own reader and writer, and what is refused."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.games import catalog, nfg, registry
from nashlens.games.normal_form import NormalFormGame
from nashlens.games.one_shot import from_one_shot, one_shot_names

HEAD = 'NFG 1 R "t" { "A" "B" } '


def test_parse_payoff_version_runs_first_agent_fastest() -> None:
    # 3 x 2 actions; cell k of the text is (k mod 3, k div 3), and holds (k, -k)
    game = nfg.parse(HEAD + "{ 3 2 }\n0 0 1 -1 2 -2 3 -3 4 -4 5 -5")
    assert game.payoffs[0].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert game.payoffs[1].tolist() == [[0, -3], [-1, -4], [-2, -5]]
    assert game.spec.name == "t"
    assert game.spec.agents == ("A", "B")


def test_parse_outcome_version_looks_outcomes_up_and_zero_pays_nothing() -> None:
    text = HEAD + '{ { "u" "d" } { "l" "r" } } "a comment" { { "first" 1, 1/4 } { "" -2.5e1 .5 } } 1 0 2 1'
    game = nfg.parse(text)
    assert game.payoffs[0].tolist() == [[1, -25], [0, 1]]
    assert game.payoffs[1].tolist() == [[0.25, 0.5], [0, 0.25]]
    assert game.action_names == (("u", "d"), ("l", "r"))


def test_parse_reads_decimal_header_comment_and_escapes() -> None:
    game = nfg.parse('  NFG 1 D "a \\"b\\" \\\\" { "x" "y" }\r\n{ 1 1 }\n"note"\n3 4\n')
    assert game.spec.name == 'a "b" \\'
    assert game.payoffs.tolist() == [[[3]], [[4]]]


def test_parse_replaces_names_that_cannot_be_used() -> None:
    game = nfg.parse('NFG 1 R "" { "" "" } { { "" "go" } { "x" } } 1 2 3 4')
    assert game.spec.agents == ("agent_0", "agent_1")
    assert game.action_names == (("0", "go"), ("x",))
    assert game.spec.name == "normal_form"


@pytest.mark.parametrize("version", ["payoff", "outcome"])
@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("entry", [e for e in catalog.entries() if e.name != "blotto"], ids=lambda entry: entry.name)
def test_format_then_parse_gives_the_same_game(entry: registry.Entry, version: str, labels: bool) -> None:
    game = entry.factory()
    assert isinstance(game, NormalFormGame)
    again = nfg.parse(nfg.format(game, version=version, labels=labels))
    np.testing.assert_array_equal(again.payoffs, game.payoffs)
    assert again.spec.name == game.spec.name
    assert again.spec.agents == game.spec.agents
    assert not labels or again.action_names == game.action_names


@given(
    st.lists(st.integers(1, 3), min_size=2, max_size=4).flatmap(
        lambda shape: st.tuples(
            st.just(shape),
            st.lists(
                st.floats(-1e300, 1e300),
                min_size=len(shape) * int(np.prod(shape)),
                max_size=len(shape) * int(np.prod(shape)),
            ),
        )
    ),
    st.text(max_size=5),
    st.sampled_from(["payoff", "outcome"]),
)
def test_format_then_parse_keeps_every_float_and_any_title(
    drawn: tuple[list[int], list[float]], title: str, version: str
) -> None:
    shape, numbers = drawn
    game = NormalFormGame(np.array(numbers).reshape(len(shape), *shape), name=title or "x")
    again = nfg.parse(nfg.format(game, version=version))
    np.testing.assert_array_equal(again.payoffs, game.payoffs)
    assert again.spec.name == game.spec.name


@pytest.mark.parametrize("name", [name for name in one_shot_names() if name != "blotto"])
def test_parse_reads_what_open_spiel_writes(name: str) -> None:
    text = pyspiel.game_to_nfg_string(pyspiel.load_game(name))
    np.testing.assert_array_equal(nfg.parse(text).payoffs, registry.make(name).payoffs)


@pytest.mark.parametrize("name", ["matrix_brps", "matching_pennies_3p"])
def test_open_spiel_reads_what_format_writes(name: str) -> None:
    game = registry.make(name)
    assert isinstance(game, NormalFormGame)
    theirs = from_one_shot(pyspiel.load_nfg_game(nfg.format(game, labels=False)))
    np.testing.assert_array_equal(theirs.payoffs, game.payoffs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it ends where there should be 'NFG'"),
        ("EFG 2 R", "line 1 has 'EFG' instead of 'NFG'"),
        ("NFG 2 R", "line 1 has '2' instead of '1'"),
        ('NFG 1 X "t"', "line 1 has 'X' instead of 'R' or 'D'"),
        ("NFG 1 R title", "line 1 has 'title' instead of the title, in quotation marks"),
        ('NFG 1 R "t', "a quotation mark after line 1 is never closed"),
        ('NFG 1 R "t" { } { } 1', "one or more agents before it"),
        ('NFG 1 R "t" { "A" B } { 1 1 }', "line 1 has 'B' instead of the names of the agents"),
        (HEAD + "{ 2 0 }", "line 1 has '0' instead of a number of actions, a whole number of at least 1"),
        (HEAD + "{ 2 }", "line 1 has '}' instead of a number of actions"),
        (HEAD + "{ 1 1 1 } 1 2", "line 1 has '1' instead of '}'"),
        (HEAD + '{ { "a" } { } } 1 2', "instead of at least one action for every agent"),
        (HEAD + "{ 1 1 }\n1 x", "line 2 has 'x' instead of a payoff"),
        (HEAD + "{ 1 1 }\n1 nan", "line 2 has 'nan' instead of a payoff"),
        (HEAD + "{ 1 1 }\n1 1/0", "line 2 has '1/0' instead of a payoff"),
        (HEAD + "{ 1 2 }\n1 2 3", "it ends where there should be a payoff"),
        (HEAD + "{ 1 1 }\n1 2\n3", "line 3 has '3' instead of the end, after 1 joint actions of 2 agents"),
        (HEAD + '{ 1 1 } { { "" 1 2 } } 2', "has '2' instead of the number of an outcome, a whole number from 0 to 1"),
        (HEAD + "{ 1 1 } { { 1 2 } } 1", "has '1' instead of the name of an outcome"),
        (HEAD + '{ 1 1 } { { "" 1 } } 1', "has '}' instead of a payoff"),
    ],
)
def test_parse_says_where_the_text_breaks_the_format(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"^text must be \.nfg; ") as caught:
        nfg.parse(text)
    assert message in str(caught.value)


def test_parse_refuses_a_number_that_is_too_large() -> None:
    with pytest.raises(ValueError, match="payoffs must be finite"):
        nfg.parse(HEAD + "{ 1 1 } 1 1e999")


def test_format_refuses_unknown_version() -> None:
    with pytest.raises(ValueError, match="version must be one of payoff, outcome, not 'table'"):
        nfg.format(catalog.stag_hunt(), version="table")
