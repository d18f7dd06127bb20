"""Reviewing offline: applications as plain text, all of a call to take away, and a sheet of scores that comes back."""

import json
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms.validators import DataRequired

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.presentation.files import copy_name
from fundapp.applications.presentation.texts import said
from fundapp.applications.views.files import storage
from fundapp.core import clock, logs, sealed_files, unit_of_work
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.keys import NotOpened
from fundapp.core.routes import limited, requires
from fundapp.core.sealing import Erased
from fundapp.core.storage import StorageError
from fundapp.review.models import Reviewer
from fundapp.review.offline import (
    MOST_FILE_BYTES,
    MOST_FILES_BYTES,
    ZipPart,
    fitting,
    read_scores,
    write_scores,
    zip_stream,
)
from fundapp.review.presentation.offline import batches_of, downloads_shown, sheet_of, sizes_of, taken_shown
from fundapp.review.presentation.packets import Packet, packet_of, packets_of
from fundapp.review.queries import offline as queries
from fundapp.review.queries import reading
from fundapp.review.services import offline as services
from fundapp.review.services.offline import TakenScores
from fundapp.review.views import bp

WITH_FILES: Final = "with"
_MEGABYTE: Final = 1024 * 1024


class ScoresForm(FlaskForm):
    """Choose a filled sheet of scores."""

    sheet = FileField(_l("Your filled sheet (XLSX or CSV)"), validators=[DataRequired()])


@bp.get("/reviews/<uuid:assignment_id>/text")
@requires(P.REVIEW_WRITE)
def as_text(assignment_id: UUID) -> ResponseReturnValue:
    """Give an application as its reviewer may read it, as plain text."""
    actor = current_actor()
    assignment = reading.my_assignment(actor=actor, assignment_id=assignment_id)
    application = reading.application_to_read(actor=actor, assignment_id=assignment_id)
    packet = packet_of(application, [assignment])
    places = {
        each: url_for("review.file", application_id=application.id, attachment_id=each, _external=True)
        for each in packet.files
    }
    return _text("review/packet.txt", packet=packet, places=places), _to_save(
        f"{packet.reference}.txt", "text/plain; charset=utf-8"
    )


@bp.get("/reviews/calls/<slug>/offline")
@requires(P.REVIEW_WRITE)
def offline(slug: str) -> ResponseReturnValue:
    """Offer what the actor reads in a call to take away, and take their sheet of scores back."""
    return _page(queries.own_reviewer(actor=current_actor(), slug=slug))


@bp.post("/reviews/calls/<slug>/offline/packets")
@requires(P.REVIEW_WRITE)
@limited("export")
def take_away(slug: str) -> ResponseReturnValue:
    """Send an archive of what the actor reads in a call, made while it is sent, and record that it was taken."""
    actor, now = current_actor(), clock.now()
    reviewer = queries.own_reviewer(actor=actor, slug=slug)
    batches = batches_of(packets_of(queries.to_take_away(actor=actor, reviewer=reviewer).assignments))
    number = request.form.get("number", 1, int)
    if not 1 <= number <= len(batches):
        return redirect(url_for("review.offline", slug=slug))
    packets = batches[number - 1]
    inside = fitting(sizes_of(packets)) if request.form.get("files") == WITH_FILES else set()
    files = _files_of(packets, inside)
    services.take_away(
        actor=actor,
        reviewer=reviewer,
        assignments=[each for packet in packets for each in packet.assignments],
        files=len(files.parts),
        unopened=list(files.unopened),
        now=now,
    )
    parts = list(_parts(reviewer, packets, files))
    return Response(zip_stream(parts, now), headers=_to_save(f"{slug}-{number}.zip", "application/zip"))


@bp.post("/reviews/calls/<slug>/offline")
@requires(P.REVIEW_WRITE)
@limited("upload")
def bring_back(slug: str) -> ResponseReturnValue:
    """Take a filled sheet into drafts, and say by cell what was left."""
    actor = current_actor()
    reviewer = queries.own_reviewer(actor=actor, slug=slug)
    upload = ScoresForm().sheet.data
    try:
        if not upload or not upload.filename:
            raise RuleViolations([Problem(_l("Choose your filled sheet first."))])
        filled = read_scores(upload.read(), upload.filename)
        done = services.bring_back(actor=actor, reviewer=reviewer, filled=filled, now=clock.now())
    except RuleViolations as violations:
        return _refused(slug, violations.problems)
    return _taken_page(reviewer, done)


