"""Which phase of a stage is active, and what it lets a reviewer do: every page and service asks here. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, TypeVar


class SeenOthers(StrEnum):
    """When a reviewer sees what others said of the same entry."""

    NEVER = "never"
    AFTER_OWN = "after_own"
    """Once their own review of it was submitted."""
    ALWAYS = "always"


class ShownAs(StrEnum):
    """How reviewers are called before each other."""

    NAMES = "names"
    ALIASES = "aliases"


class PhaseLike(Protocol):
    """What the rules need of a phase; `ends_at` is exclusive."""

    @property
    def code(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def may_score(self) -> bool: ...
    @property
    def others(self) -> SeenOthers: ...
    @property
    def shown_as(self) -> ShownAs: ...
    @property
    def may_discuss(self) -> bool: ...


Phase = TypeVar("Phase", bound=PhaseLike)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a reviewer may do with one entry now. Whoever may discuss sees the others too."""

    may_score: bool
    sees_others: bool
    shown_as: ShownAs
    may_discuss: bool


NOTHING: Final = Rights(may_score=False, sees_others=False, shown_as=ShownAs.ALIASES, may_discuss=False)


def active_phase(phases: Iterable[Phase], now: datetime) -> Phase | None:
    """Return the phase that `now` falls into; None between phases, before the first and after the last."""
    return next((phase for phase in phases if phase.starts_at <= now < phase.ends_at), None)


def next_phase(phases: Iterable[Phase], now: datetime) -> Phase | None:
    """Return the phase that starts next, or None."""
    return min((phase for phase in phases if phase.starts_at > now), key=lambda phase: phase.starts_at, default=None)


def rights(phases: Sequence[PhaseLike], now: datetime, *, has_submitted: bool, is_open: bool) -> Rights:
    """Return what a reviewer may do with an entry of a stage that has these phases.

    `is_open`: the list of decisions was not sent for ratification; after that nobody scores or discusses. A stage
    without phases has private scoring until then. Whoever `has_submitted` once keeps that right while they change
    their review.
    """
    if not phases:
        return Rights(may_score=is_open, sees_others=False, shown_as=ShownAs.ALIASES, may_discuss=False)
    phase = active_phase(phases, now)
    if phase is None:
        return NOTHING
    sees = phase.others is SeenOthers.ALWAYS or (phase.others is SeenOthers.AFTER_OWN and has_submitted)
    return Rights(
        may_score=phase.may_score and is_open,
        sees_others=sees,
        shown_as=phase.shown_as,
        may_discuss=phase.may_discuss and sees and is_open,
    )


def scoring_ends_at(phases: Iterable[PhaseLike]) -> datetime | None:
    """Return when reviews are wanted at the latest: the end of the first phase in which people score. None: no day."""
    return min((phase.ends_at for phase in phases if phase.may_score), default=None)


def overlapping(phases: Iterable[PhaseLike]) -> list[tuple[str, str]]:
    """Return the codes of phases of one stage that are active at the same moment: each with the latest one before."""
    found: list[tuple[str, str]] = []
    longest: PhaseLike | None = None
    for phase in sorted(phases, key=lambda each: each.starts_at):
        if longest is not None and phase.starts_at < longest.ends_at:
            found.append((longest.code, phase.code))
        if longest is None or phase.ends_at > longest.ends_at:
            longest = phase
    return found
