"""Protected applications: who may raise and lower, what is masked, and what opening leaves behind."""

import csv
import io
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from mnemonic import Mnemonic
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.form_engine.definition import Kind, Question, Sensitivity
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.identity import face_of, is_masked, pseudonym_for
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    IdentityOpening,
    ProtectionChange,
    ProtectionStep,
)
from fundapp.applications.queries.protection import changes_of
from fundapp.applications.services import protection
from fundapp.applications.services.drafts import fingerprint
from fundapp.applications.services.openings import open_file, open_identity
from fundapp.applications.services.starting import request_start, start_application
from fundapp.applications.services.submitting import submit_application
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.disbursement.cli import export
from fundapp.disbursement.exports.contacts import open_contacts
from fundapp.disbursement.queries.letters import decided_beside
from fundapp.review.models import AssignmentStatus, Outcome

from ..attacks.world import make_letter, make_paper
from ..conftest import NOW, actor_of
from ..exporting import decisions_csv
from ..factories import (
    FORM,
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_member,
    make_organisation,
    make_person,
    make_protected,
    make_reviewer,
    make_slate,
    make_staff,
)

DAY = timedelta(days=1)
WHO = (
    Question(
        name="contact",
        kind=Kind.TEXT,
        label={"en": "Name of the contact"},
        group=("about",),
        role=FormRole.CONTACT_NAME,
    ),
    Question(
        name="house",
        kind=Kind.TEXT,
        label={"en": "Street and house"},
        group=("about",),
        given_sensitivity=Sensitivity.IDENTITY,
    ),
)
FORM_WITH_PEOPLE = replace(FORM, questions=WHO + FORM.questions)
ANSWERS = {"contact": "Contact-Canary", "house": "House-Canary"}


@pytest.fixture(autouse=True)
def now(clock: Any) -> None:
    clock.move_to(NOW)


@pytest.fixture
def manager(app):
    return make_staff(Role.MANAGER, name="Mira Sample")


@pytest.fixture
def colleague(app):
    return make_staff(Role.MANAGER, name="Second Sample")


@pytest.fixture
def sent(app):
    """An application with answers that tell who somebody is."""
    call = make_call(form=FORM_WITH_PEOPLE)
    organisation = make_organisation("Organisation-Canary")
    return make_application(
        call,
        organisation=organisation,
        status=ApplicationStatus.SUBMITTED,
        answers={**ANSWERS, "title": "Title-Canary"},
    )


def steps_of(application: Application) -> list[ProtectionStep]:
    return [change.step for change in changes_of(application)]


# -- Raising --------------------------------------------------------------------------------------------------------


def test_an_application_to_a_protected_call_is_protected_from_its_start(app):
    call = make_call(is_protected=True, languages=["fr", "en"])
    person = make_person()
    application = start_application(actor=actor_of(person), call=call, language="en", now=NOW)
    assert application.is_protected
    assert steps_of(application) == [ProtectionStep.RAISED_WITH_CALL]
    words = str(application.pseudonym).split(" ")
    assert len(words) == 2
    assert set(words) <= set(Mnemonic("french").wordlist), "in the call's first language"
    assert person.short_sessions


def test_pseudonyms_are_random_and_unique_within_a_call(app, monkeypatch):
    call = make_call()
    applications = [make_protected(make_application(call)) for _ in range(3)]
    assert len({application.pseudonym for application in applications}) == 3
    words = iter([*str(applications[0].pseudonym).split(" "), "abandon", "ability"])
    monkeypatch.setattr(secrets, "choice", lambda _words: next(words))
    assert pseudonym_for(call.id, "en") == "abandon ability", "one that is taken is passed over"


def test_people_protect_their_application_on_its_first_page_or_later_without_a_reason(signed_in):
    call = make_call()
    first, second = make_person(), make_person()
    assert signed_in(first).post(f"/calls/{call.slug}/start", data={"protect": "1"}).status_code == 302
    client = signed_in(second)
    assert client.post(f"/calls/{call.slug}/start").status_code == 302
    of_first, of_second = (
        db.session.scalars(select(Application).where(Application.person_id == person.id)).one()
        for person in (first, second)
    )
    assert (of_first.is_protected, of_second.is_protected) == (True, False)
    page = client.get(f"/applications/{of_second.id}").text
    assert f"/applications/{of_second.id}/protection" in page
    assert client.post(f"/applications/{of_second.id}/protection").status_code == 302
    db.session.expire_all()
    assert of_second.is_protected
    assert steps_of(of_second) == [ProtectionStep.RAISED_BY_APPLICANT]
    assert str(of_second.pseudonym) in client.get(f"/applications/{of_second.id}/protection").text


