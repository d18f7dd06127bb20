"""The small language that letters of a call are written in; no database, no web.

A template is plain text. A blank line begins a new paragraph, "# " at its beginning makes a heading of it, and
`{{ amount }}` stands for a value. There is nothing else: no markup, no conditions, no arithmetic. A paragraph with a
value that may be absent, and is, is left out. Whatever else is typed reads in the letter as it was typed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.pdf import MissingValue

MOST_CHARACTERS: Final = 20_000
"""Of a template: some ten pages."""
MOST_IN_SUBJECT: Final = 200
_PLACEHOLDER: Final = re.compile(r"\{\{([^{}\n]*)\}\}")
_BRACES: Final = re.compile(r"\{\{|\}\}")
_PARAGRAPHS: Final = re.compile(r"\n(?:[ \t]*\n)+")


class TemplateKind(StrEnum):
    """What a template is for. A part award is an award of less than was asked."""

    AWARD = "award"
    PART_AWARD = "part_award"
    RESERVE = "reserve"
    DECLINE = "decline"
    INELIGIBLE = "ineligible"
    CERTIFICATE = "certificate"
    """On one page, to hang on a wall: beside the letter of an award, without its amount."""
    NOMINATION = "nomination"
    """Tells somebody that they were named for a call, and invites them to apply."""
    PANEL = "panel"
    """Thanks somebody who reviewed, and says what they did."""


AWARDS: Final = frozenset({TemplateKind.AWARD, TemplateKind.PART_AWARD})
WITHOUT_AWARD: Final = frozenset({TemplateKind.RESERVE, TemplateKind.DECLINE})
_ALL: Final = frozenset(TemplateKind)
_NOMINATION: Final = frozenset({TemplateKind.NOMINATION})
_PANEL: Final = frozenset({TemplateKind.PANEL})
_CERTIFICATE: Final = frozenset({TemplateKind.CERTIFICATE})
OF_DECISIONS: Final = AWARDS | WITHOUT_AWARD | _CERTIFICATE
OF_APPLICATIONS: Final = _ALL - _NOMINATION - _PANEL
"""What follows from an application; the other letters are to somebody who has none."""


@dataclass(frozen=True)
class Placeholder:
    """A name that stands for a value. `field` names the value in the record of a letter.

    `blocks` have a paragraph of their own and fill it; `may_be_absent` leaves its paragraph out.
    """

    name: str
    field: str
    meaning: str
    kinds: frozenset[TemplateKind] = _ALL
    may_be_absent: bool = False
    is_block: bool = False


TERMS: Final = "terms of the award"
REVIEWS: Final = "what reviewers said"
REASON: Final = "reason"
PLACEHOLDERS: Final = (
    Placeholder("organisation", "organisation", _l("Whom the letter is to"), _ALL - _PANEL),
    Placeholder("name", "organisation", _l("Whom the letter is to"), _PANEL),
    Placeholder("call", "call", _l("Title of the call")),
    Placeholder("programme", "programme", _l("Title of the programme")),
    Placeholder("awarded by", "grantor", _l("Who decides")),
    Placeholder("date", "dated", _l("Day of the release, as the letter's head has it")),
    Placeholder("reference", "reference", _l("Reference of the letter")),
    Placeholder("application reference", "application_reference", _l("Reference of the application"), OF_APPLICATIONS),
    Placeholder("amount", "amount", _l("The award in figures, with its currency"), AWARDS),
    Placeholder("amount in words", "amount_in_words", _l("The same in words"), AWARDS),
    Placeholder("amount asked", "asked", _l("What was asked, in figures"), frozenset({TemplateKind.PART_AWARD}), True),
    Placeholder(
        "amount asked in words", "asked_in_words", _l("The same in words"), frozenset({TemplateKind.PART_AWARD}), True
    ),
    Placeholder("currency", "currency", _l("Name of the currency"), AWARDS),
    Placeholder("purpose", "purpose", _l("What the award is for, from the call"), AWARDS),
    Placeholder("period", "period", _l("How long it is for, from the call"), AWARDS),
    Placeholder("instalments", "instalments", _l("In which parts it is paid, from the call"), AWARDS, True),
    Placeholder("reporting", "reporting", _l("Which reports are asked, from the call"), AWARDS, True),
    Placeholder("next step", "next_step", _l("What they do next, from the call"), AWARDS),
    Placeholder("title", "title", _l("Title of the application"), AWARDS | _CERTIFICATE, True),
    Placeholder(
        "category",
        "category",
        _l("Category that the entry stands in"),
        OF_DECISIONS,
        may_be_absent=True,
    ),
    Placeholder("nominator", "nominator", _l("Who named them, where that one agreed"), _NOMINATION, True),
    Placeholder("deadline", "deadline", _l("Until when they can apply"), _NOMINATION),
    Placeholder("address", "address", _l("Where they read the call and apply"), _NOMINATION),
    Placeholder("reviews", "reviews", _l("How many reviews they handed in"), _PANEL),
    Placeholder(
        "considered", "considered", _l("How many entries were considered"), frozenset({TemplateKind.DECLINE}), True
    ),
    Placeholder("chosen", "awarded", _l("How many of them have an award"), frozenset({TemplateKind.DECLINE}), True),
    Placeholder(
        TERMS,
        "amount",
        _l("Table of the award: amount in figures and words, by whom, to whom, purpose, period"),
        AWARDS,
        is_block=True,
    ),
    Placeholder(
        REVIEWS,
        "comment",
        _l("What the call promised of the reviews, under its heading"),
        WITHOUT_AWARD,
        may_be_absent=True,
        is_block=True,
    ),
    Placeholder(
        REASON, "reason", _l("Why it is not eligible, as it was written"), frozenset({TemplateKind.INELIGIBLE})
    ),
)
"""All names, in the order in which pages list them."""

NEEDED: Final[Mapping[TemplateKind, tuple[frozenset[str], ...]]] = {
    TemplateKind.AWARD: (frozenset({"amount", TERMS}), frozenset({"amount in words", TERMS})),
    TemplateKind.PART_AWARD: (frozenset({"amount", TERMS}), frozenset({"amount in words", TERMS})),
    TemplateKind.RESERVE: (),
    TemplateKind.DECLINE: (),
    TemplateKind.INELIGIBLE: (frozenset({REASON}),),
    TemplateKind.CERTIFICATE: (frozenset({"organisation"}),),
    TemplateKind.NOMINATION: (frozenset({"address"}),),
    TemplateKind.PANEL: (frozenset({"name"}),),
}
"""What a letter of each kind has to say: one of each set."""


class Form(StrEnum):
    """How a paragraph is set."""

    TEXT = "text"
    HEADING = "heading"
    QUOTE = "quote"
    TERMS = "terms"
    REVIEWS = "reviews"
    NAME = "name"


_FORMS: Final = {TERMS: Form.TERMS, REVIEWS: Form.REVIEWS, REASON: Form.QUOTE, "organisation": Form.NAME}
"""Of a paragraph that is such a placeholder and nothing else."""


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a letter: texts at even places, values between them. Values are set apart in other directions."""

    form: Form
    pieces: tuple[str, ...]


