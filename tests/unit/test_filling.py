"""What a form asks: relevance, rows, choices, computed values, what is wrong, and what is sent.

The behaviour is that of ODK's clients: docs.getodk.org, "Form Logic" (relevance, calculations, defaults, choice
filters) and "Repeats"; ODK XForms Specification, "Bind Attributes".
"""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from fundapp.applications.form_engine.answer_keys import Key, KeyPart, base, name_of, read_key, spoken, transcript
from fundapp.applications.form_engine.checking import Terms
from fundapp.applications.form_engine.definition import (
    Choice,
    FormDefinition,
    Group,
    Kind,
    Question,
    Role,
    Sensitivity,
)
from fundapp.applications.form_engine.filling import Filling, Surroundings, defaults
from fundapp.applications.form_engine.rules import inheriting, rules_of
from fundapp.applications.form_engine.state import MAX_PLACES, MAX_ROWS
from fundapp.core.errors import Conflict

MAY = Surroundings(datetime(2020, 5, 2, 12, tzinfo=UTC), "en")
TERMS = Terms("USD", max_categories=2)
FRUIT = (Choice("a", {"en": "Apple"}), Choice("b", {"en": "Banana"}))


def question(name: str, kind: Kind = Kind.TEXT, *group: str, **more: Any) -> Question:
    return Question(name=name, kind=kind, label={"en": name}, group=group, **more)


def form_of(*questions: Question, groups: tuple[Group, ...] = ()) -> FormDefinition:
    return FormDefinition("", "", "", ("en",), "en", groups, questions)


def repeat(*path: str, **more: Any) -> Group:
    return Group(path, {"en": path[-1]}, is_repeat=True, **more)


def fill(form: FormDefinition, /, **answers: Any) -> Filling:
    return Filling(form, answers, MAY)


def keys(filling: Filling) -> list[str]:
    return [place.key for place in filling.places()]


def wrong(filling: Filling, *, submitting: bool = True) -> list[tuple[str | None, str]]:
    return [(each.field, str(each.message)) for each in filling.problems(TERMS, submitting=submitting, language="en")]


PARTNERS = form_of(
    question("org"),
    question("name", Kind.TEXT, "partners", required=True),
    question("title", Kind.TEXT, "partners", "projects"),
    question("end"),
    groups=(repeat("partners"), repeat("partners", "projects")),
)


# -- Keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("org", Key("org")),
        ("partners~3~name", Key("name", (("partners", 3),))),
        ("partners~3~projects~12~title", Key("title", (("partners", 3), ("projects", 12)))),
        ("partners~3~spoken", Key("spoken", (("partners", 3),))),
        ("org~spoken", Key("org", part=KeyPart.SPOKEN)),
        ("partners~3~name~transcript", Key("name", (("partners", 3),), KeyPart.TRANSCRIPT)),
        ("partners~last", Key("partners", part=KeyPart.LAST)),
        ("", None),
        ("partners~", None),
        ("partners~0~name", None),
        ("partners~03~name", None),
        ("partners~٣~name", None),
        ("partners~-1~name", None),
        ("partners~10000~name", None),
        ("partners~name", None),
        ("partners~3~name~other", None),
    ],
)
def test_a_key_is_read_and_written_again(written: str, key: Key | None) -> None:
    assert read_key(written) == key
    if key is not None:
        assert str(key) == written


def test_what_stands_beside_an_answer_has_a_key_of_its_own() -> None:
    assert spoken("partners~3~name") == "partners~3~name~spoken"
    assert transcript("talk") == "talk~transcript"
    assert base(spoken("partners~3~name")) == "partners~3~name"
    assert name_of("partners~3~name~spoken") == "name"
    assert name_of("~") == ""


def test_a_question_is_found_at_its_key_and_nowhere_else() -> None:
    assert PARTNERS.question_at("org") is PARTNERS.question("org")
    assert PARTNERS.question_at("partners~7~name") is PARTNERS.question("name")
    assert PARTNERS.question_at("partners~7~projects~1~title") is PARTNERS.question("title")
    for key in ("name", "partners", "partners~7", "projects~1~title", "org~1~name", "partners~7~org", "nothing", "~~"):
        assert PARTNERS.question_at(key) is None
    assert PARTNERS.has_key("partners")
    assert PARTNERS.has_key("partners~7~projects")
    assert PARTNERS.has_key("partners~last")
    assert not PARTNERS.has_key("projects")
    assert not PARTNERS.has_key("partners~7")


