"""What an application form asks: the meaning of a form, free of the spreadsheet that it came from.

A definition is stored as JSON beside the answers given to it and read back years later, so `from_json` refuses what
it does not know instead of guessing, and fields that have their ordinary value are left out of the JSON: a later
version of the code may add a field without touching what is stored.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, TypeVar

from fundapp.applications.form_engine.answer_keys import KeyPart, read_key

# The same text in several languages, by language code.
Texts = Mapping[str, str]

Made = TypeVar("Made")

SCHEMA: Final = 1


class Kind(StrEnum):
    """What sort of answer a question takes."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    SELECT_ONE = "select_one"
    SELECT_MULTIPLE = "select_multiple"
    RANK = "rank"
    DATE = "date"
    TIME = "time"
    DATETIME = "dateTime"
    GEOPOINT = "geopoint"
    """A place in words, never coordinates: typed, or chosen where the form gives choices."""
    FILE = "file"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    RECORDING = "recording"
    """Sound or film, given in place of a written text; no form asks for it by itself."""
    ACKNOWLEDGE = "acknowledge"
    NOTE = "note"
    CALCULATE = "calculate"
    HIDDEN = "hidden"


FILE_KINDS: Final = frozenset({Kind.FILE, Kind.IMAGE, Kind.AUDIO, Kind.VIDEO, Kind.RECORDING})
CHOICE_KINDS: Final = frozenset({Kind.SELECT_ONE, Kind.SELECT_MULTIPLE, Kind.RANK})
UNSEEN_KINDS: Final = frozenset({Kind.CALCULATE, Kind.HIDDEN})
"""Their values come from the form itself; nobody fills them in."""
LIST_KINDS: Final = frozenset({Kind.SELECT_MULTIPLE, Kind.RANK})
"""Their answers are several choices."""
DAY_KINDS: Final = frozenset({Kind.DATE, Kind.TIME, Kind.DATETIME})
NUMBER_KINDS: Final = frozenset({Kind.INTEGER, Kind.DECIMAL})


class Role(StrEnum):
    """A fact that the service reads out of the answers; at most one question of a form plays each role."""

    ORGANISATION = "organisation"
    COUNTRY = "country"
    REGION = "region"
    CONTACT_NAME = "contact_name"
    EMAIL = "email"
    AMOUNT = "amount"
    TITLE = "title"
    SUMMARY = "summary"
    THEME = "theme"
    REGISTRATION = "registration"
    CATEGORIES = "categories"


ROLE_KINDS: Final[Mapping[Role, frozenset[Kind]]] = {
    Role.ORGANISATION: frozenset({Kind.TEXT}),
    Role.COUNTRY: frozenset({Kind.TEXT, Kind.SELECT_ONE}),
    Role.REGION: frozenset({Kind.TEXT, Kind.SELECT_ONE}),
    Role.CONTACT_NAME: frozenset({Kind.TEXT}),
    Role.EMAIL: frozenset({Kind.TEXT}),
    Role.AMOUNT: NUMBER_KINDS,
    Role.TITLE: frozenset({Kind.TEXT}),
    Role.SUMMARY: frozenset({Kind.TEXT}),
    Role.THEME: frozenset({Kind.TEXT, *CHOICE_KINDS}),
    Role.REGISTRATION: frozenset({Kind.TEXT, Kind.SELECT_ONE}),
    Role.CATEGORIES: frozenset({Kind.SELECT_MULTIPLE}),
}


class Party(StrEnum):
    """What somebody who is named in an answer is to the application. People tied to them do not judge it."""

    APPLICANT = "applicant"
    FISCAL_HOST = "fiscal_host"
    PARTNER = "partner"
    NOMINATOR = "nominator"
    REFEREE = "referee"


PARTY_KINDS: Final = frozenset({Kind.TEXT})
"""What can name somebody."""


class Sensitivity(StrEnum):
    """How much harm an answer can do in wrong hands. What is identity or payee is stored sealed, and shown masked."""

    PUBLIC = "public"
    INTERNAL = "internal"
    IDENTITY = "identity"
    PAYEE = "payee"


IDENTITY_ROLES: Final = frozenset({Role.CONTACT_NAME, Role.EMAIL, Role.REGISTRATION})
"""Roles whose answers are identity, whatever the form says."""
LISTED_ROLES: Final = frozenset(set(Role) - IDENTITY_ROLES - {Role.SUMMARY, Role.THEME})
"""Roles whose answers stand in lists, so that only a protected application can hide them."""


