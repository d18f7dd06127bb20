"""Typed errors that services raise and the web layer turns once into answers."""

from collections.abc import Sequence
from dataclasses import dataclass


class FundappError(Exception):
    """Root of every error that people may be told about."""


class Failure(Exception):
    """Something outside did not work. The message holds references and codes only, so it may be kept and logged."""


class NotFound(FundappError):
    """The object is missing, or out of the actor's scope: both answer alike (404)."""


class NotAllowed(FundappError):
    """The actor lacks a permission (403)."""

    def __init__(self, permission: str, reason: str = "") -> None:
        super().__init__(permission)
        self.permission = permission
        self.reason = reason


class InvalidTransition(FundappError):
    """The event is not possible in the present status (409). `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Conflict(FundappError):
    """Somebody else was faster, or a limit is used up (409). `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what somebody gave us.

    `message` is for people (a lazy translation is welcome), `field` names a form field, and `place`
    says where in a file it stands ("survey row 5, column constraint").
    """

    message: str
    field: str | None = None
    place: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else str(self.message)


class RuleViolations(FundappError):
    """Everything that is wrong, not just the first thing."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = list(problems)