def test_a_recording_and_a_transcript_are_as_sensitive_as_the_answer_and_have_no_rules() -> None:
    form = form_of(
        question("story", spoken=True, required=True, max_words=5, identifies=True, constraint=". != ''"),
        question("quiet"),
        question("talk", Kind.AUDIO, given_sensitivity=Sensitivity.IDENTITY),
    )
    recording, text = form.question_at("story~spoken"), form.question_at("talk~transcript")

    assert recording
    assert (recording.kind, recording.required, recording.identifies) == (Kind.RECORDING, False, True)
    assert not recording.constraint
    assert text
    assert (text.kind, text.multiline, text.sensitivity) == (Kind.TEXT, True, Sensitivity.IDENTITY)
    assert form.question_at("quiet~spoken") is None
    assert form.question_at("story~transcript") is None


# -- What is asked --------------------------------------------------------------------------------------------------


def test_what_is_not_relevant_is_not_asked_whatever_it_holds() -> None:
    form = form_of(
        question("registered", Kind.SELECT_ONE, choices=FRUIT),
        question("number", Kind.TEXT, "legal", required=True),
        question("board", Kind.INTEGER, "legal", "inner", relevant="${number} != ''"),
        question("after", relevant="${board} > 3"),
        groups=(Group(("legal",), {}, relevant="${registered} = 'a'"), Group(("legal", "inner"), {})),
    )
    answers = {"registered": "a", "number": "K1", "board": 5, "after": "yes"}

    assert keys(fill(form, **answers)) == ["registered", "number", "board", "after"]
    hidden = fill(form, **{**answers, "registered": "b"})
    assert keys(hidden) == ["registered"]
    assert not hidden.is_asked("legal")
    assert hidden.answers["number"] == "K1", "it is kept, should it be asked again"
    assert hidden.sent() == {"registered": "b"}
    assert wrong(hidden) == []
    assert not hidden.is_required("number")
    assert keys(fill(form, registered="a")) == ["registered", "number"]
    assert wrong(fill(form, registered="a")) == [("number", "Answer this question.")]


def test_a_category_stays_a_condition() -> None:
    form = form_of(
        question("cats", Kind.SELECT_MULTIPLE, role=Role.CATEGORIES, choices=FRUIT),
        question("why", category="b", required=True),
        question("more", relevant="${why} != ''"),
    )

    assert keys(fill(form, cats=["a"], why="x")) == ["cats"]
    assert keys(fill(form, cats=["a", "b"], why="x")) == ["cats", "why", "more"]
    assert fill(form, cats=["a"], why="x").sent() == {"cats": ["a"]}


def test_what_a_form_does_not_have_is_not_asked() -> None:
    filling = fill(PARTNERS, **{"partners": [1], "partners~1~name": "A"})

    for key in ("nothing", "name", "partners~2~name", "partners~1~projects~9~title", "~", "partners~1"):
        assert not filling.is_asked(key)
        assert not filling.is_required(key)
        assert filling.choices(key) == ()
    assert filling.is_readonly("nothing")


def test_required_may_depend_on_others_and_never_binds_what_nobody_can_fill() -> None:
    form = form_of(
        question("a"),
        question("b", required_if="${a} = 'x'"),
        question("locked", required=True, readonly="${a} = 'x'"),
        question("twice", Kind.INTEGER, required=True, calculation="2 * 2"),
    )

    assert [key for key in ("b", "locked", "twice") if fill(form, a="x").is_required(key)] == ["b"]
    assert [key for key in ("b", "locked", "twice") if fill(form, a="y").is_required(key)] == ["locked"]
    assert fill(form, a="y").is_readonly("twice")
    assert fill(form).answers["twice"] == 4


def test_a_required_text_may_be_spoken() -> None:
    form = form_of(question("story", spoken=True, required=True))
    recording = {"attachment": "1"}

    assert wrong(fill(form)) == [("story", "Answer this question.")]
    assert wrong(fill(form, **{"story~spoken": recording})) == []
    assert fill(form, **{"story~spoken": recording}).sent() == {"story~spoken": recording}


