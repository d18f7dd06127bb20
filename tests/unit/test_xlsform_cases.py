"""Cases after the published XLSForm and ODK documentation, each naming its section, in words of our own.

A case is a form in pyxform's markdown. Its comments say where it comes from and what an ODK client would do:

    # source: the document and the section
    # language: fr                      the language of texts in what follows (en)
    # when {"a": "yes"}                 answers, by key; what follows holds of them
    # asked a b                         all that is asked now, except notes
    # not-asked c                       some of what is not
    # wrong b                           all whose answers are wrong or missing when the form is sent (or nothing)
    # value total 7                     what an answer has become
    # choices b x y                     the choices offered
    # text a Your name, Ana             the label with answers filled in
    # rows person 1 2                   the rows of a repeat
    # readonly a                        nobody can change it
    # default a "x"                     what stands in a new draft
    # refused survey row 2, column type: The type …     the beginning of a problem; the form does not load
    # warned survey row 2, column image: This column …  the beginning of a warning
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fundapp.applications.form_engine.checking import Terms
from fundapp.applications.form_engine.definition import FormDefinition, Kind
from fundapp.applications.form_engine.filling import Filling, Surroundings, defaults
from fundapp.applications.xlsform import read_form, write_form
from fundapp.core.errors import Problem, RuleViolations

CASES = Path(__file__).parent / "xlsform_cases"
NOW = datetime(2020, 11, 15, 9, 30, tzinfo=UTC)
FILES = {"towns.csv": b"name,label,county\na,Atown,north\nb,Btown,south\n"}


@dataclass
class Case:
    """A case while its lines are followed: the form, and the answers given last."""

    form: FormDefinition
    warnings: list[str]
    language: str = "en"
    filling: Filling = field(init=False)

    def __post_init__(self) -> None:
        self.when("{}")

    def follow(self, order: str, rest: str) -> None:
        match order:
            case "language":
                self.language = rest
            case "when":
                self.when(rest)
            case "asked":
                asked = [place.key for place in self.filling.places() if place.question.kind is not Kind.NOTE]
                assert asked == rest.split()
            case "not-asked":
                assert rest.split()
                assert not any(self.filling.is_asked(key) for key in rest.split())
            case "wrong":
                found = self.filling.problems(Terms("USD"), submitting=True, language=self.language)
                assert {problem.field for problem in found} == set(rest.split())
            case "value":
                key, value = rest.split(" ", 1)
                assert self.filling.answers.get(key) == json.loads(value)
            case "choices":
                key, *names = rest.split()
                assert [choice.name for choice in self.filling.choices(key)] == names
            case "text":
                key, text = rest.split(" ", 1)
                question = self.form.question_at(key)
                assert question is not None
                assert self.filling.text(question.label, key, self.language) == text
            case "rows":
                key, *rows = rest.split()
                assert [str(row) for row in self.filling.rows(key)] == rows
            case "readonly":
                assert all(self.filling.is_readonly(key) for key in rest.split())
            case "default":
                key, value = rest.split(" ", 1)
                assert defaults(self.form, Surroundings(NOW, self.language)).get(key) == json.loads(value)
            case "warned":
                assert any(warning.startswith(rest) for warning in self.warnings), self.warnings
            case _:
                raise AssertionError(f"a case cannot say “{order}”")

    def when(self, answers: str) -> None:
        self.filling = Filling(self.form, json.loads(answers), Surroundings(NOW, self.language))


def orders(case: Path) -> Iterator[tuple[str, str]]:
    for line in case.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            order, _, rest = line.removeprefix("# ").partition(" ")
            if order != "source:":
                yield order.removesuffix(":"), rest.strip()


@pytest.mark.parametrize("case", sorted(CASES.glob("*.md")), ids=lambda case: case.stem)
def test_case_of_the_documentation(case: Path) -> None:
    told = list(orders(case))
    assert case.read_text(encoding="utf-8").startswith("# source: ")
    assert told, "a case without a check"
    refused = [rest for order, rest in told if order == "refused"]
    warnings: list[Problem] = []
    if refused:
        with pytest.raises(RuleViolations) as caught:
            read_form(case.read_bytes(), "form.md", read_file=FILES.get, warnings=warnings)
        found = [str(problem) for problem in caught.value.problems]
        for expected in refused:
            assert any(problem.startswith(expected) for problem in found), f"{expected} is not in {found}"
        assert len(found) == len(refused), found
        return
    form = read_form(case.read_bytes(), "form.md", read_file=FILES.get, warnings=warnings)
    assert read_form(write_form(form), "form.xlsx").fingerprint == form.fingerprint
    following = Case(form, [str(warning) for warning in warnings])
    for order, rest in told:
        following.follow(order, rest)
