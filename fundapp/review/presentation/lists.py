"""Lists that people try, in figures and words: rows with their reasons, money, and what a change does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final
from uuid import UUID

from flask import url_for

from fundapp.applications.identity import face_of
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import money
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import localised, ngettext
from fundapp.core.paging import Page
from fundapp.review.list_rules import Effect, MarkKind, Tried, balance, effect, line_after
from fundapp.review.list_words import (
    Names,
    broken_words,
    exceeded_words,
    floor_words,
    kept_words,
    line_words,
    reason_words,
    short_words,
)
from fundapp.review.models import Outcome, TrialList
from fundapp.review.presentation.balance import BalanceShown, Column, balance_shown, group_words
from fundapp.review.presentation.selection import figure
from fundapp.review.queries.asks import REST
from fundapp.review.queries.lists import Board, Ground, LastRound
from fundapp.review.queries.ranking import Ranked

PAGE_SIZE: Final = 200
"""Rows on a page of a list."""
MOST_SHOWN: Final = 100
"""Rows of a change that are written out; of more, the number is said."""


@dataclass(frozen=True)
class ListLink:
    """One list among those of a call."""

    id: UUID
    url: str
    name: str
    made_by: str
    made: Moment


@dataclass(frozen=True)
class ListRow:
    """An entry in a list. Amounts are written with their currency; "" where there is none."""

    url: str
    reference: str
    organisation: str
    rank: str
    mean: str
    adjusted: str
    asked: str
    amount: str
    status: str
    kind: str
    reason: str
    marked_by: str
    mark_reason: str
    line: str
    """What ends below it, where it is the last one above the line; else ""."""


@dataclass(frozen=True)
class PotShown:
    """A pot: what it holds, and what a list leaves of it; "" where the pots cannot pay for the list."""

    title: str
    holds: str
    left: str


@dataclass(frozen=True)
class StandShown:
    """Where a list stands: number of awards, money, pots, and which rules are met, missed or broken."""

    awards: str
    reserves: str
    words: str
    given_minor: int
    budget_minor: int
    pots: Sequence[PotShown]
    cannot_pay: bool
    """No way is found in which the pots pay for the list."""
    kept: Sequence[str]
    short: Sequence[str]
    exceeded: Sequence[str]
    broken: Sequence[str]
    below_floor: Sequence[str]
    """What people put in though it does not reach the floor."""
    is_impossible: bool
    """What people put in breaks the terms: there is no proposal around it."""
    is_long: bool
    """There are too many entries to say who would be in without each rule."""


@dataclass(frozen=True)
class ChangedRow:
    """An entry that a change moves, with its amount before and after."""

    reference: str
    organisation: str
    rank: str
    before: str
    after: str


@dataclass(frozen=True)
class EffectShown:
    """What a change does. `more` says how many rows are not written out."""

    comes_in: Sequence[ChangedRow]
    goes_out: Sequence[ChangedRow]
    other_amount: Sequence[ChangedRow]
    more: str
    is_nothing: bool


def names_of(ground: Ground) -> Names:
    """Return what things are called in the sentences about lists of a call."""
    call = ground.selection.call
    titles = {pot.code: localised(dict(pot.titles)) for pot in ground.selection.terms.pots}
    return Names(
        money=lambda minor: money(minor, call.currency),
        group=group_words(call),
        pots=titles | {REST: _("What the other pots leave of the budget")},
        entries={key: face_of(ground.rows[key].entry.application).reference for key in (*ground.order, *ground.rows)},
    )


def links_shown(trials: Iterable[TrialList], call: Call) -> list[ListLink]:
    """Return the lists of a call."""
    return [
        ListLink(
            id=trial.id,
            url=url_for("review.trial_list", slug=call.slug, list_id=trial.id),
            name=trial.name,
            made_by=trial.made_by.name or trial.made_by.email,
            made=moment(trial.made_at, call.time_zone),
        )
        for trial in trials
    ]


def rows_shown(board: Board, names: Names, number: int, *, may_mark: bool) -> Page[ListRow]:
    """Return one page of the rows of a list, best first; with `may_mark` each leads to its form."""
    order, call = board.ground.order, board.ground.selection.call
    page = Page[ListRow](items=[], number=1, size=PAGE_SIZE, total=len(order))
    number = max(1, min(number, page.last))
    here = order[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    last_above = line_after(board.made, order)
    line = line_words(board.made.proposal.line_ends) if board.made.proposal and board.made.proposal.line_ends else ""
    items = []
    for key in here:
        entry_id = board.ground.rows[key].entry.id
        url = url_for("review.mark", slug=call.slug, list_id=board.trial.id, entry_id=entry_id) if may_mark else ""
        items.append(row_shown(board, names, key, url=url, line=line if key == last_above else ""))
    return Page(items=items, number=number, size=PAGE_SIZE, total=len(order))


def row_shown(board: Board, names: Names, key: str, *, url: str = "", line: str = "") -> ListRow:
    """Return one entry of a list, named by its id."""
    row, mark, currency = board.ground.rows[key], board.marks.get(key), board.ground.selection.call.currency
    face = face_of(row.entry.application)
    status, kind = _status(board, key)
    return ListRow(
        url=url,
        reference=face.reference,
        organisation=face.name,
        rank=row.standing.rank_label,
        mean=figure(row.figures.mean),
        adjusted=_adjusted(row),
        asked=money(row.in_full_minor, currency) if row.in_full_minor is not None else "",
        amount=money(board.made.given[key], currency) if key in board.made.awarded else "",
        status=status,
        kind=kind,
        reason=reason_words(board.made, key, names),
        marked_by=(mark.made_by.name or mark.made_by.email) if mark else "",
        mark_reason=mark.reason if mark else "",
        line=line,
    )


def leads_adjusted(ground: Ground) -> bool:
    """Say whether adjusted scores are shown beside the means."""
    return any(row.adjusted is not None for row in ground.selection.ranked)


def _adjusted(row: Ranked) -> str:
    return figure(Fraction(row.adjusted.score)) if row.adjusted is not None else ""


def _status(board: Board, key: str) -> tuple[str, str]:
    made = board.made
    wish = made.wishes.get(key)
    if made.leaves_to_people(key):
        return _("People decide"), "act"
    if key in made.awarded:
        return _("In"), "good"
    if wish is not None and wish.kind is MarkKind.RESERVE:
        return _("In reserve"), "wait"
    return _("Not in"), ""


def stand_shown(made: Tried, names: Names) -> StandShown:
    """Return where a list stands."""
    left = made.pots_left
    pots = [
        PotShown(names.pots[pot.code], names.money(pot.money_minor), names.money(left[pot.code]) if left else "")
        for pot in made.terms.pots
    ]
    budget = made.terms.budget_minor
    reserves = sum(wish.kind is MarkKind.RESERVE for wish in made.wishes.values())
    words = {
        "given": names.money(made.spent_minor),
        "budget": names.money(budget),
        "left": names.money(made.left_minor),
    }
    return StandShown(
        awards=ngettext("%(num)s award", "%(num)s awards", len(made.awarded)),
        reserves=ngettext("%(num)s in reserve", "%(num)s in reserve", reserves) if reserves else "",
        words=_("%(given)s of %(budget)s given, %(left)s left", **words),
        given_minor=made.spent_minor,
        budget_minor=budget,
        pots=pots,
        cannot_pay=left is None,
        kept=kept_words(made, names),
        short=short_words(made, names),
        exceeded=exceeded_words(made, names),
        broken=broken_words(made, names),
        below_floor=floor_words(made, names),
        is_impossible=made.proposal is None,
        is_long=made.effects is None,
    )


def effect_shown(before: Mapping[str, int], after: Mapping[str, int], ground: Ground) -> EffectShown:
    """Return what changes from some awards to others."""
    change = effect(before, after, ground.order)
    rows = {
        name: [_changed(ground, key, before, after) for key in getattr(change, name)[:MOST_SHOWN]]
        for name in ("comes_in", "goes_out", "other_amount")
    }
    return EffectShown(**rows, more=_more(change), is_nothing=change.is_nothing)


def _more(change: Effect) -> str:
    more = sum(max(0, len(each) - MOST_SHOWN) for each in (change.comes_in, change.goes_out, change.other_amount))
    return ngettext("and %(num)s more", "and %(num)s more", more) if more else ""


def _changed(ground: Ground, key: str, before: Mapping[str, int], after: Mapping[str, int]) -> ChangedRow:
    row = ground.rows[key]
    face, currency = face_of(row.entry.application), ground.selection.call.currency
    return ChangedRow(
        reference=face.reference,
        organisation=face.name,
        rank=row.standing.rank_label,
        before=money(before[key], currency) if key in before else "",
        after=money(after[key], currency) if key in after else "",
    )


def list_column(name: str, made: Tried, currency: str) -> Column:
    """Return the balance of a list."""
    return Column(name, balance(made.asks, made.given), made.spent_minor, currency)


def balances_shown(columns: Sequence[Column], ground: Ground, last: LastRound | None) -> list[BalanceShown]:
    """Return the balance of lists beside that of all applications, and of the last decided call."""
    currency = ground.selection.call.currency
    asked = sum(ask.amount_minor for ask in ground.asks)
    all_of_them = [*columns, Column(_("All applications"), balance(ground.asks), asked, currency)]
    if last is not None:
        all_of_them.append(Column(_("Last round"), last.shares, last.given_minor, last.call.currency))
    return balance_shown(all_of_them, group_words(ground.selection.call))


@dataclass(frozen=True)
class AdoptionShown:
    """What adopting a list makes of the entries, whom it leaves to people or lots; `over` is what the budget lacks."""

    awards: str
    reserves: str
    declines: str
    money: str
    over: str
    left: Sequence[ChangedRow]
    more: str
    lots: Sequence[ChangedRow]
    more_lots: str


def adoption_shown(
    ground: Ground,
    after: Mapping[str, int],
    outcomes: Sequence[Outcome],
    left: Sequence[Ranked],
    lots: Sequence[Ranked],
) -> AdoptionShown:
    """Return what adopting a list would leave: `after` are all awards then, those that it does not touch included."""
    call = ground.selection.call
    given, more, more_lots = sum(after.values()), len(left) - MOST_SHOWN, len(lots) - MOST_SHOWN
    return AdoptionShown(
        awards=ngettext("%(num)s award", "%(num)s awards", len(after)),
        reserves=ngettext("%(num)s in reserve", "%(num)s in reserve", outcomes.count(Outcome.RESERVE)),
        declines=ngettext("%(num)s decline", "%(num)s declines", outcomes.count(Outcome.DECLINE)),
        money=_(
            "%(given)s of %(budget)s would be promised",
            given=money(given, call.currency),
            budget=money(call.budget_minor, call.currency),
        ),
        over=money(given - call.budget_minor, call.currency) if given > call.budget_minor else "",
        left=[_changed(ground, str(row.entry.id), {}, {}) for row in left[:MOST_SHOWN]],
        more=ngettext("and %(num)s more", "and %(num)s more", more) if more > 0 else "",
        lots=[_changed(ground, str(row.entry.id), {}, {}) for row in lots[:MOST_SHOWN]],
        more_lots=ngettext("and %(num)s more", "and %(num)s more", more_lots) if more_lots > 0 else "",
    )
