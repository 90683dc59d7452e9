from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from nashlens.reports import published
from nashlens.reports.conventions import GameFacts
from nashlens.reports.divergence_chapter import divergence_figure
from nashlens.reports.estimates import final_estimates
from nashlens.reports.findings import success_finding
from nashlens.reports.published_chapter import published_figure
from nashlens.reports.published_table import COMPARED, published_table
from nashlens.reports.verdicts import written

COLUMNS = ["suite", "game", "algorithm", "run_id", "seed", "step", "agent", "metric", "value", "bound", "unit", "n"]
SUM = {"team_reward": "sum"}
OFF = (-0.2, -0.1, 0.0, 0.1, 0.2)


def rows(metric: str, curve: Sequence[float], *, algorithm: str = "mine", agent: str = "every agent") -> pd.DataFrame:
    """Return five seeds around a curve with a point every 25,000 environment steps, which are 1,000 episodes."""
    spread = 0.0 if metric == "success" else 1.0
    found = [
        ("s", "talk", algorithm, "0", seed, 25_000 * k, agent, metric, value + spread * off, "estimate", "episode", 9)
        for seed, off in enumerate(OFF)
        for k, value in enumerate(curve)
    ]
    return pd.DataFrame(found, columns=COLUMNS)


def facts(**changes: object) -> dict[str, GameFacts]:
    values = {
        "label": "talk",
        "matrix": False,
        "constant_sum": False,
        "span": 0.0,
        "agents": ("speaker_0", "listener_0"),
        "name": "simple_speaker_listener",
        "parameters": SUM,
        "horizon": 25,
        "kind_of": {"mine": "maddpg", "other": "ddpg"},
        **changes,
    }
    return {"talk": GameFacts(**values)}  # type: ignore[arg-type]


def test_printed_numbers_are_those_of_the_paper() -> None:
    # Lowe et al. (2017), table 1: MADDPG 84.0 % and 0.133, DDPG 32.0 % and 0.456
    first = published.table("table1_cooperative_communication").set_index("algorithm")
    assert first.loc["maddpg"].tolist() == [84.0, 0.133]
    assert first.loc["ddpg"].tolist() == [32.0, 0.456]


def test_a_file_that_is_not_there_raises() -> None:
    with pytest.raises(ValueError, match="name must be that of a file of published numbers, not 'table9'"):
        published.table("table9")


def test_curves_are_counted_in_episodes_and_of_the_learners_that_are_asked_for() -> None:
    curve = published.return_curves(frozenset({"maddpg"}), inferring=False)
    assert curve["line"].unique().tolist() == ["maddpg, figure 4 (published, no interval)"]
    assert curve["step"].tolist()[-1] == 24_000
    assert curve["mean"].tolist()[-1] == -15.7
    both = published.return_curves(frozenset({"maddpg", "ddpg", "a2c"}), inferring=True)
    assert len(both["line"].unique()) == 4
    assert published.return_curves(frozenset({"a2c"}), inferring=False).empty
    # update 0 of figure 7 comes when the replay holds 1,024 episodes, and an update comes every 4 episodes
    inferred = both[both["line"].str.startswith("inferred")]
    assert inferred["step"].tolist()[:2] == [1_024, 1_124]
    assert published.divergence_curves()["step"].min() == 25_600


def test_the_last_divergences_are_those_of_figure_7() -> None:
    late = published.last_divergences()
    # read off its end: about 0.92 for the listener's model and 0.016 for the speaker's
    assert late["speaker_0 of listener_0"] == pytest.approx(0.92, abs=0.01)
    assert late["listener_0 of speaker_0"] == pytest.approx(0.016, abs=0.001)


def test_only_the_papers_scale_is_comparable() -> None:
    assert published.is_comparable("simple_speaker_listener", SUM)
    assert not published.is_comparable("simple_speaker_listener", {"team_reward": "own"})
    assert not published.is_comparable("simple_spread", SUM)


def test_the_figure_has_ours_in_episodes_and_theirs_dashed_beside_it() -> None:
    frame = pd.concat([rows("training_return", [-70.0, -30.0, -20.0]), rows("success", [0.0, 0.0, 1.0])])
    figure = published_figure(frame, facts())
    assert figure is not None
    ours = figure.data[(figure.data["source"] == "measured") & (figure.data["metric"] == "training_return")]
    assert ours["episode"].tolist() == [0.0, 1_000.0, 2_000.0]
    theirs = figure.data[figure.data["source"] == "published"]
    assert theirs["low"].isna().all()
    assert len(figure.panels) == 2
    assert all("published, no interval" in panel.svg for panel in figure.panels)
    assert "at episode 2,000" in figure.paragraphs[0]
    assert "−15.7 at episode 24,000" in figure.paragraphs[0]


def test_other_scales_and_learners_have_no_published_figure() -> None:
    frame = rows("training_return", [-70.0, -30.0])
    assert published_figure(frame, facts(parameters={"team_reward": "own"})) is None
    assert published_figure(frame, facts(kind_of={"mine": "a2c"})) is None


def test_the_table_says_where_a_published_number_lies() -> None:
    frame = pd.concat(
        [
            rows("end_distance", [0.133]),
            rows("end_distance", [5.0], algorithm="other"),
            rows("end_target_reach", [0.1]),
            rows("last_kl_model_true_target_replay", [0.92], agent="speaker_0 of listener_0"),
            rows("policy_drift", [0.3]),
        ]
    )
    table = published_table(final_estimates(frame, COMPARED), facts())
    assert table is not None
    said = {(row[1], row[2]): (row[5], row[-1]) for row in table.rows}
    assert said["average distance", "mine"] == ("0.133", "inside the measured interval")
    assert said["average distance", "other"] == ("0.456", "below the measured interval")
    assert said["target reach, percent", "mine"] == ("84.0", "above the measured interval")
    assert said["divergence, speaker_0 of listener_0, last 500 updates, nats", "mine"][1].startswith("inside")
    assert len(said) == 4
    reach = table.data[table.data["quantity"] == "target reach, percent"].iloc[0]
    assert reach["measured"] == pytest.approx(10.0)


