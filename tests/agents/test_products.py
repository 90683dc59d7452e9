"""Products are right, pass gradients on, and round a network's part alike alone and among others."""

import pytest
import torch

from nashlens.agents.products import ALIGNED, NARROW, affine, over_rows, product

WIDTHS = [1, 5, NARROW - 1, NARROW, NARROW + 5]
INNER = [1, 5, ALIGNED, 4 * ALIGNED, 4 * ALIGNED + 3]
ROWS = 37


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float32)


def exact(left, right):
    return (left.double() @ right.double()).float()


@pytest.mark.parametrize("n_columns", WIDTHS)
@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("n_members", [1, 3])
def test_products_agree_with_double_precision(n_members, inner, n_columns):
    left, right = drawn(n_members, ROWS, inner), drawn(n_members, inner, n_columns, seed=1)
    added = drawn(n_members, 1, n_columns, seed=2)
    torch.testing.assert_close(product(left, right), exact(left, right), atol=2e-5, rtol=1e-5)
    torch.testing.assert_close(affine(left, right, added), exact(left, right) + added, atol=2e-5, rtol=1e-5)
    over = drawn(n_members, ROWS, n_columns, seed=3)
    torch.testing.assert_close(over_rows(left, over), exact(left.mT, over), atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("rows", [ROWS, 512])
@pytest.mark.parametrize("n_columns", WIDTHS)
@pytest.mark.parametrize("n_members", [1, 2])
def test_affine_passes_the_gradients_that_a_plain_product_passes(n_members, n_columns, rows):
    given = (
        drawn(n_members, rows, ALIGNED),
        drawn(n_members, ALIGNED, n_columns, seed=1),
        drawn(n_members, 1, n_columns),
    )
    weights = drawn(n_members, rows, n_columns, seed=4)

    def slopes(layer):
        leaves = [tensor.clone().requires_grad_(True) for tensor in given]
        return torch.autograd.grad((layer(*leaves).relu_() * weights).sum(), leaves)

    for ours, plain in zip(slopes(affine), slopes(lambda x, w, b: x @ w + b), strict=True):
        torch.testing.assert_close(ours, plain, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("rows", [1, 64, 1024])
@pytest.mark.parametrize("n_columns", WIDTHS)
@pytest.mark.parametrize("inner", [5, 4 * ALIGNED, 69])
def test_a_network_alone_computes_the_bits_that_it_computes_among_others(rows, inner, n_columns):
    left, right = drawn(7, rows, inner), drawn(7, inner, n_columns, seed=1)
    added, over = drawn(7, 1, n_columns, seed=2), drawn(7, rows, n_columns, seed=3)

    def results(here):
        yield product(left[here], right[here])
        yield affine(left[here], right[here], added[here])
        yield over_rows(left[here], over[here])

    together = list(results(slice(None)))
    for k in range(7):
        for among, single in zip(together, results(slice(k, k + 1)), strict=True):
            assert torch.equal(among[k : k + 1], single)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("rows", [512, 1000, 1024, 1056])
@pytest.mark.parametrize("inner", [18, 4 * ALIGNED, 69])
@pytest.mark.parametrize("n_members", [1, 3])
def test_halved_products_on_two_threads_are_right_and_those_of_a_network_among_others(n_members, inner, rows):
    left, right = drawn(n_members + 1, rows, inner), drawn(n_members + 1, inner, 64, seed=1)
    added = drawn(n_members + 1, 1, 64, seed=2)
    here = slice(0, n_members)
    torch.testing.assert_close(product(left[here], right[here]), exact(left[here], right[here]), atol=2e-5, rtol=1e-5)
    assert torch.equal(product(left[here], right[here]), product(left, right)[here])
    assert torch.equal(affine(left[here], right[here], added[here]), affine(left, right, added)[here])
