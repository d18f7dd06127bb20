"""People sign the letter of their award on paper; somebody looks at the copy, and confirms it or sends it back."""

import io
from collections.abc import Callable
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from fundapp.accounts.models import MembershipRole, Person
from fundapp.accounts.permissions import Role
from fundapp.applications.files.tasks import file_job
from fundapp.applications.models import Attachment, FileStatus
from fundapp.applications.services.attaching import FILE_KIND
from fundapp.core import clock as clocks
from fundapp.core import sealed_files
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, RuleViolations
from fundapp.core.outbox import OutboxItem, run
from fundapp.core.web import FundApp
from fundapp.disbursement.models import CopyStanding, Letter, SignedCopy
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.services import signed_copies as services
from fundapp.retention.models import ErasureCause
from fundapp.retention.services import erase_application

from ..conftest import NOW, SignedIn, actor_of
from ..factories import make_member, make_person, make_protected, make_staff
from ..sample_files import PDF
from ..sample_metadata import holds_the_mark, make_picture
from .test_files import Scanner
from .test_offers import DAY, Round, actions, letter_for, mails
from .test_selection_races import all_at_once


@pytest.fixture(autouse=True)
def after_the_release(clock: Any) -> None:
    clock.move_to(NOW + DAY)


class Signed(Round):
    """A released call whose awards may be accepted on paper, with one award and its letter."""

    def __init__(self, app: FundApp, **terms: Any) -> None:
        super().__init__(**({"signed_copy": True} | terms))
        self.app = app
        self.page = letter_for(app, self.award)
        self.letter = db.session.scalars(select(Letter).where(Letter.decision_id == self.award.decision_id)).one()

    def send(self, data: bytes = PDF, person: Person | None = None, **values: Any) -> SignedCopy:
        given: dict[str, Any] = {"name": "Ada Sample", "role": "Treasurer", "filename": "signed.pdf"} | values
        return services.send_signed_copy(
            actor=actor_of(person or self.person), award=self.award, letter=self.letter, data=data,
            storage=self.app.extensions["storage"], now=clocks.now(), **given,
        )  # fmt: skip

    def look(self, scanner: Scanner | None = None) -> None:
        """Do the work on files that waits."""
        db.session.commit()
        kinds = {FILE_KIND: file_job(self.app.extensions["storage"], lambda: cast(Any, scanner))}
        waiting = select(OutboxItem.id).where(OutboxItem.kind == FILE_KIND, OutboxItem.done_at.is_(None))
        for item in db.session.scalars(waiting).all():
            assert run(item, kinds)
        db.session.expire_all()

    def confirm(self, number: int = 1, person: Person | None = None) -> None:
        services.confirm_signed_copy(
            actor=actor_of(person or self.manager), award=self.award, number=number, now=clocks.now()
        )

    def send_back(self, number: int = 1, reason: str = "The second page is missing.") -> None:
        services.send_back_signed_copy(
            actor=actor_of(self.manager), award=self.award, number=number, reason=reason, now=clocks.now()
        )

    @property
    def standing(self) -> list[CopyStanding]:
        found = select(SignedCopy.standing).where(SignedCopy.application_id == self.letter.application_id)
        return list(db.session.scalars(found.order_by(SignedCopy.number)))


def posted(client: FlaskClient, page: str, data: bytes, **values: Any) -> TestResponse:
    fields = {"name": "Ada Sample", "role": "Treasurer", "copy": (io.BytesIO(data), "signed.jpg")} | values
    return client.post(f"{page}/signed", data=fields, content_type="multipart/form-data")


def test_a_signed_copy_is_looked_at_and_then_the_award_is_accepted(app: FundApp) -> None:
    made = Signed(app)
    copy = made.send()
    assert (made.offer.status, copy.number) == (OfferStatus.SIGNED, 1)
    assert made.counts() == {"opened": 1, "signed": 1}
    with pytest.raises(Conflict):
        made.confirm()  # nobody has looked into the file yet
    made.look()
    made.confirm()
    made.confirm()
    db.session.commit()
    offer = made.offer
    assert (offer.status, offer.name, offer.role) == (OfferStatus.ACCEPTED, "Ada Sample", "Treasurer")
    assert (offer.text_sha256, offer.settled_by_id) == (made.letter.sha256, made.person.id)
    assert not offer.with_second_factor
    assert copy.looked_by_id == made.manager.id
    assert mails() == 1
    assert actions() == ["offer:sign", "offer:confirm"]
    with pytest.raises(InvalidTransition):
        made.send(PDF + b"2")


