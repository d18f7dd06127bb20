"""Invented people, calls, applications and reviews for tests. Everything is flushed, nothing committed."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from fundapp.accounts.models import Membership, MembershipRole, Organisation, Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.organisations import ensure_membership, organisation_key
from fundapp.accounts.services.passwords import set_password
from fundapp.accounts.services.people import ensure_person
from fundapp.accounts.services.roles import grant_role
from fundapp.applications.form_engine.definition import Choice, FormDefinition, Group, Kind, Question
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Attachment,
    Call,
    CallStatus,
    Category,
    Criterion,
    Entry,
    FileStatus,
    FormVersion,
    Programme,
    ProgrammeKind,
    Stage,
    Submission,
)
from fundapp.applications.models.files import copy_row
from fundapp.applications.services.protection import protect_with_call
from fundapp.core import sealed_files
from fundapp.core.db import db
from fundapp.core.sealing import Record, record_of
from fundapp.core.storage import Storage
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    Decision,
    Outcome,
    Ratification,
    Review,
    Reviewer,
    ReviewerStatus,
    ReviewStatus,
    Score,
    SelectionTerms,
    Slate,
    SlateStatus,
)
from fundapp.review.scoring_rules import COMMENT, Answer, Judged, Part, Unjudged
from fundapp.review.services.terms import write_terms
from fundapp.review.terms_rules import WantedTerms, with_codes

NOW = datetime(2020, 9, 14, 12, 0, tzinfo=UTC)
OPENS = NOW - timedelta(days=14)
CLOSES = NOW + timedelta(days=14)
PASSWORD = "olive basket river 12"
_numbers = count(1)

FORM = FormDefinition(
    title="Application",
    form_id="sample",
    version="1",
    languages=("en", "fr"),
    default_language="en",
    groups=(
        Group(path=("about",), label={"en": "About you", "fr": "À propos de vous"}),
        Group(path=("work",), label={"en": "Your work", "fr": "Votre travail"}),
    ),
    questions=(
        Question(
            name="organisation",
            kind=Kind.TEXT,
            label={"en": "Name of your organisation", "fr": "Nom de votre organisation"},
            group=("about",),
            required=True,
            max_characters=120,
            role=FormRole.ORGANISATION,
            identifies=True,
        ),
        Question(
            name="region",
            kind=Kind.SELECT_ONE,
            label={"en": "Region", "fr": "Région"},
            group=("about",),
            required=True,
            choices=(
                Choice("north", {"en": "North", "fr": "Nord"}),
                Choice("south", {"en": "South", "fr": "Sud"}),
            ),
            role=FormRole.REGION,
        ),
        Question(
            name="title",
            kind=Kind.TEXT,
            label={"en": "Title", "fr": "Titre"},
            group=("work",),
            required=True,
            max_words=12,
            role=FormRole.TITLE,
        ),
        Question(
            name="plan",
            kind=Kind.TEXT,
            label={"en": "What will you do?", "fr": "Que ferez-vous ?"},
            hint={"en": "Plain words are best.", "fr": "Des mots simples suffisent."},
            group=("work",),
            required=True,
            multiline=True,
            max_words=50,
        ),
        Question(
            name="amount",
            kind=Kind.DECIMAL,
            label={"en": "How much do you ask for?", "fr": "Combien demandez-vous ?"},
            group=("work",),
            required=True,
            constraint=". > 0 and . <= 20000",
            constraint_message={"en": "At most 20,000.", "fr": "Au plus 20 000."},
            role=FormRole.AMOUNT,
        ),
        Question(
            name="paper",
            kind=Kind.FILE,
            label={"en": "A paper about your work", "fr": "Un document sur votre travail"},
            group=("work",),
        ),
    ),
)

ANSWERS: dict[str, Any] = {
    "organisation": "Paralegals of the Hill (sample)",
    "region": "north",
    "title": "Know your land rights",
    "plan": "We will hold open days in six villages.",
    "amount": "12000",
}


def make_person(name: str = "Amina Sample", *, email: str = "", language: str = "en", password: bool = False) -> Person:
    """Make a person without any role."""
    number = next(_numbers)
    person = ensure_person(email=email or f"person{number}@example.org", name=name, language=language, now=NOW)
    if password:
        set_password(actor=system_actor(), person=person, password=PASSWORD, now=NOW)
    return person


def make_staff(role: Role, call: Call | None = None, **person: Any) -> Person:
    """Make a person with a role, everywhere or in one call."""
    made = make_person(person.pop("name", f"{role.value.title()} Sample"), **person)
    grant_role(actor=system_actor(), person=made, role=role, now=NOW, call_id=call.id if call else None)
    return made


def make_organisation(name: str = "") -> Organisation:
    """Make an organisation that nobody holds yet."""
    name = name or f"Organisation {next(_numbers)} (sample)"
    organisation = Organisation(name=name, name_key=organisation_key(name), created_at=NOW)
    db.session.add(organisation)
    db.session.flush()
    return organisation


def make_member(
    person: Person, organisation: Organisation | None, role: MembershipRole = MembershipRole.AFFILIATE
) -> Membership:
    """Make a person belong to an organisation."""
    assert organisation is not None
    return ensure_membership(actor=system_actor(), person=person, organisation=organisation, role=role, now=NOW)


def make_call(
    *,
    kind: ProgrammeKind = ProgrammeKind.GRANT,
    budget_minor: int = 10_000_000,
    reviews_per_entry: int = 2,
    categories: int = 0,
    form: FormDefinition = FORM,
    **values: Any,
) -> Call:
    """Make a published call that is open at NOW, with two criteria; `categories` prizes of 1,000,000 minor units."""
    number = next(_numbers)
    programme = Programme(slug=f"programme-{number}", kind=kind, titles={"en": f"Programme {number} (sample)"})
    call = Call(
        **{
            "programme": programme,
            "slug": f"call-{number}",
            "status": CallStatus.PUBLISHED,
            "titles": {"en": f"Call {number} (sample)", "fr": f"Appel {number} (exemple)"},
            "purposes": {"en": "Support for grassroots justice work.", "fr": "Un soutien à la justice."},
            "languages": ["en", "fr"],
            "time_zone": "Africa/Nairobi",
            "opens_at": OPENS,
            "closes_at": CLOSES,
            "currency": "USD",
            "budget_minor": budget_minor,
            "committed_minor": 0,
            "ceiling_minor": 2_000_000 if kind is ProgrammeKind.GRANT else None,
            "max_categories": max(1, categories),
            "invitation_only": False,
            "reference_prefix": f"GJF-{number}",
            "award_terms": {
                "period_months": 12,
                "purpose": {"en": "flexible support for your work", "fr": "un soutien souple à votre travail"},
                "next_step": {"en": "Write to us within 30 days.", "fr": "Écrivez-nous dans les 30 jours."},
            },
            "is_sample": False,
            "package_sha256": "0" * 64,
            "created_at": OPENS,
            **values,
        }
    )
    db.session.add(call)
    call.stages = [Stage(position=1, code="review", reviews_per_entry=reviews_per_entry)]
    call.categories = [
        Category(
            code=f"cat{position}",
            titles={"en": f"Category {position}"},
            descriptions={"en": ""},
            awards=1 if kind is ProgrammeKind.PRIZE else None,
            award_minor=1_000_000 if kind is ProgrammeKind.PRIZE else None,
            position=position,
        )
        for position in range(1, categories + 1)
    ]
    call.criteria = [
        Criterion(
            stage=call.deciding_stage,
            code=code,
            labels={"en": label},
            questions={"en": f"How good is the {label.lower()}?"},
            weight=weight,
            minimum=1,
            maximum=5,
            anchors={"1": {"en": "Weak"}, "3": {"en": "Fair"}, "5": {"en": "Strong"}},
            position=position,
        )
        for position, (code, label, weight) in enumerate((("need", "Need", 1), ("plan", "Plan", 2)), start=1)
    ]
    call.form_versions = [FormVersion(number=1, definition=form.to_json(), sha256=form.fingerprint, created_at=OPENS)]
    db.session.flush()
    db.session.refresh(call)
    return call


def make_attachment(
    storage: Storage,
    application: Application,
    data: bytes,
    *,
    filename: str = "paper.pdf",
    question: str = "paper",
    is_answer: bool = True,
) -> Attachment:
    """Attach a PDF to an application as the answer to a question, also in what was sent; its copy is the same.

    One that is no answer belongs to something else about the application.
    """
    row_id = uuid4()
    file = sealed_files.keep(storage, record=record_of(application), row=Record("attachment", row_id), data=data)
    copy = sealed_files.keep(storage, record=record_of(application), row=copy_row(row_id), data=data)
    attachment = Attachment(
        id=row_id,
        application_id=application.id,
        question=question,
        filename=filename,
        content_type="application/pdf",
        size_bytes=len(data),
        sha256=file.sha256,
        stored_as=file.stored_as,
        uploaded_at=NOW,
        status=FileStatus.READY,
        copy_stored_as=copy.stored_as,
        copy_content_type="application/pdf",
        copy_size_bytes=len(data),
    )
    db.session.add(attachment)
    db.session.flush()
    answer = {
        "attachment": str(attachment.id),
        "sha256": attachment.sha256,
        "content_type": attachment.content_type,
        "size_bytes": attachment.size_bytes,
    }
    holders: list[Application | Submission] = [application, *application.submissions] if is_answer else []
    for holder in holders:
        holder.answers = {**holder.answers, question: answer}
    db.session.flush()
    return attachment


def make_application(
    call: Call,
    *,
    person: Person | None = None,
    status: ApplicationStatus = ApplicationStatus.ELIGIBLE,
    requested_minor: int | None = 1_200_000,
    categories: list[Category] | None = None,
    organisation: Organisation | None = None,
    **values: Any,
) -> Application:
    """Make an application in a status, with its frozen submission and entries unless it is a draft.

    Its person holds its organisation, which has a name of its own unless one is given or it is a draft.
    """
    number = next(_numbers)
    submitted = status is not ApplicationStatus.DRAFT
    judged = status in (ApplicationStatus.ELIGIBLE, ApplicationStatus.INELIGIBLE)
    person = person or make_person(f"Applicant {number} Sample")
    named = submitted or organisation is not None
    organisation = organisation or make_organisation()
    make_member(person, organisation, MembershipRole.APPLICANT)
    name = organisation.name if named else ""
    answers = {**ANSWERS, "organisation": name, **values.pop("answers", {})}
    chosen = categories if categories is not None else call.categories[: call.max_categories]
    application = Application(
        **{
            "status": status,
            "call_id": call.id,
            "form_version_id": call.form_versions[-1].id,
            "person_id": person.id,
            "organisation_id": organisation.id,
            "language": "en",
            "answers": answers,
            "category_codes": [category.code for category in chosen],
            "organisation_name": name,
            "organisation_key": organisation_key(name),
            "title": answers["title"],
            "country": "KE",
            "region": answers["region"],
            "reference": f"{call.reference_prefix}-{number:04}" if submitted else None,
            "started_at": NOW,
            "saved_at": NOW,
            "submitted_at": NOW if submitted else None,
            "withdrawn_at": NOW if status is ApplicationStatus.WITHDRAWN else None,
            "eligibility_reason": "It works in another field." if status is ApplicationStatus.INELIGIBLE else "",
            "eligibility_by_id": make_person().id if judged else None,
            "eligibility_at": NOW if judged else None,
            **values,
        }
    )
    db.session.add(application)
    db.session.flush()
    if submitted:
        application.submissions.append(
            Submission(
                number=1,
                form_version_id=application.form_version_id,
                answers=answers,
                content_sha256="0" * 64,
                submitted_by_id=person.id,
                submitted_at=NOW,
            )
        )
        entered: list[Category | None] = [*chosen] or [None]
        for category in entered:
            application.entries.append(
                Entry(
                    call_id=call.id,
                    category_id=category.id if category else None,
                    stage_id=call.stages[0].id,
                    requested_minor=None if category and category.award_minor else requested_minor,
                    created_at=NOW,
                )
            )
        db.session.flush()
    return application


def make_protected(application: Application) -> Application:
    """Protect an application."""
    protect_with_call(actor=system_actor(), application=application, now=NOW)
    return application


def make_reviewer(call: Call, *, person: Person | None = None, max_entries: int = 20, **values: Any) -> Reviewer:
    """Make a person a reviewer of a call."""
    person = person or make_person(f"Reviewer {next(_numbers)} Sample")
    grant_role(actor=system_actor(), person=person, role=Role.REVIEWER, now=NOW, call_id=call.id)
    reviewer = Reviewer(
        call_id=call.id,
        person_id=person.id,
        max_entries=max_entries,
        invited_at=NOW,
        **{"status": ReviewerStatus.ACCEPTED, "answered_at": NOW, "languages": ["en"], **values},
    )
    db.session.add(reviewer)
    db.session.flush()
    return reviewer


def make_assignment(
    entry: Entry, reviewer: Reviewer, status: AssignmentStatus = AssignmentStatus.READING
) -> Assignment:
    """Give an entry to a reviewer."""
    assignment = Assignment(
        status=status,
        entry_id=entry.id,
        reviewer_id=reviewer.id,
        stage_id=entry.stage_id,
        assigned_at=NOW,
        declared_at=None if status is AssignmentStatus.ASSIGNED else NOW,
    )
    db.session.add(assignment)
    db.session.flush()
    return assignment


def make_review(entry: Entry, reviewer: Reviewer, values: list[int | None], comment: str = "Well argued.") -> Review:
    """Make a submitted review; one value per criterion in order, None for "cannot judge"."""
    call = db.session.get_one(Call, entry.call_id)
    asked = [criterion for criterion in call.criteria if criterion.stage_id == entry.stage_id]
    review = Review(
        status=ReviewStatus.SUBMITTED,
        assignment_id=make_assignment(entry, reviewer, AssignmentStatus.REVIEWED).id,
        comment=comment,
        saved_at=NOW,
        submitted_at=NOW,
        scores=[
            Score(criterion_id=criterion.id, value=value, cannot_judge=value is None)
            for criterion, value in zip(asked, values, strict=True)
        ],
    )
    db.session.add(review)
    db.session.flush()
    return review


def parts_of(answers: Mapping[str, Answer], comment: str = "") -> dict[str, Part]:
    """Return a whole review of these answers; what cannot be judged has a reason."""
    judged: dict[str, Part] = {
        code: Judged(answer, "Not my field." if isinstance(answer, Unjudged) else "")
        for code, answer in answers.items()
    }
    return {**judged, COMMENT: comment}


def make_terms(call: Call, wanted: WantedTerms, *, by: Person | None = None) -> SelectionTerms:
    """Fix what the selection of a call is bound by, as if it had always been so."""
    terms = SelectionTerms(call_id=call.id, set_by_id=(by or make_person()).id, set_at=NOW)
    write_terms(terms, with_codes(wanted))
    db.session.add(terms)
    db.session.flush()
    return terms


def make_slate(call: Call, status: SlateStatus = SlateStatus.OPEN, *, proposer: Person | None = None) -> Slate:
    """Make a call's list of decisions in a status; people are invented where the status needs them."""
    proposed = status is not SlateStatus.OPEN
    ratified = status in (SlateStatus.RATIFIED, SlateStatus.RELEASED)
    released = status is SlateStatus.RELEASED
    slate = Slate(
        status=status,
        call_id=call.id,
        number=1,
        proposed_by_id=(proposer or make_person()).id if proposed else None,
        proposed_at=NOW if proposed else None,
        ratified_by_id=make_person("Ratifier Sample").id if ratified else None,
        ratified_at=NOW if ratified else None,
        released_by_id=make_person().id if released else None,
        released_at=NOW if released else None,
    )
    db.session.add(slate)
    db.session.flush()
    if slate.ratified_by_id is not None:
        given = {"slate_id": slate.id, "person_id": slate.ratified_by_id, "ratified_at": NOW}
        db.session.add(Ratification(sending=1, **given))
        db.session.flush()
    return slate


def make_decision(
    slate: Slate,
    entry: Entry,
    *,
    outcome: Outcome = Outcome.AWARD,
    amount_minor: int | None = None,
    decided_by: Person | None = None,
) -> Decision:
    """Decide an entry (an award gives what was asked for) and count the money as promised."""
    amount = (amount_minor or entry.requested_minor or 1_000_000) if outcome is Outcome.AWARD else 0
    decision = Decision(
        slate_id=slate.id,
        entry_id=entry.id,
        outcome=outcome,
        amount_minor=amount,
        rank=1,
        decided_by_id=(decided_by or make_person()).id,
        decided_at=NOW,
    )
    call = db.session.get_one(Call, slate.call_id)
    call.committed_minor += amount
    db.session.add(decision)
    db.session.flush()
    return decision
