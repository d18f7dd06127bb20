"""Files that arrive in parts, for the script of the writing pages; without it a file comes with its form."""

from uuid import UUID

from flask import Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_engine.definition import FILE_KINDS, Question
from fundapp.applications.models import Application, Attachment
from fundapp.applications.queries import applicant
from fundapp.applications.services import drafts, uploading
from fundapp.applications.services.attaching import NoRoom
from fundapp.applications.views import bp
from fundapp.applications.views.files import storage
from fundapp.core import clock
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.routes import limited, requires


@bp.post("/applications/<uuid:application_id>/uploads")
@requires(P.APPLICATION_WRITE)
@limited("upload")
def begin_upload(application_id: UUID) -> ResponseReturnValue:
    """Begin an upload, or go on with one that broke off; say where to send parts, and how much is here already."""
    application = applicant.written_application(actor=current_actor(), application_id=application_id)
    key = request.form.get("key", "")
    size = request.form.get("size", "")
    if not size.isascii() or not size.isdigit() or len(size) > 12:
        abort(400)
    try:
        upload = uploading.begin_upload(
            actor=current_actor(),
            application=application,
            question=_question(application, key),
            key=key,
            filename=request.form.get("filename", ""),
            modified=request.form.get("modified", ""),
            size_bytes=int(size),
            storage=storage(),
            now=clock.now(),
        )
    except RuleViolations as violations:
        return _refused(violations.problems, is_full=isinstance(violations, NoRoom))
    return jsonify(upload=str(upload.id), have=upload.received_bytes)


@bp.post("/applications/<uuid:application_id>/uploads/<uuid:upload_id>")
@requires(P.APPLICATION_WRITE)
@limited("part")
def add_part(application_id: UUID, upload_id: UUID) -> ResponseReturnValue:
    """Take the part that begins at `start`; say how much is here now. The last one makes the file an answer."""
    actor, now = current_actor(), clock.now()
    upload = applicant.own_upload(actor=actor, application_id=application_id, upload_id=upload_id)
    start, part = request.form.get("start", ""), request.files.get("part")
    if part is None or not start.isascii() or not start.isdigit() or len(start) > 12:
        abort(400)
    question = _question(upload.application, upload.question)
    try:
        uploading.add_part(actor=actor, upload=upload, start=int(start), data=part.read(), storage=storage(), now=now)
    except RuleViolations as violations:
        return _refused(violations.problems, is_full=isinstance(violations, NoRoom))
    if upload.received_bytes < upload.size_bytes:
        return jsonify(have=upload.received_bytes)
    kept = uploading.finish_upload(actor=actor, upload=upload, question=question, storage=storage(), now=now)
    return jsonify(done=True, filename=kept.filename) if isinstance(kept, Attachment) else _said(kept)


def _question(application: Application, key: str) -> Question:
    question = drafts.form_of(application).question_at(key)
    if question is None or question.kind not in FILE_KINDS:
        abort(400)
    return question


def _said(problems: list[Problem]) -> Response:
    return jsonify(problem=" ".join(str(problem.message) for problem in problems))


def _refused(problems: list[Problem], *, is_full: bool) -> ResponseReturnValue:
    """Refuse in words that the page shows beside the field: 507 where it is we who have no room."""
    return _said(problems), 507 if is_full else 422
