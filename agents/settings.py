"""What all settings have in common: they are frozen, refuse unknown keys, and say which agents share parameters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Settings(BaseModel):
    """Frozen settings that refuse unknown keys and values of another type."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Sharing(Settings):
    """Which agents use one set of parameters (Gupta et al. 2017).

    Attributes
    ----------
    mode : ``none``, a set an agent (heterogeneous); ``side``, one a side; ``full``, one for all (homogeneous).
    index : append the agent's one-hot index to what its policy reads.
    """

    mode: Literal["none", "side", "full"] = "none"
    index: bool = False
