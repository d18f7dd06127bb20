"""What a form asks, allows, offers and computes is what ODK's own engine makes of it, on random answers.

The engine is that of ODK Web Forms. Where we differ on purpose it is said below, and in docs/xlsform.md.
"""

import os
import random
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from fundapp.applications.form_engine.answer_keys import name_of
from fundapp.applications.form_engine.rules import rules_of
from tests.odk.comparison import Form, Seen, seen_by_odk, seen_by_us, states_of

FORMS: Final = sorted((Path(__file__).parent / "forms").glob("*.md"))
RECORDS: Final = 60
SEED: Final = int(os.environ.get("ODK_SEED", "20"))

NAME_IS_TRUE: Final = (
    "a name counts as true when it has an answer, as in ODK Collect; here when there is such a question"
)
NOT_ASKED: Final = "rows and answers that are not relevant are left out, as in ODK Collect; here they count as empty"
SAME_NUMBER: Final = "an integer 3 and a decimal 3 are the same; here the decimal is the text “3.0”"
KEPT: Final[Mapping[tuple[str, str, str], str]] = {
    ("relevance", "seen", "relevant"): NAME_IS_TRUE,
    ("relevance", "unseen", "relevant"): NAME_IS_TRUE,
    ("strings", "a", "fits"): "a pattern has to match the whole text, as ODK's documentation says",
    ("strings", "both", "value"): "“and” is true or false; here it comes to the text on its right",
    ("strings", "either", "value"): "“or” is true or false; here it comes to one of its texts",
    ("strings", "neither", "value"): NAME_IS_TRUE,
    ("strings", "ticked", "value"): "what counts is the answer “yes”, as ODK's documentation says; here any text",
    ("strings", "weighed", "value"): "what counts is the answer “yes”, as ODK's documentation says; here any text",
    ("dates", "day_of", "value"): "the date of a date with a time is a date; here it keeps its time",
    ("dates", "later", "value"): "a day that is not known has no week after it; here it is an “Invalid Date”",
    ("dates", "later_too", "value"): "a day that is not known has no week after it; here it is an “Invalid Date”",
    ("dates", "named", "value"): "every day has a short name; here Sunday has none",
    ("dates", "written_sum", "value"): "a day that was counted can be written too; here it comes to nothing",
    ("numbers", "no_or_some", "value"): NAME_IS_TRUE,
    ("numbers", "truths", "value"): NAME_IS_TRUE,
    ("numbers", "a", "fits"): SAME_NUMBER,
    ("numbers", "equal", "value"): SAME_NUMBER,
    ("numbers", "rounded_whole", "value"): "halves are rounded up, as XPath does; here away from zero",
    ("counts", "pairs", "value"): NOT_ASKED,
    ("household", "all_jobs", "value"): NOT_ASKED,
    ("household", "jobs", "value"): NOT_ASKED,
    ("household", "titles", "value"): NOT_ASKED,
    ("household", "total", "value"): NOT_ASKED,
    ("household", "earned", "value"): NOT_ASKED,
    ("household", "oldest", "value"): NOT_ASKED,
    ("household", "youngest", "value"): NOT_ASKED,
    ("choices", "region", "label"): "in a text a choice is shown by its label; here by its name",
}
"""Where we differ on purpose: of a form and a question, in what, and why."""


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_we_see_what_odk_sees(path: Path, record_testsuite_property: Callable[[str, object], None]) -> None:
    chance = random.Random(SEED)
    form = Form.read(path)
    today = datetime.now(UTC).date()
    ours = [seen_by_us(form, form.random_answers(chance), today) for _ in range(RECORDS)]

    day, states = states_of(form.xform, [form.record(filling) for filling, _seen in ours])

    assert day == today, "midnight came between: run it again"
    assert len(states) == RECORDS
    compared, differing, unexpected = 0, set(), []
    for (filling, mine), state in zip(ours, states, strict=True):
        theirs = seen_by_odk(form, state)
        assert mine.keys() == theirs.keys()
        for key in mine:
            for what in told_of(form, name_of(key), mine[key], theirs[key]):
                one, other = getattr(mine[key], what), getattr(theirs[key], what)
                compared += 1
                if one != other and is_kept(path.stem, name_of(key), what, mine):
                    differing.add((path.stem, name_of(key), what))
                elif one != other:
                    unexpected.append(f"{key} {what}: ours {one!r}, ODK's {other!r}, with {dict(filling.answers)}")
    record_testsuite_property(f"comparisons of {path.stem}", f"{compared}, with the seed {SEED}")
    assert unexpected == [], f"with the seed {SEED}"
    assert compared > RECORDS
    assert differing == {each for each in KEPT if each[0] == path.stem}, "a difference that is kept shows no more"


def told_of(form: Form, name: str, mine: Seen, theirs: Seen) -> list[str]:
    """Return what both engines have to say of a question, in the state in which it is."""
    rules = rules_of(form.definition)
    question = rules.questions[rules.tree.paths[name]]
    told = {field.name for field in fields(Seen)}
    if not question.calculation:
        told.discard("value")  # nobody computed it
    if question.calculation or not question.takes_answer:
        told -= {"readonly", "required", "fits"}  # nobody fills it in
    if not mine.relevant and not theirs.relevant:
        told &= {"relevant"}
    if mine.readonly:
        told.discard("required")  # nobody can put it right, so we never ask for it
    return sorted(told)


def is_kept(form: str, name: str, what: str, mine: Mapping[str, Seen]) -> bool:
    """Say whether a difference is one that we keep: about what is not relevant only where something is not."""
    reason = KEPT.get((form, name, what))
    return reason is not None and (reason != NOT_ASKED or not all(seen.relevant for seen in mine.values()))
