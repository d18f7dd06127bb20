"""Certificates beside award letters, letters to nominees, and thanks to reviewers."""

import io
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pypdf
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import ApplicationStatus, Call, ConflictSource
from fundapp.applications.services.nominating import nominate
from fundapp.core import sealed_files
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import OutboxItem
from fundapp.disbursement.letter_language import TemplateKind
from fundapp.disbursement.models import Award, AwardOffer, Letter, LetterKind, LetterStatus
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.services.releasing import make_certificates, release_decisions
from fundapp.disbursement.services.templates import open_letter, remake_letters, save_template
from fundapp.review.models import Outcome, SlateStatus

from ..conftest import NOW, actor_of
from ..factories import (
    make_application,
    make_call,
    make_decision,
    make_person,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)
from .test_letters import LATER

OWN = "With joy to\n\n{{ organisation }}\n\nof {{ call }}."


@pytest.fixture
def manager(app):
    return make_staff(Role.MANAGER)


@pytest.fixture
def released(app, manager, clock, run_jobs):
    """A call with three awards, one of them protected, a decline and a notice, all released, its letters made."""
    clock.move_to(LATER)
    call = make_call(languages=["en", "fr"])
    slate = make_slate(call, SlateStatus.RATIFIED)
    make_decision(slate, make_application(call, organisation_name="Mwanga (sample)").entries[0])
    make_decision(slate, make_application(call, organisation_name="Lumière (sample)", language="fr").entries[0])
    make_decision(slate, make_application(call, is_protected=True, pseudonym="quiet river").entries[0])
    make_decision(slate, make_application(call).entries[0], outcome=Outcome.DECLINE)
    make_application(call, status=ApplicationStatus.INELIGIBLE)
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    db.session.commit()
    run_jobs()
    return call


@pytest.fixture
def certify(run_jobs) -> Callable[[Person, Call], int]:
    """Let somebody have the certificates of a call made, and make them."""

    def done(manager: Person, call: Call) -> int:
        number = make_certificates(actor=actor_of(manager), call=call, now=LATER)
        db.session.commit()
        run_jobs()
        return number

    return done


def certificates() -> list[Letter]:
    chosen = select(Letter).where(Letter.kind == LetterKind.CERTIFICATE).order_by(Letter.reference)
    return list(db.session.scalars(chosen))


def pages_of(data: bytes) -> list[str]:
    return [" ".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(io.BytesIO(data)).pages]


def pages_of_letter(app: Any, letter: Letter) -> list[str]:
    assert letter.file is not None, letter.failure
    return pages_of(sealed_files.read(app.extensions["storage"], letter.file))


def test_each_award_gets_one_certificate_in_its_language(app, manager, released, certify) -> None:
    mails = db.session.scalar(select(func.count()).select_from(MailMessage))
    assert certify(manager, released) == 2  # none for who is protected, declined or ineligible
    assert certify(manager, released) == 0
    made = certificates()
    assert {each.status for each in made} == {LetterStatus.MADE}
    assert [each.language for each in made] == ["en", "fr"]
    assert all(each.reference == f"CERT-{award_of(each).reference}" for each in made)
    (page,) = pages_of_letter(app, made[0])
    assert "Mwanga (sample)" in page
    assert made[0].content is not None
    assert "amount" not in made[0].content
    told = db.session.scalars(select(MailMessage).order_by(MailMessage.created_at)).all()[mails:]
    assert [each.template for each in told] == ["news", "news"]


def award_of(letter: Letter) -> Award:
    return db.session.scalars(select(Award).where(Award.decision_id == letter.decision_id)).one()


def test_the_database_takes_one_letter_and_one_certificate_of_a_decision(app, manager, released, certify) -> None:
    certify(manager, released)
    for kind in (LetterKind.CERTIFICATE, LetterKind.RESERVE):
        first = certificates()[0]
        db.session.add(
            Letter(
                call_id=first.call_id, kind=kind, decision_id=first.decision_id, application_id=first.application_id,
                person_id=first.person_id, reference=uuid4().hex, language="en", queued_at=NOW,
            )
        )  # fmt: skip
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()


