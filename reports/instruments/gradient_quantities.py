"""What the instrument of gradients measures of a run, and how its rows are called."""

from __future__ import annotations

from nashlens.analysis.proposition_one import ESTIMATORS
from nashlens.reports.quantities import Quantity

AGREEMENT_AT_HALF, SNR_AT_HALF = "gradient_agreement_at_half", "gradient_snr_squared_at_half"
VARIANCE_AT_HALF, SAMPLED_AT_HALF = "gradient_variance_at_half", "gradient_sampled_agreement"
AGREEMENT, SNR = "gradient_agreement_exact", "gradient_snr_squared_exact"
NETWORK_SNR, NORM, VARIANCE = "gradient_snr_squared", "gradient_squared_norm", "gradient_total_variance"
SCALE, SIGN, TRUE_SIGN = "gradient_noise_scale", "gradient_sign_agreement", "gradient_agreement_with_returns"
COSINE, TRUE_COSINE = "gradient_mean_cosine", "gradient_cosine_with_returns"
TOTAL_OWN, TOTAL_OTHERS = "gradient_total_index_own", "gradient_total_index_others"
SHARE = "gradient_variance_share_"
SOURCES = ("state", "own_action", "others_actions", "critic")
N_RETURNS = 1024

NAMES = {
    "reinforce": "REINFORCE",
    "reinforce_baseline": "REINFORCE less the best constant",
    "centralised_q": "score × central Q",
    "decentralised_q": "score × Q averaged over others",
    "counterfactual": "COMA",
    "all_action": "COMA, own actions summed",
    "dpg_replayed": "MADDPG, others from replay",
    "dpg_reevaluated": "MADDPG, others re-evaluated",
}
assert set(NAMES) == set(ESTIMATORS)
# In a game of one round the baseline is the constant of least variance, as the closed form has it. Along an episode the
# best constant of each moment depends on those of the others; there it is the mean return, which is the same number at
# uniform play, where all scores have one length.
NETWORK_NAMES = NAMES | {"reinforce_baseline": "REINFORCE less the mean return"}
ALONE = " with one agent"
LOWE = "Lowe et al. (2017), arXiv:1706.02275, Proposition 1"
JANSEN = "Jansen (1999), Computer Physics Communications 117, 35"
_PLACE = "Which estimator, and whose gradient, stands as the agent."


def _share(source: str, title: str, what: str) -> Quantity:
    return Quantity(
        name=f"{SHARE}{source}",
        title=f"Share of the gradient's variance: {title}",
        value_unit="share",
        definition=f"Share of the total variance of the gradient at single moments that is due to {what}, by nested "
        f"resampling; unbiased, so that a small one may come out negative. {_PLACE}",
    )