def test_no_counterpart_no_table() -> None:
    estimates = final_estimates(rows("end_distance", [0.1]), COMPARED)
    assert published_table(estimates, facts(parameters={"team_reward": "own"})) is None
    assert published_table(estimates, facts(kind_of={"mine": ""})) is None


def test_few_seeds_are_held_against_nothing() -> None:
    few = rows("end_distance", [0.1])
    table = published_table(final_estimates(few[few["seed"] < 2], COMPARED), facts())
    assert table is not None
    assert "no interval to hold" in table.rows[0][-1]


def test_divergences_have_a_panel_a_pair_and_the_papers_curve_where_it_is_comparable() -> None:
    pairs = ("speaker_0 of listener_0", "listener_0 of speaker_0")
    frame = pd.concat(
        [
            *(rows("kl_model_true_target_replay", [0.1, 0.5], agent=pair) for pair in pairs),
            *(rows("last_kl_model_true_target_replay", [0.5], agent=pair) for pair in pairs),
        ]
    )
    figure = divergence_figure(frame, facts(infers=True))
    assert figure is not None
    assert [panel.title for panel in figure.panels] == [f"talk: {pair}" for pair in pairs]
    assert set(figure.data["source"]) == {"measured", "published"}
    # Student's t of the five offsets: 0.5 ± 0.196
    assert (
        "speaker_0 of listener_0, mean over the last 500 updates: mine 0.50 [0.30, 0.70]; published 0.9"
        in (figure.paragraphs[0])
    )
    other = divergence_figure(frame, facts(parameters={"team_reward": "own"}))
    assert other is not None
    assert set(other.data["source"]) == {"measured"}
    assert divergence_figure(rows("success", [1.0]), facts()) is None


def test_success_is_counted_and_intervals_held_against_each_other() -> None:
    frame = pd.concat([rows("success", [1.0]), rows("success", [0.0], algorithm="other")])
    text = written({"talk": success_finding(frame, game="talk")})["talk"]
    # Wilson at 5 of 5: [0.566, 1]; at 0 of 5: [0, 0.434]
    assert "mine: 5 of 5 seeds learned, a share of 1.00 [0.57, 1.00]." in text
    assert "The intervals of mine and other do not overlap." in text
    assert np.isclose(final_estimates(frame, ["success"])["low"].max(), 0.5655, atol=1e-4)


def test_every_learner_of_the_papers_table_has_its_counterpart() -> None:
    kinds = {name: name for name in published.KINDS}
    frame = pd.concat([rows("end_distance", [1.0], algorithm=name) for name in kinds])
    table = published_table(final_estimates(frame, COMPARED), facts(kind_of=kinds))
    assert table is not None
    # the average distances of table 1, as printed
    expected = {"maddpg": 0.133, "ddpg": 0.456, "dqn": 0.754, "actor_critic": 2.071, "trpo": 1.573, "reinforce": 3.333}
    assert dict(zip(table.data["algorithm"], table.data["published"], strict=True)) == expected


def test_sides_that_learn_differently_are_held_against_the_cross_tables() -> None:
    sides = {"mine": {"predators": "maddpg", "prey": "ddpg"}, "other": {"predators": "ddpg", "prey": "maddpg"}}
    about = facts(
        name="simple_tag", parameters={"num_good": 1, "num_adversaries": 3}, kind_of={}, kind_of_side=sides, horizon=25
    )
    frame = pd.concat([rows("episode_touches", [0.4]), rows("episode_touches", [0.2], algorithm="other")])
    table = published_table(final_estimates(frame, COMPARED), about)
    assert table is not None
    # table 3: 16.1 touches by MADDPG predators of DDPG prey, 10.3 the other way round; ours are per step, theirs per
    # episode of 25
    assert table.data["published"].tolist() == [16.1, 10.3]
    assert table.data["measured"].tolist() == pytest.approx([10.0, 5.0])
    assert published.pairing("simple_tag", {"num_good": 2, "num_adversaries": 3}, sides["mine"]) == []


def test_deception_is_held_against_the_table_of_its_size() -> None:
    kinds = {"agents": "maddpg", "adversary": "ddpg"}
    found = {each.metric: each.value for each in published.pairing("simple_adversary", {"N": 2}, kinds)}
    assert found == {"end_agents_success": 92.2, "end_adversary_success": 16.4}
    found = {each.metric: each.value for each in published.pairing("simple_adversary", {"N": 4}, kinds)}
    assert found == {"end_agents_success": 69.6, "end_adversary_success": 19.8}
    assert published.pairing("simple_adversary", {"N": 3}, kinds) == []
    assert published.pairing("simple_adversary", {"N": 2}, {"agents": "maddpg", "adversary": "coma"}) == []


def test_many_lines_stand_in_a_panel_a_learner() -> None:
    kinds = {name: name for name in ("maddpg", "ddpg", "dqn", "reinforce")}
    frame = pd.concat([rows("success", [0.0, 1.0], algorithm=name) for name in kinds])
    figure = published_figure(frame, facts(kind_of=kinds))
    assert figure is not None
    assert [panel.name for panel in figure.panels] == [f"published-success-talk-{name}" for name in kinds]
    assert set(figure.data["source"]) == {"measured", "published"}
