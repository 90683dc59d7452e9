"""What a snapshot keeps of parameter stacks: copies of their tensors by name, and later one seed's course of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from nashlens.agents.networks import Stack

Layers = Mapping[str, npt.NDArray[np.float32]]


def stack_layers(stacks: Mapping[str, Stack]) -> dict[str, npt.NDArray[np.float32]]:
    """Return copies of every tensor ``[S, …]`` of some stacks, as ``name.k`` in the order of `Stack.tensors`."""
    return {
        f"{name}.{k}": tensor.detach().cpu().numpy().copy()
        for name, stack in stacks.items()
        for k, tensor in enumerate(stack.tensors)
    }


def tensors_over(kept: Sequence[Layers], name: str, seed: int, *, stack: Stack) -> list[list[npt.NDArray[np.float32]]]:
    """Return for each of T snapshots one seed's tensors of a stack, in the order of `Stack.tensors`.

    Parameters
    ----------
    kept : T snapshots that hold the results of `stack_layers`.
    name : what the stack was called.
    seed : position of the seed.
    stack : the stack itself, which says how many tensors there are.
    """
    return [[layers[f"{name}.{k}"][seed] for k in range(len(stack.tensors))] for layers in kept]
