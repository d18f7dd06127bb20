"""Further papers of a stage: finalists are asked something else than the shortlist, on pages and in packages."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.call_package import document_of, package_files, read_document, read_package
from fundapp.applications.form_engine.definition import FormDefinition, Kind, Question
from fundapp.applications.importing.calls import load_call
from fundapp.applications.models import Application, Call, Stage
from fundapp.applications.queries.packages import package_of
from fundapp.applications.services.calls import Way, write_call
from fundapp.applications.services.papers import ask_for_papers, keep_papers_form
from fundapp.applications.services.writing_calls import clone_call
from fundapp.applications.xlsform import write_form
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import RuleViolations
from fundapp.samples import folder
from tests.conftest import actor_of
from tests.factories import ANSWERS, CLOSES, NOW, make_application, make_call, make_staff
from tests.integration.test_after_sending import PAPERS
from tests.integration.test_sending_again import send, write

pytestmark = pytest.mark.usefixtures("app")
SignedIn = Callable[[Person | None], FlaskClient]
CLOSED = CLOSES + timedelta(days=1)
UNTIL = CLOSED + timedelta(days=7)
FINAL = replace(
    PAPERS,
    title="Papers of finalists",
    form_id="final",
    groups=(),
    questions=(Question(name="visit", kind=Kind.TEXT, label={"en": "When can we visit you?"}, required=True),),
)


def call_of_two_stages(call: Call | None = None) -> tuple[Call, Stage, Stage, Person]:
    """Return a call with a shortlist and finalists, and its manager."""
    call = call or make_call()
    document = document_of(package_of(call))
    first = {**document["stages"][0], "title": dict.fromkeys(call.languages, "Shortlist")}
    second = {**first, "code": "finalists", "title": dict.fromkeys(call.languages, "Finalists")}
    asked = {**document["criteria"][0], "code": "last", "stage": "finalists"}
    document |= {"stages": [first, second], "criteria": [*document["criteria"], asked]}
    reading = read_document(document, form=package_of(call).form, invitations=None, papers={})
    assert [str(each) for each in reading.problems] == []
    manager = make_staff(Role.MANAGER, call)
    write_call(call=call, package=reading.package, way=Way.WRITTEN, actor=actor_of(manager), now=NOW)
    shortlist, finalists = call.stages
    return call, shortlist, finalists, manager


def sample() -> Call:
    return load_call(package=read_package(folder("gjf-2020")), actor=system_actor(), now=NOW).call


def in_stage(call: Call, stage: Stage) -> Application:
    application = make_application(call)
    application.entries[0].stage_id = stage.id
    db.session.flush()
    return application


def keep(manager: Person, stage: Stage, form: FormDefinition) -> None:
    keep_papers_form(actor=actor_of(manager), stage=stage, form=form, for_reviewers=False, now=CLOSED)


def ask(manager: Person, stage: Stage, *applications: Application) -> None:
    ask_for_papers(
        actor=actor_of(manager),
        stage=stage,
        applications=applications,
        message="One more thing.",
        closes_at=UNTIL,
        now=CLOSED,
    )


def test_finalists_are_asked_something_else_than_the_shortlist_and_what_they_gave_before_stays() -> None:
    call, shortlist, finalists, manager = call_of_two_stages()
    application, other = in_stage(call, shortlist), in_stage(call, shortlist)
    keep(manager, shortlist, PAPERS)
    keep(manager, finalists, FINAL)
    ask(manager, shortlist, application, other)
    write(application, CLOSED, budget="Rent.")
    application.edited_at = CLOSED
    assert send(application, CLOSED).answers["budget"] == "Rent."
    assert [each.questions for each in other.reopenings] == [["budget", "referee"]]

    application.entries[0].stage_id = finalists.id
    db.session.flush()
    with pytest.raises(RuleViolations) as refused:
        ask(manager, finalists, application, other)
    assert [(each.place, str(each.message)) for each in refused.value.problems] == [
        (other.reference, "It does not stand in this stage.")
    ]
    ask(manager, finalists, application)
    assert [(each.questions, each.stage_id) for each in application.reopenings] == [
        (["budget", "referee"], shortlist.id),
        (["visit"], finalists.id),
    ]
    write(application, CLOSED, visit="In May.")
    application.edited_at = CLOSED
    answers = send(application, CLOSED).answers
    assert (answers["budget"], answers["visit"]) == ("Rent.", "In May.")


def test_whoever_is_asked_for_papers_changes_nothing_else_and_reads_their_heading_in_the_own_language(
    signed_in: SignedIn, clock
) -> None:
    clock.move_to(CLOSED)
    call, shortlist, _finalists, manager = call_of_two_stages()
    application = in_stage(call, shortlist)
    keep(manager, shortlist, FINAL)
    ask(manager, shortlist, application)
    db.session.commit()
    client, own = signed_in(application.person), f"/applications/{application.id}"
    tasks = client.get(f"{own}/edit?lang=fr").text
    assert "Autres questions" in tasks
    assert FINAL.title not in tasks
    write(application, CLOSED, visit="In May.")
    application.edited_at = CLOSED
    db.session.commit()
    check = client.get(f"{own}/check").text
    assert ANSWERS["plan"] in check, "what was sent before is there to be read"
    assert re.findall(r'<dd><a href="[^"#]*#at_([^"]*)"', check) == ["visit"]


def test_papers_of_a_stage_ask_nothing_that_another_stage_asks() -> None:
    _call, shortlist, finalists, manager = call_of_two_stages()
    keep(manager, shortlist, PAPERS)
    with pytest.raises(RuleViolations) as refused:
        keep(manager, finalists, replace(PAPERS, version="2"))
    assert {each.place for each in refused.value.problems} == {"papers", "budget", "referee"}
    assert finalists.papers is None
    keep(manager, shortlist, replace(PAPERS, version="2"))  # its own questions again are no clash


def test_a_form_that_is_loaded_again_after_another_one_is_the_one_that_is_asked() -> None:
    _call, shortlist, _finalists, manager = call_of_two_stages()
    keep(manager, shortlist, PAPERS)
    first = shortlist.papers
    keep(manager, shortlist, FINAL)
    assert shortlist.papers is not first
    keep(manager, shortlist, PAPERS)
    assert shortlist.papers is first


def test_each_stage_has_its_page_of_papers_and_offers_only_those_who_stand_in_it(signed_in: SignedIn, clock) -> None:
    clock.move_to(CLOSED)
    call, shortlist, finalists, manager = call_of_two_stages()
    early, late = in_stage(call, shortlist), in_stage(call, finalists)
    db.session.commit()
    client, path = signed_in(manager), f"/manage/{call.slug}/papers"
    assert client.get(f"{path}?stage=nowhere").status_code == 404
    for stage, form in ((shortlist, PAPERS), (finalists, FINAL)):
        upload = {"form_file": (io.BytesIO(write_form(form)), "papers.xlsx")}
        kept = client.post(f"{path}/form?stage={stage.code}", data=upload)
        assert kept.status_code == 302, kept.text
        assert kept.location == f"{path}?stage={stage.code}"
    first, second = client.get(f"{path}?stage={shortlist.code}").text, client.get(path).text
    assert "Your budget" in first
    assert "Your budget" not in second
    assert "When can we visit you?" in second
    assert "When can we visit you?" not in first
    assert (str(early.id) in first, str(late.id) in first) == (True, False)
    assert (str(early.id) in second, str(late.id) in second) == (False, True)
    fields = {"applications": [str(early.id)], "message": "Please.", **_day(UNTIL.date())}
    assert client.post(path, data=fields).status_code == 422
    assert client.post(f"{path}?stage={shortlist.code}", data=fields).status_code == 302
    assert "Waiting for them" in client.get(f"{path}?stage={shortlist.code}").text
    assert "Waiting for them" not in client.get(path).text
    settings = client.get(f"/manage/{call.slug}/settings/stages/item?code=finalists").text
    assert f"{path}?stage=finalists" in settings


def _day(day: date) -> dict[str, str]:
    return {"closes_on-day": str(day.day), "closes_on-month": str(day.month), "closes_on-year": str(day.year)}


def test_a_call_with_papers_is_taken_out_and_loads_again_unchanged(tmp_path: Path) -> None:
    call, shortlist, finalists, manager = call_of_two_stages(sample())
    keep(manager, shortlist, replace(FINAL, questions=(replace(FINAL.questions[0], name="rent_book"),)))
    keep_papers_form(actor=actor_of(manager), stage=finalists, form=FINAL, for_reviewers=True, now=CLOSED)
    db.session.commit()
    package = package_of(call)
    assert {code: len(form.questions) for code, form in package.papers.items()} == {"review": 1, "finalists": 1}
    for name, data in package_files(package, with_invitations=False).items():
        (tmp_path / name).write_bytes(data)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "call.toml",
        "form.xlsx",
        "papers-finalists.xlsx",
        "papers-review.xlsx",
    ]
    again = read_package(tmp_path)
    assert again.papers == package.papers
    entries = len(db.session.scalars(select(AuditEntry.seq)).all())
    assert load_call(package=again, actor=actor_of(manager), now=NOW).changes == []
    assert len(db.session.scalars(select(AuditEntry.seq)).all()) == entries

    changed = replace(FINAL, version="2")
    (tmp_path / "papers-finalists.xlsx").write_bytes(write_form(changed))
    assert load_call(package=read_package(tmp_path), actor=actor_of(manager), now=NOW).changes == ["papers"]
    assert finalists.papers is not None
    assert FormDefinition.from_json(finalists.papers.definition).questions == changed.questions


def test_a_package_whose_papers_are_missing_or_clash_says_which(tmp_path: Path) -> None:
    call, _shortlist, finalists, manager = call_of_two_stages(sample())
    keep(manager, finalists, FINAL)
    db.session.commit()
    for name, data in package_files(package_of(call), with_invitations=False).items():
        (tmp_path / name).write_bytes(data)
    asked = package_of(call).form.questions[0].name
    clash = replace(FINAL, questions=(replace(FINAL.questions[0], name=asked),))
    (tmp_path / "papers-finalists.xlsx").write_bytes(write_form(clash))
    assert problems_of(tmp_path) == [("stages.finalists.papers", f"papers of finalists, {asked}")]
    (tmp_path / "papers-finalists.xlsx").unlink()
    assert problems_of(tmp_path) == [("stages.finalists.papers", "call.toml, key stages 2.papers")]


def problems_of(where: Path) -> list[Any]:
    with pytest.raises(RuleViolations) as refused:
        read_package(where)
    return [(each.field, each.place) for each in refused.value.problems]


def test_a_clone_asks_the_same_papers() -> None:
    call, _shortlist, finalists, manager = call_of_two_stages()
    keep(manager, finalists, FINAL)
    maker = make_staff(Role.MANAGER)
    changes = {
        "call.slug": "next-round",
        "call.reference_prefix": "NEXT",
        "call.opens": (NOW + timedelta(days=300)).replace(tzinfo=None),
        "call.closes": (NOW + timedelta(days=330)).replace(tzinfo=None),
    }
    made = clone_call(actor=actor_of(maker), call=call, changes=changes, now=NOW)
    assert package_of(made).papers == package_of(call).papers
