"""Sobol indices in Proposition 1's game: T26, what each estimator averages away, parity with a product of actions."""

import numpy as np
import pytest

from nashlens.analysis.proposition_one import ESTIMATORS, proposition_one
from nashlens.analysis.proposition_sobol import proposition_sobol


@pytest.mark.parametrize("n", range(1, 11))
def test_reinforce_has_one_index_for_all(n):
    # metrics T26: S_j = p / (1 − p) and T_j = 1 / (2 (1 − p)), p = 2^−N
    found, p = proposition_sobol(n), 2.0**-n
    np.testing.assert_allclose(found.first, p / (1 - p), rtol=1e-12)
    np.testing.assert_allclose(found.total, 1 / (2 * (1 - p)), rtol=1e-12)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("theta", [0.5, 0.3])
def test_the_variance_is_that_of_the_closed_form(estimator, theta):
    exact = proposition_one(4, theta=theta, estimator=estimator).variance[0]
    assert proposition_sobol(4, theta=theta, estimator=estimator).variance == pytest.approx(exact, abs=1e-12)


def test_estimators_that_average_an_action_away_do_not_depend_on_it():
    own = proposition_sobol(4, estimator="decentralised_q")
    np.testing.assert_allclose(own.total, [1, 0, 0, 0], atol=1e-12)
    # COMA's weight 1{all others play 1} does not read the own action: 1{a_-i = 1}
    others = proposition_sobol(4, estimator="counterfactual")
    q = 2.0**-3
    np.testing.assert_allclose(others.total, [0, *[1 / (2 * (1 - q))] * 3], atol=1e-12)
    assert np.isnan(proposition_sobol(4, estimator="dpg_reevaluated").total).all()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="n_agents must be from 1 to 12, not 13"):
        proposition_sobol(13)
    with pytest.raises(ValueError, match=r"theta must be inside \(0, 1\), not 1"):
        proposition_sobol(2, theta=1)
    with pytest.raises(ValueError, match="reward must be all_ones or all_equal"):
        proposition_sobol(2, reward="some")  # type: ignore[arg-type]
