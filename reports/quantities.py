"""What each metric of the tidy frame is: its name for a reader, its unit, its direction, its source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A metric of the tidy frame.

    Attributes
    ----------
    name : as in the frame.
    title : for a heading or an axis.
    value_unit : unit of the values, such as ``payoff``.
    definition : one sentence.
    higher_is_better : its direction; None where it has none.
    least : the least value it can take, to which intervals are cut; None if there is none.
    reference : where the definition stands.
    """

    name: str
    title: str
    value_unit: str
    definition: str
    higher_is_better: bool | None = None
    least: float | None = None
    reference: str = ""


_ALL = (
    Quantity(
        name="training_return",
        title="Return in training",
        value_unit="reward per episode and agent",
        definition="Mean undiscounted return of an agent over the training episodes since the snapshot before, "
        "exploration included.",
        higher_is_better=True,
    ),
    Quantity(
        name="evaluation_return",
        title="Return in evaluation",
        value_unit="reward per episode and agent",
        definition="Mean undiscounted return of an agent over fresh episodes that take no part in training.",
        higher_is_better=True,
    ),
    Quantity(
        name="final_return",
        title="Return of the final policies",
        value_unit="reward per episode and agent",
        definition="Mean undiscounted return of an agent over fresh episodes of the policies of the last snapshot.",
        higher_is_better=True,
    ),
    Quantity(
        name="nash_conv",
        title="NashConv, last iterate",
        value_unit="payoff",
        definition="Sum over agents of what each could gain by deviating alone from the strategies of one snapshot; 0 "
        "exactly at a Nash equilibrium.",
        higher_is_better=False,
        least=0.0,
        reference="Lanctot et al. (2017), arXiv:1711.00832",
    ),
    Quantity(
        name="nash_conv_average",
        title="NashConv, time average",
        value_unit="payoff",
        definition="NashConv of the profile in which each agent plays the mean of its strategies at the snapshots "
        "since the first update; the snapshots before it do not count.",
        higher_is_better=False,
        least=0.0,
        reference="Lanctot et al. (2017), arXiv:1711.00832",
    ),
    Quantity(
        name="turns",
        title="Turns around the equilibrium",
        value_unit="whole turns",
        definition="How often the strategies went around the only equilibrium of the game, in the plane of the path's "
        "two widest directions, from snapshot to snapshot since the first update.",
        least=0.0,
        reference="Mertikopoulos, Papadimitriou, Piliouras, arXiv:1709.02738",
    ),
    Quantity(
        name="expected_payoff",
        title="Expected payoff",
        value_unit="payoff",
        definition="Payoff of an agent under the strategies of one snapshot, computed from the payoff tensor.",
        higher_is_better=True,
    ),
    Quantity(
        name="welfare_gap",
        title="Welfare gap",
        value_unit="payoff, summed over agents",
        definition="The highest sum of payoffs of any joint action, less the expected sum under the strategies of one "
        "snapshot. NashConv is 0 at bad equilibria too: this tells them apart.",
        higher_is_better=False,
        least=0.0,
    ),
    Quantity(
        name="policy_drift",
        title="Policy drift",
        value_unit="total variation",
        definition="Total variation distance between an agent's policies at one snapshot and the one before: of its "
        "strategies in a matrix game, averaged over probe observations elsewhere.",
        least=0.0,
        reference="Li, Wang, Jin, Sheng, Zha (2022), arXiv:2102.10616",
    ),
    Quantity(
        name="reward_drift",
        title="Induced reward drift",
        value_unit="payoff",
        definition="How far the expected payoff of an agent's own actions moved between two snapshots because the "
        "others' strategies did, averaged over its actions.",
        least=0.0,
        reference="Lowe et al. (2017), arXiv:1706.02275, section 3",
    ),
    Quantity(
        name="reward_drift_joint",
        title="Reward drift given all actions",
        value_unit="payoff",
        definition="The same, given the actions of all agents: 0 by construction, and a check of the instrument.",
        least=0.0,
        reference="Lowe et al. (2017), arXiv:1706.02275, section 4.1",
    ),
)
QUANTITIES = {quantity.name: quantity for quantity in _ALL}
EPISODE_MEASURE = "episode_"


def quantity(name: str) -> Quantity:
    """Return what a metric is; what a game itself measures in its episodes goes by ``episode_`` and its own name.

    Raises
    ------
    ValueError : there is no such metric.
    """
    if name in QUANTITIES:
        return QUANTITIES[name]
    if not name.startswith(EPISODE_MEASURE):
        raise ValueError(f"metric must be one of {', '.join(QUANTITIES)} or begin with {EPISODE_MEASURE}, not {name!r}")
    plain = name.removeprefix(EPISODE_MEASURE).replace("_", " ")
    return Quantity(
        name=name,
        title=plain[:1].upper() + plain[1:],
        value_unit="mean over the steps of an episode",
        definition=f"What the game measures as {plain}, averaged over the steps of fresh episodes of the final "
        "policies.",
    )
