"""A game's specification as plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nashlens.games.core import Box, Choice, GameSpec


def spec_to_settings(spec: GameSpec) -> dict[str, Any]:
    """Return a game's specification as plain values."""
    plain = {name: getattr(spec, name) for name in ("name", "horizon", "common_reward", "soft_actions", "masked")}
    plain["parameters"] = dict(spec.parameters)
    plain |= {name: list(getattr(spec, name)) for name in ("agents", "sides", "observation_sizes")}
    plain["action_spaces"] = [
        {"factors": list(s.factors)} if isinstance(s, Choice) else {"low": list(s.low), "high": list(s.high)}
        for s in spec.action_spaces
    ]
    return plain


def spec_from_settings(settings: Mapping[str, Any]) -> GameSpec:
    """Return the specification that `spec_to_settings` wrote down."""
    spaces = tuple(
        Choice(tuple(s["factors"])) if "factors" in s else Box(tuple(s["low"]), tuple(s["high"]))
        for s in settings["action_spaces"]
    )
    listed: dict[str, Any] = {name: tuple(settings[name]) for name in ("agents", "sides", "observation_sizes")}
    rest = {k: v for k, v in settings.items() if k not in {"action_spaces", *listed}}
    return GameSpec(action_spaces=spaces, **listed, **rest)