def test_no_certificate_where_the_award_was_refused_or_taken_back(app, manager, released, certify) -> None:
    award = db.session.scalars(select(Award).order_by(Award.reference)).first()
    assert award is not None
    db.session.add(
        AwardOffer(
            award_id=award.id, application_id=award.decision.entry.application_id, status=OfferStatus.REFUSED,
            settled_at=LATER, settled_by_id=manager.id,
        )
    )  # fmt: skip
    db.session.commit()
    assert certify(manager, released) == 1


def test_whoever_is_in_conflict_certifies_nothing_of_it_and_reads_no_number_of_it(
    app, manager, released, certify, signed_in
) -> None:
    application = db.session.scalars(select(Award).order_by(Award.reference)).all()[0].decision.entry.application
    record_conflict(
        actor=actor_of(make_staff(Role.MANAGER)), application=application, person_id=manager.id,
        source=ConflictSource.SET_BY_MANAGER, reason="", now=LATER,
    )  # fmt: skip
    db.session.commit()
    page = signed_in(manager).get(f"/manage/{released.slug}/letters").get_data(as_text=True)
    assert "1 award has no certificate." in page
    assert certify(manager, released) == 1
    assert [each.application_id == application.id for each in certificates()] == [False]


def test_only_those_who_look_after_letters_make_certificates(app, released) -> None:
    for role in (Role.AUDITOR, Role.FINANCE, Role.RATIFIER):
        with pytest.raises(NotAllowed):
            make_certificates(actor=actor_of(make_staff(role)), call=released, now=LATER)


def test_own_words_reach_certificates_that_nobody_opened_and_what_they_were_is_kept(
    app, manager, released, certify, run_jobs
) -> None:
    certify(manager, released)
    opened = certificates()[0]
    open_letter(actor=actor_of(opened.person), letter=opened, now=LATER)
    for language in ("en", "fr"):
        save_template(
            actor=actor_of(manager), call=released, kind=TemplateKind.CERTIFICATE, language=language,
            subject="A certificate of joy", body=OWN, after=0, now=LATER,
        )  # fmt: skip
    db.session.commit()
    before = [each.sha256 for each in certificates()]
    assert remake_letters(actor=actor_of(manager), call=released, now=LATER) == 1
    db.session.commit()
    run_jobs()
    stays, made_anew = certificates()
    assert stays.sha256 == before[0]
    assert [each.sha256 for each in made_anew.superseded] == before[1:]
    (page,) = pages_of_letter(app, made_anew)
    assert "A certificate of joy" in page
    assert "Lumière (sample)" in page


def test_a_certificate_that_does_not_fit_on_its_page_fails_alone_with_the_reason(
    app, manager, released, certify
) -> None:
    save_template(
        actor=actor_of(manager), call=released, kind=TemplateKind.CERTIFICATE, language="fr",
        subject="Trop", body="\n\n".join(["{{ organisation }}"] * 30), after=0, now=LATER,
    )  # fmt: skip
    db.session.commit()
    certify(manager, released)
    fine, too_long = certificates()
    assert fine.status is LetterStatus.MADE
    assert too_long.failure == "does not fit on pages: 1"


def asked_on(page: str) -> set[str]:
    """Return what a letter's page leads on to, besides its file."""
    return set(re.findall(r'(?:href|action)="/letters/[0-9a-f-]+/([^"]+)"', page)) - {"pdf"}


def test_a_certificate_is_read_on_the_portal_and_asks_nothing(app, manager, released, certify, signed_in) -> None:
    certify(manager, released)
    letter = certificates()[0]
    client = signed_in(letter.person)
    assert letter.reference in client.get("/letters").get_data(as_text=True)
    page = client.get(f"/letters/{letter.id}").get_data(as_text=True)
    assert "Mwanga (sample)" in page
    of_award = db.session.scalars(
        select(Letter).where(Letter.decision_id == letter.decision_id, Letter.id != letter.id)
    )
    assert asked_on(client.get(f"/letters/{of_award.one().id}").get_data(as_text=True))
    assert asked_on(page) == set()
    assert client.get(f"/letters/{letter.id}/pdf").data.startswith(b"%PDF")
    assert signed_in(make_person()).get(f"/letters/{letter.id}").status_code == 404
    assert certificates()[0].was_opened


