"""Which cells of a question or group are asked for on its page, under which words, and for which kinds."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from fundapp.applications.form_engine.definition import FILE_KINDS, UNSEEN_KINDS, Kind, Party, Role, Sensitivity
from fundapp.applications.form_writing.items import GROUP, GROUPS, LISTED, REPEAT
from fundapp.applications.xlsform.columns import OWN
from fundapp.core.i18n import lazy_gettext as _l

KINDS: Final[Mapping[str, str]] = {
    Kind.TEXT: _l("Text"),
    Kind.SELECT_ONE: _l("One choice of a list"),
    Kind.SELECT_MULTIPLE: _l("Any number of choices of a list"),
    Kind.RANK: _l("Choices put in an order"),
    Kind.INTEGER: _l("Whole number"),
    Kind.DECIMAL: _l("Number or amount of money"),
    Kind.DATE: _l("Date"),
    Kind.TIME: _l("Time of day"),
    Kind.DATETIME: _l("Date and time of day"),
    Kind.GEOPOINT: _l("Place, in words"),
    Kind.FILE: _l("File"),
    Kind.IMAGE: _l("Picture"),
    Kind.AUDIO: _l("Sound recording"),
    Kind.VIDEO: _l("Film"),
    Kind.ACKNOWLEDGE: _l("Box to tick"),
    Kind.NOTE: _l("Only a text to read, no question"),
    Kind.CALCULATE: _l("Computed value that nobody sees"),
    Kind.HIDDEN: _l("Fixed value that nobody sees"),
    GROUP: _l("Group: a heading with questions under it"),
    REPEAT: _l("Group that is answered several times"),
}
ROLES: Final[Mapping[str, str]] = {
    Role.ORGANISATION: _l("Name of the organisation"),
    Role.EMAIL: _l("E-mail address to write to"),
    Role.AMOUNT: _l("Amount that is asked for"),
    Role.CATEGORIES: _l("Categories that are entered"),
    Role.TITLE: _l("Title of the work"),
    Role.SUMMARY: _l("Summary"),
    Role.COUNTRY: _l("Country"),
    Role.REGION: _l("Region"),
    Role.CONTACT_NAME: _l("Name of the person to write to"),
    Role.THEME: _l("Theme"),
    Role.REGISTRATION: _l("Registration number"),
}
PARTIES: Final[Mapping[str, str]] = {
    Party.APPLICANT: _l("The organisation that applies"),
    Party.FISCAL_HOST: _l("Fiscal host: who receives the money for it"),
    Party.PARTNER: _l("Partner in the work"),
    Party.NOMINATOR: _l("Who nominated it"),
    Party.REFEREE: _l("Referee: who can be asked about it"),
}
SENSITIVITIES: Final[Mapping[str, str]] = {
    Sensitivity.PUBLIC: _l("Public"),
    Sensitivity.INTERNAL: _l("Internal: for those who work on the call"),
    Sensitivity.IDENTITY: _l("Identity: stored sealed, shown masked"),
    Sensitivity.PAYEE: _l("Payee: where money goes; this website cannot read it again"),
}


class Control(Enum):
    """How a cell is typed."""

    TEXTS = auto()
    LINE = auto()
    EXPRESSION = auto()
    TICK = auto()
    SELECT = auto()
    LINES = auto()


class Part(Enum):
    """Where a field stands on the page."""

    WORDS = auto()
    ANSWER = auto()
    RULES = auto()
    READERS = auto()
    MORE = auto()


@dataclass(frozen=True)
class Asked:
    """One field of the page: the column of its cell, what it is called, and for which kinds it is there."""

    column: str
    label: str
    control: Control
    part: Part
    kinds: frozenset[str]
    hint: str = ""

    @property
    def name(self) -> str:
        """Return the name of its field."""
        return self.column.removeprefix(OWN)


_EVERY: Final = frozenset(KINDS)
_SEEN: Final = _EVERY - {kind.value for kind in UNSEEN_KINDS}
_QUESTIONS: Final = _EVERY - GROUPS
_ANSWERED: Final = _QUESTIONS - {kind.value for kind in UNSEEN_KINDS} - {Kind.NOTE.value}
_TYPED: Final = _ANSWERED - {kind.value for kind in FILE_KINDS} - {Kind.ACKNOWLEDGE.value}
_TEXT: Final = frozenset({Kind.TEXT.value})
_E = Control.EXPRESSION

ASKED: Final = (
    Asked("label", _l("Question, or text"), Control.TEXTS, Part.WORDS, _EVERY),
    Asked("hint", _l("Hint"), Control.TEXTS, Part.WORDS, _SEEN, _l("Stands under the question.")),
    Asked(
        "guidance_hint", _l("More about the question"), Control.TEXTS, Part.WORDS, _SEEN - GROUPS,
        _l("Shown to those who ask for more."),
    ),
    Asked("choices", _l("Choices"), Control.LINES, Part.ANSWER, LISTED),
    Asked("list", _l("Which list"), Control.SELECT, Part.ANSWER, LISTED),
    Asked("multiline", _l("Room for several lines"), Control.TICK, Part.ANSWER, _TEXT),
    Asked(f"{OWN}words", _l("Most words"), Control.LINE, Part.ANSWER, _TEXT),
    Asked(f"{OWN}characters", _l("Most characters"), Control.LINE, Part.ANSWER, _TEXT),
    Asked(f"{OWN}spoken", _l("May be given as a recording instead"), Control.TICK, Part.ANSWER, _TEXT),
    Asked("required", _l("Has to be answered"), Control.TICK, Part.ANSWER, _ANSWERED),
    Asked(
        "only_if", _l("When is it asked?"), Control.SELECT, Part.RULES, _EVERY,
        _l("What is not asked is not part of what is sent."),
    ),
    Asked("relevant", _l("Asked only if"), _E, Part.RULES, _EVERY, _l("A condition, such as: ${people} > 3")),
    Asked(
        "required_when", _l("Has to be answered only if"), _E, Part.RULES, _ANSWERED,
        _l("A condition, such as: ${people} > 3"),
    ),
    Asked("required_message", _l("What is said when the answer is missing"), Control.TEXTS, Part.RULES, _ANSWERED),
    Asked(
        "constraint", _l("What has to hold of the answer"), _E, Part.RULES, _TYPED,
        _l("A condition; the point stands for the answer: . >= 500 and . <= 5000"),
    ),
    Asked("constraint_message", _l("What is said when it does not hold"), Control.TEXTS, Part.RULES, _TYPED),
    Asked(
        f"{OWN}eligible", _l("Who may apply: what has to hold of the answer"), _E, Part.RULES,
        _ANSWERED - _TEXT - {Kind.TIME.value, Kind.DATETIME.value, Kind.RANK.value}
        - {kind.value for kind in FILE_KINDS},
        _l("Asked before anything else. A condition, such as: . = 'yes'"),
    ),
    Asked(
        f"{OWN}ineligible_message", _l("Why somebody for whom it does not hold cannot apply"), Control.TEXTS,
        Part.RULES, _ANSWERED - _TEXT - {Kind.TIME.value, Kind.DATETIME.value, Kind.RANK.value}
        - {kind.value for kind in FILE_KINDS},
    ),
    Asked(
        f"{OWN}role", _l("What the service reads out of it"), Control.SELECT, Part.READERS, _TYPED,
        _l("Each only once in a form."),
    ),
    Asked(
        f"{OWN}party", _l("Who is named in it"), Control.SELECT, Part.READERS, _TEXT,
        _l("Reviewers who are tied to them do not read the application."),
    ),
    Asked(f"{OWN}sensitivity", _l("How sensitive is the answer?"), Control.SELECT, Part.READERS, _ANSWERED),
    Asked(f"{OWN}identifies", _l("The answer tells who applies"), Control.TICK, Part.READERS, _ANSWERED),
    Asked(f"{OWN}reviewers", _l("Reviewers do not see the answer"), Control.TICK, Part.READERS, _ANSWERED),
    Asked(f"{OWN}lists", _l("Stands beside each application in lists"), Control.TICK, Part.READERS, _TYPED),
    Asked(f"{OWN}category", _l("Only for those who enter this category"), Control.SELECT, Part.READERS, _QUESTIONS),
    Asked(
        "name", _l("Name in conditions and in spreadsheets"), Control.LINE, Part.MORE, _EVERY,
        _l("Letters without accents, figures and “_”. Conditions that use it follow a change."),
    ),
    Asked(
        "repeat_count", _l("How many times"), _E, Part.MORE, frozenset({REPEAT}), _l("Empty: as often as one likes.")
    ),
    Asked(
        "calculation", _l("Computed from other answers"), _E, Part.MORE, _TYPED | {Kind.CALCULATE.value},
        _l("An expression, such as: ${rent} + ${travel}. Nobody can type over it."),
    ),
    Asked(
        "default", _l("What stands there at first"), _E, Part.MORE,
        _TYPED | {kind.value for kind in UNSEEN_KINDS}, _l("An answer, or an expression."),
    ),
    Asked("readonly", _l("Cannot be changed if"), _E, Part.MORE, _ANSWERED),
    Asked("choice_filter", _l("Offer a choice only if"), _E, Part.MORE, LISTED, _l("Such as: region = ${region}")),
    Asked(f"{OWN}other_of", _l("Asks for the words of “other” at"), Control.SELECT, Part.MORE, _TEXT),
    Asked("appearance", _l("Appearance"), Control.LINE, Part.MORE, _EVERY - {Kind.NOTE.value}),
)  # fmt: skip
