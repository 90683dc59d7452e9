"""One update of every agent where actors are recurrent, in the order of Algorithm 1 of the MADDPG paper.

As in `maddpg`, with windows in place of transitions. To say what a policy, target or online, does at a stored step, it
is unrolled over the window from the memory that play had at the window's beginning; at a step's successor the memory
takes in the successor's observation once more, so that a time limit's value is that of going on.

References
----------
Lowe, Wu, Tamar, Harb, Abbeel, Mordatch (2017), arXiv:1706.02275, Algorithm 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nashlens.agents.maddpg import Losses
from nashlens.agents.recurrent_learner import RecurrentLearner
from nashlens.agents.sequence_replay import SequenceBatch, SequenceReplay
from nashlens.agents.unrolling import in_rows, stepped, unrolled

Generators = Sequence[torch.Generator]


def update_all(
    learners: Sequence[RecurrentLearner],
    replay: SequenceReplay,
    alive: Tensor,
    *,
    n_updates: int,
    generators: Generators,
) -> Losses:
    """Make one update of every agent; return what it reports.

    Parameters
    ----------
    learners : between them, every agent of the game once.
    replay : where the windows come from.
    alive : ``[S]``; seeds that still learn; the others' parameters stay as they are.
    n_updates : updates made before this one.
    generators : one a seed, for minibatches and noise.
    """
    shape = (len(alive), learners[0].spec.n_agents)
    critic_losses, actor_losses = torch.full(shape, torch.nan), torch.full(shape, torch.nan)
    for learner in learners:
        columns, how = list(learner.agents), learner.settings
        if how.minibatch == "separate":
            batch = replay.sample(len(columns), learner.n_windows, generators)
        else:
            batch = replay.sample(1, learner.n_windows, generators).for_all(len(columns))
        next_actions = actions_behind(learners, batch, generators=generators)
        critic_losses[:, columns] = learner.step_critic(batch, next_actions, alive).cpu()
        others = batch.actions
        if how.other_actions == "current":
            others = actions_now(learners, batch, generators=generators)
        noise = learner.draw_gradient(generators)
        actor_losses[:, columns] = learner.step_actor(batch, others, noise, alive, n_updates=n_updates).cpu()
    for learner in learners:
        learner.follow()
    return Losses(critic=critic_losses, actor=actor_losses, moved=tuple(range(shape[1])))


@torch.no_grad()
def actions_behind(learners: Sequence[RecurrentLearner], batch: SequenceBatch, *, generators: Generators) -> Tensor:
    """Return the joint actions ``[S, n, W, B, ΣA]`` of all target policies at the successors of every step.

    Parameters
    ----------
    learners : between them, every agent of the game once.
    batch : of n learners.
    generators : one a seed.
    """
    following = _abreast(batch.next_observations)
    masks = None if batch.next_masks is None else _abreast(batch.next_masks)
    parts: dict[int, Tensor] = {}
    for learner in learners:
        memories = _remembered(learner, batch, target=True)[1]
        inputs = learner.observations.spread(following, learner.agents)
        outputs, _ = stepped(learner.target_actor, in_rows(inputs), in_rows(memories))
        parts |= _drawn(learner, outputs, masks, generators)
    return _joint(parts, batch)


@torch.no_grad()
def actions_now(learners: Sequence[RecurrentLearner], batch: SequenceBatch, *, generators: Generators) -> Tensor:
    """Return the joint actions ``[S, n, W, B, ΣA]`` of all online policies at every step.

    Parameters
    ----------
    learners : between them, every agent of the game once.
    batch : of n learners.
    generators : one a seed.
    """
    masks = None if batch.masks is None else _abreast(batch.masks)
    parts: dict[int, Tensor] = {}
    for learner in learners:
        outputs = _remembered(learner, batch, target=False)[0]
        parts |= _drawn(learner, in_rows(outputs), masks, generators)
    return _joint(parts, batch)


def _abreast(part: Tensor) -> Tensor:
    """Return ``[S, W, n · B, …]``, all learners' windows abreast, of a part ``[S, n, W, B, …]``."""
    return part.transpose(1, 2).flatten(2, 3)


def _remembered(learner: RecurrentLearner, batch: SequenceBatch, *, target: bool) -> tuple[Tensor, Tensor]:
    """Return outputs and memories ``[S, k, W, n · B, ·]`` of a learner's k agents over all windows abreast."""
    inputs = learner.observations.spread(_abreast(batch.observations), learner.agents)
    memory = learner.memories.spread(batch.memories.flatten(1, 2), learner.agents)[..., : learner.memory_size]
    actor = learner.target_actor if target else learner.actor
    return unrolled(actor, inputs, _abreast(batch.began), memory)


def _drawn(
    learner: RecurrentLearner, outputs: Tensor, masks: Tensor | None, generators: Generators
) -> dict[int, Tensor]:
    """Return by agent the actions ``[S, W · n · B, A_i]`` drawn from outputs ``[S, k, W · n · B, ·]``."""
    legal = None if masks is None else learner.masks(masks.flatten(1, 2))
    noise = learner.head.noise(generators, (len(learner.agents), outputs.shape[2], learner.head.padded))
    actions = learner.head.act(outputs, noise, legal)
    return {i: actions[:, k, :, : learner.actions.widths[i]] for k, i in enumerate(learner.agents)}


def _joint(parts: dict[int, Tensor], batch: SequenceBatch) -> Tensor:
    """Return joint actions ``[S, n, W, B, ΣA]`` of every agent's part ``[S, W · n · B, A_i]``."""
    n_seeds, n_learners, n_steps, n_windows = batch.actions.shape[:4]
    joint = torch.cat([parts[i] for i in sorted(parts)], dim=-1)
    return joint.view(n_seeds, n_steps, n_learners, n_windows, -1).transpose(1, 2)
