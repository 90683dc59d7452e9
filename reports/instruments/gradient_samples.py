"""Gradient samples of one agent by every estimator: whole episodes as samples, and moments resampled level by level.

An episode's gradient is the mean over its moments of what the estimator would change, pulled back to the parameters of
the agent's network, before any optimiser and any clipping.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from nashlens.analysis.bootstrap_heads import bootstrap_heads
from nashlens.games import Game
from nashlens.games.core import Array, IntArray
from nashlens.games.network_gradient import parameter_gradients
from nashlens.games.network_policy import Network
from nashlens.games.randomness import Streams
from nashlens.reports.instruments.gradient_estimators import Rows, Subject, drawn_rows, logit_gradients
from nashlens.reports.instruments.recorded_moments import Moments, State

N_STATES, N_OWN, N_OTHERS, N_CRITICS = 32, 3, 3, 2
N_HEADS = 16
SIZES = (N_STATES, N_OWN, N_OTHERS, N_CRITICS)


def episode_gradients(
    subject: Subject, moments: Moments, *, baseline: Array, rng: np.random.Generator
) -> Iterator[tuple[str, Array]]:
    """Yield each estimator with its gradients ``[M, d]``, one an episode.

    Parameters
    ----------
    subject : whose gradient.
    moments : episodes of the last policies.
    baseline : ``[T]``; mean returns of other episodes.
    rng : source of what estimators draw.
    """
    shape = moments.rewards.shape[:2]
    seen = [each.reshape(-1, each.shape[-1]) for each in moments.observations]
    played = [each.reshape(-1, each.shape[-1]) for each in moments.actions]
    returns = moments.returns_to_go(subject.agent, gamma=subject.gamma)
    less = np.broadcast_to(baseline, shape)
    rows = drawn_rows(subject, seen, played, returns.ravel(), less.ravel(), rng=rng)
    inputs = moments.observations[subject.agent]
    share = moments.running[..., None] / moments.running.sum(axis=1)[:, None, None]
    for name, each in logit_gradients(subject, rows).items():
        yield name, parameter_gradients(subject.policy.network, inputs, each.reshape(*shape, -1) * share)


def mean_gradient(subject: Subject, moments: Moments, *, baseline: Array) -> Array:
    """Return the mean over episodes of REINFORCE with a baseline, ``[d]``: without bias, and no critic in it.

    Parameters
    ----------
    subject : whose gradient.
    moments : episodes of the last policies.
    baseline : ``[T]``; mean returns of other episodes.
    """
    i = subject.agent
    returns = moments.returns_to_go(i, gamma=subject.gamma) - baseline
    seen = moments.observations[i]
    chances = subject.policy.probabilities(seen.reshape(-1, seen.shape[-1])).reshape(moments.actions[i].shape)
    share = moments.running / moments.running.sum(axis=1, keepdims=True) / len(seen)
    each = (moments.actions[i] - chances) * (returns * share)[..., None]
    flat = (seen.reshape(1, -1, seen.shape[-1]), each.reshape(1, -1, each.shape[-1]))
    whole: Array = parameter_gradients(subject.policy.network, *flat)[0]
    return whole


def nested_gradients(
    subject: Subject, moments: Moments, game: Game, *, baseline: Array, rng: np.random.Generator
) -> Iterator[tuple[str, Array]]:
    """Yield each estimator with gradients ``[states, own, others, critic, d]`` of single moments, for a variance split.

    States are moments of the episodes; in each the own action is drawn again, in each of those the others' actions,
    and in each of those the critic: its last layer, fitted again to resampled episodes. For REINFORCE, which has no
    critic, the rest of the episode is played again in its place.

    Parameters
    ----------
    subject : whose gradient.
    moments : episodes of the last policies, with their states.
    game : what is played.
    baseline : ``[T]``; mean returns.
    rng : source of all draws.
    """
    choice, drawing, playing, fitting = rng.spawn(4)
    alive: IntArray = np.argwhere(moments.running)
    chosen = alive[choice.choice(len(alive), size=N_STATES, replace=False)]
    rows = _nested_rows(subject, moments, game, chosen, baseline, drawing=drawing, playing=playing)
    critics = [_with_head(subject, head) for head in _heads(subject, moments, rng=fitting)]
    which = fitting.integers(len(critics), size=int(np.prod(SIZES)))
    found: dict[str, Array] = {}
    for k, critic in enumerate(critics):
        here = np.flatnonzero(which == k)
        for name, each in logit_gradients(critic, rows.at(here)).items() if len(here) else ():
            found.setdefault(name, np.empty((len(which), each.shape[1])))[here] = each
    inputs = rows.seen[subject.agent][:, None]
    for name, each in found.items():
        yield name, parameter_gradients(subject.policy.network, inputs, each[:, None]).reshape(*SIZES, -1)


def _nested_rows(
    subject: Subject,
    moments: Moments,
    game: Game,
    chosen: IntArray,
    baseline: Array,
    *,
    drawing: np.random.Generator,
    playing: np.random.Generator,
) -> Rows:
    """Return the rows of the nested draws, the innermost index fastest; what stands above a level is repeated in it."""
    i, places = subject.agent, [tuple(int(k) for k in each) for each in chosen]
    at_states = [np.stack([each[m, t] for m, t in places]) for each in moments.observations]
    by_own = [np.repeat(each, N_OWN, axis=0) for each in at_states]
    own = subject.policy.sample(by_own[i], rng=drawing)
    noise = drawing.gumbel(size=own.shape)
    by_others = [np.repeat(each, N_OTHERS, axis=0) for each in by_own]
    played = [p.sample(o, rng=drawing) for p, o in zip(subject.policies, by_others, strict=True)]
    played[i] = np.repeat(own, N_OTHERS, axis=0)
    drawn = drawn_rows(subject, by_others, played, np.zeros(len(played[i])), np.zeros(len(played[i])), rng=drawing)
    full = drawn.at(np.repeat(np.arange(len(played[i])), N_CRITICS))
    times = np.repeat([t for _, t in places], N_OWN * N_OTHERS * N_CRITICS)
    states = [{name: values[m] for name, values in moments.states[t].items()} for m, t in places]
    return Rows(
        seen=full.seen,
        played=full.played,
        returns=played_on(subject, game, states, full.played, rng=playing),
        baselines=baseline[times],
        marginal=full.marginal,
        replayed=full.replayed,
        noise=np.repeat(noise, N_OTHERS * N_CRITICS, axis=0),
    )


def played_on(
    subject: Subject, game: Game, states: list[State], first: Sequence[Array], *, rng: np.random.Generator
) -> Array:
    """Return ``[R]``: the agent's discounted rewards from each state on, the first joint action given."""
    n_rows = len(first[0])
    world, chance = rng.spawn(2)
    batch = game.begin(Streams(world, n_rows))
    each = n_rows // len(states)
    batch.restore({name: np.repeat([s[name] for s in states], each, axis=0) for name in states[0]})
    returns, weight, going = np.zeros(n_rows), 1.0, np.ones(n_rows, dtype=np.bool_)
    actions = list(first)
    for _ in range(game.spec.horizon):
        step = batch.step(actions)
        returns += weight * step.rewards[:, subject.agent] * going
        going &= ~step.ended
        weight *= subject.gamma
        if not going.any():
            break
        actions = [p.sample(o, rng=chance) for p, o in zip(subject.policies, batch.observations, strict=True)]
    return returns