QUANTITIES = (
    Quantity(
        name=AGREEMENT_AT_HALF,
        title="Agreement in sign at uniform play",
        value_unit="probability",
        definition="Probability that one sampled gradient has a positive inner product with the true one where all "
        "agents play each action with probability ½: Proposition 1, closed form.",
        least=0.0,
        reference=LOWE,
    ),
    Quantity(
        name=SAMPLED_AT_HALF,
        title="Agreement in sign at uniform play, sampled",
        value_unit="share of gradient samples",
        definition="The same, counted among sampled joint actions.",
        least=0.0,
        reference=LOWE,
    ),
    Quantity(
        name=SNR_AT_HALF,
        title="Squared signal-to-noise ratio at uniform play",
        value_unit="1",
        definition="Squared length of the true gradient over the total variance of one sample at probabilities ½, "
        "closed form; left out where there is no variance or no gradient.",
        least=0.0,
    ),
    Quantity(
        name=VARIANCE_AT_HALF,
        title="Variance of a gradient component at uniform play",
        value_unit="squared payoff",
        definition="Variance of one component of one sample at probabilities ½, closed form.",
        least=0.0,
    ),
    Quantity(
        name=AGREEMENT,
        title="Agreement in sign at the run's own policies",
        value_unit="probability",
        definition="The same probability at the strategies of one snapshot, by enumeration of all joint actions.",
        least=0.0,
    ),
    Quantity(
        name=SNR,
        title="Squared signal-to-noise ratio at the run's own policies",
        value_unit="1",
        definition="The same ratio at the strategies of one snapshot, by enumeration; left out where there is no "
        "variance or no gradient.",
        least=0.0,
    ),
    Quantity(
        name=NETWORK_SNR,
        title="Squared signal-to-noise ratio of a network's gradient",
        value_unit="1",
        definition=f"Unbiased squared length of the mean gradient over the total variance of one episode's. {_PLACE}",
    ),
    Quantity(
        name=NORM,
        title="Squared length of the gradient, unbiased",
        value_unit="squared return per parameter unit",
        definition=f"Mean inner product of the gradients of different episodes; may be negative. {_PLACE}",
    ),
    Quantity(
        name=VARIANCE,
        title="Total variance of one episode's gradient",
        value_unit="squared return per parameter unit",
        definition=f"Trace of the covariance over episodes, before optimiser and clipping. {_PLACE}",
        least=0.0,
    ),
    Quantity(
        name=SCALE,
        title="Noise scale",
        value_unit="episodes",
        definition="Total variance over squared length: the batch at which noise and signal are equal. Left out where "
        f"no signal was found. {_PLACE}",
        least=0.0,
        missing="no signal was found",
    ),
    Quantity(
        name=SIGN,
        title="Agreement in sign with the estimator's own mean",
        value_unit="share of episodes",
        definition="Share of episodes whose gradient has a positive inner product with the mean gradient of other "
        f"episodes by the same estimator. {_PLACE}",
        least=0.0,
        most=1.0,
    ),
    Quantity(
        name=TRUE_SIGN,
        title="Agreement in sign with the gradient of returns",
        value_unit="share of episodes",
        definition="The same with the mean gradient of REINFORCE less the mean return over "
        f"{N_RETURNS:,} other episodes, in which there is no critic, but noise: what a critic's error turns away shows "
        f"here as far as that mean is signal. {_PLACE}",
        least=0.0,
        most=1.0,
    ),
    Quantity(
        name=COSINE,
        title="Cosine with the estimator's own mean",
        value_unit="−1 to 1",
        definition="Mean cosine of one episode's gradient with the mean gradient of other episodes by the same "
        f"estimator, 0 for a gradient that is 0. {_PLACE}",
        least=-1.0,
        most=1.0,
        missing="the mean gradient of the other episodes is 0",
    ),
    Quantity(
        name=TRUE_COSINE,
        title="Cosine with the gradient of returns",
        value_unit="−1 to 1",
        definition=f"The same with the mean gradient of REINFORCE less the mean return over {N_RETURNS:,} other "
        f"episodes. {_PLACE}",
        least=-1.0,
        most=1.0,
        missing="the gradient of returns is 0",
    ),
    Quantity(
        name=TOTAL_OWN,
        title="Total index of the agent's own action",
        value_unit="share",
        definition="Share of the variance of the gradient at single moments that would be gone if all but this action "
        f"were known (Sobol), by drawing it again while all else stays. {_PLACE}",
        least=0.0,
        missing="there is no variance",
        reference=JANSEN,
    ),
    Quantity(
        name=TOTAL_OTHERS,
        title="Total index of another agent's action",
        value_unit="share",
        definition=f"The same of the action of one other agent, who is named. {_PLACE}",
        least=0.0,
        missing="there is no variance",
        reference=JANSEN,
    ),
    _share("state", "state", "the state of the game"),
    _share("own_action", "own action", "the agent's own action, or the noise of its relaxation"),
    _share("others_actions", "others' actions", "the other agents' actions in that state"),
    _share(
        "critic",
        "critic or rest of the episode",
        "the critic, its last layer fitted again to resampled episodes; for REINFORCE, which has none, to the rest of "
        "the episode",
    ),
)


def label(estimator: str, agent: str) -> str:
    """Return what stands as the agent of a row: the estimator, and whose gradient it is.

    >>> label("counterfactual", "agent_0")
    'COMA of agent_0'
    """
    return f"{NETWORK_NAMES[estimator]} of {agent}"


def estimator_of(row_label: str) -> str:
    """Return the estimator that a label names first; empty where it names none.

    >>> estimator_of("COMA of agent_0"), estimator_of("agent_0")
    ('counterfactual', '')
    """
    plain = row_label.partition(" of ")[0].removesuffix(ALONE)
    return next((name for names in (NAMES, NETWORK_NAMES) for name, words in names.items() if words == plain), "")


def label_by(estimator: str, agent: str, other: str) -> str:
    """Return what stands as the agent of a row on whose action carries the variance.

    >>> label_by("counterfactual", "agent_0", "agent_1")
    'COMA of agent_0, by agent_1'
    """
    return f"{label(estimator, agent)}, by {other}"