def test_nobody_protects_the_application_of_others(signed_in, sent):
    stranger = make_person()
    assert signed_in(stranger).post(f"/applications/{sent.id}/protection").status_code == 404
    with pytest.raises(NotFound):
        protection.protect_own(actor=actor_of(stranger), application=sent, now=NOW)
    assert not sent.is_protected


def test_a_manager_protects_at_once_with_a_reason(signed_in, manager, sent):
    client = signed_in(manager)
    path = f"/manage/applications/{sent.id}/protection"
    assert client.post(path, data={"reason": "  "}).status_code == 422
    assert client.post(path, data={"reason": "x" * 1001}).status_code == 422
    db.session.expire_all()
    assert not sent.is_protected
    assert client.post(path, data={"reason": "They were threatened."}).status_code == 302
    db.session.expire_all()
    assert sent.is_protected
    assert sent.person.short_sessions
    [change] = changes_of(sent)
    assert (change.step, change.by_id, change.reason) == (ProtectionStep.RAISED, manager.id, "They were threatened.")
    assert "They were threatened." in client.get(path).text


@pytest.mark.parametrize("role", [Role.RATIFIER, Role.AUDITOR])
def test_who_only_reads_neither_protects_nor_lowers_nor_opens(signed_in, sent, role):
    make_protected(sent)
    client = signed_in(make_staff(role))
    base = f"/manage/applications/{sent.id}"
    for path in (f"{base}/protection", f"{base}/protection/lower", f"{base}/protection/confirm", f"{base}/identity"):
        assert client.post(path, data={"reason": "Because.", "what": "identity"}).status_code == 403, path
    assert client.get(f"{base}/identity").status_code == 403
    assert client.get(f"{base}/protection").status_code == 200
    assert not db.session.scalars(select(IdentityOpening)).all()


@pytest.mark.parametrize("role", [Role.RATIFIER, Role.AUDITOR, Role.ADMINISTRATOR, Role.REVIEWER])
def test_the_services_themselves_ask_for_the_permission_in_this_call(app, sent, role):
    paper = make_paper(app.extensions["storage"], sent, "File-Canary")
    elsewhere = make_staff(Role.MANAGER, make_call())
    for actor in (actor_of(make_staff(role)), actor_of(elsewhere)):
        given = {"actor": actor, "application": sent, "reason": "Because.", "now": NOW}
        for use_case in (protection.protect, protection.ask_to_lower, protection.confirm_lowering, open_identity):
            with pytest.raises(NotAllowed):
                use_case(**given)
        with pytest.raises(NotAllowed):
            open_file(**given, attachment=paper)
        with pytest.raises(NotAllowed):
            open_contacts(actor=actor, call=sent.call, reason="Because.", now=NOW)
    assert not db.session.scalars(select(IdentityOpening)).all()
    assert not sent.is_protected


# -- Lowering -------------------------------------------------------------------------------------------------------


def test_lowering_takes_two_people(signed_in, manager, colleague, sent):
    make_protected(sent)
    first, second = signed_in(manager), signed_in(colleague)
    path = f"/manage/applications/{sent.id}/protection"
    assert second.post(f"{path}/confirm", data={"reason": "Yes."}).status_code == 409, "nobody asked"
    assert first.post(f"{path}/lower", data={"reason": "It was a mistake."}).status_code == 302
    assert first.post(f"{path}/confirm", data={"reason": "Yes."}).status_code == 403, "not the one who asked"
    assert second.post(f"{path}/lower", data={"reason": "Me too."}).status_code == 409, "it waits already"
    db.session.expire_all()
    assert sent.is_protected
    assert second.post(f"{path}/confirm", data={"reason": ""}).status_code == 422
    assert second.post(f"{path}/confirm", data={"reason": "I asked them."}).status_code == 302
    db.session.expire_all()
    assert not sent.is_protected
    asked, lowered = changes_of(sent)[-2:]
    assert (asked.by_id, lowered.by_id, lowered.asked_id) == (manager.id, colleague.id, asked.id)
    assert second.post(f"{path}/confirm", data={"reason": "Again."}).status_code == 409


def test_the_applicants_are_told_of_a_request_to_lower_and_can_keep_the_protection(app, signed_in, manager, sent):
    make_protected(sent)
    protection.ask_to_lower(actor=actor_of(manager), application=sent, reason="A mistake.", now=datetime.now(UTC))
    (mail,) = db.session.scalars(select(MailMessage)).all()
    path = f"/applications/{sent.id}/protection"
    assert (mail.template, mail.data) == ("news", {"path": path})
    client = signed_in(sent.person)
    assert "Somebody asked to end the protection" in client.get(path).text
    assert client.post(path).status_code == 302
    assert "Somebody asked to end the protection" not in client.get(path).text
    assert changes_of(sent)[-1].step is ProtectionStep.RAISED_BY_APPLICANT


def test_a_request_to_lower_waits_seven_days_and_no_longer(app, manager, colleague, sent):
    make_protected(sent)
    protection.ask_to_lower(actor=actor_of(manager), application=sent, reason="A mistake.", now=NOW)
    with pytest.raises(Conflict):
        protection.confirm_lowering(actor=actor_of(colleague), application=sent, reason="Yes.", now=NOW + 7 * DAY)
    protection.ask_to_lower(actor=actor_of(colleague), application=sent, reason="A mistake.", now=NOW + 7 * DAY)
    almost = NOW + 14 * DAY - timedelta(seconds=1)
    protection.confirm_lowering(actor=actor_of(manager), application=sent, reason="Yes.", now=almost)
    assert not sent.is_protected


def test_raising_again_ends_a_request_to_lower(app, manager, colleague, sent):
    make_protected(sent)
    protection.ask_to_lower(actor=actor_of(manager), application=sent, reason="A mistake.", now=NOW)
    protection.protect_own(actor=actor_of(sent.person), application=sent, now=NOW)
    with pytest.raises(Conflict):
        protection.confirm_lowering(actor=actor_of(colleague), application=sent, reason="Yes.", now=NOW)
    assert sent.is_protected


def test_the_system_alone_does_not_lower(app, manager, sent):
    make_protected(sent)
    protection.ask_to_lower(actor=actor_of(manager), application=sent, reason="A mistake.", now=NOW)
    with pytest.raises(NotAllowed):
        protection.confirm_lowering(actor=system_actor(), application=sent, reason="Yes.", now=NOW)


def test_pseudonym_stays_when_protection_ends_and_comes_back(app, manager, colleague, sent):
    before = make_protected(sent).pseudonym
    protection.ask_to_lower(actor=actor_of(manager), application=sent, reason="A mistake.", now=NOW)
    protection.confirm_lowering(actor=actor_of(colleague), application=sent, reason="Yes.", now=NOW)
    assert face_of(sent).name == "Organisation-Canary"
    protection.protect(actor=actor_of(manager), application=sent, reason="After all.", now=NOW)
    assert face_of(sent).name == before


# -- Masks and openings ---------------------------------------------------------------------------------------------


def test_what_tells_who_somebody_is_is_masked_more_of_it_in_a_protected_application():
    def masked(*, is_protected: bool) -> set[str]:
        return {each.name for each in FORM_WITH_PEOPLE.questions if is_masked(each, is_protected=is_protected)}

    assert masked(is_protected=False) == {"contact", "house"}
    assert masked(is_protected=True) == {"contact", "house", "organisation", "region", "title", "paper"}


@pytest.mark.parametrize("protected", [False, True])
def test_staff_see_masks_until_they_open_with_a_reason_and_once(signed_in, manager, sent, protected):
    hidden = ["Contact-Canary", "House-Canary", sent.person.name, sent.person.email]
    if protected:
        make_protected(sent)
        hidden += ["Organisation-Canary", "Title-Canary"]
    client = signed_in(manager)
    page, opening = f"/manage/applications/{sent.id}", f"/manage/applications/{sent.id}/identity"
    before = client.get(page).text + client.get(opening).text
    assert [each for each in hidden if each in before] == []
    assert ("Organisation-Canary" in before) is not protected
    refused = client.post(opening, data={"what": "identity", "reason": " "})
    assert refused.status_code == 422
    assert [each for each in hidden if each in refused.text] == []
    opened = client.post(opening, data={"what": "identity", "reason": "To call them back."})
    assert opened.status_code == 200
    assert [each for each in hidden if each not in opened.text] == []
    assert opened.headers["Cache-Control"] == "no-store"
    after = client.get(page).text + client.get(opening).text
    assert [each for each in hidden if each in after] == []
    assert "To call them back." in after
    assert "Identity opened 1 time" in after


def test_an_opening_is_recorded_without_what_was_seen(signed_in, manager, sent):
    make_protected(sent)
    data = {"what": "identity", "reason": "To call them back."}
    signed_in(manager).post(f"/manage/applications/{sent.id}/identity", data=data)
    [opening] = db.session.scalars(select(IdentityOpening)).all()
    assert (opening.application_id, opening.person_id, opening.opened_at) == (sent.id, manager.id, NOW)
    assert opening.opened == ["contact", "contact", "house", "organisation", "region", "title"]
    assert opening.reason == "To call them back."
    [entry] = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "identity:open")).all()
    assert (entry.actor_id, entry.object_id) == (manager.id, opening.id)
    assert "Canary" not in repr(entry.data)


def test_openings_are_read_by_managers_and_auditors_only(signed_in, manager, sent):
    data = {"what": "identity", "reason": "To call them back."}
    signed_in(manager).post(f"/manage/applications/{sent.id}/identity", data=data)
    path = f"/manage/applications/{sent.id}"
    assert "To call them back." in signed_in(make_staff(Role.AUDITOR)).get(path).text
    assert "To call them back." not in signed_in(make_staff(Role.RATIFIER)).get(path).text


def test_an_opening_asks_for_a_fresh_proof(signed_in, manager, sent):
    client = signed_in(manager, fresh=False)
    answer = client.post(f"/manage/applications/{sent.id}/identity", data={"what": "identity", "reason": "Because."})
    assert answer.status_code in (302, 303, 401)
    assert "Canary" not in answer.text
    assert not db.session.scalars(select(IdentityOpening)).all()


def test_files_of_a_protected_application_are_opened_one_by_one_under_a_name_that_says_nothing(
    app, signed_in, manager, sent
):
    paper = make_paper(app.extensions["storage"], sent, "File-Canary")
    client = signed_in(manager)
    page, path = f"/manage/applications/{sent.id}", f"/manage/applications/{sent.id}/files/{paper.id}"
    assert client.get(path).status_code == 200
    make_protected(sent)
    db.session.commit()
    assert client.get(path).status_code == 404
    assert "File-Canary" not in client.get(page).text + client.get(f"{page}/identity").text
    assert client.post(f"{page}/identity", data={"what": str(paper.id), "reason": ""}).status_code == 422
    answer = client.post(f"{page}/identity", data={"what": str(paper.id), "reason": "To check the statutes."})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith(f"attachment; filename=file-{sent.reference}-")
    assert "Canary" not in str(answer.headers)
    [opening] = db.session.scalars(select(IdentityOpening)).all()
    assert opening.opened == ["paper"]
    other = make_paper(app.extensions["storage"], make_application(sent.call), "Other-Canary")
    assert client.post(f"{page}/identity", data={"what": str(other.id), "reason": "Mine."}).status_code == 422


def test_reviewers_never_see_who_applies_to_a_protected_call_nor_its_files(app, signed_in, sent):
    sent.status, sent.eligibility_by_id, sent.eligibility_at = ApplicationStatus.ELIGIBLE, make_person().id, NOW
    paper = make_paper(app.extensions["storage"], sent, "File-Canary")
    reviewer = make_reviewer(sent.call)
    assignment = make_assignment(sent.entries[0], reviewer, AssignmentStatus.READING)
    client = signed_in(reviewer.person)
    paths = ("/reviews", f"/reviews/{assignment.id}", f"/reviews/{assignment.id}/conflict")
    file = f"/reviews/applications/{sent.id}/files/{paper.id}"
    ordinary = "".join(client.get(path).text for path in paths)
    assert "Organisation-Canary" in ordinary
    assert "Contact-Canary" not in ordinary
    assert client.get(file).status_code == 200
    make_protected(sent)
    db.session.commit()
    pages = "".join(client.get(path).text for path in paths)
    assert "Canary" not in pages
    assert "Hidden" not in pages, "not even that there is something"
    assert str(sent.pseudonym) in pages
    assert "six villages" in pages, "but they read what is to be done"
    assert client.get(file).status_code == 404


# -- What leaves the house ------------------------------------------------------------------------------------------


def test_the_mail_about_a_protected_application_holds_not_even_its_reference(app):
    form = replace(FORM, questions=())
    mails = []
    for protected in (False, True):
        call = make_call(form=form)
        person = make_person()
        application = start_application(actor=actor_of(person), call=call, language="en", now=NOW, protected=protected)
        seen = fingerprint(application.answers)
        submit_application(actor=actor_of(person), application=application, seen=seen, language="en", now=NOW)
        mail = db.session.scalars(select(MailMessage).order_by(MailMessage.created_at.desc())).all()
        mails.append(next(each for each in mail if each.to_address == person.email))
    ordinary, neutral = mails
    assert ordinary.template == "receipt"
    assert neutral.template == "news"
    assert neutral.data == {"path": f"/applications/{application.id}"}


