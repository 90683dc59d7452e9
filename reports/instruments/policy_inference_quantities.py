"""What the numbers on inferred policies are."""

from __future__ import annotations

from nashlens.reports.quantities import Quantity

NATS = "nats"
LOWE = "Lowe et al. (2017), arXiv:1706.02275, section 4.2"
RULED_OUT = "the stand-in rules out an action that the true policy takes"
NO_ENDS = (
    "a divergence is infinite, policies have fewer than five episodes each, or the replay holds no older ones, so that "
    "the shift is 0 by construction"
)
WHOSE = "“a of b” is agent a's stand-in for agent b: what its critic's target takes b to do next."


def _nats(
    name: str, title: str, definition: str, *, least: float | None = None, missing: str = "", reference: str = ""
) -> Quantity:
    return Quantity(
        name=f"inference_{name}",
        title=title,
        value_unit=NATS,
        definition=f"{definition} {WHOSE}",
        least=least,
        missing=missing,
        reference=reference,
    )


def _part(name: str, title: str, definition: str, *, least: float | None = None) -> Quantity:
    return _nats(name, title, definition, least=least, missing="an infinite divergence has no parts")


def _plain(
    name: str,
    title: str,
    unit: str,
    definition: str,
    *,
    least: float | None = 0.0,
    most: float | None = None,
    missing: str = "",
    higher: bool | None = None,
) -> Quantity:
    return Quantity(
        name=f"inference_{name}",
        title=title,
        value_unit=unit,
        definition=f"{definition} {WHOSE}",
        least=least,
        most=1.0 if unit in {"0 to 1", "share"} else most,
        missing=missing,
        higher_is_better=higher,
    )


def _end(name: str, which: str) -> Quantity:
    return _nats(
        f"shift_{name}",
        f"KL on new observations less on the replay's, {which} end within a run",
        f"The {which} end of the 95% interval of one run's shift, by a bootstrap of whole episodes, those of each "
        "snapshot's policies among themselves, the run's networks as they are: what other episodes of the same run "
        "would give, not what other seeds would. Where all situations are listed the shift is exact and has no ends.",
        missing=NO_ENDS,
    )