@dataclass(frozen=True)
class Choice:
    """One of the answers to choose from; `name` is what is stored."""

    name: str
    label: Texts
    columns: Mapping[str, str] = field(default_factory=dict)
    """What a choice filter compares: the further columns of the list, by name."""


@dataclass(frozen=True)
class Group:
    """A heading with questions under it. `path` holds the names of the groups around it, then its own."""

    path: tuple[str, ...]
    label: Texts
    relevant: str = ""
    is_repeat: bool = False
    """Its questions are asked once for each of its rows."""
    repeat_count: str = ""
    """An expression for how many rows there are; "" where the applicant adds them."""
    hint: Texts = field(default_factory=dict)
    appearance: str = ""

    @property
    def name(self) -> str:
        """Return its own name."""
        return self.path[-1]


@dataclass(frozen=True)
class Question:
    """One question of a form. `group` is the path of the group that it stands in (empty: none).

    `required_if`, `relevant`, `constraint`, `readonly`, `choice_filter`, `calculation` and `eligible` are expressions,
    "" for none; `default` is one where `default_is_expression`.
    """

    name: str
    kind: Kind
    label: Texts
    group: tuple[str, ...] = ()
    hint: Texts = field(default_factory=dict)
    required: bool = False
    required_message: Texts = field(default_factory=dict)
    constraint: str = ""
    constraint_message: Texts = field(default_factory=dict)
    multiline: bool = False
    choices: tuple[Choice, ...] = ()
    max_words: int | None = None
    max_characters: int | None = None
    role: Role | None = None
    party: Party | None = None
    """Who is named in the answer: organisations, people or addresses, one in each line or between commas."""
    identifies: bool = False
    category: str = ""
    given_sensitivity: Sensitivity | None = None
    """As the form says it; forms of old say nothing."""
    required_if: str = ""
    """When an answer is required, where that depends on others (then `required` is False)."""
    relevant: str = ""
    calculation: str = ""
    default: str = ""
    default_is_expression: bool = False
    readonly: str = ""
    choice_filter: str = ""
    guidance: Texts = field(default_factory=dict)
    """More about the question, shown when it is asked for."""
    appearance: str = ""
    list_name: str = ""
    """The list that the choices come from; "" in forms of old."""
    other_of: str = ""
    """The choice question for whose "other" this one asks the words."""
    spoken: bool = False
    """A text that may be given as a recording instead; what is typed is then its transcript."""
    eligible: str = ""
    """Asked before anything else: what has to hold of the answer for the application to have a chance."""
    ineligible_message: Texts = field(default_factory=dict)
    """Why somebody for whom `eligible` does not hold is not eligible."""
    hidden_from_reviewers: bool = False
    in_lists: bool = False
    """Shown beside each application in managers' lists."""

    @property
    def sensitivity(self) -> Sensitivity:
        """Return how sensitive the answer is: what the form says, else by its role."""
        return self.given_sensitivity or (Sensitivity.IDENTITY if self.role in IDENTITY_ROLES else Sensitivity.INTERNAL)

    @property
    def takes_answer(self) -> bool:
        """Return whether there is anything to fill in (a note has nothing)."""
        return self.kind is not Kind.NOTE and self.kind not in UNSEEN_KINDS

    def choice(self, name: str) -> Choice | None:
        """Return the choice of that name."""
        return next((choice for choice in self.choices if choice.name == name), None)


