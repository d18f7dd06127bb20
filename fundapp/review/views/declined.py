"""Pages on which those who run a call choose what declined applicants read of the reviews."""

from typing import Final
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import DEFAULT_LANGUAGE, LANGUAGES
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires
from fundapp.core.web import problems_into
from fundapp.review.declined_forms import DeclinedCommentForm
from fundapp.review.declined_rules import with_pieces
from fundapp.review.forms import version_in
from fundapp.review.presentation.declined import declined_shown, pieces_shown, promise_shown, still_to_write
from fundapp.review.queries import declined as queries
from fundapp.review.queries.declined import Declined
from fundapp.review.services.declined import keep_comment
from fundapp.review.views import bp
from fundapp.review.views.selection import frame

TAKE: Final = "take"
"""The button that puts what is ticked into the text, and keeps nothing."""


@bp.get("/manage/<slug>/comments")
@requires(P.SLATE_READ)
def declined_comments(slug: str) -> ResponseReturnValue:
    """List the entries without an award, with what their people get to read."""
    actor, call = current_actor(), _call(slug, P.SLATE_READ)
    found = queries.declined_entries(actor=actor, call=call)
    promise = promise_shown(call, may_decide=actor.can(P.DECISION_MAKE, call.id))
    return render_template(
        "review/declined_comments.html",
        **frame(call),
        promise=promise,
        entries=[declined_shown(each) for each in found] if promise.is_anything else [],
        missing=still_to_write(found) if promise.is_anything and not promise.is_released else "",
    )


@bp.get("/manage/<slug>/comments/<uuid:entry_id>")
@requires(P.SLATE_READ)
def declined_comment(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Show what reviewers wrote of an entry, side by side, and the text that is kept for its people."""
    call = _call(slug, P.SLATE_READ)
    found = queries.declined_entry(actor=current_actor(), call=call, entry_id=entry_id)
    return _page(call, found, _stored_form(found))


@bp.post("/manage/<slug>/comments/<uuid:entry_id>")
@requires(P.DECISION_MAKE)
def keep_declined_comment(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Keep a text, or put what is ticked into it."""
    actor, call = current_actor(), _call(slug, P.DECISION_MAKE)
    found = queries.declined_entry(actor=actor, call=call, entry_id=entry_id)
    form = DeclinedCommentForm()
    if TAKE in request.form:
        pieces = [piece for each in queries.pieces_of(actor=actor, entry=found.row.entry) for piece in each]
        chosen = [piece for piece in pieces if piece.key in (form.chosen.data or ())]
        form.text.data = with_pieces(form.text.data or "", chosen)
        return _page(call, found, form)
    status = 422
    if form.validate():
        try:
            keep_comment(
                actor=actor, entry=found.row.entry, wording=form.wording, version=version_in(form), now=clock.now()
            )
        except RuleViolations as violations:
            problems_into(form, violations)
            form.show(queries.found_in(call, form.text.data or ""))
        except Conflict as refusal:
            form.form_errors = [*form.form_errors, refusal.message]
            status = 409
        else:
            flash(_("What the people of %(reference)s read is kept.", reference=found.row.entry.application.reference))
            return redirect(url_for("review.declined_comments", slug=slug))
    found = queries.declined_entry(actor=actor, call=call, entry_id=entry_id)
    if status == 409:
        form.version.data = str(found.comment.version if found.comment else 0)
    return _page(call, found, form), status


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _stored_form(found: Declined) -> DeclinedCommentForm:
    comment, language = found.comment, found.row.entry.application.language
    if comment is None:
        fitting = language if language in LANGUAGES else DEFAULT_LANGUAGE
        return DeclinedCommentForm(formdata=None, passed_on=DeclinedCommentForm.TEXT, language=fitting)
    return DeclinedCommentForm(
        formdata=None,
        chosen=list(comment.chosen),
        passed_on=DeclinedCommentForm.TEXT if comment.passes_on else DeclinedCommentForm.NOTHING,
        text=comment.text,
        language=comment.language,
        version=str(comment.version),
    )


def _page(call: Call, found: Declined, form: DeclinedCommentForm) -> str:
    actor = current_actor()
    pieces = queries.pieces_of(actor=actor, entry=found.row.entry)
    return render_template(
        "review/declined_comment.html",
        **frame(call),
        promise=promise_shown(call, may_decide=actor.can(P.DECISION_MAKE, call.id)),
        entry=declined_shown(found),
        comment=found.comment and (found.comment.text, found.comment.language, found.comment.passes_on),
        readers=pieces_shown(call, pieces, form.chosen.data or ()),
        take=TAKE,
        form=form,
    )
