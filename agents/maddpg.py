"""One update of every agent, in the order of Algorithm 1 of the MADDPG paper, DDPG and the extensions included.

Each agent its models of the others, its critic, then its actor; and when all have moved, the targets. No agent's step
reads another's new parameters, so that the agents of one learner step at once.

References
----------
Lowe, Wu, Tamar, Harb, Abbeel, Mordatch (2017), arXiv:1706.02275, Algorithm 1, equations 5 to 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from nashlens.agents.actor_critic_steps import step_actor, step_critic
from nashlens.agents.distributions import uniform_draws
from nashlens.agents.learner import Learner
from nashlens.agents.opponents import unrecorded
from nashlens.agents.replay import Minibatch, Replay

Generators = Sequence[torch.Generator]


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """What one update reports.

    Attributes
    ----------
    critic, actor : ``[S, N]``, the mean over an agent's sub-policies; NaN for an actor that was not moved.
    moved : the agents whose actors were moved.
    divergences : by name, ``[S, N, N]``; entry (i, j) of agent i's model of agent j, NaN where there is none.
    """

    critic: Tensor
    actor: Tensor
    moved: tuple[int, ...]
    divergences: dict[str, Tensor] = field(default_factory=dict)

    def computed(self) -> Tensor:
        """Return the losses of all critics and of the actors that were moved, side by side."""
        all_moved = len(self.moved) == self.actor.shape[1]
        return torch.cat([self.critic, self.actor if all_moved else self.actor[:, list(self.moved)]], dim=1)


def joint_outputs(
    learners: Sequence[Learner], observations: Tensor, assignment: Tensor | None, *, target: bool
) -> dict[int, tuple[Learner, int, Tensor]]:
    """Return of every agent its learner, its place there, and the learner's outputs at ``[S, R, ΣO]``."""
    found: dict[int, tuple[Learner, int, Tensor]] = {}
    for learner in learners:
        outputs = learner.outputs(learner.target_actor if target else learner.actor, observations, assignment)
        found |= {i: (learner, k, outputs) for k, i in enumerate(learner.agents)}
    return found


def joint_decision(
    learners: Sequence[Learner],
    observations: Tensor,
    masks: Tensor | None,
    assignment: Tensor | None = None,
    *,
    generators: Generators,
) -> tuple[Tensor, Tensor]:
    """Return joint actions ``[S, R, ΣA]`` of the online actors and their log densities ``[S, R, N]``.

    The densities are those of the draws, before a box clips them.

    Parameters
    ----------
    learners : between them, every agent of the game once.
    observations, masks : joint vectors ``[S, R, …]``; masks only where the game has them.
    assignment : ``[S, R, N]``; which sub-policy decides for each agent; None where all have one.
    generators : one a seed.
    """
    executed: list[tuple[Sequence[int], Tensor]] = []
    densities: list[Tensor] = []
    for learner in learners:
        outputs, own_masks, drawn = _drawn(learner, observations, masks, assignment, generators)
        executed.append((learner.agents, learner.acting_head.executed(drawn)))
        densities.append(learner.acting_head.log_density(outputs, drawn, own_masks).transpose(1, 2))
    return learners[0].actions.together(executed), _in_order(learners, densities)


def joint_actions(
    learners: Sequence[Learner],
    observations: Tensor,
    masks: Tensor | None,
    assignment: Tensor | None = None,
    *,
    target: bool,
    generators: Generators,
) -> Tensor:
    """Return joint actions ``[S, R, ΣA]`` at observations ``[S, R, ΣO]``; parameters as of `joint_decision`.

    `target` is True for the target actors, smoothed where the setting says so, and False for the online ones.
    """
    blocks: list[tuple[Sequence[int], Tensor]] = []
    for learner in learners:
        if target:
            outputs = learner.outputs(learner.target_actor, observations, assignment)
            noise = learner.draw(generators, observations.shape[1])
            jitter = _jitter(learner, noise, generators)
            actions = learner.acting_head.act(outputs, noise, learner.masks(masks), jitter=jitter)
        else:
            actions = learner.acting_head.executed(_drawn(learner, observations, masks, assignment, generators)[2])
        blocks.append((learner.agents, actions))
    return learners[0].actions.together(blocks)


