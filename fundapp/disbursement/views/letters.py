"""Pages of release, letters and contacts; and an applicant's own letters."""

from typing import Final, cast
from uuid import UUID

from flask import Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.lists import file_names
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock, sealed_files, unit_of_work
from fundapp.core.errors import NotAllowed, NotFound, RuleViolations
from fundapp.core.i18n import current_language, direction, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.list_pages import CONTENT_TYPES, list_asked, list_file, list_shown
from fundapp.core.listing import Asked, page_of
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.storage import Storage
from fundapp.core.web import FundApp, problems_into
from fundapp.disbursement.exports.contacts import open_contacts, protected_applications
from fundapp.disbursement.forms import ContactsForm
from fundapp.disbursement.letters import from_content, names_somebody_protected
from fundapp.disbursement.models import Letter, LetterStatus
from fundapp.disbursement.presentation import letters as presentation
from fundapp.disbursement.presentation.letter_page import letter_on_page
from fundapp.disbursement.presentation.next_call import next_call_asked
from fundapp.disbursement.presentation.offers import own_offer
from fundapp.disbursement.presentation.payees import own_payee_of_accepted
from fundapp.disbursement.presentation.payments import own_instalments
from fundapp.disbursement.presentation.publication import publication_asked
from fundapp.disbursement.presentation.reports import own_reports
from fundapp.disbursement.queries import letters as queries
from fundapp.disbursement.queries.publication import award_of
from fundapp.disbursement.rules import letter_filename
from fundapp.disbursement.services import releasing as services
from fundapp.disbursement.services.templates import open_letter
from fundapp.disbursement.views import bp
from fundapp.review.presentation.selection import money_shown
from fundapp.review.queries.selection import selection

PDF: Final = "application/pdf"


@bp.get("/manage/<slug>/letters")
@requires(P.LETTERS_READ)
def letters(slug: str) -> ResponseReturnValue:
    """Show what a release would do; after it, the letters: queued, made, failed and why."""
    return _letters_page(_call(slug, P.LETTERS_READ))


@bp.post("/manage/<slug>/letters")
@requires(P.LETTERS_READ)
@limited("search")
def search_letters(slug: str) -> ResponseReturnValue:
    """List the letters that a search finds; by POST, so that no name stands in an address."""
    return _letters_page(_call(slug, P.LETTERS_READ))


@bp.post("/manage/<slug>/letters.<format>")
@requires(P.LETTERS_READ)
@fresh
@limited("export")
def letters_file(slug: str, format: str) -> ResponseReturnValue:  # noqa: A002 - the word in the address
    """Send the list of letters as it is narrowed as CSV or XLSX."""
    call = _call(slug, P.LETTERS_READ)
    return list_file(queries.letters(actor=current_actor(), call=call), format, **file_names("letters", call))


@bp.post("/manage/<slug>/release")
@requires(P.DECISION_RELEASE)
@fresh
def release(slug: str) -> ResponseReturnValue:
    """Release the ratified decisions of a call."""
    call = _call(slug, P.DECISION_RELEASE)
    try:
        services.release_decisions(actor=current_actor(), call=call, now=clock.now())
    except RuleViolations as violations:
        return _letters_page(call, violations), 422
    flash(_("The decisions are released. The letters are being made now."))
    return redirect(url_for("disbursement.letters", slug=call.slug))


@bp.post("/manage/<slug>/letters/retry")
@requires(P.LETTER_MANAGE)
def retry(slug: str) -> ResponseReturnValue:
    """Try every letter of a call that failed once more, or the one that is named."""
    actor, call = current_actor(), _call(slug, P.LETTER_MANAGE)
    if "letter" in request.form:
        chosen = [_managed(call, request.form["letter"])]
    else:
        chosen = queries.letters_of_call(actor=actor, call=call, status=LetterStatus.FAILED)
    number = services.retry_letters(actor=actor, call=call, letters=chosen, now=clock.now())
    flash(ngettext("%(num)s letter is tried again.", "%(num)s letters are tried again.", number))
    return redirect(url_for("disbursement.letters", slug=call.slug))


