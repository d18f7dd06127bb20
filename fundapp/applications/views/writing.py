"""Writing an application: pages of its form, kept as they are whenever they are saved."""

import base64
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf

from fundapp.accounts.gates import fresh_gate
from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_engine.answers import Answer, Typed
from fundapp.applications.form_engine.definition import Sensitivity
from fundapp.applications.forms.answering import Asked, section_form, typed_in
from fundapp.applications.models import Application
from fundapp.applications.presentation.applications import own_application_shown
from fundapp.applications.presentation.questions import block_title
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries import applicant
from fundapp.applications.services import drafts, saving
from fundapp.applications.views import bp
from fundapp.applications.views.answer_files import file_problems, save_files
from fundapp.applications.views.form_page import (
    WHOLE,
    Draft,
    FormPage,
    asked_in_request,
    drawn_fields,
    is_typed,
    page_url,
    parts_url,
    read_seen,
    texts_before,
)
from fundapp.applications.views.form_page import (
    Conflict as Conflicting,
)
from fundapp.applications.views.progress import choose_view
from fundapp.core import clock
from fundapp.core.dates import clock_face
from fundapp.core.errors import Conflict, Problem
from fundapp.core.i18n import current_language, plural_forms
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import Declared, limited, requires


@bp.get("/applications/<uuid:application_id>/sections/<int:number>")
@requires(P.APPLICATION_WRITE)
def section(application_id: UUID, number: int) -> ResponseReturnValue:
    """Show a page of the form; with ?check=1, what is wrong with the stored answers.

    With ?parts=1 it is remembered that the applicant likes one page at a time.
    """
    return _show(application_id, number)


@bp.get("/applications/<uuid:application_id>/form")
@requires(P.APPLICATION_WRITE)
def whole_form(application_id: UUID) -> ResponseReturnValue:
    """Show the whole form on one page, and remember that it is liked so."""
    choose_view(at_once=True)
    return _show(application_id, WHOLE)


@bp.post("/applications/<uuid:application_id>/sections/<int:number>")
@requires(P.APPLICATION_WRITE)
@limited("upload")
def save_section(application_id: UUID, number: int) -> ResponseReturnValue:
    """Keep what was typed and the files that were chosen, whatever is wrong with them; then go where was asked."""
    return _save(application_id, number)


@bp.post("/applications/<uuid:application_id>/form")
@requires(P.APPLICATION_WRITE)
@limited("upload")
def save_whole_form(application_id: UUID) -> ResponseReturnValue:
    """Keep what was typed and the files that were chosen in the whole form; then go where was asked."""
    return _save(application_id, WHOLE)


@bp.get("/applications/<uuid:application_id>/answers")
@requires(P.APPLICATION_WRITE)
def answers_token(application_id: UUID) -> ResponseReturnValue:
    """Give a page that outlived its session the form token of the present one, as JSON."""
    application = applicant.written_application(actor=current_actor(), application_id=application_id)
    return {"application": str(application.id), "token": generate_csrf()}


@bp.post("/applications/<uuid:application_id>/answers")
@requires(P.APPLICATION_WRITE)
@limited("save")
def save_answers(application_id: UUID) -> ResponseReturnValue:
    """Keep the answers that changed on an open page, and say as JSON what came of it and how the page looks now."""
    application, now = _own(application_id), clock.now()
    number = request.form.get("page", type=int, default=WHOLE)
    before = Draft(application, now)
    seen = read_seen(request.form.get("seen", ""))
    asked = [
        each
        for each in asked_in_request(before.form, seen)
        if is_typed(each) and each.question.sensitivity is not Sensitivity.PAYEE
    ]
    typed = typed_in(section_form(asked, {}, current_language()), asked)
    earlier, texts = texts_before(before.form)
    try:
        saved = saving.save_draft(
            actor=current_actor(),
            application=application,
            typed=typed,
            seen=seen,
            sent_before=typed_in(texts, earlier),
            language=current_language(),
            now=now,
        )
    except Conflict as conflict:
        return {"message": str(conflict.message)}, 409
    draft = Draft(application, now)
    fields = drawn_fields(draft.page(number))
    conflicts = {key: draft.conflict(key, stored, typed[key]) for key, stored in saved.conflicts.items()}
    answer = {
        "saved": saved_text(application, now),
        "marks": {key: saving.mark(draft.stored.get(key)) for key in typed if key not in conflicts},
        "conflicts": {key: {"mark": each.mark, "shown": _conflict_html(each)} for key, each in conflicts.items()},
        "late": late_text(draft),
    }
    if "".join(each.shape for each in fields) != request.form.get("shape"):
        answer["fields"] = render_template(
            "applications/_fields.html", **_beside_fields(draft.page(number)), fields=fields
        )
    return answer