def test_choices_are_filtered_and_a_choice_that_is_not_offered_does_not_fit() -> None:
    towns = (
        Choice("mombasa", {"en": "Mombasa"}, {"region": "coast"}),
        Choice("nakuru", {"en": "Nakuru"}, {"region": "rift"}),
        Choice("other", {"en": "Other"}, {"region": ""}),
    )
    form = form_of(
        question("region"),
        question("town", Kind.SELECT_ONE, choices=towns, choice_filter="region = ${region} or name = 'other'"),
        question("best", Kind.RANK, choices=towns, choice_filter="region = ${region} or name = 'other'"),
    )

    def offered(**answers: str) -> list[str]:
        return [choice.name for choice in fill(form, **answers).choices("town")]

    assert offered(region="coast") == ["mombasa", "other"]
    assert offered() == ["other"]
    assert wrong(fill(form, region="rift", town="mombasa")) == [("town", "Choose from the list.")]
    assert wrong(fill(form, region="coast", town="mombasa", best=["other", "mombasa"])) == []
    assert wrong(fill(form, region="coast", best=["other"])) == [("best", "Give each of them a place.")]


def test_choices_can_be_the_rows_that_others_filled() -> None:
    form = form_of(
        question("crops", Kind.SELECT_MULTIPLE, choices=FRUIT),
        question("crop", Kind.SELECT_ONE, "field", choices=FRUIT, choice_filter="selected(${crops}, name)"),
        question("best", Kind.SELECT_ONE, "field", choices=FRUIT, choice_filter="name = ${crop}"),
        groups=(repeat("field"),),
    )
    filling = fill(form, **{"crops": ["b"], "field": [1, 2], "field~1~crop": "b"})

    assert [choice.name for choice in filling.choices("field~2~crop")] == ["b"]
    assert [choice.name for choice in filling.choices("field~1~best")] == ["b"]
    assert filling.choices("field~2~best") == ()


# -- Rows -----------------------------------------------------------------------------------------------------------


def test_places_go_row_by_row_in_the_order_of_the_form() -> None:
    filling = fill(PARTNERS, **{"partners": [3, 1], "partners~3~projects": [2], "partners~1~projects": []})

    assert keys(filling) == ["org", "partners~3~name", "partners~3~projects~2~title", "partners~1~name", "end"]
    (inner,) = filling.places(("partners", "projects"))
    assert inner.rows == (("partners", 3), ("projects", 2))
    assert filling.rows("partners") == [3, 1]
    assert filling.rows("partners~3~projects") == [2]
    assert filling.rows("org") == filling.rows("nothing") == filling.rows("partners~9~projects") == []


def test_a_repeat_begins_with_one_row_and_can_be_emptied() -> None:
    assert fill(PARTNERS).rows("partners") == [1]
    assert wrong(fill(PARTNERS)) == [("partners~1~name", "Answer this question.")]
    assert fill(PARTNERS, **{"partners~1~name": "A"}).sent() == {
        "partners": [1],
        "partners~1~name": "A",
        "partners~1~projects": [1],
    }
    empty = fill(PARTNERS, partners=[])
    assert keys(empty) == ["org", "end"]
    assert empty.is_asked("partners"), "or nobody could add a row again"
    assert wrong(empty) == []


def test_an_emptied_repeat_that_is_not_relevant_is_not_asked() -> None:
    form = form_of(question("has"), question("name", Kind.TEXT, "r"), groups=(repeat("r", relevant="${has} = 'yes'"),))

    assert fill(form, has="yes", r=[]).is_asked("r")
    assert not fill(form, has="no", r=[]).is_asked("r")
    assert not fill(form, has="no", r=[1]).is_asked("r")
    assert fill(form, has="no", **{"r": [1], "r~1~name": "x"}).sent() == {"has": "no"}


