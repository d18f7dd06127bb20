"""A public vote in words: its terms for everybody, its result and what looks odd for those who decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import url_for

from fundapp.accounts.permissions import Actor
from fundapp.applications.call_links import CallLink
from fundapp.applications.identity import face_of
from fundapp.applications.models import Call, CallStatus
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.rules import Opening
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import ngettext
from fundapp.review.models import PublicVote, SetAsideVotes
from fundapp.review.queries.finalists import announcement_of
from fundapp.review.queries.public_vote import set_aside_groups
from fundapp.review.queries.selection import Selection
from fundapp.review.queries.vote_count import CategoryResult, Counted, opening_of, result, vote_of
from fundapp.review.vote_rules import Pattern, PatternKind, VoteMode

KINDS: Final = {
    PatternKind.BURST: _l("Many in one minute"),
    PatternKind.NETWORK: _l("Many from one network"),
    PatternKind.DOMAIN: _l("Many addresses of one mail domain that is not known as a public one"),
    PatternKind.THROWAWAY: _l("Addresses of providers that give anybody one for some minutes"),
    PatternKind.SEQUENCE: _l("Addresses that differ in a number alone"),
}


@dataclass(frozen=True)
class TermsShown:
    """What is announced of a vote, and where it stands."""

    mode: str
    about: Said | None
    opens: Moment
    closes: Moment
    set_at: Moment
    is_upcoming: bool
    is_open: bool
    is_closed: bool
    is_deciding: bool


@dataclass(frozen=True)
class CountedShown:
    """The votes of a finalist; `share` is the length of its bar in percent of the longest."""

    reference: str
    name: str
    rank: str
    votes: int
    confirmed: int
    share: float
    is_chosen: bool


@dataclass(frozen=True)
class ResultShown:
    """The votes on a category, most first; `words` say what follows."""

    title: Said | None
    rows: Sequence[CountedShown]
    words: str


@dataclass(frozen=True)
class PatternShown:
    """A group of votes that looks odd."""

    id: str
    kind: str
    at: Moment | None
    votes: str
    finalists: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class GroupShown:
    """A group of votes that was left out of the count."""

    id: UUID
    kind: str
    votes: str
    reason: str
    by: str
    at: Moment
    ended: Moment | None


def terms_shown(vote: PublicVote, now: datetime) -> TermsShown:
    """Return what everybody is told of a vote at an instant."""
    zone, standing = vote.call.time_zone, opening_of(vote, now)
    return TermsShown(
        mode=mode_words(vote),
        about=said(vote.category.titles) if vote.category else None,
        opens=moment(vote.opens_at, zone),
        closes=moment(vote.closes_at, zone),
        set_at=moment(vote.set_at, zone),
        is_upcoming=standing is Opening.NOT_YET,
        is_open=standing is Opening.OPEN,
        is_closed=standing is Opening.CLOSED,
        is_deciding=vote.mode is VoteMode.DECIDING,
    )


def results_shown(results: Sequence[CategoryResult], vote: PublicVote, ranks: Mapping[UUID, str]) -> list[ResultShown]:
    """Return the votes by category with the rank of each entry beside them: its id -> its rank in words."""
    return [
        ResultShown(
            said(each.category.titles) if each.category else None,
            _counted(each, ranks),
            result_words(each, vote),
        )
        for each in results
    ]


def patterns_shown(found: Sequence[Pattern], results: Sequence[CategoryResult], zone: str) -> list[PatternShown]:
    """Return the groups that look odd, each with the finalists that it helps."""
    references = {str(row.finalist.id): _reference(row) for each in results for row in each.rows}
    return [
        PatternShown(
            id=each.id,
            kind=str(KINDS[each.kind]),
            at=moment(each.casts[0].minute, zone) if each.kind is PatternKind.BURST else None,
            votes=ngettext("%(num)s vote", "%(num)s votes", len(each.casts)),
            finalists=[(references[key], number) for key, number in each.finalists.items() if key in references],
        )
        for each in found
    ]


def groups_shown(groups: Sequence[tuple[SetAsideVotes, int]], zone: str) -> list[GroupShown]:
    """Return the groups that were left out, with who did so and why."""
    return [
        GroupShown(
            id=each.id,
            kind=str(KINDS[each.kind]),
            votes=ngettext("%(num)s vote", "%(num)s votes", number),
            reason=each.reason,
            by=each.set_by.name or each.set_by.email,
            at=moment(each.set_at, zone),
            ended=moment(each.ended_at, zone) if each.ended_at else None,
        )
        for each, number in groups
    ]


def vote_beside_ranks(selection: Selection, actor: Actor, now: datetime) -> dict[str, Any] | None:
    """Return what the pages of a selection show of a public vote: its terms, and its result once it has closed.

    None where the public does not vote. Only entries that the actor may see.
    """
    vote = vote_of(selection.call)
    if vote is None:
        return None
    shown = terms_shown(vote, now)
    ranks = {row.entry.id: row.figures.rank_label for row in selection.ranked}
    found = result(actor=actor, vote=vote, now=now) if shown.is_closed else []
    return {"terms": shown, "results": results_shown(found, vote, ranks)}


def whole_vote_shown(selection: Selection, actor: Actor, now: datetime) -> dict[str, Any] | None:
    """Return everything that staff read of a public vote: its terms, both counts, and what was left out and why.

    {"terms": TermsShown, "results": [ResultShown], "groups": [GroupShown]}; None where the public does not vote.
    """
    vote, shown = vote_of(selection.call), vote_beside_ranks(selection, actor, now)
    if vote is None or shown is None:
        return None
    return {**shown, "groups": groups_shown(set_aside_groups(actor=actor, vote=vote), selection.call.time_zone)}


def links_of_call(call: Call, now: datetime) -> list[CallLink]:
    """Return what the page of a call says of its finalists and of the public vote, once they are announced."""
    if call.status is CallStatus.DRAFT or announcement_of(call) is None:
        return []
    links = [CallLink(url_for("review.public_finalists", slug=call.slug), _("See the finalists"))]
    vote = vote_of(call)
    if vote is not None and opening_of(vote, now) is Opening.OPEN:
        links.append(CallLink(url_for("review.public_vote", slug=call.slug), _("Vote for a finalist")))
    return links


def mode_words(vote: PublicVote) -> str:
    """Say what a vote was announced to do."""
    if vote.mode is VoteMode.DECIDING:
        return _("The vote decides. If people award somebody else, they have to say why.")
    return _("The vote advises those who decide. It does not bind them.")


def _counted(found: CategoryResult, ranks: Mapping[UUID, str]) -> list[CountedShown]:
    most = max((row.confirmed for row in found.rows), default=0) or 1
    return [
        CountedShown(
            reference=_reference(row),
            name=face_of(row.finalist.entry.application).name,
            rank=ranks.get(row.finalist.entry_id, ""),
            votes=row.counted,
            confirmed=row.confirmed,
            share=round(100 * row.counted / most, 2),
            is_chosen=row.finalist.entry_id in found.chosen,
        )
        for row in found.rows
    ]


def result_words(found: CategoryResult, vote: PublicVote) -> str:
    """Say what follows from the votes on a category."""
    if not found.chosen:
        return _("Nobody has a vote that counts: people decide.")
    if found.is_tied:
        return _("The votes are equal: people decide between those.")
    if vote.mode is VoteMode.DECIDING:
        return _("As announced, the vote decides. Awarding somebody else needs a reason.")
    return _("As announced, the vote advises.")


def _reference(row: Counted) -> str:
    return face_of(row.finalist.entry.application).reference
