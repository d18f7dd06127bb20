"""One form and one set of answers, as ODK's own engine sees them and as ours does."""

import json
import random
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pyxform.xls2xform import convert

from fundapp.applications.form_engine.answer_keys import Key
from fundapp.applications.form_engine.answers import text_of_answer
from fundapp.applications.form_engine.checking import Terms
from fundapp.applications.form_engine.definition import UNSEEN_KINDS, FormDefinition, Kind, Question
from fundapp.applications.form_engine.expressions import Path as Names
from fundapp.applications.form_engine.filling import Filling, Surroundings
from fundapp.applications.form_engine.rules import rules_of
from fundapp.applications.xlsform import read_form

HERE = Path(__file__).parent
ENGINE = ["node", "engine.mjs"]
MOST_SECONDS = 300

TEXTS = ["", "", "a", "b", "hello", "hello world", "Ann", "Ben", "KE1", "12", "5", "yes", "2020-01-31"]
NUMBERS = [-1, 0, 1, 2, 3, 4, 5, 17, 18, 61, 150, 1990, 2015]
COUNTS = [0, 1, 2, 3, 4]
COUNTING = {"children"}
"""The questions that say how many rows a repeat has: ODK's engine makes as many as it is told to."""
DECIMALS = ["-2.5", "0", "0.1", "0.125", "2.45", "10.55", "1500.5", "3"]


@dataclass(frozen=True)
class Seen:
    """What an engine makes of one place."""

    relevant: bool
    readonly: bool
    required: bool
    fits: bool
    value: str
    label: str
    offered: tuple[str, ...]


def states_of(form: str, records: Sequence[str]) -> tuple[date, list[dict[str, Any]]]:
    """Return what ODK's engine makes of records, each by reference, and the day on which it looked at them."""
    done = subprocess.run(
        ENGINE,
        cwd=HERE,
        input=json.dumps({"form": form, "records": records}),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=MOST_SECONDS,
    )
    answered = json.loads(done.stdout)
    return date.fromisoformat(answered["today"]), answered["states"]


@dataclass(frozen=True)
class Form:
    """A form of this folder, read by us and converted for ODK by pyxform."""

    definition: FormDefinition
    xform: str

    @classmethod
    def read(cls, path: Path) -> "Form":
        """Read a form."""
        xform = convert(path.read_text(), file_type=".md").xform
        return cls(read_form(path.read_bytes(), path.name), xform)

    def random_answers(self, chance: random.Random) -> dict[str, Any]:
        """Return answers to some of the questions, and some rows in the repeats that are added to."""
        rules = rules_of(self.definition)
        answers: dict[str, Any] = {}

        def fill(path: Names, rows: tuple[tuple[str, int], ...]) -> None:
            for name in rules.tree.children[path]:
                below = (*path, name)
                if below in rules.tree.repeats:
                    numbers = range(1, chance.randint(0, 3) + 1)
                    if rules.of("repeat_count", below) is None:
                        answers[str(Key(name, rows))] = list(numbers)
                    for row in numbers:
                        fill(below, (*rows, (name, row)))
                elif below in rules.tree.children:
                    fill(below, rows)
                elif (answer := random_answer(rules.questions[below], chance)) is not None:
                    answers[str(Key(name, rows))] = answer

        fill((), ())
        return self._offered_only(answers)

    def _offered_only(self, answers: dict[str, Any]) -> dict[str, Any]:
        """Leave out choices that are not offered: ODK's engine takes them out, ours keeps them and says so."""
        for _ in range(len(self.definition.questions)):
            filling = Filling(self.definition, answers, Surroundings(datetime(2020, 5, 2, tzinfo=UTC)))
            for key, question in every_place(filling):
                offered = {choice.name for choice in filling.choices(key)}
                given = answers.get(key)
                if not question.choices or given is None:
                    continue
                kept = [name for name in ([given] if isinstance(given, str) else given) if name in offered]
                if question.kind is Kind.RANK and set(kept) != offered:
                    kept = [choice.name for choice in filling.choices(key)]
                if kept:
                    answers[key] = kept[0] if isinstance(given, str) else kept
                else:
                    del answers[key]
        return answers

    def record(self, filling: Filling) -> str:
        """Return answers as the XML of a record, with every row that there is."""
        rules = rules_of(self.definition)
        root = ElementTree.Element("data", {"id": "data"})

        def write(around: ElementTree.Element, path: Names, rows: tuple[tuple[str, int], ...]) -> None:
            for name in rules.tree.children[path]:
                below, key = (*path, name), str(Key(name, rows))
                if below in rules.tree.repeats:
                    for row in filling.rows(key):
                        write(ElementTree.SubElement(around, name), below, (*rows, (name, row)))
                elif below in rules.tree.children:
                    write(ElementTree.SubElement(around, name), below, rows)
                else:
                    question, given = rules.questions[below], filling.answers.get(key)
                    written = "" if question.calculation else text_of_answer(question, given, filling.surroundings.now)
                    ElementTree.SubElement(around, name).text = written

        write(root, (), ())
        return ElementTree.tostring(root, encoding="unicode")


