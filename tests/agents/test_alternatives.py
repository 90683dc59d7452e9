import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.agents.alternatives import Alternatives
from nashlens.games.core import Choice
from nashlens.games.network_policy import Network
from nashlens.games.value_policy import EpsilonGreedyPolicy

CPU = torch.device("cpu")
SPACES = [Choice((3,)), Choice((2, 3))]


def generators(n=2):
    return [torch.Generator().manual_seed(seed) for seed in range(n)]


def two_agents():
    return Alternatives(SPACES, device=CPU)


def a_mask():
    """Agent 0 may not play 1; agent 1 may not play alternative 2 of its second factor."""
    mask = torch.ones(2, 2, 1, 5, dtype=torch.bool)
    mask[:, 0, :, 1] = False
    mask[:, 1, :, 4] = False
    return mask


def test_alternatives_are_padded_and_counted():
    options = two_agents()
    assert (options.counts, options.n_outputs, options.padded, options.n_factors) == ((3, 6), 6, 5, 2)
    assert options.legal(None).squeeze(1).tolist() == [[True] * 3 + [False] * 3, [True] * 6]


def test_legal_alternatives_are_those_whose_factors_are_all_legal():
    legal = two_agents().legal(a_mask())[0, :, 0]
    assert legal.tolist() == [[True, False, True, False, False, False], [True, True, False, True, True, False]]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_places_undo_vectors(factors):
    options = Alternatives([Choice(tuple(factors))], device=CPU)
    places = torch.arange(options.n_outputs)[None, None]
    assert torch.equal(options.places(options.vectors(places)), places)


def test_greedy_is_the_same_as_by_enumeration():
    options, rng = two_agents(), np.random.default_rng(0)
    values = torch.from_numpy(rng.normal(size=(2, 2, 50, 6))).float()
    masks = torch.from_numpy(rng.random((2, 2, 50, 5)) < 0.5)
    masks[..., 0], masks[:, 1, :, 2] = True, True  # something is always legal
    masks[:, 0, :, 3:] = False
    chosen = options.greedy(values, masks)
    for s, i, r in np.ndindex(2, 2, 50):
        best, best_value = None, -np.inf
        for place, combination in enumerate(np.ndindex(*SPACES[i].factors)):
            vector = np.concatenate([np.eye(n)[a] for n, a in zip(SPACES[i].factors, combination, strict=True)])
            allowed = masks[s, i, r, : len(vector)].numpy()[vector > 0].all()
            if allowed and values[s, i, r, place] > best_value:
                best, best_value = vector, values[s, i, r, place]
        np.testing.assert_array_equal(chosen[s, i, r, : len(best)], best)
        assert not chosen[s, i, r, len(best) :].any()


def test_exploration_draws_each_factor_with_its_probability():
    # Greedy is alternative 0 of every factor, ε = 0.3: first agent 1 − 0.3 + 0.3 / 2 on 0 (1 is illegal), the second
    # 0.85 and 0.85 (two legal alternatives of each of its factors).
    options, n_rows = two_agents(), 40_000
    masks = a_mask().expand(2, 2, n_rows, 5)
    greedy = options.vectors(torch.zeros(2, 2, n_rows, dtype=torch.long))
    actions = options.explore(greedy, masks, epsilon=0.3, generators=generators())
    expected = torch.tensor([[0.85, 0.0, 0.15, 0.0, 0.0], [0.85, 0.15, 0.85, 0.15, 0.0]])
    torch.testing.assert_close(actions.mean(dim=2), expected.expand(2, 2, 5), atol=0.01, rtol=0)
    second = actions[0, 1]
    both = (second[:, 1] * second[:, 3]).mean()  # the factors explore by themselves: 0.15²
    assert both.item() == pytest.approx(0.0225, abs=0.004)


def test_no_exploration_is_greedy_and_full_exploration_ignores_it():
    options = two_agents()
    greedy = options.vectors(torch.full((2, 2, 1000), 2))
    assert torch.equal(options.explore(greedy, None, epsilon=0.0, generators=generators()), greedy)
    drawn = options.explore(greedy, None, epsilon=1.0, generators=generators())
    assert drawn[:, 0, :, :3].mean(dim=1).sub(1 / 3).abs().max() < 0.06
    assert drawn[:, 0, :, 3:].abs().sum() == 0


def test_log_probabilities_by_hand():
    # ε = 0.4. Agent 0: greedy 0, did 2, two legal: 0.4 / 2 = 0.2. Agent 1: first factor as greedy: 0.6 + 0.2 = 0.8;
    # second factor differs: 0.2.
    options = two_agents()
    greedy = options.vectors(torch.tensor([[[0], [0]], [[0], [0]]]))
    actions = options.vectors(torch.tensor([[[2], [1]], [[2], [1]]]))
    logs = options.log_probabilities(greedy, actions, a_mask(), epsilon=0.4)
    torch.testing.assert_close(logs.exp()[0, :, 0], torch.tensor([[0.2, 1.0], [0.8, 0.2]]))
    impossible = options.log_probabilities(greedy, actions, a_mask(), epsilon=0.0)
    assert impossible[0, 0, 0, 0].item() == float("-inf")


def test_log_probabilities_are_those_of_the_plain_policy():
    # Independent implementation: the numpy policy that a run leaves behind.
    rng = np.random.default_rng(1)
    values = rng.normal(size=6)
    network = Network(weights=(np.zeros((1, 6)),), biases=(values,))
    policy = EpsilonGreedyPolicy(network, action_space=Choice((2, 3)), observation_size=1, epsilon=0.25)
    options = Alternatives([Choice((2, 3))], device=CPU)
    masks = np.array([True, True, False, True, True])
    chances = policy.probabilities(np.ones((1, 1)), masks=masks[None])[0]
    legal = torch.from_numpy(masks)[None, None, None]
    greedy = options.greedy(torch.from_numpy(values).float()[None, None, None], legal)
    for place in (1, 2, 4, 5):
        actions = options.vectors(torch.tensor([[[place]]]))
        logs = options.log_probabilities(greedy, actions, legal, epsilon=0.25)
        expected = np.log(chances[actions[0, 0, 0].numpy() > 0]).sum()
        np.testing.assert_allclose(logs.sum().item(), expected, rtol=1e-6)


def test_draws_of_a_seed_do_not_depend_on_the_others():
    options = two_agents()
    greedy = options.vectors(torch.zeros(2, 2, 100, dtype=torch.long))
    among = options.explore(greedy, None, epsilon=0.5, generators=generators())
    alone = options.explore(greedy[:1], None, epsilon=0.5, generators=generators(1))
    assert torch.equal(among[:1], alone)


def test_sums_add_the_entries_of_each_alternatives_factors():
    alternatives = Alternatives([Choice((2, 3)), Choice((2,))], device=torch.device("cpu"))
    entries = torch.tensor([[[[1.0, 2.0, 10.0, 20.0, 30.0]], [[5.0, 7.0, 0.0, 0.0, 0.0]]]])
    found = alternatives.sums(entries)
    assert found[0, 0, 0].tolist() == [11.0, 21.0, 31.0, 12.0, 22.0, 32.0]
    assert found[0, 1, 0, :2].tolist() == [5.0, 7.0]