def test_a_row_number_is_never_given_twice() -> None:
    stored: dict[str, Any] = {}

    def change(values: dict[str, Any]) -> None:
        stored.update(values)
        for key in [key for key, value in stored.items() if value is None]:
            del stored[key]

    for expected in (2, 3):
        row, values = fill(PARTNERS, **stored).row_added("partners")
        assert row == expected
        change(values)
    change({"partners~3~name": "C", "partners~3~projects": [1], "partners~3~projects~1~title": "T"})
    change(fill(PARTNERS, **stored).row_removed("partners", 3))
    assert stored == {"partners": [1, 2], "partners~last": 3}
    row, values = fill(PARTNERS, **stored).row_added("partners")
    assert row == 4
    change(values)
    assert stored["partners"] == [1, 2, 4]
    assert fill(PARTNERS, **stored).row_removed("partners", 3) == {}, "a double click changes nothing"
    assert "partners~last" not in fill(PARTNERS, **stored).sent()


def test_rows_are_added_only_where_the_applicant_adds_them_and_up_to_a_limit() -> None:
    counted = form_of(
        question("n", Kind.INTEGER), question("x", Kind.TEXT, "r"), groups=(repeat("r", repeat_count="${n}"),)
    )
    for filling, key in (
        (fill(counted, n=2), "r"),
        (fill(PARTNERS), "org"),
        (fill(PARTNERS), "nothing"),
        (fill(PARTNERS), "partners~9~projects"),
        (fill(PARTNERS, partners=list(range(1, MAX_ROWS + 1))), "partners"),
    ):
        with pytest.raises(Conflict):
            filling.row_added(key)


def test_a_row_that_is_added_has_its_defaults() -> None:
    form = form_of(
        question("country"),
        question("place", Kind.TEXT, "r", default="${country}", default_is_expression=True),
        question("before", Kind.TEXT, "r", default="${r}[position() = last() - 1]/place", default_is_expression=True),
        question("kind", Kind.SELECT_ONE, "r", choices=FRUIT, default="b"),
        groups=(repeat("r"),),
    )
    row, values = fill(form, country="Kenya", r=[1], **{"r~1~place": "Kisumu"}).row_added("r")

    assert row == 2
    assert values == {
        "r": [1, 2],
        "r~last": 2,
        "r~2~place": "Kenya",
        "r~2~before": "Kisumu",
        "r~2~kind": "b",
    }


def test_counted_rows_follow_their_count_and_keep_their_answers() -> None:
    form = form_of(
        question("n", Kind.INTEGER),
        question("name", Kind.TEXT, "child", required=True, default="?"),
        question("count", Kind.CALCULATE, calculation="count(${child})"),
        groups=(repeat("child", repeat_count="${n}"),),
    )
    three = fill(form, n=3, **{"child": [1, 2], "child~1~name": "A", "child~2~name": "B"})

    assert three.rows("child") == [1, 2, 3]
    assert three.answers["count"] == "3"
    assert three.to_keep() == {"child": [1, 2, 3], "child~3~name": "?"}
    one = fill(form, n=1, **{"child": [1, 2, 3], "child~1~name": "A", "child~2~name": "B"})
    assert keys(one) == ["n", "child~1~name", "count"]
    assert one.sent() == {"n": 1, "child": [1], "child~1~name": "A", "count": "1"}
    assert one.answers["child~2~name"] == "B"
    assert one.to_keep() == {}, "rows that are not counted now come back with their answers"
    for none in (fill(form), fill(form, n=-2), fill(form, n={"typed": "three"})):
        assert none.rows("child") == []


def test_no_count_makes_more_rows_than_there_may_be_and_it_is_said() -> None:
    form = form_of(
        question("n", Kind.INTEGER),
        question("name", Kind.TEXT, "child"),
        question("inner", Kind.TEXT, "child", "toy"),
        groups=(repeat("child", repeat_count="${n}"), repeat("child", "toy", repeat_count="${n}")),
    )

    filling = fill(form, n=10**9)
    assert len(filling.rows("child")) == MAX_ROWS
    assert len(keys(filling)) <= MAX_PLACES + 1
    assert (("child", "At most 100 of these can be given.")) in wrong(filling, submitting=False)


# -- Computed values ------------------------------------------------------------------------------------------------