def random_answer(question: Question, chance: random.Random) -> Any:
    """Return an answer to a question, or none."""
    if chance.random() < 0.2 or question.kind in UNSEEN_KINDS or question.calculation or question.kind is Kind.NOTE:
        return None
    names = [choice.name for choice in question.choices]
    match question.kind:
        case Kind.INTEGER:
            return chance.choice(COUNTS if question.name in COUNTING else NUMBERS)
        case Kind.DECIMAL:
            return chance.choice(DECIMALS)
        case Kind.SELECT_ONE:
            return chance.choice(names)
        case Kind.SELECT_MULTIPLE:
            return [name for name in names if chance.random() < 0.5] or None
        case Kind.RANK:
            return chance.sample(names, len(names))
        case Kind.DATE:
            return random_day(chance)
        case Kind.DATETIME:
            return f"{random_day(chance)}T{chance.randint(0, 23):02}:{chance.randint(0, 59):02}"
        case Kind.TIME:
            return time(chance.randint(0, 23), chance.randint(0, 59)).isoformat("minutes")
        case Kind.ACKNOWLEDGE:
            return True
        case _:
            return chance.choice(TEXTS) or None


def one_line(text: str) -> str:
    """Return a text without the blanks that pyxform puts around answers in it."""
    return " ".join(text.split())


def random_day(chance: random.Random) -> str:
    """Return a day within some years of 2020."""
    return (date(2020, 1, 1) + timedelta(days=chance.randint(-4000, 4000))).isoformat()


def seen_by_us(form: Form, answers: Mapping[str, Any], today: date) -> tuple[Filling, dict[str, Seen]]:
    """Return what our own engine makes of answers on a day, by key."""
    filling = Filling(form.definition, answers, Surroundings(datetime.combine(today, time(12), UTC), "en"))
    problems = {problem.field for problem in filling.problems(Terms("USD"), submitting=False, language="en")}
    seen = {}
    for place in every_place(filling):
        key, question = place
        answer = filling.answers.get(key)
        seen[key] = Seen(
            relevant=filling.is_asked(key),
            readonly=filling.is_readonly(key),
            required=filling.is_required(key),
            fits=key not in problems,
            value=text_of_answer(question, answer, filling.surroundings.now) if filling.is_asked(key) else "",
            label=one_line(filling.text(question.label, key, "en").replace("…", "")),  # ODK leaves the place empty
            offered=tuple(choice.name for choice in filling.choices(key)),
        )
    return filling, seen


def every_place(filling: Filling) -> Iterator[tuple[str, Question]]:
    """Go through all questions in all rows, asked or not."""
    rules = rules_of(filling.form)

    def under(path: Names, rows: tuple[tuple[str, int], ...]) -> Iterator[tuple[str, Question]]:
        for name in rules.tree.children[path]:
            below, key = (*path, name), str(Key(name, rows))
            if below in rules.tree.repeats:
                for row in filling.rows(key):
                    yield from under(below, (*rows, (name, row)))
            elif below in rules.tree.children:
                yield from under(below, rows)
            else:
                yield key, rules.questions[below]

    yield from under((), ())


def seen_by_odk(form: Form, state: Mapping[str, Any]) -> dict[str, Seen]:
    """Return what ODK's engine made of a record, by our keys."""
    repeats = {group.name for group in form.definition.groups if group.is_repeat}
    names = {question.name for question in form.definition.questions}
    seen = {}
    for reference, found in state.items():
        steps = re.findall(r"/([^/\[]+)(?:\[(\d+)\])?", reference)[1:]
        if not steps or steps[-1][0] not in names:
            continue
        rows = tuple((name, int(row or 1)) for name, row in steps[:-1] if name in repeats)
        seen[str(Key(steps[-1][0], rows))] = Seen(
            relevant=found["relevant"],
            readonly=found["readonly"],
            required=found["required"],
            fits=found["fits"] is not False,
            value=found["value"] or "",
            label=one_line(found["label"] or ""),
            offered=tuple(found["offered"] or ()),
        )
    return seen
