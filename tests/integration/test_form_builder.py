"""Managers write the form of a call on pages, without a script: rows, conditions, languages, undo, putting into use."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import lxml.html
import pytest
import time_machine
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.form_engine.definition import Choice, FormDefinition, Kind
from fundapp.applications.form_writing.checking import checked
from fundapp.applications.form_writing.choice_lines import lines_of, read_lines
from fundapp.applications.form_writing.items import Item, proposed_name
from fundapp.applications.form_writing.sample_form import sample_form
from fundapp.applications.form_writing.working_form import WorkingForm, tables_with_owners, working_form_of
from fundapp.applications.models import ApplicationStatus, Call, FormDraft, FormDraftStep
from fundapp.applications.queries.packages import package_of
from fundapp.applications.services import form_drafts
from fundapp.applications.xlsform import read_form, write_tables
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import RuleViolations
from tests.conftest import NOW, counted_statements
from tests.factories import make_application, make_call, make_person, make_staff

Client = Callable[[Person | None], FlaskClient]


@pytest.fixture(autouse=True)
def clock(app: Any) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def call(app: Any) -> Call:
    return make_call(languages=["en", "fr", "ar"])


@pytest.fixture
def client(call: Call, signed_in: Client) -> FlaskClient:
    return signed_in(make_staff(Role.MANAGER))


def base(call: Call) -> str:
    return f"/manage/{call.slug}/form/write"


def begin(client: FlaskClient, call: Call, start: str = "sample") -> WorkingForm:
    assert client.post(base(call), data={"start": start}).status_code == 302
    return working(call)


def working(call: Call) -> WorkingForm:
    draft = form_drafts.draft_of(call)
    assert draft is not None
    db.session.refresh(draft)
    return form_drafts.working_of(draft, call)


def fields_of(page: str) -> dict[str, str]:
    """Return what the fields of an item's page hold, as a browser would send it."""
    tree = lxml.html.fromstring(page)
    form = next(each for each in tree.forms if "kind_before" in each.fields)
    return dict(form.form_values())


def change(client: FlaskClient, call: Call, number: int, **typed: str) -> TestResponse:
    data = fields_of(client.get(f"{base(call)}/{number}").text)
    return client.post(f"{base(call)}/{number}", data={**data, **typed})


def add(client: FlaskClient, call: Call, kind: str, english: str, **more: str) -> int:
    data = {"kind": kind, "label.en": english, **more}
    answer = client.post(f"{base(call)}/new", data=data)
    assert answer.status_code == 302, answer.text
    return int(answer.location.rpartition("/")[2])


def use(client: FlaskClient, call: Call) -> TestResponse:
    page = client.get(base(call)).text
    replacing = re.search(r'name="replacing" value="([^"]*)"', page)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert replacing is not None, "the form can be put into use"
    assert version is not None
    return client.post(f"{base(call)}/use", data={"replacing": replacing[1], "version": version[1]})


def form_in_use(call: Call) -> FormDefinition:
    db.session.expire_all()
    return package_of(call).form


def test_a_form_is_written_on_pages_and_put_into_use(client: FlaskClient, call: Call) -> None:
    before = form_in_use(call)
    begin(client, call)
    region = add(client, call, "select_one", "Where do you work?", **{"label.ar": "أين تعملون؟"})
    assert working(call).item(region).name == "where_do_you_work"  # type: ignore[union-attr]  # a question
    change(client, call, region, required="y", choices="north | North | Nord | الشمال\nsouth | South | Sud | الجنوب")
    village = add(client, call, "text", "Which village?")
    answer = change(client, call, village, only_if="where_do_you_work|north", words="20")
    assert answer.status_code == 302
    assert answer.location.endswith(f"#item-{village}")
    outline = client.get(base(call)).text
    assert "Only if “Where do you work?” is “North”" in outline
    assert form_in_use(call) == before, "nothing is in use yet"

    assert use(client, call).status_code == 302
    form = form_in_use(call)
    asked = form.question("which_village")
    assert asked is not None
    assert asked.relevant == "selected(${where_do_you_work}, 'north')"
    assert asked.max_words == 20
    chosen = form.question("where_do_you_work")
    assert chosen is not None
    assert chosen.required
    assert [each.label for each in chosen.choices] == [
        {"en": "North", "fr": "Nord", "ar": "الشمال"},
        {"en": "South", "fr": "Sud", "ar": "الجنوب"},
    ]
    assert form_drafts.draft_of(call) is None
    actions = list(db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("form:%"))))
    assert {"form:begin", "form:write", "form:drop"} <= set(actions)


