"""What the homogeneity instrument measures of single runs."""

from __future__ import annotations

from nashlens.analysis.local_best_response import LISY
from nashlens.reports.instruments.critic_deviation import NAME
from nashlens.reports.quantities import Quantity

SND = "Bettini, Shankar & Prorok (2025), JMLR 26(163), arXiv:2305.02128"

QUANTITIES = (
    Quantity(
        name="diversity_choice",
        title="Diversity of choices",
        value_unit="share of the largest distance",
        definition="System Neural Diversity of the agents of one role: the total variation distance between two "
        "agents' last policies at the same observation, averaged over pairs of agents and over observations pooled "
        "from all of them; 0 for agents that share a network without an index.",
        least=0.0,
        most=1.0,
        reference=SND,
    ),
    Quantity(
        name="diversity_force",
        title="Diversity of forces",
        value_unit="share of the largest distance",
        definition="The same with the distance between the forces that moves exert: the 2-Wasserstein distance between "
        "distributions over moves, or, where soft or real-valued actions are played, the distance between the forces "
        "of the actions without noise.",
        least=0.0,
        most=1.0,
        reference=SND,
    ),
    Quantity(
        name="diversity_gaussian",
        title="Diversity of Gaussian policies",
        value_unit="share of the diagonal of the actions' box",
        definition="The same for real-valued actions: the 2-Wasserstein distance between the Gaussians of two agents, "
        "before they are clipped.",
        least=0.0,
        reference=SND,
    ),
    Quantity(
        name="gradient_conflict",
        title="Conflict of shared gradients",
        value_unit="share of pairs of agents",
        definition="Share of pairs of agents whose own policy gradients of the parameters that they share point "
        "against each other (a cosine below 0). It is one of disturbance in learning: where agents pull the same way "
        "there is none, whatever sharing costs. Averaged over the snapshots since the first update in matrix games, "
        "where gradients are exact, and over minibatches at the last snapshot elsewhere.",
        least=0.0,
        most=1.0,
        missing="all gradients but one are 0",
    ),
    Quantity(
        name="gradient_cancellation",
        title="Cancellation of shared gradients",
        value_unit="0 (none) to 1 (total)",
        definition="One less the length of the sum of the agents' own policy gradients of shared parameters over the "
        "sum of their lengths.",
        least=0.0,
        most=1.0,
    ),
    Quantity(
        name=NAME,
        title="Gain by what critics value most",
        value_unit="payoff",
        definition="What the agents would gain, each deviating alone to the action that its own last critic values "
        "most against the others' strategies, added over agents; an agent whose critic errs counts 0. A lower bound of "
        "NashConv, in matrix games whose runs kept their critics.",
        least=0.0,
        reference=LISY,
    ),
)
