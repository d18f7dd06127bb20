"""The settings of a call as managers see them: its parts, what is missing, what stands in its lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import url_for
from wtforms import Field

from fundapp.accounts.permissions import Role
from fundapp.accounts.refusals import ROLE_LABELS
from fundapp.applications.call_items import ITEMS
from fundapp.applications.call_package import Document
from fundapp.applications.call_package.paths import value_at
from fundapp.applications.call_settings import PARTS, Asked, Control
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.forms.call_values import CallForm
from fundapp.applications.models import Call, CallStatus, Category, Criterion, ReviewPhase, Stage
from fundapp.applications.presentation.managing import LinkShown
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.difference import Piece, Side, difference
from fundapp.core.errors import Problem
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name, ngettext
from fundapp.core.i18n import lazy_gettext as _l

FORM_PART = "form"
Item = Category | Criterion | Stage | ReviewPhase
ADD: Final[Mapping[str, str]] = {
    "categories": _l("Add a category"),
    "criteria": _l("Add a criterion"),
    "stages": _l("Add a stage"),
    "phases": _l("Add a phase"),
}
CHANGE: Final[Mapping[str, str]] = {
    "categories": _l("Change a category"),
    "criteria": _l("Change a criterion"),
    "stages": _l("Change a stage"),
    "phases": _l("Change a phase"),
}


@dataclass(frozen=True)
class ItemShown:
    """A category, criterion, stage or phase in its list. Phases stand by their dates: none moves up."""

    code: str
    title: Said
    url: str
    missing: int
    is_first: bool
    is_last: bool


@dataclass(frozen=True)
class FormShown:
    """The form of a call as its managers see it; `untranslated` names languages with how many texts lack them."""

    is_empty: bool
    questions: int
    languages: str
    version: int
    untranslated: list[str]


@dataclass(frozen=True)
class DifferenceShown:
    """A value that two people changed: what somebody else left and what was typed here, in one."""

    label: str
    lang: str
    pieces: list[Piece]


@dataclass(frozen=True)
class RolesShown:
    """Who has a role in a call."""

    role: str
    people: list[str]


def parts_shown(call: Call, missing: Sequence[Problem]) -> list[LinkShown]:
    """Return the pages of settings, each with whether something is missing in it."""
    lacking = {part_of(each) for each in missing}

    def shown(key: str, url: str, title: str, hint: str) -> LinkShown:
        if key in lacking:
            return LinkShown(url, title, hint, _("Something is missing"), "act")
        return LinkShown(url, title, hint, _("Complete"), "good")

    return [
        *(
            shown(key, url_for("applications.call_part", slug=call.slug, part=key), part.title, part.hint)
            for key, part in PARTS.items()
        ),
        shown(
            FORM_PART,
            url_for("applications.managed_form", slug=call.slug),
            _("The form"),
            _("What applicants are asked"),
        ),
    ]


def missing_shown(call: Call, missing: Sequence[Problem]) -> list[LinkShown]:
    """Return what a call lacks, each with a link to where it is written."""
    return [LinkShown(_page_of(call, each), f"{named(each, call)}: {each.message}") for each in missing]


def part_of(problem: Problem) -> str:
    """Return the part of the settings in which a problem is mended."""
    field = problem.field or ""
    if field.split(".")[0] in ITEMS:
        return field.split(".")[0]
    if field == FORM_PART:
        return FORM_PART
    if field == "call.invitations":
        return "entry"
    found = (key for key, part in PARTS.items() for asked in part.asked if _is_under(field, asked.path))
    return next(found, "about")


def named(problem: Problem, call: Call) -> str:
    """Return what a problem is about, as its page calls it."""
    field, part = problem.field or "", part_of(problem)
    if part == FORM_PART:
        return _("The form")
    asked = next((each for each in PARTS[part].asked if _is_under(field, each.path)), None)
    if asked is not None:
        return _in_language(asked, field.removeprefix(asked.path).strip("."), call)
    code = field.split(".")[1] if "." in field else ""
    listed = _listed(call, part) if part in ITEMS else []
    title = next((str(said(_titles_of(each))) for each in listed if each.code == code), "") or code
    rest = field.removeprefix(f"{part}.{code}").strip(".")
    asked = next((each for each in ITEMS.get(part, ()) if _is_under(rest, each.path)), None)
    label = _in_language(asked, rest.removeprefix(asked.path).strip("."), call) if asked else _last_language(rest)
    return " – ".join(str(each) for each in (PARTS[part].title, title, label) if each)


def items_shown(call: Call, listed: str, missing: Sequence[Problem]) -> list[ItemShown]:
    """Return the categories, criteria, stages or phases of a call, with how much each of them lacks."""
    items = _listed(call, listed)
    return [
        ItemShown(
            code=each.code,
            title=said(_titles_of(each) or {"": each.code}),
            url=url_for("applications.call_item", slug=call.slug, listed=listed, code=each.code),
            missing=sum(_is_under(problem.field or "", f"{listed}.{each.code}") for problem in missing),
            is_first=number == 1 or listed == "phases",
            is_last=number == len(items),
        )
        for number, each in enumerate(items, 1)
    ]


def form_shown(call: Call, form: FormDefinition, version: int) -> FormShown:
    """Return what a manager wants to know of a form at a glance."""
    texts = [
        texts
        for each in form.questions
        for texts in (each.label, each.hint, each.constraint_message, *(choice.label for choice in each.choices))
        if texts
    ]
    lacking = {code: sum(not text.get(code) for text in texts) for code in call.languages}
    return FormShown(
        is_empty=not form.questions,
        questions=sum(each.takes_answer for each in form.questions),
        languages=", ".join(language_name(code) for code in form.languages),
        version=version,
        untranslated=[
            ngettext("%(language)s: %(num)s text", "%(language)s: %(num)s texts", number, language=language_name(code))
            for code, number in lacking.items()
            if number and form.questions
        ],
    )


def roles_shown(holders: Sequence[tuple[Role, str]], *, sees_reviewers: bool) -> list[RolesShown]:
    """Return the roles that matter in a call, each with who has it, also those that nobody has."""
    return [
        RolesShown(str(ROLE_LABELS[role]), [name for held, name in holders if held is role])
        for role in (Role.MANAGER, Role.REVIEWER, Role.CHAIR, Role.RATIFIER, Role.FINANCE, Role.AUDITOR, Role.NOMINATOR)
        if role is not Role.REVIEWER or sees_reviewers
    ]


def differing(form: CallForm, theirs: Document) -> list[DifferenceShown]:
    """Return the values that somebody else left otherwise than they were typed here, both in one."""
    shown = []
    for asked in form.asked:
        path = form.path(asked)
        stored, typed = value_at(theirs, path), form.changes()[path]
        if asked.control in (Control.LINES, Control.TEXTS):
            stored, typed = stored or {}, typed or {}
            for code in sorted({*stored, *typed}):
                first, second = stored.get(code, ""), typed.get(code, "")
                if first != second:
                    label = f"{asked.label} ({language_name(code)})"
                    shown.append(DifferenceShown(label, code, difference(first, second)))
        elif (first := _plain(stored, form[path])) != (second := _plain(typed, form[path])):
            whole = [Piece(Side.FIRST, first), Piece(Side.BOTH, " "), Piece(Side.SECOND, second)]
            pieces = difference(first, second) if asked.control is Control.LIST else whole
            shown.append(DifferenceShown(str(asked.label), "", [each for each in pieces if each.text]))
    return shown


def is_draft(call: Call) -> bool:
    """Say whether a call is not announced yet."""
    return call.status is CallStatus.DRAFT


def _page_of(call: Call, problem: Problem) -> str:
    part, field = part_of(problem), (problem.field or "").split(".")
    if part == FORM_PART:
        return url_for("applications.managed_form", slug=call.slug)
    if part in ITEMS and field[0] == part and len(field) > 1:
        return url_for("applications.call_item", slug=call.slug, listed=part, code=field[1])
    return url_for("applications.call_part", slug=call.slug, part=part)


def _is_under(field: str, path: str) -> bool:
    return field == path or field.startswith(f"{path}.")


def _plain(value: object, field: Field) -> str:
    """Say a value as its page does: choices by their words, not by what stands for them in the document."""
    if isinstance(value, list):
        return "\n".join(_plain(each, field) for each in value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    words = {offered.value: str(offered.label) for offered in getattr(field, "choices", None) or ()}
    text = "" if value is None else str(value)
    return words.get(text, text)


def _listed(call: Call, listed: str) -> Sequence[Item]:
    match listed:
        case "categories":
            return call.categories
        case "criteria":
            return call.criteria
        case "stages":
            return call.stages
    return [phase for stage in call.stages for phase in stage.phases]


def _titles_of(item: Item) -> dict[str, str]:
    return item.labels if isinstance(item, Criterion) else item.titles


def _in_language(asked: Asked, code: str, call: Call) -> str:
    return f"{asked.label} ({language_name(code)})" if code in call.languages else str(asked.label)


def _last_language(rest: str) -> str:
    """Name a step of a scale and the language that its words lack."""
    parts = rest.split(".")
    if len(parts) < 2 or parts[0] != "anchors":
        return ""
    step = _("What step %(step)s means", step=parts[1])
    return f"{step} ({language_name(parts[2])})" if len(parts) > 2 else step