def placeholders_of(kind: TemplateKind) -> tuple[Placeholder, ...]:
    """Return the placeholders that a letter of a kind may have."""
    return tuple(each for each in PLACEHOLDERS if kind in each.kinds)


def written(name: str) -> str:
    """Return a placeholder as it stands in a template."""
    return f"{{{{ {name} }}}}"


def with_plain_ends(text: str) -> str:
    """Return a text as it is kept: lines end in one way, and nothing blank is before or behind it."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()


def template_problems(kind: TemplateKind, subject: str, body: str, *, promised_comments: bool) -> list[Problem]:
    """Return everything that keeps a template of a kind from being used, each with its field and its place."""
    problems = _text_problems(kind, "subject", subject, is_subject=True)
    problems += _text_problems(kind, "body", body)
    named = set(_names_in(body))
    problems += [
        Problem(
            _l("The letter has to say this: put %(placeholder)s in.", placeholder=_one_of(kind, names)), field="body"
        )
        for names in NEEDED[kind]
        if not named & names
    ]
    if promised_comments and kind in WITHOUT_AWARD and REVIEWS not in named:
        message = _l(
            "The call promises something of the reviews: put %(placeholder)s in.", placeholder=written(REVIEWS)
        )
        problems.append(Problem(message, field="body"))
    return problems


def filled(kind: TemplateKind, text: str, values: Mapping[str, str | None]) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a template with values, by the names of their fields.

    Raises MissingValue for one that is blank and may not be absent, and for a name that is not known any more.
    """
    known = {each.name: each for each in placeholders_of(kind)}
    paragraphs = (_filled(known, part, values) for part in _PARAGRAPHS.split(text) if part.strip())
    return tuple(each for each in paragraphs if each is not None)


