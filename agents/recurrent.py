"""Recurrent networks, stacked over seeds and slots: a rectified layer, a gated recurrent unit, an output layer.

With input x, memory h and the gates r (reset) and z (update), the unit computes

    r = σ(x W_r + b_r + h U_r + c_r),  z = σ(x W_z + b_z + h U_z + c_z),
    n = tanh(x W_n + b_n + r ∘ (h U_n + c_n)),  h' = (1 − z) ∘ n + z ∘ h.

The parameters of the three gates stand side by side in the order r, z, n.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from nashlens.agents.networks import Stack
from nashlens.agents.products import affine
from nashlens.agents.sharing import Slots


def gated_memory(from_input: Tensor, from_memory: Tensor, memory: Tensor) -> Tensor:
    """Return the next memory ``[…, M]`` of a gated recurrent unit.

    Parameters
    ----------
    from_input, from_memory : ``[…, 3 M]``; what the gates r, z and n get from the input and from the memory.
    memory : ``[…, M]``.
    """
    reset_input, update_input, new_input = from_input.chunk(3, dim=-1)
    reset_memory, update_memory, new_memory = from_memory.chunk(3, dim=-1)
    update = logistic(update_input + update_memory)
    candidate = torch.tanh(new_input + logistic(reset_input + reset_memory) * new_memory)
    return (1 - update) * candidate + update * memory


def logistic(values: Tensor) -> Tensor:
    """Return ``1 / (1 + exp(−x))`` as ``(1 + tanh(x / 2)) / 2``.

    torch's own rounds by where an entry stands in memory; a seed alone would differ from the same seed among others.
    """
    return 0.5 * (1 + torch.tanh(0.5 * values))


class RecurrentStack(Stack):
    """Recurrent networks, one for each seed and slot; four layers: encoder, gates of input and of memory, output.

    Parameters
    ----------
    weights, biases, slots : as in `Stack`.
    """

    recurrent = True

    @classmethod
    def drawn(
        cls,
        n_inputs: int,
        hidden: int,
        memory: int,
        n_outputs: int,
        *,
        slots: Slots,
        device: torch.device,
        rngs: Sequence[np.random.Generator],
    ) -> RecurrentStack:
        """Return a stack with Glorot-uniform weights, gate by gate, and zero biases.

        Parameters
        ----------
        n_inputs, hidden, memory, n_outputs : widths; the index is added to the first.
        slots : L slots.
        device : where the parameters live.
        rngs : one generator a seed.
        """
        shapes = [
            (n_inputs + slots.index.shape[1], hidden, 1),
            (hidden, memory, 3),
            (memory, memory, 3),
            (memory, n_outputs, 1),
        ]
        weights, biases = [], []
        for fan_in, fan_out, gates in shapes:
            limit = (6 / (fan_in + fan_out)) ** 0.5
            size = (slots.n_slots, fan_in, gates * fan_out)
            draws = np.stack([rng.uniform(-limit, limit, size) for rng in rngs])
            weights.append(torch.tensor(draws, dtype=torch.float32, device=device))
            biases.append(torch.zeros(len(rngs), slots.n_slots, 1, gates * fan_out, device=device))
        return cls(weights, biases, slots)

    @property
    def memory_size(self) -> int:
        """M."""
        return self.weights[2].shape[2]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the outputs ``[S, n, B, out]`` at the first step of an episode."""
        empty = torch.zeros(*inputs.shape[:3], self.memory_size, device=inputs.device)
        return self.step(inputs, empty)[0]

    def step(self, inputs: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs ``[S, n, B, out]`` and the memory ``[S, n, B, M]`` after the inputs were seen.

        Parameters
        ----------
        inputs : ``[S, n, B, in]``.
        memory : ``[S, n, B, M]``, before.
        """
        following = gated_memory(self._from_inputs(inputs), self._layer(memory, 2), memory)
        return self._layer(following, 3), following

    def unroll(self, inputs: Tensor, began: Tensor, memory: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return outputs ``[S, n, W, E, out]`` and memories ``[S, n, W, E, M]`` after each of W steps.

        The memory is empty before each step that begins an episode.

        Parameters
        ----------
        inputs : ``[S, n, W, E, in]``.
        began : ``[S, W, E]``, or ``[S, n, W, E]`` where each agent has steps of its own; 1 where a step begins an
            episode.
        memory : ``[S, n, E, M]``, before the first step; empty if left out.
        """
        n_seeds, n_agents, n_steps, n_envs = inputs.shape[:4]
        from_inputs = self._from_inputs(inputs.flatten(2, 3)).view(n_seeds, n_agents, n_steps, n_envs, -1)
        if memory is None:
            memory = torch.zeros(n_seeds, n_agents, n_envs, self.memory_size, device=inputs.device)
        kept = 1 - (began[:, None] if began.dim() == 3 else began)
        memories = []
        for t in range(n_steps):
            memory = memory * kept[:, :, t, :, None]
            memory = gated_memory(from_inputs[:, :, t], self._layer(memory, 2), memory)
            memories.append(memory)
        remembered = torch.stack(memories, dim=2)
        outputs = self._layer(remembered.flatten(2, 3), 3)
        return outputs.view(n_seeds, n_agents, n_steps, n_envs, -1), remembered

    def copy(self) -> RecurrentStack:
        """Return an equal stack of its own that records no gradient."""
        weights, biases = ([t.detach().clone() for t in tensors] for tensors in (self.weights, self.biases))
        return RecurrentStack(weights, biases, self.slots)

    def frozen(self) -> RecurrentStack:
        """Return the same parameters as constants: gradients pass through to the inputs and not to them."""
        return RecurrentStack([w.detach() for w in self.weights], [b.detach() for b in self.biases], self.slots)

    def _from_inputs(self, inputs: Tensor) -> Tensor:
        """Return what the gates get from inputs ``[S, n, B, in]``, ``[S, n, B, 3 M]``."""
        return self._layer(torch.relu(self._layer(self._indexed(inputs), 0)), 1)

    def _layer(self, inputs: Tensor, depth: int) -> Tensor:
        """Return one affine layer's outputs ``[S, n, B, out]``."""
        rows = affine(inputs.flatten(0, 1), self._of_agents(self.weights[depth]), self._of_agents(self.biases[depth]))
        return rows.view(*inputs.shape[:-1], -1)
