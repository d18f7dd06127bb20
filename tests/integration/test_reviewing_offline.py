"""Reviewers take away what they read, and bring a sheet of scores back: what is in it, what becomes of it."""

import csv
import html
import io
import json
import re
import zipfile
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import html5lib
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.applications.models import Application, ConflictOfInterest, ConflictSource, FileStatus
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.tables import filled as workbooks
from fundapp.core.web import FundApp
from fundapp.review.models import Assignment, AssignmentStatus, Review, Reviewer, ReviewStatus, Score, SlateStatus
from fundapp.review.offline import archive
from fundapp.review.presentation import offline as presentation
from fundapp.review.scoring_rules import COMMENT, CONFIDENCE, Judged, Unjudged
from fundapp.review.services import reading
from tests.conftest import SignedIn, actor_of, counted_statements, without_tokens
from tests.factories import (
    FORM,
    NOW,
    make_application,
    make_assignment,
    make_attachment,
    make_call,
    make_person,
    make_protected,
    make_review,
    make_reviewer,
    make_slate,
    parts_of,
)
from tests.filled_sheets import opened, saved
from tests.sample_files import PDF, make_archive
from tests.score_sheets import bring, cell_of, downloaded, row_of, written

from .sensitive_form import ANSWERS as SENSITIVE_ANSWERS
from .sensitive_form import FORM as SENSITIVE

CANNOT = "I cannot judge this"


def given(status: AssignmentStatus = AssignmentStatus.READING, **values: Any) -> Assignment:
    """Give a new reviewer one entry of a new call."""
    call = make_call()
    return make_assignment(make_application(call, **values).entries[0], make_reviewer(call), status)


def slug_of(assignment: Assignment) -> str:
    return assignment.entry.application.call.slug


def in_conflict(application: Application, reviewer: Reviewer) -> None:
    """Say as a manager that a reviewer has a conflict of interest."""
    db.session.add(
        ConflictOfInterest(
            application_id=application.id,
            person_id=reviewer.person_id,
            source=ConflictSource.SET_BY_MANAGER,
            recorded_at=NOW,
        )
    )
    db.session.flush()


def draft_of(assignment_id: UUID) -> dict[str, Any]:
    db.session.expire_all()
    review = db.session.scalar(select(Review).where(Review.assignment_id == assignment_id))
    return dict(reading.draft_of(review))


def save(assignment: Assignment, answers: dict[str, Any], comment: str = "") -> None:
    reading.save_review(
        actor=actor_of(assignment.reviewer.person), assignment=assignment, parts=parts_of(answers, comment), now=NOW
    )


def sheet_of(client: FlaskClient, slug: str) -> bytes:
    return downloaded(client, slug, files="without")["scores.xlsx"]


# Plain text


def test_an_application_comes_as_plain_text_with_its_answers_in_full(app: FundApp, signed_in: SignedIn) -> None:
    plan = "First line.\nSecond line, “quoted” & <b>bold</b>.\n" + "word " * 2_000 + "the end"
    assignment = given(answers={"plan": plan})
    attachment = make_attachment(app.extensions["storage"], assignment.entry.application, PDF, filename="Amina.pdf")
    client = signed_in(assignment.reviewer.person)
    address = f"/reviews/{assignment.id}/text"
    assert address in client.get(f"/reviews/{assignment.id}").text
    answer = client.get(address)
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    text = answer.data.decode()
    assert plan.replace("\n", "\r\n").strip() in text
    assert "\n" not in text.replace("\r\n", "")
    reference = assignment.entry.application.reference
    assert f'filename="{reference}.txt"' in answer.headers["Content-Disposition"]
    assert f"{reference}-paper.pdf" in text
    assert f"/files/{attachment.id}" in text
    assert "Amina.pdf" not in text
    assert "How good is the plan?" in text


