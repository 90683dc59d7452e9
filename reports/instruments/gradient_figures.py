"""The figures of the chapter on gradients: everything against the number of agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nashlens.analysis.proposition_one import ESTIMATORS, Estimator, Reward
from nashlens.reports.curve_figures import alternative_of
from nashlens.reports.figures import Figure, Panel, curve_panel
from nashlens.reports.instruments import gradient_quantities as names
from nashlens.reports.instruments.gradient_numbers import Counted, exact_snr, log_ratio, mean_over_seeds

PROPOSITION = "2^−N (Proposition 1)"
DRAWN: tuple[Estimator, ...] = ("reinforce", "centralised_q", "counterfactual", "dpg_replayed", "dpg_reevaluated")
SHORT: dict[Estimator, str] = {
    "reinforce": "REINFORCE",
    "reinforce_baseline": "REINFORCE, best constant",
    "centralised_q": "central Q",
    "decentralised_q": "averaged Q",
    "counterfactual": "COMA",
    "all_action": "COMA, summed",
    "dpg_replayed": "MADDPG, replay",
    "dpg_reevaluated": "MADDPG, re-evaluated",
}
NETWORK_SHORT = SHORT | {"reinforce_baseline": "REINFORCE, mean return"}
SOURCE_TITLES = {
    "state": "state",
    "own_action": "own action",
    "others_actions": "others' actions",
    "critic": "critic, or rest of the episode",
}


def agreement_figure(found: Mapping[Reward, Sequence[Counted]]) -> Figure | None:
    """Return how often a sampled gradient agrees in sign in Proposition 1's game, as log2, against the agents.

    Parameters
    ----------
    found : the counts of each reading of the reward; where nothing agreed there is nothing to draw.
    """
    panels, data = [], []
    for reward, counted in found.items():
        rows = [
            {"line": line, "step": one.n_agents, "mean": np.log2(one.share.value), "low": np.log2(one.share.low)}
            | {"high": np.log2(one.share.high), "n": one.trials, "unit": "gradient sample", "exact": np.log2(one.exact)}
            for line, members in _same(counted).items()
            for one in members
            if one.agreed and one.share.low > 0
        ]
        if not rows:
            continue
        sizes = sorted({int(row["step"]) for row in rows})
        rows += [
            {"line": PROPOSITION, "step": n, "mean": -float(n), "low": np.nan, "high": np.nan, "n": 0, "unit": ""}
            | {"exact": -float(n)}
            for n in sizes
        ]
        frame = pd.DataFrame(rows)
        panels.append(_panel(frame, f"gradient-agreement-{reward}", reward, "log2 of the share that agrees"))
        data.append(frame.assign(reward=reward))
    if not panels:
        return None
    return Figure(
        name="gradient-agreement",
        title="How often one sampled gradient points uphill in Proposition 1's game",
        caption="log2 of the share of sampled gradients with a positive inner product with the true gradient at "
        "uniform play, all seeds together; bands: Wilson's 95% intervals, mostly thinner than the lines. Dashed: the "
        "rate that the proposition states. Estimators whose closed forms are the same share a line, drawn by the "
        "first of them. Where no sample agreed nothing is drawn.",
        paragraphs=(),
        panels=tuple(panels),
        data=pd.concat(data, ignore_index=True),
    )


def snr_figure(
    frame: pd.DataFrame, found: Mapping[Reward, Sequence[Counted]], games: Mapping[str, Mapping[int, str]]
) -> Figure | None:
    """Return log2 of the squared signal-to-noise ratio against the agents: exact, and of networks.

    Parameters
    ----------
    frame : the instrument's tidy frame.
    found : the counts of each reading of the reward.
    games : labels by name and number of agents.
    """
    panels, data = [], []
    if found.get("all_ones"):
        exact = _exact_snr(found["all_ones"])
        panels.append(_panel(exact, "gradient-snr-all_ones", "all_ones, exact", "log2 SNR² of one sample"))
        data.append(exact.assign(game="all_ones"))
    for name, sizes in games.items():
        if len(sizes) > 1:
            drawn = _network_snr(frame, sizes)
            panels.append(_panel(drawn, f"gradient-snr-{name}", f"{name}, networks", "log2 SNR² of one episode"))
            data.append(drawn.assign(game=name))
    if not panels:
        return None
    return Figure(
        name="gradient-snr",
        title="Signal to noise of policy gradients against the number of agents",
        caption="log2 of squared gradient length over total variance. Proposition 1's game: closed forms at uniform "
        "play; estimators with the same closed form share a line, and one without variance has none. Networks: means "
        "over seeds at the policies that were learned, bands: jackknife 95% intervals over seeds where there are "
        "enough; where no signal was found there is no point, and the line passes over it.",
        paragraphs=(),
        panels=tuple(panels),
        data=pd.concat(data, ignore_index=True),
    )


def sources_figure(frame: pd.DataFrame, games: Mapping[str, Mapping[int, str]]) -> Figure | None:
    """Return the shares of the variance against the agents, one panel a game and source.

    Parameters
    ----------
    frame, games : as in `snr_figure`.
    """
    panels, data = [], []
    for name, sizes in games.items():
        for source, title in SOURCE_TITLES.items() if len(sizes) > 1 else ():
            rows = []
            for estimator in DRAWN:
                for n_agents, label in sizes.items():
                    share = mean_over_seeds(frame, label, f"{names.SHARE}{source}", estimator)
                    rows.append(
                        {"line": SHORT[estimator], "step": n_agents, "mean": share.value, "low": share.low}
                        | {"high": share.high, "n": share.n, "unit": "seed"}
                    )
            drawn = pd.DataFrame(rows)
            panels.append(_panel(drawn, f"gradient-sources-{name}-{source}", f"{name}: {title}", "share of variance"))
            data.append(drawn.assign(game=name, source=source))
    if not panels:
        return None
    return Figure(
        name="gradient-sources",
        title="Where the variance of networks' gradients comes from",
        caption="Shares of the variance of the gradient at single moments, by nested resampling. Lines: mean over "
        "seeds; bands: pointwise 95% Student's t intervals over seeds where there are enough of them.",
        paragraphs=(),
        panels=tuple(panels),
        data=pd.concat(data, ignore_index=True),
    )


def _same(counted: Sequence[Counted]) -> dict[str, list[Counted]]:
    """Return the counts of the first of those estimators whose closed forms are the same, by their joint name."""
    groups: dict[tuple[float, ...], list[Estimator]] = {}
    for estimator in ESTIMATORS:
        exact = tuple(round(each.exact, 12) for each in counted if each.estimator == estimator)
        if exact:
            groups.setdefault(exact, []).append(estimator)
    return {_joined(group): [each for each in counted if each.estimator == group[0]] for group in groups.values()}


def _exact_snr(counted: Sequence[Counted]) -> pd.DataFrame:
    sizes = sorted({each.n_agents for each in counted})
    groups: dict[tuple[float, ...], list[Estimator]] = {}
    for estimator in ESTIMATORS:
        groups.setdefault(tuple(round(exact_snr(n, estimator, "all_ones"), 12) for n in sizes), []).append(estimator)
    rows = [
        {"line": _joined(group), "step": n, "mean": np.log2(value), "low": np.nan, "high": np.nan, "n": 1}
        | {"unit": "closed form"}
        for values, group in groups.items()
        for n, value in zip(sizes, values, strict=True)
        if 0 < value < np.inf
    ]
    return pd.DataFrame(rows)


def _network_snr(frame: pd.DataFrame, sizes: Mapping[int, str]) -> pd.DataFrame:
    rows = []
    for estimator in ESTIMATORS:
        for n_agents, label in sizes.items():
            ratio = log_ratio(frame, label, estimator)
            rows.append(
                {"line": NETWORK_SHORT[estimator], "step": n_agents, "mean": ratio.value, "low": ratio.low}
                | {"high": ratio.high, "n": ratio.n, "unit": "seed"}
            )
    return pd.DataFrame(rows)


def _joined(group: Sequence[Estimator]) -> str:
    return " = ".join(SHORT[each] for each in group)


def _panel(frame: pd.DataFrame, name: str, title: str, y_label: str) -> Panel:
    lines = list(dict.fromkeys(frame["line"]))
    return curve_panel(
        frame,
        pd.DataFrame(columns=["line", "seed", "step", "value"]),
        name=name.replace(".", "_"),
        title=title,
        lines=lines,
        y_label=y_label,
        alternative=alternative_of(frame, title=title, what=y_label, against="agents"),
        colours={line: k for k, line in enumerate(lines)},
        dashed=[line for line in lines if line == PROPOSITION],
        x_label="agents",
    )
