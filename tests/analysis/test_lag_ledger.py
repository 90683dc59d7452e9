"""Lag, fit and interaction; the fitting loss: closed forms, exact sums, what the buffer lacks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.lag_ledger import fitting_loss_ledger, lag_ledger

OLD, NOW = [[0.9, 0.1]], [[0.1, 0.9]]


@pytest.mark.parametrize(
    ("model", "expected"),
    # Buffer half old, half new: b = (.5, .5). A perfect fit leaves the lag .368064; another adds fit and interaction.
    [([0.5, 0.5], (0.368064, 0, 0)), ([0.6, 0.4], (0.368064, 0.020411, 0.162186))],
)
def test_lag_ledger_of_a_buffer_of_two_policies(model, expected):
    # T20
    found = lag_ledger(NOW, [model], snapshots=[OLD, NOW])
    assert [float(found.parts[k][0]) for k in ("lag", "fit", "interaction")] == pytest.approx(expected, abs=5e-7)
    assert found.total[0] == pytest.approx(sum(expected), abs=1e-6)


def test_fitting_loss_ledger_of_a_buffer_of_two_policies():
    # T20: .713558 = .325083 + .368064 + .020411; the middle term is why the loss plateaus.
    found = fitting_loss_ledger([OLD, NOW], [[0.6, 0.4]])
    assert found.total[0] == pytest.approx(0.713558, abs=5e-7)
    assert [float(found.parts[k][0]) for k in ("entropy", "age_information", "fit")] == pytest.approx(
        [0.325083, 0.368064, 0.020411], abs=5e-7
    )


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 4), st.booleans())
def test_lag_ledgers_sum_exactly(seed, n, n_snapshots, by_probe):
    source = np.random.default_rng(seed)
    p, q = source.dirichlet(np.ones(n), size=(2, 5))
    snapshots = source.dirichlet(np.ones(n), size=(n_snapshots, 5))
    weights = source.uniform(0.1, 1, size=(n_snapshots, 5) if by_probe else n_snapshots)
    found = lag_ledger(p, q, snapshots=snapshots, weights=weights)
    assert found.error < 1e-9
    assert (found.parts["lag"] >= 0).all()
    assert (found.parts["fit"] >= 0).all()
    loss = fitting_loss_ledger(snapshots, q, weights=weights)
    assert loss.error < 1e-9
    np.testing.assert_allclose(loss.parts["fit"], found.parts["fit"], rtol=0, atol=1e-12)


def test_lag_ledger_of_a_buffer_of_the_current_policy_is_all_fit():
    found = lag_ledger(NOW, OLD, snapshots=[NOW, NOW])
    assert found.parts["lag"][0] == pytest.approx(0, abs=1e-15)
    assert found.parts["fit"][0] == pytest.approx(found.total[0], abs=1e-15)
    assert found.parts["interaction"][0] == pytest.approx(0, abs=1e-15)


def test_lag_ledger_weights_count_only_by_their_ratio():
    first = lag_ledger(NOW, OLD, snapshots=[OLD, NOW], weights=[1, 3])
    second = lag_ledger(NOW, OLD, snapshots=[OLD, NOW], weights=[[100.0], [300.0]])
    assert first.parts["lag"][0] == pytest.approx(second.parts["lag"][0], abs=1e-15)
    # b = (.3, .7): KL((.1, .9)‖(.3, .7)) = .1 ln(1/3) + .9 ln(9/7).
    assert first.parts["lag"][0] == pytest.approx(0.1 * np.log(1 / 3) + 0.9 * np.log(9 / 7))


def test_lag_ledger_where_the_buffer_lacks_an_action_is_infinite():
    found = lag_ledger([[0.5, 0.5]] * 3, [[0.5, 0.5]] * 3, snapshots=[[[1.0, 0.0], [0.5, 0.5], [0.4, 0.6]]])
    assert found.split.tolist() == [False, True, True]
    assert np.isnan(found.parts["lag"][0])
    # An action that neither takes costs nothing.
    kept = lag_ledger([[1.0, 0.0]], [[0.5, 0.5]], snapshots=[[[1.0, 0.0]]])
    assert kept.parts["fit"][0] == pytest.approx(np.log(2))
    lost = fitting_loss_ledger([OLD], [[1.0, 0.0]])
    assert lost.total[0] == np.inf


@pytest.mark.parametrize(
    ("snapshots", "weights", "message"),
    [
        ([[0.5, 0.5]], None, r"snapshots must be \[T, P, A\] with the probes and actions \(1, 2\), not shape \(1, 2\)"),
        (np.zeros((0, 1, 2)), None, "snapshots must be"),
        ([[[0.5, 0.4]]], None, "snapshots must sum to 1"),
        ([OLD, NOW], [1.0], r"weights must be \[T\] or \[T, P\] for \(2, 1\), not shape \(1,\)"),
        ([OLD, NOW], [-1.0, 2.0], "weights must be finite and non-negative"),
        ([OLD, NOW], [0.0, 0.0], "not all 0 at a probe"),
    ],
)
def test_lag_ledgers_say_what_does_not_fit(snapshots, weights, message):
    with pytest.raises(ValueError, match=message):
        lag_ledger(NOW, OLD, snapshots=snapshots, weights=weights)
    with pytest.raises(ValueError, match=message):
        fitting_loss_ledger(snapshots, OLD, weights=weights)
