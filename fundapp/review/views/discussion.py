"""Pages on which reviewers see what the others said and discuss it, and those who run the call follow."""

from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.identity import face_of
from fundapp.applications.models import Call, Entry
from fundapp.applications.phase_rules import Rights, ShownAs, active_phase
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, NotFound, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires
from fundapp.core.web import problems_into
from fundapp.review.discussion_forms import PostForm, post_form
from fundapp.review.models import Assignment, AssignmentStatus
from fundapp.review.presentation import discussion as presentation
from fundapp.review.queries import discussion as queries
from fundapp.review.queries.phases import phases_of, rights_of
from fundapp.review.queries.pools import scores_are_closed
from fundapp.review.queries.reading import my_assignment
from fundapp.review.services import discussing as services
from fundapp.review.views import bp


@bp.get("/reviews/<uuid:assignment_id>/others")
@requires(P.REVIEW_WRITE)
def others(assignment_id: UUID) -> ResponseReturnValue:
    """Show a reviewer what the others said of an entry, and the discussion, as the phase lets them."""
    return _reader_page(_own(assignment_id), None, clock.now())


@bp.post("/reviews/<uuid:assignment_id>/others")
@requires(P.REVIEW_WRITE)
def discuss(assignment_id: UUID) -> ResponseReturnValue:
    """Add a contribution of a reviewer."""
    actor, now, assignment = current_actor(), clock.now(), _own(assignment_id)
    form = _form(_readers(assignment.entry, assignment.stage_id), _names(assignment, now), actor.person_id)
    if form.validate():
        try:
            services.post_as_reader(
                actor=actor,
                assignment=assignment,
                text=form.text.data or "",
                mentions=form.mentions.data or (),
                now=now,
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            flash(refusal.message, "stop")
            return _reader_page(assignment, form, now), 409
        else:
            flash(_("Your contribution stands below. The others are told that there is something new, not what."))
            return redirect(url_for("review.others", assignment_id=assignment_id))
    return _reader_page(assignment, form, now), 422


@bp.get("/manage/<slug>/discussions/<uuid:entry_id>")
@requires(P.DISCUSSION_READ)
def discussion(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Show those who run a call what reviewers said of an entry, with all earlier versions, and the discussion."""
    call = managed_call(actor=current_actor(), slug=slug, permission=P.DISCUSSION_READ)
    entry = queries.discussed_entry(actor=current_actor(), call=call, entry_id=entry_id)
    return _call_page(call, entry, None, clock.now())


@bp.post("/manage/<slug>/discussions/<uuid:entry_id>")
@requires(P.DISCUSSION_WRITE)
def discuss_for_the_call(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Add a contribution of somebody who runs the call."""
    actor, now = current_actor(), clock.now()
    call = managed_call(actor=actor, slug=slug, permission=P.DISCUSSION_WRITE)
    entry = queries.discussed_entry(actor=actor, call=call, entry_id=entry_id)
    names = presentation.Names(actor.person_id, ShownAs.NAMES)
    form = _form(_readers(entry, entry.stage_id), names, actor.person_id)
    if form.validate():
        try:
            services.post_for_the_call(
                actor=actor,
                call=call,
                entry=entry,
                text=form.text.data or "",
                mentions=form.mentions.data or (),
                now=now,
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            flash(refusal.message, "stop")
            return _call_page(call, entry, form, now), 409
        else:
            flash(_("Your contribution stands below. The others are told that there is something new, not what."))
            return redirect(url_for("review.discussion", slug=slug, entry_id=entry_id))
    return _call_page(call, entry, form, now), 422


def _own(assignment_id: UUID) -> Assignment:
    """Return an assignment of the actor, once they said that they have no conflict of interest. Raises NotFound."""
    assignment = my_assignment(actor=current_actor(), assignment_id=assignment_id)
    if assignment.status is AssignmentStatus.ASSIGNED:
        raise NotFound
    return assignment


def _readers(entry: Entry, stage_id: UUID) -> list[Assignment]:
    return queries.readers_of(entry.id, stage_id)


def _names(assignment: Assignment, now: datetime) -> presentation.Names:
    return presentation.Names(assignment.reviewer.person_id, rights_of(assignment, now).shown_as)


def _form(readers: list[Assignment], names: presentation.Names, reader_id: UUID | None) -> PostForm:
    return post_form(presentation.can_be_addressed(readers, names, reader_id))


def _reader_page(assignment: Assignment, form: PostForm | None, now: datetime) -> str:
    entry, call = assignment.entry, assignment.entry.application.call
    person_id, rights = assignment.reviewer.person_id, rights_of(assignment, now)
    names = presentation.Names(person_id, rights.shown_as)
    phases = phases_of([assignment.stage_id])[assignment.stage_id]
    return render_template(
        "review/others.html",
        **_head(entry),
        assignment_id=assignment.id,
        rights=rights,
        has_submitted=assignment.review is not None and assignment.review.submitted_at is not None,
        is_by_alias=rights.shown_as is ShownAs.ALIASES,
        phases=presentation.phases_shown(phases, call, now),
        **_said(entry, assignment.stage_id, names, person_id, form, rights),
    )


def _call_page(call: Call, entry: Entry, form: PostForm | None, now: datetime) -> str:
    actor = current_actor()
    phases = phases_of([entry.stage_id])[entry.stage_id]
    phase = active_phase(phases, now)
    hides_scores = scores_are_closed(call)
    may_write = phase is not None and phase.may_discuss and actor.can(P.DISCUSSION_WRITE, call.id)
    rights = Rights(
        may_score=False,
        sees_others=not hides_scores,
        shown_as=ShownAs.NAMES,
        may_discuss=may_write and not hides_scores,
    )
    return render_template(
        "review/discussion.html",
        **_head(entry),
        slug=call.slug,
        entry_id=entry.id,
        rights=rights,
        hides_scores=hides_scores,
        phases=presentation.phases_shown(phases, call, now),
        **_said(
            entry, entry.stage_id, presentation.Names(actor.person_id, ShownAs.NAMES), actor.person_id, form, rights
        ),
    )


def _head(entry: Entry) -> dict[str, object]:
    face = face_of(entry.application)
    return {
        "call_title": said(entry.application.call.titles),
        "reference": face.reference,
        "organisation": face.name,
        "category": presentation.entry_title(entry),
    }


def _said(
    entry: Entry,
    stage_id: UUID,
    names: presentation.Names,
    person_id: UUID | None,
    form: PostForm | None,
    rights: Rights,
) -> dict[str, object]:
    """Return what a page may show of reviews and discussion: nothing at all before its reader may see the others."""
    unkept = form.text.data if form is not None and not rights.may_discuss else ""
    if not rights.sees_others:
        return {"reviews": [], "posts": [], "unkept": unkept}
    call = entry.application.call
    readers = _readers(entry, stage_id)
    return {
        "reviews": presentation.reviews_seen(queries.submitted_reviews(entry.id, stage_id), names, person_id, call),
        "posts": presentation.posts_shown(queries.posts_of(entry.id, stage_id), names, person_id, call),
        "unkept": unkept,
        **({"form": form or _form(readers, names, person_id)} if rights.may_discuss else {}),
    }
