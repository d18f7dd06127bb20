"""What stands in an anonymised table instead of a name, and which places are too rare to be told."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from fundapp.core.sealing import current_keys

FEWEST: Final = 5
"""A place that fewer applications share would point at them."""
_SHOWN: Final = 12


def application_alias(call_id: UUID, application_id: UUID) -> str:
    """Return what an application is called in the anonymised tables of its call: the same in each of them."""
    return _alias("A", call_id, application_id)


def reviewer_alias(call_id: UUID, reviewer_id: UUID) -> str:
    """Return what a reviewer is called in tables of scores: the same in each of a call, another one in each call."""
    return _alias("R", call_id, reviewer_id)


def told(places: Mapping[UUID, Sequence[str]]) -> dict[UUID, list[str | None]]:
    """Return of the place of each application (country, region within it) what may be told; None for what may not.

    A part is told where at least `FEWEST` applications share it. Those of which it is not told are as many, or none:
    else the next rarest are not told either, so that nobody is alone among them, for whatever reason it is.
    """
    shown: dict[UUID, list[str | None]] = {key: [None] * len(place) for key, place in places.items()}
    _tell(places, list(places), 0, shown)
    return shown


def _tell(
    places: Mapping[UUID, Sequence[str]], among: Sequence[UUID], depth: int, shown: dict[UUID, list[str | None]]
) -> None:
    groups: dict[str, list[UUID]] = defaultdict(list)
    for key in among:
        if depth < len(places[key]):
            groups[places[key][depth]].append(key)
    common = {value: keys for value, keys in groups.items() if value and len(keys) >= FEWEST}
    while common and 0 < len(among) - sum(map(len, common.values())) < FEWEST:
        del common[min(common, key=lambda value: (len(common[value]), value))]
    for value, keys in common.items():
        for key in keys:
            shown[key][depth] = value
        _tell(places, keys, depth + 1, shown)


def _alias(kind: str, call_id: UUID, thing_id: UUID) -> str:
    digest = current_keys().index("export.alias", f"{kind} {call_id} {thing_id}")
    return f"{kind}-{digest[-_SHOWN:]}"
