"""The public value by which lots are drawn: nobody knows it when they are fixed, and anybody can read it afterwards."""

from datetime import datetime

from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.pools import plain_value
from fundapp.review.rules import MAX_REASON_CHARACTERS


def announcement_problems(value_source: str, value_at: datetime, now: datetime) -> list[Problem]:
    """Say what is wrong with an announcement: which value it will be, and the instant at which it is published."""
    problems = []
    if not value_source.strip() or len(value_source) > MAX_REASON_CHARACTERS:
        message = _l("Say which public value will be used, so that anybody can look it up.")
        problems.append(Problem(message, field="value_source"))
    if value_at <= now:
        message = _l("This time is past. Choose a value that nobody knows yet.")
        problems.append(Problem(message, field="value_at"))
    return problems


def published_value(public_value: str, *, value_at: datetime, now: datetime) -> str:
    """Return a public value as it goes into the seed; `value_at` is when it is published, an instant.

    Raises Conflict before that, and RuleViolations where nothing was typed, or too much.
    """
    if now < value_at:
        raise Conflict(_l("The public value is not known yet. Come back when it is."))
    value = plain_value(public_value)
    if not value or len(value) > MAX_REASON_CHARACTERS:
        raise RuleViolations([Problem(_l("Enter the public value, as it was published."), field="public_value")])
    return value
