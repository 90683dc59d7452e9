import pytest
from pydantic import ValidationError

from nashlens.agents import config


def test_defaults_are_those_of_the_paper_and_its_code():
    # Lowe et al. 2017, appendix: Adam 0.01, tau 0.01, gamma 0.95, replay 1e6, 100 steps between updates, 64 units;
    # released code: 1024 transitions after 1024 · 25 steps, clip 0.5, logit penalty 1e-3, temperature 1.
    default = config.MADDPG()
    assert (default.learning_rate, default.tau, default.gamma, default.hidden) == (0.01, 0.01, 0.95, (64, 64))
    assert (default.batch_size, default.clip, default.logit_penalty, default.temperature) == (1024, 0.5, 1e-3, 1.0)
    rollout = default.rollout
    assert (rollout.replay_capacity, rollout.warmup_steps, rollout.update_every_steps) == (1_000_000, 25_600, 100)
    assert (default.critic, default.gradient, default.estimator) == ("central", "deterministic", "soft")
    assert (default.minibatch, default.other_actions, default.sharing.mode) == ("separate", "replay", "none")


def test_parse_reads_nested_tables_and_lists():
    parsed = config.parse({"kind": "maddpg", "hidden": [128, 128], "sharing": {"mode": "full", "index": True}})
    assert parsed == config.MADDPG(hidden=(128, 128), sharing=config.Sharing(mode="full", index=True))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"kind": "maddpg", "learning_rate": -1.0}, "learning_rate"),
        ({"kind": "maddpg", "learning_rat": 0.1}, "learning_rat"),
        ({"kind": "maddpg", "batch_size": 10.5}, "batch_size"),
        ({"kind": "maddpg", "gamma": 1.5}, "gamma"),
        ({"kind": "maddpg", "hidden": [64, 0]}, "hidden"),
        ({"kind": "ddpg", "critic": "central"}, "critic"),
        ({"kind": "maddgp"}, "kind"),
        ({"kind": "maddpg", "critic": "local", "inference": {}}, "central critic"),
        ({"kind": "maddpg", "critic": "local", "minimax": {}}, "central critic"),
        ({"kind": "maddpg", "inference": {}, "ensemble": {"size": 2}}, "exclude each other"),
        ({"kind": "ddpg", "inference": {}}, "inference"),
        (
            {"kind": "maddpg", "inference": {"fed_as": "log_probabilities"}, "other_actions": "current"},
            "needs other_actions replay",
        ),
        ({}, "kind"),
    ],
)
def test_parse_refuses_what_does_not_fit_and_names_it(settings, named):
    with pytest.raises(ValidationError, match=named):
        config.parse(settings)


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValidationError, match="frozen"):
        config.MADDPG().gamma = 0.5