def test_a_wrong_form_is_kept_and_never_put_into_use(client: FlaskClient, call: Call) -> None:
    before = form_in_use(call)
    begin(client, call)
    number = add(client, call, "integer", "How many people?")
    answer = change(client, call, number, constraint=". >>= 3", relevant="${nobody} = 1", only_if="written")
    assert answer.location.endswith(f"/{number}?check=1"), "it is kept, and its page says what is wrong"
    item = working(call).item(number)
    assert item is not None
    assert item.plain("constraint") == ". >>= 3"
    page = client.get(f"{base(call)}/{number}?check=1").text
    assert 'id="constraint-error"' in page
    assert 'id="relevant-error"' in page
    assert "“nobody”" in page
    outline = client.get(base(call)).text
    assert "Still to be mended" in outline
    assert 'name="replacing"' not in outline

    draft = form_drafts.draft_of(call)
    assert draft is not None
    data = {"version": str(draft.version), "replacing": form_drafts.seen_in_use(call)}
    assert client.post(f"{base(call)}/use", data=data).status_code == 422
    assert form_in_use(call) == before
    assert client.get(f"{base(call)}/preview/1").status_code == 302, "what is not whole cannot be tried"


def test_answers_that_were_begun_keep_their_form(client: FlaskClient, call: Call) -> None:
    draft = make_application(call, person=make_person("Ada"), status=ApplicationStatus.DRAFT)
    kept = draft.form_version.sha256
    begin(client, call, "current")
    add(client, call, "text", "Something new?")
    assert use(client, call).status_code == 302
    db.session.refresh(draft)
    assert draft.form_version.sha256 == kept
    assert form_in_use(call).fingerprint != kept
    assert form_in_use(call).question("something_new") is not None


def test_two_managers_lose_nothing(client: FlaskClient, call: Call, signed_in: Client) -> None:
    begin(client, call)
    number = add(client, call, "text", "What will you do?")
    colleague = signed_in(make_staff(Role.MANAGER))
    old = fields_of(client.get(f"{base(call)}/{number}").text)
    change(colleague, call, number, **{"hint.en": "Theirs: one sentence is enough"})
    answer = client.post(f"{base(call)}/{number}", data={**old, "hint.en": "Mine: tell us everything"})
    assert answer.status_code == 409
    assert "<del>Theirs" in answer.text, "what is stored stands beside what was typed"
    assert "Mine: tell us everything" in answer.text
    item = working(call).item(number)
    assert item is not None
    assert item.texts("hint") == {"en": "Theirs: one sentence is enough"}
    again = client.post(f"{base(call)}/{number}", data=fields_of(answer.text))
    assert again.status_code == 302, "what both agreed on can be saved from the same page"
    item = working(call).item(number)
    assert item is not None
    assert item.texts("hint") == {"en": "Mine: tell us everything"}


def test_two_managers_change_different_questions(client: FlaskClient, call: Call, signed_in: Client) -> None:
    begin(client, call)
    one, two = add(client, call, "text", "One?"), add(client, call, "text", "Two?")
    colleague = signed_in(make_staff(Role.MANAGER))
    mine = fields_of(client.get(f"{base(call)}/{one}").text)
    change(colleague, call, two, **{"hint.en": "Theirs"})
    assert client.post(f"{base(call)}/{one}", data={**mine, "hint.en": "Mine"}).status_code == 302
    hints = [item.texts("hint") for item in working(call).walk() if item.id in {one, two}]
    assert hints == [{"en": "Mine"}, {"en": "Theirs"}]


def test_what_was_typed_stays_when_the_question_is_gone(client: FlaskClient, call: Call, signed_in: Client) -> None:
    begin(client, call)
    number = add(client, call, "text", "What will you do?")
    old = fields_of(client.get(f"{base(call)}/{number}").text)
    client.post(f"{base(call)}/{number}/place", data={"remove": "1"})
    answer = client.post(f"{base(call)}/{number}", data={**old, "hint.en": "A long thought"})
    assert answer.status_code == 409
    assert "A long thought" in answer.text