def test_a_mail_to_somebody_uninvited_does_not_name_a_protected_call(app):
    for protected, path in ((False, "/calls/x/start"), (True, "/")):
        call = make_call(invitation_only=True, is_protected=protected)
        address = f"stranger-{protected}@example.org".lower()
        request_start(call=call, email=address, secret_key="k", next_path="/calls/x/start", language="en", now=NOW)
        [mail] = [each for each in db.session.scalars(select(MailMessage)) if each.to_address == address]
        assert mail.data == {"path": path}


def read_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))


def test_the_export_of_decisions_calls_protected_applications_by_their_pseudonym(app, manager, sent):
    other = make_application(sent.call)
    make_protected(sent)
    data = decisions_csv(actor=actor_of(manager), call=sent.call)
    assert b"Canary" not in data
    rows = {row["application_reference"]: row for row in read_csv(data)}
    row = rows[str(sent.reference)]
    assert (row["organisation"], row["title"], row["country"], row["region"]) == (sent.pseudonym, "", "", "")
    assert rows[str(other.reference)]["organisation"] == other.organisation_name


def test_contacts_leave_with_a_reason_each_recorded_and_protected_ones_stay(signed_in, manager, sent):
    protected = make_protected(make_application(sent.call))
    hidden = protected.person.email
    client = signed_in(manager)
    path = f"/manage/{sent.call.slug}/contacts"
    assert "1 protected application is not in the table" in client.get(path).text
    assert client.post(path, data={"reason": "", "format": "csv"}).status_code == 422
    assert not db.session.scalars(select(IdentityOpening)).all()
    answer = client.post(path, data={"reason": "To invite them to the meeting.", "format": "csv"})
    assert answer.headers["Content-Disposition"] == f"attachment; filename=contacts-{sent.call.slug}.csv"
    [row] = read_csv(answer.data)
    assert (row["application_reference"], row["contact_email"]) == (sent.reference, sent.person.email)
    assert hidden not in answer.text
    [opening] = db.session.scalars(select(IdentityOpening)).all()
    assert (opening.application_id, opening.reason) == (sent.id, "To invite them to the meeting.")


def test_a_letter_tells_small_numbers_only_where_no_protected_application_is_among_them(app, manager):
    call = make_call()
    slate = make_slate(call)
    entries = [make_application(call).entries[0] for _ in range(6)]
    decisions = [make_decision(slate, entry, outcome=Outcome.DECLINE) for entry in entries[1:]]
    make_decision(slate, entries[0])
    told = decided_beside(decisions[0])
    assert (told.considered, told.awarded) == (6, 1)
    make_protected(entries[0].application)
    told = decided_beside(decisions[0])
    assert (told.considered, told.awarded) == (None, None)


def test_a_letter_made_under_the_name_stays_with_its_reader_once_protection_is_raised(
    app, signed_in, manager, sent, tmp_path
):
    sent.status, sent.eligibility_by_id, sent.eligibility_at = ApplicationStatus.ELIGIBLE, make_person().id, NOW
    letter = make_letter(app.extensions["storage"], sent.call, sent.entries[0], sent.person, "a letter")
    staff, owner = signed_in(manager), signed_in(sent.person)
    paths = f"/manage/letters/{letter.id}", f"/letters/{letter.id}/pdf"
    assert [client.get(path).status_code for client, path in zip((staff, owner), paths, strict=True)] == [200, 200]
    make_protected(sent)
    db.session.commit()
    assert [client.get(path).status_code for client, path in zip((staff, owner), paths, strict=True)] == [403, 200]
    db.session.rollback()  # the command has a session of its own
    done = CliRunner().invoke(export, ["letters", sent.call.slug, "--to", str(tmp_path)], obj=lambda: app)
    assert done.exit_code == 0, done.output
    assert "it stays in the service" in done.output
    assert list(tmp_path.iterdir()) == []


# -- Calls ----------------------------------------------------------------------------------------------------------


def test_people_of_a_protected_application_have_short_sessions_ties_do_not(app, sent):
    tied = make_person()
    make_member(tied, sent.organisation)
    make_protected(sent)
    assert sent.person.short_sessions
    assert not tied.short_sessions


def test_steps_need_a_reason_in_the_database_too(app, manager, sent):
    with pytest.raises(RuleViolations):
        protection.protect(actor=actor_of(manager), application=sent, reason="", now=NOW)
    db.session.add(
        ProtectionChange(
            application_id=sent.id, number=1, step=ProtectionStep.RAISED, reason="", by_id=manager.id, at=NOW
        )
    )
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()
