"""Pages on which letters of a call are worded, looked at before they go out, and made anew."""

from typing import Final, cast
from uuid import UUID

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock, sealed_files
from fundapp.core.errors import Conflict, NotFound, RuleViolations
from fundapp.core.i18n import direction, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.pdf import MissingValue, PdfError, PdfUnavailable, render_pdf
from fundapp.core.routes import limited, requires
from fundapp.core.storage import Storage
from fundapp.core.web import problems_into
from fundapp.disbursement.forms import LetterheadForm, TemplateForm, alt_name, letterhead_form_for
from fundapp.disbursement.house_wording import house_wording
from fundapp.disbursement.letter_language import OF_DECISIONS, TemplateKind, with_plain_ends
from fundapp.disbursement.letter_words import TEMPLATES, Words
from fundapp.disbursement.letterheads import letter_logo
from fundapp.disbursement.letters import Facts, facts_of, kind_of, letter_kind, worded
from fundapp.disbursement.models import LetterTemplate
from fundapp.disbursement.presentation import templates as presentation
from fundapp.disbursement.presentation.letter_page import letter_on_page
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.queries import templates as queries
from fundapp.disbursement.queries.letters import decided_beside
from fundapp.disbursement.queries.reports import report_days_of
from fundapp.disbursement.rules import failure_text, letter_filename, missing_value
from fundapp.disbursement.services import templates as services
from fundapp.disbursement.views import bp
from fundapp.review.queries.declined import passed_on

SAVE: Final = "save"
LOOK: Final = "look"
PDF: Final = "pdf"
HOUSE: Final = "house"
"""The buttons of the page on which a letter is worded."""


@bp.get("/manage/<slug>/letter-templates")
@requires(P.LETTERS_READ)
def letter_templates(slug: str) -> ResponseReturnValue:
    """Show whose wording each kind of letter has in each language, and which letters have another one."""
    actor, call = current_actor(), _call(slug, P.LETTERS_READ)
    return render_template(
        "disbursement/letter_templates.html",
        call=call_head(call),
        templates=presentation.templates_shown(call, queries.newest_templates(call.id)),
        letterhead=presentation.letterhead_shown(call, queries.newest_letterhead(call.id)),
        stale=presentation.stale_shown(queries.stale_letters(actor=actor, call=call)),
        superseded=presentation.superseded_shown(call, queries.superseded_letters(actor=actor, call=call)),
        may_change=actor.can(P.LETTER_MANAGE, call.id),
    )


@bp.get("/manage/<slug>/letter-templates/<kind>/<language>")
@requires(P.LETTERS_READ)
def letter_template(slug: str, kind: str, language: str) -> ResponseReturnValue:
    """Show the wording of a kind of letter in a language, how it looks, and every placeholder."""
    call = _call(slug, P.LETTERS_READ)
    found = _kind(kind, language, call)
    subject, body, after = _wording(call, found, language)
    form = TemplateForm(formdata=None, subject=subject, body=body, after=str(after), about=TemplateForm.SAMPLE)
    return _page(call, found, language, form, looked_at=_look(call, found, language, form))


@bp.post("/manage/<slug>/letter-templates/<kind>/<language>")
@requires(P.LETTER_MANAGE)
@limited("save")
def save_letter_template(slug: str, kind: str, language: str) -> ResponseReturnValue:
    """Keep a new version, or show how what is typed looks, as a page or as a PDF, without keeping anything."""
    call = _call(slug, P.LETTER_MANAGE)
    found, form = _kind(kind, language, call), TemplateForm()
    asked = request.form.get("do", SAVE)
    subject, body = with_plain_ends(form.subject.data or ""), with_plain_ends(form.body.data or "")
    if asked == HOUSE:
        subject = body = ""
    elif not form.validate():
        return _page(call, found, language, form), 422
    elif problems := services.wording_problems(call, found, subject, body):
        problems_into(form, RuleViolations(problems))
        return _page(call, found, language, form), 422
    elif asked == PDF:
        return _preview_file(call, found, language, form)
    elif asked == LOOK:
        return _page(call, found, language, form, looked_at=_look(call, found, language, form))
    try:
        saved = services.save_template(
            actor=current_actor(),
            call=call,
            kind=found,
            language=language,
            subject=subject,
            body=body,
            after=form.after_number,
            now=clock.now(),
        )
    except Conflict as refusal:
        _subject, _body, after = _wording(call, found, language)
        form.form_errors = [*form.form_errors, refusal.message]
        form.after.data = str(after)
        return _page(call, found, language, form), 409
    flash(_("Version %(number)s is saved, and holds from now on.", number=saved.number))
    return redirect(url_for("disbursement.letter_template", slug=slug, kind=kind, language=language))


