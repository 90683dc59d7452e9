"""How much memory the learners of one seed hold when training ends, read off the learners themselves.

They are built once with room for all that they will keep, and take in one round. Large stores are asked of the
operating system without being touched, so that building them costs hardly any memory and little time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch

from nashlens.agents.checkpoint import Generators
from nashlens.agents.config import Algorithm
from nashlens.agents.families import engine_for
from nashlens.agents.rollout import Rollout
from nashlens.games.core import Game


def seed_bytes(game: Game, algorithms: Mapping[str, Algorithm], *, steps: int) -> int:
    """Return the bytes of networks, optimisers and replay of one seed.

    Parameters
    ----------
    game : what is played.
    algorithms, steps : as for `families.engine_for`.

    Returns
    -------
    Bytes that are held throughout; what an update needs for its own duration comes on top, and so do snapshots.

    Raises
    ------
    ValueError : the sides' algorithms cannot train in one run, or a setting does not fit the game.
    """
    device = torch.device("cpu")
    engine = engine_for(game.spec, algorithms, seeds=(0,), steps=steps, device=device)
    generators = Generators((0,), device=device)
    rollout = Rollout(
        game,
        engine.n_envs,
        ensembles=engine.ensembles,
        device=device,
        rngs=generators.environments,
        assigning=generators.assigning,
    )
    rollout.step(engine, n_updates=0, generators=generators.acting)
    return held_bytes(engine)


def held_bytes(thing: object) -> int:
    """Return the bytes of all arrays and tensors within reach of an object, shared memory counted once.

    Looked through are attributes, and the elements of lists, tuples and mappings.

    Examples
    --------
    >>> weights = torch.zeros(3, 4)
    >>> held_bytes({"weights": weights, "first row": weights[0], "biases": [np.zeros(2)]})
    64
    """
    blocks: dict[int, int] = {}
    seen: set[int] = set()
    waiting = [thing]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, torch.Tensor):
            storage = each.untyped_storage()
            blocks[storage.data_ptr()] = storage.nbytes()
            waiting += [] if each.grad is None else [each.grad]
        elif isinstance(each, np.ndarray):
            owner = each if each.base is None else each.base
            if isinstance(owner, np.ndarray):
                blocks[owner.ctypes.data] = owner.nbytes
        else:
            waiting += _parts(each)
    return sum(blocks.values())


def _parts(thing: object) -> Iterator[object]:
    if isinstance(thing, Mapping):
        yield from thing.values()
    elif isinstance(thing, Sequence) and not isinstance(thing, str | bytes | range):
        yield from thing
    elif type(thing).__module__.startswith("nashlens."):
        yield from getattr(thing, "__dict__", {}).values()
        yield from (getattr(thing, name, None) for name in getattr(type(thing), "__slots__", ()))
