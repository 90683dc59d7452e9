"""Adam, tensor by tensor or over the blocks of packed stacks.

The rule is that of `torch.optim.Adam`, bit by bit where it goes tensor by tensor. It is written here because the
optimisers of torch load its compiler when the first of them is made: 1.4 s in every process that trains.

References
----------
Kingma, Ba (2015), arXiv:1412.6980.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nashlens.agents.networks import Stack

FIRST, SECOND, EPSILON = 0.9, 0.999, 1e-8


@dataclass(slots=True)
class Moments:
    """The number of steps, and the running means of a tensor's gradient and of its square."""

    step: Tensor
    exp_avg: Tensor
    exp_avg_sq: Tensor

    @classmethod
    def begun(cls, tensor: Tensor, *, counted_on: torch.device) -> Moments:
        """Return those before the first step."""
        return cls(torch.zeros((), device=counted_on), torch.zeros_like(tensor), torch.zeros_like(tensor))


class Adam:
    """Adam on some tensors, one after the other.

    Parameters
    ----------
    tensors : what is moved, by their gradients; a tensor without one stays.
    learning_rate : of all of them.
    """

    def __init__(self, tensors: Sequence[Tensor], learning_rate: float) -> None:
        self.tensors = list(tensors)
        self.learning_rate = learning_rate
        self._moments: dict[int, Moments] = {}

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for tensor in self.tensors:
            tensor.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move all tensors by their gradients."""
        for k, tensor in enumerate(self.tensors):
            if tensor.grad is not None:
                if k not in self._moments:
                    self._moments[k] = Moments.begun(tensor, counted_on=self._counted_on(tensor))
                self._moments[k].step += 1
                self._move(tensor, tensor.grad, self._moments[k])

    def state(self) -> dict[str, Tensor]:
        """Return copies of the moments, by the tensor's number and the moment's name, for a checkpoint."""
        return {
            f"{k}.{name}": getattr(moments, name).clone()
            for k, moments in self._moments.items()
            for name in Moments.__slots__
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        self._moments = {}
        for k in sorted({int(key.partition(".")[0]) for key in state}):
            tensor = self.tensors[k]
            self._moments[k] = Moments(
                state[f"{k}.step"].to(self._counted_on(tensor), copy=True),
                state[f"{k}.exp_avg"].to(tensor.device, copy=True),
                state[f"{k}.exp_avg_sq"].to(tensor.device, copy=True),
            )

    def _counted_on(self, tensor: Tensor) -> torch.device:
        """Return where a tensor's steps are counted: here, where the count is read, beside the processor."""
        return torch.device("cpu")

    def _move(self, tensor: Tensor, gradient: Tensor, moments: Moments) -> None:
        n_steps = _counted(moments)
        moments.exp_avg.lerp_(gradient, 1 - FIRST)
        moments.exp_avg_sq.mul_(SECOND).addcmul_(gradient, gradient, value=1 - SECOND)
        spread = (moments.exp_avg_sq.sqrt() / (1 - SECOND**n_steps) ** 0.5).add_(EPSILON)
        tensor.addcdiv_(moments.exp_avg, spread, value=-self.learning_rate / (1 - FIRST**n_steps))


def _counted(moments: Moments) -> float:
    """Return the number of steps, which plain Adam keeps beside the processor: nothing waits for a device."""
    return moments.step.item()


class BlockAdam(Adam):
    """Adam on the blocks of packed stacks, one pass over all parameters of a stack by torch's fused kernel.

    Parameters
    ----------
    stacks : packed stacks.
    learning_rate : of all of them.

    Raises
    ------
    ValueError : a stack is not packed.
    """

    def __init__(self, stacks: Sequence[Stack], learning_rate: float) -> None:
        blocks = [stack.block for stack in stacks if stack.block is not None]
        if len(blocks) < len(stacks):
            raise ValueError("stacks must be packed: call Stack.packed before giving them to BlockAdam")
        super().__init__(blocks, learning_rate)

    def _counted_on(self, tensor: Tensor) -> torch.device:
        return tensor.device

    def _move(self, tensor: Tensor, gradient: Tensor, moments: Moments) -> None:
        torch._fused_adam_(
            [tensor],
            [gradient],
            [moments.exp_avg],
            [moments.exp_avg_sq],
            [],
            [moments.step],
            lr=self.learning_rate,
            beta1=FIRST,
            beta2=SECOND,
            weight_decay=0.0,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )
