"""The page on which the people of a finalist read, change and agree to what the public reads of them, or say no."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries import applicant
from fundapp.core import clock
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires
from fundapp.core.web import problems_into
from fundapp.review.finalist_forms import AGREE, ProfileForm, profile_form
from fundapp.review.models import FinalistProfile
from fundapp.review.presentation import finalists as presentation
from fundapp.review.queries.finalists import own_profile
from fundapp.review.services import finalists as services
from fundapp.review.views import bp


@bp.get("/applications/<uuid:application_id>/public-profile")
@requires(P.APPLICATION_WRITE)
def public_profile(application_id: UUID) -> ResponseReturnValue:
    """Show what the public would read, and ask whether that is right."""
    profile = own_profile(actor=current_actor(), application_id=application_id)
    return _page(profile, profile_form(profile.application.call.languages, profile.said, profile.said_version))


@bp.post("/applications/<uuid:application_id>/public-profile")
@requires(P.APPLICATION_WRITE)
def answer_profile(application_id: UUID) -> ResponseReturnValue:
    """Take the answer: shown with this text, or not shown."""
    profile = own_profile(actor=current_actor(), application_id=application_id)
    form, agrees = profile_form(profile.application.call.languages), request.form.get("action") == AGREE
    status = 422
    if not agrees or form.validate():  # nobody has to put a text right in order to say no
        try:
            services.answer_profile(
                actor=current_actor(),
                profile=profile,
                said=form.profile(),
                version=form.read_version,
                agrees=agrees,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors = [*form.form_errors, refusal.message]
            status = 409
        else:
            flash(_("Thank you. This text is shown.") if agrees else _("Thank you. You are not shown."))
            return redirect(url_for("review.public_profile", application_id=application_id))
    return _page(profile, form), status


def _page(profile: FinalistProfile, form: ProfileForm) -> str:
    application = profile.application
    words, kind = presentation.consent_shown(profile, to_applicant=True)
    return render_template(
        "review/public_profile.html",
        application_id=application.id,
        reference=application.reference or "",
        call_title=said(application.call.titles),
        consent=words,
        consent_kind=kind,
        answered=presentation.answered_shown(profile, application.call),
        is_announced=presentation.announced_shown(application.call) is not None,
        slug=application.call.slug,
        languages=application.call.languages,
        form=form,
        agree=AGREE,
        may_answer=applicant.holds(actor=current_actor(), application=application),
    )
