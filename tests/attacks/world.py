"""One round with everything in it, made twice: what somebody may reach, and what they must not.

Every text of a round carries its mark, so that a page which shows anything of the other round is caught.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import product
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from PIL import Image
from sqlalchemy import select
from werkzeug.routing import Rule

from fundapp.accounts.models import (
    MembershipRole,
    OrganisationInvitation,
    Passkey,
    Person,
    RoleGrant,
    SignInSession,
    Tie,
    TieKind,
)
from fundapp.accounts.permissions import EVERYWHERE, ROLE_PERMISSIONS, Role, system_actor
from fundapp.accounts.secrets import token_hash
from fundapp.accounts.services.sessions import open_session
from fundapp.accounts.services.ties import declare_tie
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Attachment,
    Call,
    CallInvitation,
    Clarification,
    Enquiry,
    EnquiryCause,
    Entry,
    ImportFailure,
    ImportPart,
    Nomination,
    Nominee,
    TableImport,
    Upload,
)
from fundapp.core import clock, sealed_files
from fundapp.core.db import Base, db
from fundapp.core.sealing import record_of
from fundapp.core.storage import Storage
from fundapp.disbursement.letter_language import TemplateKind
from fundapp.disbursement.letters import to_content, words_of
from fundapp.disbursement.models import (
    Award,
    AwardOffer,
    AwardQuestion,
    CopyStanding,
    ExportJob,
    Fund,
    FunderPerson,
    Instalment,
    Letter,
    Letterhead,
    LetterKind,
    LetterStatus,
    LetterTemplate,
    PayeeCall,
    PayeeDetails,
    PayeeFreeze,
    Payment,
    PaymentFile,
    Report,
    ReportForm,
    ReportingTerms,
    ReportSending,
    SignedCopy,
    SupersededLetter,
)
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.payee_rules import CallOutcome, Known
from fundapp.disbursement.queries.open_calls import public_id
from fundapp.disbursement.queries.reports import newest_form, reports_of
from fundapp.disbursement.report_form import house_form
from fundapp.disbursement.report_rules import ReportStatus, ReportWay
from fundapp.disbursement.sealed_payees import seal_details
from fundapp.retention.models import ErasureRequest, LegalHold
from fundapp.review.list_rules import MarkKind
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    DiscussionPost,
    ReviewerProfile,
    ReviewerStatus,
    SelectionTerms,
    SlateStatus,
    TrialList,
    TrialMark,
)
from fundapp.review.terms_rules import Ranking

from ..factories import (
    NOW,
    make_application,
    make_assignment,
    make_attachment,
    make_call,
    make_decision,
    make_member,
    make_organisation,
    make_person,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)
from ..frozen_tallies import freeze_as_sent
from ..funding import give, make_fund
from ..sample_files import PDF
from ..sanctions import keep_list, make_finding
from .prize_world import make_vote

ROLES = tuple(
    role for role in Role if role is Role.APPLICANT or ROLE_PERMISSIONS[role] - ROLE_PERMISSIONS[Role.APPLICANT]
)
"""Roles that open more than what is open to everybody who is signed in, and the applicant for that."""
IMPARTIAL: dict[str, Any] = {"is_impartial": True, "applicants_review": True}
"""What makes a call one whose applicants review each other in two pools."""


@dataclass(frozen=True)
class Round:
    """A call with its people and one object of each kind."""

    mark: str
    call: Call
    people: dict[Role, Person]
    draft: Application
    sent: Application
    papers: list[Attachment]
    uploads: list[Upload]
    assignments: list[Assignment]
    letters: list[Letter]
    grants: list[RoleGrant]
    factors: list[Passkey]
    sessions: list[SignInSession]
    holds: list[LegalHold]
    requests: list[ErasureRequest]
    invitations: list[OrganisationInvitation]
    enquiries: list[Enquiry]
    imports: list[TableImport]
    exports: list[ExportJob]
    ties: list[Tie]
    lists: list[TrialList]
    funds: list[Fund]
    awards: list[Award]

    def objects(self) -> dict[str, list[Any]]:
        """Return what can stand in an address, by the name of the argument."""
        return {
            "slug": [self.call.slug],
            "application_id": [self.draft.id, self.sent.id],
            "attachment_id": [paper.id for paper in self.papers],
            "upload_id": [upload.id for upload in self.uploads],
            "assignment_id": [assignment.id for assignment in self.assignments],
            "entry_id": [entry.id for entry in self.sent.entries],
            "letter_id": [letter.id for letter in self.letters],
            "superseded_id": [each.id for letter in self.letters for each in letter.superseded],
            "reviewer_id": [assignment.reviewer_id for assignment in self.assignments],
            "person_id": [grant.person_id for grant in self.grants],
            "grant_id": [grant.id for grant in self.grants],
            "factor_id": [factor.id for factor in self.factors],
            "session_id": [session.id for session in self.sessions],
            "hold_id": [hold.id for hold in self.holds],
            "request_id": [request.id for request in self.requests],
            "invitation_id": [invitation.id for invitation in self.invitations],
            "enquiry_id": [enquiry.id for enquiry in self.enquiries],
            "nominee_id": nominees_of(self.call),
            "import_id": [each.id for each in self.imports],
            "export_id": [each.id for each in self.exports],
            "tie_id": [tie.id for tie in self.ties],
            "list_id": [trial.id for trial in self.lists],
            "fund_id": [fund.id for fund in self.funds],
            "funder_id": [fund.funder_id for fund in self.funds],
            "award_id": [award.id for award in self.awards],
            "file_id": files_paying(self.awards),
            "report_id": [report.id for award in self.awards for report in reports_of(award)],
            "opportunity_id": [public_id(self.call)],
        }


PLAIN_ARGUMENTS: dict[str, list[Any]] = {
    "number": [1, 2],
    "part": ["about", "criteria"],
    "listed": ["categories", "criteria"],
    "stage": ["review"],
    "format": ["csv", "xlsx"],
    "language": ["en"],
    "kind": ["award"],
    "filename": ["app.css"],
    "token": ["no-such-token"],
}
"""Arguments that name no object of anybody."""


def make_round(
    storage: Storage, mark: str, *, text: str = "", closed: bool = False, decided: bool = False, **call: Any
) -> Round:
    """Make a round. `text` goes into every field that people write; `closed` calls can be decided."""
    text = text or f"{mark} (sample)"
    if closed:
        call["closes_at"] = NOW - timedelta(days=1)
    call = {
        "nominations_open_at": NOW - timedelta(days=1), "nominations_close_at": NOW + timedelta(days=1)
    } | call  # fmt: skip
    made = make_call(titles={"en": text}, purposes={"en": text}, reviews_per_entry=1, **call)
    reviewer = make_reviewer(made, person=make_person(f"Reviewer {text}"))
    applicant = make_person(f"Applicant {text}")
    people = {
        Role.APPLICANT: applicant,
        Role.REVIEWER: reviewer.person,
        Role.COLLABORATOR: make_person(f"Friend {text}"),
    }
    for role in Role:
        if role not in people:
            name = f"{role.value.title()} {text}"
            people[role] = make_staff(role, None if role in EVERYWHERE else made, name=name)
    answers = {"title": text, "plan": text, "organisation": text}
    draft = make_application(made, person=applicant, status=ApplicationStatus.DRAFT, answers=answers)
    organisation = make_organisation(f"{text} organisation")
    sent = make_application(made, person=applicant, organisation=organisation, answers=answers)
    for application in (draft, sent):
        make_member(people[Role.COLLABORATOR], application.organisation, MembershipRole.COLLABORATOR)
    papers = [make_paper(storage, each, text) for each in (draft, sent)]
    (entry,) = sent.entries
    if decided:
        make_review(entry, reviewer, [4, 3], comment=text)
        assignments = list(db.session.scalars(select(Assignment).where(Assignment.entry_id == entry.id)))
    else:
        assignments = [make_assignment(entry, reviewer, AssignmentStatus.READING)]
    keep_list(people[Role.FINANCE])
    letters = [make_letter(storage, made, entry, applicant, text)] if decided else []
    awards = list(db.session.scalars(select(Award).where(Award.call_id == made.id)))
    if decided:
        let_chairs_vote(made, people[Role.MANAGER])
    shown = [people[role].id for role in (Role.MANAGER, Role.RATIFIER)]
    grants = list(db.session.scalars(select(RoleGrant).where(RoleGrant.person_id.in_(shown)).order_by(RoleGrant.role)))
    factors, sessions = [make_passkey(applicant, text)], [make_session(applicant)]
    asked = Clarification(
        application_id=sent.id, number=1, for_reviewers=False, asked_by_id=None, asked_at=NOW, question=text
    )
    db.session.add(asked)
    holds = [LegalHold(application_id=sent.id, reason=text, set_at=NOW)]
    requests = [ErasureRequest(application_id=sent.id, asked_by_id=applicant.id, asked_at=NOW)]
    invitations = [make_invitation(applicant, text)]
    enquiries = [make_enquiry(made, text)]
    imports = [make_import(made, people[Role.MANAGER], text)]
    said = ReviewerProfile(
        person_id=reviewer.person_id, languages=["en"], regions=[text], themes=[text], has_reviewed_before=True,
        updated_at=NOW,
    )  # fmt: skip
    declined = make_reviewer(made, status=ReviewerStatus.DECLINED, answer_reason=text)
    ties = [
        declare_tie(actor=system_actor(), person=applicant, kind=TieKind.BOARD, organisation=f"{mark} tie", now=NOW)
    ]
    said_of_it = DiscussionPost(
        entry_id=entry.id, stage_id=entry.stage_id, author_id=people[Role.CHAIR].id, text=text, posted_at=NOW
    )
    db.session.add(said_of_it)
    db.session.add_all([*holds, *requests, *invitations, *enquiries, *imports, said, declined])
    funds = [make_fund_of(made, awards, text)]
    make_funder_person(funds[0], people)
    make_vote(made, entry, people[Role.MANAGER], text)
    make_templates(storage, made, people[Role.MANAGER], text)
    db.session.flush()
    return Round(
        mark,
        made,
        people,
        draft,
        sent,
        papers,
        [make_upload(draft, applicant, text)],
        assignments,
        letters,
        grants,
        factors,
        sessions,
        holds,
        requests,
        invitations,
        enquiries,
        imports,
        [make_export(made, people[Role.MANAGER])],
        ties,
        [make_trial_list(entry, people[Role.MANAGER], text)],
        funds,
        awards,
    )


def let_chairs_vote(call: Call, manager: Person) -> None:
    """Let a manager say that the chairs of a call vote on its list."""
    db.session.add(
        SelectionTerms(call_id=call.id, ranking=Ranking.MEAN, chairs_vote=True, set_by_id=manager.id, set_at=NOW)
    )


def make_trial_list(entry: Entry, manager: Person, text: str) -> TrialList:
    """Let a manager try a list with an entry in it."""
    trial = TrialList(call_id=entry.call_id, name=text, made_by_id=manager.id, made_at=NOW)
    db.session.add(trial)
    db.session.flush()
    db.session.add(
        TrialMark(
            list_id=trial.id, entry_id=entry.id, kind=MarkKind.PUT_IN, reason=text, made_by_id=manager.id, made_at=NOW
        )
    )
    db.session.flush()
    return trial


def make_fund_of(call: Call, awards: list[Award], text: str) -> Fund:
    """Put a fund behind a call, and let it give something to its awards."""
    funder = {"name": text, "reference": text}
    fund = make_fund(call, 50_000_000, funder=funder, name=text, is_restricted=True, restriction=text)
    for award in awards:
        give(fund, award, 100, reason=text)
    return fund


def nominees_of(call: Call) -> list[UUID]:
    """Return the ids of those who were nominated for a call."""
    return list(db.session.scalars(select(Nominee.id).where(Nominee.call_id == call.id)))


def files_paying(awards: list[Award]) -> list[UUID]:
    """Return the ids of the payment files that pay awards."""
    return list(db.session.scalars(select(Payment.file_id).where(Payment.award_id.in_([each.id for each in awards]))))


def payment_files_of(call: Call) -> list[UUID]:
    """Return the ids of the payment files of a call."""
    return list(db.session.scalars(select(PaymentFile.id).where(PaymentFile.call_id == call.id)))


def make_funder_person(fund: Fund, people: dict[Role, Person]) -> None:
    """Let somebody read what becomes of the money of a fund's funder."""
    db.session.add(
        FunderPerson(
            funder_id=fund.funder_id, person_id=people[Role.NOMINATOR].id, invited_by_id=people[Role.FINANCE].id,
            invited_at=NOW,
        )
    )  # fmt: skip


