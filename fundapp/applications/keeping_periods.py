"""How long applications are kept, by what became of them. A call may say otherwise for itself."""

from collections.abc import Mapping
from typing import Any, Final

DEFAULT_DAYS: Final[Mapping[str, int]] = {
    "draft": 90,
    "withdrawn": 180,
    "ineligible": 365,
    "declined": 365,
    "next_call": 730,
    "undecided": 730,
    "awarded": 2557,
}
"""Days; docs/privacy.md says from when they count. Seven years for awards, because accounts have to be shown."""
LONGEST_DAYS: Final = 10 * 366


def days_of(fate: str, of_call: Mapping[str, Any]) -> int:
    """Return the days for which a call keeps applications of this fate; `of_call` is Call.retention_days."""
    return int(of_call.get(fate, DEFAULT_DAYS[fate]))
