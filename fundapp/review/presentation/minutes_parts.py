"""The parts of the minutes of a decision: each is one function from what is minuted to a section, or to none.

Whoever has something to add writes a function here, or beside it, and names it in `minutes.SECTIONS`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor
from fundapp.applications.presentation.copies import written
from fundapp.applications.presentation.texts import money
from fundapp.core.dates import moment
from fundapp.core.db import db
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.pdf import drawable
from fundapp.review.models import Outcome, Slate
from fundapp.review.presentation.ratifying import person_words, ratifications_seen, sent_back_shown
from fundapp.review.presentation.selection import RankedShown, pools_shown
from fundapp.review.presentation.terms import changes_shown, terms_shown
from fundapp.review.presentation.votes import RowVotesShown, votes_on_list
from fundapp.review.queries.freezing import newest_frozen
from fundapp.review.queries.selection import Selection, set_terms
from fundapp.review.queries.terms import late_changes

NONE: Final = "–"
"""Stands in a cell that would be empty."""
LEFT_TO_RIGHT: Final = "\N{LEFT-TO-RIGHT MARK}"
"""Before a rank such as "=2": without a letter in it, a page that runs from the right would turn it round."""


@dataclass(frozen=True)
class Fact:
    """What something is: a name, a moment, an amount. Each text stands on a line of its own."""

    label: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A row of a table; a cell without anything has a dash."""

    cells: tuple[str, ...]
    note: str | None = None
    """Words under one of its cells: the reason."""


@dataclass(frozen=True)
class Table:
    """Rows under headings; of the columns, counted from 0, `noted` has the notes and `number` holds figures."""

    title: str | None
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    noted: int = 1
    number: int | None = None


@dataclass(frozen=True)
class Section:
    """A part of the minutes."""

    title: str
    facts: tuple[Fact, ...] = ()
    texts: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Minuted:
    """What is minuted: a list that was sent, as somebody may see it."""

    actor: Actor
    found: Selection
    slate: Slate

    def at(self, instant: datetime) -> str:
        """Return when something was, in the zone of the call and in UTC."""
        return written(moment(instant, self.found.call.time_zone))


def standing(minuted: Minuted) -> Section:
    """Tell who sent the list, ratified it and released it, and when; of who ratified what the reader's page tells."""
    slate = minuted.slate
    facts = [
        Fact(_("Ratified"), _by(each.person, minuted.at(each.ratified_at)))
        for each in ratifications_seen(minuted.found)
    ]
    if slate.proposed_at is not None:
        sent = _by(_person(slate.proposed_by_id), minuted.at(slate.proposed_at))
        facts.insert(0, Fact(_("Sent for ratification"), sent))
    if slate.released_at is not None:
        facts.append(Fact(_("Released"), _by(_person(slate.released_by_id), minuted.at(slate.released_at))))
    return Section(_("How the list came about"), facts=tuple(facts))


def deciders(minuted: Minuted) -> Section:
    """Tell who decided, how many entries each, and what it comes to."""
    found, currency = minuted.found, minuted.found.call.currency
    decisions = [row.decision for row in found.ranked if row.decision is not None]
    people = sorted({each.decided_by for each in decisions}, key=lambda person: person.sort_key)
    counts = {person: sum(each.decided_by is person for each in decisions) for person in people}
    given = sum(each.amount_minor for each in decisions)
    outcomes = [each.outcome for each in decisions]
    return Section(
        _("Decisions"),
        facts=(
            Fact(_("Promised in all"), (money(given, currency),)),
            Fact(_("Budget"), (money(found.call.budget_minor, currency),)),
            Fact(_("Awards"), (str(outcomes.count(Outcome.AWARD)),)),
            Fact(_("In reserve"), (str(outcomes.count(Outcome.RESERVE)),)),
            Fact(_("Declined entries"), (str(outcomes.count(Outcome.DECLINE)),)),
            *(
                Fact(_("Decided by"), (drawable(person_words(person)), _entries(number)))
                for person, number in counts.items()
            ),
        ),
    )


def terms(minuted: Minuted) -> Section:
    """Tell what the selection was bound by, and what of it was changed late, by whom and why."""
    call = minuted.found.call
    shown = terms_shown(minuted.found.terms, set_terms(call), call)
    facts = [Fact(_("Fixed by"), _by_name(shown.set_by, written(shown.set_at)))] if shown.set_at else []
    rows = [
        Row(
            (
                written(change.at),
                drawable(change.who) or NONE,
                drawable("\n".join(change.gone)) or NONE,
                drawable("\n".join(change.new)) or NONE,
            ),
            note=_reason(change.reason),
        )
        for change in changes_shown(late_changes(call), call)
    ]
    headings = (_("When"), _("Changed by"), _("No longer"), _("New"))
    return Section(
        _("What the selection was bound by"),
        facts=tuple(facts),
        texts=tuple(
            drawable(text)
            for text in (*shown.lines, *shown.rules, *(f"{pot.name.text}: {pot.words}" for pot in shown.pots))
        ),
        tables=(Table(_("Changed when scores could be seen"), headings, tuple(rows)),) if rows else (),
    )