def make_invitation(person: Person, name: str) -> OrganisationInvitation:
    """Invite somebody to an organisation."""
    return OrganisationInvitation(
        organisation_id=make_organisation(f"{name} inviting").id,
        person_id=person.id,
        role=MembershipRole.COLLABORATOR,
        created_at=NOW,
        expires_at=datetime.now(UTC) + timedelta(days=14),
    )


def make_enquiry(call: Call, text: str) -> Enquiry:
    """Let somebody ask a person about a call, and nominate somebody for it."""
    nominee = Nominee(call_id=call.id, created_at=NOW)
    db.session.add(nominee)
    db.session.flush()
    db.session.add(
        Nomination(
            nominee_id=nominee.id, name=text, contact=text, why=text, nominator_name=text, nominator_contact=text,
            may_be_named=False, made_at=NOW,
        )
    )  # fmt: skip
    db.session.add(CallInvitation(call_id=call.id, email="", organisation_name=text, created_at=NOW))
    return Enquiry(
        call_id=call.id, cause=EnquiryCause.BARRED, questions=[], text=text, language="en",
        token_hash=secrets.token_hex(16), asked_at=NOW,
    )  # fmt: skip


def make_import(call: Call, person: Person, text: str) -> TableImport:
    """Give a table that could not be taken for a call."""
    made = TableImport(
        call_id=call.id, begun_by_id=person.id, begun_at=NOW, touched_at=NOW, finished_at=NOW, takes=True,
        as_drafts=False, sha256="", rows=1, rows_done=0, problems=1, failure=ImportFailure.WRONG,
    )  # fmt: skip
    made.filename = f"{text[:80]}.csv"
    made.parts.append(ImportPart(table_import_id=record_of(made).id, start_row=0, problems=[["row 2", text]]))
    return made