def test_changes_are_undone_in_turn(client: FlaskClient, call: Call) -> None:
    first = begin(client, call)
    number = add(client, call, "text", "One?")
    client.post(f"{base(call)}/{number}/place", data={"remove": "1"})
    assert working(call).item(number) is None
    stale = {"version": "1"}
    assert client.post(f"{base(call)}/undo", data=stale).status_code == 409, "what was not seen is not undone"
    for expected in (number, None):
        draft = form_drafts.draft_of(call)
        assert draft is not None
        assert client.post(f"{base(call)}/undo", data={"version": str(draft.version)}).status_code == 302
        assert (working(call).item(number) is not None) == (expected is not None)
    assert working(call).items == first.items
    draft = form_drafts.draft_of(call)
    assert draft is not None
    assert client.post(f"{base(call)}/undo", data={"version": str(draft.version)}).status_code == 409
    for _each in range(form_drafts.MOST_STEPS + 5):
        client.post(f"{base(call)}/title", data={"title": f"Title {_each}"})
    kept = db.session.scalar(select(func.count()).select_from(FormDraftStep))
    assert kept is not None
    assert kept <= form_drafts.MOST_STEPS + 1


def test_rows_are_moved_copied_and_taken_into_groups(client: FlaskClient, call: Call) -> None:
    begin(client, call, "nothing")
    group = add(client, call, "group", "Your people")
    one = add(client, call, "integer", "How many women?")
    client.post(f"{base(call)}/{one}/place", data={"move": "1", "into": str(group)})
    two = add(client, call, "integer", "How many men?", into=str(group))
    change(client, call, two, constraint=". + ${how_many_women} < 50")
    client.post(f"{base(call)}/order", data={"up": str(two)})
    assert [item.id for item in working(call).walk()] == [group, two, one]
    client.post(f"{base(call)}/order", data={"down": str(one)})
    assert [item.id for item in working(call).items] == [group, one], "from the edge of its group, out of it"
    client.post(f"{base(call)}/{one}/place", data={"move": "1", "into": str(group)})
    client.post(f"{base(call)}/{group}/place", data={"copy": "1"})
    copy = working(call).items[1]
    assert [item.name for item in copy.walk()] == ["your_people_2", "how_many_men_2", "how_many_women_2"]
    assert copy.items[0].plain("constraint") == ". + ${how_many_women_2} < 50", "inside a copy, the copies are meant"
    answer = client.post(f"{base(call)}/{group}/place", data={"move": "1", "into": str(group)})
    assert answer.status_code == 422
    assert working(call).item(group) is not None
    change(client, call, one, name="women")
    assert working(call).item(two).plain("constraint") == ". + ${women} < 50"  # type: ignore[union-attr]  # a question


def test_what_is_not_translated_is_listed_with_the_way_to_its_field(client: FlaskClient, call: Call) -> None:
    begin(client, call, "nothing")
    number = add(client, call, "select_one", "Where?", **{"label.ar": "أين؟"})
    change(client, call, number, choices="north | North\nsouth | South | Sud | الجنوب", **{"hint.en": "The nearest"})
    outline = client.get(base(call)).text
    assert "2 texts not translated yet" in outline
    assert "language=ar" in outline
    page = client.get(f"{base(call)}/texts?language=ar").text
    assert '<html lang="en"' in page, "the page itself stays in the language of its reader"
    assert f'/{number}#hint.ar"' in page
    assert f'/{number}#choices"' in page
    assert "The nearest" in page
    assert "North" in page
    assert "South" not in page
    item = client.get(f"{base(call)}/{number}").text
    assert 'id="hint.ar"' in item
    assert 'lang="ar" ' in item
    assert 'dir="rtl"' in item


