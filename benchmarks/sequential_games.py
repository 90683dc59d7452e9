"""Episodes per second of compiled game trees against stepping OpenSpiel's states in Python, in one run.

Both play uniformly over legal actions. OpenSpiel is stepped in two ways:
- example: the loop of OpenSpiel's own example, in which NumPy draws chance's moves; nothing is observed;
- lean: the fastest loop that we could write, without NumPy, with the mover's information-state tensor and without.
The compiled tree hands out every agent's observations and masks, before and after restarts.

Run: python benchmarks/sequential_games.py
"""

from __future__ import annotations

import random
import time
from typing import Any

import numpy as np
import pyspiel

from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.open_spiel import from_open_spiel
from nashlens.games.sequential import SequentialGame

GAMES = ("kuhn_poker", "leduc_poker", "liars_dice(dice_sides=4)", "tiny_bridge_2p")


def example_episodes_per_second(game: Any, seconds: float) -> float:
    rng, chance = random.Random(0), np.random.default_rng(0)
    episodes, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        state = game.new_initial_state()
        while not state.is_terminal():
            if state.is_chance_node():
                outcomes, weights = zip(*state.chance_outcomes(), strict=True)
                state.apply_action(chance.choice(outcomes, p=weights))
            else:
                state.apply_action(rng.choice(state.legal_actions(state.current_player())))
        state.returns()
        episodes += 1
    return episodes / (time.perf_counter() - begin)


def spiel_episodes_per_second(game: Any, seconds: float, observe: bool) -> float:
    rng = random.Random(0)
    episodes, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        for _ in range(100):
            state = game.new_initial_state()
            while not state.is_terminal():
                if state.is_chance_node():
                    outcomes, weights = zip(*state.chance_outcomes(), strict=True)
                    state.apply_action(rng.choices(outcomes, weights)[0])
                    continue
                if observe:
                    state.information_state_tensor(state.current_player())
                state.apply_action(rng.choice(state.legal_actions()))
            state.returns()
        episodes += 100
    return episodes / (time.perf_counter() - begin)


def compiled_episodes_per_second(game: SequentialGame, n_envs: int, seconds: float) -> float:
    rng = np.random.default_rng(0)
    batch = game.start(n_envs, rng=np.random.default_rng(1))
    episodes, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        for _ in range(10):
            assert batch.masks is not None
            step = batch.step([rng.random(mask.shape) * mask for mask in batch.masks])
            episodes += int(step.ended.sum())
    return episodes / (time.perf_counter() - begin)


def main() -> None:
    print("episodes per second, one core; ratios to OpenSpiel's example loop / lean with tensors / lean without")
    for text in GAMES:
        source = pyspiel.load_game(text)
        begin = time.perf_counter()
        game = from_open_spiel(text)
        compiled_in = time.perf_counter() - begin
        example = example_episodes_per_second(source, 3.0)
        seen, blind = (spiel_episodes_per_second(source, 3.0, observe) for observe in (True, False))
        print(f"{text}: {game.tree.n_histories} histories compiled in {compiled_in:.2f} s")
        print(f"  OpenSpiel: example {example:,.0f}, lean {seen:,.0f} with tensors, {blind:,.0f} without")
        for n_envs in (64, 1024, 4096, 8192):
            ours = compiled_episodes_per_second(game, n_envs, 3.0)
            ratios = " / ".join(f"{ours / theirs:.1f}" for theirs in (example, seen, blind))
            print(f"  E = {n_envs:>5}: {ours:>12,.0f}   ratios {ratios}")
        profiles = BehaviouralProfile.stack([game.uniform_profile()] * 100)
        begin = time.perf_counter()
        game.values(profiles)
        print(f"  values of 100 profiles: {time.perf_counter() - begin:.3f} s")


if __name__ == "__main__":
    main()