def make_export(call: Call, person: Person) -> ExportJob:
    """Let somebody ask for a long table of a call."""
    made = ExportJob(
        call_id=call.id, asked_by_id=person.id, asked_at=NOW, what="decisions", format="csv", is_anonymised=False,
        for_excel=False, language="en",
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def make_passkey(person: Person, name: str) -> Passkey:
    """Give somebody a passkey that no browser holds."""
    number = secrets.token_hex(8)
    passkey = Passkey(
        person_id=person.id,
        name=name[:60],
        credential_id=number,
        public_key=b"no key",
        sign_count=0,
        challenge_at=NOW,
        created_at=NOW,
    )
    db.session.add(passkey)
    db.session.flush()
    return passkey


def make_session(person: Person) -> SignInSession:
    """Sign somebody in somewhere else."""
    token = open_session(person=person, now=clock.now(), strong=True, device="Firefox/Android")
    return db.session.scalars(select(SignInSession).filter_by(token_hash=token_hash(token))).one()


def make_paper(storage: Storage, application: Application, name: str, data: bytes = PDF) -> Attachment:
    """Attach a paper to an application, as the answer to its question."""
    return make_attachment(storage, application, data + name.encode(), filename=f"{name[:80]}.pdf")


def make_upload(application: Application, person: Person, name: str) -> Upload:
    """Begin to send a file."""
    upload = Upload(
        application_id=application.id,
        person_id=person.id,
        question="paper",
        size_bytes=100_000,
        received_bytes=0,
        started_at=clock.now(),
        touched_at=clock.now(),
    )
    upload.described = {"filename": f"{name[:80]}.pdf", "modified": "0"}
    db.session.add(upload)
    db.session.flush()
    return upload


def make_letter(storage: Storage, call: Call, entry: Entry, applicant: Person, text: str) -> Letter:
    """Decide an entry, freeze the tally, release the decision, and make its letter."""
    slate = make_slate(call, SlateStatus.RELEASED)
    decision = make_decision(slate, entry)
    freeze_as_sent(slate)
    reference = entry.application.reference or ""
    db.session.add(
        Award(
            decision_id=decision.id,
            call_id=call.id,
            reference=reference,
            amount_minor=decision.amount_minor,
            currency=call.currency,
            awarded_at=NOW,
        )
    )
    letter = Letter(
        call_id=call.id,
        kind=LetterKind.AWARD,
        decision_id=decision.id,
        application_id=entry.application_id,
        person_id=applicant.id,
        reference=reference,
        language="en",
        queued_at=NOW,
    )
    db.session.add(letter)
    db.session.flush()
    finish_letter(storage, letter, text)
    supersede(letter, applicant)
    award = db.session.scalars(select(Award).where(Award.decision_id == decision.id)).one()
    make_signed_copy(storage, make_offer(award, applicant, text), applicant, text)
    make_payment(award, make_payee(award, applicant, text), applicant, text)
    make_report(award, applicant, text)
    make_finding(award, applicant, text)
    return letter


def make_offer(award: Award, person: Person, text: str) -> AwardOffer:
    """Let the people of an award ask something about it."""
    application_id = award.decision.entry.application_id
    offer = AwardOffer(award_id=award.id, application_id=application_id, status=OfferStatus.ASKED, reason=text)
    db.session.add(offer)
    db.session.flush()
    asked = AwardQuestion(
        offer_id=offer.id, application_id=application_id, number=1, question=text, asked_by_id=person.id, asked_at=NOW
    )
    db.session.add(asked)
    db.session.flush()
    return offer


def make_signed_copy(storage: Storage, offer: AwardOffer, person: Person, text: str) -> SignedCopy:
    """Let the people of an award have sent a signed copy that came back."""
    application = db.session.get_one(Application, offer.application_id)
    file = make_attachment(storage, application, PDF + text.encode(), question="signed-copy", is_answer=False)
    copy = SignedCopy(
        offer_id=offer.id, application_id=application.id, number=1, attachment_id=file.id, letter_sha256="0" * 64,
        language="en", standing=CopyStanding.SENT_BACK, sent_at=NOW, sent_by_id=person.id, looked_at=NOW,
        looked_by_id=make_person().id, name=text, role=text, reason=text,
    )  # fmt: skip
    db.session.add(copy)
    db.session.flush()
    return copy


def make_report_form(call_id: UUID) -> ReportForm:
    """Return the form of a call's reports, which it asks for from now on."""
    form = newest_form(call_id)
    if form is None:
        house = house_form(["en"])
        form = ReportForm(call_id=call_id, number=1, definition=house.to_json(), sha256=house.fingerprint, made_at=NOW)
        db.session.add(form)
        db.session.flush()
        db.session.add(ReportingTerms(call_id=call_id, days=[30, 60], form=form, set_at=NOW))
    return form


def make_report(award: Award, person: Person, text: str) -> Report:
    """Let the people of an award report, with all their files, and be asked back; another report is told."""
    application = award.decision.entry.application
    form = make_report_form(award.call_id)
    answers = {"done": text} | {
        f"file{number}": {"attachment": str(each.id)} for number, each in enumerate(application.attachments)
    }
    about = {"application_id": application.id, "form": form}
    by = {"asked_back_at": NOW, "asked_back_by_id": person.id}
    report = Report(
        award_id=award.id, number=1, due_on=NOW.date(), status=ReportStatus.ASKED_BACK, asked_at=NOW, **about, **by
    )
    other = Report(award_id=award.id, number=2, due_on=NOW.date(), status=ReportStatus.SENT, asked_at=NOW, **about)
    report.answers, report.asked_back = answers, text
    sent = ReportSending(number=1, way=ReportWay.FORM, answers=answers, sent_by_id=person.id, sent_at=NOW, **about)
    told = ReportSending(
        number=1, way=ReportWay.TOLD, told_by=text, told_on=NOW.date(), note=text, sent_by_id=person.id, sent_at=NOW,
        **about,
    )  # fmt: skip
    report.sendings, other.sendings = [sent], [told]
    db.session.add_all([report, other])
    db.session.flush()
    return report


def make_payee(award: Award, person: Person, text: str) -> PayeeDetails:
    """Say where the money of an award goes, always to the same account; call its people about it, and freeze it."""
    application_id = award.decision.entry.application_id
    details = PayeeDetails(
        id=uuid4(),
        award_id=award.id,
        application=award.decision.entry.application,
        application_id=application_id,
        number=1,
        shown={"route": "bank", "mask": text, "country": "DE", "currency": award.currency, "hints": []},
        account="one account of all",
        entered_by_id=person.id,
        entered_at=NOW,
        with_second_factor=True,
        usable_from=NOW,
    )
    details.stop_hash = token_hash(str(details.id))
    seal_details(details, {"holder": text})
    db.session.add(details)
    db.session.flush()
    about = {"application_id": application_id}
    db.session.add_all(
        [
            PayeeCall(
                details_id=details.id, number=1, known=Known.ELSEWHERE, known_since=NOW - timedelta(days=1), phone=text,
                outcome=CallOutcome.UNREACHED, note=text, called_by_id=person.id, called_at=NOW, **about,
            ),
            PayeeFreeze(award_id=award.id, frozen_at=NOW, frozen_by_id=person.id, reason=text, **about),
        ]
    )  # fmt: skip
    db.session.flush()
    return details


def make_payment(
    award: Award, details: PayeeDetails, person: Person, text: str, file: PaymentFile | None = None
) -> PaymentFile:
    """Plan an instalment of an award that waits for something, and put it into a payment file: `file`, or its own."""
    about = {"award_id": award.id, "application_id": details.application_id, "amount_minor": award.amount_minor}
    instalment = Instalment(
        number=1, is_conditional=True, waits_for=text, planned_by_id=person.id, planned_at=NOW, **about
    )
    file = file or PaymentFile(
        call_id=award.call_id, message_id=uuid4().hex, currency=award.currency, execution_on=NOW.date(),
        debtor_name=text, debtor_account="DE75512108001245126199", debtor_country="DE", prepared_by_id=person.id,
        prepared_at=NOW,
    )  # fmt: skip
    db.session.add_all([instalment, file])
    db.session.flush()
    db.session.add(
        Payment(
            file_id=file.id, instalment_id=instalment.id, reference=uuid4().hex, details_id=details.id,
            details_sha256="0" * 64, unfit=text, reason=text, **about,
        )
    )  # fmt: skip
    db.session.flush()
    return file


def supersede(letter: Letter, person: Person) -> None:
    """Say that a letter was made anew: what it was before had the same file."""
    db.session.add(
        SupersededLetter(
            letter_id=letter.id,
            number=1,
            sha256=letter.sha256,
            stored_as=letter.stored_as,
            size_bytes=letter.size_bytes,
            made_at=NOW,
            superseded_at=NOW,
            superseded_by_id=person.id,
        )
    )
    db.session.flush()


def make_templates(storage: Storage, call: Call, person: Person, text: str, number: int = 1) -> None:
    """Word the award of a call, and put a logo at the head of its letters: the version of a number."""
    by = {"call_id": call.id, "number": number, "made_by_id": person.id, "made_at": NOW}
    db.session.add(
        LetterTemplate(kind=TemplateKind.AWARD, language="en", subject=text, body=text, sha256="0" * 64, **by)
    )
    letterhead = Letterhead(alts={"en": text}, content_type="image/png", **by)
    file = sealed_files.keep(storage, record=record_of(letterhead), row=record_of(letterhead), data=_dot())
    letterhead.stored_as, letterhead.sha256 = file.stored_as, file.sha256
    db.session.add(letterhead)


def _dot() -> bytes:
    """Return a picture of one pixel."""
    data = BytesIO()
    Image.new("RGB", (1, 1), "teal").save(data, "PNG")
    return data.getvalue()


def finish_letter(storage: Storage, letter: Letter, text: str) -> None:
    """Make the file of a letter."""
    letter.content = to_content(words_of(letter, considered=1, awarded=1))
    data = PDF + text.encode()
    file = sealed_files.keep(storage, record=record_of(letter.application), row=record_of(letter), data=data)
    letter.sha256, letter.stored_as, letter.size_bytes = file.sha256, file.stored_as, len(data)
    letter.made_at = NOW
    letter.status = LetterStatus.MADE
    letter.first_opened_at = NOW  # by its reader: from now on looking at it changes nothing
    db.session.flush()


def addresses(app: Flask, rule: Rule, objects: dict[str, list[Any]]) -> list[str]:
    """Return every address of a rule over these objects. Raises KeyError for an argument that nobody taught us."""
    names = sorted(rule.arguments)
    choices = [(PLAIN_ARGUMENTS | objects)[name] for name in names]
    with app.test_request_context():
        return [app.url_for(rule.endpoint, **dict(zip(names, chosen, strict=True))) for chosen in product(*choices)]


def names_objects(rule: Rule) -> list[str]:
    """Return the arguments of a rule that name somebody's object."""
    return sorted(set(rule.arguments) - set(PLAIN_ARGUMENTS))


def all_rows() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, to see whether anything changed."""
    db.session.rollback()
    rows = {
        table.name: sorted((tuple(row) for row in db.session.execute(table.select())), key=repr)
        for table in Base.metadata.sorted_tables
    }
    db.session.rollback()
    return rows


def changed_tables(before: dict[str, list[tuple[Any, ...]]]) -> Iterator[str]:
    """Name the tables that differ from an earlier `all_rows()`."""
    after = all_rows()
    return (name for name in after if after[name] != before[name])


def everything_stored() -> str:
    """Return all texts and numbers of the database as one text, to search it for what must not be there.

    Bytes are left out: they are sealed, and hold every pair of figures by chance.
    """
    rows = (row for table in all_rows().values() for row in table)
    return repr([[value for value in row if not isinstance(value, bytes)] for row in rows])
