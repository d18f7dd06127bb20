"""Pages of offered awards: their own people answer, and those who run the call follow it."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor, current_session
from fundapp.applications.models import Call
from fundapp.applications.presentation.lists import file_names
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, NotFound, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.list_pages import list_asked, list_file, list_shown
from fundapp.core.listing import page_of
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.web import problems_into
from fundapp.disbursement.models import Award
from fundapp.disbursement.offer_forms import (
    AcceptForm,
    AskForm,
    ExtendForm,
    RefuseForm,
    ReplyForm,
    SendBackForm,
    SignedCopyForm,
    WithdrawForm,
)
from fundapp.disbursement.presentation import offers as presentation
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.presentation.payees import own_payee_of_accepted
from fundapp.disbursement.presentation.signed_copies import ACCEPTED
from fundapp.disbursement.queries import offers as queries
from fundapp.disbursement.queries.letters import my_letter
from fundapp.disbursement.queries.offers import OfferRow
from fundapp.disbursement.queries.publication import award_of
from fundapp.disbursement.services import offers as services
from fundapp.disbursement.services.templates import open_letter
from fundapp.disbursement.views import bp


@bp.get("/letters/<uuid:letter_id>/award")
@requires(P.APPLICATION_WRITE)
def offer(letter_id: UUID) -> ResponseReturnValue:
    """Show an award to its people, with what they agree to, and ask for their answer."""
    return own_page(letter_id, own_award(letter_id))


@bp.post("/letters/<uuid:letter_id>/award/accept")
@requires(P.APPLICATION_WRITE)
@fresh
def accept_offer(letter_id: UUID) -> ResponseReturnValue:
    """Accept an award."""
    award, form, status = answered(letter_id), AcceptForm(), 422
    if form.validate():
        current = current_session()
        try:
            services.accept(
                actor=current_actor(),
                award=award,
                name=form.name.data or "",
                role=form.role.data or "",
                seen_sha256=form.seen.data or "",
                # The gate let through only a fresh proof: by the second factor of whoever has one.
                with_second_factor=current is not None and current.has_factor,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors, status = [*form.form_errors, refusal.message], 409
        else:
            flash(_("Thank you. You have accepted this award."))
            return redirect(url_for("disbursement.offer", letter_id=letter_id))
    return own_page(letter_id, award, accept=form), status


@bp.post("/letters/<uuid:letter_id>/award/refuse")
@requires(P.APPLICATION_WRITE)
@fresh
def refuse_offer(letter_id: UUID) -> ResponseReturnValue:
    """Refuse an award."""
    award, form = answered(letter_id), RefuseForm()
    if form.validate():
        try:
            services.refuse(actor=current_actor(), award=award, reason=form.reason.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("You have refused this award. If that was a mistake, write to us."))
            return redirect(url_for("disbursement.offer", letter_id=letter_id))
    return own_page(letter_id, award, refuse=form), 422


@bp.post("/letters/<uuid:letter_id>/award/question")
@requires(P.APPLICATION_WRITE)
def ask_about_offer(letter_id: UUID) -> ResponseReturnValue:
    """Ask something before answering."""
    award, form = answered(letter_id), AskForm()
    if form.validate():
        try:
            services.ask(actor=current_actor(), award=award, question=form.question.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("Your question is with us. The answer will stand here."))
            return redirect(url_for("disbursement.offer", letter_id=letter_id))
    return own_page(letter_id, award, ask=form), 422


@bp.get("/manage/<slug>/awards")
@requires(P.LETTERS_READ)
def offers(slug: str) -> ResponseReturnValue:
    """List the awards of a call with where each offer stands."""
    return _list_page(offers_call(slug, P.LETTERS_READ))


@bp.post("/manage/<slug>/awards")
@requires(P.LETTERS_READ)
@limited("search")
def search_offers(slug: str) -> ResponseReturnValue:
    """List the awards that a search finds; by POST, so that no name stands in an address."""
    return _list_page(offers_call(slug, P.LETTERS_READ))


@bp.post("/manage/<slug>/awards.<format>")
@requires(P.LETTERS_READ)
@fresh
@limited("export")
def offers_file(slug: str, format: str) -> ResponseReturnValue:  # noqa: A002 - the word in the address
    """Send the list of awards as it is narrowed as CSV or XLSX."""
    call = offers_call(slug, P.LETTERS_READ)
    listing = queries.offers(actor=current_actor(), call=call, now=clock.now())
    return list_file(listing, format, **file_names("awards", call))


@bp.get("/manage/<slug>/awards/<uuid:award_id>")
@requires(P.LETTERS_READ)
def managed_offer(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Show one award with what its people answered and asked, and what can be done."""
    call = offers_call(slug, P.LETTERS_READ)
    return managed_page(call, managed(call, award_id))