DISTANCES = (
    _plain("tv", "Total variation from the true policy", "0 to 1", "Between target policy and stand-in."),
    _nats(
        "kl_true_model",
        "KL of the true policy from its stand-in",
        "Forward: what likelihood lowers.",
        least=0.0,
        missing=RULED_OUT,
    ),
    _nats(
        "kl_model_true",
        "KL of the stand-in from the true policy",
        "Reverse: the direction that the paper draws.",
        least=0.0,
        missing="the true policy rules out an action that the stand-in takes",
        reference=f"{LOWE} and figure 7",
    ),
    _nats(
        "kl_everywhere",
        "KL over all situations alike",
        "KL(true‖stand-in) with every situation of a small game counted once, however often it is met: a stand-in may "
        "be right where the policies go, and wrong about where they do not go.",
        least=0.0,
    ),
    _plain("tv_median", "Total variation, median", "0 to 1", "Half of the situations have at most this."),
    _plain("tv_high", "Total variation, 90th percentile", "0 to 1", "Nine tenths of the situations have at most this."),
    _nats("kl_median", "KL(true‖stand-in), median", "Half of the situations have at most this.", least=0.0),
    _nats(
        "kl_high",
        "KL(true‖stand-in), 90th percentile",
        "Nine tenths of the situations have at most this; far above the median where few situations make the mean.",
        least=0.0,
    ),
    _plain(
        "infinite",
        "Where KL(true‖stand-in) is infinite",
        "share",
        "Share of the situations in which the stand-in rules out an action that the true policy takes; where it is "
        "above 0 the mean divergence is infinite, and no ledger of it has parts.",
    ),
    _plain(
        "infinite_reverse",
        "Where KL(stand-in‖true) is infinite",
        "share",
        "Share of the situations in which the true policy rules out an action that the stand-in takes.",
    ),
    _nats(
        "kl_floored",
        "KL(true‖stand-in) over a floor of 1e−8",
        "With no probability of the stand-in below 1e−8, so that none costs more than 18.4 nats; finite always, and it "
        "measures the floor where many were below it.",
        least=0.0,
    ),
    _plain(
        "clamped",
        "Probabilities below the floor",
        "share",
        "Share of the stand-in's probabilities that a floor of 1e−8 raises.",
    ),
    _plain(
        "w2",
        "2-Wasserstein distance of actions",
        "length of action vectors",
        "Between action vectors: two alternatives of one choice lie √2 apart.",
    ),
    _plain(
        "w2_force",
        "2-Wasserstein distance of forces",
        "force",
        "Between the forces of the alternatives, where they move a body.",
    ),
    _nats("js", "Jensen–Shannon divergence", "At most ln 2.", least=0.0),
    _nats("kl_mean", "KL of the means", "Of Gaussian policies, the part that equal spreads would leave.", least=0.0),
    _nats("kl_spread", "KL of the spreads", "Of Gaussian policies, the rest.", least=0.0),
    _plain(
        "rmse",
        "Root mean square error of the mean action",
        "action units",
        "Between the means of Gaussian policies, over the situations.",
    ),
    _plain("agreement", "Same preferred action", "share", "Where both prefer the same alternative.", higher=True),
    _plain(
        "information",
        "Information kept",
        "1 is all",
        "1 less KL(true‖stand-in) over KL(true‖its mean): 1 for a perfect stand-in, 0 for one that ignores the "
        "observation, negative for worse.",
        least=None,
        most=1.0,
        missing="the true policy ignores its observation",
        higher=True,
    ),
)
LEDGERS = (
    _part("relevant", "KL that is about value", "Least KL that explains the error in value (L1).", least=0.0),
    _part("irrelevant", "KL that is not about value", "The rest of KL(true‖stand-in) (L1).", least=0.0),
    _part("nested_value", "KL: value", "First part of three (L3).", least=0.0),
    _part("nested_temperature", "KL: temperature beyond value", "Second part of three (L3).", least=0.0),
    _part("nested_residual", "KL: neither value nor temperature", "Third part of three (L3).", least=0.0),
    _part("calibration", "KL that temperature repairs", "By the best temperature at each probe (L2).", least=0.0),
    _part("calibration_shared", "KL that one temperature repairs", "By one temperature for all probes.", least=0.0),
    _part("shape", "KL that no temperature repairs", "The rest of KL(true‖stand-in) (L2).", least=0.0),
    _part("mode", "KL of the preferred action's mass", "First part of the chain rule (L4).", least=0.0),
    _part("tail", "KL among the other actions", "Second part of the chain rule (L4).", least=0.0),
    _part("agree", "KL where both prefer the same", "Part of the mean KL (L4).", least=0.0),
    _part("disagree", "KL where they prefer different actions", "The other part (L4).", least=0.0),
    _nats(
        "kl_replay",
        "KL on observations like the replay's",
        "Sum of lag, fit and interaction (L5).",
        least=0.0,
        missing=RULED_OUT,
    ),
    _part("lag", "KL that older policies explain", "Of the true policy from what filled the replay (L5).", least=0.0),
    _part("fit", "KL that the fit lacks", "Of what filled the replay from the stand-in (L5).", least=0.0),
    _part("interaction", "Interaction of lag and fit", "Of either sign (L5)."),
    _part(
        "shift",
        "KL on new observations less on the replay's",
        "Of either sign; with lag, fit and interaction it adds to KL(true‖stand-in) (L6).",
    ),
    _end("low", "lower"),
    _end("high", "upper"),
    _part("regulariser", "KL that the entropy weight explains", "Of the true policy from the minimiser.", least=0.0),
    _part("residual", "KL beyond the entropy weight", "The rest of KL(true‖stand-in), of either sign."),
    _part("softness", "KL that soft points explain", "Of the true policy from the mean of what it plays.", least=0.0),
    _part("softness_fit", "KL of what is played from the stand-in", "What a fit to soft points lacks.", least=0.0),
    _part("softness_interaction", "Interaction of softness and fit", "Of either sign."),
)
VALUES = (
    _plain("delta_q", "Error in value, by expectation", "reward", "|E_true Q − E_stand-in Q|, mean over probes."),
    _plain("delta_q_direct", "Error in value, as fed", "reward", "|Q(true) − Q(stand-in)| with the encoding in use."),
    _plain("delta_q_mean", "Signed error in value, as fed", "reward", "Mean of Q(true) − Q(stand-in).", least=None),
    Quantity(
        name="inference_joint_error",
        title="Error in value of all stand-ins together",
        value_unit="reward",
        definition="|E_true Q − E_stand-ins Q| with all others replaced at once, mean over situations; where there are "
        "two others or more and their joint alternatives can be listed.",
        least=0.0,
    ),
    Quantity(
        name="inference_joint_error_mean",
        title="Signed error in value of all stand-ins together",
        value_unit="reward",
        definition="Mean of E_true Q − E_stand-ins Q with all others replaced at once.",
    ),
    _plain(
        "joint_share",
        "Share in the signed error of all stand-ins",
        "reward",
        "Shapley's share of one stand-in; those of all others add to the signed error of all together.",
        least=None,
    ),
    _plain("value_spread", "Spread of values", "reward", "Standard deviation over probes of the true policy's value."),
    _plain(
        "action_spread", "Spread over the other's actions", "reward", "Of Q in the other's action, under its policy."
    ),
    _plain(
        "delta_q_relative",
        "Error in value over the spread of values",
        "ratio",
        "The error as fed, in standard deviations of the value over probes.",
        missing="the value is the same at all probes",
    ),
    _plain(
        "relevance",
        "Relevance ratio",
        "ratio",
        "|ΔQ| / (sd Q · √(2 KL)): near a perfect model at most 1; a diagnostic elsewhere.",
        missing="there is no divergence or no spread",
    ),
)
GRADIENTS = (
    Quantity(
        name="inference_gradient_cosine",
        title="Cosine of the actor's gradients",
        value_unit="−1 to 1",
        definition="Between the actor's gradient through its critic and through that critic corrected by one backup "
        "with the true target policies of the others.",
        higher_is_better=True,
        least=-1.0,
        missing="one of the gradients is 0",
    ),
    Quantity(
        name="inference_gradient_difference",
        title="Relative difference of the actor's gradients",
        value_unit="ratio",
        definition="Length of the difference between the two gradients over that of the corrected one.",
        higher_is_better=False,
        least=0.0,
        missing="the corrected gradient is 0",
    ),
)
QUANTITIES = (*DISTANCES, *LEDGERS, *VALUES, *GRADIENTS)
