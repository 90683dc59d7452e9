"""What a report says of gradients: every sentence in both directions, from rows made by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.training_run import TrainingRun
from nashlens.analysis.proposition_one import ESTIMATORS, Estimator, Reward, proposition_one
from nashlens.games import make
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments import gradient_quantities as names
from nashlens.reports.instruments.gradient_chapter import gradient_answers
from nashlens.reports.instruments.gradient_numbers import (
    agreement_rate,
    counts,
    exact_snr_rate,
    log_ratio,
    network_rate,
)
from nashlens.reports.instruments.gradient_tables import networks_table, proposition_table, sources_table
from nashlens.reports.instruments.gradients import INSTRUMENT

TRIALS = 20_000
SIZES = {"simple_spread": {n: f"simple_spread-{n}" for n in (2, 3, 4)}}


def facts(*, sizes: Sequence[int] = (2, 3, 4)) -> dict[str, GameFacts]:
    found = {}
    for name in ("all_ones", "all_equal", "simple_spread"):
        for n in sizes:
            agents = tuple(f"agent_{i}" for i in range(n))
            found[f"{name}-{n}"] = GameFacts(
                label=f"{name}-{n}",
                matrix=name != "simple_spread",
                constant_sum=False,
                span=1.0,
                agents=agents,
                sides=("all",) * n,
                name=name,
                parameters={"n_agents": n},
            )
    return found


def row(game: str, metric: str, agent: str, value: float, *, seed: int, n: int = 1) -> dict[str, object]:
    return {"suite": "s", "game": game, "algorithm": "maddpg", "run_id": str(seed), "seed": seed, "step": 100} | {
        "agent": agent,
        "metric": metric,
        "value": value,
        "bound": "estimate",
        "unit": "x",
        "n": n,
    }


def sampled(reward: Reward, *, halving: float = 0.5, seeds: int = 5) -> list[dict[str, object]]:
    """Return rows in which REINFORCE agrees with ``halving^N`` and the others with their closed forms."""
    found = []
    for n in (2, 3, 4):
        for estimator in ESTIMATORS:
            exact = proposition_one(n, estimator=estimator, reward=reward).p_positive
            share = halving**n if estimator == "reinforce" and reward == "all_ones" else exact
            for seed in range(seeds):
                value = round(share * TRIALS) / TRIALS
                words = names.NAMES[estimator]
                found.append(row(f"{reward}-{n}", names.SAMPLED_AT_HALF, words, value, seed=seed, n=TRIALS))
    return found


def networks(
    *, halving: float = 0.5, uphill: float = 0.7, seeds: int = 5, signal: float = 1.0
) -> list[dict[str, object]]:
    """Return rows in which every estimator's SNR² is ``signal · halving^N`` with a spread of 2% over seeds."""
    found = []
    for n in (2, 3, 4):
        for estimator in ESTIMATORS:
            label = names.label(estimator, "agent_0")
            for seed in range(seeds):
                spread = 1 + 0.02 * (seed - (seeds - 1) / 2)
                values = {names.NORM: signal * halving**n * spread, names.VARIANCE: 1.0, names.SIGN: 0.8}
                values[names.TRUE_SIGN] = uphill + 0.01 * (spread - 1)
                values |= {f"{names.SHARE}{s}": 0.25 * spread for s in names.SOURCES}
                values |= {names.COSINE: 0.3 * spread, names.TRUE_COSINE: 0.2 * spread, names.TOTAL_OWN: 0.6 * spread}
                found += [row(f"simple_spread-{n}", m, label, v, seed=seed, n=256) for m, v in values.items()]
                for j in range(1, n):  # the first other has 0.2 more than the second, and so on
                    by, index = names.label_by(estimator, "agent_0", f"agent_{j}"), (0.5 - 0.1 * j) * spread
                    found.append(row(f"simple_spread-{n}", names.TOTAL_OTHERS, by, index, seed=seed, n=128))
    return found


def said(rows: Sequence[dict[str, object]]) -> tuple[str, ...]:
    return gradient_answers(pd.DataFrame(rows), facts())


