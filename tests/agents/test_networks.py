import numpy as np
import pytest
import torch

from nashlens.agents.config import Sharing
from nashlens.agents.networks import ALIGNED, Stack, clip_each, parameter_hash
from nashlens.agents.products import affine
from nashlens.agents.sharing import assign
from nashlens.games.network_policy import Network

CPU = torch.device("cpu")


def a_stack(mode="none", index=False, n_seeds=3, n_inputs=4):
    rngs = [np.random.default_rng(seed) for seed in range(n_seeds)]
    slots = assign(Sharing(mode=mode, index=index), ["a", "a", "b"])
    return Stack.initial(n_inputs, (8, 8), 2, slots=slots, device=CPU, rngs=rngs)


def inputs(n_seeds=3, n_rows=5):
    return torch.randn(n_seeds, 3, n_rows, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("mode", ["none", "side", "full"])
@pytest.mark.parametrize("index", [False, True])
def test_stack_equals_the_plain_network_of_each_seed_and_agent(mode, index):
    stack, x = a_stack(mode, index), inputs()
    outputs = stack(x)
    for s in range(3):
        for i in range(3):
            slot = stack.slots.of_agent[i]
            plain = Network(
                weights=tuple(w[s, slot].double().numpy() for w in stack.weights),
                biases=tuple(b[s, slot, 0].double().numpy() for b in stack.biases),
                index=tuple(stack.slots.index[i].tolist()),
            )
            np.testing.assert_allclose(outputs[s, i].numpy(), plain(x[s, i].double().numpy()), atol=1e-5)


@pytest.mark.parametrize("n_rows", [1, 8, 64, 1000])
@pytest.mark.parametrize("mode", ["none", "side", "full"])
def test_outputs_and_gradients_of_a_seed_do_not_depend_on_the_others(mode, n_rows):
    among, alone = a_stack(mode, n_seeds=5).trained(), a_stack(mode, n_seeds=5)
    alone = Stack([w[2:3].clone() for w in alone.weights], [b[2:3].clone() for b in alone.biases], alone.slots)
    x = inputs(5, n_rows)
    all_outputs, one_output = among(x), alone.trained()(x[2:3])
    assert torch.equal(all_outputs[2:3], one_output)
    all_outputs.square().sum().backward()
    one_output.square().sum().backward()
    for a, b in zip(among.tensors, alone.tensors, strict=True):
        assert torch.equal(a.grad[2:3], b.grad)


def test_affine_map_of_one_equals_the_same_map_among_others():
    g = torch.Generator().manual_seed(1)
    x, w, b = (torch.randn(7, *shape, generator=g) for shape in ((8, 1), (1, 64), (1, 64)))
    among, alone = affine(x, w, b), affine(*(part[3:4].clone() for part in (x, w, b)))
    assert torch.equal(among[3:4], alone)
    assert torch.allclose(among, x @ w + b)


def test_shared_network_without_index_is_bitwise_the_same_policy_for_all_agents():
    x = inputs()[:, :1].expand(-1, 3, -1, -1)
    outputs = a_stack("full")(x)
    assert torch.equal(outputs[:, 0], outputs[:, 1])
    assert torch.equal(outputs[:, 0], outputs[:, 2])
    with_index = a_stack("full", index=True)(x)
    assert not torch.equal(with_index[:, 0], with_index[:, 1])


def test_initial_weights_are_glorot_uniform_and_biases_zero():
    # Glorot & Bengio 2010: uniform within ±√(6 / (fan_in + fan_out)), so variance 2 / (fan_in + fan_out).
    stack = Stack.initial(100, (100,), 100, slots=assign(Sharing(), ["a"]), device=CPU, rngs=[np.random.default_rng(0)])
    weight = stack.weights[0]
    assert weight.abs().max() <= (6 / 200) ** 0.5
    assert float(weight.var()) == pytest.approx(2 / 200, rel=0.03)
    assert all(not b.any() for b in stack.biases)


def test_clip_each_scales_variable_by_variable_and_seed_by_seed():
    parameter = torch.zeros(2, 1, 1, 2, requires_grad=True)
    parameter.grad = torch.tensor([[[[3.0, 4.0]]], [[[0.3, 0.0]]]])
    clip_each([parameter], 0.5)
    assert torch.allclose(parameter.grad, torch.tensor([[[[0.3, 0.4]]], [[[0.3, 0.0]]]]))


def test_follow_moves_by_the_share():
    source, target = a_stack(), a_stack()
    for tensor in target.tensors:
        tensor.zero_()
    target.follow(source, 0.25)
    for mine, theirs in zip(target.tensors, source.tensors, strict=True):
        assert torch.allclose(mine, 0.25 * theirs)


def test_frozen_stack_passes_gradients_to_its_inputs_only():
    stack, x = a_stack().trained(), inputs().requires_grad_(True)
    stack.frozen()(x).sum().backward()
    assert x.grad.abs().sum() > 0
    assert all(t.grad is None for t in stack.tensors)


def test_erase_and_is_finite_concern_one_seed():
    stack = a_stack()
    stack.weights[0][1, 0, 0, 0] = float("nan")
    assert stack.is_finite().tolist() == [True, False, True]
    stack.erase(1)
    assert stack.is_finite().all()
    assert not any(t[1].any() for t in stack.tensors)
    assert any(t[0].any() for t in stack.tensors)


def test_a_packed_stack_is_finite_where_only_the_sum_of_its_parameters_is_not():
    stack = a_stack().packed()
    assert stack.is_finite().all()
    stack.weights[0][1, 0, 0, :2] = 3e38
    assert not torch.isfinite(stack.block.sum())
    assert stack.is_finite().all()
    for value in ("inf", "-inf", "nan"):
        stack.weights[0][1, 0, 0, :2] = float(value)
        assert stack.is_finite().tolist() == [True, False, True]


def test_parameter_hash_changes_with_any_parameter():
    stack = a_stack()
    before = [parameter_hash([stack], s) for s in range(3)]
    stack.biases[-1][0, 2, 0, 1] += 1e-6
    after = [parameter_hash([stack], s) for s in range(3)]
    assert before[0] != after[0]
    assert before[1:] == after[1:]


@pytest.mark.parametrize("n_rows", [31, 48, 100, 1000])
def test_a_single_network_has_the_gradients_of_the_same_among_others(n_rows):
    # One output and a number of rows that fills no vector register: the sum over rows must not depend on the company.
    g = torch.Generator().manual_seed(0)
    shapes = [(4, n_rows, 5), (4, 5, 1), (4, 1, 1)]
    inputs, weights, biases = (torch.randn(shape, generator=g) for shape in shapes)

    def gradients(part):
        weight, bias = (t[part].clone().requires_grad_(True) for t in (weights, biases))
        affine(inputs[part], weight, bias).square().sum(dim=(1, 2)).sum().backward()
        return weight.grad, bias.grad

    among = gradients(slice(0, 4))
    for k in range(4):
        for whole, alone in zip(among, gradients(slice(k, k + 1)), strict=True):
            assert torch.equal(whole[k], alone[0])


def test_a_packed_stack_computes_what_it_did_and_its_parameters_stand_in_the_block():
    stack, packed = a_stack(), a_stack().packed()
    assert torch.equal(stack(inputs()), packed(inputs()))
    for mine, other in zip(packed.tensors, stack.tensors, strict=True):
        assert torch.equal(mine, other)
        assert (mine.data_ptr() - packed.block.data_ptr()) % (4 * ALIGNED) == 0
    packed.block.zero_()
    assert not any(t.any() for t in packed.tensors)
    packed.block.grad.fill_(2.0)
    assert all((t.grad == 2).all() for t in packed.tensors)


def test_a_packed_stack_clips_as_clip_each_does():
    packed, plain = a_stack().packed(), a_stack().trained()
    g = torch.Generator().manual_seed(3)
    for mine, other in zip(packed.tensors, plain.tensors, strict=True):
        mine.grad.copy_(torch.randn(mine.shape, generator=g))
        mine.grad[0] *= 0.01  # one seed within the limit, one beyond
        other.grad = mine.grad.clone()
    packed.clip(0.5)
    clip_each(plain.tensors, 0.5)
    for mine, other in zip(packed.tensors, plain.tensors, strict=True):
        assert torch.allclose(mine.grad, other.grad, rtol=1e-6)


def test_packed_targets_follow_as_others_do():
    target, source = a_stack().packed(), a_stack().packed()
    target.block.mul_(-1.5)
    before = [t.clone() for t in target.tensors]
    target.follow(source, 0.25)
    for old, now, goal in zip(before, target.tensors, source.tensors, strict=True):
        assert torch.allclose(now, 0.75 * old + 0.25 * goal, atol=1e-6)