@bp.get("/manage/<slug>/letter-templates/<kind>/<language>/pdf")
@requires(P.LETTERS_READ)
@limited("pdf")
def letter_template_file(slug: str, kind: str, language: str) -> ResponseReturnValue:
    """Send the wording that holds with invented values as PDF."""
    call = _call(slug, P.LETTERS_READ)
    found = _kind(kind, language, call)
    subject, body, _after = _wording(call, found, language)
    form = TemplateForm(formdata=None, subject=subject, body=body, about=TemplateForm.SAMPLE)
    return _preview_file(call, found, language, form)


@bp.post("/manage/<slug>/letter-templates/remake")
@requires(P.LETTER_MANAGE)
def remake_letters(slug: str) -> ResponseReturnValue:
    """Have letters made anew that nobody has opened and whose wording is not the one that holds."""
    call = _call(slug, P.LETTER_MANAGE)
    number = services.remake_letters(actor=current_actor(), call=call, now=clock.now())
    flash(ngettext("%(num)s letter is being made anew.", "%(num)s letters are being made anew.", number))
    return redirect(url_for("disbursement.letter_templates", slug=slug))


@bp.get("/manage/<slug>/letterhead")
@requires(P.LETTERS_READ)
def letterhead(slug: str) -> ResponseReturnValue:
    """Show the logo at the head of a call's letters."""
    call = _call(slug, P.LETTERS_READ)
    kept = queries.newest_letterhead(call.id)
    texts = {alt_name(code): kept.alts.get(code, "") if kept else "" for code in presentation.languages_of(call)}
    return _letterhead_page(call, letterhead_form_for(presentation.languages_of(call))(formdata=None, **texts))