def test_a_rate_of_minus_one_holds_the_proposition() -> None:
    answers = said(sampled("all_ones"))
    assert answers[0].startswith("Proposition 1, reward 1 if all play 1: log2 of the probability")
    assert (
        "N = 2 to 4 (binomial regression, n = 300,000 gradient samples); the proposition's −1 lies inside" in answers[0]
    )
    assert "24 of 24 sampled shares" in answers[0]


def test_another_rate_does_not() -> None:
    answers = said(sampled("all_ones", halving=0.6))
    assert "the proposition's −1 lies outside the interval" in answers[0]
    assert "21 of 24 sampled shares" in answers[0]


def test_who_escapes_follows_from_the_closed_forms() -> None:
    # N = 4: REINFORCE 1/15, its baseline 1/14, COMA 2p/(1 − 2p) = 1/7; averaged over others 1; re-evaluated no noise
    text = said(sampled("all_ones"))[1]
    assert "it falls with N for REINFORCE (0.0667), REINFORCE less the best constant (0.0714)" in text
    assert "COMA (0.143)" in text
    assert "it does not fall for score × Q averaged over others (1.00)" in text
    assert "there is no noise in MADDPG, others re-evaluated" in text
    # the baseline agrees with p + ½ (1 − C(4, 2) p), p = 1/16: 0.375
    assert (
        "a constant baseline lifts it to 0.375 at N = 4, where the ratio is 0.0714 with it and 0.0667 without." in text
    )


def test_as_printed_nothing_agrees_and_a_sample_that_does_is_said() -> None:
    assert "the true gradient at uniform play is 0: none of 2,400,000" in said(sampled("all_equal"))[0]
    wrong = sampled("all_equal")
    wrong[0]["value"] = 1 / TRIALS
    assert "1 of 2,400,000 gradient samples agreed" in said(wrong)[0]


@pytest.mark.parametrize(
    ("halving", "word"), [(0.5, "REINFORCE −1.000 [−1.0"), (2.0, "REINFORCE 1.000 [0.9"), (1.0, "no change is shown")]
)
def test_network_rates_in_all_directions(halving: float, word: str) -> None:
    text = next(each for each in said(networks(halving=halving)) if "doublings" in each)
    assert text.startswith("simple_spread, N = 2, 3 and 4")
    assert word in text
    assert ("(falls)" in text, "(rises)" in text) == (halving == 0.5, halving == 2.0)
    assert "n = 15 seeds in all" in text


@pytest.mark.parametrize(("uphill", "word"), [(0.7, ": uphill"), (0.3, ": downhill"), (0.5, ": neither is shown")])
def test_agreement_with_returns_in_all_directions(uphill: float, word: str) -> None:
    text = next(each for each in said(networks(uphill=uphill)) if "agrees in sign" in each)
    assert f"with returns{word}" in text


def test_directions_are_judged_together() -> None:
    # one of eight: t = 0.03 √5 / 0.0158 = 4.24, p = 0.013 alone, Holm's 8 · 0.013 = 0.11
    rows = networks(uphill=0.5)
    shares = [0.50, 0.51, 0.52, 0.53, 0.54]
    for each in rows:
        if each["metric"] == names.TRUE_SIGN and str(each["agent"]).startswith("COMA of"):
            each["value"] = shares[int(str(each["seed"]))] + 0.01
    text = next(each for each in said(rows) if "agrees in sign" in each)
    assert "COMA 0.800 [0.800, 0.800] with its own mean, 0.530 [0.510, 0.550] with returns: neither is shown" in text
    assert "Holm's correction for 8 shares; n = 5 seeds." in text


@pytest.mark.parametrize(("signal", "share"), [(16 / 1024, "0.500"), (1.0, "0.985")])
def test_the_signal_of_the_direction_of_returns_is_stated(signal: float, share: str) -> None:
    # at N = 4 SNR² is signal / 16, of 1,024 episodes 64 signal: 1 / (1 + 1) and 64 / 65
    text = next(each for each in said(networks(signal=signal)) if "agrees in sign" in each)
    assert f"of its squared length a share of {share} [" in text
    table = networks_table(pd.DataFrame(networks(signal=signal)), SIZES)
    assert table is not None
    each = table.data[table.data["metric"] == "signal_of_returns"].set_index("n_agents")["value"]
    assert f"{each[4]:.3f}" == share
    assert each.is_monotonic_decreasing


