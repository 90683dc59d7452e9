"""What the instrument of stale replay measures of a run: names, units and definitions."""

from __future__ import annotations

from nashlens.reports.quantities import Quantity

FOERSTER = "Foerster et al. (2017), arXiv:1702.08887"
MAX_OTHERS = 11
STALE_BELOW = 0.1
LEARNERS = ("independent", "weighted", "joint")


def by_others_name(k: int) -> str:
    """Return the name of the effective share with k others weighted for.

    >>> by_others_name(2)
    'rs_share_others_2'
    """
    return f"rs_share_others_{k}"


def _share(name: str, title: str, definition: str, missing: str = "every weight is 0, or one is infinite") -> Quantity:
    return Quantity(
        name=name,
        title=title,
        value_unit="0 to 1",
        definition=definition,
        least=0.0,
        missing=missing,
        reference=FOERSTER,
    )


def _information(name: str, given: str) -> Quantity:
    return Quantity(
        name=name,
        title=f"What age says, given {given}",
        value_unit="nats",
        definition=f"Exact information between a transition's age and its reward and next state, given the state and "
        f"{given}; ages are the intervals between snapshots, states as often as they are visited.",
        least=0.0,
        reference=FOERSTER,
    )


def _tested(name: str, title: str, unit: str, definition: str, least: float | None = None) -> Quantity:
    return Quantity(
        name=name,
        title=title,
        value_unit=unit,
        definition=definition,
        least=least,
        missing="no context held more than one age",
    )


QUANTITIES = (
    _share(
        "rs_effective_share",
        "Effective share, whole replay",
        "(Σw)² / Σw² over the number of transitions, w the importance weight of the others' last policies against "
        "those that took the actions: what share of the replay counts for the others as they are now.",
    ),
    _share(
        "rs_share_at",
        "Share by insertion, effective",
        "The same of the transitions of one interval between snapshots, at the step at which the interval begins.",
    ),
    *(
        _share(
            by_others_name(k),
            f"Effective share, {k} other{'s' if k > 1 else ''} weighted for",
            f"The effective share with weights for {k} of the others only, averaged over neighbouring ones.",
        )
        for k in range(1, MAX_OTHERS + 1)
    ),
    _share("rs_stale_mass", "Stale mass", f"Share of the transitions whose weight is below {STALE_BELOW}."),
    Quantity(
        name="rs_mean_weight",
        title="Mean weight",
        value_unit="1",
        definition="Mean importance weight; 1 where all is observed and no policy now does what it never did: a check.",
        least=0.0,
    ),
    Quantity(
        name="rs_mean_age",
        title="Mean age",
        value_unit="environment steps",
        definition="Mean age of a transition in the replay at the end of training.",
        least=0.0,
    ),
    _information("rs_age_own", "the own action"),
    _information("rs_age_joint", "the joint action"),
    _information("rs_age_epsilon", "the own action and ε"),
    _information("rs_age_fingerprint", "the own action, ε and the share of the updates made"),
    _tested(
        "rs_age_excess_own",
        "What age says, tested, given the own action",
        "nats",
        "Information between age and outcome in the sampled replay, given observation and own action, less its mean "
        "with ages shuffled.",
    ),
    _tested(
        "rs_age_p_own",
        "p-value, given the own action",
        "probability",
        "Share of shuffles of ages within contexts that say at least as much.",
        least=0.0,
    ),
    _tested(
        "rs_age_excess_joint",
        "What age says, tested, given the joint action",
        "nats",
        "The same given all observations and everybody's action: the control.",
    ),
    _tested(
        "rs_age_p_joint",
        "p-value, given the joint action",
        "probability",
        "Share of shuffles of ages within contexts that say at least as much: the control.",
        least=0.0,
    ),
    *(
        Quantity(
            name=f"rs_bias_{learner}",
            title=f"Bias of replay, {learner}",
            value_unit="reward",
            definition={
                "independent": "Mean size over own actions of the mean reward in the replay less its value against the "
                "others' policies now, for an infinite replay.",
                "weighted": "The same with every transition weighted for the others' change.",
                "joint": "The same from mean rewards of joint actions, averaged over the others' policies now.",
            }[learner],
            least=0.0,
            missing="the replay lacks what would be needed",
            reference=FOERSTER,
        )
        for learner in LEARNERS
    ),
    Quantity(
        name="rs_q_error",
        title="Error of action values",
        value_unit="return",
        definition="Mean size over states and own actions of what the network says less the exact optimal action value "
        "against the others' policies now, their exploration included.",
        least=0.0,
        reference=FOERSTER,
    ),
    Quantity(
        name="rs_q_bias",
        title="Error of action values, states averaged",
        value_unit="return",
        definition="Mean over own actions of the size of the mean error over states.",
        least=0.0,
    ),
)