@dataclass(frozen=True)
class Section:
    """Questions that stand together under the same headings (outermost first; empty: no heading)."""

    headings: tuple[Group, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class FormDefinition:
    """A form in one version. Questions and groups are in the order of the form."""

    title: str
    form_id: str
    version: str
    languages: tuple[str, ...]
    default_language: str
    groups: tuple[Group, ...]
    questions: tuple[Question, ...]

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def question(self, name: str) -> Question | None:
        """Return the question of that name."""
        return self._by_name.get(name)

    def question_at(self, key: str) -> Question | None:
        """Return the question whose answer stands under a key; None for a repeat's own key and for no key of this form.

        Under `KEY~spoken` and `KEY~transcript` stand a recording and a text; what is returned is a question for those.
        """
        place = read_key(key)
        question = self._by_name.get(place.name) if place else None
        if place is None or question is None or self._repeats_around(question.group) != place.repeats:
            return None
        match place.part:
            case KeyPart.SPOKEN if question.spoken:
                return _asking_only(question, Kind.RECORDING)
            case KeyPart.TRANSCRIPT if question.kind in {Kind.AUDIO, Kind.VIDEO}:
                return _asking_only(question, Kind.TEXT)
            case KeyPart.ANSWER:
                return question
        return None

    def has_key(self, key: str) -> bool:
        """Return whether something of this form can stand under a key: an answer, or the rows of a repeat."""
        if self.question_at(key) is not None:
            return True
        place = read_key(key)
        return (
            place is not None
            and place.part in {KeyPart.ANSWER, KeyPart.LAST}
            and any(
                path[-1] == place.name and self._repeats_around(path[:-1]) == place.repeats for path in self._repeats
            )
        )

    def _repeats_around(self, group: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the repeats along a group's path, outermost first, itself too where it is one."""
        return tuple(group[depth - 1] for depth in range(1, len(group) + 1) if group[:depth] in self._repeats)

    @cached_property
    def _by_name(self) -> Mapping[str, Question]:
        return {question.name: question for question in reversed(self.questions)}

    @cached_property
    def _repeats(self) -> frozenset[tuple[str, ...]]:
        return frozenset(group.path for group in self.groups if group.is_repeat)

    def with_role(self, role: Role) -> Question | None:
        """Return the question that plays `role`."""
        return next((question for question in self.questions if question.role is role), None)

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the questions, in order, cut where the group changes."""
        groups = {group.path: group for group in self.groups}
        runs: list[tuple[tuple[str, ...], list[Question]]] = []
        for question in self.questions:
            if not runs or runs[-1][0] != question.group:
                runs.append((question.group, []))
            runs[-1][1].append(question)
        return tuple(
            Section(
                headings=tuple(groups[path[:depth]] for depth in range(1, len(path) + 1)),
                questions=tuple(questions),
            )
            for path, questions in runs
        )

    @cached_property
    def fingerprint(self) -> str:
        """Return a SHA-256 over everything that the form asks; the same for the same form, wherever it was read."""
        canonical = json.dumps(self.to_json(), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON-able primitives; `from_json` gives the same definition back."""
        return {"schema": SCHEMA, **_to_json(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "FormDefinition":
        """Read back what `to_json` wrote.

        Raises ValueError for another schema, and for a field that this version of the code does not know.
        """
        if data.get("schema") != SCHEMA:
            raise ValueError(f"form definition of schema {data.get('schema')!r}; this version reads {SCHEMA}")
        values = {name: value for name, value in data.items() if name != "schema"}
        values["groups"] = tuple(_from_json(Group, group) for group in values["groups"])
        values["questions"] = tuple(_question_from_json(question) for question in values["questions"])
        return _from_json(cls, values)


def _asking_only(question: Question, kind: Kind) -> Question:
    """Return a question for what stands beside an answer: as sensitive as the answer itself, with no rules."""
    return Question(
        name=question.name,
        kind=kind,
        label=question.label,
        group=question.group,
        multiline=kind is Kind.TEXT,
        identifies=question.identifies,
        category=question.category,
        given_sensitivity=question.sensitivity,
        relevant=question.relevant,
        hidden_from_reviewers=question.hidden_from_reviewers,
    )


def _to_json(item: FormDefinition | Group | Question | Choice) -> dict[str, Any]:
    return {
        each.name: _value_to_json(value)
        for each in fields(item)
        if (value := getattr(item, each.name)) != _ordinary_value(each)
    }


def _value_to_json(value: object) -> object:
    if isinstance(value, (Group, Question, Choice)):
        return _to_json(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_value_to_json(each) for each in value]
    return value


def _ordinary_value(each: Any) -> object:
    return each.default_factory() if each.default_factory is not MISSING else each.default


def _question_from_json(data: Mapping[str, Any]) -> Question:
    values = dict(data)
    values["kind"] = Kind(values["kind"])
    if "role" in values:
        values["role"] = Role(values["role"])
    if "party" in values:
        values["party"] = Party(values["party"])
    if "given_sensitivity" in values:
        values["given_sensitivity"] = Sensitivity(values["given_sensitivity"])
    values["choices"] = tuple(_from_json(Choice, choice) for choice in values.get("choices", ()))
    return _from_json(Question, values)


def _from_json(made: type[Made], data: Mapping[str, Any]) -> Made:
    unknown = set(data) - {each.name for each in fields(made)}  # type: ignore[arg-type]  # always a dataclass
    if unknown:
        raise ValueError(f"{made.__name__} has no field {', '.join(sorted(unknown))} in this version")
    return made(**{name: tuple(value) if isinstance(value, list) else value for name, value in data.items()})
