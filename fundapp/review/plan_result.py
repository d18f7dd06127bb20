"""What a computed plan says, as it is kept until somebody applies it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fundapp.review.assignment import (
    AssignmentPlan,
    Bar,
    EntryNeed,
    Pair,
    ReviewerOffer,
    Shortage,
    Shortfall,
    ShortfallCause,
)
from fundapp.review.assignment.bridges import (
    LanguageBlock,
    anchor_proposals,
    bridge_proposals,
    language_blocks,
)


@dataclass(frozen=True)
class PlanResult:
    """What a plan would change, and what it leaves open. Loads count what the planner may see."""

    added: frozenset[Pair]
    removed: frozenset[Pair]
    before: Mapping[str, int]
    after: Mapping[str, int]
    minutes: Mapping[str, int]
    """How long each reviewer would have to work for it, what is done already included."""
    shortfalls: tuple[Shortfall, ...]
    shortages: tuple[Shortage, ...]
    inexperienced: int
    """Entries that no experienced reviewer would read."""
    blocks: tuple[LanguageBlock, ...]
    bridges: tuple[Pair, ...]
    """Pairs that would let two reviewers bridge each language, for the planner to take or leave."""
    anchors: tuple[tuple[str, int], ...]
    """Entries that more people could read, with the number of readers."""
    hidden: frozenset[str]
    """Entries that the planner could not see: nothing here tells of them."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able primitives; `from_json` gives the same back."""
        return {
            "added": _listed(self.added),
            "removed": _listed(self.removed),
            "before": dict(self.before),
            "after": dict(self.after),
            "minutes": dict(self.minutes),
            "shortfalls": [
                [
                    each.entry_id,
                    each.seats,
                    each.cause.value,
                    each.language,
                    each.may_read,
                    each.without_language,
                    {bar.value: count for bar, count in each.barred.items()},
                ]
                for each in self.shortfalls
            ],
            "shortages": [
                [each.language, each.seats, each.entries, each.readers, each.room, each.needed]
                for each in self.shortages
            ],
            "inexperienced": self.inexperienced,
            "blocks": [
                [each.language, each.entries, each.readers, list(each.able), list(each.bridging)]
                for each in self.blocks
            ],
            "bridges": _listed(self.bridges),
            "anchors": [list(each) for each in self.anchors],
            "hidden": sorted(self.hidden),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PlanResult":
        """Read back what `to_json` wrote."""
        return cls(
            added=frozenset(Pair(*pair) for pair in data["added"]),
            removed=frozenset(Pair(*pair) for pair in data["removed"]),
            before=data["before"],
            after=data["after"],
            minutes=data["minutes"],
            shortfalls=tuple(
                Shortfall(
                    *(entry_id, seats, ShortfallCause(cause), language, may_read, without_language),
                    barred={Bar(bar): count for bar, count in barred.items()},
                )
                for entry_id, seats, cause, language, may_read, without_language, barred in data["shortfalls"]
            ),
            shortages=tuple(Shortage(*values) for values in data["shortages"]),
            inexperienced=data["inexperienced"],
            blocks=tuple(
                LanguageBlock(language, entries, readers, tuple(able), tuple(bridging))
                for language, entries, readers, able, bridging in data["blocks"]
            ),
            bridges=tuple(Pair(*pair) for pair in data["bridges"]),
            anchors=tuple((entry_id, readers) for entry_id, readers in data["anchors"]),
            hidden=frozenset(data.get("hidden", ())),  # a plan kept before this was noted is shown if nothing is hidden
        )


def plan_result(
    plan: AssignmentPlan,
    *,
    entries: Collection[EntryNeed],
    reviewers: Collection[ReviewerOffer],
    barred: Mapping[Pair, Bar],
    started: Collection[Pair],
    stored: Collection[Pair],
    present: Collection[Pair],
    anchors: Collection[str],
    minutes: Mapping[str, int],
    hidden: Collection[str],
) -> PlanResult:
    """Compare a plan with how things stand: `stored` are the pairs not begun, `present` all that count now.

    `entries` are those that the planner may see; `minutes` says how long a review of each takes.
    """
    seen = {entry.id for entry in entries}
    planned = frozenset(pair for pair in plan.pairs if pair.entry_id in seen)
    wanted = planned - frozenset(started)
    return PlanResult(
        added=wanted - frozenset(stored),
        removed=frozenset(stored) - wanted,
        before=_loads(reviewers, dict.fromkeys(present, 1)),
        after=_loads(reviewers, dict.fromkeys(planned, 1)),
        minutes=_loads(reviewers, {pair: minutes[pair.entry_id] for pair in planned}),
        shortfalls=tuple(each for each in plan.shortfalls if each.entry_id in seen),
        shortages=plan.shortages,
        inexperienced=len(plan.inexperienced & seen) if any(each.is_experienced for each in reviewers) else 0,
        blocks=tuple(language_blocks(entries, reviewers, planned)),
        bridges=tuple(bridge_proposals(list(entries), list(reviewers), barred=barred, pairs=planned)),
        anchors=tuple(anchor_proposals(list(entries), list(reviewers), barred=barred, anchors=anchors)),
        hidden=frozenset(hidden),
    )


def _loads(reviewers: Collection[ReviewerOffer], pairs: Mapping[Pair, int]) -> dict[str, int]:
    loads = {reviewer.id: 0 for reviewer in reviewers}
    for pair, weight in pairs.items():
        loads[pair.reviewer_id] = loads.get(pair.reviewer_id, 0) + weight
    return loads


def _listed(pairs: Collection[Pair]) -> list[list[str]]:
    return [list(pair) for pair in sorted(pairs)]
