"""Stages and phases in the package of a call and on its pages: exact round trips, problems beside their fields."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.call_package import document_of, read_document
from fundapp.applications.models import Call, Criterion, ReviewPhase, Stage, StageKind
from fundapp.applications.phase_rules import SeenOthers, ShownAs
from fundapp.applications.queries.packages import package_of
from fundapp.applications.services.calls import Way, write_call
from fundapp.core.db import db
from fundapp.core.errors import RuleViolations
from fundapp.review.services.stages import choose_seats
from tests.conftest import actor_of
from tests.factories import NOW, make_application, make_call, make_reviewer, make_staff

SignedIn = Callable[[Person | None], FlaskClient]
SCREENING = {
    "code": "screening",
    "title": {"en": "Screening", "fr": "Tri"},
    "kind": "screening",
    "reviews": 2,
    "minutes": 10,
    "confidence": False,
}
CHECK = {
    "code": "local",
    "label": {"en": "Local", "fr": "Local"},
    "question": {"en": "Is it?", "fr": "Est-ce ?"},
    "minimum": 0,
    "maximum": 1,
    "anchors": {"0": {"en": "No", "fr": "Non"}, "1": {"en": "Yes", "fr": "Oui"}},
    "stage": "screening",
}


def phase(code: str, first: int, last: int, **values: object) -> dict[str, Any]:
    return {
        "code": code,
        "stage": "review",
        "title": {"en": code, "fr": code},
        "starts": datetime.fromisoformat(f"2026-03-{first:02}T09:00"),
        "ends": datetime.fromisoformat(f"2026-03-{last:02}T09:00"),
        "score": True,
        "others": "never",
        "shown_as": "aliases",
        "discuss": False,
        **values,
    }


def two_stages(call: Call) -> dict[str, Any]:
    """Return what a call says, with a screening before its review and two phases."""
    document = document_of(package_of(call))
    review = {**document["stages"][0], "title": {"en": "Review", "fr": "Lecture"}}
    return {
        **document,
        "stages": [SCREENING, review],
        "criteria": [CHECK, *document["criteria"]],
        "phases": [phase("alone", 1, 5), phase("talk", 5, 9, others="after_own", shown_as="names", discuss=True)],
    }


def written(call: Call, document: dict[str, Any]) -> None:
    reading = read_document(document, form=package_of(call).form, invitations=None, papers={})
    assert [str(each) for each in reading.problems] == []
    write_call(call=call, package=reading.package, way=Way.LOADED, actor=actor_of(make_staff(Role.MANAGER)), now=NOW)
    db.session.commit()


def problems_of(call: Call, document: dict[str, Any]) -> set[str | None]:
    reading = read_document(document, form=package_of(call).form, invitations=None, papers={})
    return {each.field for each in reading.problems}


def test_stages_and_phases_come_back_exactly_as_they_were_written(app):
    call = make_call()
    written(call, two_stages(call))
    stages = db.session.scalars(select(Stage).where(Stage.call_id == call.id).order_by(Stage.position)).all()
    assert [(each.code, each.kind, each.reviews_per_entry, each.review_minutes) for each in stages] == [
        ("screening", StageKind.SCREENING, 2, 10),
        ("review", StageKind.REVIEW, 2, 45),
    ]
    assert [each.code for each in stages[0].criteria] == ["local"]
    phases = db.session.scalars(select(ReviewPhase).order_by(ReviewPhase.starts_at)).all()
    assert [(each.code, each.others, each.shown_as, each.may_discuss) for each in phases] == [
        ("alone", SeenOthers.NEVER, ShownAs.ALIASES, False),
        ("talk", SeenOthers.AFTER_OWN, ShownAs.NAMES, True),
    ]
    once = document_of(package_of(call))
    written(call, once)
    assert document_of(package_of(call)) == once
    assert package_of(call).phases == read_document(once, form=None, invitations=None, papers={}).package.phases


def test_a_call_that_says_nothing_of_stages_has_one(app):
    call = make_call()
    document = {key: value for key, value in document_of(package_of(call)).items() if key not in ("stages", "phases")}
    document["criteria"] = [
        {key: value for key, value in each.items() if key != "stage"} for each in document["criteria"]
    ]
    written(call, document)
    assert [(each.code, each.reviews_per_entry) for each in call.stages] == [("review", 2)]
    assert {each.stage_id for each in call.criteria} == {call.stages[0].id}


def test_what_does_not_fit_together_is_named_by_its_key(app):
    call = make_call()
    good = two_stages(call)
    overlapping = {**good, "phases": [phase("alone", 1, 5), phase("talk", 4, 9)]}
    assert problems_of(call, overlapping) == {"phases.talk.starts"}
    assert problems_of(call, {**good, "phases": [phase("alone", 5, 5)]}) == {"phases.alone.ends"}
    assert problems_of(call, {**good, "phases": [phase("talk", 1, 5, discuss=True)]}) == {"phases.talk.others"}
    assert problems_of(call, {**good, "phases": [phase("talk", 1, 5, others="now and then")]}) == {"phases.talk.others"}
    assert problems_of(call, {**good, "phases": [phase("talk", 1, 5, stage="nowhere")]}) == {"phases.talk.stage"}
    wide = [{**CHECK, "maximum": 5, "anchors": {}}, *good["criteria"][1:]]
    assert problems_of(call, {**good, "criteria": wide}) == {"criteria.local.maximum"}
    assert problems_of(call, {**good, "stages": [SCREENING, SCREENING, good["stages"][1]]}) == {"stages"}
    assert problems_of(call, {**good, "reviewers": {"applicants": True}}) == set()
    assert problems_of(call, {**good, "reviewers": {"impartial": True}}) == {"reviewers.impartial"}


def test_phases_of_different_stages_may_run_at_the_same_time(app):
    call = make_call()
    document = {**two_stages(call), "phases": [phase("alone", 1, 5), phase("check", 1, 5, stage="screening")]}
    assert problems_of(call, document) == set()


def test_once_entries_stand_in_a_stage_it_stays_and_new_ones_come_after_it(app):
    call = make_call()
    make_application(call)
    before = document_of(package_of(call))
    late = {**two_stages(call), "criteria": [*before["criteria"], CHECK]}
    finalists = {**SCREENING, "code": "finalists", "kind": "review", "title": {"en": "Finalists", "fr": "Finale"}}
    question = {**before["criteria"][0], "code": "last", "stage": "finalists"}
    added = {
        **before,
        "stages": [{**before["stages"][0], "title": {"en": "Review", "fr": "Lecture"}}, finalists],
        "criteria": [*before["criteria"], question],
    }
    db.session.commit()
    with pytest.raises(RuleViolations) as refused:
        written(call, late)
    assert "Entries stand in a stage" in str(refused.value.problems[0].message)
    db.session.rollback()
    written(call, added)
    assert [each.code for each in call.stages] == ["review", "finalists"]
    assert [each.code for each in call.deciding_stage.criteria] == ["last"]


def test_manager_adds_a_phase_on_a_page_and_an_overlapping_one_is_refused_beside_its_field(app, signed_in: SignedIn):
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/settings/phases/item"
    first = client.get(url).get_data(as_text=True)
    closes = call.closes_at
    assert f'value="{closes.year}"' in first  # scoring begins at the deadline unless somebody says otherwise

    def typed(code: str, start: datetime, end: datetime) -> dict[str, str]:
        base = "phases.new."
        data = {"code": code, f"{base}others": "never", f"{base}shown_as": "aliases", f"{base}score": "y"}
        for language in call.languages:
            data[f"{base}title.{language}"] = code
        for name, at in (("starts", start), ("ends", end)):
            data |= {
                f"{base}{name}-day": str(at.day),
                f"{base}{name}-month": str(at.month),
                f"{base}{name}-year": str(at.year),
                f"{base}{name}.time": "09:00",
            }
        return data

    seen = first.split('name="seen" value="')[1].split('"')[0]
    day = timedelta(days=1)
    done = client.post(url, data={**typed("alone", closes, closes + 5 * day), "seen": seen})
    assert done.status_code == 302, done.get_data(as_text=True)[:3000]
    seen = client.get(url).get_data(as_text=True).split('name="seen" value="')[1].split('"')[0]
    refused = client.post(url, data={**typed("talk", closes + 4 * day, closes + 8 * day), "seen": seen})
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "This phase starts before the phase “alone” ends." in page
    assert 'value="talk"' in page
    assert db.session.scalars(select(ReviewPhase.code)).all() == ["alone"]


def test_a_stage_without_entries_goes_with_its_seats_while_nothing_was_sent(app):
    call = make_call()
    written(call, two_stages(call))
    manager = actor_of(make_staff(Role.MANAGER))
    reviewer = make_reviewer(call)
    choose_seats(actor=manager, call=call, stage=call.stages[0], reviewer_ids=[reviewer.id], now=NOW)
    db.session.commit()
    document = document_of(package_of(call))
    document["stages"], document["criteria"] = document["stages"][1:], document["criteria"][1:]
    written(call, document)
    assert [each.code for each in call.stages] == ["review"]
    left = select(Criterion.code).where(Criterion.call_id == call.id).order_by(Criterion.position)
    assert db.session.scalars(left).all() == ["need", "plan"]
