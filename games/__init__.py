"""Games: one vectorised contract over matrix games, sequential games, particle worlds and other people's environments.

Arrays, probabilities and generators only; this room knows nothing of learners, metrics or files.
"""

from nashlens.games.anchors import anchor_policies, random_policy
from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.core import ActionSpace, Batch, Box, Choice, Game, GameSpec, Step
from nashlens.games.episodes import Episodes, play
from nashlens.games.normal_form import NormalFormGame, Profile
from nashlens.games.open_spiel import from_open_spiel
from nashlens.games.petting_zoo import from_petting_zoo
from nashlens.games.policy import JointPolicy, Policy
from nashlens.games.registry import make, names
from nashlens.games.sequential import SequentialGame

__all__ = [
    "ActionSpace",
    "Batch",
    "BehaviouralProfile",
    "Box",
    "Choice",
    "Episodes",
    "Game",
    "GameSpec",
    "JointPolicy",
    "NormalFormGame",
    "Policy",
    "Profile",
    "SequentialGame",
    "Step",
    "anchor_policies",
    "from_open_spiel",
    "from_petting_zoo",
    "make",
    "names",
    "play",
    "random_policy",
]
