"""The parameters and the optimisers' moments of a learner as tensors by name, for checkpoints."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from nashlens.agents.networks import Stack


def parameter_state(stacks: Mapping[str, Stack], optimisers: Mapping[str, torch.optim.Adam]) -> dict[str, Tensor]:
    """Return copies of every parameter and of the optimisers' moments."""
    state: dict[str, Tensor] = {}
    for name, stack in stacks.items():
        state |= {f"{name}.{k}": t.detach().clone() for k, t in enumerate(stack.tensors)}
    for name, optimiser in optimisers.items():
        for k, moments in optimiser.state_dict()["state"].items():
            state |= {f"{name}_optimiser.{k}.{label}": t.clone() for label, t in moments.items()}
    return state


def load_parameters(
    stacks: Mapping[str, Stack], optimisers: Mapping[str, torch.optim.Adam], state: Mapping[str, Tensor]
) -> None:
    """Set parameters and moments to what `parameter_state` returned."""
    with torch.no_grad():
        for name, stack in stacks.items():
            for k, tensor in enumerate(stack.tensors):
                tensor.copy_(state[f"{name}.{k}"])
    for name, optimiser in optimisers.items():
        moments: dict[int, dict[str, Tensor]] = {}
        for key, tensor in state.items():
            owner, *place = key.split(".")
            if owner == f"{name}_optimiser":
                moments.setdefault(int(place[0]), {})[place[1]] = tensor.clone()
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": moments, "param_groups": groups})
