"""How long a form takes to be made ready once, and to be looked at on each save.

Run with: python -m tests.bench.bench_forms
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fundapp.applications.form_engine.checking import Terms
from fundapp.applications.form_engine.definition import Choice, FormDefinition, Group, Kind, Question
from fundapp.applications.form_engine.filling import Filling, Surroundings
from fundapp.applications.form_engine.rules import rules_of

QUESTIONS = 200
ROWS = 30
TIMES = 30
NOW = Surroundings(datetime(2020, 5, 2, tzinfo=UTC), "en")
CHOICES = tuple(Choice(f"c{number}", {"en": f"Choice {number}"}, {"of": f"c{number % 10}"}) for number in range(50))


def big_form() -> FormDefinition:
    """Return a form in which most questions depend on others, with a repeat of ten questions."""
    questions = [Question("q0", Kind.INTEGER, {"en": "First"})]
    for number in range(1, QUESTIONS - 10):
        before = f"${{q{number - 1}}}"
        questions.append(
            Question(
                f"q{number}",
                (Kind.INTEGER, Kind.TEXT, Kind.SELECT_ONE, Kind.CALCULATE)[number % 4],
                {"en": f"After {before}"},
                relevant=f"{before} != 'no' and string-length({before}) < 100",
                required_if=f"{before} = 5 or selected({before}, 'c1')",
                constraint=". != ${q0} and regex(., '[a-z0-9 ]+')",
                calculation=f"concat({before}, ' and ', count(${{row}}))" if number % 4 == 3 else "",
                choices=CHOICES if number % 4 == 2 else (),
                choice_filter=f"of = 'c1' or of = {before}" if number % 4 == 2 else "",
            )
        )
    questions += [
        Question(
            f"r{number}",
            Kind.INTEGER,
            {"en": "In ${q0}"},
            group=("row",),
            relevant=f"${{r{number - 1}}} > 0" if number else "",
            constraint=". < sum(${r0}) + 1000 and position(..) > 0",
        )
        for number in range(10)
    ]
    groups = (Group(("row",), {"en": "Row"}, is_repeat=True),)
    return FormDefinition("Big", "", "", ("en",), "en", groups, tuple(questions))


def answers_to(form: FormDefinition) -> dict[str, Any]:
    """Return answers to every question, and thirty rows."""
    answers: dict[str, Any] = {"row": list(range(1, ROWS + 1))}
    for question in form.questions:
        keys = [f"row~{row}~{question.name}" for row in range(1, ROWS + 1)] if question.group else [question.name]
        value = {Kind.INTEGER: 7, Kind.TEXT: "some words", Kind.SELECT_ONE: "c1"}.get(question.kind)
        answers |= dict.fromkeys(keys, value)
    return {key: answer for key, answer in answers.items() if answer is not None}


def measure(name: str, work: Callable[[], object], times: int = TIMES) -> None:
    """Print how many milliseconds a piece of work takes: the middle, and the slowest."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    print(f"{name:<48}{statistics.median(taken):8.1f} ms, at most {max(taken):.1f} ms")


def main() -> None:
    """Measure a form of 200 questions, each with a condition, and a repeat with thirty rows."""
    form = big_form()
    stored, answers = form.to_json(), answers_to(form)
    measure("read from its JSON", lambda: FormDefinition.from_json(stored))
    measure("fingerprint", lambda: FormDefinition.from_json(stored).fingerprint)

    def make_ready() -> None:
        rules_of.cache_clear()
        assert rules_of(form).faults == []

    measure("made ready for the first time", make_ready, times=5)
    measure("made ready again", lambda: rules_of(FormDefinition.from_json(stored)))
    measure("what is asked and computed", lambda: Filling(form, answers, NOW))
    filling = Filling(form, answers, NOW)
    terms = Terms("USD")
    measure("all that is wrong or missing", lambda: filling.problems(terms, submitting=True, language="en"))
    measure("what is sent", filling.sent)


if __name__ == "__main__":
    main()
