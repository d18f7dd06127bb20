"""The votes of chairs in words: on the list, row by row, and for a chair who votes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import url_for

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor
from fundapp.applications.identity import face_of
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import money
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.review.models import Outcome
from fundapp.review.presentation.selection import RankedShown, ranked_shown
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.voting import Cast, RowVotes, votes_of
from fundapp.review.voting_rules import Count, Proposal, VoteChoice, VoteStanding


@dataclass(frozen=True)
class CastShown:
    """A vote: whose, what, why; `note` says why it does not count ("" where it does)."""

    person: str
    choice: str
    kind: str
    reason: str
    note: str


@dataclass(frozen=True)
class RowVotesShown:
    """A decided entry with what its chairs voted. Names and reasons are for those who read decisions."""

    id: UUID
    url: str
    reference: str
    organisation: str
    proposal: str
    about: str
    tag: str
    kind: str
    count: str
    cast: Sequence[CastShown]
    silent: Sequence[str]
    recused: str
    kept: str
    """Why the award stays without the approval of the chairs; "" where nobody said so."""
    kept_by: str
    asks_for_reason: bool

    @property
    def dissent(self) -> list[CastShown]:
        """Return the votes against what is proposed now."""
        return [each for each in self.cast if each.kind == "stop"]


@dataclass(frozen=True)
class BallotShown:
    """A row as a chair sees it who votes on it."""

    id: UUID
    url: str
    figures: RankedShown
    proposal: str
    own: str
    """How they voted; "" where they have not."""
    own_note: str
    """Why that does not count; "" where it does."""
    count: str
    """What the votes come to; "" before they voted themselves."""
    is_approved: bool


def row_votes_shown(row: RowVotes, call: Call) -> RowVotesShown:
    """Return a row for those who read decisions."""
    face = face_of(row.entry.application)
    tag, kind = _tag(row)
    kept = row.without_approval
    return RowVotesShown(
        id=row.entry.id,
        url=url_for("review.row_votes", slug=call.slug, entry_id=row.entry.id),
        reference=face.reference,
        organisation=face.name,
        proposal=proposal_words(row.proposal, call),
        about=str(row.proposal),
        tag=tag,
        kind=kind,
        count=count_words(row.count),
        cast=[_cast_shown(each, call) for each in row.cast],
        silent=[_name(person) for person in row.silent],
        recused=_recused(row.recused, names=not face.is_protected),
        kept=kept.reason if kept else "",
        kept_by=_name(kept.given_by) if kept else "",
        asks_for_reason=row.is_unapproved_award,
    )


def votes_on_list(actor: Actor, call: Call) -> list[RowVotesShown]:
    """Return the decided entries with their votes, for the pages of the list; nothing where the chairs do not vote."""
    return [row_votes_shown(row, call) for row in votes_of(actor=actor, call=call).values()]


def ballot_shown(ranked: Ranked, row: RowVotes, call: Call, person_id: UUID | None) -> BallotShown:
    """Return a row for a chair who votes: nobody's names, and the count only once they have voted themselves."""
    own = row.of(person_id)
    return BallotShown(
        url=url_for("review.vote", slug=call.slug, entry_id=row.entry.id),
        id=row.entry.id,
        figures=ranked_shown(ranked, call, link=False),
        proposal=proposal_words(row.proposal, call),
        own=choice_words(own.vote.choice) if own else "",
        own_note=note_of(own, call) if own else "",
        count=count_words(row.count) if row.has_voted(person_id) else "",
        is_approved=row.count.is_approved,
    )


def proposal_words(proposal: Proposal, call: Call) -> str:
    """Return an outcome in words, with its amount: "Award, €12,000"."""
    match proposal.outcome:
        case Outcome.AWARD:
            return _("Award, %(amount)s", amount=money(proposal.amount_minor, call.currency))
        case Outcome.DECLINE:
            return _("Decline")
        case _:
            return _("In reserve")


def count_words(found: Count) -> str:
    """Return what the votes come to: "2 for, 1 against, 1 abstained"."""
    parts = [
        ngettext("%(num)s for", "%(num)s for", found.in_favour),
        ngettext("%(num)s against", "%(num)s against", found.against),
    ]
    if found.abstained:
        parts.append(ngettext("%(num)s abstained", "%(num)s abstained", found.abstained))
    return " · ".join(parts)


def choice_words(choice: VoteChoice) -> str:
    """Return a vote in a word."""
    match choice:
        case VoteChoice.FOR:
            return _("In favour")
        case VoteChoice.AGAINST:
            return _("Against")
        case VoteChoice.ABSTAIN:
            return _("Abstained")


def note_of(each: Cast, call: Call) -> str:
    """Say why a vote does not count; "" for one that does."""
    match each.standing:
        case VoteStanding.COUNTS:
            return ""
        case VoteStanding.EARLIER_PROPOSAL:
            about = proposal_words(each.vote.about, call)
            return _("Does not count: it was on an earlier proposal (%(proposal)s).", proposal=about)
        case VoteStanding.CONFLICT:
            return _("Does not count: a conflict of interest came up since.")
        case VoteStanding.NO_CHAIR:
            return _("Does not count: no chair of this call any more.")


def _tag(row: RowVotes) -> tuple[str, str]:
    if row.count.is_approved:
        return _("Approved by the chairs"), "good"
    refused = _("No vote yet") if row.count == Count() else _("Not approved by the chairs")
    if row.holds_up_the_list:
        return refused, "act"
    if row.is_unapproved_award:
        return _("Stays without approval, with a reason"), "wait"
    return refused, ""


def _cast_shown(each: Cast, call: Call) -> CastShown:
    kind = {VoteChoice.FOR: "good", VoteChoice.AGAINST: "stop", VoteChoice.ABSTAIN: ""}[each.vote.choice]
    return CastShown(
        person=_name(each.vote.person),
        choice=choice_words(each.vote.choice),
        kind=kind if each.counts else "",
        reason=each.vote.reason,
        note=note_of(each, call),
    )


def _recused(people: Sequence[Person], *, names: bool) -> str:
    """Name the chairs with a conflict of interest; of a protected application only how many, as a tie tells whose."""
    if not people:
        return ""
    if names:
        return ", ".join(_name(person) for person in people)
    return ngettext("%(num)s chair", "%(num)s chairs", len(people))


def _name(person: Person) -> str:
    return person.name or person.email
