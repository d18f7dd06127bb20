"""Pages on which chairs vote on the rows of the list, and on which others read how they voted."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, NotFound, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into
from fundapp.review.conflict_forms import OwnConflictForm
from fundapp.review.presentation.votes import BallotShown, ballot_shown, row_votes_shown
from fundapp.review.queries.selection import Selection, selection
from fundapp.review.queries.voting import RowVotes, chairs_vote, votes_of
from fundapp.review.services import voting as services
from fundapp.review.views import bp
from fundapp.review.views.selection import frame
from fundapp.review.voting_forms import KeepUnapprovedForm, VoteForm, sent_vote_form, vote_form
from fundapp.review.voting_rules import Proposal

ROWS_PER_PAGE: Final = 20
"""So many rows stand in one form; the others come when these are kept."""


@bp.get("/manage/<slug>/votes")
@requires(P.DECISION_VOTE)
def votes(slug: str) -> ResponseReturnValue:
    """Show a chair what waits for their vote, and what they voted."""
    return _list_page(_call(slug, P.DECISION_VOTE), None)


@bp.post("/manage/<slug>/votes")
@requires(P.DECISION_VOTE)
@fresh
def give_votes(slug: str) -> ResponseReturnValue:
    """Keep the votes of one form, all or none; rows about which it says nothing stay as they are."""
    call = _call(slug, P.DECISION_VOTE)
    rows = votes_of(actor=current_actor(), call=call)
    sent = {
        entry_id: sent_vote_form(entry_id) for entry_id in rows if services.field_of(entry_id, "about") in request.form
    }
    forms = {entry_id: form for entry_id, form in sent.items() if not form.is_empty}
    status, given = _give(call, forms)
    if status == 200:
        flash(ngettext("Your vote is kept.", "Your %(num)s votes are kept.", given))
        return redirect(url_for("review.votes", slug=slug))
    return _list_page(call, sent), status


@bp.get("/manage/<slug>/votes/<uuid:entry_id>")
@requires(P.DECISION_VOTE)
def vote(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Show a chair one row with its figures, and offer to vote or to step back."""
    call, row = _row(slug, entry_id, P.DECISION_VOTE)
    return _row_page(call, row, _stored_form(row), OwnConflictForm(formdata=None))