def saved_text(application: Application, at: datetime) -> str:
    """Say at what time something was saved, in the zone of the call."""
    face = clock_face(at, application.call.time_zone)
    time = f"{face.local} {_('(time in %(place)s)', place=face.place)}" if face.local else f"{face.utc} UTC"
    return _("Saved at %(time)s.", time=time)


def late_text(draft: Draft) -> str:
    """Say that what is written can't be sent any more ("" while it can)."""
    if draft.window.may_send:
        return ""
    return _("The deadline has passed. What you write is kept, but it cannot be sent.")


def _show(application_id: UUID, number: int) -> ResponseReturnValue:
    application, now = _own(application_id), clock.now()
    if not applicant.may_write(actor=current_actor(), application=application):
        return redirect(url_for("applications.check", application_id=application.id))
    if "parts" in request.args:
        choose_view(at_once=False)
    draft = Draft(application, now)
    if not draft.window.may_write:
        return redirect(url_for("applications.tasks", application_id=application.id))
    problems = file_problems()
    if request.args.get("check"):
        problems += drafts.draft_problems(
            application, draft.form, submitting=True, language=current_language(), now=now
        )
    page = draft.page(number)
    asked = page.asked()
    form = section_form(asked, draft.filling.answers, current_language(), problems)
    return _page(page, form, asked)


@dataclass(frozen=True)
class _Sent:
    """What a request brings: the fields of its page, and what was typed into them."""

    asked: list[Asked]
    typed: dict[str, Typed]
    take_out: list[str]


def _save(application_id: UUID, number: int) -> ResponseReturnValue:
    application, now = _own(application_id), clock.now()
    before = Draft(application, now)
    before.page(number)
    seen = read_seen(request.form.get("seen", ""))
    asked = asked_in_request(before.form, seen)
    typed = typed_in(section_form(asked, {}, current_language()), asked)
    sent = _Sent(asked, typed, [each.key for each in asked if f"remove_{each.name}" in request.form])
    if _changes_payee(sent, before.stored):
        proof_page = fresh_gate(Declared(fresh=True), current_actor())
        if proof_page is not None:
            return proof_page
    try:
        saved = saving.save_draft(
            actor=current_actor(),
            application=application,
            typed=typed,
            seen=seen,
            take_out=sent.take_out,
            language=current_language(),
            now=now,
        )
        if saved.refused or saved.conflicts:
            return _not_saved(application, number, now, sent, saved)
        problems = [*saved.problems, *save_files(application, asked)]
        row = _change_rows(application, number, now)
    except Conflict as conflict:
        kept = [(said(each.question.label), typed[each.key]) for each in asked if typed.get(each.key)]
        page = render_template(
            "applications/not_saved.html",
            application=own_application_shown(application, now),
            message=conflict.message,
            kept=kept,
        )
        return page, 409
    known = {each.key for each in before.page(number).asked()} | seen.keys()
    return redirect(_next(Draft(application, now).page(number), known, problems, row))


def _next(page: FormPage, known: Collection[str], problems: list[Problem], row: str) -> str:
    """Return where to go after saving, and say what was saved; `known` were asked before."""
    draft, application = page.draft, page.draft.application
    if "leave" in request.form:
        return parts_url(application)
    if row or "stay" in request.form:
        flash(saved_text(application, draft.now))
        return row or page_url(application, page.number)
    if problems:
        flash(_("Your text is saved. Some of it needs another look."))
        return page_url(application, page.number, check=1)
    flash(saved_text(application, draft.now))
    new = [each for each in page.asked() if each.key not in known and each.key not in draft.stored]
    if new:
        flash(_("There are more questions on this page now, because of what you answered."))
        return page_url(application, page.number, _anchor=new[0].name)
    later = (each.number for each in draft.pages() if WHOLE < page.number < each.number)
    if number := next(later, None):
        return page_url(application, number)
    return url_for("applications.check", application_id=application.id)


