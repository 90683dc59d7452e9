"""Whose action carries the variance of a gradient: one agent's action drawn again at a time, all else as it was.

At single moments of play everybody acts; then agent j's action is drawn again, in the same state, beside the same
actions of the others, with the same noise in the rest of the episode. Half the mean squared change over the total
variance is the total index of j's action: the share that would be gone if everything else were known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from nashlens.games import Game
from nashlens.games.core import Array, IntArray
from nashlens.games.network_gradient import parameter_gradients
from nashlens.reports.instruments.gradient_estimators import Rows, Subject, drawn_rows, logit_gradients, others_replayed
from nashlens.reports.instruments.gradient_samples import played_on
from nashlens.reports.instruments.recorded_moments import Moments

N_MOMENTS = 128


def resampled_gradients(
    subject: Subject, moments: Moments, game: Game, *, baseline: Array, rng: np.random.Generator
) -> Iterator[tuple[str, Array, Array]]:
    """Yield each estimator with its gradients ``[M, d]`` and, agent by agent, those with its action drawn again.

    Parameters
    ----------
    subject : whose gradient.
    moments : episodes of the last policies, with their states.
    game : what is played.
    baseline : ``[T]``; mean returns.
    rng : source of all draws.

    Yields
    ------
    Name, gradients ``[M, d]`` at M moments, and ``[N, M, d]``. Where an estimator reads others' actions from replay, it
    is those that are drawn again; of the subject itself the noise of its relaxed action goes with its action.
    """
    choice, drawing, again = rng.spawn(3)
    playing = int(rng.integers(2**63))
    alive: IntArray = np.argwhere(moments.running)
    places = [(int(m), int(t)) for m, t in alive[choice.choice(len(alive), size=N_MOMENTS, replace=False)]]
    seen = [np.stack([each[m, t] for m, t in places]) for each in moments.observations]
    states = [{name: values[m] for name, values in moments.states[t].items()} for m, t in places]
    less = baseline[[t for _, t in places]]

    def with_returns(rows: Rows) -> Rows:
        rest = np.random.default_rng(playing)  # the same noise whoever acts otherwise
        return replace(rows, returns=played_on(subject, game, states, rows.played, rng=rest))

    played = [p.sample(o, rng=drawing) for p, o in zip(subject.policies, seen, strict=True)]
    nothing = np.zeros(len(places))
    base = drawn_rows(subject, seen, played, nothing, less, rng=drawing)
    variants = [base, *(_drawn_again(subject, base, j, rng=again) for j in range(len(seen)))]
    inputs = seen[subject.agent][:, None]
    network = subject.policy.network
    found = [
        {n: parameter_gradients(network, inputs, g[:, None]) for n, g in logit_gradients(subject, rows).items()}
        for rows in map(with_returns, variants)
    ]
    for name, first in found[0].items():
        yield name, first, np.stack([each[name] for each in found[1:]])


def _drawn_again(subject: Subject, rows: Rows, agent: int, *, rng: np.random.Generator) -> Rows:
    """Return the rows with one agent's action drawn again, played and replayed."""
    fresh = subject.policies[agent].sample(rows.seen[agent], rng=rng)
    older = others_replayed(subject, rows.seen, rng=rng)[agent]
    noise = rng.gumbel(size=rows.noise.shape) if agent == subject.agent else rows.noise
    return replace(
        rows,
        played=_with(rows.played, agent, fresh),
        replayed=_with(rows.replayed, agent, older),
        noise=noise,
    )


def _with(parts: Sequence[Array], agent: int, part: Array) -> list[Array]:
    return [part if k == agent else each for k, each in enumerate(parts)]
