"""The parameters and the optimisers' moments of a learner as tensors by name, for checkpoints."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from nashlens.agents.adam import Adam
from nashlens.agents.networks import Stack


def parameter_state(stacks: Mapping[str, Stack], optimisers: Mapping[str, Adam]) -> dict[str, Tensor]:
    """Return copies of every parameter and of the optimisers' moments."""
    state: dict[str, Tensor] = {}
    for name, stack in stacks.items():
        state |= {f"{name}.{k}": t.detach().clone() for k, t in enumerate(stack.tensors)}
    for name, optimiser in optimisers.items():
        state |= {f"{name}_optimiser.{key}": moment for key, moment in optimiser.state().items()}
    return state


def load_parameters(stacks: Mapping[str, Stack], optimisers: Mapping[str, Adam], state: Mapping[str, Tensor]) -> None:
    """Set parameters and moments to what `parameter_state` returned."""
    with torch.no_grad():
        for name, stack in stacks.items():
            for k, tensor in enumerate(stack.tensors):
                tensor.copy_(state[f"{name}.{k}"])
    for name, optimiser in optimisers.items():
        before = f"{name}_optimiser."
        optimiser.load({key.removeprefix(before): t for key, t in state.items() if key.startswith(before)})
