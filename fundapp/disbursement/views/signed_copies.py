"""Signed copies of letters: people of an award send them, and those who run the call look at them."""

from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.presentation.files import copy_name
from fundapp.applications.views.files import copy_response, file_response, storage
from fundapp.core import clock
from fundapp.core.errors import NotFound, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import limited, requires
from fundapp.core.web import problems_into
from fundapp.disbursement.offer_forms import SendBackForm, SignedCopyForm
from fundapp.disbursement.queries.letters import my_letter
from fundapp.disbursement.queries.signed_copies import copy_of, file_of
from fundapp.disbursement.services import signed_copies as services
from fundapp.disbursement.views import bp
from fundapp.disbursement.views.offers import answered, managed, managed_page, offers_call, own_award, own_page


@bp.post("/letters/<uuid:letter_id>/award/signed")
@requires(P.APPLICATION_WRITE)
@limited("upload")
def send_signed_copy(letter_id: UUID) -> ResponseReturnValue:
    """Take a signed copy of a letter for somebody to look at."""
    award, form = answered(letter_id), SignedCopyForm()
    if form.validate():
        try:
            services.send_signed_copy(
                actor=current_actor(),
                award=award,
                letter=my_letter(actor=current_actor(), letter_id=letter_id),
                name=form.name.data or "",
                role=form.role.data or "",
                filename=form.copy.data.filename or "",
                data=form.copy.data.read(),
                storage=storage(),
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("Thank you. One of us looks at your signed copy, and confirms it here."))
            return redirect(url_for("disbursement.offer", letter_id=letter_id))
    return own_page(letter_id, award, sign=form), 422


@bp.get("/letters/<uuid:letter_id>/award/signed/<int:number>")
@requires(P.APPLICATION_WRITE)
def own_signed_copy(letter_id: UUID, number: int) -> ResponseReturnValue:
    """Give a signed copy back to those who sent it."""
    return file_response(file_of(copy_of(own_award(letter_id), number)))


@bp.get("/manage/<slug>/awards/<uuid:award_id>/signed/<int:number>")
@requires(P.LETTERS_READ)
def signed_copy(slug: str, award_id: UUID, number: int) -> ResponseReturnValue:
    """Send a signed copy to those who look at it, without what tells who made it with what."""
    row = managed(offers_call(slug, P.LETTERS_READ), award_id)
    if row.face.is_protected:
        raise NotFound
    file = file_of(copy_of(row.award, number))
    return copy_response(file, name=copy_name(file, f"{row.award.reference}-{number}"))


@bp.post("/manage/<slug>/awards/<uuid:award_id>/signed/<int:number>/confirm")
@requires(P.LETTER_MANAGE)
def confirm_signed_copy(slug: str, award_id: UUID, number: int) -> ResponseReturnValue:
    """Confirm that an award is accepted by a signed copy."""
    row = managed(offers_call(slug, P.LETTER_MANAGE), award_id)
    services.confirm_signed_copy(actor=current_actor(), award=row.award, number=number, now=clock.now())
    flash(_("The award is accepted, and they are told that there is news."))
    return redirect(url_for("disbursement.managed_offer", slug=slug, award_id=award_id))


@bp.post("/manage/<slug>/awards/<uuid:award_id>/signed/<int:number>/back")
@requires(P.LETTER_MANAGE)
def send_back_signed_copy(slug: str, award_id: UUID, number: int) -> ResponseReturnValue:
    """Send a signed copy back with a reason."""
    call = offers_call(slug, P.LETTER_MANAGE)
    row, form = managed(call, award_id), SendBackForm()
    if form.validate():
        try:
            services.send_back_signed_copy(
                actor=current_actor(), award=row.award, number=number, reason=form.reason.data or "", now=clock.now()
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The copy is sent back, and they are told that there is news."))
            return redirect(url_for("disbursement.managed_offer", slug=slug, award_id=award_id))
    return managed_page(call, row, send_back=form), 422
