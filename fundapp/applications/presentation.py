"""How calls, questions and limits are put into words on pages, in the current language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from babel import Locale

from fundapp.applications.form_definition import FILE_KINDS, FormDefinition, Kind, Question, Role, Section
from fundapp.applications.models import Call, CallStatus, Category, Criterion, DeadlineExtension
from fundapp.applications.rules import MAX_FILE_MEGABYTES, Opening, opening
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import current_language, localised, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.money import Money


@dataclass(frozen=True)
class Said:
    """A text of a call in the best language there is; `lang` names it when it is not the page's own."""

    text: str
    lang: str | None = None

    def __str__(self) -> str:
        return self.text


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
    opens: Moment
    closes: Moment
    budget: str
    ceiling: str
    invitation_only: bool
    languages: str
    reviewing: str
    category_rule: str


@dataclass(frozen=True)
class ExtensionShown:
    """A deadline that was moved, and why."""

    closes: Moment
    closed_before: Moment
    reason: Said


@dataclass(frozen=True)
class QuestionShown:
    """A question as everybody may read it before applying."""

    name: str
    label: Said
    hint: Said
    is_note: bool
    required: bool
    limits: list[str]
    choices: list[Said]


@dataclass(frozen=True)
class SectionShown:
    """Questions under one heading; sections count from 1."""

    number: int
    title: Said
    questions: list[QuestionShown]


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


def said(texts: Mapping[str, str]) -> Said:
    """Return a text in the current language, else in English, else in any, with the language it is in."""
    text = localised(texts)
    here = current_language()
    if texts.get(here) == text:
        return Said(text)
    return Said(text, next((code for code, each in texts.items() if each == text), None))


def money(minor: int, currency: str) -> str:
    """Write an amount in the current language."""
    return Money(minor, currency).format(current_language())


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
        opens=moment(call.opens_at, call.time_zone),
        closes=moment(call.closes_at, call.time_zone),
        budget=money(call.budget_minor, call.currency),
        ceiling=money(call.ceiling_minor, call.currency) if call.ceiling_minor is not None else "",
        invitation_only=call.invitation_only,
        languages=", ".join(_language_name(code) for code in call.languages),
        reviewing=ngettext(
            "%(num)s peer reads each application; then people decide, with the scores before them.",
            "%(num)s peers read each application; then people decide, with the scores before them.",
            call.reviews_per_entry,
        ),
        category_rule=_category_rule(call),
    )


def extensions_shown(extensions: list[DeadlineExtension], time_zone: str) -> list[ExtensionShown]:
    """Return the extensions of a deadline, the newest first."""
    return [
        ExtensionShown(
            closes=moment(extension.closes_at, time_zone),
            closed_before=moment(extension.closed_at_before, time_zone),
            reason=said(extension.reasons),
        )
        for extension in reversed(extensions)
    ]


def section_title(section: Section, form: FormDefinition) -> Said:
    """Return the heading of a section; questions outside all groups stand under the form's own title."""
    return said(section.headings[-1].label) if section.headings else Said(form.title)


def limits_of(question: Question, call: Call) -> list[str]:
    """Say what an answer may be, each limit in a sentence of its own."""
    limits = []
    match question.kind:
        case Kind.INTEGER:
            limits.append(_("A whole number."))
        case Kind.DECIMAL if question.role is not Role.AMOUNT:
            limits.append(_("A number."))
        case Kind.DATE:
            limits.append(_("A date."))
        case Kind.SELECT_ONE:
            limits.append(_("Choose one."))
        case Kind.SELECT_MULTIPLE:
            limits.append(_multiple_limit(question, call))
        case Kind.FILE:
            limits.append(
                _(
                    "One file: PDF, Word, Excel, OpenDocument, JPEG or PNG, at most %(size)s MB.",
                    size=MAX_FILE_MEGABYTES,
                )
            )
        case Kind.IMAGE:
            limits.append(_("One picture: JPEG or PNG, at most %(size)s MB.", size=MAX_FILE_MEGABYTES))
    if question.max_words is not None:
        limits.append(ngettext("Up to %(num)s word.", "Up to %(num)s words.", question.max_words))
    if question.max_characters is not None:
        limits.append(ngettext("Up to %(num)s character.", "Up to %(num)s characters.", question.max_characters))
    if question.role is Role.AMOUNT:
        limits.append(_("An amount in %(currency)s.", currency=call.currency))
        if call.ceiling_minor is not None:
            limits.append(_("At most %(amount)s.", amount=money(call.ceiling_minor, call.currency)))
    if question.constraint and question.constraint_message:
        limits.append(localised(question.constraint_message))
    return limits


def questions_shown(form: FormDefinition, call: Call) -> list[SectionShown]:
    """Return every question with its limits, section by section."""
    return [
        SectionShown(
            number=number,
            title=section_title(section, form),
            questions=[
                QuestionShown(
                    name=question.name,
                    label=said(question.label),
                    hint=said(question.hint),
                    is_note=question.kind is Kind.NOTE,
                    required=question.required,
                    limits=limits_of(question, call) if question.takes_answer else [],
                    choices=[said(choice.label) for choice in question.choices],
                )
                for question in section.questions
            ],
        )
        for number, section in enumerate(form.sections, 1)
    ]


def criteria_shown(criteria: list[Criterion]) -> list[CriterionShown]:
    """Return the scoring criteria with their weights in per cent and their worded anchors."""
    whole = sum(criterion.weight for criterion in criteria)
    return [
        CriterionShown(
            label=said(criterion.labels),
            question=said(criterion.questions),
            weight=_("%(share)s %% of the score", share=f"{100 * criterion.weight / whole:.0f}"),
            scale=_("from %(least)s to %(most)s", least=criterion.minimum, most=criterion.maximum),
            anchors=[
                AnchorShown(step=step, meaning=said(meanings))
                for step, meanings in sorted(criterion.anchors.items(), key=lambda item: int(item[0]))
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


def takes_file(question: Question) -> bool:
    """Say whether a question is answered with a file."""
    return question.kind in FILE_KINDS


def _state_label(call: Call, state: Opening) -> str:
    if call.status is CallStatus.DECIDED:
        return _("Decided")
    return {Opening.NOT_YET: _("Opens soon"), Opening.OPEN: _("Open"), Opening.CLOSED: _("Closed")}[state]


def _language_name(code: str) -> str:
    return Locale.parse(code).get_display_name(current_language()) or code


def _category_rule(call: Call) -> str:
    if call.max_categories == 1:
        return _("An application enters one of these categories.")
    return _(
        "An application may enter one to %(most)s of these categories. Each is scored and decided apart.",
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


def _multiple_limit(question: Question, call: Call) -> str:
    if question.role is Role.CATEGORIES and call.max_categories > 1:
        return _("Choose one to %(most)s.", most=call.max_categories)
    return _("Choose all that apply.")
