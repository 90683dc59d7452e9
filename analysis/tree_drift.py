"""How an agent's world moves while the others learn, in a game tree: what follows an own action, exactly.

At an information set I and an own action a, the agent's world answers with its next information set or with the end.
How likely each answer is depends on chance, on how the others move after a, and on which histories of I the others'
earlier moves make likely; with perfect recall it does not depend on the agent's own policy. Between two snapshots that
law moves as far as the others' policies make it. One that sees the whole history and every agent's action has the tree
itself for a world, in which only chance moves: the same measurement with ``conditioning="joint"`` is the control.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from nashlens.analysis.nonstationarity import LOWE, Conditioning
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.snapshots import Against, check_snapshots, snapshot_pairs
from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.core import IntArray
from nashlens.games.sequential import SequentialGame, reach_probabilities


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TreeDrift:
    """How far each agent's world moved between snapshots; entry k belongs to snapshot k + 1.

    Attributes
    ----------
    kernel, kernel_sup : ``[T − 1, N]``; mean and largest total variation of what follows, over information sets and
        own actions with even weights; in [0, 1].
    reward, reward_sup : ``[T − 1, N]``; the same of the change of what the end is expected to pay, counted as 0 where
        the game goes on; payoff units.
    kl_new_old, kl_old_new : ``[T − 1, N]``; means of the Kullback-Leibler divergences of what follows, nats; infinite
        where something follows that did not.
    n_answers : ``[N]``; pairs of information set and action that are averaged; the others lead nowhere in a snapshot.
    against : the snapshot that each is compared with.
    conditioning : on the ``own`` action at an information set, or on the history and the ``joint`` action.
    """

    kernel: Array
    kernel_sup: Array
    reward: Array
    reward_sup: Array
    kl_new_old: Array
    kl_old_new: Array
    n_answers: tuple[int, ...]
    against: Against
    conditioning: Conditioning
    bound: Bound = "exact"
    references: tuple[str, ...] = (LOWE,)

    def to_records(self) -> list[Record]:
        """Return two rows for each pair of snapshots and agent."""
        note = {"bound": self.bound, "against": self.against, "conditioning": self.conditioning}
        return [
            {"metric": f"tree_{name}_drift", "snapshot": t + 1, "agent": i, "value": float(values[t, i]), **note}
            | {"sup": float(sups[t, i]), "n": self.n_answers[i], "unit": "information set and action"}
            for name, values, sups in (
                ("kernel", self.kernel, self.kernel_sup),
                ("reward", self.reward, self.reward_sup),
            )
            for t, i in np.ndindex(values.shape)
        ]


def tree_drift(
    game: SequentialGame,
    profiles: BehaviouralProfile,
    *,
    against: Against = "previous",
    conditioning: Conditioning = "own",
) -> TreeDrift:
    """Drift of what follows each own action, between snapshots of all strategies.

    Parameters
    ----------
    game : with perfect recall.
    profiles : T snapshots, ``[T, I_i, A_i]`` an agent.
    against : compare each snapshot with the ``previous`` or with the ``first``.
    conditioning : on the ``own`` action at an information set, or on the history and the ``joint`` action, which is the
        control and exactly 0.

    Raises
    ------
    ValueError : the profiles do not fit or are not two snapshots or more, an agent forgets what it knew, or an option
        is unknown.

    Notes
    -----
    Cost O(T · N · H). Information sets that the others or chance never lead to have no law and take no part.

    References
    ----------
    Lowe et al. (2017), arXiv:1706.02275, states the change that is measured here; the measure is ours.
    """
    if conditioning not in {"own", "joint"}:
        raise ValueError(f"conditioning must be 'own' or 'joint', not {conditioning!r}")
    game.check_profile(profiles)
    if len(profiles.batch_shape) != 1:
        raise ValueError(f"profiles must have one leading axis of T snapshots, not {profiles.batch_shape}")
    check_snapshots(profiles[0], against)
    if not game.has_perfect_recall:
        raise ValueError(f"game must have perfect recall, which {game.spec.name} has not")
    parts = [_moved(game, profiles, i, against=against, conditioning=conditioning) for i in range(game.n_agents)]
    stacked = [read_only(np.stack([part[k] for part in parts], axis=1)) for k in range(6)]
    return TreeDrift(
        kernel=stacked[0],
        kernel_sup=stacked[1],
        reward=stacked[2],
        reward_sup=stacked[3],
        kl_new_old=stacked[4],
        kl_old_new=stacked[5],
        n_answers=tuple(n for *_, n in parts),
        against=against,
        conditioning=conditioning,
    )


def _moved(
    game: SequentialGame, profiles: BehaviouralProfile, agent: int, *, against: Against, conditioning: Conditioning
) -> tuple[Array, Array, Array, Array, Array, Array, int]:
    """Return means and largest changes of laws and payments and divergences, ``[T − 1]`` each, and their number."""
    tree = game.tree
    certain = [np.ones_like(s) if j == agent or conditioning == "joint" else s for j, s in enumerate(profiles)]
    reach_HT = reach_probabilities(tree, certain)
    if conditioning == "joint":
        ends, asked = _after_any_move(game)
        answers = ends
    else:
        own = tree.players == agent
        ends = np.flatnonzero((own | (tree.players < -1)) & (tree.last_sequences[:, agent] >= 0))
        asked = tree.last_sequences[ends, agent]
        # The same answer: the next information set, or an end (numbered behind them) with the same own return.
        answers = np.where(
            own[ends], tree.information_sets[ends], len(tree.agents[agent]) + _end_numbers(game, ends, agent)
        )
    pairs, pair_of = np.unique(np.stack([asked, answers]), axis=1, return_inverse=True)
    questions, question_of = np.unique(pairs[0], return_inverse=True)
    mass = np.zeros((pairs.shape[1], reach_HT.shape[1]))
    np.add.at(mass, pair_of.reshape(-1), reach_HT[ends])
    paid = np.zeros((len(questions), reach_HT.shape[1]))
    np.add.at(paid, question_of[pair_of.reshape(-1)], reach_HT[ends] * _payments(game, ends, agent)[:, None])
    totals = np.zeros((len(questions), reach_HT.shape[1]))
    np.add.at(totals, question_of, mass)
    asked_always = (totals > 0).all(axis=1)
    safe = np.where(totals > 0, totals, 1.0)
    old, new = snapshot_pairs((mass / safe[question_of]).T, against)
    distances, forth, back = (
        _summed(parts, question_of, len(questions))
        for parts in (0.5 * np.abs(new - old), special.rel_entr(new, old), special.rel_entr(old, new))
    )
    before, after = snapshot_pairs((paid / safe).T, against)
    laws, payments = distances[:, asked_always], np.abs(after - before)[:, asked_always]
    n = int(asked_always.sum())
    if not n:
        nothing = np.zeros(len(old))
        return nothing, nothing, nothing, nothing, nothing, nothing, 0
    divergences = [np.maximum(each[:, asked_always].mean(axis=1), 0.0) for each in (forth, back)]
    return laws.mean(axis=1), laws.max(axis=1), payments.mean(axis=1), payments.max(axis=1), *divergences, n


def _summed(parts: Array, question_of: IntArray, n_questions: int) -> Array:
    """Return ``[T − 1, Q]``; sums over the answers of each question of what is given for every answer."""
    sums = np.zeros((len(parts), n_questions))
    np.add.at(sums.T, question_of, parts.T)
    return sums


def _after_any_move(game: SequentialGame) -> tuple[IntArray, IntArray]:
    """Return the histories at which an agent moves or the game ends, and for each the move that it answers."""
    tree = game.tree
    asked = np.full(tree.n_histories, -1, dtype=np.int64)
    for level in tree.levels[1:]:
        parents = tree.parents[level]
        asked[level] = np.where(tree.players[parents] >= 0, np.arange(level.start, level.stop), asked[parents])
    ends = np.flatnonzero((tree.players != -1) & (asked >= 0))
    return ends, asked[ends]


def _end_numbers(game: SequentialGame, ends: IntArray, agent: int) -> IntArray:
    """Return a number for each history, equal where two ends pay an agent the same; 0 where the game goes on."""
    numbers: IntArray = np.unique(_payments(game, ends, agent), return_inverse=True)[1].reshape(-1).astype(np.int64)
    return numbers


def _payments(game: SequentialGame, ends: IntArray, agent: int) -> Array:
    """Return an agent's return at each history that ends the game, 0 elsewhere."""
    paid = np.zeros(game.tree.n_histories)
    paid[game.tree.terminals] = game.tree.returns[:, agent]
    chosen: Array = paid[ends]
    return chosen
