"""Adam over the blocks of packed stacks: the rule of `torch.optim.Adam`, one pass over all parameters of a stack.

References
----------
Kingma, Ba (2015), arXiv:1412.6980.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from nashlens.agents.networks import Stack


class BlockAdam(torch.optim.Adam):
    """Adam whose step goes straight to the fused kernel; its state is kept and restored as that of `torch.optim.Adam`.

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
        super().__init__(blocks, lr=learning_rate)
        self._blocks = blocks

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Move all blocks by their gradients; no closure is taken."""
        assert closure is None
        group = self.param_groups[0]
        first, second = group["betas"]
        for block in self._blocks:
            assert block.grad is not None
            kept = self.state[block] or self._begun(block)
            kept["step"] += 1
            torch._fused_adam_(
                [block],
                [block.grad],
                [kept["exp_avg"]],
                [kept["exp_avg_sq"]],
                [],
                [kept["step"]],
                lr=group["lr"],
                beta1=first,
                beta2=second,
                weight_decay=0.0,
                eps=group["eps"],
                amsgrad=False,
                maximize=False,
            )

    def _begun(self, block: Tensor) -> dict[str, Tensor]:
        begun = {
            "step": torch.zeros((), device=block.device),
            "exp_avg": torch.zeros_like(block),
            "exp_avg_sq": torch.zeros_like(block),
        }
        self.state[block] = begun
        return begun