def test_a_direction_without_signal_condemns_nobody() -> None:
    text = next(each for each in said(networks(signal=-1.0, uphill=0.5)) if "agrees in sign" in each)
    assert text.endswith("it may be noise, and who does not agree with it may still point uphill.")
    assert "critic's error" not in text


def test_intervals_are_cut_to_what_a_quantity_can_be() -> None:
    rows = networks()
    for each in rows:
        if each["metric"] == names.VARIANCE:  # 0.2 ± 0.555 by Student's t
            each["value"] = float(each["seed"] == 0)
    table = networks_table(pd.DataFrame(rows), SIZES)
    assert table is not None
    cell = dict(zip(table.header, table.rows[0], strict=True))["total variance"]
    assert cell == "0.20 [0.00, 0.76]"


def test_shares_of_the_variance_are_stated_at_the_largest_number_of_agents() -> None:
    text = next(each for each in said(networks()) if "shares of the variance" in each)
    assert text.startswith("simple_spread, N = 4")
    assert "COMA 0.250 [0.2" in text


def test_total_indices_set_the_own_action_beside_the_mean_of_the_others() -> None:
    text = next(each for each in said(networks()) if "all but one action were known" in each)
    # three others with 0.4, 0.3 and 0.2
    assert "COMA 0.600 [0.5" in text
    assert "] beside 0.300 [0.2" in text
    table = sources_table(pd.DataFrame(networks()), SIZES)
    assert table is not None
    row = next(r for r in table.rows if r[:3] == ("simple_spread", "COMA", "2"))
    assert row[7].startswith("0.600 [")
    assert row[8].startswith("0.400 [")


def test_the_table_of_networks_has_cosines_and_the_noise_scale_with_its_interval() -> None:
    table = networks_table(pd.DataFrame(networks()), SIZES)
    assert table is not None
    row = dict(zip(table.header, next(r for r in table.rows if r[1:3] == ("COMA", "3")), strict=True))
    assert row["cosine with own mean"].startswith("0.300 [")
    assert row["cosine with returns"].startswith("0.200 [")
    assert row["noise scale (episodes)"].startswith("8.00 [7.69")  # 2³ episodes, a spread of 2% over five seeds
    names_of = {r[1] for r in table.rows}
    assert "REINFORCE less the mean return" in names_of
    assert "REINFORCE less the best constant" not in names_of


def test_samples_and_total_indices_of_the_proposition_are_closed_forms() -> None:
    table = proposition_table({"all_ones": counts(pd.DataFrame(sampled("all_ones")), facts(), "all_ones")})
    assert table is not None
    rows = {(r[1], r[2]): dict(zip(table.header, r, strict=True)) for r in table.rows}
    reinforce = [rows["REINFORCE", str(n)] for n in (2, 3, 4)]
    assert [r["samples for ½"] for r in reinforce] == ["3", "6", "11"]  # metrics §6.2
    assert [r["total index, another's"] for r in reinforce] == ["0.667", "0.571", "0.533"]  # 1 / (2 (1 − 2^−N)): T26
    assert [r["total index, own action"] for r in reinforce] == ["0.667", "0.571", "0.533"]
    assert rows["REINFORCE less the best constant", "3"]["samples for ½"] == ""  # a sample may be wrong
    assert rows["score × Q averaged over others", "3"]["total index, another's"] == "0"
    assert rows["MADDPG, others re-evaluated", "3"]["total index, own action"] == ""  # no variance


def test_the_interval_of_a_log_ratio_covers_it() -> None:
    # lengths 1 ± 0.2 and variances 4 ± 0.9 over seeds: log2 of ¼ must be held 95 times in 100, of 120 four errors 0.08
    rng, held, n_seeds, n_times = np.random.default_rng(0), 0, 5, 120
    for _ in range(n_times):
        label = names.label("reinforce", "agent_0")
        norms, variances = rng.normal(1, 0.2, n_seeds), rng.gamma(20, 0.2, n_seeds)
        rows = [row("g", names.NORM, label, v, seed=s) for s, v in enumerate(norms)]
        rows += [row("g", names.VARIANCE, label, v, seed=s) for s, v in enumerate(variances)]
        found = log_ratio(pd.DataFrame(rows), "g", "reinforce")
        held += found.low <= -2 <= found.high
    assert abs(held / n_times - 0.95) < 0.08