@bp.post("/manage/<slug>/letterhead")
@requires(P.LETTER_MANAGE)
@limited("upload")
def save_letterhead(slug: str) -> ResponseReturnValue:
    """Keep another logo, or other words for it."""
    call = _call(slug, P.LETTER_MANAGE)
    form = letterhead_form_for(presentation.languages_of(call))()
    if form.validate():
        try:
            services.save_letterhead(
                actor=current_actor(),
                call=call,
                logo=form.logo.data.read() if form.logo.data else None,
                keeps_logo=form.keeps_logo.data,
                alts={code: form[alt_name(code)].data.strip() for code in presentation.languages_of(call)},
                storage=_storage(),
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The head of the letters is saved."))
            return redirect(url_for("disbursement.letterhead", slug=slug))
    return _letterhead_page(call, form), 422


@bp.get("/manage/<slug>/letterhead/logo")
@requires(P.LETTERS_READ)
def letterhead_logo(slug: str) -> ResponseReturnValue:
    """Send the logo at the head of a call's letters."""
    kept = queries.newest_letterhead(_call(slug, P.LETTERS_READ).id)
    if kept is None or kept.file is None:
        raise NotFound
    response = Response(sealed_files.read(_storage(), kept.file), content_type=kept.content_type)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/manage/superseded-letters/<uuid:superseded_id>")
@requires(P.LETTERS_READ)
def superseded_letter(superseded_id: UUID) -> ResponseReturnValue:
    """Send what a letter was before it was made anew."""
    found = queries.superseded_letter(actor=current_actor(), superseded_id=superseded_id)
    if found.letter.application.is_protected:
        raise NotFound  # it may have been made under the name that is hidden now
    data = sealed_files.read(_storage(), found.file)
    return _pdf(data, letter_filename(f"{found.letter.reference}-superseded-{found.number}"))


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _storage() -> Storage:
    return cast(Storage, current_app.extensions["storage"])


def _kind(kind: str, language: str, call: Call) -> TemplateKind:
    if kind not in set(TemplateKind) or language not in presentation.languages_of(call):
        raise NotFound
    return TemplateKind(kind)


def _wording(call: Call, kind: TemplateKind, language: str) -> tuple[str, str, int]:
    """Return subject and body to begin with, and the number of the newest version, 0 for none."""
    newest = queries.newest_templates(call.id)
    own, held = newest.get((kind, language)), queries.holding(newest, kind, language)
    subject, body = (held.subject, held.body) if held else house_wording(kind, language, call)
    return subject, body, own.number if own else 0


def _facts(call: Call, kind: TemplateKind, language: str, form: TemplateForm) -> Facts:
    """Return the values that a preview has: invented ones, or those of the decision that was chosen."""
    if (form.about.data or TemplateForm.SAMPLE) == TemplateForm.SAMPLE or kind not in OF_DECISIONS:
        return presentation.sample_facts(call, kind, language)
    decisions = queries.to_preview(actor=current_actor(), call=call, kind=kind)
    decision = next((each for each in decisions if str(each.id) == form.about.data), None)
    if decision is None:
        raise NotFound
    beside = decided_beside(decision)
    return facts_of(
        decision.entry.application,
        decision,
        kind=TemplateKind.CERTIFICATE if kind is TemplateKind.CERTIFICATE else kind_of(decision),
        reference=decision.entry.application.reference or "",
        language=language,
        at=clock.now(),
        considered=beside.considered,
        awarded=beside.awarded,
        passed_on=passed_on(decision.entry),
        report_days=report_days_of(call.id),
        is_preview=True,
    )


def _words(call: Call, kind: TemplateKind, language: str, form: TemplateForm) -> Words:
    own = with_plain_ends(form.subject.data or ""), with_plain_ends(form.body.data or "")
    return worded(_facts(call, kind, language, form), own)


def _look(call: Call, kind: TemplateKind, language: str, form: TemplateForm) -> Markup:
    """Return the letter as its reader's page shows it, or why it would not be made."""
    try:
        words = _words(call, kind, language, form)
    except (MissingValue, PdfError) as error:
        return Markup("<p>{}</p>").format(_reason(error))
    return letter_on_page(letter_kind(kind), words, language)


def _preview_file(call: Call, kind: TemplateKind, language: str, form: TemplateForm) -> ResponseReturnValue:
    try:
        words = _words(call, kind, language, form)
        logo = letter_logo(_storage(), call, language)
        data = render_pdf(TEMPLATES[letter_kind(kind)], words, language=language, logo=logo)
    except PdfUnavailable:
        raise
    except PdfError as error:
        form.form_errors = [*form.form_errors, _reason(error)]
        return _page(call, kind, language, form), 422
    return _pdf(data, f"preview-{kind}-{language}.pdf")


def _reason(error: PdfError) -> str:
    return str(failure_text(missing_value(error.field) if isinstance(error, MissingValue) else str(error)))


def _pdf(data: bytes, filename: str) -> Response:
    response = Response(data, content_type="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(call: Call, kind: TemplateKind, language: str, form: TemplateForm, looked_at: Markup | None = None) -> str:
    actor = current_actor()
    may_change = actor.can(P.LETTER_MANAGE, call.id)
    decisions = queries.to_preview(actor=actor, call=call, kind=kind) if may_change else []
    form.about.choices = [
        (TemplateForm.SAMPLE, _("Invented values")),
        *((str(each.id), each.entry.application.reference or "") for each in decisions),
    ]
    form.about.flags.unmarked = True  # one of them is always chosen
    versions: list[LetterTemplate] = queries.template_versions(call=call, kind=kind, language=language)
    shown = next(
        each
        for each in presentation.templates_shown(call, queries.newest_templates(call.id))
        if (each.kind, each.language) == (kind.value, language)
    )
    return render_template(
        "disbursement/letter_template.html",
        call=call_head(call),
        template=shown,
        letter_language=language,
        letter_direction=direction(language),
        form=form,
        looked_at=looked_at,
        placeholders=presentation.placeholders_shown(kind, presentation.sample_facts(call, kind, language)),
        versions=presentation.versions_shown(call, versions),
        has_own=bool(versions) and not versions[0].is_house,
        may_change=may_change,
        buttons={"save": SAVE, "look": LOOK, "pdf": PDF, "house": HOUSE},
    )


def _letterhead_page(call: Call, form: LetterheadForm) -> str:
    return render_template(
        "disbursement/letterhead.html",
        call=call_head(call),
        letterhead=presentation.letterhead_shown(call, queries.newest_letterhead(call.id)),
        form=form,
        alts=[alt_name(code) for code in presentation.languages_of(call)],
        may_change=current_actor().can(P.LETTER_MANAGE, call.id),
    )
