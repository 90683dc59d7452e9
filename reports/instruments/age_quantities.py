"""What is measured of the ages of a run's replay: names, units and definitions."""

from __future__ import annotations

from nashlens.reports.quantities import Quantity

FOERSTER = "Foerster et al. (2017), arXiv:1702.08887"
PRINTS = {
    "epsilon": "the own action and ε",
    "fingerprint": "the own action, ε and the share of the updates made",
    "quarter": "the own action and the quarter of the updates in which it came",
}


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


def _classified() -> tuple[Quantity, ...]:
    found = []
    for kind, given in (("own", "its own action"), ("joint", "everybody's observation and action, the control")):
        found += [
            Quantity(
                name=f"rs_age_gain_{kind}",
                title=f"What the next observation says of age, given {given}",
                value_unit="nats",
                definition="How much better a classifier tells the older from the newer half of the sampled replay "
                f"once it knows the agent's next observation too, given its observation and {given}: mean gain in log "
                "loss on episodes held out, a lower bound of the information in expectation, slightly negative where "
                "there is none.",
            ),
            Quantity(
                name=f"rs_age_gain_p_{kind}",
                title=f"p-value of that gain, given {given}",
                value_unit="probability",
                definition="Share of random flips of the episodes' gains whose mean is at least as large.",
                least=0.0,
            ),
        ]
    return tuple(found)


AGE_QUANTITIES = (
    _information("rs_age_own", "the own action"),
    _information("rs_age_joint", "the joint action"),
    *(_information(f"rs_age_{name}", given) for name, given in PRINTS.items()),
    *(
        Quantity(
            name=f"rs_age_ratio_{name}",
            title=f"What is left of it, given {given}",
            value_unit="0 to 1",
            definition=f"What age says given the state and {given}, over what it says given the state and the own "
            "action alone: 0 where the fingerprint restores stationarity, 1 where it does nothing.",
            least=0.0,
            missing="age says nothing given the own action, so that there is nothing to restore",
            reference=FOERSTER,
        )
        for name, given in PRINTS.items()
    ),
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
        each
        for name in ("epsilon", "quarter")
        for each in (
            _tested(
                f"rs_age_excess_{name}",
                f"What age says, tested, given {PRINTS[name]}",
                "nats",
                f"The same given observation and {PRINTS[name]}: what a fingerprint leaves.",
            ),
            _tested(
                f"rs_age_p_{name}",
                f"p-value, given {PRINTS[name]}",
                "probability",
                "Share of shuffles of ages within contexts that say at least as much.",
                least=0.0,
            ),
        )
    ),
    *_classified(),
)