def test_few_seeds_make_no_statement() -> None:
    answers = said(networks(seeds=2))
    assert not any("agrees in sign" in each for each in answers)
    rates = next(each for each in answers if "doublings" in each)
    assert "(no interval: 2 seeds) (no statement)" in rates
    assert "(falls)" not in rates


def test_no_signal_has_a_reason_instead_of_a_rate() -> None:
    text = next(each for each in said(networks(signal=-1.0)) if "doublings" in each)
    assert "REINFORCE no statement (the ratio is not above 0 at 2, 3, 4);" in text
    chapter = INSTRUMENT.chapter(pd.DataFrame(networks(signal=-1.0)), {}, facts())
    table = next(each for each in chapter.tables if each.name == "gradient-networks")
    assert table.rows[0][10] == "no signal"


def test_the_chapter_has_its_figures_and_tables_and_words_for_each_panel() -> None:
    rows = [*sampled("all_ones"), *sampled("all_equal"), *networks()]
    chapter = INSTRUMENT.chapter(pd.DataFrame(rows), {}, facts())
    assert [each.name for each in chapter.figures] == ["gradient-agreement", "gradient-snr", "gradient-sources"]
    assert [each.name for each in chapter.tables] == ["gradient-proposition", "gradient-networks", "gradient-sources"]
    assert [panel.title for panel in chapter.figures[0].panels] == ["all_ones"]  # as printed nothing agrees
    assert all("begins at" in panel.alternative for figure in chapter.figures for panel in figure.panels)


def test_what_has_no_gradient_to_measure_is_named_and_counted(make_run: Callable[..., TrainingRun]) -> None:
    game = make("matching_pennies")
    compared = INSTRUMENT.compare({"maddpg": [make_run([[[0.5, 0.5]] * 2] * 2)] * 4}, game, label="pennies")
    answers = INSTRUMENT.chapter(pd.DataFrame(), {"pennies": compared}, facts()).answers
    assert answers[-1] == (
        "The policy gradient is not measured where the matrix game is no team game of two actions an agent: pennies, "
        "maddpg: 4 runs."
    )


def test_probes_from_another_game_are_refused(make_run: Callable[..., TrainingRun]) -> None:
    with pytest.raises(ValueError, match="game must be the one that was trained on: its name must be"):
        list(INSTRUMENT.measure(make_run([[[0.5, 0.5]] * 2] * 2), make("all_ones", n_agents=2)))


def test_an_empty_frame_has_a_sentence() -> None:
    assert INSTRUMENT.chapter(pd.DataFrame(), {}, facts()).answers == ("Gradients: no run could be examined.",)


def test_counts_hold_one_agent_where_two_were_asked() -> None:
    alone = [
        row("all_ones-2", names.SAMPLED_AT_HALF, f"REINFORCE{names.ALONE}", 0.5, seed=seed, n=TRIALS)
        for seed in range(3)
    ]
    found = counts(pd.DataFrame([*sampled("all_ones"), *alone]), facts(), "all_ones")
    own = [each for each in found if each.estimator == "reinforce"]
    assert [each.n_agents for each in own] == [1, 2, 3, 4]
    rate = agreement_rate(found, "reinforce")
    assert rate is not None
    assert rate.value == pytest.approx(-1, abs=0.01)
    assert agreement_rate(found[:1], "reinforce") is None


def test_exact_rates_over_a_range_of_agents() -> None:
    # REINFORCE: slope of −log2(2^N − 1) over 2, 3, 4; averaged over others: 1 for all N; re-evaluated has no noise
    expected = np.polyfit([2, 3, 4], [-np.log2(2.0**n - 1) for n in (2, 3, 4)], 1)[0]
    assert exact_snr_rate([2, 3, 4], "reinforce") == pytest.approx(expected)
    assert exact_snr_rate([2, 3, 4], "decentralised_q") == pytest.approx(0, abs=1e-9)
    assert np.isnan(exact_snr_rate([2, 3, 4], "dpg_reevaluated"))


def test_a_rate_needs_two_sizes() -> None:
    estimator: Estimator = "reinforce"
    assert network_rate(pd.DataFrame(networks()), {2: "simple_spread-2"}, estimator) is None