def test_a_working_copy_is_tried_as_an_applicant_sees_it(client: FlaskClient, call: Call) -> None:
    begin(client, call, "nothing")
    add(client, call, "group", "Where")
    region = add(client, call, "select_one", "Where do you work?", into="1", **{"label.ar": "أين تعملون؟"})
    change(client, call, region, choices="north | North\nsouth | South")
    village = add(client, call, "text", "Which village?", into="1")
    change(client, call, village, only_if="where_do_you_work|north", required="y")
    add(client, call, "group", "More")
    last = add(client, call, "text", "Anything else in ${which_village}?")
    client.post(f"{base(call)}/{last}/place", data={"move": "1", "into": "4"})
    page = client.get(f"{base(call)}/preview/1").text
    assert "Where do you work?" in page
    assert "Which village?" not in page
    assert "أين تعملون؟" in client.get(f"{base(call)}/preview/1?lang=ar").text
    kept = re.search(r'name="kept" value="([^"]*)"', page)
    assert kept
    answered = {"kept": kept[1], "q_where_do_you_work": "north"}
    second = client.post(f"{base(call)}/preview/1", data=answered).text
    assert "Which village?" in second
    answered["q_which_village"] = ""
    refused = client.post(f"{base(call)}/preview/1", data={**answered, "go": "2"}).text
    assert 'id="q_which_village-error"' in refused
    answered["q_which_village"] = "Kisumu Ndogo"
    third = client.post(f"{base(call)}/preview/1", data={**answered, "go": "2"}).text
    assert "Anything else in Kisumu Ndogo?" in third
    forged = {"kept": kept[1][:-3] + "xyz", "q_anything_else_in_which_village": ""}
    assert "Kisumu" not in client.post(f"{base(call)}/preview/2", data=forged).text
    assert db.session.scalar(select(func.count()).select_from(FormDraft)) == 1


def test_a_workbook_takes_its_place_and_comes_out_unchanged(client: FlaskClient, call: Call) -> None:
    begin(client, call)
    data = client.get(f"{base(call)}.xlsx").data
    form = checked(working(call)).form
    assert form is not None
    assert read_form(data, "form.xlsx").fingerprint == form.fingerprint
    client.post(f"{base(call)}/1/place", data={"remove": "1"})
    upload = {"start": "file", "file": (io.BytesIO(data), "form.xlsx")}
    assert client.post(base(call), data=upload).status_code == 302
    again = checked(working(call)).form
    assert again is not None
    assert again.fingerprint == form.fingerprint
    wrong = b"| survey |\n| | type | name | label |\n| | text | a | A |\n| | textt | b | B |\n"
    answer = client.post(base(call), data={"start": "file", "file": (io.BytesIO(wrong), "form.md")})
    assert answer.status_code == 422
    assert "survey row 3, column type" in answer.text
    assert checked(working(call)).form == again, "a file with problems replaces nothing"


def test_the_form_of_another_call_is_a_beginning(client: FlaskClient, call: Call) -> None:
    other = make_call(slug="other", reference_prefix="OTHER")
    assert begin(client, call, "call:other").items == working_form_of(package_of(other).form, ("en", "fr", "ar")).items
    assert client.post(base(call), data={"start": "call:not-there"}).status_code == 422


def test_what_others_put_into_use_meanwhile_is_not_replaced_unseen(client: FlaskClient, call: Call) -> None:
    begin(client, call, "current")
    add(client, call, "text", "Mine?")
    page = client.get(base(call)).text
    old = dict(re.findall(r'name="(version|replacing)" value="([^"]*)"', page))
    upload = client.get(f"{base(call)}.xlsx").data
    seen = form_drafts.seen_in_use(call)
    files = {"seen": seen, "file": (io.BytesIO(upload), "form.xlsx")}
    assert client.post(f"/manage/{call.slug}/form", data=files).status_code == 302
    add(client, call, "text", "Mine too?")
    draft = form_drafts.draft_of(call)
    assert draft is not None
    stale = client.post(f"{base(call)}/use", data={**old, "version": str(draft.version)})
    assert stale.status_code == 409
    assert form_in_use(call).question("mine_too") is None
    assert "was changed after this copy was begun" in client.get(base(call)).text
    assert use(client, call).status_code == 302
    assert form_in_use(call).question("mine_too") is not None


