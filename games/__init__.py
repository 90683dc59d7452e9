"""Games: one vectorised contract over matrix games, sequential games, particle worlds and other people's environments.

Arrays, probabilities and generators only; this room knows nothing of learners, metrics or files.
"""

from nashlens.games.core import ActionSpace, Batch, Box, Choice, Game, GameSpec, Step
from nashlens.games.episodes import Episodes, play
from nashlens.games.normal_form import NormalFormGame, Profile
from nashlens.games.policy import JointPolicy, Policy
from nashlens.games.registry import make, names

__all__ = [
    "ActionSpace",
    "Batch",
    "Box",
    "Choice",
    "Episodes",
    "Game",
    "GameSpec",
    "JointPolicy",
    "NormalFormGame",
    "Policy",
    "Profile",
    "Step",
    "make",
    "names",
    "play",
]
