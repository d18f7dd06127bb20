"""What reviewers answer, and what is wrong or missing in it; no database, no web.

A review consists of parts: one for each criterion, by its code, and the general ones, whose names no code can be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.numbers import NumberError, plain_number, read_number

COMMENT: Final = ".comment"
CONFIDENCE: Final = ".confidence"
MAX_COMMENT_CHARACTERS: Final = 10_000
MAX_NOTE_CHARACTERS: Final = 300
MOST_TYPED: Final = 40
MOST_STEPS_TO_CHOOSE: Final = 11
"""A scale with more steps is answered by typing the number."""


class Unjudged(StrEnum):
    """An answer to a criterion that is not a number."""

    CANNOT_JUDGE = "cannot_judge"


class Confidence(StrEnum):
    """How sure reviewers are of what they answer."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


COMMENT_HINT: Final = _l(
    "What is strong, what is weak, what should be asked? It may be passed on to the applicant without your name."
)
CANNOT_JUDGE_WORDS: Final = _l("I cannot judge this")
CONFIDENCE_WORDS: Final = {
    Confidence.LOW.value: _l("Not very sure"),
    Confidence.MEDIUM.value: _l("Fairly sure"),
    Confidence.HIGH.value: _l("Very sure"),
}
Answer = int | Decimal | Unjudged
"""A step of the criterion's scale, or "cannot judge"."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What stands beside one criterion: an answer or none yet, why it cannot be judged, and words about the score.

    `typed` is what was typed in place of a number, and is no step of the scale: a draft keeps it.
    """

    answer: Answer | None = None
    reason: str = ""
    comment: str = ""
    typed: str = ""


Part = Judged | str
"""What one part of a review says; of the general ones, a text."""
Parts = Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class Step:
    """A criterion as the rules see it: its label, and its scale from end to end (inclusive) in steps.

    `comment` is needed "never", for the "extremes" of the scale, or "always".
    """

    key: str
    lowest: int | Decimal
    highest: int | Decimal
    label: str = ""
    step: int | Decimal = 1
    comment: str = "never"

    @property
    def values(self) -> list[Decimal]:
        """Return the steps of the scale in order."""
        count = int((Decimal(self.highest) - self.lowest) / self.step)
        return [Decimal(self.lowest) + number * Decimal(self.step) for number in range(count + 1)]

    @property
    def is_typed(self) -> bool:
        """Say whether the scale has too many steps to choose from."""
        return (Decimal(self.highest) - self.lowest) / self.step >= MOST_STEPS_TO_CHOOSE

    def has(self, number: int | Decimal) -> bool:
        """Say whether a number is a step of the scale."""
        return self.lowest <= number <= self.highest and (Decimal(number) - self.lowest) % self.step == 0

    def needs_comment(self, answer: Answer | None) -> bool:
        """Say whether an answer needs words beside it."""
        if answer is None or isinstance(answer, Unjudged):
            return False
        return self.comment == "always" or (self.comment == "extremes" and answer in (self.lowest, self.highest))


def part_to_json(part: Part) -> Any:
    """Return a part of a review as drafts keep it."""
    if isinstance(part, str):
        return part
    answer = part.answer.value if isinstance(part.answer, Unjudged) else "" if part.answer is None else str(part.answer)
    kept = {"answer": answer, "reason": part.reason, "comment": part.comment}
    return {**kept, "typed": part.typed} if part.typed else kept


def part_from_json(kept: Any) -> Part:
    """Return a part of a review from what a draft keeps."""
    if isinstance(kept, str):
        return kept
    return Judged(answer_from(kept["answer"]), kept["reason"], kept["comment"], kept.get("typed", ""))