def _not_saved(
    application: Application, number: int, now: datetime, sent: _Sent, saved: saving.Saved
) -> ResponseReturnValue:
    """Draw the page with what was typed in it, and beside it what is wrong, or what somebody else stored meanwhile."""
    draft = Draft(application, now)
    page = draft.page(number)
    drawn = {each.key: each for each in page.asked()}
    # Choices are those that the sent page offered, or what was chosen there could vanish.
    for each in sent.asked:
        drawn[each.key] = replace(each, required=each.key in drawn and drawn[each.key].required)
    asked = list(drawn.values())
    form = section_form(asked, draft.stored, current_language(), saved.refused)
    conflicts = {key: draft.conflict(key, stored, sent.typed[key]) for key, stored in saved.conflicts.items()}
    unsaved = [key for key, typed in sent.typed.items() if typed and key in drawn]
    return _page(page, form, asked, conflicts, unsaved), 422 if saved.refused else 409


def _page(
    page: FormPage,
    form: FlaskForm,
    asked: list[Asked],
    conflicts: Mapping[str, Conflicting] | None = None,
    unsaved: list[str] | None = None,
) -> str:
    draft, application = page.draft, page.draft.application
    fields = page.fields(form, asked, conflicts)
    return render_template(
        "applications/section.html",
        application=own_application_shown(application, draft.now),
        page=page,
        form=form,
        fields=fields,
        has_files=any(each.control == "file" for each in fields),
        changed_elsewhere=[each for each in fields if each.conflict],
        seen=page.seen(asked),
        unsaved=" ".join(unsaved or []),
        late=late_text(draft),
        action=page_url(application, page.number),
        parts_url=parts_url(application),
        row_to_remove=_row_to_remove(page),
        copy_key="" if application.is_protected else copy_key(application.id, current_actor().person_id),
        counted={"words": _words_written(), "characters": _characters_written()},
        **_beside_fields(page),
    )


def _beside_fields(page: FormPage) -> dict[str, object]:
    application = page.draft.application
    return {
        "application_id": application.id,
        "upload_url": url_for("applications.begin_upload", application_id=application.id),
        "currency": application.call.currency,
        "is_whole": page.number == WHOLE,
    }


def _conflict_html(conflict: Conflicting) -> str:
    return render_template("applications/_conflict.html", conflict=conflict)


def _words_written() -> dict[str, str]:
    return plural_forms("You have written %(num)s word.", "You have written %(num)s words.")


def _characters_written() -> dict[str, str]:
    return plural_forms("You have written %(num)s character.", "You have written %(num)s characters.")


def copy_key(of: UUID, person_id: UUID | None) -> str:
    """Return the key for copies in the browser of what this person writes on a page."""
    whose = f"copy in the browser:{of}:{person_id}"
    secret = current_app.config["SECRET_KEY"].encode()
    return base64.b64encode(hmac.digest(secret, whose.encode(), "sha256")).decode()


def _changes_payee(sent: _Sent, stored: Mapping[str, Answer]) -> bool:
    """Say whether payee details that are kept already would be replaced: that needs a fresh proof, giving them none."""
    given = {key for key, text in sent.typed.items() if text} | {*sent.take_out}
    return any(
        each.question.sensitivity is Sensitivity.PAYEE and each.key in given and stored.get(each.key) is not None
        for each in sent.asked
    )


def _own(application_id: UUID) -> Application:
    return applicant.written_application(actor=current_actor(), application_id=application_id)


def _change_rows(application: Application, number: int, now: datetime) -> str:
    """Add or take out the row of a repeat that a button asked for; return where to go then ("": no such button)."""
    if repeat := request.form.get("add"):
        row = saving.add_row(actor=current_actor(), application=application, repeat=repeat, now=now)
        return page_url(application, number, _anchor=f"row_{repeat}~{row}")
    if not (wanted := request.form.get("remove")):
        return ""
    repeat, _separator, row_text = wanted.rpartition("~")
    draft = Draft(application, now)
    if not row_text.isdecimal() or int(row_text) not in draft.filling.rows(repeat):
        abort(400)
    is_filled = any(key.startswith(f"{wanted}~") for key in draft.stored)
    if is_filled and "sure" not in request.form:
        return page_url(application, number, remove=wanted)
    saving.remove_row(actor=current_actor(), application=application, repeat=repeat, row=int(row_text), now=now)
    return page_url(application, number, _anchor=f"rows_{repeat}")


def _row_to_remove(page: FormPage) -> tuple[str, str] | None:
    """Return the row that the applicant wants to take out and is asked about, with what it is called."""
    wanted = request.args.get("remove", "")
    return next(
        (
            (part.key, block_title(part, page.draft.filling).text)
            for part in page.parts()
            if part.key == wanted and part.row
        ),
        None,
    )
