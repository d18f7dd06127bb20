"""A call as everybody may read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from fundapp.applications.models import Call, CallStatus, Category, Criterion, DeadlineExtension
from fundapp.applications.presentation.conflicts import BARS_OWN_ORGANISATION
from fundapp.applications.presentation.impartial import impartial_words
from fundapp.applications.presentation.texts import Said, money, said
from fundapp.applications.rules import DeclinedGet, Opening, opening
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name, ngettext
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.numbers import number_text

DECLINED_WORDS: Final = {
    DeclinedGet.NOTHING: "",
    DeclinedGet.COMMENTS: _l(
        "With the letter you get comments from the reviews. People who run the call choose and edit them. They name no "
        "reviewer."
    ),
    DeclinedGet.SCORES: _l(
        "With the letter you get comments from the reviews, and the mean score for each criterion. People who run the "
        "call choose and edit the comments. They name no reviewer."
    ),
}
"""What a call promises to those whom it declines."""


@dataclass(frozen=True)
class CallShown:
    """A call as everybody may read it; `state_kind` is the kind of its tag."""

    slug: str
    programme: Said
    title: Said
    purpose: Said
    state: str
    state_kind: str
    is_open: bool
    is_upcoming: bool
    is_sample: bool
    is_protected: bool
    opens: Moment
    closes: Moment
    budget: str
    ceiling: str
    invitation_only: bool
    languages: str
    reviewing: str
    category_rule: str
    barred_words: str
    impartial_words: Sequence[str]
    declined_words: str


@dataclass(frozen=True)
class ExtensionShown:
    """A deadline that was moved, and why."""

    closes: Moment
    closed_before: Moment
    reason: Said
    is_early: bool
    told: str


@dataclass(frozen=True)
class AnchorShown:
    """What one step of a scale means."""

    step: str
    meaning: Said


@dataclass(frozen=True)
class CriterionShown:
    """A criterion with its scale, as reviewers will see it."""

    label: Said
    question: Said
    weight: str
    scale: str
    anchors: list[AnchorShown]


@dataclass(frozen=True)
class CategoryShown:
    """A category with what it gives."""

    title: Said
    description: Said
    gives: str


def call_shown(call: Call, now: datetime) -> CallShown:
    """Return what the public reads of a call at an instant."""
    state = opening(opens_at=call.opens_at, closes_at=call.closes_at, now=now)
    is_open = state is Opening.OPEN and call.status is CallStatus.PUBLISHED
    return CallShown(
        slug=call.slug,
        programme=said(call.programme.titles),
        title=said(call.titles),
        purpose=said(call.purposes),
        state=_state_label(call, state),
        state_kind="good" if is_open else "",
        is_open=is_open,
        is_upcoming=state is Opening.NOT_YET,
        is_sample=call.is_sample,
        is_protected=call.is_protected,
        opens=moment(call.opens_at, call.time_zone),
        closes=moment(call.closes_at, call.time_zone),
        budget=money(call.budget_minor, call.currency),
        ceiling=money(call.ceiling_minor, call.currency) if call.ceiling_minor is not None else "",
        invitation_only=call.invitation_only,
        languages=", ".join(language_name(code) for code in call.languages),
        reviewing=ngettext(
            "%(num)s peer reads each application; then people decide, with the scores before them.",
            "%(num)s peers read each application; then people decide, with the scores before them.",
            call.deciding_stage.reviews_per_entry,
        ),
        category_rule=_category_rule(call),
        barred_words=str(BARS_OWN_ORGANISATION) if call.bars_reviewers_organisation else "",
        impartial_words=impartial_words(call),
        declined_words=str(DECLINED_WORDS[call.declined_get]),
    )


def extensions_shown(extensions: list[DeadlineExtension], time_zone: str) -> list[ExtensionShown]:
    """Return the extensions of a deadline, the newest first."""
    return [
        ExtensionShown(
            closes=moment(extension.closes_at, time_zone),
            closed_before=moment(extension.closed_at_before, time_zone),
            reason=said(extension.reasons),
            is_early=extension.closes_at < extension.closed_at_before,
            told=_told(extension),
        )
        for extension in reversed(extensions)
    ]


def _scale(criterion: Criterion) -> str:
    least, most = number_text(criterion.minimum), number_text(criterion.maximum)
    if criterion.step == 1:
        return _("from %(least)s to %(most)s", least=least, most=most)
    step = number_text(criterion.step)
    return _("from %(least)s to %(most)s in steps of %(step)s", least=least, most=most, step=step)


def criteria_shown(criteria: list[Criterion]) -> list[CriterionShown]:
    """Return the scoring criteria with their weights in per cent and their worded anchors."""
    whole = sum(criterion.weight for criterion in criteria)
    return [
        CriterionShown(
            label=said(criterion.labels),
            question=said(criterion.questions),
            weight=_("%(share)s %% of the score", share=f"{100 * criterion.weight / whole:.0f}"),
            scale=_scale(criterion),
            anchors=[
                AnchorShown(step=step, meaning=said(meanings))
                for step, meanings in sorted(criterion.anchors.items(), key=lambda item: Decimal(item[0]))
            ],
        )
        for criterion in criteria
    ]


def categories_shown(categories: list[Category], currency: str) -> list[CategoryShown]:
    """Return the categories with the number and the amount of their awards."""
    return [
        CategoryShown(
            title=said(category.titles), description=said(category.descriptions), gives=_gives(category, currency)
        )
        for category in categories
    ]


def _told(extension: DeadlineExtension) -> str:
    if extension.told_at is None:
        return ""
    if extension.tells_senders:
        return _("Whoever had a draft or had sent was told by mail.")
    return _("Whoever had a draft was told by mail.")


def _state_label(call: Call, state: Opening) -> str:
    if call.status is CallStatus.DRAFT:
        return _("Draft: not announced yet")
    if call.status is CallStatus.DECIDED:
        return _("Decided")
    return {Opening.NOT_YET: _("Opens soon"), Opening.OPEN: _("Open"), Opening.CLOSED: _("Closed")}[state]


def _category_rule(call: Call) -> str:
    if call.max_categories == 1:
        return _("An application enters one of these categories.")
    return _(
        "An application may enter 1 to %(most)s of these categories. Each is scored and decided apart.",
        most=call.max_categories,
    )


def _gives(category: Category, currency: str) -> str:
    if category.awards is None or category.award_minor is None:
        return ""
    return ngettext(
        "%(num)s award of %(amount)s",
        "%(num)s awards of %(amount)s each",
        category.awards,
        amount=money(category.award_minor, currency),
    )
