"""The value that a critic gives to joint observations and joint actions, in plain arrays and float64.

Every critic is asked in one way, whatever it reads: a local one takes its own agent's part of the joint vectors.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.games.core import GameSpec
from nashlens.games.network_policy import Network

Doubles = npt.NDArray[np.float64]


class Critic:
    """One agent's critic at one moment of a training.

    Parameters
    ----------
    networks : one, or two of which the smaller value counts (MATD3's target).
    spec : the game.
    agent : whose critic it is.
    central : whether it reads all observations and actions, or its own agent's only.

    Raises
    ------
    ValueError : there is no network, or one does not fit what the critic reads.
    """

    def __init__(self, networks: tuple[Network, ...], *, spec: GameSpec, agent: int, central: bool) -> None:
        if not networks:
            raise ValueError("networks must be at least one, not none")
        self.networks, self.spec, self.agent, self.central = networks, spec, agent, central
        self.observation_columns = _columns(spec.observation_sizes, None if central else agent)
        self.action_columns = _columns(spec.action_widths, None if central else agent)
        for network in networks:
            network.check_sizes(len(self.observation_columns) + len(self.action_columns), 1)

    def __call__(self, observations: Doubles, actions: Doubles) -> Doubles:
        """Return the values ``[B]``, in units of the agent's discounted return.

        Parameters
        ----------
        observations : joint vectors ``[B, ΣO]``, those of all agents one after the other.
        actions : joint vectors ``[B, ΣA]``, encoded as the critic was trained to read them: as they were played or,
            of the others under inference with ``fed_as="log_probabilities"``, as log probabilities.

        Raises
        ------
        ValueError : the shapes are not those of the game.
        """
        values: Doubles = np.min([self._outputs(n, observations, actions) for n in self.networks], axis=0)
        return values

    def action_gradient(self, observations: Doubles, actions: Doubles) -> Doubles:
        """Return the gradient ``[B, ΣA]`` of the values in the joint action; zero where the critic does not read.

        Parameters
        ----------
        observations, actions : as above.

        Raises
        ------
        ValueError : the shapes are not those of the game.

        Notes
        -----
        At the kink of a rectified unit the gradient is that of its flat side, as in automatic differentiation.
        """
        each = np.stack([self._outputs(n, observations, actions) for n in self.networks])
        gradients = np.stack([_input_gradient(n, self._inputs(observations, actions)) for n in self.networks])
        counts = gradients[each.argmin(axis=0), np.arange(each.shape[1])]
        start = len(self.observation_columns)
        found: Doubles = np.zeros(np.shape(actions), dtype=np.float64)
        found[:, self.action_columns] = counts[:, start : start + len(self.action_columns)]
        return found

    def _outputs(self, network: Network, observations: Doubles, actions: Doubles) -> Doubles:
        outputs: Doubles = network(self._inputs(observations, actions))[:, 0]
        return outputs

    def _inputs(self, observations: Doubles, actions: Doubles) -> Doubles:
        n_observed, n_acted = sum(self.spec.observation_sizes), sum(self.spec.action_widths)
        found = (np.shape(observations), np.shape(actions))
        n_rows = found[0][0] if found[0] else 0
        if found != ((n_rows, n_observed), (n_rows, n_acted)):
            raise ValueError(
                f"observations and actions must be joint vectors [B, {n_observed}] and [B, {n_acted}] of "
                f"{self.spec.name}, not {found[0]} and {found[1]}"
            )
        observed, acted = np.asarray(observations, np.float64), np.asarray(actions, np.float64)
        return np.concatenate([observed[:, self.observation_columns], acted[:, self.action_columns]], axis=1)


def _columns(widths: tuple[int, ...], agent: int | None) -> npt.NDArray[np.int64]:
    """Return the entries of a joint vector that belong to one agent, or all."""
    if agent is None:
        return np.arange(sum(widths))
    start = sum(widths[:agent])
    return np.arange(start, start + widths[agent])


def _input_gradient(network: Network, inputs: Doubles) -> Doubles:
    """Return the gradient ``[B, in]`` of the one output in the inputs, the appended index apart."""
    n_rows = len(inputs)
    layer = inputs
    if network.index:
        layer = np.concatenate([layer, np.broadcast_to(network.index, (n_rows, len(network.index)))], axis=1)
    open_units = []
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        layer = layer @ weight + bias
        open_units.append(layer > 0)
        layer = np.maximum(layer, 0.0)
    gradient: Doubles = np.broadcast_to(network.weights[-1][:, 0], (n_rows, len(network.weights[-1])))
    for weight, is_open in zip(network.weights[-2::-1], open_units[::-1], strict=True):
        gradient = (gradient * is_open) @ weight.T
    return gradient[:, : inputs.shape[1]]
