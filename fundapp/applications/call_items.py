"""What managers write on pages of each category, criterion, stage and phase of a call."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from fundapp.applications.call_settings import Asked, Control
from fundapp.applications.rules import CommentNeed
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.numbers import plain_number

ITEMS: Final[Mapping[str, tuple[Asked, ...]]] = {
    "categories": (
        Asked("title", Control.LINES, _l("Name of the category")),
        Asked("description", Control.TEXTS, _l("What it is for")),
        Asked("awards", Control.WHOLE, _l("How many awards does it give?"), _l("For prizes only."), needed=False),
        Asked("award", Control.MONEY, _l("Amount of each award"), _l("For prizes only."), needed=False),
    ),
    "criteria": (
        Asked("label", Control.LINES, _l("Name of the criterion")),
        Asked("question", Control.TEXTS, _l("The question that reviewers answer")),
        Asked(
            "weight",
            Control.NUMBER,
            _l("Weight"),
            _l("A criterion of weight 2 counts twice as much as one of weight 1."),
        ),
        Asked("minimum", Control.NUMBER, _l("Lowest number of the scale")),
        Asked("maximum", Control.NUMBER, _l("Highest number of the scale")),
        Asked(
            "step",
            Control.NUMBER,
            _l("Size of a step"),
            _l("1 for whole numbers, 0.5 for halves. A scale of more than eleven steps is answered by typing."),
            needed=False,
        ),
        Asked("stage", Control.STAGE, _l("In which stage is it asked?")),
        Asked("category", Control.CATEGORY, _l("Of which entries is it asked?"), needed=False),
        Asked(
            "comment_question",
            Control.LINES,
            _l("What to ask beside the score"),
            _l("Reviewers answer it in words. Left empty, they are asked why they give this score."),
            needed=False,
        ),
        Asked(
            "comment",
            Control.CHOICE,
            _l("When are words needed?"),
            choices=(
                (CommentNeed.NEVER.value, _l("Never: whoever wants writes some")),
                (CommentNeed.EXTREMES.value, _l("With the lowest and the highest score")),
                (CommentNeed.ALWAYS.value, _l("With every score")),
            ),
            needed=False,
        ),
    ),
    "stages": (
        Asked("title", Control.LINES, _l("Name of the stage"), _l("Such as “Screening” or “Finalists”.")),
        Asked(
            "kind",
            Control.CHOICE,
            _l("What do peers do in it?"),
            choices=(
                ("screening", _l("Answer a short checklist with yes or no")),
                ("review", _l("Score with criteria")),
            ),
        ),
        Asked(
            "reviews",
            Control.WHOLE,
            _l("How many peers read each application in it?"),
            _l("Left empty, as many as the page of criteria says."),
            needed=False,
        ),
        Asked(
            "minutes",
            Control.WHOLE,
            _l("How many minutes does one review take?"),
            _l("With reading. From it we reckon how much is asked of each reviewer."),
        ),
        Asked("confidence", Control.FLAG, _l("Ask reviewers how sure they are")),
    ),
    "phases": (
        Asked("title", Control.LINES, _l("Name of the phase"), _l("Such as “Scoring” or “Discussion”.")),
        Asked("stage", Control.STAGE, _l("To which stage does it belong?")),
        Asked("starts", Control.TIME, _l("First day")),
        Asked(
            "ends",
            Control.TIME,
            _l("Last day"),
            _l("It ends just before the time of day below. Phases of one stage never overlap."),
        ),
        Asked("score", Control.FLAG, _l("Reviewers score, and change their scores")),
        Asked(
            "others",
            Control.CHOICE,
            _l("Do they see what the others said of the same application?"),
            choices=(
                ("never", _l("No, nobody does")),
                ("after_own", _l("Yes, once they have submitted their own review of it")),
                ("always", _l("Yes, from the first day of the phase")),
            ),
        ),
        Asked(
            "shown_as",
            Control.CHOICE,
            _l("How are reviewers called before each other?"),
            choices=(
                ("aliases", _l("By two random words, others for each application")),
                ("names", _l("By their names")),
            ),
        ),
        Asked("discuss", Control.FLAG, _l("They discuss what they see, in writing")),
    ),
}
"""What is asked of each; paths begin behind its code."""

MOST_WORDED_STEPS: Final = 11
"""A longer scale is worded at both ends and in the middle only."""


def anchor_key(step: Decimal | str) -> str:
    """Return the key of a step's words in a document: points stand between the keys of a path."""
    return str(step).replace(".", "_")


def anchors_asked(minimum: float, maximum: float, step: float) -> tuple[Asked, ...]:
    """Return the steps of a scale that a page asks words for; only both ends are needed."""
    least, size = Decimal(str(minimum)), Decimal(str(step))
    last = int((Decimal(str(maximum)) - least) / size)
    worded = range(last + 1) if last < MOST_WORDED_STEPS else (0, last // 2, last)
    return tuple(
        Asked(
            f"anchors.{anchor_key(plain_number(least + number * size))}",
            Control.LINES,
            _l("What step %(step)s means", step=plain_number(least + number * size)),
            needed=number in (0, last),
        )
        for number in worded
    )