def test_what_is_sent_back_can_be_sent_again_and_every_version_stays(app: FundApp) -> None:
    made = Signed(app)
    assert made.send().id == made.send().id  # the same twice is one
    made.look()
    with pytest.raises(RuleViolations):
        made.send_back(reason=" ")
    made.send_back()
    assert made.offer.status is OfferStatus.OFFERED
    made.send(PDF + b"2")
    made.send(PDF + b"3")  # before anybody looked
    with pytest.raises(Conflict):
        made.send_back(2)
    made.look()
    made.confirm(3)
    assert made.standing == [CopyStanding.SENT_BACK, CopyStanding.REPLACED, CopyStanding.CONFIRMED]
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 3
    assert mails() == 2


def test_its_people_can_answer_on_the_page_while_a_copy_waits(app: FundApp) -> None:
    for step in (lambda made: made.accept(), lambda made: made.refuse()):
        made = Signed(app)
        made.send()
        step(made)
        made.look()
        assert made.standing == [CopyStanding.REPLACED]
        with pytest.raises(Conflict):
            made.confirm()
    made = Signed(app)
    made.send()
    with pytest.raises(InvalidTransition):
        made.extend(3)
    with pytest.raises(InvalidTransition):
        made.withdraw(NOW + 40 * DAY)


def test_where_the_call_does_not_allow_it_or_names_are_hidden_nothing_is_taken(app: FundApp) -> None:
    with pytest.raises(Conflict):
        Signed(app, signed_copy=False).send()
    hidden = Signed(app)
    make_protected(hidden.award.decision.entry.application)
    with pytest.raises(Conflict):
        hidden.send()
    other, made = Signed(app), Signed(app)
    made.letter = other.letter
    with pytest.raises(NotAllowed):
        made.send()


def test_only_those_who_hold_the_application_send_and_only_others_of_the_staff_confirm(app: FundApp) -> None:
    made = Signed(app)
    friend = make_person()
    make_member(friend, made.award.decision.entry.application.organisation, MembershipRole.COLLABORATOR)
    for person in (friend, make_person(), made.manager):
        with pytest.raises(NotAllowed):
            made.send(person=person)
    make_member(made.manager, made.award.decision.entry.application.organisation, MembershipRole.APPLICANT)
    made.send(person=made.manager)
    made.look()
    with pytest.raises(NotAllowed):
        made.confirm()  # nobody confirms what they sent
    for role in (Role.RATIFIER, Role.AUDITOR, Role.FINANCE):
        with pytest.raises(NotAllowed):
            made.confirm(person=make_staff(role, made.call))
    made.confirm(person=make_staff(Role.MANAGER, made.call))


@pytest.mark.parametrize(
    "data", [b"", b"MZ this is a program", b"<html><script>alert(1)</script></html>", b"%PDF-1.4 cut"]
)
def test_what_is_no_pdf_and_no_picture_is_refused_beside_the_field(app: FundApp, data: bytes) -> None:
    made = Signed(app)
    with pytest.raises(RuleViolations) as refused:
        made.send(data, filename="signed.pdf")
    assert [problem.field for problem in refused.value.problems] == ["copy"]
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 0


def test_a_virus_keeps_everybody_from_the_file(app: FundApp, signed_in: SignedIn) -> None:
    made = Signed(app)
    made.send()
    made.look(Scanner(True))
    with pytest.raises(Conflict):
        made.confirm()
    db.session.rollback()
    address = f"/manage/{made.call.slug}/awards/{made.award.id}"
    assert signed_in(made.manager).get(f"{address}/signed/1").status_code == 404
    assert "A virus was found in this file" in signed_in(made.manager).get(address).text
    assert signed_in(made.person).get(f"{made.page}/signed/1").status_code == 409
    assert "A virus was found in this file" in signed_in(made.person).get(made.page).text


