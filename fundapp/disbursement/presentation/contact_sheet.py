"""What the contact sheet shows: every letter to be, whether it can be made, and how it looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from fundapp.core.i18n import direction, language_name, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.paging import Page
from fundapp.core.pdf import MissingValue, PdfError, check_values
from fundapp.disbursement.letter_language import TemplateKind
from fundapp.disbursement.letter_words import Words
from fundapp.disbursement.letters import Facts, letter_kind, worded
from fundapp.disbursement.models import LetterTemplate
from fundapp.disbursement.presentation.letter_page import letter_on_page
from fundapp.disbursement.presentation.templates import KIND_NAMES
from fundapp.disbursement.queries.contact_sheet import LetterToBe
from fundapp.disbursement.rules import failure_text, missing_value

PAGE_SIZE: Final = 30
WITH_PROBLEM: Final = "problem"
WITHOUT_PROBLEM: Final = "fine"


@dataclass(frozen=True)
class SheetAsked:
    """What is asked of the sheet: a kind of letter, a language, letters with a problem; "" is any. Pages from 1."""

    kind: str = ""
    language: str = ""
    state: str = ""
    number: int = 1

    def arguments(self) -> dict[str, str]:
        """Return what stands in the address."""
        found = {"kind": self.kind, "language": self.language, "state": self.state}
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True)
class LetterToBeShown:
    """One letter of the sheet: `body` is how it looks; None where `problem` says why it cannot be made."""

    reference: str
    organisation: str
    kind_name: str
    language: str
    language_name: str
    direction: str
    wording: str
    problem: str
    body: Markup | None


@dataclass(frozen=True)
class SheetShown:
    """One page of the sheet, what it can be narrowed to, and what stands against the letters."""

    letters: Page[LetterToBeShown]
    total: int
    words: str
    problems: Sequence[tuple[str, str]]
    """Each reason that letters cannot be made for, and how many letters it stops."""
    choices: Sequence[tuple[str, str, Sequence[tuple[str, str]], str]]
    """Name, label, pairs of value and text, and the value that is chosen."""


@dataclass(frozen=True)
class _Tried:
    facts: Facts
    template: LetterTemplate | None
    words: Words | None
    problem: str


def sheet_shown(letters: Sequence[LetterToBe], asked: SheetAsked) -> SheetShown:
    """Try the words of every letter, and return one page of what is asked for."""
    tried = [_tried(*each) for each in letters]
    found = [each for each in tried if _is_asked(each, asked)]
    last = max(1, -(-len(found) // PAGE_SIZE))
    number = min(max(1, asked.number), last)
    some = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    reasons: dict[str, int] = {}
    for each in tried:
        if each.problem:
            reasons[each.problem] = reasons.get(each.problem, 0) + 1
    stopped = sum(reasons.values())
    return SheetShown(
        letters=Page([_shown(each) for each in some], number, PAGE_SIZE, len(found)),
        total=len(tried),
        words=ngettext(
            "%(num)s letter of %(total)s cannot be made as things are.",
            "%(num)s letters of %(total)s cannot be made as things are.",
            stopped,
            total=len(tried),
        )
        if stopped
        else "",
        problems=[
            (reason, ngettext("%(num)s letter", "%(num)s letters", number)) for reason, number in reasons.items()
        ],
        choices=_choices(tried, asked),
    )


def sheet_asked(kind: str, language: str, state: str, page: str) -> SheetAsked:
    """Return what an address asks for; what nobody can have chosen is left out."""
    return SheetAsked(
        kind=kind if kind in set(TemplateKind) else "",
        language=language,
        state=state if state in {WITH_PROBLEM, WITHOUT_PROBLEM} else "",
        number=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def _tried(facts: Facts, template: LetterTemplate | None) -> _Tried:
    try:
        words = worded(facts, None if template is None else (template.subject, template.body))
        check_values(words)
    except MissingValue as error:
        return _Tried(facts, template, None, str(failure_text(missing_value(error.field))))
    except PdfError as error:
        return _Tried(facts, template, None, str(failure_text(str(error))))
    return _Tried(facts, template, words, "")


def _is_asked(each: _Tried, asked: SheetAsked) -> bool:
    return (
        asked.kind in ("", each.facts.kind.value)
        and asked.language in ("", each.facts.language)
        and (not asked.state or (asked.state == WITH_PROBLEM) == bool(each.problem))
    )


def _shown(each: _Tried) -> LetterToBeShown:
    facts = each.facts
    return LetterToBeShown(
        reference=facts.reference,
        organisation=facts.organisation,
        kind_name=str(KIND_NAMES[facts.kind]),
        language=facts.language,
        language_name=language_name(facts.language),
        direction=direction(facts.language),
        wording=_("The house's wording")
        if each.template is None
        else _("Version %(number)s", number=each.template.number),
        problem=each.problem,
        body=None if each.words is None else letter_on_page(letter_kind(facts.kind), each.words, facts.language),
    )


def _choices(tried: Sequence[_Tried], asked: SheetAsked) -> list[tuple[str, str, Sequence[tuple[str, str]], str]]:
    languages = dict.fromkeys(each.facts.language for each in tried)
    any_ = ("", _("Any"))
    return [
        ("kind", _("Kind"), [any_, *((each.value, str(KIND_NAMES[each])) for each in TemplateKind)], asked.kind),
        ("language", _("Language"), [any_, *((code, language_name(code)) for code in languages)], asked.language),
        (
            "state",
            _("State"),
            [any_, (WITH_PROBLEM, _("Cannot be made")), (WITHOUT_PROBLEM, _("Can be made"))],
            asked.state,
        ),
    ]
