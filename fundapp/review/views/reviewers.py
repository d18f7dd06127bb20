"""Pages of those who run a panel: whom to ask, who answered what, who is how far."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
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
from fundapp.core.fields import CheckboxesField
from fundapp.core.i18n import LANGUAGES, language_name, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.tables import Table, read_table
from fundapp.core.web import problems_into
from fundapp.review.invitations import COLUMNS, NEEDED, Invitation, read_invitations, unknown_columns
from fundapp.review.models import Reviewer
from fundapp.review.panel_forms import AgreementForm, EarlierForm, InvitationForm, InvitationListForm, TakeOffForm
from fundapp.review.presentation.panel_people import (
    ORDERS,
    PanelOrder,
    answers_in_words,
    in_order,
    one_reviewer_shown,
    progress_plot,
    reviewer_shown,
)
from fundapp.review.queries import panel as queries
from fundapp.review.queries.invitations import earlier_reviewers, other_calls, reviewer_of
from fundapp.review.services import answering, inviting
from fundapp.review.views import bp

UNKNOWN_TOLD: Final = 10
"""Of so many columns of a list that it does not have, we say so: what is said is kept in a cookie."""
UNKNOWN_CHARACTERS: Final = 40


@bp.get("/manage/<slug>/reviewers")
@requires(P.PANEL_READ)
def reviewers(slug: str) -> ResponseReturnValue:
    """List the reviewers of a call, and offer whoever may invite to invite more."""
    return _reviewers_page(_call(slug, P.PANEL_READ))


@bp.post("/manage/<slug>/reviewers")
@requires(P.REVIEWER_INVITE)
@limited("invite")
@fresh
def invite_reviewer(slug: str) -> ResponseReturnValue:
    """Invite one reviewer."""
    call = _call(slug, P.REVIEWER_INVITE)
    form = _invitation_form(call, _others(call))
    if form.validate():
        invitation = Invitation(
            email=form.email.data or "",
            name=form.name.data or "",
            organisation=(form.organisation.data or "").strip(),
            languages=tuple(dict.fromkeys([form.language.data, *(form.languages.data or ())])),
            max_entries=form.max_entries.data or 0,
        )
        if _invite(call, [invitation], form, form.calls):
            return redirect(url_for("review.reviewers", slug=slug))
    return _reviewers_page(call, one=form), 422


@bp.post("/manage/<slug>/reviewers/list")
@requires(P.REVIEWER_INVITE)
@limited("invite")
@fresh
def invite_list(slug: str) -> ResponseReturnValue:
    """Invite everybody on a list that was pasted or uploaded."""
    call = _call(slug, P.REVIEWER_INVITE)
    form = _list_form(_others(call))
    if form.validate():
        try:
            table = _listed(form)
            invitations = read_invitations(table)
        except RuleViolations as violations:
            problems_into(form, _beside(violations, "listing"))
        else:
            if _invite(call, invitations, form, form.list_calls, field="listing"):
                for heading in unknown_columns(table)[:UNKNOWN_TOLD]:
                    place = heading[:UNKNOWN_CHARACTERS]
                    flash(str(Problem(_("This column is not known and left out."), place=place)))
                return redirect(url_for("review.reviewers", slug=slug))
    return _reviewers_page(call, listed=form), 422


@bp.post("/manage/<slug>/reviewers/earlier")
@requires(P.REVIEWER_INVITE)
@limited("invite")
@fresh
def invite_earlier(slug: str) -> ResponseReturnValue:
    """Ask reviewers of the last round again, with the limits and languages that they had."""
    call = _call(slug, P.REVIEWER_INVITE)
    people = earlier_reviewers(actor=current_actor(), call=call)[1]
    form = _earlier_form(people, _others(call))
    if form.validate():
        chosen = set(form.people.data or ())
        invitations = [
            Invitation(
                email=each.person.email,
                name=each.person.name or each.person.email,
                organisation="",
                languages=tuple(each.languages),
                max_entries=each.max_entries,
                place=each.person.name or each.person.email,
            )
            for each in people
            if str(each.id) in chosen
        ]
        if _invite(call, invitations, form, form.earlier_calls, field="people"):
            return redirect(url_for("review.reviewers", slug=slug))
    return _reviewers_page(call, earlier=form), 422


@bp.get("/manage/<slug>/reviewers/<uuid:reviewer_id>")
@requires(P.REVIEWER_INVITE)
def reviewer(slug: str, reviewer_id: UUID) -> ResponseReturnValue:
    """Show one reviewer: what was agreed, what they answered, how far they are, and what can be done."""
    call = _call(slug, P.REVIEWER_INVITE)
    return _reviewer_page(call, reviewer_of(call=call, reviewer_id=reviewer_id))


@bp.post("/manage/<slug>/reviewers/<uuid:reviewer_id>")
@requires(P.REVIEWER_INVITE)
def change_agreement(slug: str, reviewer_id: UUID) -> ResponseReturnValue:
    """Change how much a reviewer is asked to take, and the languages."""
    call = _call(slug, P.REVIEWER_INVITE)
    found = reviewer_of(call=call, reviewer_id=reviewer_id)
    form = _agreement_form(call)
    if form.validate():
        try:
            inviting.agree(
                actor=current_actor(),
                reviewer=found,
                max_entries=form.max_entries.data or 0,
                languages=form.languages.data or (),
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("Saved. Look at the plan again if they have more than that now."))
            return redirect(url_for("review.reviewer", slug=slug, reviewer_id=reviewer_id))
    return _reviewer_page(call, found, agreement=form), 422


@bp.post("/manage/<slug>/reviewers/<uuid:reviewer_id>/remind")
@requires(P.REVIEWER_INVITE)
@limited("invite")
def remind_reviewer(slug: str, reviewer_id: UUID) -> ResponseReturnValue:
    """Remind somebody of their invitation, or of the reviews that are to come."""
    call = _call(slug, P.REVIEWER_INVITE)
    found = reviewer_of(call=call, reviewer_id=reviewer_id)
    is_written = inviting.remind(
        actor=current_actor(), reviewer=found, secret_key=current_app.config["SECRET_KEY"], now=clock.now()
    )
    if is_written:
        flash(_("A mail goes to them now. It says only that something waits for them here."))
    else:
        flash(_("They had a mail from us not long ago, and nobody gets two on one day. They are reminded tomorrow."))
    return redirect(url_for("review.reviewer", slug=slug, reviewer_id=reviewer_id))


@bp.post("/manage/<slug>/reviewers/<uuid:reviewer_id>/take-off")
@requires(P.REVIEWER_INVITE)
@fresh
def take_off(slug: str, reviewer_id: UUID) -> ResponseReturnValue:
    """Take somebody off the panel: what they have not begun goes back."""
    call = _call(slug, P.REVIEWER_INVITE)
    found = reviewer_of(call=call, reviewer_id=reviewer_id)
    form = TakeOffForm()
    if form.validate():
        answering.take_off_panel(
            actor=current_actor(), reviewer=found, with_begun=form.begun.data == TakeOffForm.TAKE, now=clock.now()
        )
        flash(_("Done. Make a new plan to give what they had to others."))
        return redirect(url_for("review.reviewer", slug=slug, reviewer_id=reviewer_id))
    return _reviewer_page(call, found, leaving=form), 422


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _invitation_form(call: Call, others: Sequence[SelectChoice], *, empty: bool = False) -> InvitationForm:
    form = InvitationForm(formdata=None) if empty else InvitationForm()
    form.name.flags.required = True  # the rules of invitations say so, together with all else that is missing
    form.language.choices = [SelectChoice(code, name) for code, name in LANGUAGES.items()]
    form.languages.choices = _languages(call)
    form.calls.choices = list(others)
    return form


def _list_form(others: Sequence[SelectChoice], *, empty: bool = False) -> InvitationListForm:
    form = InvitationListForm(formdata=None) if empty else InvitationListForm()
    form.list_calls.choices = list(others)
    return form


def _earlier_form(people: list[Reviewer], others: Sequence[SelectChoice], *, empty: bool = False) -> EarlierForm:
    form = EarlierForm(formdata=None) if empty else EarlierForm()
    form.people.choices = [SelectChoice(str(each.id), each.person.name or each.person.email) for each in people]
    form.earlier_calls.choices = list(others)
    return form


def _agreement_form(call: Call, reviewer: Reviewer | None = None) -> AgreementForm:
    if reviewer is None:
        form = AgreementForm()
    else:
        form = AgreementForm(formdata=None, data={"max_entries": reviewer.max_entries, "languages": reviewer.languages})
    form.languages.flags.required = True
    form.languages.choices = _languages(call)
    return form


def _languages(call: Call) -> list[SelectChoice]:
    return [SelectChoice(code, language_name(code)) for code in inviting.languages_of([call])]


def _others(call: Call) -> list[SelectChoice]:
    others = other_calls(actor=current_actor(), call=call)
    return [SelectChoice(each.slug, said(each.titles).text) for each in others]


def _listed(form: InvitationListForm) -> Table:
    """Return the table of the file, or else of the text. Raises RuleViolations."""
    upload = form.file.data
    if upload:
        return read_table(upload.read(), upload.filename or "")
    if not (form.listing.data or "").strip():
        raise RuleViolations([Problem(_("Paste a list, or choose a file."), field="listing")])
    return read_table(form.listing.data.encode(), _("the list"))


def _invite(
    call: Call, invitations: list[Invitation], form: FlaskForm, others: CheckboxesField, *, field: str = ""
) -> bool:
    """Invite them and say so; else put the problems into the form, all beside `field` where it is named."""
    actor = current_actor()
    slugs = set(others.data or ())
    calls = [call, *(each for each in other_calls(actor=actor, call=call) if each.slug in slugs)]
    try:
        made = inviting.invite_reviewers(
            actor=actor,
            calls=calls,
            invitations=invitations,
            secret_key=current_app.config["SECRET_KEY"],
            now=clock.now(),
        )
    except RuleViolations as violations:
        problems_into(form, _beside(violations, field) if field else violations)
        return False
    people = len({each.person_id for each in made})
    flash(ngettext("%(num)s person is asked to review.", "%(num)s people are asked to review.", people))
    return True


def _beside(violations: RuleViolations, field: str) -> RuleViolations:
    """Put problems, each with its row, beside the one field that a list has."""
    return RuleViolations([Problem(str(problem), field=field) for problem in violations.problems])


def _reviewers_page(
    call: Call,
    *,
    one: InvitationForm | None = None,
    listed: InvitationListForm | None = None,
    earlier: EarlierForm | None = None,
) -> str:
    actor = current_actor()
    may_invite = actor.can(P.REVIEWER_INVITE, call.id)
    asked = request.args.get("sort", "")
    order = PanelOrder(asked) if asked in set(PanelOrder) else PanelOrder.NAME
    rows = in_order(queries.reviewers(actor=actor, call=call), order)
    last, people = earlier_reviewers(actor=actor, call=call) if may_invite else (None, [])
    others = _others(call) if may_invite else []
    one = one or _invitation_form(call, others, empty=True)
    return render_template(
        "review/reviewers.html",
        may_invite=may_invite,
        slug=call.slug,
        call_title=said(call.titles),
        reviewers=[reviewer_shown(row, call, link=may_invite) for row in rows],
        answers=answers_in_words(rows),
        plot=progress_plot(rows),
        order=order,
        orders=ORDERS,
        columns=", ".join(COLUMNS),
        needed=", ".join(NEEDED),
        form=next((form for form in (one, listed, earlier) if form is not None and form.errors), one),
        one_form=one,
        list_form=listed or _list_form(others, empty=True),
        earlier_form=earlier or (_earlier_form(people, others, empty=True) if people else None),
        last_round=said(last.titles) if last else None,
    )


def _reviewer_page(
    call: Call, reviewer: Reviewer, *, agreement: AgreementForm | None = None, leaving: TakeOffForm | None = None
) -> str:
    row = next(row for row in queries.reviewers(actor=current_actor(), call=call) if row.id == reviewer.id)
    return render_template(
        "review/reviewer.html",
        slug=call.slug,
        call_title=said(call.titles),
        reviewer_id=reviewer.id,
        shown=one_reviewer_shown(row, reviewer, call),
        form=leaving or agreement or _agreement_form(call, reviewer),
        agreement_form=agreement or _agreement_form(call, reviewer),
        leaving_form=leaving or TakeOffForm(formdata=None),
    )
