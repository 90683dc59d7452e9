"""What each metric of the tidy frame is: its name for a reader, its unit, its direction, its source."""

from __future__ import annotations

from dataclasses import dataclass

UP_TO_1 = ("0 to 1", "probability")


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
    least, most : the least and the largest value it can take, to which intervals are cut; None if there is none, or if
        `most` is 1 and the unit says so.
    share : whether it is 0 or 1 for each seed, so that its mean is the share of the seeds.
    missing : why a seed may have no number, where that can be.
    timing : whether it is a time that passed, which measuring again does not repeat.
    reference : where the definition stands.
    """

    name: str
    title: str
    value_unit: str
    definition: str
    higher_is_better: bool | None = None
    least: float | None = None
    most: float | None = None
    share: bool = False
    missing: str = ""
    timing: bool = False
    reference: str = ""

    @property
    def ceiling(self) -> float | None:
        """The largest value it can take: `most`, or 1 for what is counted from 0 to 1; None if there is none."""
        return 1.0 if self.most is None and self.value_unit.endswith(UP_TO_1) else self.most


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
        name="score",
        title="Normalised score",
        value_unit="0 random play, 1 the better anchor",
        definition="Return of the final policies, mean over agents, on the scale of the game's anchors: the returns of "
        "random play and of the highest sum of payoffs or, in particle worlds, of rules of thumb.",
        higher_is_better=True,
        reference="Agarwal et al. (2021), arXiv:2108.13264",
    ),
    Quantity(
        name="success",
        title="Share of seeds that learned",
        value_unit="0 to 1",
        definition="1 for a seed whose mean return over the last 1,000 training episodes is above the threshold of its "
        "game, else 0; the threshold stands with the figure.",
        higher_is_better=True,
        least=0.0,
        share=True,
        reference="Lowe et al. (2017), arXiv:1706.02275, figure 6",
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
        "since the first update; the snapshots before it do not count. It is a mean over snapshots and not over all "
        "updates, so that it depends on their spacing; of learners that know the payoffs (fictitious play and its "
        "like) it is the mean over all rounds. In a sequential game that is the strategy of playing one of them, drawn "
        "once before the game.",
        higher_is_better=False,
        least=0.0,
        reference="Lanctot et al. (2017), arXiv:1711.00832",
    ),
    Quantity(
        name="cce_gap",
        title="Coarse correlated gap",
        value_unit="payoff",
        definition="The most that an agent could gain by one fixed action, decided beforehand, against the joint "
        "distribution that the agents of a side play who draw their sub-policies together; 0 exactly at a coarse "
        "correlated equilibrium. It stands in place of NashConv, which is defined for independent strategies only: the "
        "product of the agents' own mixtures is not what is played.",
        higher_is_better=False,
        least=0.0,
    ),
    Quantity(
        name="turns",
        title="Turns around the equilibrium",
        value_unit="whole turns",
        definition="How often the strategies went around the only equilibrium of the game, in the plane of the path's "
        "two widest directions, from snapshot to snapshot since the first update, each the shorter way round. An "
        "estimate: between two snapshots a path may turn unseen, so that the number depends on their spacing; it is "
        "left out where the path goes more than a quarter of a turn between two of them.",
        missing="the path turns more than a quarter between two snapshots, so that more of them are needed, or it "
        "meets the equilibrium, or runs along a line",
        least=0.0,
        reference="Mertikopoulos, Papadimitriou, Piliouras, arXiv:1709.02738",
    ),
    Quantity(
        name="expected_payoff",
        title="Expected payoff",
        value_unit="payoff",
        definition="Payoff of an agent under the strategies of one snapshot, computed from the payoff tensor or the "
        "game tree.",
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
        "strategies in a matrix game; in a sequential game averaged over its information sets, by how often the two "
        "snapshots reach them; averaged over probe observations elsewhere.",
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
SCORE = "score"
QUANTITIES = {quantity.name: quantity for quantity in _ALL}
EPISODE_MEASURE = "episode_"
END_MEASURE = "end_"
DIVERGENCE = "kl_"
LAST = "last_"
PROBABILITY = "probability_"
_DIRECTIONS = {"model_true": "inferred from true", "true_model": "true from inferred"}
_PAIRS = {"target": "both target networks", "online": "both online networks"}
_PLACES = {"replay": "replay", "fresh": "new transitions"}


def quantity(name: str) -> Quantity:
    """Return what a metric is.

    What a game itself measures goes by its own name and ``episode_`` before it, averaged over an episode, or ``end_``,
    at its last step; a divergence between policies
    by ``kl_{direction}_{pair}_{place}`` (``last_`` before it: its mean over the last updates), the probability of an
    agent's action by ``probability_`` and the action's number.

    Raises
    ------
    ValueError : there is no such metric.
    """
    if name in QUANTITIES:
        return QUANTITIES[name]
    if name.removeprefix(LAST).startswith(DIVERGENCE):
        return _divergence(name)
    if name.startswith(PROBABILITY):
        return Quantity(
            name=name,
            title=f"Probability of action {name.removeprefix(PROBABILITY)}",
            value_unit="probability",
            definition="With which probability an agent plays an action, by the action's number.",
            least=0.0,
        )
    if name.startswith(END_MEASURE):
        plain = name.removeprefix(END_MEASURE).replace("_", " ")
        return Quantity(
            name=name,
            title=f"{plain[:1].upper() + plain[1:]}, last step",
            value_unit="at the last step of an episode",
            definition=f"What the game measures as {plain} at the last step of fresh episodes of the final policies.",
        )
    if name in (more := quantities_of_instruments()):
        return more[name]
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


def quantities_of_instruments() -> dict[str, Quantity]:
    """Return the metrics of every instrument by name."""
    from nashlens.reports.instruments import registry

    return registry.quantities()


def _divergence(name: str) -> Quantity:
    parts = name.removeprefix(LAST).removeprefix(DIVERGENCE).split("_")
    direction = _DIRECTIONS.get("_".join(parts[:2]))
    if len(parts) != 4 or direction is None or parts[2] not in _PAIRS or parts[3] not in _PLACES:
        raise ValueError(f"metric must be kl_{{direction}}_{{pair}}_{{place}}, not {name!r}")
    last = ", last 500 updates" if name.startswith(LAST) else ""
    when = "over the last 500 updates" if last else "over a window of updates"
    return Quantity(
        name=name,
        title=f"Divergence of {direction} policies ({parts[2]}, {_PLACES[parts[3]]}){last}",
        value_unit="nats",
        definition=f"Kullback–Leibler divergence of {direction} policy, {_PAIRS[parts[2]]}, averaged over observations "
        f"of the other agent in {_PLACES[parts[3]]} and {when}. “a of b” is agent a's model of agent b. Where actions "
        "are soft it cannot reach 0: the cross-entropy to Gumbel-softmax points is least for their mean, which is not "
        "the policy that drew them; with five actions and one logit 4 above the others this floor is 0.08 nats of the "
        "inferred from the true policy.",
        least=0.0,
        reference="Lowe et al. (2017), arXiv:1706.02275, section 4.2 and figure 7",
    )
