"""The language of letter templates: what is refused, what is literal, and what is filled in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundapp.core.pdf import MissingValue
from fundapp.disbursement.letter_language import (
    NEEDED,
    PLACEHOLDERS,
    REVIEWS,
    TERMS,
    Form,
    Paragraph,
    TemplateKind,
    filled,
    placeholders_of,
    template_problems,
    written,
)
from fundapp.disbursement.letter_words import RECORDS
from fundapp.disbursement.letters import letter_kind

KIND = TemplateKind.AWARD
VALUES = {each.field: f"[{each.field}]" for each in PLACEHOLDERS}
RIGHT = "{{ amount }} {{ amount in words }}"
NEEDS_NOTHING = TemplateKind.RESERVE


def problems(text: str, kind: TemplateKind = NEEDS_NOTHING, subject: str = "News") -> list[str]:
    return [
        f"{problem.field}: {problem.message}"
        for problem in template_problems(kind, subject, text, promised_comments=False)
    ]


def said(kind: TemplateKind, text: str) -> list[str]:
    return ["".join(each.pieces) for each in filled(kind, text, VALUES)]


def test_paragraphs_headings_and_values_come_out_in_order() -> None:
    text = "Dear {{organisation}},\nwelcome.\n\n# For {{  call  }}\n \n\t\n{{ terms of the award }}\n\n"
    assert filled(KIND, text, VALUES) == (
        Paragraph(Form.TEXT, ("Dear ", "[organisation]", ",\nwelcome.")),
        Paragraph(Form.HEADING, ("For ", "[call]", "")),
        Paragraph(Form.TERMS, ()),
    )


def test_a_reason_alone_is_a_quotation_and_within_a_sentence_it_is_not() -> None:
    kind = TemplateKind.INELIGIBLE
    alone, within = filled(kind, "{{ reason }}\n\nBecause: {{ reason }}", VALUES)
    assert (alone.form, within.form) == (Form.QUOTE, Form.TEXT)


@pytest.mark.parametrize(
    "text",
    ["{% if amount %}", "{0.__class__}", "<b>bold</b>", "<script>alert(1)</script>", "${7*7}", "#{7*7}", "%(x)s"],
)
def test_other_languages_are_text(text: str) -> None:
    assert problems(text) == []
    assert said(NEEDS_NOTHING, text) == [text]


def test_single_braces_are_text_around_a_value_too() -> None:
    assert said(NEEDS_NOTHING, "{{{ call }}}") == ["{[call]}"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{{7*7}}", "Line 1, character 1"),
        ("ok\n\nNow {{ config }}", "Line 3, character 5"),
        ("{{ organisation.__class__ }}", "Line 1, character 1"),
        ("{{ Organisation }}", "Line 1, character 1"),
        ("{{ '' }}", "Line 1, character 1"),
        ("{{ organisation|upper }}", "Line 1, character 1"),
        ("{{}}", "Line 1, character 1"),
        ("{{ call", "Line 1, character 1"),
        ("call }}", "Line 1, character 6"),
        ("{{ {{ call }} }}", "Line 1, character 1"),
        ("{{ ca\nll }}", "Line 1, character 1"),
        ("{{ amount }}", "Line 1, character 1"),
        (f"x {written(REVIEWS)}", "Line 1, character 3"),
    ],
)
def test_what_cannot_be_filled_is_refused_with_its_place(text: str, place: str) -> None:
    assert any(each.startswith(f"body: {place}: ") for each in problems(text)), problems(text)


def test_a_heading_of_the_letter_takes_no_blocks() -> None:
    assert "needs a paragraph of its own" in problems(RIGHT, KIND, written(TERMS))[0]
    assert problems(RIGHT, KIND, "For {{ organisation }}") == []


@pytest.mark.parametrize("kind", TemplateKind)
def test_each_kind_asks_for_what_its_letter_has_to_say(kind: TemplateKind) -> None:
    assert len(problems("Nothing.", kind)) == len(NEEDED[kind])
    assert problems("\n\n".join(written(min(names)) for names in NEEDED[kind]), kind) == []


def test_promised_comments_are_asked_for() -> None:
    for kind in (TemplateKind.RESERVE, TemplateKind.DECLINE):
        assert template_problems(kind, "News", "No.", promised_comments=True)
        assert not template_problems(kind, "News", written(REVIEWS), promised_comments=True)
    assert not template_problems(KIND, "News", RIGHT, promised_comments=True)


@pytest.mark.parametrize("kind", TemplateKind)
def test_each_placeholder_of_a_kind_names_a_value_of_its_record(kind: TemplateKind) -> None:
    record = RECORDS[letter_kind(kind)].__dataclass_fields__
    assert {each.field for each in placeholders_of(kind)} <= set(record)


@pytest.mark.parametrize("each", [each for each in PLACEHOLDERS if not each.is_block], ids=lambda each: each.name)
def test_a_value_that_is_blank_stops_the_letter_or_leaves_its_paragraph_out(each) -> None:
    kind = min(each.kinds)
    text = f"Before.\n\nIt is {written(each.name)}.\n\nAfter."
    for blank in (None, "", "  "):
        values = {**VALUES, each.field: blank}
        if each.may_be_absent:
            assert ["".join(part.pieces) for part in filled(kind, text, values)] == ["Before.", "After."]
        else:
            with pytest.raises(MissingValue) as caught:
                filled(kind, text, values)
            assert caught.value.field == each.field


def test_a_name_that_is_not_known_any_more_stops_the_letter() -> None:
    with pytest.raises(MissingValue, match="yesterday"):
        filled(KIND, "{{ yesterday }}", VALUES)


@given(st.text(st.sampled_from("{} \n\tamount%<>&\u200f\u0627|.\"'"), max_size=60))
def test_a_text_is_refused_or_every_character_of_it_is_in_the_letter(text: str) -> None:
    if not problems(text):
        assert "".join("".join(said(NEEDS_NOTHING, text)).split()) == "".join(text.split())


@given(value=st.text(min_size=1, max_size=30).filter(lambda text: bool(text.strip())))
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    (paragraph,) = filled(KIND, "So {{ organisation }}.", {**VALUES, "organisation": "{{ amount }}" + value})
    assert paragraph.pieces == ("So ", ("{{ amount }}" + value).strip(), ".")
