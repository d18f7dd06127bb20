"""Pages of staff for the translations beside the answers of an application."""

from collections.abc import Mapping
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.forms import translating as forms
from fundapp.applications.models import Application, Submission
from fundapp.applications.presentation.applications import submission_shown, submitted_answers_shown
from fundapp.applications.presentation.managing import sent_application_shown
from fundapp.applications.presentation.translations import languages_shown, only, to_translate
from fundapp.applications.queries.managing import sent_application
from fundapp.applications.queries.translations import languages_of, translatable, translations_of
from fundapp.applications.services import translating as services
from fundapp.applications.services.translating import Wording, wording_of
from fundapp.applications.views import bp
from fundapp.applications.views.form_page import read_seen
from fundapp.core import clock
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name
from fundapp.core.routes import requires


@bp.get("/manage/applications/<uuid:application_id>/translations")
@requires(P.APPLICATION_READ)
def translations(application_id: UUID) -> ResponseReturnValue:
    """Show the answers with their translations into the chosen language, or first which languages there are."""
    application = sent_application(actor=current_actor(), application_id=application_id)
    language = request.args.get("language", "")
    if language not in languages_of(application.call):
        return _languages_page(application)
    return _translations_page(application.submissions[-1], language)


@bp.post("/manage/applications/<uuid:application_id>/translations")
@requires(P.TRANSLATION_WRITE)
def save_translations(application_id: UUID) -> ResponseReturnValue:
    """Keep what changed; what cannot be kept stays on the page."""
    actor = current_actor()
    application = sent_application(actor=actor, application_id=application_id, permission=P.TRANSLATION_WRITE)
    language = request.args.get("language", "")
    number = request.form.get("version", "")
    submission = next((each for each in application.submissions if str(each.number) == number), None)
    if submission is None or language not in languages_of(application.call):
        abort(404)
    form = _form(submission, language, formdata=request.form)
    if not form.validate():
        return _translations_page(submission, language, form), 422
    try:
        kept = services.translate(
            actor=actor,
            submission=submission,
            language=language,
            wordings=forms.wordings_in(form, translatable(submission)),
            seen=read_seen(form.seen.data or ""),
            now=clock.now(),
        )
    except RuleViolations as violations:
        for problem in violations.problems:
            name = forms.maker_name if problem.place else forms.text_name
            field = form[name(problem.field or "")]
            field.errors = [*field.errors, problem.message]
        return _translations_page(submission, language, form), 422
    except Conflict as refusal:
        form.form_errors = [refusal.message]
        return _translations_page(submission, language, form), 409
    if kept.conflicts:
        for key in kept.conflicts:
            form[forms.text_name(key)].errors = [
                _("Somebody else changed this translation. Theirs stands below; save again to keep yours instead.")
            ]
        return _translations_page(submission, language, form), 409
    flash(_("The translations are saved. Reviewers who read this language see them beside the answers."))
    return redirect(url_for("applications.translations", application_id=application_id, language=language))


def _labels(submission: Submission) -> dict[str, str]:
    """Return what the answers that can be translated are called, by key, in the order of the form."""
    return {
        answer.key: answer.label.text
        for section in only(
            submitted_answers_shown(submission.application, mask=True, submission=submission), translatable(submission)
        )
        for answer in section.answers
    }


def _standing(submission: Submission, language: str) -> Mapping[str, Wording]:
    found = translations_of(submission, [language])
    return {key: wording_of(found.get((key, language))) for key in translatable(submission)}


def _form(submission: Submission, language: str, *, formdata: object = None) -> forms.TranslationsForm:
    made_by = request.args.get("made_by", "")
    return forms.translations_form(
        _labels(submission),
        _standing(submission, language),
        made_by=made_by if made_by in set(forms.MAKERS) else "",
        version=submission.number,
        formdata=formdata,
    )


def _languages_page(application: Application) -> str:
    actor, languages = current_actor(), languages_of(application.call)
    found = translations_of(application.submissions[-1], languages)
    keys = translatable(application.submissions[-1])
    own_last = sorted(languages, key=lambda code: code == application.language)
    form = forms.begin_form(own_last, request.args)
    if request.args:
        form.validate()
    return render_template(
        "applications/translations.html",
        application=sent_application_shown(application, actor, ""),
        languages=languages_shown(found, languages, keys),
        texts=len(keys),
        written_in=language_name(application.language),
        may_write=actor.can(P.TRANSLATION_WRITE, application.call_id),
        form=form,
    )


def _translations_page(submission: Submission, language: str, form: forms.TranslationsForm | None = None) -> str:
    application, actor = submission.application, current_actor()
    form = form or _form(submission, language)
    found = translations_of(submission, [language])
    standing = _standing(submission, language)
    form.seen.data = " ".join(f"{key}={wording.mark}" for key, wording in standing.items())
    sections = only(submitted_answers_shown(application, mask=True, submission=submission), standing)
    return render_template(
        "applications/translate.html",
        application=sent_application_shown(application, actor, ""),
        submission=submission_shown(submission, application.call),
        sections=[
            (section, [to_translate(answer, submission, language, found) for answer in section.answers])
            for section in sections
        ],
        language_name=language_name(language),
        text_name=forms.text_name,
        maker_name=forms.maker_name,
        may_write=actor.can(P.TRANSLATION_WRITE, application.call_id),
        form=form,
    )