def _heads(subject: Subject, moments: Moments, *, rng: np.random.Generator) -> Array:
    """Return ``[H, F + 1]``: the critic's last layer, its bias last, fitted to resampled episodes."""
    network = subject.critic.networks[0]
    seen, played = moments.joint(moments.observations), moments.joint(moments.actions)
    inputs = np.concatenate(
        [seen[:, subject.critic.observation_columns], played[:, subject.critic.action_columns]], axis=1
    )
    body = Network(
        weights=(*network.weights[:-1], np.eye(network.weights[-1].shape[0])),
        biases=(*network.biases[:-1], np.zeros(network.weights[-1].shape[0])),
        index=network.index,
    )
    features = np.concatenate([body(inputs), np.ones((len(inputs), 1))], axis=1)
    returns = moments.returns_to_go(subject.agent, gamma=subject.gamma)
    prior = np.append(network.weights[-1][:, 0], network.biases[-1][0])
    by_episode = features.reshape(*returns.shape, -1) * moments.running[..., None]
    return bootstrap_heads(by_episode, returns, prior, n_heads=N_HEADS, rng=rng)


def _with_head(subject: Subject, head: Array) -> Subject:
    """Return the subject with another last layer of its critic."""
    from nashlens.agents.critic import Critic

    network = subject.critic.networks[0]
    changed = Network(
        weights=(*network.weights[:-1], head[:-1, None]), biases=(*network.biases[:-1], head[-1:]), index=network.index
    )
    own = subject.critic
    return replace(subject, critic=Critic((changed,), spec=own.spec, agent=own.agent, central=own.central))