def test_on_pages_a_photo_goes_the_whole_way_without_what_it_told(app: FundApp, signed_in: SignedIn) -> None:
    made = Signed(app)
    db.session.commit()
    client, staff = signed_in(made.person), signed_in(made.manager)
    address = f"/manage/{made.call.slug}/awards/{made.award.id}"
    assert "Or sign it on paper" in client.get(made.page).text
    assert posted(client, made.page, b"").status_code == 422
    assert posted(client, made.page, make_picture("JPEG"), name="").status_code == 422
    assert posted(client, made.page, make_picture("JPEG")).status_code == 302
    assert "To be looked at" in client.get(made.page).text
    assert "1 signed copy to look at" in staff.get(f"/manage/{made.call.slug}").text
    assert "still being looked into" in staff.get(address).text
    assert staff.post(f"{address}/signed/1/confirm").status_code == 409
    made.look()
    own, seen = client.get(f"{made.page}/signed/1"), staff.get(f"{address}/signed/1")
    assert holds_the_mark(own.data)
    assert seen.status_code == 200
    assert not holds_the_mark(seen.data)
    assert "signed-copy.jpg" in seen.headers["Content-Disposition"]
    assert staff.post(f"{address}/signed/1/back", data={"reason": ""}).status_code == 422
    assert staff.post(f"{address}/signed/1/back", data={"reason": "Too dark."}).status_code == 302
    assert "Too dark." in client.get(made.page).text
    assert posted(client, made.page, PDF).status_code == 302
    made.look()
    assert staff.post(f"{address}/signed/2/confirm").status_code == 302
    assert "You accepted it" in client.get(made.page).text
    assert staff.get(f"{address}/signed/3").status_code == 404
    assert signed_in(make_person()).get(f"{made.page}/signed/1").status_code == 404


def test_copies_are_stored_sealed_and_erased_with_the_application(app: FundApp) -> None:
    made = Signed(app)
    storage = app.extensions["storage"]
    copy = made.send(PDF + b"Ada Canary")
    made.look()
    made.send_back(reason="Canary reason.")
    db.session.commit()
    file = db.session.get_one(Attachment, copy.attachment_id)
    assert file.status is FileStatus.READY
    assert b"Canary" in sealed_files.read(storage, file.file)
    with storage.open(file.stored_as) as stored:
        assert b"Canary" not in stored.read()
    application = made.award.decision.entry.application
    erase_application(
        actor=actor_of(made.manager), application=application, cause=ErasureCause.REQUEST, now=clocks.now()
    )
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 0
    assert made.standing == [CopyStanding.SENT_BACK]
    assert (copy.name_sealed, copy.role_sealed, copy.reason_sealed) == (None, None, None)


def test_of_a_new_copy_and_a_confirmation_at_the_same_moment_the_first_counts(app: FundApp) -> None:
    made = Signed(app)
    made.send()
    made.look()
    award_id, letter_id, person_id, manager_id = made.award.id, made.letter.id, made.person.id, made.manager.id
    db.session.remove()
    storage = app.extensions["storage"]

    def acting(person_id: Any, step: Callable[..., Any], **values: Any) -> Callable[[], object]:
        def task() -> object:
            award = db.session.get_one(type(made.award), award_id)
            actor = actor_of(db.session.get_one(Person, person_id))
            return step(actor=actor, award=award, now=NOW + DAY, **values)

        return task

    def another() -> object:
        return acting(
            person_id, services.send_signed_copy, letter=db.session.get_one(Letter, letter_id), name="Ada", role="x",
            filename="b.pdf", data=PDF + b"2", storage=storage,
        )()  # fmt: skip

    done = all_at_once(app, [acting(manager_id, services.confirm_signed_copy, number=1), another])
    assert sorted(done) in (["Conflict", "done"], ["InvalidTransition", "done"])
