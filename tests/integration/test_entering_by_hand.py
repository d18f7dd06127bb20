"""Applications that came by paper, mail or voice are typed in by staff, with their source named."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import MembershipRole, Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Application, ApplicationSource, ApplicationStatus, Call, CallStatus
from fundapp.applications.services.drafts import fingerprint
from fundapp.applications.services.entering_by_hand import enter_application
from fundapp.applications.services.submitting import submit_application
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.core.mail import MailMessage
from tests.conftest import NOW, actor_of
from tests.factories import ANSWERS, CLOSES, make_application, make_call, make_member, make_person, make_staff

Client = Callable[[Person | None], FlaskClient]
LATE = CLOSES + timedelta(days=2)
TYPED = {
    "source": "paper",
    "received_on-day": "14",
    "received_on-month": "9",
    "received_on-year": "2020",
    "organisation": "Hill paralegals (sample)",
    "contact_name": "Amina Sample",
    "email": "",
    "language": "fr",
}


@pytest.fixture(autouse=True)
def clock(app: Any) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def entered(manager: Person, call: Call, **values: Any) -> Application:
    return enter_application(
        actor=actor_of(manager),
        call=call,
        **{
            "source": ApplicationSource.PAPER,
            "received_on": date(2020, 9, 14),
            "organisation": "Hill paralegals (sample)",
            "contact_name": "Amina Sample",
            "email": "",
            "language": "en",
            "now": NOW,
            **values,
        },
    )


def completed(application: Application) -> Application:
    application.answers = {
        **application.answers,
        **{name: ANSWERS[name] for name in ("region", "title", "plan", "amount")},
    }
    db.session.flush()
    return application


def test_paper_is_typed_in_after_the_deadline_and_says_where_it_came_from(signed_in: Client, clock: Any) -> None:
    call = make_call()
    manager = make_staff(Role.MANAGER)
    clock.move_to(LATE)
    client = signed_in(manager)
    answer = client.post(f"/manage/{call.slug}/enter", data=TYPED)
    assert answer.status_code == 302
    application = db.session.scalars(select(Application)).one()
    assert answer.headers["Location"] == f"/applications/{application.id}"
    assert (application.source, application.entered_by_id) == (ApplicationSource.PAPER, manager.id)
    assert (application.received_on, application.language) == (date(2020, 9, 14), "fr")
    assert application.answers["organisation"] == "Hill paralegals (sample)"
    assert (application.person.email, application.person.name) == ("", "Amina Sample")
    assert client.get(f"/applications/{application.id}").status_code == 200
    assert client.get(f"/applications/{application.id}/sections/1").status_code == 200
    completed(application)
    db.session.commit()
    page = client.get(f"/applications/{application.id}/check").text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert seen
    sent = client.post(f"/applications/{application.id}/check", data={"seen": seen[1]})
    assert sent.headers["Location"] == f"/manage/applications/{application.id}"
    application = db.session.scalars(select(Application).execution_options(populate_existing=True)).one()
    assert application.status is ApplicationStatus.SUBMITTED
    assert [each.submitted_by_id for each in application.submissions] == [manager.id]
    assert db.session.scalars(select(MailMessage)).all() == []  # nobody has an address: the receipt is printed
    receipt = client.get(f"/manage/applications/{application.id}/receipt").text
    assert application.submissions[-1].content_sha256 in receipt
    assert "Came on paper" in receipt
    assert "14 September 2020" in receipt
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "application:enter")).one()
    assert (entry.actor_id, entry.data) == (manager.id, {"source": "paper", "received_on": "2020-09-14"})
    assert "Came on paper" in client.get(f"/manage/{call.slug}/applications").text


def test_people_with_an_address_get_the_receipt_and_can_sign_in_to_it(signed_in: Client) -> None:
    call = make_call()
    manager = make_staff(Role.MANAGER)
    application = completed(entered(manager, call, email="Amina@example.org", source=ApplicationSource.VOICE))
    submit_application(
        actor=actor_of(manager),
        application=application,
        seen=fingerprint(application.answers),
        language="en",
        now=NOW,
    )
    db.session.commit()
    mail = db.session.scalars(select(MailMessage)).one()
    assert (mail.to_address, mail.template) == ("amina@example.org", "receipt")
    person = application.person
    assert signed_in(person).get(f"/applications/{application.id}").status_code == 200
    # Once it was sent, it is one that staff read, and whose answers tell who somebody is only when opened.
    assert signed_in(manager).get(f"/applications/{application.id}").status_code == 404
    assert signed_in(manager).get(f"/manage/applications/{application.id}").status_code == 200


def test_staff_write_no_draft_but_the_one_that_they_type_in_themselves(signed_in: Client) -> None:
    call = make_call()
    manager, colleague = make_staff(Role.MANAGER), make_staff(Role.MANAGER)
    by_hand = entered(manager, call)
    of_web = make_application(call, status=ApplicationStatus.DRAFT)
    of_import = make_application(call, status=ApplicationStatus.DRAFT, source=ApplicationSource.IMPORT)
    for application in (by_hand, of_web, of_import):
        for person in (manager, colleague):
            is_theirs = application is by_hand and person is manager
            for path in ("", "/check", "/sections/1"):
                status = signed_in(person).get(f"/applications/{application.id}{path}").status_code
                assert status == (200 if is_theirs else 404), (path, application.source)
    for grant in list(manager.role_grants):
        db.session.delete(grant)
    db.session.expire_all()
    assert signed_in(manager).get(f"/applications/{by_hand.id}").status_code == 404


def test_a_colleague_goes_on_with_what_was_begun_and_that_is_recorded(signed_in: Client) -> None:
    call = make_call()
    manager, colleague = make_staff(Role.MANAGER), make_staff(Role.MANAGER)
    foreign = make_staff(Role.MANAGER, make_call())
    by_hand = entered(manager, call)
    of_web = make_application(call, status=ApplicationStatus.DRAFT)
    db.session.commit()
    go_on = f"/manage/applications/{by_hand.id}/go-on-entering"
    drafts = f"/manage/{call.slug}/applications?status=draft"
    assert go_on not in signed_in(manager).get(drafts).text
    client = signed_in(colleague)
    page = client.get(drafts).text
    assert f'formaction="{go_on}"' in page
    assert str(of_web.id) + "/go-on-entering" not in page
    assert client.get(f"/applications/{by_hand.id}/sections/1").status_code == 404, "looking takes nothing over"
    for nobody in (foreign, make_staff(Role.AUDITOR)):
        assert signed_in(nobody).post(go_on).status_code in (403, 404)
    assert client.post(f"/manage/applications/{of_web.id}/go-on-entering").status_code == 404
    assert client.post(go_on).location == f"/applications/{by_hand.id}"
    assert client.get(f"/applications/{by_hand.id}/sections/1").status_code == 200
    assert signed_in(manager).get(f"/applications/{by_hand.id}/sections/1").status_code == 404
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "application:go_on_entering")).one()
    assert (entry.actor_id, entry.data) == (colleague.id, {"source": "paper"})


def test_who_types_in_for_others_neither_sees_nor_changes_who_belongs_to_them(signed_in: Client) -> None:
    call = make_call()
    manager, person = make_staff(Role.MANAGER), make_person(email="amina@example.org")
    before = make_application(make_call(), person=person)
    colleague = make_person(email="colleague-canary@example.org")
    make_member(colleague, before.organisation, MembershipRole.COLLABORATOR)
    assert before.organisation is not None
    application = entered(manager, call, email="amina@example.org", organisation=before.organisation.name)
    assert application.organisation_id == before.organisation_id
    client = signed_in(manager)
    assert client.get(f"/applications/{application.id}/people").status_code == 404
    invited = {"email": "evil@example.org", "role": "applicant"}
    assert client.post(f"/applications/{application.id}/people/invite", data=invited).status_code == 404
    assert client.get(f"/applications/{before.id}").status_code == 404
    assert "colleague-canary" not in client.get(f"/applications/{application.id}").text


def test_in_a_protected_call_it_is_protected_from_the_start(app: Any) -> None:
    application = entered(make_staff(Role.MANAGER), make_call(is_protected=True))
    assert application.is_protected
    assert application.organisation_name == ""
    assert "Hill" not in str(application.answers)


@pytest.mark.parametrize(
    ("wrong", "target"),
    [
        ({"source": "web"}, "source-0"),
        ({"received_on-day": "15"}, "received_on-day"),
        ({"received_on-month": "13"}, "received_on-day"),
        ({"organisation": " "}, "organisation"),
        ({"contact_name": ""}, "contact_name"),
        ({"email": "no address"}, "email"),
        ({"language": "de"}, "language"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    signed_in: Client, wrong: dict[str, str], target: str
) -> None:
    call = make_call()
    answer = signed_in(make_staff(Role.MANAGER)).post(f"/manage/{call.slug}/enter", data={**TYPED, **wrong})
    assert answer.status_code == 422
    assert f'href="#{target}"' in answer.text
    assert f'id="{target}"' in answer.text
    assert db.session.scalars(select(Application)).all() == []
    for name, value in {**TYPED, **wrong}.items():
        if name in ("contact_name", "email", "received_on-day") and value:
            assert f'value="{value}"' in answer.text


def test_nothing_is_entered_in_a_decided_call_or_without_permission(app: Any) -> None:
    call = make_call()
    for role in (Role.AUDITOR, Role.RATIFIER):
        with pytest.raises(NotAllowed):
            entered(make_staff(role), call)
    manager = make_staff(Role.MANAGER)
    with pytest.raises(RuleViolations):
        entered(manager, call, source=ApplicationSource.WEB)
    application = completed(entered(manager, call))
    call.status, call.decided_at = CallStatus.DECIDED, NOW
    db.session.flush()
    with pytest.raises(Conflict):
        entered(manager, call)
    with pytest.raises(Conflict):
        submit_application(
            actor=actor_of(manager),
            application=application,
            seen=fingerprint(application.answers),
            language="en",
            now=NOW,
        )
