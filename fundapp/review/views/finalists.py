"""Pages of finalists: naming and announcing them, what is shown of each, and what everybody reads."""

from collections.abc import Collection
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.identity import face_of
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, requires
from fundapp.core.routes import public as for_everybody
from fundapp.core.web import problems_into
from fundapp.review.finalist_forms import ASK, FinalistsForm, ProfileForm, finalists_form, profile_form
from fundapp.review.presentation import finalists as presentation
from fundapp.review.presentation.public_vote import terms_shown
from fundapp.review.queries import finalists as queries
from fundapp.review.queries.finalists import FinalistRow
from fundapp.review.queries.public_vote import public_result
from fundapp.review.queries.vote_count import vote_of
from fundapp.review.services import finalists as services
from fundapp.review.views import bp


@bp.get("/manage/<slug>/finalists")
@requires(P.SLATE_READ)
def finalists(slug: str) -> ResponseReturnValue:
    """Show who can be a finalist and who is, and offer whoever decides to name them."""
    call = _call(slug, P.SLATE_READ)
    rows = queries.finalist_rows(actor=current_actor(), call=call)
    chosen = [str(row.entry.id) for row in rows if row.finalist is not None]
    return _finalists_page(call, rows, _form(rows, chosen), chosen)


@bp.post("/manage/<slug>/finalists")
@requires(P.DECISION_MAKE)
@fresh
def name_finalists(slug: str) -> ResponseReturnValue:
    """Name the ticked entries finalists."""
    actor, call = current_actor(), _call(slug, P.DECISION_MAKE)
    rows = queries.finalist_rows(actor=actor, call=call)
    form = _form(rows, ())
    chosen = form.entries.data or []
    if not form.validate():
        return _finalists_page(call, rows, form, chosen), 422
    try:
        named = {UUID(each): form.reason_of(each) for each in chosen}
        services.name_finalists(actor=actor, call=call, named=named, now=clock.now())
    except RuleViolations as violations:
        problems_into(form, violations)
        return _finalists_page(call, rows, form, chosen), 422
    flash(_("Saved. Nobody outside reads of it before it is announced."))
    return redirect(url_for("review.finalists", slug=slug))


@bp.post("/manage/<slug>/finalists/announce")
@requires(P.DECISION_MAKE)
@fresh
def announce_finalists(slug: str) -> ResponseReturnValue:
    """Let everybody read who the finalists are."""
    actor, call = current_actor(), _call(slug, P.DECISION_MAKE)
    try:
        services.announce_finalists(actor=actor, call=call, now=clock.now())
    except RuleViolations as violations:
        rows = queries.finalist_rows(actor=actor, call=call)
        chosen = [str(row.entry.id) for row in rows if row.finalist is not None]
        return _finalists_page(call, rows, _form(rows, chosen), chosen, violations.problems), 422
    flash(_("The finalists are announced."))
    return redirect(url_for("review.finalists", slug=slug))


@bp.get("/manage/<slug>/finalists/<uuid:entry_id>")
@requires(P.SLATE_READ)
def finalist_profile(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Show what the public may read of a finalist, and offer whoever decides to write it."""
    call, row = _row(slug, entry_id, P.SLATE_READ)
    said_now = row.profile.said if row.profile else presentation.first_profile(row.entry.application)
    version = row.profile.said_version if row.profile else 0
    return _profile_page(call, row, profile_form(call.languages, said_now, version))


@bp.post("/manage/<slug>/finalists/<uuid:entry_id>")
@requires(P.DECISION_MAKE)
def write_profile(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Keep what the public may read of a finalist; with action=ask, ask its people."""
    call, row = _row(slug, entry_id, P.DECISION_MAKE)
    form = profile_form(call.languages)
    status, asks = 422, request.form.get("action") == ASK
    if form.validate():
        try:
            services.write_profile(
                actor=current_actor(),
                call=call,
                entry_id=entry_id,
                profile=form.profile(),
                version=form.read_version,
                asks=asks,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors = [*form.form_errors, refusal.message]
            status = 409
        else:
            flash(_("Its people get a mail that there is news, and read this text.") if asks else _("Saved."))
            return redirect(url_for("review.finalists", slug=slug))
    return _profile_page(call, row, form), status


@bp.get("/calls/<slug>/finalists")
@for_everybody
def public_finalists(slug: str) -> ResponseReturnValue:
    """Show the finalists to everybody once they are announced, and the winners once they are decided."""
    call = queries.call_with_finalists(slug)
    winners = queries.winning_entries(call=call)
    vote, now = vote_of(call), clock.now()
    return render_template(
        "review/public_finalists.html",
        slug=call.slug,
        call_title=said(call.titles),
        announced=presentation.announced_shown(call),
        categories=presentation.public_categories(queries.shown_finalists(call=call), winners),
        terms=terms_shown(vote, now) if vote else None,
        votes=public_result(vote=vote, now=now) if vote else {},
    )


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _row(slug: str, entry_id: UUID, permission: P) -> tuple[Call, FinalistRow]:
    call = _call(slug, permission)
    row = queries.finalist_row(actor=current_actor(), call=call, entry_id=entry_id)
    if row.entry.application.is_protected:
        raise NotFound
    return call, row


def _form(rows: Collection[FinalistRow], chosen: Collection[str]) -> FinalistsForm:
    return finalists_form(
        {str(row.entry.id): row.finalist.reason if row.finalist else "" for row in rows}, list(chosen)
    )


def _finalists_page(
    call: Call,
    rows: list[FinalistRow],
    form: FinalistsForm,
    chosen: Collection[str],
    problems: Collection[Problem] = (),
) -> str:
    announced = presentation.announced_shown(call)
    return render_template(
        "review/finalists.html",
        slug=call.slug,
        call_title=said(call.titles),
        categories=presentation.categories_shown(rows, chosen, call),
        announced=announced,
        form=form,
        problems=problems,
        may_name=announced is None and current_actor().can(P.DECISION_MAKE, call.id),
    )


def _profile_page(call: Call, row: FinalistRow, form: ProfileForm) -> str:
    face = face_of(row.entry.application)
    words, kind = presentation.consent_shown(row.profile)
    return render_template(
        "review/finalist_profile.html",
        slug=call.slug,
        call_title=said(call.titles),
        reference=face.reference,
        organisation=face.name,
        consent=words,
        consent_kind=kind,
        is_refused=kind == "stop",
        languages=call.languages,
        form=form,
        ask=ASK,
        may_write=current_actor().can(P.DECISION_MAKE, call.id),
    )
