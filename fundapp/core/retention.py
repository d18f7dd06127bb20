"""Keeping things no longer than needed: rules say what is due when, one run erases what is due, in small steps.

A step is one transaction; a run that was cut off begins again where it stood, because what is erased is due no more.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

BATCH: Final = 50


@dataclass(frozen=True)
class Due:
    """One thing that is erased at an instant, and the call that it belongs to (None: to no call)."""

    id: UUID
    at: datetime
    call_id: UUID | None = None


@dataclass(frozen=True)
class Rule:
    """One class of data. `due` lists everything of it with its time, also in the future; `erase` erases some of it."""

    name: str
    due: Callable[[], Sequence[Due]]
    erase: Callable[[Sequence[UUID], datetime], None]


@dataclass(frozen=True)
class Planned:
    """What a rule would do in one call: how many things now, how many later, and when the next of those is due."""

    rule: str
    call_id: UUID | None
    now: int
    later: int
    next_at: datetime | None


class NothingErased(RuntimeError):
    """A rule erased nothing of what it said was due: a programming error, which would otherwise go on for ever."""


def plan(rules: Sequence[Rule], now: datetime, *, without: Collection[UUID] = ()) -> Iterator[Planned]:
    """Say what a run at `now` would erase, and when more follows, by rule and call. Changes nothing.

    Things `without` are left out: a reader may be one from whom they are hidden.
    """
    for rule in rules:
        by_call: dict[UUID | None, list[Due]] = {}
        for due in rule.due():
            if due.id in without:
                continue
            by_call.setdefault(due.call_id, []).append(due)
        for call_id, dues in sorted(by_call.items(), key=lambda item: str(item[0])):
            later = [due.at for due in dues if due.at > now]
            yield Planned(rule.name, call_id, len(dues) - len(later), len(later), min(later, default=None))


def run(rules: Sequence[Rule], now: datetime, commit: Callable[[], None]) -> dict[str, int]:
    """Erase what is due at `now`, in steps that are committed each; return how many things of each rule."""
    done: dict[str, int] = {}
    for rule in rules:
        erased: set[UUID] = set()
        while step := [due.id for due in rule.due() if due.at <= now][:BATCH]:
            if not erased.isdisjoint(step):
                raise NothingErased(rule.name)
            rule.erase(step, now)
            commit()
            erased.update(step)
        done[rule.name] = len(erased)
    return done
