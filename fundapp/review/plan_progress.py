"""How far the computing of a plan is, as its job writes it down and its page tells it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class PlanPhase(StrEnum):
    """What a job does for a plan, in this order."""

    FACTS = "facts"
    """It reads who may read what."""
    MATCHING = "matching"
    """It looks for the best plan, round after round, until no other pair could make it better."""
    WRITING = "writing"
    """It has found the plan, and writes down what the plan would change."""


@dataclass(frozen=True)
class PlanProgress:
    """How far a job is. `round` counts from 1; `seats_done` of `seats` had a reader at the end of the last round."""

    phase: PlanPhase
    round: int = 0
    steps: int = 0
    """Of the solver, in all rounds."""
    seats: int = 0
    seats_done: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able primitives; `from_json` gives the same back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PlanProgress":
        """Read back what `to_json` wrote."""
        return cls(**{**data, "phase": PlanPhase(data["phase"])})