def test_plain_text_is_there_only_for_whoever_declared(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given(AssignmentStatus.ASSIGNED)
    address = f"/reviews/{assignment.id}/text"
    client = signed_in(assignment.reviewer.person)
    assert client.get(address).status_code == 404
    assert signed_in(given().reviewer.person).get(address).status_code == 404
    reading.declare_no_conflict(actor=actor_of(assignment.reviewer.person), assignment=assignment, now=NOW)
    db.session.commit()
    assert client.get(address).status_code == 200
    client.post(f"/reviews/{assignment.id}/conflict", data={"answer": "conflict"})
    assert client.get(address).status_code == 404


# What is taken away


def test_a_download_holds_everything_to_read_and_asks_for_nothing_from_outside(
    app: FundApp, signed_in: SignedIn
) -> None:
    assignment = given(answers={"plan": "A plan with <script>alert(1)</script>"})
    application = assignment.entry.application
    make_attachment(app.extensions["storage"], application, PDF + b"% sample", filename="Amina.pdf")
    client = signed_in(assignment.reviewer.person)
    page = client.get(f"/reviews/calls/{application.call.slug}/offline").text
    assert "1 application, as a page" in page
    parts = downloaded(client, application.call.slug)
    reference = application.reference
    assert sorted(parts) == sorted(
        [
            "README.txt",
            "scores.xlsx",
            f"applications/{reference}.html",
            f"applications/{reference}.txt",
            f"files/{reference}-paper.pdf",
        ]
    )
    assert parts[f"files/{reference}-paper.pdf"] == PDF + b"% sample"
    shown = parts[f"applications/{reference}.html"].decode()
    html5lib.HTMLParser(strict=True).parse(shown)
    assert "A plan with &lt;script&gt;" in shown
    assert f'href="../files/{reference}-paper.pdf"' in shown
    assert not re.search(r"(src=|url\(|@import|https?://|<script|<link)", shown)
    assert "Amina.pdf" not in shown
    assert "A plan with <script>" in parts[f"applications/{reference}.txt"].decode()
    assert f"http://localhost/reviews/calls/{application.call.slug}/offline" in parts["README.txt"].decode()


def test_a_download_without_files_names_what_is_left_out(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    make_attachment(app.extensions["storage"], assignment.entry.application, PDF)
    reference = assignment.entry.application.reference
    parts = downloaded(signed_in(assignment.reviewer.person), slug_of(assignment), files="without")
    assert not [name for name in parts if name.startswith("files/")]
    assert f"{reference}-paper.pdf" in parts["README.txt"].decode()
    assert f"{reference}-paper.pdf (not in this download)" in parts[f"applications/{reference}.txt"].decode()
    assert "not in this download" in parts[f"applications/{reference}.html"].decode()


def test_files_come_along_as_far_as_they_fit(
    app: FundApp, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    references = []
    for size in (9_000, 4_000, 5_000, 7_000):
        application = make_application(call)
        references.append(application.reference)
        make_assignment(application.entries[0], reviewer)
        make_attachment(app.extensions["storage"], application, PDF + b"%" * (size - len(PDF)))
    monkeypatch.setattr(archive, "MOST_FILE_BYTES", 8_000)
    monkeypatch.setattr(archive, "MOST_FILES_BYTES", 10_000)
    client = signed_in(reviewer.person)
    assert "2 files are too large to come along" in client.get(f"/reviews/calls/{call.slug}/offline").text
    parts = downloaded(client, call.slug)
    inside = {name for name in parts if name.startswith("files/")}
    assert inside == {f"files/{reference}-paper.pdf" for reference in (references[1], references[2])}
    readme = parts["README.txt"].decode()
    assert [f"{reference}-paper.pdf" in readme for reference in references] == [True, False, False, True]


@pytest.mark.parametrize("how", ["missing", "damaged", "cut"])
def test_a_download_goes_on_without_a_stored_file_that_does_not_open(
    app: FundApp, signed_in: SignedIn, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    storage = app.extensions["storage"]
    assignment = given()
    broken, whole = (
        make_attachment(storage, each, PDF)
        for each in (assignment.entry.application, make_application(assignment.entry.application.call))
    )
    make_assignment(whole.application.entries[0], assignment.reviewer)
    assert broken.copy is not None
    stored = storage.root / broken.copy.stored_as[:2] / broken.copy.stored_as
    sealed = stored.read_bytes()
    stored.unlink()
    if how != "missing":
        stored.write_bytes(sealed[:-1] + (bytes([sealed[-1] ^ 1]) if how == "damaged" else b""))
    parts = downloaded(signed_in(assignment.reviewer.person), slug_of(assignment))

    name, other = (f"{each.application.reference}-paper.pdf" for each in (broken, whole))
    assert [each for each in parts if each.startswith("files/")] == [f"files/{other}"]
    opened_not = parts["README.txt"].decode().partition("could not be opened")[2]
    assert (name in opened_not, other in opened_not) == (True, False)
    assert f"{name} (not in this download)" in parts[f"applications/{broken.application.reference}.txt"].decode()
    assert "scores.xlsx" in parts
    told = [record for record in caplog.records if record.getMessage() == "file_not_opened"]
    assert [(record.levelname, record.__dict__["refs"]["object"]) for record in told] == [("ERROR", str(broken.id))]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "reviewer:take_away")).one()
    assert (entry.data["files"], entry.data["unopened"]) == (1, [str(broken.id)])


def test_many_applications_are_parted_into_downloads(
    app: FundApp, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presentation, "MOST_AT_ONCE", 2)
    call = make_call()
    reviewer = make_reviewer(call)
    applications = [make_application(call) for _ in range(3)]
    for application in applications:
        make_assignment(application.entries[0], reviewer)
    references = {application.reference for application in applications}
    client = signed_in(reviewer.person)
    assert "Applications 3 to 3" in client.get(f"/reviews/calls/{call.slug}/offline").text
    found = []
    for number in (1, 2):
        parts = downloaded(client, call.slug, number=number)
        found.append({name[13:-4] for name in parts if name.startswith("applications/") and name.endswith(".txt")})
        rows = [row[0].value for row in opened(parts["scores.xlsx"]).worksheets[0].iter_rows(min_row=3)]
        assert len(rows) == 3 * len(found[-1])
    assert [len(each) for each in found] == [2, 1]
    assert found[0] | found[1] == references
    for wrong in ("3", "0", "-1"):
        answer = client.post(f"/reviews/calls/{call.slug}/offline/packets", data={"number": wrong})
        assert (answer.status_code, answer.mimetype) == (302, "text/html")


def test_one_application_in_two_categories_is_one_packet_with_a_rubric_for_each(
    app: FundApp, signed_in: SignedIn
) -> None:
    call = make_call(categories=2, max_categories=2)
    reviewer = make_reviewer(call)
    application = make_application(call)
    for entry in application.entries:
        make_assignment(entry, reviewer)
    parts = downloaded(signed_in(reviewer.person), call.slug)
    assert len([name for name in parts if name.startswith("applications/")]) == 2
    text = parts[f"applications/{application.reference}.txt"].decode()
    assert ("Category 1" in text, "Category 2" in text) == (True, True)
    assert text.count("How good is the plan?") == 2
    assert len(list(opened(parts["scores.xlsx"]).worksheets[0].iter_rows(min_row=3))) == 6


def test_a_download_is_recorded_with_references_alone(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    make_attachment(app.extensions["storage"], assignment.entry.application, PDF)
    downloaded(signed_in(assignment.reviewer.person), slug_of(assignment))
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "reviewer:take_away")).one()
    assert entry.data == {"assignments": [str(assignment.id)], "files": 1, "unopened": []}
    assert (entry.object_id, entry.actor_id) == (assignment.reviewer_id, assignment.reviewer.person_id)


def test_a_download_costs_the_same_number_of_statements_however_much_is_in_it(
    app: FundApp, signed_in: SignedIn
) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    make_assignment(make_application(call).entries[0], reviewer)
    client = signed_in(reviewer.person)
    counts = []
    for more in (0, 11):
        for _ in range(more):
            make_assignment(make_application(call).entries[0], reviewer)
        db.session.commit()
        with counted_statements() as statements:
            downloaded(client, call.slug)
        counts.append(len(statements))
    assert counts[1] == counts[0]


# What is not taken away


def test_no_part_of_a_download_holds_what_the_reviewer_must_not_read(app: FundApp, signed_in: SignedIn) -> None:
    """Hidden: another reviewer's, in conflict, recused, not declared, set to be hidden, and who somebody is."""
    call = make_call(form=SENSITIVE)
    reviewer = make_reviewer(call)
    storage = app.extensions["storage"]

    def marked(word: str, **values: Any) -> Any:
        application = make_application(call, answers={"title": f"{word} title", "plan": f"{word} plan"}, **values)
        make_attachment(storage, application, PDF + f"% {word} paper".encode(), filename=f"{word}.pdf")
        return application

    read = make_application(
        call, answers={**SENSITIVE_ANSWERS, "plan": "Readable plan"}, person=make_person("Person-Canary Sample")
    )
    make_attachment(storage, read, PDF, filename="File-Canary.pdf")
    make_assignment(read.entries[0], reviewer)
    colleagues = marked("Colleague-Canary")
    make_review(colleagues.entries[0], make_reviewer(call), [5, 4], comment="Review-Canary")
    make_review(read.entries[0], make_reviewer(call), [5, 4], comment="Review-Canary")
    conflicted = marked("Conflict-Canary")
    make_assignment(conflicted.entries[0], reviewer)
    in_conflict(conflicted, reviewer)
    make_assignment(marked("Recused-Canary").entries[0], reviewer, AssignmentStatus.RECUSED)
    make_assignment(marked("Undeclared-Canary").entries[0], reviewer, AssignmentStatus.ASSIGNED)
    protected = marked("Protected-Canary")
    make_assignment(protected.entries[0], reviewer)
    make_protected(protected)
    names = {each.organisation_name for each in (colleagues, conflicted)}
    client = signed_in(reviewer.person)
    parts = downloaded(client, call.slug)
    unpacked = dict(parts)
    with zipfile.ZipFile(io.BytesIO(parts["scores.xlsx"])) as sheet:
        unpacked |= {f"scores.xlsx/{name}": sheet.read(name) for name in sheet.namelist()}
    assert b"Readable plan" in parts[f"applications/{read.reference}.txt"]
    assert f"applications/{protected.reference}.txt" in parts
    # Of a protected application neither title nor place, and no file; its plan was not said to tell who somebody is.
    hidden = ["Colleague-Canary", "Conflict-Canary", "Recused-Canary", "Undeclared-Canary", "Review-Canary"]
    hidden += ["Contact-Canary", "Risk-Canary", "XX00 CANARY", "Person-Canary", "File-Canary", "Protected-Canary title"]
    hidden += ["Protected-Canary paper", "Protected-Canary.pdf", *names, conflicted.reference, colleagues.reference]
    for name, data in unpacked.items():
        for word in hidden:
            assert word.encode() not in data, (name, word)
            assert word not in name
    text = client.get(f"/reviews/calls/{call.slug}/offline").text
    assert "1 application is not in it yet" in text


@pytest.mark.parametrize("how", ["conflict", "recused", "colleague's"])
def test_a_download_is_the_same_with_and_without_what_is_hidden(app: FundApp, signed_in: SignedIn, how: str) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    for _ in range(3):
        make_assignment(make_application(call).entries[0], reviewer)
    client = signed_in(reviewer.person)
    address = f"/reviews/calls/{call.slug}/offline"
    before = downloaded(client, call.slug), without_tokens(client.get(address).text)
    hidden_one = make_application(call, answers={"title": "Hidden-Canary"})
    status = AssignmentStatus.RECUSED if how == "recused" else AssignmentStatus.READING
    make_assignment(hidden_one.entries[0], make_reviewer(call) if how == "colleague's" else reviewer, status)
    if how == "conflict":
        in_conflict(hidden_one, reviewer)
    db.session.commit()
    assert (downloaded(client, call.slug), without_tokens(client.get(address).text)) == before


def test_an_answer_kept_from_reviewers_is_in_no_part(app: FundApp, signed_in: SignedIn) -> None:
    questions = tuple(
        replace(each, hidden_from_reviewers=True) if each.name == "plan" else each for each in FORM.questions
    )
    call = make_call(form=replace(FORM, questions=questions))
    reviewer = make_reviewer(call)
    make_assignment(make_application(call, answers={"plan": "Hidden-Canary"}).entries[0], reviewer)
    parts = downloaded(signed_in(reviewer.person), call.slug)
    assert all(b"Hidden-Canary" not in data and b"What will you do?" not in data for data in parts.values())


def test_nothing_is_taken_away_once_the_call_takes_no_more_reviews(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    call = assignment.entry.application.call
    make_slate(call, SlateStatus.PROPOSED)
    client = signed_in(assignment.reviewer.person)
    assert "Reviews of this call are closed." in client.get(f"/reviews/calls/{call.slug}/offline").text
    answer = client.post(f"/reviews/calls/{call.slug}/offline/packets", data={"number": 1})
    assert answer.status_code == 302


def test_somebody_else_finds_no_page(app: FundApp, signed_in: SignedIn) -> None:
    assignment, other = given(), given()
    client = signed_in(other.reviewer.person)
    address = f"/reviews/calls/{slug_of(assignment)}/offline"
    assert client.get(address).status_code == 404
    assert client.post(f"{address}/packets").status_code == 404
    assert bring(client, slug_of(assignment), b"").status_code == 404
    assert client.post(f"{address}/replace").status_code == 404


# The sheet, there and back


def test_scores_come_back_from_the_sheet_as_a_draft(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    slug = slug_of(assignment)
    client = signed_in(assignment.reviewer.person)
    sheet, _places = written(
        sheet_of(client, slug),
        {
            (assignment.id, "need", "score"): 4,
            (assignment.id, "need", "comment"): "- Clear need\nand well told",
            (assignment.id, "plan", "score"): "3",
            (assignment.id, COMMENT, "comment"): "Worth it.",
        },
    )
    answer = bring(client, slug, sheet)
    assert answer.status_code == 200
    assert "3 rows of your sheet are in your drafts" in answer.text
    assert "Complete: look at it once more, and submit it" in answer.text
    assert draft_of(assignment.id) == {
        "need": Judged(Decimal(4), "", "- Clear need\nand well told"),
        "plan": Judged(Decimal(3)),
        COMMENT: "Worth it.",
    }
    review = db.session.scalars(select(Review)).one()
    assert (review.status, review.submitted_at) == (ReviewStatus.DRAFT, None)
    assert db.session.scalars(select(Score)).all() == []
    again = bring(client, slug, sheet)
    assert "3 rows were in your drafts already" in again.text
    assert "Different from your draft" not in again.text


def test_peers_cannot_judge_is_never_zero_after_the_round_trip(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    slug = slug_of(assignment)
    save(assignment, {"need": Unjudged.CANNOT_JUDGE, "plan": 4}, "Fair.")
    client = signed_in(assignment.reviewer.person)
    sheet = sheet_of(client, slug)
    assert cell_of(sheet, assignment.id, "need", "score") == CANNOT
    assert cell_of(sheet, assignment.id, "need", "reason") == "Not my field."
    assert cell_of(sheet, assignment.id, "plan", "score") == 4
    sheet, _places = written(
        sheet,
        {
            (assignment.id, "plan", "score"): CANNOT.upper(),
            (assignment.id, "plan", "reason"): "No figures.",
        },
    )
    assert bring(client, slug, sheet).status_code == 200
    assert draft_of(assignment.id) == {
        "need": Judged(Unjudged.CANNOT_JUDGE, "Not my field."),
        "plan": Judged(Unjudged.CANNOT_JUDGE, "No figures."),
        COMMENT: "Fair.",
    }
    answer = client.post(
        f"/reviews/{assignment.id}",
        data={
            "criterion_1": "cannot_judge",
            "criterion_1_reason": "Not my field.",
            "criterion_2": "cannot_judge",
            "criterion_2_reason": "No figures.",
            "comment": "Fair.",
            "action": "submit",
        },
    )
    assert answer.status_code == 302
    scores = db.session.scalars(select(Score)).all()
    assert [(score.value, score.cannot_judge) for score in scores] == [(None, True)] * 2


def test_each_problem_names_its_cell_and_good_rows_are_taken_all_the_same(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    slug = slug_of(assignment)
    save(assignment, {"need": 2, "plan": 2}, "Earlier.")
    client = signed_in(assignment.reviewer.person)
    sheet, places = written(
        sheet_of(client, slug),
        {
            (assignment.id, "need", "score"): 9,
            (assignment.id, "need", "comment"): "A comment in a row that is left.",
            (assignment.id, "plan", "score"): 5,
            (assignment.id, COMMENT, "comment"): "x" * 10_001,
            (assignment.id, COMMENT, "score"): 3,
        },
    )
    text = html.unescape(bring(client, slug, sheet).text)
    assert "1 row of your sheet is in your draft" in text
    for key, message in {
        (assignment.id, "need", "score"): "“9” was not taken. Need: choose a number from 1 to 5, or “cannot judge”.",
        (assignment.id, COMMENT, "comment"): "Your comment has 10001 characters; at most 10000 fit.",
        (assignment.id, COMMENT, "score"): "Nothing is asked in this cell. It was not taken.",
    }.items():
        assert f"<strong><bdi>{places[key]}</bdi></strong>: {message}" in text
    assert draft_of(assignment.id) == {
        "need": Judged(Decimal(2)),
        "plan": Judged(Decimal(5)),
        COMMENT: "Earlier.",
    }


@pytest.mark.parametrize(
    "value", ["many", 4.5, 0, -1, True, "=2+2", "#N/A", "2020-01-02", "4\x07", float("1e300")], ids=repr
)
def test_a_score_that_cannot_be_read_leaves_the_draft_and_is_told(
    app: FundApp, signed_in: SignedIn, value: object
) -> None:
    assignment = given()
    slug = slug_of(assignment)
    save(assignment, {"need": 2, "plan": 2})
    client = signed_in(assignment.reviewer.person)
    data = sheet_of(client, slug)
    if value == "4\x07":
        place = f"E{row_of(opened(data), assignment.id, 'need')}"
        sheet = as_csv(data).replace(b",2,,", b",4\x07,,", 1)
    else:
        sheet, places = written(data, {(assignment.id, "need", "score"): value})
        place = places[assignment.id, "need", "score"]
    answer = bring(client, slug, sheet)
    assert f"<strong><bdi>{place}</bdi></strong>:" in answer.text
    assert draft_of(assignment.id)["need"] == Judged(Decimal(2))


def test_a_sheet_in_another_language_and_other_digits_is_read(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    call = assignment.entry.application.call
    call.stages[0].asks_confidence = True
    client = signed_in(assignment.reviewer.person)
    client.get("/reviews?lang=ar")
    data = sheet_of(client, call.slug)
    book = opened(data)
    assert book.worksheets[0].sheet_view.rightToLeft
    sheet, _places = written(
        data,
        {
            (assignment.id, "need", "score"): "٤",
            (assignment.id, "plan", "score"): CANNOT,
            (assignment.id, "plan", "reason"): "ليس مجالي",
            (assignment.id, CONFIDENCE, "score"): "Very sure",
        },
    )
    assert bring(client, call.slug, sheet).status_code == 200
    assert draft_of(assignment.id) == {
        "need": Judged(Decimal(4)),
        "plan": Judged(Unjudged.CANNOT_JUDGE, "ليس مجالي"),
        CONFIDENCE: "high",
    }


def test_the_sheet_offers_the_steps_of_each_scale(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    call = assignment.entry.application.call
    call.criteria[1].maximum, call.criteria[1].step = Decimal(3), Decimal("0.5")
    client = signed_in(assignment.reviewer.person)
    book = opened(sheet_of(client, call.slug))
    offered = {}
    for rule in book.worksheets[0].data_validations.dataValidation:
        if rule.type == "list":
            title, _bang, cells = rule.formula1.partition("!")
            row = next(iter(rule.sqref.ranges)).min_row
            offered[str(book.worksheets[0][f"A{row}"].value).split("/")[1]] = [
                cell.value for line in book[title][cells.replace("$", "")] for cell in line
            ]
    assert offered == {"need": [1, 2, 3, 4, 5, CANNOT], "plan": [1, 1.5, 2, 2.5, 3, CANNOT]}
    sheet, _places = written(sheet_of(client, call.slug), {(assignment.id, "plan", "score"): 2.5})
    assert bring(client, call.slug, sheet).status_code == 200
    assert draft_of(assignment.id)["plan"] == Judged(Decimal("2.5"))


def as_csv(data: bytes) -> bytes:
    """Return the first sheet as a spreadsheet program saves it, hidden cells too."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in opened(data).worksheets[0].iter_rows():
        writer.writerow(["" if cell.value is None else cell.value for cell in row])
    return out.getvalue().encode()


def test_a_sheet_saved_as_csv_comes_back_too(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    slug = slug_of(assignment)
    client = signed_in(assignment.reviewer.person)
    sheet, places = written(
        sheet_of(client, slug),
        {(assignment.id, "need", "score"): 4, (assignment.id, "plan", "score"): "seven"},
    )
    answer = bring(client, slug, as_csv(sheet), "scores.csv")
    assert draft_of(assignment.id) == {"need": Judged(Decimal(4))}
    assert f"<strong><bdi>{places[assignment.id, 'plan', 'score']}</bdi></strong>" in answer.text


def test_rows_and_columns_may_be_moved(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    slug = slug_of(assignment)
    client = signed_in(assignment.reviewer.person)
    sheet, _places = written(sheet_of(client, slug), {(assignment.id, "need", "score"): 4})
    book = opened(sheet)
    book.worksheets[0].insert_cols(2)
    book.worksheets[0].insert_rows(3, 2)
    assert bring(client, slug, saved(book)).status_code == 200
    assert draft_of(assignment.id) == {"need": Judged(Decimal(4))}


def test_text_of_others_is_no_formula_in_the_sheet(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    call.criteria[0].labels = {"en": "=cmd|' /C calc'!A0"}
    reviewer = make_reviewer(call)
    application = make_application(call, organisation_name='=HYPERLINK("http://evil.example")')
    assignment = make_assignment(application.entries[0], reviewer)
    save(assignment, {"need": 4}, "=1+1")
    data = sheet_of(signed_in(reviewer.person), call.slug)
    cells = [cell for row in opened(data).worksheets[0].iter_rows() for cell in row if cell.value is not None]
    assert [cell for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    assert "=1+1" in [cell.value for cell in cells]


# What was changed here, or belongs to somebody else


def test_a_draft_that_was_changed_here_meanwhile_is_shown_beside_the_sheet(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    slug = slug_of(assignment)
    save(assignment, {"need": 2, "plan": 2}, "First.")
    client = signed_in(assignment.reviewer.person)
    data = sheet_of(client, slug)
    save(assignment, {"need": 3, "plan": 2}, "Changed here.")
    db.session.commit()
    sheet, places = written(
        data,
        {
            (assignment.id, "need", "score"): 5,
            (assignment.id, "plan", "score"): 4,
            (assignment.id, COMMENT, "comment"): "Changed in the sheet.",
        },
    )
    answer = bring(client, slug, sheet)
    text = html.unescape(answer.text)
    assert "1 row of your sheet is in your draft" in text
    assert text.rindex("Changed here.") < text.rindex("Changed in the sheet.")
    assert places[assignment.id, "need", "score"] in text
    stands = {"need": Judged(Decimal(3)), "plan": Judged(Decimal(4)), COMMENT: "Changed here."}
    assert draft_of(assignment.id) == stands
    sent = {name: hidden(answer.text, name) for name in ("given", "seen")}
    none = client.post(f"/reviews/calls/{slug}/offline/replace", data=sent)
    assert none.status_code == 200
    assert draft_of(assignment.id) == stands
    chosen = client.post(f"/reviews/calls/{slug}/offline/replace", data={**sent, "take": f"{assignment.id}/need"})
    assert "1 row of your sheet is in your draft" in chosen.text
    assert draft_of(assignment.id) == {**stands, "need": Judged(Decimal(5))}


def test_what_changed_once_more_before_the_choice_is_asked_about_again(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    slug = slug_of(assignment)
    client = signed_in(assignment.reviewer.person)
    data = sheet_of(client, slug)
    save(assignment, {"need": 3})
    db.session.commit()
    sheet, _places = written(data, {(assignment.id, "need", "score"): 5})
    answer = bring(client, slug, sheet)
    save(assignment, {"need": 1})
    db.session.commit()
    sent = {name: hidden(answer.text, name) for name in ("given", "seen")}
    again = client.post(f"/reviews/calls/{slug}/offline/replace", data={**sent, "take": f"{assignment.id}/need"})
    assert "Different from your draft here" in again.text
    assert draft_of(assignment.id)["need"] == Judged(Decimal(1))


def test_what_was_emptied_in_the_sheet_is_asked_about_first(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    slug = slug_of(assignment)
    save(assignment, {"need": 2, "plan": 2}, "Kept.")
    client = signed_in(assignment.reviewer.person)
    sheet, _places = written(
        sheet_of(client, slug),
        {(assignment.id, "need", "score"): None, (assignment.id, COMMENT, "comment"): None},
    )
    answer = bring(client, slug, sheet)
    assert draft_of(assignment.id) == {"need": Judged(Decimal(2)), "plan": Judged(Decimal(2)), COMMENT: "Kept."}
    sent = {name: hidden(answer.text, name) for name in ("given", "seen")}
    client.post(f"/reviews/calls/{slug}/offline/replace", data={**sent, "take": f"{assignment.id}/{COMMENT}"})
    assert draft_of(assignment.id) == {"need": Judged(Decimal(2)), "plan": Judged(Decimal(2)), COMMENT: ""}


def test_a_submitted_review_is_not_touched_unless_it_is_being_changed(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    review = make_review(make_application(call).entries[0], reviewer, [4, None])
    assignment = review.assignment
    client = signed_in(reviewer.person)
    data = sheet_of(client, call.slug)
    assert cell_of(data, assignment.id, "need", "score") == 4
    assert cell_of(data, assignment.id, "plan", "score") == CANNOT
    assert opened(data).worksheets[0][f"E{row_of(opened(data), assignment.id, 'need')}"].protection.locked
    sheet, places = written(data, {(assignment.id, "need", "score"): 1})
    text = html.unescape(bring(client, call.slug, sheet).text)
    place = places[assignment.id, "need", "score"]
    assert f"<strong><bdi>{place}</bdi></strong>: This review was submitted." in text
    assert "row of your sheet" not in text
    db.session.expire_all()
    assert review.draft is None
    assert [score.value for score in review.scores if not score.cannot_judge] == [4]
    client.post(f"/reviews/{assignment.id}/change")
    assert "1 row of your sheet is in your draft" in bring(client, call.slug, sheet).text
    assert draft_of(assignment.id)["need"] == Judged(Decimal(1))
    db.session.expire_all()
    assert review.status is ReviewStatus.SUBMITTED
    assert [score.value for score in review.scores if not score.cannot_judge] == [4]


@pytest.mark.parametrize("how", ["recused", "conflict", "never given"])
def test_rows_of_what_was_taken_from_the_reviewer_tell_nothing(app: FundApp, signed_in: SignedIn, how: str) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    application = make_application(call, answers={"title": "Gone-Canary"})
    gone, stays = (
        make_assignment(application.entries[0], reviewer),
        make_assignment(make_application(call).entries[0], reviewer),
    )
    client = signed_in(reviewer.person)
    sheet, places = written(
        sheet_of(client, call.slug),
        {(gone.id, "need", "score"): 5, (gone.id, COMMENT, "comment"): "Mine.", (stays.id, "need", "score"): 5},
    )
    if how == "never given":
        book, stranger = opened(sheet), str(uuid4())
        for row in book.worksheets[0].iter_rows():
            row[0].value = str(row[0].value).replace(str(gone.id), stranger)
        sheet = saved(book)
    elif how == "recused":
        client.post(f"/reviews/{gone.id}/conflict", data={"answer": "conflict"})
    else:
        in_conflict(application, reviewer)
        db.session.commit()
    text = html.unescape(bring(client, call.slug, sheet).text)
    where = f"{places[gone.id, 'need', 'score']}–{places[gone.id, COMMENT, 'comment']}"
    assert f"<strong><bdi>{where}</bdi></strong>: You cannot write about this application, or not any more." in text
    assert str(application.reference) not in text
    assert application.organisation_name not in text
    assert draft_of(stays.id) == {"need": Judged(Decimal(5))}
    assert db.session.scalar(select(Review).where(Review.assignment_id == gone.id)) is None


def test_a_sheet_of_another_call_or_of_somebody_else_is_refused(app: FundApp, signed_in: SignedIn) -> None:
    mine = given()
    person = mine.reviewer.person
    there = make_assignment(make_application(make_call()).entries[0], make_reviewer(make_call(), person=person))
    call = there.entry.application.call
    make_reviewer(call, person=person)
    colleague = make_assignment(
        make_application(mine.entry.application.call).entries[0], make_reviewer(mine.entry.application.call)
    )
    client = signed_in(person)
    others, _places = written(
        sheet_of(signed_in(colleague.reviewer.person), slug_of(colleague)),
        {(colleague.id, "need", "score"): 5},
    )
    elsewhere = sheet_of(client, slug_of(mine))
    answer = bring(client, slug_of(mine), others)
    assert answer.status_code == 422
    assert "This is not your own sheet." in answer.text
    answer = bring(client, call.slug, elsewhere)
    assert answer.status_code == 422
    assert "This sheet is of another call." in answer.text
    forged = opened(others)
    forged.worksheets[0]["A1"].value = opened(elsewhere).worksheets[0]["A1"].value
    answer = bring(client, slug_of(mine), saved(forged))
    assert "You cannot write about this application" in answer.text
    assert db.session.scalars(select(Review)).all() == []


def hidden(page: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)">', page)
    assert found
    return html.unescape(found[1])


# What is no sheet


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "Choose your filled sheet first."),
        (b"Some text\nand more", "This is not a sheet of your scores."),
        (b"\xd0\xcf\x11\xe0 old", "old or password-protected Excel file"),
        (b"PK\x03\x04 broken", "cannot be read as an XLSX workbook"),
        (make_archive({"a.txt": "x"}), "This is not a sheet of your scores."),
        (make_archive({"xl/vbaProject.bin": "x"}), "This workbook holds programs"),
        (make_archive({"xl/bomb.xml": b"0" * (130 * 2**20)}), "too large when unpacked"),
        (make_archive({"xl/x.xml": "<!DOCTYPE x>"}), "unsafe XML"),
    ],
    ids=["none", "text", "old", "broken", "archive", "programs", "bomb", "entities"],
)
def test_row_66_what_is_no_sheet_of_scores_is_refused_kindly(
    app: FundApp, signed_in: SignedIn, data: bytes, says: str
) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    answer = bring(client, slug_of(assignment), data, "scores.xlsx" if data else "")
    assert answer.status_code == 422
    assert says in html.unescape(answer.text)


def test_a_sheet_that_is_too_large_is_refused_unread(
    app: FundApp, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    data = sheet_of(client, slug_of(assignment))
    monkeypatch.setattr(workbooks, "MAX_FILLED_BYTES", len(data) - 1)
    answer = bring(client, slug_of(assignment), data)
    assert (answer.status_code, "larger than" in answer.text) == (422, True)


def test_rows_without_a_key_and_rows_that_stand_there_twice_are_told(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    sheet, places = written(sheet_of(client, slug_of(assignment)), {(assignment.id, "need", "score"): 4})
    book = opened(sheet)
    page = book.worksheets[0]
    last = page.max_row
    page[f"A{last + 1}"], page[f"E{last + 1}"] = page["A3"].value, 2
    page[f"E{last + 2}"] = 3
    page[f"A{last + 3}"], page[f"E{last + 3}"] = f"{assignment.id}/gone/-", 3
    text = bring(client, slug_of(assignment), saved(book)).text
    assert f"<strong><bdi>E{last + 1}</bdi></strong>: This question stands in the sheet twice." in text
    assert f"<strong><bdi>{last + 2}</bdi></strong>: It cannot be told which question" in text
    assert f"<strong><bdi>E{last + 3}</bdi></strong>: This is not asked any more." in text
    assert draft_of(assignment.id) == {"need": Judged(Decimal(4))}
    assert places


@pytest.mark.parametrize(
    "given_parts",
    ["", "[]", "null", "{", '{"x": 1}', '{"%s/need": 5}', '{"%s/need": {"answer": "NaN"}}', '{"%s/.confidence": "x"}'],
)
def test_a_choice_that_no_page_sent_changes_nothing(app: FundApp, signed_in: SignedIn, given_parts: str) -> None:
    assignment = given()
    assignment.entry.application.call.stages[0].asks_confidence = True
    save(assignment, {"need": 2})
    stored = reading.part_mark(reading.draft_of(assignment.review or db.session.scalars(select(Review)).one())["need"])
    client = signed_in(assignment.reviewer.person)
    data = {
        "given": given_parts.replace("%s", str(assignment.id)),
        "seen": json.dumps({f"{assignment.id}/need": stored}),
        "take": [f"{assignment.id}/need", f"{assignment.id}/.confidence", "x", "\x00"],
    }
    assert client.post(f"/reviews/calls/{slug_of(assignment)}/offline/replace", data=data).status_code in (200, 422)
    answer = draft_of(assignment.id)["need"].answer
    assert answer in (Decimal(2), None)
    assert CONFIDENCE not in draft_of(assignment.id)


def test_pages_offer_reviewing_offline(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    client = signed_in(assignment.reviewer.person)
    assert f"/reviews/calls/{slug_of(assignment)}/offline" in client.get("/reviews").text


def test_files_that_are_not_ready_are_named_and_not_sent(app: FundApp, signed_in: SignedIn) -> None:
    assignment = given()
    attachment = make_attachment(app.extensions["storage"], assignment.entry.application, PDF)
    attachment.copy_stored_as = attachment.copy_content_type = attachment.copy_size_bytes = None
    attachment.status = FileStatus.PENDING
    parts = downloaded(signed_in(assignment.reviewer.person), slug_of(assignment))
    assert not [name for name in parts if name.startswith("files/")]
    reference = assignment.entry.application.reference
    assert "This file is still being prepared." in parts[f"applications/{reference}.txt"].decode()
