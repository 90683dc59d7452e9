"""Names, units and definitions of what is measured of moving policies, and of the values that move with them."""

from __future__ import annotations

from nashlens.reports.quantities import Quantity

LI = "Li, Wang, Jin, Sheng, Zha (2022), arXiv:2102.10616"
SHAPLEY = "Shapley (1953), A value for n-person games"
PARTS = ("own", "others", "interaction")
DISTANCES = ("tv", "kl_new_old", "kl_old_new", "w2")
RATE_STEPS = 1_000
MAX_AGENTS = 8  # agents up to which the values of all 2^N mixtures of old and new policies are computed


def shapley_name(agent: int) -> str:
    """Return the name of one agent's Shapley share in the change of values, by its number.

    >>> shapley_name(2)
    'ns_shapley_2'
    """
    return f"ns_shapley_{agent}"


def _distance(name: str, title: str, unit: str, definition: str, missing: str = "") -> Quantity:
    return Quantity(
        name=f"ns_policy_{name}",
        title=title,
        value_unit=unit,
        definition=f"{definition}, averaged over states where policies are known everywhere (in sequential games over "
        "information sets), elsewhere over what was seen in episodes of the final policies. Of real-valued actions "
        "before they are clipped; an ensemble of such counts as the Gaussian of its mean and spread.",
        least=0.0,
        missing=missing,
        reference=LI,
    )


def _of_policies() -> tuple[Quantity, ...]:
    return (
        _distance(
            "tv",
            "Policy drift, total variation",
            "0 to 1",
            "Total variation between an agent's policies at one snapshot and at the one before",
            "no closed form: Gaussians of different widths",
        ),
        _distance(
            "kl_new_old",
            "Policy drift, divergence of new from old",
            "nats",
            "Kullback-Leibler divergence of an agent's policy at one snapshot from the one before, infinite where it "
            "does what it never did",
        ),
        _distance(
            "kl_old_new",
            "Policy drift, divergence of old from new",
            "nats",
            "Kullback-Leibler divergence of an agent's policy at one snapshot from the next, infinite where it gave up "
            "an action",
        ),
        _distance(
            "w2",
            "Policy drift, 2-Wasserstein",
            "action",
            "2-Wasserstein distance between an agent's real-valued policies at one snapshot and at the one before",
        ),
        _distance(
            "rate",
            "Rate of policy drift",
            f"each {RATE_STEPS:,} steps",
            f"Total variation (2-Wasserstein distance of real-valued actions) for each {RATE_STEPS:,} environment "
            "steps between snapshots",
        ),
        _distance(
            "path",
            "Length of the policy's path",
            "distance",
            "Sum of the policy's total variations (2-Wasserstein distances of real-valued actions) from snapshot to "
            "snapshot since the first",
        ),
        _distance(
            "straight",
            "Distance of the policy from its first",
            "distance",
            "Total variation (2-Wasserstein distance of real-valued actions) between a policy and the first one",
        ),
        Quantity(
            name="ns_tortuosity",
            title="Tortuosity of the policy's path",
            value_unit="1",
            definition="Length of the path that the agent's policy took, from snapshot to snapshot, over the distance "
            "from its first to its last: 1 on a straight way, more where it turns back.",
            least=1.0,
            missing="the policy ended where it began",
            reference=LI,
        ),
    )


def _of_values() -> tuple[Quantity, ...]:
    words = {
        "own": "its own policy alone",
        "others": "all policies but its own",
        "interaction": "all policies, less the own and the others' part",
    }
    return tuple(
        Quantity(
            name=f"ns_value_{part}",
            title=f"Change of value, {part}",
            value_unit="return",
            definition=f"Change of the agent's value when {words[part]} moved from one snapshot to the next.",
        )
        for part in PARTS
    )


def _of_shares() -> tuple[Quantity, ...]:
    return (
        Quantity(
            name="ns_others_share",
            title="Share of the others in the change of value",
            value_unit="0 to 1",
            definition="Sum over snapshots of the others' part, in size, over the sum of all three parts in size.",
            least=0.0,
            missing="no value changed",
        ),
        Quantity(
            name="ns_others_share_floor",
            title="Null of the share of the others",
            value_unit="0 to 1",
            definition="The same share with each agent's old and new policy swapped at random in each episode: what it "
            "would be if no change of policy mattered.",
            least=0.0,
            missing="no value changed",
        ),
        Quantity(
            name="ns_others_p",
            title="p-value of no change of value by the others",
            value_unit="probability",
            definition="Share of such swaps at which the others' part is at least as large, its sizes added over "
            "snapshots.",
            least=0.0,
        ),
        *(
            Quantity(
                name=shapley_name(j),
                title=f"Change of value, Shapley share of agent number {j}",
                value_unit="return",
                definition="What one agent's move to its new policy changes in the agent's value, averaged over all "
                "orders in which agents could have moved; the shares of all agents add up to the change.",
                reference=SHAPLEY,
            )
            for j in range(MAX_AGENTS)
        ),
    )


MOVEMENT_QUANTITIES = (*_of_policies(), *_of_values(), *_of_shares())
