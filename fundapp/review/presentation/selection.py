"""The tally and the selection in figures and words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from babel.numbers import format_decimal
from flask import url_for

from fundapp.applications.identity import face_of
from fundapp.applications.models import Call, Category
from fundapp.applications.presentation.texts import Said, money, said
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import current_language, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.numbers import cldr, number_text
from fundapp.review.models import Outcome, Review, Slate, SlateStatus
from fundapp.review.pictures import TallyPlot, tally_plot
from fundapp.review.presentation.line_draw import lot_words
from fundapp.review.presentation.ratifying import SentBackShown, sent_back_shown
from fundapp.review.presentation.reading import confidence_words
from fundapp.review.queries.freezing import newest_frozen
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection
from fundapp.review.rules import Choice
from fundapp.review.tally import mark_of_review, rounded
from fundapp.review.transitions import SLATE


@dataclass(frozen=True)
class RankedShown:
    """An entry in the ranked list. Amounts are written with their currency; "" where there is none."""

    id: UUID
    url: str
    reference: str
    organisation: str
    title: str
    rank: str
    mean: str
    median: str
    spread: str
    reviews: int
    is_short: bool
    asked: str
    decision: str
    kind: str
    amount: str
    reason: str
    decided_by: str
    needs_reason: bool
    is_against_rank: bool
    adjusted: str = ""
    """Its adjusted score; "" where means lead, and where it has too few reviews."""
    lot: str = ""
    """What its lot at the line came to; "" where no lot decides of it."""
    is_below_floor: bool = False
    """Its score is below the floor of the terms."""
    vote: str = ""
    """Whether its decision is that of a public vote which decides, or goes against it; "" where neither."""


@dataclass(frozen=True)
class PoolShown:
    """Entries that are ranked together; `title` is a category's, None where all are.

    `name` is that of their pool, and `money` what is left for it, where applicants review each other.
    """

    title: Said | None
    name: str
    awards: str
    money: str
    rows: Sequence[RankedShown]
    plot: TallyPlot
    short: int


@dataclass(frozen=True)
class MoneyShown:
    """The budget: what is promised and what is left; the minor units are for the bar.

    Only what the actor sees is counted, and `note` says so. What is left after all promises would tell whoever has a
    conflict of interest that something which is hidden from them has an award, and how much.
    """

    words: str
    note: str
    given: str
    budget: str
    left: str
    given_minor: int
    budget_minor: int


@dataclass(frozen=True)
class SlateShown:
    """Where the list of decisions stands."""

    status: str
    kind: str
    is_open: bool
    is_proposed: bool
    is_ratified: bool
    awards: str
    reserves: str
    """Empty where nothing is held in reserve."""
    declines: str
    undecided: int
    undecided_words: str
    was_sent_back: Sequence[SentBackShown]
    """Each time that it came back, the last one first."""
    proposed: Moment | None
    ratified: Moment | None


@dataclass(frozen=True)
class FrozenShown:
    """The frozen tally of a list: which sending it is of, and its SHA-256 as hex."""

    number: int
    sha256: str
    is_signed: bool


@dataclass(frozen=True)
class ReviewShown:
    """What one reviewer gave an entry, for those who decide."""

    reviewer: str
    mark: str
    scores: Sequence[tuple[Said, str, Sequence[str]]]
    """Each criterion with its score, and what was written beside it."""
    comment: str
    confidence: str


def pools_shown(selection: Selection, *, link: bool) -> list[PoolShown]:
    """Return the ranked lists, pool by pool; with `link` each entry leads to its decision."""
    pools: dict[str, list[Ranked]] = {}
    for row in selection.ranked:
        pools.setdefault(row.pool, []).append(row)
    return [_pool_shown(selection, rows, link) for rows in pools.values()]


def ranked_shown(row: Ranked, call: Call, *, link: bool) -> RankedShown:
    """Return one entry with its figures and its decision."""
    face = face_of(row.entry.application)
    decision = row.decision
    words, kind = _decision_words(row)
    return RankedShown(
        id=row.entry.id,
        url=url_for("review.decide", slug=call.slug, entry_id=row.entry.id) if link else "",
        reference=face.reference,
        organisation=face.name,
        title=face.title,
        rank=row.standing.rank_label,
        mean=figure(row.figures.mean),
        median=figure(row.figures.median),
        spread=figure(row.figures.spread),
        reviews=row.figures.reviews,
        is_short=row.figures.reviews < call.deciding_stage.reviews_per_entry,
        asked=money(row.in_full_minor, call.currency) if row.in_full_minor is not None else "",
        decision=words,
        kind=kind,
        amount=money(decision.amount_minor, call.currency) if decision and decision.amount_minor else "",
        reason=decision.reason if decision else "",
        decided_by=(decision.decided_by.name or decision.decided_by.email) if decision else "",
        needs_reason=row.needs_reason,
        is_against_rank=row.is_against_rank,
        adjusted=figure(Fraction(row.adjusted.score)) if row.adjusted is not None else "",
        lot=lot_words(row),
        is_below_floor=row.is_below_floor,
        vote=_vote_words(row),
    )


def against_rank_shown(selection: Selection) -> list[RankedShown]:
    """Return the choices that go against rank, in the order of the list."""
    return [ranked_shown(row, selection.call, link=False) for row in selection.ranked if row.is_against_rank]


def money_shown(selection: Selection) -> MoneyShown:
    """Return how much of a call's budget is promised and left, as far as the actor may see it.

    The note stands on every page alike: that it is there tells nobody whether something is hidden from them.
    """
    call = selection.call
    given = sum(row.decision.amount_minor for row in selection.ranked if row.decision)
    words = {
        "given": money(given, call.currency),
        "budget": money(call.budget_minor, call.currency),
        "left": money(call.budget_minor - given, call.currency),
    }
    return MoneyShown(
        **words,
        words=_("%(given)s of %(budget)s promised, %(left)s left", **words),
        note=_("Whatever is promised to applications with which you have a conflict of interest is not shown to you."),
        given_minor=given,
        budget_minor=call.budget_minor,
    )


def slate_shown(selection: Selection) -> SlateShown:
    """Return where the list of decisions stands, over what the actor may see."""
    slate, call = selection.slate, selection.call
    status = slate.status if slate else SlateStatus.OPEN
    outcomes = [row.decision.outcome for row in selection.ranked if row.decision]
    reserves, undecided = outcomes.count(Outcome.RESERVE), len(selection.undecided)
    return SlateShown(
        status=SLATE.labels[status].staff,
        kind="wait" if status is SlateStatus.PROPOSED else "" if status is SlateStatus.OPEN else "good",
        is_open=status is SlateStatus.OPEN,
        is_proposed=status is SlateStatus.PROPOSED,
        is_ratified=status is SlateStatus.RATIFIED,
        awards=ngettext("%(num)s award", "%(num)s awards", outcomes.count(Outcome.AWARD)),
        reserves=ngettext("%(num)s in reserve", "%(num)s in reserve", reserves) if reserves else "",
        declines=ngettext("%(num)s decline", "%(num)s declines", outcomes.count(Outcome.DECLINE)),
        undecided=undecided,
        undecided_words=ngettext("%(num)s undecided", "%(num)s undecided", undecided),
        was_sent_back=sent_back_shown(slate, call) if slate else (),
        proposed=_moment(slate, "proposed_at", call),
        ratified=_moment(slate, "ratified_at", call),
    )


def lists_come_first(selection: Selection) -> bool:
    """Say whether the terms have rules, pots or a floor: those are weighed in lists that people try."""
    terms = selection.terms
    return bool(terms.rules or terms.pots) or terms.floor is not None


def frozen_shown(selection: Selection) -> FrozenShown | None:
    """Return what is frozen of a list that was sent; None while it is open.

    Everybody who reads the page reads this: the hash tells nothing of what is on the list.
    """
    frozen = newest_frozen(selection.slate) if selection.slate else None
    return None if frozen is None else FrozenShown(frozen.number, frozen.sha256, frozen.signature is not None)


def reviews_shown(reviews: Iterable[Review], selection: Selection) -> list[ReviewShown]:
    """Return the reviews of an entry with the mark that each comes to."""
    shown = []
    for review in reviews:
        scores = sorted(review.scores, key=lambda score: score.criterion.position)
        mark = mark_of_review({score.criterion.code: score.value for score in scores}, selection.criteria)
        person = review.assignment.reviewer.person
        shown.append(
            ReviewShown(
                reviewer=person.name or person.email,
                mark=figure(mark),
                scores=[
                    (
                        said(score.criterion.labels),
                        _("Cannot judge") if score.value is None else number_text(score.value),
                        [text for text in (score.reason, score.comment) if text],
                    )
                    for score in scores
                ],
                comment=review.comment,
                confidence=confidence_words(review.confidence),
            )
        )
    return shown


def figure(value: Fraction | Decimal | None, places: int = 2) -> str:
    """Write a figure of the tally in the current language, rounded; "" where there is none."""
    if value is None:
        return ""
    pattern = "0." + "0" * places if places else "0"
    return str(format_decimal(rounded(value, places), format=pattern, locale=cldr(current_language())))


def _pool_shown(selection: Selection, rows: Sequence[Ranked], link: bool) -> PoolShown:
    call = selection.call
    share = selection.share(rows[0])
    category = pool_category(selection, rows[0])
    shown = [ranked_shown(row, call, link=link) for row in rows]
    return PoolShown(
        title=said(category.titles) if category else None,
        name=pool_name(selection, rows[0]),
        awards=_awards_words(rows, share.awards if share else category.awards if category else None),
        money=pool_money(selection, rows[0]),
        rows=shown,
        plot=tally_plot(
            [(row.reference, each.figures) for row, each in zip(shown, rows, strict=True)], selection.scale
        ),
        short=sum(row.is_short for row in shown),
    )


def pool_money(selection: Selection, row: Ranked) -> str:
    """Say what the pool of an entry gives and what of it is promised; "" where nobody's money is divided into pools.

    Only what the reader sees is counted. What is left after all promises would tell whoever has a conflict of interest
    that something which is hidden from them has an award, and how much.
    """
    share = selection.share(row)
    if share is None:
        return ""
    currency = selection.call.currency
    given = sum(each.decision.amount_minor for each in selection.ranked if each.purse == row.purse and each.decision)
    return _(
        "This pool gives %(all)s. %(given)s of it is promised to the entries on this list.",
        all=money(share.money_minor, currency),
        given=money(given, currency),
    )


def _awards_words(rows: Sequence[Ranked], awards: int | None) -> str:
    """Say how many of a fixed number of awards are given, of those that the reader sees."""
    if awards is None:
        return ""
    given = sum(row.candidate.choice is Choice.AWARD for row in rows)
    return _("%(given)s of %(all)s awards given to the entries on this list", given=given, all=awards)


def pool_category(selection: Selection, row: Ranked) -> Category | None:
    """Return the category whose entries are ranked by themselves in an entry's pool; None where all are together."""
    share = selection.share(row)
    is_own_list = share.category_id is not None if share else bool(row.pool) and selection.pools is None
    return row.entry.category if is_own_list else None


def pool_name(selection: Selection, row: Ranked) -> str:
    """Return what the pool of an entry is called where applicants review each other; "" elsewhere."""
    if selection.pools is None:
        return ""
    pool = selection.pools.of_application.get(row.entry.application_id)
    return _("Pool %(name)s", name=pool.value) if pool else _("In no pool yet")


def _vote_words(row: Ranked) -> str:
    if row.decision is None or row.by_vote is None:
        return ""
    if not row.candidate.follows_vote:
        return _("Against the public vote.")
    return _("Given by the public vote.") if row.by_vote is Choice.AWARD else ""


def _decision_words(row: Ranked) -> tuple[str, str]:
    if row.decision is None:
        return _("Undecided"), "act"
    if not row.is_eligible:
        return _("Not eligible any more"), "stop"
    if row.decision.outcome is Outcome.AWARD:
        return _("Award"), "good"
    if row.decision.outcome is Outcome.RESERVE:
        return _("In reserve"), "wait"
    return _("Decline"), ""


def _moment(slate: Slate | None, column: str, call: Call) -> Moment | None:
    at = getattr(slate, column) if slate else None
    return moment(at, call.time_zone) if at else None