def judged_from(criterion: Step, typed: str, *, cannot_judge: bool, reason: str, comment: str, language: str) -> Judged:
    """Read what was typed beside a criterion; numbers as people write them in a language."""
    if cannot_judge or typed == Unjudged.CANNOT_JUDGE:
        return Judged(Unjudged.CANNOT_JUDGE, reason, comment)
    if not typed.strip():
        return Judged(None, reason, comment)
    try:
        number = Decimal(read_number(typed, language))
    except NumberError:
        return Judged(None, reason, comment, typed.strip()[:MOST_TYPED])
    if not criterion.has(number):
        return Judged(None, reason, comment, typed.strip()[:MOST_TYPED])
    return Judged(plain_number(number), reason, comment)


def answer_from(text: str) -> Answer | None:
    """Return an answer from what a draft keeps of it; "" is none yet."""
    if not text:
        return None
    return Unjudged.CANNOT_JUDGE if text == Unjudged.CANNOT_JUDGE else Decimal(text)


def kept_number(number: Decimal) -> int | str:
    """Return a number as documents keep it: whole ones as numbers, others as exact text."""
    return str(number) if number % 1 else int(number)


def part_problems(parts: Parts, criteria: Sequence[Step]) -> list[Problem]:
    """Say what of the given parts cannot be kept; `field` is the name of the part."""
    problems = []
    for criterion in criteria:
        part = parts.get(criterion.key)
        if not isinstance(part, Judged):
            continue
        if isinstance(part.answer, int | Decimal) and not criterion.has(part.answer):
            problems.append(Problem(off_scale(criterion), field=criterion.key))
        if len(part.reason) > MAX_NOTE_CHARACTERS:
            problems.append(Problem(_too_long(part.reason, MAX_NOTE_CHARACTERS), field=criterion.key, place="reason"))
        if len(part.comment) > MAX_COMMENT_CHARACTERS:
            message = _too_long(part.comment, MAX_COMMENT_CHARACTERS)
            problems.append(Problem(message, field=criterion.key, place="comment"))
    comment = str(parts.get(COMMENT, ""))
    if len(comment) > MAX_COMMENT_CHARACTERS:
        problems.append(Problem(_too_long(comment, MAX_COMMENT_CHARACTERS), field=COMMENT))
    return problems


def completeness_problems(parts: Parts, criteria: Sequence[Step], *, asks_confidence: bool = False) -> list[Problem]:
    """Say what is missing before a review can be submitted; `field` is the name of the part, `place` where in it."""
    problems = []
    for criterion in criteria:
        part = parts.get(criterion.key)
        judged = part if isinstance(part, Judged) else Judged()
        if judged.typed:
            problems.append(Problem(off_scale(criterion), field=criterion.key))
        elif judged.answer is None:
            message = _l("%(criterion)s: give a score, or say that you cannot judge it.", criterion=criterion.label)
            problems.append(Problem(message, field=criterion.key))
        elif judged.answer is Unjudged.CANNOT_JUDGE and not judged.reason.strip():
            message = _l("%(criterion)s: say in a few words why you cannot judge it.", criterion=criterion.label)
            problems.append(Problem(message, field=criterion.key, place="reason"))
        elif criterion.needs_comment(judged.answer) and not judged.comment.strip():
            message = _l("%(criterion)s: write why you give this score.", criterion=criterion.label)
            problems.append(Problem(message, field=criterion.key, place="comment"))
    if asks_confidence and not parts.get(CONFIDENCE):
        problems.append(Problem(_l("Say how sure you are of your answers."), field=CONFIDENCE))
    return problems


def off_scale(criterion: Step) -> str:
    """Say which numbers a criterion takes."""
    if criterion.step == 1:
        message = _l(
            "%(criterion)s: choose a number from %(lowest)s to %(highest)s, or “cannot judge”.",
            criterion=criterion.label,
            lowest=criterion.lowest,
            highest=criterion.highest,
        )
    else:
        message = _l(
            "%(criterion)s: choose a number from %(lowest)s to %(highest)s in steps of %(step)s, or “cannot judge”.",
            criterion=criterion.label,
            lowest=criterion.lowest,
            highest=criterion.highest,
            step=criterion.step,
        )
    return message


def _too_long(text: str, limit: int) -> str:
    return _l("Your comment has %(count)s characters; at most %(limit)s fit.", count=len(text), limit=limit)