@bp.post("/manage/<slug>/votes/<uuid:entry_id>")
@requires(P.DECISION_VOTE)
@fresh
def give_vote(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Keep the vote on one row."""
    call, row = _row(slug, entry_id, P.DECISION_VOTE)
    form = sent_vote_form(entry_id)
    status, _given = _give(call, {entry_id: form})
    if status == 200:
        flash(_("Your vote on %(reference)s is kept.", reference=row.entry.application.reference))
        return redirect(url_for("review.votes", slug=slug))
    return _row_page(call, row, form, OwnConflictForm(formdata=None)), status


@bp.post("/manage/<slug>/votes/<uuid:entry_id>/step-back")
@requires(P.DECISION_VOTE)
def step_back(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Hide a row from a chair who says that they have a conflict of interest."""
    call, row = _row(slug, entry_id, P.DECISION_VOTE)
    form = OwnConflictForm()
    if not form.validate():
        return _row_page(call, row, _stored_form(row), form), 422
    services.step_back(
        actor=current_actor(), call=call, entry_id=entry_id, reason=form.reason.data or "", now=clock.now()
    )
    flash(_("Thank you. The application is hidden from you from now on, here and everywhere. Others look after it."))
    return redirect(url_for("review.votes", slug=slug))


@bp.get("/manage/<slug>/selection/<uuid:entry_id>/votes")
@requires(P.SLATE_READ)
def row_votes(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Show those who read decisions how the chairs voted on a row, and who said what against it."""
    call, row = _row(slug, entry_id, P.SLATE_READ)
    return _votes_page(call, row, KeepUnapprovedForm(formdata=None, about=str(row.proposal)))


@bp.post("/manage/<slug>/selection/<uuid:entry_id>/votes")
@requires(P.DECISION_MAKE)
@fresh
def keep_unapproved(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Keep an award on the list, with a reason, although the chairs have not approved it."""
    call, row = _row(slug, entry_id, P.DECISION_MAKE)
    form, status = KeepUnapprovedForm(), 422
    if form.validate():
        try:
            services.keep_unapproved(
                actor=current_actor(),
                call=call,
                entry_id=entry_id,
                about=Proposal.parse(form.about.data or ""),
                reason=form.reason.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors = [*form.form_errors, refusal.message]
            status = 409
        else:
            flash(_("It is kept. Those who ratify will read the reason."))
            return redirect(url_for("review.selection", slug=slug))
    call, row = _row(slug, entry_id, P.DECISION_MAKE)
    form.about.data = str(row.proposal)
    return _votes_page(call, row, form), status


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _row(slug: str, entry_id: UUID, permission: P) -> tuple[Call, RowVotes]:
    """Return a call and one of its rows. Raises NotFound for one that the actor may not see, or that is undecided."""
    call = _call(slug, permission)
    row = votes_of(actor=current_actor(), call=call).get(entry_id)
    if row is None:
        raise NotFound
    return call, row


def _give(call: Call, forms: Mapping[UUID, VoteForm]) -> tuple[int, int]:
    """Hand in what the forms say; return the status of the answer and how many votes were kept."""
    ballots = [form.ballot(entry_id) for entry_id, form in forms.items()]
    found = [ballot for ballot in ballots if ballot is not None]
    if len(found) < len(ballots):
        return 422, 0
    try:
        given = services.give_votes(actor=current_actor(), call=call, ballots=found, now=clock.now())
    except RuleViolations as violations:
        for form in forms.values():
            form.take(violations.problems)
        return 422, 0
    except Conflict as refusal:
        flash(refusal.message, "stop")
        return 409, 0
    return 200, len(given)


def _stored_form(row: RowVotes) -> VoteForm:
    own = row.of(current_actor().person_id)
    if own is None or not own.counts:
        return vote_form(row.entry.id, row.proposal)
    return vote_form(row.entry.id, row.proposal, choice=own.vote.choice.value, reason=own.vote.reason)


def _list_page(call: Call, sent: Mapping[UUID, VoteForm] | None) -> str:
    """Return the list for a chair; `sent` are the forms of a page that could not be kept."""
    actor = current_actor()
    found = selection(actor=actor, call=call)
    rows = votes_of(actor=actor, call=call)
    waiting = [row for row in rows.values() if not row.has_voted(actor.person_id)]
    if sent is None:
        forms = {row.entry.id: _stored_form(row) for row in waiting[:ROWS_PER_PAGE]}
    else:
        forms = {entry_id: _about_now(form, rows[entry_id]) for entry_id, form in sent.items() if entry_id in rows}
    return render_template(
        "review/votes.html",
        **frame(call),
        chairs_vote=chairs_vote(call),
        is_open=found.is_open,
        forms=[(_shown(found, rows[entry_id]), form) for entry_id, form in forms.items()] if found.is_open else [],
        later=sum(row.entry.id not in forms for row in waiting),
        voted=[_shown(found, row) for row in rows.values() if row.has_voted(actor.person_id)],
    )


def _row_page(call: Call, row: RowVotes, form: VoteForm, own_conflict: OwnConflictForm) -> str:
    found = selection(actor=current_actor(), call=call)
    return render_template(
        "review/vote.html",
        **frame(call),
        row=_shown(found, row),
        is_open=found.is_open,
        form=_about_now(form, row),
        own_conflict=own_conflict,
        may_follow=current_actor().can(P.DISCUSSION_READ, call.id),
    )


def _votes_page(call: Call, row: RowVotes, form: KeepUnapprovedForm) -> str:
    found = selection(actor=current_actor(), call=call)
    return render_template(
        "review/row_votes.html",
        **frame(call),
        row=row_votes_shown(row, call),
        may_keep=found.is_open and current_actor().can(P.DECISION_MAKE, call.id),
        form=form,
    )


def _about_now(form: VoteForm, row: RowVotes) -> VoteForm:
    """Let a form that is shown again be about what is proposed now: its page says what that is."""
    form.about.data = str(row.proposal)
    return form


def _shown(found: Selection, row: RowVotes) -> BallotShown:
    return ballot_shown(found.row(row.entry.id), row, found.call, current_actor().person_id)