def _drawn(
    learner: Learner, observations: Tensor, masks: Tensor | None, assignment: Tensor | None, generators: Generators
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Return the online actors' outputs, the agents' masks, and what the actors draw, ``[S, n, R, ·]`` each."""
    outputs, own_masks = learner.outputs(learner.actor, observations, assignment), learner.masks(masks)
    noise = learner.draw(generators, observations.shape[1])
    return outputs, own_masks, learner.acting_head.draw(outputs, noise, own_masks)


def update_all(
    learners: Sequence[Learner], replay: Replay, alive: Tensor, *, n_updates: int = 0, generators: Generators
) -> Losses:
    """Make one update of every agent; return what it reports.

    Parameters
    ----------
    learners : between them, every agent of the game once.
    replay : where the minibatches come from.
    alive : ``[S]``; seeds that still learn; the others' parameters stay as they are.
    n_updates : updates made before this one.
    generators : one a seed, for minibatches and noise.
    """
    n_seeds, n_agents = len(alive), learners[0].spec.n_agents
    critic_losses: list[Tensor] = []
    actor_losses: list[Tensor] = []
    divergences: dict[str, Tensor] = {}
    due = [_actor_is_due(learner, n_updates) for learner in learners]
    for learner, actor_due in zip(learners, due, strict=True):
        drawn = _minibatch(learner, replay, generators)
        batch = drawn.for_all(len(learner.members))
        next_actions = _at_rows(learners, drawn, nxt=True, target=True, generators=generators).expand_as(batch.actions)
        if learner.opponents is not None:
            fresh = replay.latest(learner.settings.rollout.update_every_steps)
            learner.opponents.fit(fresh, alive)
            if n_updates % learner.opponents.inference.record_every_updates == 0:
                found = _divergences(learners, learner, {"replay": batch, "fresh": fresh})
            else:
                found = unrecorded(n_seeds, n_agents, device=alive.device)
            for name, table in found.items():
                divergences[name] = torch.where(torch.isnan(table), divergences.get(name, table), table)
            next_actions = _stand_in(learners, learner, batch, next_actions, nxt=True, generators=generators)
            if learner.opponents.inference.fed_as == "log_probabilities":
                read = _stand_in(learners, learner, batch, batch.actions, nxt=False, generators=generators)
                batch = batch.with_actions(read)
        inputs = learner.inputs.join(batch.observations, batch.actions)
        critic_losses.append(_by_agent(learner, step_critic(learner, batch, inputs, next_actions, alive)))
        if actor_due:
            if learner.settings.other_actions == "current":
                others = _at_rows(learners, drawn, nxt=False, target=False, generators=generators)
                inputs = learner.inputs.join(batch.observations, others.expand_as(batch.actions))
            noise = learner.draw_gradient(generators, learner.settings.batch_size)
            loss = step_actor(learner, batch, inputs, noise, alive, n_updates=n_updates)
            actor_losses.append(_by_agent(learner, loss))
        else:
            actor_losses.append(torch.full_like(critic_losses[-1], torch.nan))
    for learner, actor_due in zip(learners, due, strict=True):
        if actor_due:
            learner.follow()
        if learner.opponents is not None:
            learner.opponents.follow()
    return Losses(
        critic=_in_order(learners, critic_losses),
        actor=_in_order(learners, actor_losses),
        moved=tuple(i for learner, actor_due in zip(learners, due, strict=True) if actor_due for i in learner.agents),
        divergences=divergences,
    )


def _actor_is_due(learner: Learner, n_updates: int) -> bool:
    twin = learner.settings.twin
    return twin is None or (n_updates + 1) % twin.policy_delay == 0


def _by_agent(learner: Learner, loss: Tensor) -> Tensor:
    """Return the mean over sub-policies ``[S, n]`` of losses ``[S, m]``."""
    return loss if learner.n_subs == 1 else loss.view(len(loss), learner.n_subs, -1).mean(dim=1)


def _in_order(learners: Sequence[Learner], columns: Sequence[Tensor]) -> Tensor:
    """Return numbers ``[S, …, n]`` of each learner's agents as those of all agents, ``[S, …, N]``."""
    if len(learners) == 1:
        return columns[0]
    agents = [i for learner in learners for i in learner.agents]
    return torch.cat(list(columns), dim=-1)[..., sorted(range(len(agents)), key=agents.__getitem__)]


def _jitter(learner: Learner, like: Tensor, generators: Generators) -> Tensor | None:
    """Draw MATD3's clipped Gaussian noise on target policies by the Box–Muller rule."""
    twin = learner.settings.twin
    if twin is None or twin.target_noise == 0:
        return None
    first, second = (uniform_draws(generators, tuple(like.shape[1:]), like.device) for _ in range(2))
    normal = (-2 * first.log()).sqrt() * (2 * torch.pi * second).cos()
    return (twin.target_noise * normal).clamp(-twin.target_noise_clip, twin.target_noise_clip)


def _minibatch(learner: Learner, replay: Replay, generators: Generators) -> Minibatch:
    """Return each member's minibatch, or the one of all of them."""
    shared = learner.settings.minibatch == "shared"
    return replay.sample(learner.places[:1] if shared else learner.places, learner.settings.batch_size, generators)


@torch.no_grad()
def _at_rows(
    learners: Sequence[Learner], batch: Minibatch, *, nxt: bool, target: bool, generators: Generators
) -> Tensor:
    """Return the joint actions ``[S, m, B, ΣA]`` of all policies at a minibatch's observations, now or next."""
    observations, masks, assignment = _rows(batch, nxt=nxt)
    joint = joint_actions(learners, observations, masks, assignment, target=target, generators=generators)
    return joint.view(*batch.actions.shape)


def _rows(batch: Minibatch, *, nxt: bool) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Return observations, masks and assignment of all members' minibatches, one after the other."""
    observations = batch.next_observations if nxt else batch.observations
    masks = batch.next_masks if nxt else batch.masks

    def flat(part: Tensor) -> Tensor:
        return part.reshape(len(part), -1, part.shape[-1])

    return (
        flat(observations),
        None if masks is None else flat(masks),
        None if batch.assignment is None else flat(batch.assignment),
    )


@torch.no_grad()
def _true_outputs(
    learners: Sequence[Learner], learner: Learner, batch: Minibatch, *, nxt: bool, target: bool
) -> Tensor:
    """Return the true policies' outputs ``[S, P, B, width]`` for every pair of the learner's models."""
    assert learner.opponents is not None
    observations, _, _ = _rows(batch, nxt=nxt)
    found = joint_outputs(learners, observations, None, target=target)
    outputs = {i: home.head.trimmed(out[:, k], home.actions.widths[i]) for i, (home, k, out) in found.items()}
    return learner.opponents.of_true(outputs, batch.actions.shape[2])


def _stand_in(
    learners: Sequence[Learner],
    learner: Learner,
    batch: Minibatch,
    joint_actions: Tensor,
    *,
    nxt: bool,
    generators: Generators,
) -> Tensor:
    """Return joint actions in which the models speak for the others: target models next, online models now.

    Where the source is the replay, what the others did next speaks for them.
    """
    assert learner.opponents is not None
    if learner.opponents.inference.source == "replay":
        assert nxt
        assert batch.next_actions is not None
        return learner.opponents.replayed(joint_actions, batch.next_actions)
    return learner.opponents.stand_in(
        joint_actions,
        batch.next_observations if nxt else batch.observations,
        batch.next_masks if nxt else batch.masks,
        _true_outputs(learners, learner, batch, nxt=nxt, target=nxt),
        target=nxt,
        generators=generators,
    )


def _divergences(learners: Sequence[Learner], learner: Learner, batches: Mapping[str, Minibatch]) -> dict[str, Tensor]:
    """Return how far the models are from the true policies on each of some batches, by name ``[S, N, N]``."""
    opponents = learner.opponents
    assert opponents is not None
    n_agents = learner.spec.n_agents
    tables: dict[str, Tensor] = {}
    for where, batch in batches.items():
        rows = batch if batch.actions.shape[1] > 1 else batch.for_all(len(learner.agents))
        for against in ("target", "online"):
            target = against == "target"
            true = _true_outputs(learners, learner, rows, nxt=False, target=target)
            found = opponents.divergences(rows.observations, rows.masks, true, target=target)
            for direction, values in found.items():
                table = torch.full((len(values), n_agents, n_agents), torch.nan, device=values.device)
                for p, (i, j) in enumerate(opponents.pairs):
                    table[:, i, j] = values[:, p]
                tables[f"kl_{direction}_{against}_{where}"] = table
    return tables