def test_computed_values_follow_what_they_are_computed_from_and_are_sent() -> None:
    form = form_of(
        question("a", Kind.INTEGER),
        question("last", Kind.CALCULATE, calculation="${middle} + 1"),
        question("middle", Kind.CALCULATE, calculation="${a} * 2"),
        question("shown", Kind.INTEGER, calculation="${a} + 1"),
        question("day", Kind.DATE, calculation="today() + ${a}"),
        question("hidden", Kind.CALCULATE, calculation="${a}", relevant="${a} > 100"),
        question("of_hidden", Kind.CALCULATE, calculation="concat('[', ${hidden}, ']')"),
    )

    sent = fill(form, a=4, last="what somebody sent", hidden="stale").sent()
    assert sent == {"a": 4, "middle": "8", "last": "9", "shown": 5, "day": "2020-05-06", "of_hidden": "[]"}


def test_a_long_chain_of_calculations_is_no_deep_one() -> None:
    chain = [question("c0", Kind.CALCULATE, calculation="1")]
    chain += [question(f"c{n}", Kind.CALCULATE, calculation=f"${{c{n - 1}}} + 1") for n in range(1, 400)]

    assert fill(form_of(*reversed(chain))).answers["c399"] == "400"


def test_what_is_computed_once_is_kept() -> None:
    form = form_of(
        question("a"),
        question("first", Kind.CALCULATE, calculation="once(${a})"),
        question("code", Kind.CALCULATE, calculation="once(uuid())"),
        question("draw", Kind.CALCULATE, calculation="once(random())"),
    )
    begun = fill(form, a="x").to_keep()

    assert begun["first"] == "x"
    assert len(begun["code"]) == 36
    assert 0 <= float(begun["draw"]) < 1
    later = fill(form, **{**begun, "a": "y"})
    assert later.answers["first"] == "x"
    assert later.to_keep() == {}


def test_a_new_draft_begins_with_the_defaults_of_its_form() -> None:
    form = form_of(
        question("country", default="Kenya"),
        question("copy", default="concat(${country}, '!')", default_is_expression=True),
        question("begun", Kind.DATE, default="today()", default_is_expression=True),
        question("many", Kind.SELECT_MULTIPLE, choices=FRUIT, default="b a"),
        question("count", Kind.INTEGER, default="3"),
        question("agree", Kind.ACKNOWLEDGE, default="OK"),
        question("secret", Kind.HIDDEN, default="x"),
        question("nothing"),
        question("when", Kind.CALCULATE, calculation="once(now())"),
        question("name", Kind.TEXT, "r", default="first"),
        groups=(repeat("r"),),
    )

    assert defaults(form, MAY) == {
        "country": "Kenya",
        "copy": "Kenya!",
        "begun": "2020-05-02",
        "many": ["a", "b"],
        "count": 3,
        "agree": True,
        "secret": "x",
        "when": "2020-05-02T12:00:00.000+00:00",
        "r~1~name": "first",
    }
    known: dict[str, Any] = {"country": "Nepal", "count": 5}
    begun = defaults(form, MAY, known)
    assert (begun["country"], begun["copy"], begun["count"]) == ("Nepal", "Nepal!", 5), "what is known stays"


def test_answers_are_seen_by_expressions_as_odk_writes_them() -> None:
    form = form_of(
        question("many", Kind.SELECT_MULTIPLE, choices=FRUIT),
        question("agree", Kind.ACKNOWLEDGE),
        question("met", Kind.DATETIME),
        question("woke", Kind.TIME),
        question("paper", Kind.FILE),
        question("bad", Kind.INTEGER),
        question("all", Kind.CALCULATE, calculation="join('|', ${many}, ${agree}, ${met}, ${woke}, ${paper}, ${bad})"),
    )
    filling = fill(
        form,
        many=["a", "b"],
        agree=True,
        met="2020-03-01T09:30",
        woke="06:45",
        paper={"attachment": "1"},
        bad={"typed": "x"},
    )

    assert filling.answers["all"] == "a b|OK|2020-03-01T09:30:00.000+00:00|06:45:00.000+00:00|file|"


# -- Texts ----------------------------------------------------------------------------------------------------------