def _filled(known: Mapping[str, Placeholder], part: str, values: Mapping[str, str | None]) -> Paragraph | None:
    is_heading = part.startswith("# ")
    pieces = _PLACEHOLDER.split(part[2:] if is_heading else part)
    names = [_plain(name) for name in pieces[1::2]]
    if stranger := next((name for name in names if name not in known), None):
        raise MissingValue(stranger)
    named = [known[name] for name in names]
    for place, each in enumerate(named):
        value = (values.get(each.field) or "").strip()
        if not value:
            if each.may_be_absent:
                return None
            raise MissingValue(each.field)
        pieces[2 * place + 1] = value
    form = Form.HEADING if is_heading else Form.TEXT
    if len(named) == 1 and not (pieces[0] + pieces[2]).strip():
        form = _FORMS.get(named[0].name, form)
    if form in (Form.TERMS, Form.REVIEWS):
        return Paragraph(form, ())
    return Paragraph(form, tuple(pieces))


def _text_problems(kind: TemplateKind, field: str, text: str, *, is_subject: bool = False) -> list[Problem]:
    known = {each.name: each for each in PLACEHOLDERS}
    problems = []
    for match in _PLACEHOLDER.finditer(text):
        name = _plain(match[1])
        each = known.get(name)
        if each is None:
            message = _l("%(written)s is no placeholder. The list below has all of them.", written=match[0])
        elif kind not in each.kinds:
            message = _l("%(written)s has no value in a letter of this kind.", written=match[0])
        elif each.is_block and (is_subject or not _stands_alone(text, match)):
            message = _l("%(written)s needs a paragraph of its own.", written=match[0])
        else:
            continue
        problems.append(Problem(_placed(text, match.start(), message), field=field))
    bare = _PLACEHOLDER.sub(lambda match: " " * len(match[0]), text)
    for match in _BRACES.finditer(bare):
        message = _l("%(braces)s is not closed, or not opened. A placeholder is written {{ so }}.", braces=match[0])
        problems.append(Problem(_placed(text, match.start(), message), field=field))
    return problems


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    before, after = _PARAGRAPHS.split(text[: match.start()])[-1], _PARAGRAPHS.split(text[match.end() :])[0]
    return not before.strip() and not after.strip()


def _placed(text: str, at: int, message: str) -> str:
    """Return a message with its place: the line, and the character in it, from one."""
    before = text[:at]
    line = before.count("\n") + 1
    return _l(
        "Line %(line)s, character %(character)s: %(message)s",
        line=line,
        character=at - (before.rfind("\n") + 1) + 1,
        message=message,
    )


def _plain(name: str) -> str:
    return " ".join(name.split())


def _names_in(text: str) -> Sequence[str]:
    return [_plain(match[1]) for match in _PLACEHOLDER.finditer(text)]


def _one_of(kind: TemplateKind, names: frozenset[str]) -> str:
    """Return the placeholders of which a letter needs one, in the order of the list."""
    return " / ".join(written(each.name) for each in placeholders_of(kind) if each.name in names)
