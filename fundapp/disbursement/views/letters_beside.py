"""Letters to people who have no application, as PDF: whom somebody nominated, and reviewers after a release."""

from typing import cast
from uuid import UUID

from flask import Response, current_app
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.queries.managing import managed_call
from fundapp.core.errors import Conflict, NotFound
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.pdf import MissingValue, PdfError, PdfUnavailable, render_pdf
from fundapp.core.routes import limited, requires
from fundapp.core.storage import Storage
from fundapp.disbursement.letter_words import TEMPLATES
from fundapp.disbursement.letterheads import letter_logo
from fundapp.disbursement.letters import Facts, letter_kind, worded
from fundapp.disbursement.presentation.letters_beside import nomination_facts, panel_facts
from fundapp.disbursement.presentation.templates import languages_of
from fundapp.disbursement.queries.letters_beside import named_in, thanks_in
from fundapp.disbursement.queries.templates import holding, newest_templates
from fundapp.disbursement.rules import failure_text, letter_filename, missing_value
from fundapp.disbursement.views import bp


@bp.get("/manage/<slug>/nominations/<uuid:nominee_id>/letter/<language>")
@requires(P.APPLICANT_INVITE)
@limited("pdf")
def nomination_letter(slug: str, nominee_id: UUID, language: str) -> ResponseReturnValue:
    """Send the letter to somebody who was nominated, in a language of the call, to hand over or to post."""
    call = managed_call(actor=current_actor(), slug=slug, permission=P.APPLICANT_INVITE)
    if language not in languages_of(call):
        raise NotFound
    named = named_in(call=call, nominee_id=nominee_id)
    return _pdf(nomination_facts(call, named, language), f"nomination-{nominee_id}")


@bp.get("/reviews/calls/<slug>/thanks")
@requires(P.REVIEW_WRITE)
@limited("pdf")
def panel_letter(slug: str) -> ResponseReturnValue:
    """Send a reviewer the letter of thanks for the reviews that they handed in."""
    return _pdf(panel_facts(thanks_in(actor=current_actor(), slug=slug)), f"thanks-{slug}")


def _pdf(facts: Facts, name: str) -> Response:
    """Lay out a letter. Raises Conflict, with the reason, where its words do not make one."""
    own = holding(newest_templates(facts.call.id), facts.kind, facts.language)
    logo = letter_logo(cast(Storage, current_app.extensions["storage"]), facts.call, facts.language)
    try:
        words = worded(facts, None if own is None else (own.subject, own.body))
        data = render_pdf(TEMPLATES[letter_kind(facts.kind)], words, language=facts.language, logo=logo)
    except PdfUnavailable:
        raise
    except PdfError as error:
        failure = missing_value(error.field) if isinstance(error, MissingValue) else str(error)
        raise Conflict(_l("This letter cannot be made. %(reason)s", reason=failure_text(failure))) from error
    response = Response(data, content_type="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=letter_filename(name))
    response.headers["Cache-Control"] = "no-store"
    return response
