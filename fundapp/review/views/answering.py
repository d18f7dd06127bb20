"""Pages of those who are asked to review: invitations, and what they say of themselves."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields import SelectChoice

from fundapp.accounts.models import Tie, TieKind
from fundapp.accounts.permissions import P
from fundapp.accounts.queries import person_of, ties_of
from fundapp.accounts.services.ties import declare_tie, end_tie
from fundapp.accounts.sessions import current_actor
from fundapp.core import clock
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name
from fundapp.core.routes import requires
from fundapp.core.text import TextError
from fundapp.core.web import problems_into
from fundapp.review.models import Reviewer
from fundapp.review.panel_forms import DeclineForm, ProfileForm, TieForm
from fundapp.review.presentation.invitations import invitation_shown
from fundapp.review.profile_rules import Profile, words_in
from fundapp.review.queries.invitations import own_invitation, own_invitations
from fundapp.review.queries.profiles import profile_of
from fundapp.review.services import answering, inviting, profiles
from fundapp.review.views import bp


@bp.get("/reviews/invitations")
@requires(P.SESSION_USE)
def invitations() -> ResponseReturnValue:
    """Show what calls ask of this person, with an answer for each."""
    return _invitations_page(DeclineForm(formdata=None))


@bp.post("/reviews/invitations/<uuid:reviewer_id>/accept")
@requires(P.SESSION_USE)
def accept(reviewer_id: UUID) -> ResponseReturnValue:
    """Accept to review for a call."""
    actor = current_actor()
    reviewer = own_invitation(actor=actor, reviewer_id=reviewer_id)
    try:
        answering.accept_invitation(actor=actor, reviewer=reviewer, now=clock.now())
    except Conflict as conflict:
        return _invitations_page(DeclineForm(formdata=None), refused=str(conflict)), 409
    flash(_("Thank you. You review for this call. Please say now what you read and know."))
    return redirect(url_for("review.profile"))


@bp.post("/reviews/invitations/<uuid:reviewer_id>/decline")
@requires(P.SESSION_USE)
def decline(reviewer_id: UUID) -> ResponseReturnValue:
    """Decline to review for a call, with a reason or without."""
    actor = current_actor()
    reviewer = own_invitation(actor=actor, reviewer_id=reviewer_id)
    form = DeclineForm()
    if form.validate():
        try:
            answering.decline_invitation(actor=actor, reviewer=reviewer, reason=form.reason.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("You declined. Thank you for telling us. You can still accept later, while there is time."))
            return redirect(url_for("review.invitations"))
    return _invitations_page(form, declining=reviewer), 422


@bp.get("/reviews/profile")
@requires(P.SESSION_USE)
def profile() -> ResponseReturnValue:
    """Ask what this reviewer reads, knows and can take, and show their ties."""
    return _profile_page(_profile_form(), TieForm(formdata=None))


@bp.post("/reviews/profile")
@requires(P.SESSION_USE)
def save_profile() -> ResponseReturnValue:
    """Keep what this reviewer says of themselves."""
    form = _profile_form(sent=True)
    words = {}
    is_right = form.validate()
    for field in (form.regions, form.themes):
        try:
            words[field.name] = words_in(field.data or "")
        except TextError as error:
            field.errors = [*field.errors, error.message]
            is_right = False
    if is_right:
        said = Profile(
            languages=tuple(form.languages.data or ()),
            regions=words["regions"],
            themes=words["themes"],
            has_reviewed_before=form.has_reviewed_before.data,
            max_at_once=form.max_at_once.data,
        )
        try:
            profiles.save_profile(actor=current_actor(), profile=said, languages=_languages(), now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("Saved. The calls for which you review go by it from now on."))
            return redirect(url_for("review.profile"))
    return _profile_page(form, TieForm(formdata=None)), 422


@bp.post("/reviews/profile/ties")
@requires(P.SESSION_USE)
def add_tie() -> ResponseReturnValue:
    """Note an organisation that this reviewer is tied to: they get nothing of it to read."""
    actor = current_actor()
    person = person_of(actor)
    if person is None or not _asked():
        raise NotFound
    form = TieForm()
    if form.validate():
        try:
            declare_tie(
                actor=actor,
                person=person,
                kind=TieKind(form.kind.data),
                organisation=form.organisation.data or "",
                mail_domain=form.mail_domain.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("Noted. You will not be given anything of this organisation."))
            return redirect(url_for("review.profile"))
    return _profile_page(_profile_form(), form), 422


@bp.post("/reviews/profile/ties/<uuid:tie_id>/end")
@requires(P.SESSION_USE)
def remove_tie(tie_id: UUID) -> ResponseReturnValue:
    """Forget a tie that this person named themselves."""
    actor = current_actor()
    tie = db.session.get(Tie, tie_id)
    if tie is None or tie.person_id != actor.person_id:
        raise NotFound
    end_tie(actor=actor, tie=tie, now=clock.now())
    flash(_("The tie was taken off your list."))
    return redirect(url_for("review.profile"))


def _invitations_page(form: DeclineForm, *, declining: Reviewer | None = None, refused: str = "") -> str:
    return render_template(
        "review/invitations.html",
        invitations=[
            (invitation_shown(each), _numbered(form if each is declining else DeclineForm(formdata=None), number))
            for number, each in enumerate(own_invitations(actor=current_actor()), 1)
        ],
        form=form,
        refused=refused,
    )


def _numbered(form: DeclineForm, number: int) -> DeclineForm:
    """Give the field of one of several such forms on a page an id of its own."""
    form.reason.id = f"reason-{number}"
    return form


def _asked() -> list[Reviewer]:
    return own_invitations(actor=current_actor())


def _languages() -> list[str]:
    return inviting.languages_of([reviewer.call for reviewer in _asked()])


def _profile_form(*, sent: bool = False) -> ProfileForm:
    actor = current_actor()
    kept = profile_of(actor.person_id)
    asked = _asked()
    if not asked:
        raise NotFound
    first = {
        "languages": kept.languages if kept else asked[0].languages,
        "regions": ", ".join(kept.regions) if kept else "",
        "themes": ", ".join(kept.themes) if kept else "",
        "has_reviewed_before": kept.has_reviewed_before if kept else False,
        "max_at_once": kept.max_at_once if kept else None,
    }
    form = ProfileForm() if sent else ProfileForm(formdata=None, data=first)
    form.languages.flags.required = True  # the rules of profiles say so, together with all else
    form.languages.choices = [SelectChoice(code, language_name(code)) for code in _languages()]
    return form


def _profile_page(form: ProfileForm, tie_form: TieForm) -> str:
    kinds = {choice.value: choice.label for choice in TieForm.kind.kwargs["choices"]}
    ties = ties_of(current_actor().person_id)
    return render_template(
        "review/profile.html",
        form=form if form.errors else tie_form,
        profile_form=form,
        tie_form=tie_form,
        ties=[(tie.organisation, kinds[tie.kind.value], url_for("review.remove_tie", tie_id=tie.id)) for tie in ties],
    )