def test_names_in_texts_are_filled_in_from_the_row_that_they_stand_in() -> None:
    form = form_of(
        question("org"),
        question("fruit", Kind.SELECT_ONE, choices=FRUIT),
        question("begun", Kind.DATE),
        question("name", Kind.TEXT, "r"),
        question("hidden", relevant="false()"),
        question("both", Kind.CALCULATE, calculation="concat(${org}, '/', ${fruit})"),
        groups=(repeat("r"),),
    )
    filling = fill(
        form,
        org="Ours",
        fruit="a",
        begun="2020-05-02",
        hidden="x",
        **{"r": [1, 2], "r~1~name": "Ana", "r~2~name": "<b>"},
    )
    text = {"en": "Dear ${name} of ${ org }", "fr": "Chère ${name}"}

    assert filling.text(text, "r~1~name", "en") == "Dear Ana of Ours"
    assert filling.text(text, "r~2~name", "fr") == "Chère <b>", "what shows it escapes it"
    assert filling.text({"en": "${fruit}, since ${begun}: ${hidden}."}, "org") == "Apple, since 2 May 2020: ."
    withheld = frozenset({"org"})
    assert filling.text({"en": "${org} ${both} ${fruit}"}, "org", "en", withheld) == "… … Apple"
    empty = fill(form, fruit="a")
    assert empty.text({"en": "Has ${org} an office?"}, "org") == "Has … an office?", "not given yet"
    assert empty.text({"en": "${both}!"}, "org") == "/a!", "what is computed says what it is"


def test_a_message_names_the_answer_of_its_own_row() -> None:
    form = form_of(
        question("name", Kind.TEXT, "r", required=True, required_message={"en": "Who is it at ${place}?"}),
        question("place", Kind.TEXT, "r", constraint=". != ${name}", constraint_message={"en": "Not ${name} again."}),
        groups=(repeat("r"),),
    )
    filling = fill(form, **{"r": [1, 2], "r~1~place": "home", "r~2~place": "Ana", "r~2~name": "Ana"})

    assert wrong(filling) == [("r~1~name", "Who is it at home?"), ("r~2~place", "Not Ana again.")]


def test_eligibility_says_why_and_leaves_what_is_not_answered_alone() -> None:
    form = form_of(
        question("year", Kind.INTEGER, eligible=". < 2018", ineligible_message={"en": "${year} is too late."}),
        question("place", eligible="${year} > 2000 and . = 'here'"),
    )

    def told(**answers: Any) -> list[tuple[str | None, str]]:
        return [(each.field, str(each.message)) for each in fill(form, **answers).ineligible("en")]

    assert told() == []
    assert told(year=2010, place="here") == []
    assert told(year=2019, place="there") == [
        ("year", "2019 is too late."),
        ("place", "With this answer you can't apply to this call."),
    ]
    assert told(year={"typed": "soon"}) == []


# -- Sensitivity ----------------------------------------------------------------------------------------------------


def test_what_is_computed_is_as_sensitive_as_what_it_is_computed_from() -> None:
    form = form_of(
        question("who", role=Role.CONTACT_NAME),
        question("greeting", Kind.CALCULATE, calculation="concat('Dear ', ${who})"),
        question("letter", Kind.CALCULATE, calculation="concat(${greeting}, '!')"),
        question("address", identifies=True, hidden_from_reviewers=True),
        question("copy", default="${address}", default_is_expression=True),
        question("plain", Kind.CALCULATE, calculation="1 + 1"),
    )
    marked = {each.name: each for each in inheriting(form).questions}

    assert marked["greeting"].sensitivity is marked["letter"].sensitivity is Sensitivity.IDENTITY
    assert marked["copy"].identifies
    assert marked["copy"].hidden_from_reviewers
    assert marked["plain"] == form.question("plain")
    assert inheriting(inheriting(form)) == inheriting(form)


# -- Many forms ----------------------------------------------------------------------------------------------------


def test_a_form_is_made_ready_once() -> None:
    again = FormDefinition.from_json(PARTNERS.to_json())

    assert again is not PARTNERS
    assert rules_of(again) is rules_of(PARTNERS)


def test_the_day_is_that_of_the_call() -> None:
    assert MAY.today == date(2020, 5, 2)
    form = form_of(question("born", Kind.DATE, constraint=". <= today()"))
    assert wrong(fill(form, born="2020-05-02")) == []
    assert [field for field, _message in wrong(fill(form, born="2020-05-03"))] == ["born"]