def awards(minuted: Minuted) -> Section | None:
    """List the awards with amounts and reasons."""
    return _list(minuted, Outcome.AWARD, _("Awards"))


def reserve(minuted: Minuted) -> Section | None:
    """List what is held in reserve, in the order in which it may move up."""
    return _list(minuted, Outcome.RESERVE, _("In reserve, in order of rank"))


def declined(minuted: Minuted) -> Section | None:
    """List what was declined."""
    return _list(minuted, Outcome.DECLINE, _("Declined entries"))


def dissent(minuted: Minuted) -> Section | None:
    """Tell of votes against, of abstentions and of chairs who stepped back, where chairs vote."""
    rows = votes_on_list(minuted.actor, minuted.found.call)
    if not rows:
        return None
    counted = tuple(
        Row(
            (f"{each.reference} {drawable(each.organisation)}", drawable(each.proposal), each.count, each.tag),
            _said(each),
        )
        for each in rows
    )
    headings = (_("Entry"), _("Proposed"), _("Votes"), _("Approval"))
    return Section(_("Votes of the chairs, and dissent"), tables=(Table(None, headings, counted, noted=0),))


def came_back(minuted: Minuted) -> Section | None:
    """Tell each time that the list was sent back: who had sent it, who sent it back, why."""
    times = list(reversed(sent_back_shown(minuted.slate, minuted.found.call)))
    if not times:
        return None
    rows = tuple(
        Row(
            ("\n".join(_by_name(each.sent_by, written(each.sent))), "\n".join(_by_name(each.by, written(each.at)))),
            note=_reason(each.reason),
        )
        for each in times
    )
    return Section(_("Sent back"), tables=(Table(None, (_("Sent by"), _("Sent back by")), rows),))


def frozen_tally(minuted: Minuted) -> Section | None:
    """Tell by what the frozen tally of this sending can be known."""
    frozen = newest_frozen(minuted.slate)
    if frozen is None:
        return None
    facts = [Fact(_("Fingerprint (SHA-256)"), (frozen.sha256,))]
    if frozen.signature is not None:
        facts.append(Fact(_("Signed"), (minuted.at(frozen.signature.signed_at),)))
    text = _("Every score, the ranking and the decisions were kept in one file when the list was sent.")
    return Section(_("The frozen tally"), facts=tuple(facts), texts=(text,))


def _list(minuted: Minuted, outcome: Outcome, title: str) -> Section | None:
    of_entry = {row.entry.id: row.decision for row in minuted.found.ranked}
    tables = []
    for pool in pools_shown(minuted.found, link=False):
        chosen = [
            each for each in pool.rows if (decision := of_entry[each.id]) is not None and decision.outcome is outcome
        ]
        name = " · ".join(part for part in (pool.title.text if pool.title else "", pool.name) if part)
        rows = [
            Row(
                (
                    f"{LEFT_TO_RIGHT}{each.rank}" if each.rank else NONE,
                    f"{each.reference} {drawable(each.organisation)}",
                    *((each.amount,) if outcome is Outcome.AWARD else ()),
                    drawable(each.decided_by) or NONE,
                ),
                note=_noted(each),
            )
            for each in chosen
        ]
        amount = (_("Amount"),) if outcome is Outcome.AWARD else ()
        headings = (_("Rank"), _("Entry"), *amount, _("Decided by"))
        if rows:
            tables.append(Table(drawable(name) or None, headings, tuple(rows), number=2 if amount else None))
    return Section(title, tables=tuple(tables)) if tables else None


def _noted(each: RankedShown) -> str | None:
    words = []
    if each.is_below_floor:
        words.append(_("Below the floor."))
    if each.is_against_rank:
        words.append(_("Against rank."))
    if each.vote:
        words.append(each.vote)
    return " ".join((*words, drawable(each.reason.strip()))).strip() or None


def _reason(reason: str) -> str | None:
    return _("Reason: %(reason)s", reason=drawable(reason)) if reason else None


def _said(row: RowVotesShown) -> str | None:
    """Return who voted against or abstained and why, who stepped back, and why an award stays all the same."""
    lines = [
        ": ".join(part for part in (f"{each.choice}, {drawable(each.person)}", drawable(each.reason)) if part)
        for each in row.cast
        if not each.note and each.kind != "good"
    ]
    if row.recused:
        lines.append(_("Stepped back because of a conflict of interest: %(names)s", names=drawable(row.recused)))
    if row.kept:
        lines.append(
            _("It stays without approval (%(name)s): %(reason)s", name=drawable(row.kept_by), reason=drawable(row.kept))
        )
    return "\n".join(lines) or None


def _by(person: Person | None, at: str) -> tuple[str, ...]:
    return _by_name(person_words(person) if person else "", at)


def _by_name(name: str, at: str) -> tuple[str, ...]:
    return tuple(part for part in (drawable(name), at) if part)


def _person(person_id: UUID | None) -> Person | None:
    return db.session.get(Person, person_id) if person_id is not None else None


def _entries(number: int) -> str:
    return ngettext("%(num)s entry", "%(num)s entries", number)
