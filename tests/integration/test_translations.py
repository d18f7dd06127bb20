"""Translations beside answers: staff write them, reviewers read them, and they tell nothing that answers do not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import select, text

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import AnswerTranslation, Application, FormVersion, Submission, TranslatedBy
from fundapp.applications.services.erasing import blank_application
from fundapp.applications.services.saving import NO_ANSWER
from fundapp.applications.services.translating import Kept, Wording, translate
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.core.sealing import destroy, record_of
from fundapp.core.web import FundApp
from fundapp.review.models import Assignment
from tests.conftest import actor_of
from tests.factories import (
    FORM,
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_member,
    make_protected,
    make_reviewer,
    make_staff,
)

SignedIn = Callable[[Person | None], FlaskClient]
ANSWER = "نفعل ما نقول."
CANARY = "We do what we say (canary)."


def sent(**values: Any) -> Application:
    """Make an application in Arabic whose plan is written in it."""
    call = values.pop("call", None) or make_call()
    answers = {"plan": ANSWER, **values.pop("answers", {})}
    return make_application(call, language="ar", answers=answers, **values)


def given(application: Application, *languages: str) -> Assignment:
    """Let a reviewer who reads these languages read an application."""
    reviewer = make_reviewer(application.call, languages=list(languages))
    return make_assignment(application.entries[0], reviewer)


def put(
    application: Application,
    wording: str = CANARY,
    *,
    actor: Person | None = None,
    key: str = "plan",
    language: str = "en",
    made_by: TranslatedBy | None = TranslatedBy.MACHINE,
    seen: str | None = None,
    submission: Submission | None = None,
) -> Kept:
    """Put a translation beside an answer; `seen` is the mark that the page showed (None: nothing was there)."""
    return translate(
        actor=actor_of(actor or make_staff(Role.MANAGER)),
        submission=submission or application.submissions[-1],
        language=language,
        wordings={key: Wording(wording, made_by)},
        seen={key: seen or NO_ANSWER},
        now=NOW,
    )


def send_again(application: Application, **answers: Any) -> Submission:
    """Send a new version."""
    last = application.submissions[-1]
    submission = Submission(
        number=last.number + 1,
        form_version_id=last.form_version_id,
        answers={**last.answers, **answers},
        content_sha256="1" * 64,
        submitted_at=NOW,
    )
    application.submissions.append(submission)
    db.session.flush()
    return submission


def read(signed_in: SignedIn, assignment: Assignment) -> str:
    db.session.commit()
    response = signed_in(assignment.reviewer.person).get(f"/reviews/{assignment.id}")
    assert response.status_code == 200
    return response.text


def kept_rows() -> list[AnswerTranslation]:
    return list(db.session.scalars(select(AnswerTranslation).order_by(AnswerTranslation.number)))


def test_reviewer_reads_the_answer_first_and_the_translation_beside_it(app: FundApp, signed_in: SignedIn) -> None:
    application = sent()
    put(application)
    tree = html.fromstring(read(signed_in, given(application, "en", "ar")))
    (pair,) = tree.xpath('//section[@id="application"]//div[@class="translated"]')
    answer, translation = pair.xpath('.//div[@class="said"]')
    assert (answer.get("lang"), answer.get("dir"), answer.text_content()) == ("ar", "auto", ANSWER)
    assert (translation.get("lang"), translation.get("dir"), translation.text_content()) == ("en", "ltr", CANARY)
    assert "Translation into English, by a machine" in pair.text_content()


def test_only_languages_that_the_reviewer_reads_are_shown(app: FundApp, signed_in: SignedIn) -> None:
    application = sent()
    put(application)
    put(application, "Nous faisons ce que nous disons.", language="fr", made_by=TranslatedBy.APPLICANT)
    in_french = read(signed_in, given(application, "fr"))
    assert "Nous faisons ce que nous disons." in in_french
    assert "Translation into French, by the applicant" in in_french
    assert CANARY not in in_french
    nothing = read(signed_in, given(application, "ar"))
    assert ANSWER in nothing
    assert CANARY not in nothing
    assert "Translation into" not in nothing


def test_no_page_of_reviewers_names_who_translated(app: FundApp, signed_in: SignedIn) -> None:
    application = sent()
    put(application, actor=make_staff(Role.MANAGER, name="Translator-Canary Sample"))
    page = read(signed_in, given(application, "en"))
    assert CANARY in page
    assert "Translator-Canary" not in page


@pytest.mark.parametrize("how", ["identifies", "hidden", "computed"])
def test_answers_kept_from_reviewers_are_neither_translated_nor_shown(
    app: FundApp, signed_in: SignedIn, how: str
) -> None:
    """Refused while the question is kept back, and gone from the page when it comes to be so afterwards."""
    application = sent()
    put(application)
    assignment = given(application, "en")
    assert CANARY in read(signed_in, assignment)
    changes: dict[str, dict[str, Any]] = {
        "identifies": {"identifies": True},
        "hidden": {"hidden_from_reviewers": True},
        "computed": {"calculation": "${organisation}"},
    }
    questions = [replace(each, **changes[how]) if each.name == "plan" else each for each in FORM.questions]
    version = db.session.get_one(FormVersion, application.submissions[-1].form_version_id)
    version.definition = replace(FORM, questions=tuple(questions)).to_json()
    db.session.flush()
    assert CANARY not in read(signed_in, assignment)
    assert put(application, "Another", language="fr").changed == frozenset()
    assert put(application, "Name", key="organisation").changed == frozenset()
    assert [row.language for row in kept_rows()] == ["en"]


def test_translations_of_a_protected_application_are_sealed_and_read(app: FundApp, signed_in: SignedIn) -> None:
    """Also those made before it was protected: what is stored never holds the text."""
    application = sent()
    put(application)
    assignment = given(application, "en", "fr")
    make_protected(application)
    db.session.flush()
    put(application, "Nous faisons (canary).", language="fr")
    page = read(signed_in, assignment)
    assert CANARY in page
    assert "Nous faisons (canary)." in page
    stored = db.session.execute(text("SELECT text_sealed FROM answer_translation")).scalars().all()
    assert len(stored) == 2
    assert not any(b"canary" in bytes(each) for each in stored)


def test_translation_of_an_answer_that_changed_since_is_outdated(app: FundApp, signed_in: SignedIn) -> None:
    application, manager = sent(), make_staff(Role.MANAGER)
    put(application, actor=manager)
    put(application, "A title (canary)", key="title", actor=manager)
    assignment = given(application, "en")
    send_again(application, plan="جواب آخر")
    page = read(signed_in, assignment)
    assert CANARY not in page
    assert "A title (canary)" in page
    url = f"/manage/applications/{application.id}/translations"
    assert "1 text was changed by the applicant since it was translated." in signed_in(manager).get(url).text
    for_staff = signed_in(manager).get(f"{url}?language=en").text
    assert "The applicant changed this answer since it was translated." in for_staff
    assert CANARY in for_staff
    send_again(application, plan=ANSWER)
    assert CANARY in read(signed_in, assignment)


def test_changed_translation_keeps_the_earlier_one_and_the_record_no_text(app: FundApp, signed_in: SignedIn) -> None:
    application = sent()
    put(application)
    put(application, "Better (canary).", made_by=TranslatedBy.PERSON, seen=Wording(CANARY, TranslatedBy.MACHINE).mark)
    assert [(row.number, row.text) for row in kept_rows()] == [(1, CANARY), (2, "Better (canary).")]
    assignment = given(application, "en")
    page = read(signed_in, assignment)
    assert "Better (canary)." in page
    assert CANARY not in page
    put(application, "", seen=Wording("Better (canary).", TranslatedBy.PERSON).mark)
    assert "canary" not in read(signed_in, assignment)
    entries = list(
        db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "application:translate").order_by(AuditEntry.seq)
        )
    )
    assert [entry.data for entry in entries] == [{"language": "en", "questions": ["plan"], "submission": 1}] * 3


def test_two_who_translate_the_same_answer_take_nothing_from_each_other(app: FundApp) -> None:
    application = sent()
    put(application)
    stale = put(application, "Mine.", made_by=TranslatedBy.PERSON)
    assert stale.conflicts == {"plan": Wording(CANARY, TranslatedBy.MACHINE)}
    untouched = put(application, "", seen=NO_ANSWER)
    assert (untouched.changed, dict(untouched.conflicts)) == (frozenset(), {})
    assert [row.text for row in kept_rows()] == [CANARY]


def test_who_made_it_has_to_be_said_and_nothing_is_translated_once_it_is_over(app: FundApp) -> None:
    application = sent()
    with pytest.raises(RuleViolations) as refused:
        put(application, made_by=None)
    assert [(each.field, each.place) for each in refused.value.problems] == [("plan", "made_by")]
    with pytest.raises(RuleViolations):
        put(application, language="xx")
    with pytest.raises(NotAllowed):
        put(application, actor=make_staff(Role.RATIFIER))
    application.call.status = type(application.call.status).DECIDED
    application.call.decided_at = NOW
    with pytest.raises(Conflict):
        put(application)
    db.session.rollback()
    assert kept_rows() == []


def test_translations_go_with_the_application(app: FundApp) -> None:
    application = sent()
    put(application)
    db.session.commit()
    (copy,) = [row.text_sealed for row in kept_rows()]
    blank_application(actor=actor_of(make_staff(Role.MANAGER)), application=application, now=NOW + timedelta(days=400))
    destroy(record_of(application), NOW + timedelta(days=400))
    db.session.commit()
    (row,) = kept_rows()
    assert (row.text, row.text_sealed) == ("", None)
    row.text_sealed = copy
    assert copy
    assert row.text == "", "a copy of any age opens no more"
    db.session.rollback()


def test_page_takes_translations_and_gives_back_what_cannot_be_kept(app: FundApp, signed_in: SignedIn) -> None:
    application, manager = sent(), make_staff(Role.MANAGER)
    db.session.commit()
    client, url = signed_in(manager), f"/manage/applications/{application.id}/translations"
    assert "Nothing is translated yet." in client.get(url).text
    assert client.get(f"{url}?language=xx&made_by=person").status_code == 200
    url = f"{url}?language=en&made_by=machine"
    page = html.fromstring(client.get(url).text)
    assert page.xpath('//select[@name="made_by_plan"]/option[@selected]/@value') == ["machine"]
    assert page.xpath('//textarea[@name="text_organisation"]') == []
    (seen,) = page.xpath('//input[@name="seen"]/@value')
    data = {"version": "1", "seen": seen, "text_plan": CANARY, "made_by_plan": ""}
    refused = client.post(url, data=data)
    assert refused.status_code == 422
    assert "Choose who made this translation." in refused.text
    assert CANARY in refused.text
    assert kept_rows() == []
    assert client.post(url, data={**data, "made_by_plan": "person"}).status_code == 302
    assert [(row.text, row.made_by) for row in kept_rows()] == [(CANARY, TranslatedBy.PERSON)]
    late = client.post(url, data={**data, "text_plan": "Another wording.", "made_by_plan": "person"})
    assert late.status_code == 409
    assert "Another wording." in late.text
    (seen,) = html.fromstring(late.text).xpath('//input[@name="seen"]/@value')
    again = {**data, "seen": seen, "text_plan": "Another wording.", "made_by_plan": "person"}
    assert client.post(url, data=again).status_code == 302
    assert [row.text for row in kept_rows()] == [CANARY, "Another wording."]
    assert client.post(url, data={**data, "version": "7"}).status_code == 404


def test_staff_without_the_right_read_them_and_who_is_in_conflict_finds_nothing(
    app: FundApp, signed_in: SignedIn
) -> None:
    application = sent()
    put(application)
    ratifier, manager = make_staff(Role.RATIFIER), make_staff(Role.MANAGER)
    db.session.commit()
    url = f"/manage/applications/{application.id}/translations?language=en"
    page = signed_in(ratifier).get(url).text
    assert CANARY in page
    assert "<textarea" not in page
    assert signed_in(ratifier).post(url, data={"version": "1"}).status_code == 403
    assert application.organisation is not None
    make_member(manager, application.organisation)
    db.session.commit()
    assert signed_in(manager).get(url).status_code == 404
    assert signed_in(manager).post(url, data={"version": "1", "text_plan": "x"}).status_code == 404
