import pytest
import torch

from nashlens.agents import narrow

WIDTHS = [2, 5, narrow.NARROW - 1, narrow.NARROW]


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("width", WIDTHS)
def test_softmax_is_the_softmax_over_the_last_axis(width):
    scores = 5 * drawn(2, 3, 40, width)
    found = narrow.softmax(scores)
    assert torch.allclose(found, torch.softmax(scores.double(), dim=-1).float(), atol=1e-6)
    assert torch.allclose(narrow.softmax(scores + 500), found, atol=1e-4)  # large scores do not overflow


@pytest.mark.parametrize("width", WIDTHS)
def test_slope_of_a_softmax_is_that_of_automatic_differentiation(width):
    scores = drawn(2, 3, 40, width).double().requires_grad_(True)
    slope = drawn(2, 3, 40, width, seed=1).double()
    (expected,) = torch.autograd.grad(torch.softmax(scores, dim=-1), scores, slope)
    found = narrow.softmax_slope(narrow.softmax(scores.detach()), slope)
    assert torch.allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("width", WIDTHS)
def test_one_hot_of_largest_marks_the_largest_score(width):
    scores = drawn(2, 3, 40, width)
    found = narrow.one_hot_of_largest(scores)
    assert torch.equal(found.argmax(dim=-1), scores.argmax(dim=-1))
    assert torch.equal(found.sum(dim=-1), torch.ones(2, 3, 40))
    assert set(found.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("width", WIDTHS)
def test_of_equal_scores_one_is_marked(width):
    # Draws of 24 bits do tie now and then; two ones in an action would be no action.
    scores = torch.zeros(1, 7, width)
    scores[0, 3:, 1:] = 1.0
    found = narrow.one_hot_of_largest(scores)
    assert torch.equal(found.sum(dim=-1), torch.ones(1, 7))


@pytest.mark.parametrize("n_rows", [1, 2, 3, 5, 8, 13, 17, 31, 64, 100, 1000])
def test_a_row_does_not_depend_on_the_rows_beside_it(n_rows):
    scores, slope = 4 * drawn(3, n_rows, 5), drawn(3, n_rows, 5, seed=1)
    assert torch.equal(narrow.softmax(scores)[1:2], narrow.softmax(scores[1:2]))
    point = narrow.softmax(scores)
    assert torch.equal(narrow.softmax_slope(point, slope)[1:2], narrow.softmax_slope(point[1:2], slope[1:2]))
    assert torch.equal(narrow.one_hot_of_largest(scores)[1:2], narrow.one_hot_of_largest(scores[1:2]))
