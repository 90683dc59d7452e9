from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nashlens.games import make
from nashlens.games.network_policy import Network
from nashlens.reports.instruments.homogeneity import INSTRUMENT
from nashlens.reports.instruments.shared_gradients import parameter_gradient
from tests.reports.homogeneity_runs import RunMaker, pair


class TestGradients:
    def test_the_parameter_gradient_is_that_of_finite_differences(self) -> None:
        rng = np.random.default_rng(0)
        shapes = [(4, 6), (6, 5), (5, 3)]
        weights = tuple(rng.normal(size=shape) for shape in shapes)
        biases = tuple(rng.normal(size=shape[1]) for shape in shapes)
        seen, slopes = rng.normal(size=(7, 3)), rng.normal(size=(7, 3))
        found = parameter_gradient(Network(weights=weights, biases=biases, index=(1.0,)), seen, slopes)

        def objective(flat: np.ndarray[Any, np.dtype[np.float64]]) -> float:
            parts, start = [], 0
            for rows, columns in shapes:
                parts.append((flat[start : start + rows * columns].reshape(rows, columns), rows * columns + start))
                start += rows * columns + columns
            net = Network(
                weights=tuple(w for w, _ in parts),
                biases=tuple(flat[end : end + shape[1]] for (_, end), shape in zip(parts, shapes, strict=True)),
                index=(1.0,),
            )
            return float((net(seen) * slopes).sum())

        flat = np.concatenate([np.concatenate([w.ravel(), b]) for w, b in zip(weights, biases, strict=True)])
        steps = np.eye(len(flat)) * 1e-6
        numeric = np.array([(objective(flat + step) - objective(flat - step)) / 2e-6 for step in steps])
        np.testing.assert_allclose(found, numeric, rtol=1e-5, atol=1e-6)

    def test_agents_of_one_policy_pull_the_same_way_in_anti_coordination(self, make_run: RunMaker) -> None:
        run = pair(make_run, [0.6, 0.4], [0.6, 0.4], seed=0, mode="full")
        rows = {row["metric"]: row["value"] for row in INSTRUMENT.measure(run, make("anti_coordination"))}
        # θ = .6 shared: both gradients are 1 − 2θ = −.2 in θ, so that there is no conflict though half is lost
        assert rows == pytest.approx({"diversity_choice": 0.0, "gradient_conflict": 0.0, "gradient_cancellation": 0.0})

    def test_opposite_pulls_cancel(self, make_run: RunMaker) -> None:
        run = pair(make_run, [0.6, 0.4], [0.4, 0.6], seed=0, mode="full")
        rows = {row["metric"]: row["value"] for row in INSTRUMENT.measure(run, make("anti_coordination"))}
        # the first wants more of its 0 and the second more of its 1, equally: total cancellation
        assert rows["gradient_conflict"] == 1.0
        assert rows["gradient_cancellation"] == pytest.approx(1.0)
