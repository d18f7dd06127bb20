"""Pages of those who run the panel: reviewers, and who reads what."""

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms.fields import SelectChoice

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import LANGUAGES, language_name, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.tables import read_table
from fundapp.core.web import problems_into
from fundapp.review.forms import InvitationForm, InvitationListForm, PlanForm
from fundapp.review.invitations import COLUMNS, NEEDED, Invitation, read_invitations
from fundapp.review.presentation.panel import coverage_shown, plan_shown, recusal_shown, reviewer_shown
from fundapp.review.queries import panel as queries
from fundapp.review.services import inviting
from fundapp.review.services import panel as services
from fundapp.review.views import bp


@bp.get("/manage/<slug>/reviewers")
@requires(P.PANEL_READ)
def reviewers(slug: str) -> ResponseReturnValue:
    """List the reviewers of a call, and offer whoever may invite to invite more."""
    call = _call(slug, P.PANEL_READ)
    return _reviewers_page(call, _invitation_form(call, empty=True), InvitationListForm(formdata=None))


@bp.post("/manage/<slug>/reviewers")
@requires(P.REVIEWER_INVITE)
@limited("invite")
@fresh
def invite_reviewer(slug: str) -> ResponseReturnValue:
    """Invite one reviewer."""
    call = _call(slug, P.REVIEWER_INVITE)
    form = _invitation_form(call)
    if form.validate():
        invitation = Invitation(
            email=form.email.data or "",
            name=form.name.data or "",
            organisation=(form.organisation.data or "").strip(),
            languages=tuple(dict.fromkeys([form.language.data, *(form.languages.data or ())])),
            max_entries=form.max_entries.data or 0,
        )
        if _invite(call, [invitation], form):
            return redirect(url_for("review.reviewers", slug=slug))
    return _reviewers_page(call, form, InvitationListForm(formdata=None)), 422


@bp.post("/manage/<slug>/reviewers/list")
@requires(P.REVIEWER_INVITE)
@limited("invite")
@fresh
def invite_list(slug: str) -> ResponseReturnValue:
    """Invite everybody on a list that was pasted or uploaded."""
    call = _call(slug, P.REVIEWER_INVITE)
    form = InvitationListForm()
    if form.validate():
        try:
            invitations = _listed(form)
        except RuleViolations as violations:
            problems_into(form, _beside_listing(violations))
        else:
            if _invite(call, invitations, form):
                return redirect(url_for("review.reviewers", slug=slug))
    return _reviewers_page(call, _invitation_form(call, empty=True), form), 422


@bp.get("/manage/<slug>/assignment")
@requires(P.PANEL_READ)
def assignment(slug: str) -> ResponseReturnValue:
    """Show what is covered, and whoever may plan the plan that would cover the rest."""
    actor = current_actor()
    call = _call(slug, P.PANEL_READ)
    coverage = queries.coverage(actor=actor, call=call)
    draft = services.draft_plan(actor=actor, call=call) if actor.can(P.ASSIGNMENT_PLAN, call.id) else None
    link = actor.can(P.APPLICATION_READ, call.id)
    return render_template(
        "review/assignment.html",
        slug=slug,
        call_title=said(call.titles),
        wanted=ngettext("%(num)s review each", "%(num)s reviews each", call.deciding_stage.reviews_per_entry),
        plan=plan_shown(draft, queries.reviewers(actor=actor, call=call), coverage) if draft else None,
        coverage=[coverage_shown(row, link=link) for row in coverage],
        recusals=[recusal_shown(row, call) for row in queries.recusals(actor=actor, call=call)],
        form=PlanForm(formdata=None, fingerprint=draft.fingerprint if draft else ""),
    )


@bp.post("/manage/<slug>/assignment")
@requires(P.ASSIGNMENT_PLAN)
def apply_assignment(slug: str) -> ResponseReturnValue:
    """Apply the plan that was shown."""
    call = _call(slug, P.ASSIGNMENT_PLAN)
    draft = services.apply_plan(
        actor=current_actor(), call=call, fingerprint=PlanForm().fingerprint.data or "", now=clock.now()
    )
    flash(
        ngettext(
            "Done: %(num)s new assignment. The reviewers are told by mail.",
            "Done: %(num)s new assignments. The reviewers are told by mail.",
            len(draft.added),
        )
    )
    return redirect(url_for("review.assignment", slug=slug))


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _invitation_form(call: Call, *, empty: bool = False) -> InvitationForm:
    form = InvitationForm(formdata=None) if empty else InvitationForm()
    form.name.flags.required = True  # the rules of invitations say so, together with all else that is missing
    form.language.choices = [SelectChoice(code, name) for code, name in LANGUAGES.items()]
    form.languages.choices = [SelectChoice(code, language_name(code)) for code in inviting.languages_of([call])]
    return form


def _listed(form: InvitationListForm) -> list[Invitation]:
    """Return the invitations of the file, or else of the text. Raises RuleViolations."""
    upload = form.file.data
    if upload:
        return read_invitations(read_table(upload.read(), upload.filename or ""))
    if not (form.listing.data or "").strip():
        raise RuleViolations([Problem(_("Paste a list, or choose a file."), field="listing")])
    return read_invitations(read_table(form.listing.data.encode(), _("the list")))


def _invite(call: Call, invitations: list[Invitation], form: FlaskForm) -> bool:
    """Invite them and say so; else put the problems into the form and return False."""
    try:
        made = inviting.invite_reviewers(
            actor=current_actor(),
            calls=[call],
            invitations=invitations,
            secret_key=current_app.config["SECRET_KEY"],
            now=clock.now(),
        )
    except RuleViolations as violations:
        problems_into(form, _beside_listing(violations) if "listing" in form else violations)
        return False
    flash(ngettext("%(num)s reviewer is on the panel.", "%(num)s reviewers are on the panel.", len(made)))
    return True


def _beside_listing(violations: RuleViolations) -> RuleViolations:
    """Put problems, each with its row, beside the one field that a list has."""
    return RuleViolations([Problem(str(problem), field="listing") for problem in violations.problems])


def _reviewers_page(call: Call, form: InvitationForm, list_form: InvitationListForm) -> str:
    actor = current_actor()
    rows = queries.reviewers(actor=actor, call=call)
    return render_template(
        "review/reviewers.html",
        may_invite=actor.can(P.REVIEWER_INVITE, call.id),
        slug=call.slug,
        call_title=said(call.titles),
        reviewers=[reviewer_shown(row) for row in rows],
        columns=", ".join(COLUMNS),
        needed=", ".join(NEEDED),
        form=form if form.errors else list_form,
        one_form=form,
        list_form=list_form,
    )
