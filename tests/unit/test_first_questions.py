"""Which questions can be asked before anything else: what a form may say, and what is asked, are the same."""

import pytest

from fundapp.applications.form_engine.definition import FormDefinition, Kind, Question
from fundapp.applications.form_engine.eligibility import FIRST_KINDS, first_questions
from fundapp.applications.xlsform.own_columns import check_own
from fundapp.applications.xlsform.rows import Cells, Reader


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_that_is_never_asked_first_is_refused_when_a_form_is_loaded(kind: Kind) -> None:
    question = Question("q", kind, {"en": "Q"}, required=True, eligible=". != ''", ineligible_message={"en": "No."})
    reader = Reader("en", [], [])
    check_own(reader, Cells(2, {}, {}, {}), question, in_repeat=False)
    form = FormDefinition("Form", "form", "1", ("en",), "en", (), (question,))
    is_asked = bool(first_questions(form))
    assert is_asked is not bool(reader.problems)
    assert is_asked is (kind in FIRST_KINDS)


def test_files_and_long_texts_are_never_asked_first() -> None:
    assert FIRST_KINDS.isdisjoint({Kind.TEXT, Kind.FILE, Kind.IMAGE, Kind.AUDIO, Kind.VIDEO, Kind.CALCULATE, Kind.NOTE})