def test_managers_make_certificates_with_a_button(app, manager, released, signed_in) -> None:
    client = signed_in(manager)
    assert "2 awards have no certificate." in client.get(f"/manage/{released.slug}/letters").get_data(as_text=True)
    client.post(f"/manage/{released.slug}/certificates")
    assert len(certificates()) == 2
    assert "no certificate." not in client.get(f"/manage/{released.slug}/letters").get_data(as_text=True)


@pytest.mark.parametrize("may_be_named", [False, True])
def test_a_nominee_gets_a_letter_that_names_the_nominator_only_who_agreed(
    app, manager, signed_in, may_be_named: bool
) -> None:
    call = make_call(languages=["en", "fr"], nominations_open_at=NOW, nominations_close_at=LATER)
    nomination = nominate(
        call=call, name="Mwanga (sample)", contact="mwanga@example.org", why="Brave.", nominator_name="Asha Sample",
        nominator_contact="asha@example.org", may_be_named=may_be_named, now=NOW,
    )  # fmt: skip
    db.session.commit()
    path = f"/manage/{call.slug}/nominations/{nomination.nominee_id}/letter"
    client = signed_in(manager)
    assert f"{path}/fr" in client.get(f"/manage/{call.slug}/nominations").get_data(as_text=True)
    first = client.get(f"{path}/en").data
    text = " ".join(pages_of(first))
    assert "Mwanga (sample)" in text
    assert f"/calls/{call.slug}" in text
    assert ("Asha Sample" in text) is may_be_named
    assert "Brave" not in text
    assert client.get(f"{path}/en").data == first
    assert client.get(f"{path}/de").status_code == 404
    other = make_call()
    db.session.commit()
    assert client.get(path.replace(call.slug, other.slug) + "/en").status_code == 404


def test_reviewers_keep_a_letter_of_thanks_once_decisions_are_released(app, manager, clock, signed_in) -> None:
    clock.move_to(LATER)
    call = make_call()
    slate = make_slate(call, SlateStatus.RATIFIED)
    reader = make_reviewer(call, person=make_person("Bao Sample"))
    idle = make_reviewer(call)
    for number in range(3):
        entry = make_application(call, organisation_name=f"Hidden {number}").entries[0]
        make_review(entry, reader, [3, 4])
        make_decision(slate, entry)
    db.session.commit()
    path = f"/reviews/calls/{call.slug}/thanks"
    client = signed_in(reader.person)
    assert client.get(path).status_code == 404
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    db.session.commit()
    assert path in client.get("/home").get_data(as_text=True)
    first = client.get(path).data
    text = " ".join(pages_of(first))
    assert "Bao Sample" in text
    assert "Reviews that you handed in: 3." in text
    assert "Hidden" not in text
    assert client.get(path).data == first
    assert signed_in(idle.person).get(path).status_code == 404
    assert signed_in(manager).get(path).status_code == 403


@pytest.mark.parametrize("kind", [TemplateKind.CERTIFICATE, TemplateKind.NOMINATION, TemplateKind.PANEL])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_kind_is_worded_looked_at_and_has_its_placeholders_listed(
    app, manager, signed_in, kind: TemplateKind, language: str
) -> None:
    call = make_call(languages=["en", "fr"])
    db.session.commit()
    path = f"/manage/{call.slug}/letter-templates/{kind.value}/{language}"
    client = signed_in(manager)
    page = client.get(path).get_data(as_text=True)
    needed = {"certificate": "organisation", "nomination": "address", "panel": "name"}[kind.value]
    assert f"{{{{ {needed} }}}}" in page
    assert client.get(f"{path}/pdf").data.startswith(b"%PDF")
    refused = client.post(path, data={"subject": "A word", "body": "Nothing. {{ amount }}", "after": "0"})
    assert refused.status_code == 422
    assert "has no value in a letter of this kind" in refused.get_data(as_text=True)
    words = {"subject": "A word", "body": f"Dear {{{{ {needed} }}}}, welcome.", "after": "0"}
    assert client.post(path, data=words).status_code == 302


def test_nothing_waits_for_work_that_is_done(app, manager, released, certify) -> None:
    certify(manager, released)
    assert {
        each.state.value for each in db.session.scalars(select(OutboxItem).where(OutboxItem.kind == "letter:make"))
    } == {"done"}
