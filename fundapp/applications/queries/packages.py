"""What a call says, read back as the package that would make it."""

from sqlalchemy import select

from fundapp.applications.call_package import (
    CallPackage,
    CategoryRead,
    CriterionRead,
    ExtensionRead,
    InvitationRead,
    NominationsRead,
    PhaseRead,
    ProgrammeRead,
    StageRead,
)
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Call, CallInvitation, Programme, ReviewPhase
from fundapp.applications.queries.public import current_form
from fundapp.core.db import db


def package_of(call: Call, *, with_invitations: bool = False) -> CallPackage:
    """Return what a call says now; nothing of its invitation list unless that is asked for."""
    nominations = None
    if call.nominations_open_at is not None and call.nominations_close_at is not None:
        nominations = NominationsRead(call.nominations_open_at, call.nominations_close_at)
    categories = {each.id: each.code for each in call.categories}
    return CallPackage(
        programme=ProgrammeRead(call.programme.slug, call.programme.kind.value, call.programme.titles),
        slug=call.slug,
        reference_prefix=call.reference_prefix,
        titles=call.titles,
        purposes=call.purposes,
        languages=tuple(call.languages),
        time_zone=call.time_zone,
        opens_at=call.opens_at,
        closes_at=call.extensions[0].closed_at_before if call.extensions else call.closes_at,
        extensions=tuple(
            ExtensionRead(each.closes_at, each.extended_at, each.reasons, each.closes_at < each.closed_at_before)
            for each in call.extensions
        ),
        currency=call.currency,
        budget_minor=call.budget_minor,
        ceiling_minor=call.ceiling_minor,
        max_categories=call.max_categories,
        categories=tuple(
            CategoryRead(each.code, each.titles, each.descriptions, each.awards, each.award_minor)
            for each in call.categories
        ),
        criteria=tuple(
            CriterionRead(
                each.code,
                each.labels,
                each.questions,
                each.weight,
                each.minimum,
                each.maximum,
                each.anchors,
                each.stage.code,
                each.step,
                categories[each.category_id] if each.category_id else "",
                each.comment_questions,
                each.comment_needed.value,
            )
            for each in call.criteria
        ),
        stages=tuple(
            StageRead(
                each.code,
                each.titles,
                each.kind.value,
                each.reviews_per_entry,
                each.review_minutes,
                each.asks_confidence,
            )
            for each in call.stages
        ),
        phases=tuple(_phase(each) for stage in call.stages for each in stage.phases),
        invitation_only=call.invitation_only,
        invitations=_invitations(call) if with_invitations else None,
        nominations=nominations,
        barred_names=tuple(call.barred_names),
        barred_domains=tuple(call.barred_domains),
        bars_reviewers_organisation=call.bars_reviewers_organisation,
        applicants_review=call.applicants_review,
        is_impartial=call.is_impartial,
        undone_reviews=call.undone_reviews,
        reviewers_see=call.reviewers_see,
        award_terms=call.award_terms,
        declined_get=call.declined_get,
        offers_next_call=call.offers_next_call,
        retention_days=call.retention_days,
        is_sample=call.is_sample,
        is_protected=call.is_protected,
        form=FormDefinition.from_json(current_form(call).definition),
        papers={
            each.code: FormDefinition.from_json(each.papers.definition)
            for each in call.stages
            if each.papers is not None
        },
        sha256="",
    )


def _phase(phase: ReviewPhase) -> PhaseRead:
    return PhaseRead(
        phase.code,
        phase.stage.code,
        phase.titles,
        phase.starts_at,
        phase.ends_at,
        phase.may_score,
        phase.others,
        phase.shown_as,
        phase.may_discuss,
    )


def programmes() -> list[Programme]:
    """Return every programme, by its name in packages."""
    return list(db.session.scalars(select(Programme).order_by(Programme.slug)))


def _invitations(call: Call) -> tuple[InvitationRead, ...]:
    """Return who is invited, by address: it is sealed, so the database cannot sort."""
    found = db.session.scalars(select(CallInvitation).where(CallInvitation.call_id == call.id))
    return tuple(
        sorted((InvitationRead(each.email, each.organisation_name) for each in found), key=lambda it: it.email)
    )
