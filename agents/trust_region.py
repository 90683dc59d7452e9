"""Trust region policy optimisation: the largest step along the natural gradient that keeps the policy near.

For each block of parameters (each seed and slot by itself) with surrogate ``L(θ) = mean(π_θ(a|o) / π_old(a|o) · A)``,
gradient g and Fisher matrix F of the policy, the step is

    θ − θ_old = 2^{−k} √(2 δ / (s · (F + λI) s)) s,  (F + λI) s = g,

with the smallest k ≥ 0 for which the mean KL divergence of the new from the old policy is at most δ and the surrogate
has grown; if there is none, the block stays. The products ``F v`` are second derivatives of the KL divergence; the
linear system is solved by conjugate gradients. The first-order variant takes ``s = g``: the steepest ascent instead of
the natural gradient, in the same trust region and with the same search. Agents that share a slot make one step
together: surrogate and divergence are then means over them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nashlens.agents.divergence import divergence, entropy
from nashlens.agents.gumbel import TINY
from nashlens.agents.on_policy_settings import TRPO
from nashlens.agents.policy_gradient import counted_mean
from nashlens.agents.policy_learner import PolicyLearner
from nashlens.agents.trajectories import Window

SMALLEST_RESIDUAL = 1e-10


def conjugate_gradients(product: Callable[[Tensor], Tensor], target: Tensor, *, steps: int) -> Tensor:
    """Return x ``[…, P]`` with ``M x ≈ target`` for symmetric positive M, block by block.

    A block stops by itself when its squared residual is below ``1e-10`` of its squared target.

    Parameters
    ----------
    product : maps ``[…, P]`` to ``M x`` of every block.
    target : ``[…, P]``.
    steps : most iterations; P of them are exact but for rounding.
    """
    solution, residual, direction = torch.zeros_like(target), target.clone(), target.clone()
    squared = _inner(residual, residual)
    enough = SMALLEST_RESIDUAL * squared
    for _ in range(steps):
        moved = product(direction)
        curvature = _inner(direction, moved)
        going = (squared > enough) & (curvature > 0)
        if not bool(going.any()):
            break
        length = torch.where(going, squared / curvature.clamp(min=TINY), 0.0)
        solution = solution + length * direction
        residual = residual - length * moved
        following = _inner(residual, residual)
        direction = torch.where(going, residual + following / squared.clamp(min=TINY) * direction, direction)
        squared = torch.where(going, following, squared)
    return solution


def full_step(direction: Tensor, curvature: Tensor, *, max_divergence: float) -> Tensor:
    """Return the direction ``[…, P]`` at the length whose quadratic model of the divergence is δ; zero stays zero.

    `curvature` ``[…, 1]`` is ``s · F s``.
    """
    length = (2 * max_divergence / curvature.clamp(min=TINY)).sqrt()
    return torch.where(curvature > 0, length * direction, 0.0)


class TrustRegionLearner(PolicyLearner):
    """TRPO's actors; critics and advantages are those of the actor-critic.

    Parameters
    ----------
    spec, agents, settings, device, rngs : as in `PolicyLearner`, with settings of TRPO.
    """

    loss_names = ("critic_loss", "actor_loss", "entropy", "divergence", "step_share")

    def _step_actor(self, window: Window, advantages: Tensor, counted: Tensor, alive: Tensor) -> dict[str, Tensor]:
        how, masks, actions = self._how, self._masks_over(window), self._own_actions(window)
        outputs = self.outputs_over(window)
        former = outputs.detach()
        former_density = self.head.log_density(former, actions, masks)

        def surrogate(current: Tensor) -> Tensor:
            ratios = (self.head.log_density(current, actions, masks) - former_density).exp()
            return self._by_slot(counted_mean(ratios * advantages, counted))

        def distance(current: Tensor) -> Tensor:
            return self._by_slot(counted_mean(divergence(self.head, former, current, masks), counted))

        gradient = self._flat(torch.autograd.grad(surrogate(outputs).sum(), self.actor.tensors, retain_graph=True))
        slopes = self._flat(torch.autograd.grad(distance(outputs).sum(), self.actor.tensors, create_graph=True))

        def fisher_product(vector: Tensor) -> Tensor:
            inner = (slopes * vector).sum()
            second = torch.autograd.grad(inner, self.actor.tensors, retain_graph=True)
            return self._flat(second) + how.damping * vector

        direction = gradient
        if how.variant == "natural":
            direction = conjugate_gradients(fisher_product, gradient, steps=how.conjugate_steps)
        curvature = _inner(direction, fisher_product(direction))
        step = full_step(direction, curvature, max_divergence=how.max_divergence)
        step = torch.where(alive[:, None, None], step, 0.0)
        with torch.no_grad():
            share, moved, gained = self._search(window, step, surrogate, distance)
            entropies = counted_mean(entropy(self.head, former, masks), counted)
        found = {"actor_loss": -gained, "divergence": moved, "step_share": share}
        return {"entropy": entropies, **{name: value[:, self._slots] for name, value in found.items()}}

    def _search(
        self,
        window: Window,
        step: Tensor,
        surrogate: Callable[[Tensor], Tensor],
        distance: Callable[[Tensor], Tensor],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Move each block by the largest share of its step that is allowed.

        Returns
        -------
        ``[S, L]`` each: the share, 0 where none was allowed; the divergence and the surrogate after the step.
        """
        start = self._flat([t.detach() for t in self.actor.tensors])
        base = surrogate(self.outputs_over(window))
        chosen, moved, gained = torch.zeros_like(base), torch.zeros_like(base), base
        moves = step.abs().amax(dim=-1) > 0
        share = 1.0
        for _ in range(self._how.backtracks + 1):
            waiting = moves & (chosen == 0)
            if not bool(waiting.any()):
                break
            self._put(start + torch.where(waiting, share, chosen)[..., None] * step)
            outputs = self.outputs_over(window)
            away, value = distance(outputs), surrogate(outputs)
            allowed = waiting & (away <= self._how.max_divergence) & (value > base)
            chosen = torch.where(allowed, share, chosen)
            moved, gained = torch.where(allowed, away, moved), torch.where(allowed, value, gained)
            share /= 2
        self._put(start + chosen[..., None] * step)
        return chosen, moved, gained

    @property
    def _how(self) -> TRPO:
        assert isinstance(self.settings, TRPO)
        return self.settings

    @property
    def _slots(self) -> list[int]:
        return list(self.actor.slots.of_agent)

    def _by_slot(self, values: Tensor) -> Tensor:
        """Return ``[S, L]``: the mean over the agents of each slot of values ``[S, n]``."""
        users = [[k for k, slot in enumerate(self._slots) if slot == wanted] for wanted in range(max(self._slots) + 1)]
        return torch.stack([values[:, members].mean(dim=1) for members in users], dim=1)

    @staticmethod
    def _flat(tensors: Sequence[Tensor]) -> Tensor:
        """Return ``[S, L, P]`` of tensors ``[S, L, …]``."""
        return torch.cat([tensor.flatten(2) for tensor in tensors], dim=2)

    def _put(self, flat: Tensor) -> None:
        """Set the actors' parameters to ``[S, L, P]``."""
        place = 0
        for tensor in self.actor.tensors:
            size = tensor[0, 0].numel()
            tensor.copy_(flat[:, :, place : place + size].view(tensor.shape))
            place += size


def _inner(first: Tensor, second: Tensor) -> Tensor:
    """Return the inner product ``[…, 1]`` of each block."""
    return (first * second).sum(dim=-1, keepdim=True)
