import pytest
import torch

from nashlens import games
from nashlens.agents.config import JointDQN
from nashlens.agents.joint_engine import JointEngine
from nashlens.agents.joint_size import check_joint_size, joint_growth, joint_size


def test_size_by_hand():
    # simple_spread, 3 agents: 5 moves each, 18 numbers each, so 54 inputs and 125 outputs; one hidden layer of 10:
    # 54 · 10 + 10 · 125 = 1790 products, 10 + 125 biases, 1925 parameters, five copies of four bytes: 38,500.
    # Minibatch of 32: 4 copies · 4 bytes · 32 · 125 = 64,000. Double: 3 forward passes and 2 for the backward pass.
    how = JointDQN(hidden=(10,), batch_size=32)
    size = joint_size(games.make("simple_spread", n_agents=3).spec, how)
    assert (size.n_agents, size.n_inputs, size.n_joint_actions) == (3, 54, 125)
    assert (size.n_parameters, size.parameter_bytes, size.minibatch_bytes) == (1925, 38_500, 64_000)
    assert (size.decision_multiply_adds, size.update_multiply_adds) == (1790, 5 * 32 * 1790)
    single = joint_size(games.make("simple_spread", n_agents=3).spec, how.model_copy(update={"double": False}))
    assert single.update_multiply_adds == 4 * 32 * 1790


def test_counted_parameters_are_those_that_are_allocated():
    spec, how = games.make("simple_spread", n_agents=3).spec, JointDQN(hidden=(10, 7), reward="sum")
    engine = JointEngine(spec, dict.fromkeys(spec.sides, how), seeds=[0, 1], steps=8, device=torch.device("cpu"))
    online = engine.learners[0].online
    assert sum(t.numel() for t in online.tensors) == 2 * joint_size(spec, how).n_parameters


def test_growth_is_the_power_of_the_alternatives():
    sizes = joint_growth(lambda n: games.make("volunteers_dilemma", n_agents=n), [2, 5, 12], JointDQN())
    assert [size.n_joint_actions for size in sizes] == [4, 32, 4096]
    assert [size.n_agents for size in sizes] == [2, 5, 12]


def test_too_many_joint_actions_are_refused_with_what_they_would_take():
    spec = games.make("simple_spread", n_agents=4).spec
    how = JointDQN(max_joint_actions=600)
    check_joint_size(spec, how.model_copy(update={"max_joint_actions": 625}), n_seeds=2)
    size = joint_size(spec, how)
    taken = f"{2 * (size.parameter_bytes + size.minibatch_bytes):,} bytes for 2 seeds"
    with pytest.raises(ValueError, match=rf"600, .*625 joint actions \(5, 25, 125, 625 as its 4 agents .*{taken}"):
        check_joint_size(spec, how, n_seeds=2)


def test_boxes_have_no_joint_actions_to_count(uneven):
    with pytest.raises(ValueError, match="the actions of long in uneven are a Box"):
        joint_size(uneven(boxes=True).spec, JointDQN())
