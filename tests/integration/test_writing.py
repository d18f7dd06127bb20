"""Writing an application: every kind of question, rows, saving as it is typed, two who write at once."""

import re
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from fundapp.applications.models import Application
from fundapp.core.db import db
from tests.conftest import NOW, counted_statements
from tests.factories import make_person
from tests.windows import Client, Window, begin, stored


@pytest.fixture(autouse=True)
def clock(app: Any) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


# -- Every kind of question -----------------------------------------------------------------------------------------


def test_group_is_a_page_and_so_is_a_run_of_questions_outside_groups(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = client.get(address).text
    titles = re.findall(r'/sections/\d"><bdi>([^<]*)', page)
    assert titles == ["About you", "More questions", "Partner", "Costs", "Voices"]
    first = Window(client, address, 1).text
    assert "Part 1 of 5" in first
    assert "Who you are." in first
    assert re.search(r"<h2><bdi>Where you work</bdi></h2>", first), "a group in a group is a heading"
    assert "<summary>More about this question</summary>" in first


def test_every_kind_of_answer_is_stored_and_shown_again(signed_in: Client) -> None:
    client, address = begin(signed_in)
    Window(client, address, 1).send(q_organisation="Sample group", q_has_office="no", q_town="Kisumu")
    second = Window(client, address, 2)
    boxes = {"q_began-day": "1", "q_began-month": "2", "q_began-year": "2020", "q_began-time": "14:30"}
    second.send(q_needs=["rest", "money", "training"], q_means=["talks"], q_opens="08:30", **boxes)
    Window(client, address, 5).send(q_story="We sing.", q_honest="y")
    answers = stored()
    assert answers["town"] == "Kisumu"
    assert answers["needs"] == ["rest", "money", "training"]
    assert answers["opens"] == "08:30"
    assert answers["began"] == "2020-02-01T14:30"
    assert answers["honest"] is True
    again = Window(client, address, 2).text
    places = re.findall(r'<option value="(\w+)" selected>', again)
    assert places == ["rest", "money", "training"]
    assert 'type="time" value="08:30"' in again or re.search(r'value="08:30"', again)
    for value in ("01", "02", "2020", "14:30"):
        assert f'value="{value}"' in again
    check = client.get(f"{address}/check").text
    for text in ("Kisumu", "Rest", "We sing.", "1 February 2020"):
        assert text in check


def test_time_and_day_that_nobody_understands_stay_as_they_were_typed(signed_in: Client) -> None:
    client, address = begin(signed_in)
    boxes = {"q_began-day": "31", "q_began-month": "2", "q_began-year": "2020", "q_began-time": "noon"}
    page = Window(client, address, 2)
    page.send(q_opens="when the sun is up", **boxes)
    assert 'value="when the sun is up"' in page.text
    assert 'type="time"' not in page.text, "a field for times would drop what it cannot hold"
    for value in ("31", "noon"):
        assert f'value="{value}"' in page.text
    assert 'href="#q_began-day"' in page.text


def test_saving_shows_the_questions_that_an_answer_brings_and_keeps_their_answers(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = Window(client, address, 1)
    assert "Where is the office?" not in page.text
    answer = page.send(q_organisation="Sample group", q_has_office="yes")
    assert answer.location.endswith("/sections/1#q_office")
    assert "There are more questions on this page now" in page.text
    page.send(q_organisation="Sample group", q_has_office="yes", q_office="By the market")
    Window(client, address, 1).send(q_organisation="Sample group", q_has_office="no", q_office="By the market")
    assert "Where is the office?" not in Window(client, address, 1).text
    assert "By the market" not in client.get(f"{address}/check").text
    Window(client, address, 1).send(q_organisation="Sample group", q_has_office="yes")
    assert 'value="By the market"' in Window(client, address, 1).text, "what was written there came back"


def test_label_holds_the_answer_that_it_names(signed_in: Client) -> None:
    client, address = begin(signed_in)
    Window(client, address, 1).send(q_organisation="<b>Bakers</b> (sample)", q_has_office="no")
    page = Window(client, address, 1).text
    assert "Does &lt;b&gt;Bakers&lt;/b&gt; (sample) have an office?" in page
    assert "<b>Bakers" not in page


def test_rows_are_added_and_taken_out_after_a_question(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = Window(client, address, 3)
    lawyers = {"q_partners~1~partner": "Lawyers (sample)"}
    both = {**lawyers, "q_partners~2~partner": "Nurses (sample)"}
    page.send(add="partners", **lawyers)
    page.send(stay="1", **both)
    assert stored()["partners"] == [1, 2]
    assert "What does Nurses (sample) do?" in page.text
    page.send(remove="partners~2", **both)
    assert "Take this out?" in page.text
    assert "Partner 2" in page.text
    assert stored()["partners"] == [1, 2], "nothing is gone before it is confirmed"
    page.send(remove="partners~2", sure="1", seen="")
    assert stored()["partners"] == [1]
    assert "partners~2~partner" not in stored()
    page = Window(client, address, 3)
    page.send(add="partners", **lawyers)
    assert stored()["partners"] == [1, 3], "a number is never given twice"
    page.send(remove="partners~3", **lawyers)
    assert stored()["partners"] == [1], "an empty row goes at once"


def test_counted_rows_and_calculated_values_follow_their_answers(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = Window(client, address, 4)
    assert "Cost of the year" not in page.text
    page.send(q_how_long="2")
    assert page.text.count("Cost of the year") >= 2
    assert 'name="remove"' not in page.text
    page.send(stay="1", q_how_long="2", **{"q_years~1~cost": "30", "q_years~2~cost": "12"})
    assert re.search(r"All years together.*?42", page.text, re.S)
    assert 'name="q_total"' not in page.text
    Window(client, address, 4).send(q_how_long="2", q_total="1000000")
    assert stored().get("total") != 1_000_000, "nobody can write what is calculated"


def test_other_is_asked_in_words(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = Window(client, address, 2)
    page.send(q_means=["other"])
    assert "In which other way?" in page.text
    page.send(q_means=["other"], q_means_other="Theatre")
    assert stored()["means_other"] == "Theatre"


def test_recordings_and_transcripts_stand_beside_their_questions(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = Window(client, address, 5)
    assert 'name="q_story~spoken"' in page.text
    assert 'name="q_clip~transcript"' in page.text
    page.send(**{"q_clip~transcript": "A song about the river."})
    assert stored()["clip~transcript"] == "A song about the river."
    assert "A song about the river." in client.get(f"{address}/check").text


# -- The whole form at once -----------------------------------------------------------------------------------------


def test_whole_form_on_one_page_is_remembered_and_saves_everything(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = Window(client, address, "whole")
    for title in ("About you", "Partner", "Costs", "Voices"):
        assert f"<bdi>{title}</bdi></h2>" in page.text
    page.send(q_organisation="Sample group", q_story="One story", leave="1")
    assert (stored()["organisation"], stored()["story"]) == ("Sample group", "One story")
    assert f"{address}/form#part-1" in page.text, "the parts lead to the one page"
    assert f'href="{address}/form#at_organisation"' in client.get(f"{address}/check").text
    Window(client, address, "1?parts=1")
    assert f"{address}/sections/1" in client.get(address).text
    assert f'href="{address}/sections/1#at_organisation"' in client.get(f"{address}/check").text


def test_the_pages_cost_as_many_statements_with_thirty_rows_as_with_one(signed_in: Client) -> None:
    client, address = begin(signed_in)
    counts = []
    client.get(address)
    for rows in (1, 30):
        application = db.session.scalars(select(Application)).one()
        application.answers = {
            "partners": list(range(1, rows + 1)),
            **{f"partners~{row}~partner": f"Partner {row}" for row in range(1, rows + 1)},
        }
        db.session.commit()
        for path in (address, f"{address}/form", f"{address}/sections/3", f"{address}/check"):
            with counted_statements() as statements:
                assert client.get(path).status_code == 200
            counts.append((path, len(statements)))
    assert counts[:4] == counts[4:]


# -- Saving as it is typed ------------------------------------------------------------------------------------------


def test_change_is_saved_by_itself_and_the_time_is_that_of_the_server(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = Window(client, address, 5)
    answer = page.send_change(page=5, q_story="We sing", seen="story=-")
    assert answer.status_code == 200
    assert answer.get_json()["saved"] == "Saved at 15:00 (time in Nairobi)."
    assert stored() == {"story": "We sing"}
    assert list(answer.get_json()["marks"]) == ["story"]
    assert answer.get_json()["late"] == ""
    again = page.send_change(page=5, q_story="We sing loud", seen=f"story={answer.json['marks']['story']}")
    assert again.get_json()["conflicts"] == {}
    assert stored()["story"] == "We sing loud"


def test_only_what_the_page_sends_is_touched(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = Window(client, address, 5)
    page.send(q_story="We sing.", q_honest="y")
    page.send_change(page=5, seen="story=", q_story="We sing.")
    assert stored()["honest"] is True, "a box that is not in the request was not unticked"
    page.send_change(page=5, seen=re.findall(r"honest=\S+", Window(client, address, 5).seen)[0])
    assert "honest" not in stored(), "one that is in it, and not ticked, was"


def test_answer_brings_the_fields_only_when_they_changed(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = Window(client, address, 1)
    first = page.send_change(page=1, q_has_office="yes", seen="has_office=-")
    assert "Where is the office?" in first.get_json()["fields"]
    shape = "".join(re.findall(r'data-shape="(\w+)"', first.get_json()["fields"]))
    second = client.post(
        f"{address}/answers",
        data={"page": "1", "seen": "office=-", "q_office": "By the market", "shape": shape},
    )
    assert "fields" not in second.get_json()


def test_two_who_change_the_same_answer_are_shown_the_difference_and_none_is_lost(signed_in: Client) -> None:
    client, address = begin(signed_in)
    mine, yours = Window(client, address, 5), Window(client, address, 5)
    mine.send_change(page=5, seen="story=-", q_story="We sing in six villages.")
    answer = yours.send_change(page=5, seen="story=- honest=-", q_story="We sing in nine villages.", q_honest="y")
    assert stored()["story"] == "We sing in six villages."
    assert stored()["honest"] is True, "what nobody else changed is saved"
    conflict = answer.get_json()["conflicts"]["story"]
    assert "<del>six</del><ins>nine</ins> villages." in conflict["shown"]
    assert "story" not in answer.get_json()["marks"]
    yours.send_change(page=5, seen=f"story={conflict['mark']}", q_story="We sing in fifteen villages.")
    assert stored()["story"] == "We sing in fifteen villages."


def test_two_who_change_different_answers_of_one_page_do_not_disturb_each_other(signed_in: Client) -> None:
    client, address = begin(signed_in)
    first, second = Window(client, address, 5), Window(client, address, 5)
    first.send(q_story="We sing.")
    answer = second.send(q_honest="y")
    assert answer.status_code == 302
    assert stored() == {"story": "We sing.", "honest": True}


def test_save_whose_answer_was_lost_is_no_conflict_with_itself(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = Window(client, address, 5)
    page.send_change(page=5, seen="story=-", q_story="We sing")
    retried = page.send_change(page=5, seen="story=-", q_story="We sing")
    assert retried.get_json()["conflicts"] == {}
    left = page.send_change(page=5, seen="story=-", q_story="We sing and dance", was_q_story="We sing")
    assert left.get_json()["conflicts"] == {}
    assert stored()["story"] == "We sing and dance"
    other = page.send_change(page=5, seen="story=-", q_story="We sleep", was_q_story="We never said this")
    assert "story" in other.get_json()["conflicts"]


def test_saving_goes_on_after_the_deadline_and_says_that_nothing_can_be_sent(signed_in: Client) -> None:
    client, address = begin(signed_in)
    page = Window(client, address, 5)
    application = db.session.scalars(select(Application)).one()
    application.call.closes_at = NOW
    db.session.commit()
    answer = page.send_change(page=5, seen="story=-", q_story="Typed a moment too late")
    assert answer.status_code == 200
    assert answer.get_json()["late"] == "The deadline has passed. What you write is kept, but it cannot be sent."
    assert stored()["story"] == "Typed a moment too late"


def test_page_that_outlived_its_session_gets_a_new_token_and_nobody_else_does(signed_in: Client) -> None:
    client, address = begin(signed_in)
    assert client.get(f"{address}/answers").get_json()["token"]
    assert signed_in(make_person()).get(f"{address}/answers").status_code == 404
    assert signed_in(None).get(f"{address}/answers").status_code == 302
    assert signed_in(None).post(f"{address}/answers", data={"q_story": "x"}).status_code == 401
    assert signed_in(make_person()).post(f"{address}/answers", data={"q_story": "x"}).status_code == 404


def test_copies_in_the_browser_have_a_key_of_this_person_and_none_when_protected(signed_in: Client) -> None:
    client, address = begin(signed_in)
    key = re.search(r'data-key="([^"]*=)"', Window(client, address, 1).text)
    assert key
    other, elsewhere = begin(signed_in)
    assert key.group(1) not in Window(other, elsewhere, 1).text
    for application in db.session.scalars(select(Application)):
        application.is_protected, application.pseudonym = True, f"Two Words {application.id}"
    db.session.commit()
    assert re.search(r'data-module="copies"[^>]*data-key=""', Window(client, address, 1).text)


@pytest.mark.parametrize(
    "seen",
    ["x" * 100_000, "a=b=c ~=~ =", "partners~99999999~partner=-", "~~~ story~spoken~last=", "unknown=1"],
    ids=["long", "odd", "row", "tildes", "unknown"],
)
def test_page_marks_that_nobody_made_do_no_harm(signed_in: Client, seen: str) -> None:
    client, address = begin(signed_in)
    answer = Window(client, address, 5).send_change(page=5, seen=seen, q_nothing="x", q_story="We sing.")
    assert answer.status_code == 200
    assert stored() == {"story": "We sing."}