@bp.post("/manage/<slug>/awards/<uuid:award_id>/reply")
@requires(P.LETTER_MANAGE)
def reply_to_offer(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Answer a question about an award."""
    call = offers_call(slug, P.LETTER_MANAGE)
    row, form = managed(call, award_id), ReplyForm()
    if form.validate():
        try:
            services.reply(actor=current_actor(), award=row.award, answer=form.answer.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The answer stands on their page, and they are told that there is news."))
            return redirect(url_for("disbursement.managed_offer", slug=slug, award_id=award_id))
    return managed_page(call, row, reply=form), 422


@bp.post("/manage/<slug>/awards/<uuid:award_id>/extend")
@requires(P.LETTER_MANAGE)
def extend_offer(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Give the people of an award more time to answer."""
    call = offers_call(slug, P.LETTER_MANAGE)
    row, form = managed(call, award_id), ExtendForm()
    if form.validate():
        try:
            services.extend(actor=current_actor(), award=row.award, days=form.days.data or 0, now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("They have more time, and are told that there is news."))
            return redirect(url_for("disbursement.managed_offer", slug=slug, award_id=award_id))
    return managed_page(call, row, extend=form), 422


@bp.post("/manage/<slug>/awards/<uuid:award_id>/remind")
@requires(P.LETTER_MANAGE)
def remind_of_offer(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Remind the people of an award."""
    row = managed(offers_call(slug, P.LETTER_MANAGE), award_id)
    if services.remind(actor=current_actor(), award=row.award, now=clock.now()):
        flash(_("They are told that there is news."))
    else:
        flash(_("They were reminded within the last day. Nothing was sent."))
    return redirect(url_for("disbursement.managed_offer", slug=slug, award_id=award_id))


@bp.post("/manage/<slug>/awards/<uuid:award_id>/withdraw")
@requires(P.DECISION_RELEASE)
@fresh
def withdraw_offer(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Withdraw the offer of an award."""
    call = offers_call(slug, P.DECISION_RELEASE)
    row, form = managed(call, award_id), WithdrawForm()
    if form.validate():
        try:
            services.withdraw(actor=current_actor(), award=row.award, reason=form.reason.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The offer is withdrawn, and they are told that there is news."))
            return redirect(url_for("disbursement.managed_offer", slug=slug, award_id=award_id))
    return managed_page(call, row, withdraw=form), 422


def own_award(letter_id: UUID) -> Award:
    award = award_of(my_letter(actor=current_actor(), letter_id=letter_id))
    if award is None:
        raise NotFound
    return award


def answered(letter_id: UUID) -> Award:
    """Return the award of a letter that is answered now: whoever answers has it, so that it stays as it is."""
    award = own_award(letter_id)
    actor = current_actor()
    open_letter(actor=actor, letter=my_letter(actor=actor, letter_id=letter_id), now=clock.now())
    return award


def own_page(
    letter_id: UUID,
    award: Award,
    *,
    accept: AcceptForm | None = None,
    ask: AskForm | None = None,
    refuse: RefuseForm | None = None,
    sign: SignedCopyForm | None = None,
) -> str:
    shown, current = presentation.own_offer(award, clock.now()), current_session()
    accept_form = accept or AcceptForm(formdata=None)
    accept_form.seen.data = shown.agreement_sha256  # what is agreed to is what stands on this page
    return render_template(
        "disbursement/offer.html",
        letter_id=letter_id,
        shown=shown,
        payee=own_payee_of_accepted(award, clock.now()),
        has_factor=current is not None and current.has_factor,
        accept=accept_form,
        ask=ask or AskForm(formdata=None),
        refuse=refuse or RefuseForm(formdata=None),
        sign=sign or SignedCopyForm(formdata=None),
        accepted=ACCEPTED,
        wrong=_wrong(accept, ask, refuse, sign),
    )


def _list_page(call: Call) -> str:
    actor, now = current_actor(), clock.now()
    listing = queries.offers(actor=actor, call=call, now=now)
    asked = list_asked(listing)
    page = page_of(listing, asked, current_language())
    counts = queries.standing_counts(actor=actor, call=call, now=now)
    return render_template(
        "disbursement/offers.html",
        call=call_head(call),
        counts=presentation.standings_shown(counts, asked.filters.get("standing", "")),
        shown=list_shown(
            listing,
            asked,
            endpoint="disbursement.offers",
            search="disbursement.search_offers",
            file="disbursement.offers_file",
            search_label=_("Reference or name"),
            slug=call.slug,
        ),
        page=presentation.offers_shown(page, call, now),
    )


def managed_page(
    call: Call,
    row: OfferRow,
    *,
    reply: ReplyForm | None = None,
    extend: ExtendForm | None = None,
    withdraw: WithdrawForm | None = None,
    send_back: SendBackForm | None = None,
) -> str:
    return render_template(
        "disbursement/managed_offer.html",
        call=call_head(call),
        shown=presentation.offer_shown(row, call, clock.now(), shows_payee=True),
        reply=reply or ReplyForm(formdata=None),
        extend=extend or ExtendForm(formdata=None),
        withdraw=withdraw or WithdrawForm(formdata=None),
        send_back=send_back or SendBackForm(formdata=None),
        wrong=_wrong(reply, extend, withdraw, send_back),
    )


def _wrong(*forms: FlaskForm | None) -> FlaskForm | None:
    """Return the form that somebody just sent, and has to look at once more."""
    return next((form for form in forms if form is not None), None)


def offers_call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def managed(call: Call, award_id: UUID) -> OfferRow:
    return queries.managed_offer(actor=current_actor(), call=call, award_id=award_id)
