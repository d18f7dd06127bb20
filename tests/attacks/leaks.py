"""What no answer and no line of a log may hold, whatever was attacked: looked for in all that this group gets."""

import logging
import re
from pathlib import Path
from typing import Any, Final

import flask.testing
import pytest
from werkzeug.test import TestResponse

ROOT: Final = Path(__file__).parents[2]
INSIDE: Final = re.compile(
    rb"Traceback \(most recent call last\)|sqlalchemy\.(?:exc|orm)|psycopg\.|sqlite3\.|site-packages|"
    rb"\[SQL: |File \"/|" + re.escape(str(ROOT).encode())
)
PEOPLE: Final = re.compile(r"@example\.org|Canary|Kanarie|Applicant |Reviewer Ours")
"""Addresses of people, and the marks that stand in what they wrote."""


class Leak(AssertionError):
    """Something came out that must stay inside."""


def check_answer(answer: TestResponse) -> None:
    """Raise Leak for an answer that tells how the service is made."""
    if found := INSIDE.search(answer.get_data()) or INSIDE.search(str(answer.headers).encode()):
        raise Leak(f"{answer.request.method} {answer.request.path}: {found.group(0)!r}")


class Listener(logging.Handler):
    """Keeps the lines of our own loggers that hold anything of a person."""

    def __init__(self) -> None:
        super().__init__()
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if found := PEOPLE.search(" ".join([record.getMessage(), *map(str, vars(record).get("refs", {}).values())])):
            self.leaks.append(f"{record.name}: {found.group(0)}")


def watch(patch: pytest.MonkeyPatch) -> Listener:
    """Look at every answer that a test client gets and every line that we log from now on."""
    real = flask.testing.FlaskClient.open

    def careful(self: Any, *args: Any, **kwargs: Any) -> TestResponse:
        answer = real(self, *args, **kwargs)
        check_answer(answer)
        return answer

    patch.setattr(flask.testing.FlaskClient, "open", careful)
    listener = Listener()
    logging.getLogger("fundapp").addHandler(listener)
    return listener