@bp.post("/reviews/calls/<slug>/offline/replace")
@requires(P.REVIEW_WRITE)
@limited("save")
def replace_by_sheet(slug: str) -> ResponseReturnValue:
    """Replace the parts that were ticked by what the sheet says, once somebody has seen both."""
    actor = current_actor()
    reviewer = queries.own_reviewer(actor=actor, slug=slug)
    given, seen = (_by_part(request.form.get(name, "")) for name in ("given", "seen"))
    chosen = set(_by_part(json.dumps(dict.fromkeys(request.form.getlist("take")))))
    try:
        done = services.replace_parts(
            actor=actor,
            reviewer=reviewer,
            given={key: part for key, part in given.items() if key in chosen},
            seen={key: str(mark) for key, mark in seen.items()},
            now=clock.now(),
        )
    except RuleViolations as violations:
        return _refused(slug, violations.problems)
    return _taken_page(reviewer, done)


def _refused(slug: str, problems: list[Problem]) -> ResponseReturnValue:
    unit_of_work.rollback()
    return _page(queries.own_reviewer(actor=current_actor(), slug=slug), problems), 422


def _page(reviewer: Reviewer, problems: Iterable[Problem] = ()) -> str:
    taken = queries.to_take_away(actor=current_actor(), reviewer=reviewer)
    packets = packets_of(taken.assignments)
    return render_template(
        "review/offline.html",
        slug=reviewer.call.slug,
        call_title=said(reviewer.call.titles),
        count=len(packets),
        undeclared=taken.undeclared,
        is_closed=taken.is_closed,
        downloads=downloads_shown(packets),
        most_each=MOST_FILE_BYTES // _MEGABYTE,
        most=MOST_FILES_BYTES // _MEGABYTE,
        with_files=WITH_FILES,
        form=ScoresForm(formdata=None),
        problems=list(problems),
    )


def _taken_page(reviewer: Reviewer, done: TakenScores) -> str:
    return render_template(
        "review/offline_taken.html",
        slug=reviewer.call.slug,
        call_title=said(reviewer.call.titles),
        done=taken_shown(done),
    )


@dataclass
class _Files:
    """The files of an archive: where each is, by its id; and the names of those that are not in it."""

    places: dict[UUID, str] = field(default_factory=dict)
    parts: list[ZipPart] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unopened: dict[UUID, str] = field(default_factory=dict)


def _files_of(packets: Iterable[Packet], inside: Collection[object]) -> _Files:
    """Open the files that go into an archive.

    One that is missing or damaged in the storage is left out and told to whoever runs the service: all else can be read
    without it.
    """
    files = _Files()
    for packet in packets:
        for file_id, attachment in packet.files.items():
            name = copy_name(attachment, packet.reference)
            if file_id not in inside or attachment.copy is None:
                files.left_out.append(name)
                continue
            try:
                pieces = sealed_files.contents(storage(), attachment.copy)
            except (Erased, NotOpened, StorageError, OSError) as error:
                logs.write("file_not_opened", level=logging.ERROR, object=file_id, error=type(error).__name__)
                files.unopened[file_id] = name
                continue
            files.places[file_id] = f"files/{name}"
            files.parts.append(ZipPart(files.places[file_id], pieces, is_packed=True))
    return files


def _parts(reviewer: Reviewer, packets: Sequence[Packet], files: _Files) -> Iterator[ZipPart]:
    """Give the parts of an archive; whatever the database is needed for is done before the first byte is sent."""
    for packet in packets:
        stem = f"applications/{packet.reference}"
        page = render_template("review/packet.html", packet=packet, places=files.places)
        yield ZipPart(f"{stem}.html", [page.encode()])
        yield ZipPart(f"{stem}.txt", [_text("review/packet.txt", packet=packet, places=files.places)])
    yield ZipPart("scores.xlsx", [write_scores(sheet_of(reviewer, packets))], is_packed=True)
    readme = _text(
        "review/packets_readme.txt",
        call_title=said(reviewer.call.titles),
        address=url_for("review.offline", slug=reviewer.call.slug, _external=True),
        packets=packets,
        left_out=files.left_out,
        unopened=list(files.unopened.values()),
        has_files=bool(files.parts),
    )
    yield ZipPart("README.txt", [readme])
    yield from files.parts


def _text(template: str, **values: Any) -> bytes:
    """Return a text with the line ends that every editor knows."""
    return "\r\n".join(render_template(template, **values).splitlines()).encode() + b"\r\n"


def _by_part(written: str) -> dict[tuple[UUID, str], object]:
    """Return what stood in a page by the part of a review that it is about; anything else that is sent is none."""
    try:
        read = json.loads(written)
    except ValueError:
        return {}
    found: dict[tuple[UUID, str], object] = {}
    for key, value in read.items() if isinstance(read, dict) else ():
        assignment, _slash, name = key.partition("/")
        try:
            found[UUID(assignment), name] = value
        except ValueError:
            continue
    return found


def _to_save(name: str, content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "Content-Disposition": f'attachment; filename="{name}"'}
