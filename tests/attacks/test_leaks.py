"""The watch over answers and logs of this group: it would notice what it is there for."""

import logging

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request

from .leaks import ROOT, Leak, Listener, check_answer


def answer(text: str, **headers: str) -> TestResponse:
    request = Request.from_values("/page")
    return TestResponse([text.encode()], "500 INTERNAL SERVER ERROR", Headers(headers), request)


@pytest.mark.parametrize(
    "text",
    [
        "Traceback (most recent call last):",
        "sqlalchemy.exc.IntegrityError",
        "psycopg.errors.UndefinedTable",
        "[SQL: SELECT person.name]",
        f"in {ROOT}/fundapp/cli.py",
        'File "/usr/lib/python3.11/x.py"',
    ],
)
def test_an_answer_that_tells_of_the_inside_is_noticed(text: str) -> None:
    with pytest.raises(Leak):
        check_answer(answer(f"<p>{text}</p>"))
    with pytest.raises(Leak):
        check_answer(answer("<p>Sorry.</p>", Warning=text))
    check_answer(answer("<p>Something went wrong. Please try again.</p>"))


def test_a_line_that_names_somebody_is_noticed() -> None:
    listener = Listener()
    logger = logging.Logger("fundapp.sample")
    logger.addHandler(listener)
    logger.warning("sign-in of %s failed", "amina@example.org")
    logger.warning("sign-in failed")
    assert listener.leaks == ["fundapp.sample: @example.org"]