@bp.post("/manage/<slug>/letters/stop")
@requires(P.LETTER_MANAGE)
def stop_letters(slug: str) -> ResponseReturnValue:
    """Stop making the letters of a call that nobody has begun."""
    actor, call = current_actor(), _call(slug, P.LETTER_MANAGE)
    waiting = queries.letters_of_call(actor=actor, call=call, status=LetterStatus.QUEUED)
    number = services.stop_letters(actor=actor, call=call, letters=waiting, now=clock.now())
    flash(ngettext("%(num)s letter is stopped.", "%(num)s letters are stopped.", number))
    return redirect(url_for("disbursement.letters", slug=call.slug))


@bp.post("/manage/<slug>/letters/resume")
@requires(P.LETTER_MANAGE)
def resume_letters(slug: str) -> ResponseReturnValue:
    """Go on making the letters of a call that were stopped."""
    actor, call = current_actor(), _call(slug, P.LETTER_MANAGE)
    waiting = queries.letters_of_call(actor=actor, call=call, status=LetterStatus.QUEUED)
    number = services.resume_letters(actor=actor, call=call, letters=waiting, now=clock.now())
    flash(ngettext("%(num)s letter is being made.", "%(num)s letters are being made.", number))
    return redirect(url_for("disbursement.letters", slug=call.slug))


@bp.post("/manage/<slug>/certificates")
@requires(P.LETTER_MANAGE)
def make_certificates(slug: str) -> ResponseReturnValue:
    """Make a certificate for each award of a call that has none."""
    call = _call(slug, P.LETTER_MANAGE)
    number = services.make_certificates(actor=current_actor(), call=call, now=clock.now())
    flash(ngettext("%(num)s certificate is being made.", "%(num)s certificates are being made.", number))
    return redirect(url_for("disbursement.letters", slug=call.slug))


@bp.get("/manage/letters/<uuid:letter_id>")
@requires(P.LETTERS_READ)
def letter_file(letter_id: UUID) -> ResponseReturnValue:
    """Send a letter of a call as PDF to those who read its letters."""
    letter = queries.managed_letter(actor=current_actor(), letter_id=letter_id)
    if names_somebody_protected(letter):
        reason = _("This letter was made before the application was protected, and has its name in it.")
        raise NotAllowed(P.LETTERS_READ, reason)
    return _pdf(letter)


@bp.get("/manage/<slug>/contacts")
@requires(P.IDENTITY_OPEN)
@fresh
def contacts(slug: str) -> ResponseReturnValue:
    """Ask for the reason before all contacts of a call are opened at once."""
    return _contacts_page(_call(slug, P.IDENTITY_OPEN), ContactsForm(formdata=None))


