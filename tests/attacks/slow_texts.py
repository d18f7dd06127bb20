"""Texts on which a careless pattern never ends, given to everything that reads what people type.

`python -m tests.attacks.slow_texts` does it in a process of its own, which may use so much of the processor and no
more: what is linear needs a small part of it, what grows with the square of the length needs hours.
"""

import re
import resource
import sys
from collections.abc import Callable
from typing import Final

from fundapp.accounts import rules
from fundapp.applications.form_engine.expressions import ExpressionTooSlow
from fundapp.applications.form_engine.expressions.functions import FUNCTIONS
from fundapp.core.errors import RuleViolations
from fundapp.core.money import Money, MoneyError
from fundapp.core.numbers import NumberError, read_number
from fundapp.core.tables import TableError, read_table
from fundapp.core.text import TextError, clean_text, count_characters, count_words

LENGTH: Final = 200_000
REFUSED = (ExpressionTooSlow, RuleViolations, MoneyError, NumberError, TableError, TextError)

TEXTS: Final = {
    "one letter": "a" * LENGTH,
    "almost an address": "a@" * (LENGTH // 2) + "!",
    "dots": "." * LENGTH + "@",
    "spaces": " " * LENGTH + "x",
    "breaks": "\n\t" * (LENGTH // 2) + "x",
    "numbers": "1" * LENGTH + "x",
    "groups of numbers": "1,1 1.1'" * (LENGTH // 8) + "x",
    "signs": "-+" * (LENGTH // 2),
    "marks": "a" + "\u0301" * LENGTH,
    "flags": "🇰" * LENGTH + "a",
    "families": "👩\u200d" * (LENGTH // 2),
    "quotes": '"' * LENGTH,
    "commas": "," * LENGTH,
    "slashes": "/" * LENGTH,
    "words that join": "ﷺ" * (LENGTH // 10),
}
READERS: Final[dict[str, Callable[[str], object]]] = {
    "a text": lambda text: clean_text(text, multiline=True),
    "words": count_words,
    "characters": count_characters,
    "an address": rules.checked_email,
    "the name of an account": rules.fold_account,
    "the name of an organisation": rules.fold_organisation_name,
    "where to go next": rules.safe_next_path,
    "a number": lambda text: read_number(text, "ar"),
    "an amount": lambda text: Money.parse(text, "KES", "fr"),
    "a table": lambda text: read_table(text.encode(), "table.csv"),
    "a pattern of a form": lambda text: FUNCTIONS["regex"][2](text, "(a+)+$|([0-9]+)*x!"),
}


def read_everything() -> None:
    """Give every text to every reader; a refusal is as good an answer as any."""
    for read in READERS.values():
        for text in TEXTS.values():
            try:
                read(text)
            except REFUSED:
                continue


def careless() -> None:
    """Do what nothing of ours may do."""
    re.fullmatch("(a+)+", TEXTS["one letter"] + "!")


if __name__ == "__main__":
    what, processor_seconds = sys.argv[1:]
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + int(processor_seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    {"read": read_everything, "careless": careless}[what]()