def test_only_those_who_write_calls_reach_it(call: Call, signed_in: Client) -> None:
    begin(signed_in(make_staff(Role.MANAGER)), call)
    for role in (Role.REVIEWER, Role.FINANCE, Role.AUDITOR):
        other = signed_in(make_staff(role))
        assert other.get(base(call)).status_code in {403, 404}
        assert other.post(f"{base(call)}/order", data={"up": "2"}).status_code in {403, 404}


LABELS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=30)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_edits_leave_a_form_that_goes_through_a_workbook(app: Any, data: st.DataObject) -> None:
    """Whatever is added, moved, copied and taken out, the working copy stays readable and comes back the same."""
    form = working_form_of(sample_form(("en", "fr")), ("en", "fr"))
    kinds = st.sampled_from(["text", "integer", "select_one", "rank", "date", "note", "group", "repeat", "acknowledge"])
    for _step in range(data.draw(st.integers(1, 8))):
        numbers = [each.id for each in form.walk()]
        groups = [each.id for each in form.walk() if each.is_group]
        into = data.draw(st.sampled_from([None, *groups]))
        number = data.draw(st.sampled_from(numbers)) if numbers else 0
        try:
            match data.draw(st.sampled_from(["add", "copy", "move", "into", "remove", "rename"])):
                case "add":
                    label = {"en": data.draw(LABELS).strip() or "x"}
                    name = proposed_name(label["en"], form.names)
                    form = form.with_item(Item(0, data.draw(kinds), {"name": name, "label": label}), into)
                    made = form.item(form.last_id)
                    if made is not None and made.list_name:
                        form = form.with_list(made.list_name, (Choice("a", {"en": "A"}), Choice("b", {"en": "B"})))
                case "copy":
                    form, _made = form.copied(number)
                case "move":
                    form = form.moved(number, up=data.draw(st.booleans()))
                case "into":
                    form = form.moved_into(number, into)
                case "remove":
                    form = form.without(number)
                case "rename" if (item := form.item(number)) is not None:
                    name = proposed_name("renamed", form.names)
                    form = form.with_changed(replace(item, cells={**item.cells, "name": name}))
        except RuleViolations:
            continue
        ids = [each.id for each in form.walk()]
        assert len(ids) == len(set(ids))
        assert WorkingForm.from_json(json.loads(json.dumps(form.to_json()))) == form
    read = checked(form)
    if read.form is None:
        # A role that stands in a repeat, a group that was emptied and the like: each is named.
        assert read.found
        return
    tables, _owners = tables_with_owners(form)
    assert read_form(write_tables(tables), "form.xlsx").fingerprint == read.form.fingerprint
    again = checked(working_form_of(read.form, form.languages)).form
    assert again is not None
    assert again.fingerprint == read.form.fingerprint


@given(st.lists(st.tuples(LABELS, LABELS, LABELS), max_size=6, unique_by=lambda each: each[0].strip()))
def test_choices_come_back_from_their_lines(written: list[tuple[str, str, str]]) -> None:
    choices = tuple(
        Choice(name.strip(), {"en": english.strip(), "fr": french.strip()}, {"region": english.strip() or "x"})
        for name, english, french in written
        if name.strip() and english.strip() and french.strip()
    )
    assert read_lines(lines_of(choices, ("en", "fr")), ("en", "fr")) == choices


def test_two_hundred_questions_stay_usable(client: FlaskClient, call: Call) -> None:
    form = begin(client, call, "nothing")
    sizes = {}
    for count in (20, 200):
        many = WorkingForm(form.languages, "en")
        for number in range(count):
            if number % 20 == 0:
                many = many.with_item(Item(0, "group", {"name": f"g{number}", "label": {"en": f"Part {number}"}}))
                into = many.last_id
            label = {"en": f"Question {number} about what your organisation has done in year {number}?"}
            many = many.with_item(Item(0, Kind.TEXT.value, {"name": f"q{number}", "label": label}), into)
        db.session.execute(update(FormDraft).values(working=many.to_json()))
        db.session.commit()
        client.get(base(call))  # what was said before is shown once
        with counted_statements() as statements:
            page = client.get(base(call), headers={"Accept-Encoding": "gzip"})
        assert page.status_code == 200
        sizes[count] = (len(page.data), len(statements))
    assert sizes[20][1] == sizes[200][1], sizes
    assert sizes[200][0] < 15 * 1024, sizes