@bp.post("/manage/<slug>/contacts")
@requires(P.IDENTITY_OPEN)
@fresh
@limited("export")
def export_contacts(slug: str) -> ResponseReturnValue:
    """Record an opening for each application, and send the contacts as CSV or XLSX."""
    call = _call(slug, P.IDENTITY_OPEN)
    form = ContactsForm()
    if form.validate():
        try:
            opened = open_contacts(actor=current_actor(), call=call, reason=form.reason.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            file_format = form.format.data
            data = opened.csv() if file_format == "csv" else opened.xlsx()
            return _download(data, CONTENT_TYPES[file_format], opened.filename(file_format))
    return _contacts_page(call, form), 422


@bp.get("/letters")
@requires(P.LETTER_READ)
def my_letters() -> ResponseReturnValue:
    """List the letters to the actor."""
    own = queries.my_letters(actor=current_actor())
    return render_template(
        "disbursement/my_letters.html", letters=[presentation.own_letter_shown(letter) for letter in own]
    )


@bp.get("/letters/<uuid:letter_id>")
@requires(P.LETTER_READ)
def my_letter(letter_id: UUID) -> ResponseReturnValue:
    """Show a letter to the actor as a page: the same words as in the PDF, in the letter's language."""
    letter = _my_letter(letter_id)
    award = award_of(letter)
    words = from_content(letter.kind, letter.content or {})
    return render_template(
        "disbursement/my_letter.html",
        shown=presentation.own_letter_shown(letter),
        body=letter_on_page(letter.kind, words, letter.language),
        letter_language=letter.language,
        letter_direction=direction(letter.language),
        is_sample=words.is_sample,
        reports=[] if award is None else own_reports(award, clock.now()),
        next_call=next_call_asked(letter.application),
        publication=publication_asked(award),
        offer=None if award is None else own_offer(award, clock.now()),
        payee=None if award is None else own_payee_of_accepted(award, clock.now()),
        instalments=[] if award is None else own_instalments(award),
    )


@bp.get("/letters/<uuid:letter_id>/pdf")
@requires(P.LETTER_READ)
def my_letter_file(letter_id: UUID) -> ResponseReturnValue:
    """Send a letter to the actor as PDF."""
    return _pdf(_my_letter(letter_id))


def _my_letter(letter_id: UUID) -> Letter:
    """Return a letter to the actor. That it reached them is on record before it is shown."""
    actor = current_actor()
    letter = queries.my_letter(actor=actor, letter_id=letter_id)
    if open_letter(actor=actor, letter=letter, now=clock.now()):
        unit_of_work.commit(cast(FundApp, current_app).queue)
    return letter


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _contacts_page(call: Call, form: ContactsForm) -> str:
    return render_template(
        "disbursement/contacts.html",
        call=presentation.call_head(call),
        left_out=protected_applications(actor=current_actor(), call=call),
        form=form,
    )


def _letters_page(call: Call, violations: RuleViolations | None = None) -> str:
    actor = current_actor()
    listing = queries.letters(actor=actor, call=call)
    # What another form of this page brings with its problem is no search.
    asked = Asked() if violations else list_asked(listing)
    page = page_of(listing, asked, current_language())
    counts = queries.letter_counts(actor=actor, call=call)
    selected = selection(actor=actor, call=call)
    return render_template(
        "disbursement/letters.html",
        call=presentation.call_head(call),
        release=presentation.release_shown(
            call,
            selected,
            selected.slate,
            queries.ineligible_count(actor=actor, call=call),
            money_shown(selected),
        ),
        progress=presentation.progress_shown(
            counts,
            queries.letters_held(actor=actor, call=call),
            queries.letters_pace(actor=actor, call=call, now=clock.now()),
        ),
        counts=presentation.status_counts(counts, asked.filters.get("status", "")),
        shown=list_shown(
            listing,
            asked,
            endpoint="disbursement.letters",
            search="disbursement.search_letters",
            file="disbursement.letters_file",
            search_label=_("Reference or name"),
            slug=call.slug,
        ),
        page=presentation.letters_shown(page, call),
        to_certify=len(queries.awards_to_certify(actor=actor, call=call)),
        may_release=actor.can(P.DECISION_RELEASE, call.id),
        may_retry=actor.can(P.LETTER_MANAGE, call.id),
        may_export=actor.can(P.DECISION_EXPORT, call.id),
        problems=violations.problems if violations else [],
    )


def _managed(call: Call, letter_id: str) -> Letter:
    try:
        letter = queries.managed_letter(actor=current_actor(), letter_id=UUID(letter_id))
    except ValueError:
        abort(400)
    if letter.call_id != call.id:
        raise NotFound
    return letter


def _pdf(letter: Letter) -> Response:
    if letter.file is None:
        raise NotFound
    storage = cast(Storage, current_app.extensions["storage"])
    return _download(sealed_files.read(storage, letter.file), PDF, letter_filename(letter.reference))


def _download(data: bytes, content_type: str, filename: str) -> Response:
    response = Response(data, content_type=content_type)
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    response.headers["Cache-Control"] = "no-store"
    return response
