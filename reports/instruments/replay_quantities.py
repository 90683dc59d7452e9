"""What the instrument of stale replay measures of a run: names, units and definitions."""

from __future__ import annotations

from nashlens.reports.instruments.age_quantities import AGE_QUANTITIES, FOERSTER
from nashlens.reports.instruments.left_out import LeftOut
from nashlens.reports.quantities import Quantity

MAX_OTHERS = 11
STALE_BELOW = 0.1
CLIP = 10.0
LEFT_OUT = LeftOut(
    prefix="rs_left_out_",
    what="the replay is not weighed",
    reasons={
        "alone": "there is one agent, and nobody else to change",
        "no_replay": "its learners keep no replay",
        "no_probabilities": "its actions have no probabilities, as they are real-valued or soft",
        "memory": "its policies have memory",
        "together": "its agents draw together, so that no one's actions have probabilities of their own",
    },
)
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


def _played() -> tuple[Quantity, ...]:
    return (
        Quantity(
            name="rs_played_drift",
            title="Drift of what was played",
            value_unit="total variation, 0 to 1",
            definition="Total variation between the frequencies of an agent's actions in one interval of the sampled "
            "replay and in the next, averaged over the observations that both hold: what one can tell who sees actions "
            "only. Biased upwards by sampling.",
            least=0.0,
        ),
        Quantity(
            name="rs_played_floor",
            title="Noise floor of what was played",
            value_unit="total variation, 0 to 1",
            definition="The same with the actions of both intervals shuffled at each observation: what it would be if "
            "no policy had moved.",
            least=0.0,
        ),
        Quantity(
            name="rs_played_p",
            title="p-value of no drift of what was played",
            value_unit="probability",
            definition="Share of such shuffles at which the drift is at least as large.",
            least=0.0,
        ),
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
    _share(
        "rs_clip_fraction",
        "Clip fraction",
        f"Share of the transitions whose weight is above {CLIP:g}, which clipping there would touch.",
    ),
    _share(
        "rs_clipped_share",
        "Effective share, weights clipped",
        f"The effective share of the whole replay with weights clipped at {CLIP:g}: less variance for a bias.",
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
    *AGE_QUANTITIES,
    *_played(),
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
    *LEFT_OUT.quantities,
)
