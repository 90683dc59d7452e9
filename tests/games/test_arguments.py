"""Checks of arguments: what passes comes back in its plain type, what does not is named."""

from __future__ import annotations

import numpy as np
import pytest

from nashlens.games.arguments import one_of, real_number, truth_value, whole_number


def test_whole_number_takes_numpy_integers_and_both_ends() -> None:
    assert type(whole_number(np.int64(4), "n", low=2, high=4)) is int
    assert whole_number(2, "n", low=2) == 2


@pytest.mark.parametrize("value", [1, 5, 3.0, "3", None, True, float("nan")])
def test_whole_number_names_what_does_not_fit(value: object) -> None:
    with pytest.raises(ValueError, match=r"^n must be a whole number from 2 to 4, not "):
        whole_number(value, "n", low=2, high=4)


def test_whole_number_without_upper_end_says_at_least() -> None:
    with pytest.raises(ValueError, match=r"^n must be a whole number of at least 2, not 1$"):
        whole_number(1, "n", low=2)


def test_real_number_takes_integers_and_closed_ends() -> None:
    assert type(real_number(1, "x", low=0, high=1)) is float
    assert real_number(np.float32(0.5), "x") == 0.5
    assert real_number(0, "x", low=0) == 0


@pytest.mark.parametrize("value", [-0.1, 1, "0.5", None, False, float("inf"), float("nan"), 1j])
def test_real_number_names_what_does_not_fit(value: object) -> None:
    with pytest.raises(ValueError, match=r"^x must be a finite number, at least 0 and below 1, not "):
        real_number(value, "x", low=0, high=1, open_high=True)


def test_real_number_open_low_end_is_excluded() -> None:
    with pytest.raises(ValueError, match=r"^x must be a finite number, above 0, not 0$"):
        real_number(0, "x", low=0, open_low=True)


def test_truth_value_takes_only_true_and_false() -> None:
    assert truth_value(True, "flag") is True
    with pytest.raises(ValueError, match=r"^flag must be True or False, not 1$"):
        truth_value(1, "flag")


def test_one_of_suggests_near_names() -> None:
    assert one_of("stag", "action", choices=("stag", "hare")) == "stag"
    with pytest.raises(ValueError, match=r"^action must be one of stag, hare, not 'stags'; did you mean stag\?$"):
        one_of("stags", "action", choices=("stag", "hare"))
    with pytest.raises(ValueError, match=r"^action must be one of stag, hare, not 3$"):
        one_of(3, "action", choices=("stag", "hare"))
