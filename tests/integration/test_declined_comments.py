"""What declined applicants read of the reviews: chosen, edited, promised by the call, told after the release alone."""

import io
from datetime import timedelta
from typing import Any

import pypdf
import pytest
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call, Entry
from fundapp.applications.rules import DeclinedGet
from fundapp.core import sealed_files
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.disbursement.models import Letter
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.declined_rules import Wording
from fundapp.review.models import DeclinedComment, Outcome, Slate, SlateStatus
from fundapp.review.queries.declined import declined_entries, passed_on, pieces_of
from fundapp.review.services.declined import keep_comment
from fundapp.review.services.erasing import blank_reviews

from ..conftest import NOW, actor_of, without_tokens
from ..factories import (
    make_application,
    make_call,
    make_decision,
    make_member,
    make_person,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)

LATER = NOW + timedelta(days=30)
WORDS = "The need is clear. Tell us more of the budget."


class Round:
    """A ratified list: one award, and declined entries with two reviews each."""

    def __init__(self, declined: int = 1, *, get: DeclinedGet = DeclinedGet.COMMENTS, **values: Any) -> None:
        self.call: Call = make_call(declined_get=get, **values)
        self.person: Person = make_staff(Role.MANAGER)
        self.manager = actor_of(self.person)
        self.slate: Slate = make_slate(self.call, SlateStatus.RATIFIED)
        self.readers = [
            make_reviewer(self.call, person=make_person("Ada Obi")),
            make_reviewer(self.call, person=make_person("José Núñez")),
        ]
        self.winner = self.entry(Outcome.AWARD)
        self.declined = [self.entry(Outcome.DECLINE) for _ in range(declined)]

    def entry(self, outcome: Outcome) -> Entry:
        entry = make_application(self.call).entries[0]
        make_review(entry, self.readers[0], [4, 3], comment="The need is clear.")
        review = make_review(entry, self.readers[1], [5, None], comment="")
        review.scores[0].comment = "Nobody else does this."
        make_decision(self.slate, entry, outcome=outcome)
        return entry

    def keep(self, entry: Entry | None = None, text: str = WORDS, version: int = 0, **values: Any) -> DeclinedComment:
        wording = Wording(**{"passes_on": True, "text": text, "language": "en", "chosen": (), **values})
        return keep_comment(
            actor=self.manager, entry=entry or self.declined[0], wording=wording, version=version, now=LATER
        )

    def hide(self, entry: Entry) -> None:
        assert entry.application.organisation is not None
        make_member(self.person, entry.application.organisation)


def refused(caught: pytest.ExceptionInfo[RuleViolations]) -> list[str | None]:
    return [problem.field for problem in caught.value.problems]


def address(made: Round, entry: Entry | None = None) -> str:
    return f"/manage/{made.call.slug}/comments" + (f"/{entry.id}" if entry else "")


def test_a_text_is_kept_sealed_with_what_it_was_made_from_and_recorded(app):
    made = Round()
    keys = [piece.key for of_reader in pieces_of(actor=made.manager, entry=made.declined[0]) for piece in of_reader]
    assert len(keys) == 2
    comment = made.keep(chosen=(*keys, "forged:need"))
    db.session.commit()
    assert (comment.text, comment.language, comment.chosen, comment.version) == (WORDS, "en", keys, 1)
    assert comment.text_sealed is not None
    assert WORDS.encode() not in comment.text_sealed
    again = made.keep(text="Shorter.", version=1, language="fr")
    db.session.commit()
    assert (again.id, again.text, again.language, again.version) == (comment.id, "Shorter.", "fr", 2)
    recorded = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "comment:keep")).all()
    assert [entry.object_id for entry in recorded] == [comment.id] * 2
    assert "Shorter" not in str([entry.data for entry in recorded])


def test_nothing_to_pass_on_needs_a_reason_and_tells_the_applicant_nothing(app):
    made = Round()
    with pytest.raises(RuleViolations) as caught:
        made.keep(text=" ", passes_on=False)
    assert refused(caught) == ["text"]
    made.keep(text="Both reviews hold a single word.", passes_on=False)
    assert passed_on(made.declined[0]).text == ""


def test_a_name_of_a_reviewer_is_flagged_until_it_is_confirmed(app):
    made = Round()
    with pytest.raises(RuleViolations) as caught:
        made.keep(text="Núñez liked it, and so did Ada.")
    assert refused(caught) == ["confirmed"]
    assert "Ada Obi, José Núñez" in str(caught.value.problems[0].message)
    with pytest.raises(RuleViolations):
        made.keep(text="Núñez liked it, and so did Ada.", confirmed={"Ada Obi"})
    made.keep(text="Ada is the name of your project too.", confirmed={"Ada Obi"})


def test_a_score_in_a_comment_is_flagged_where_scores_were_not_promised(app):
    made = Round()
    label = made.call.criteria[0].labels["en"]
    text = f"I give it ٤/٥. {label}: 3"
    with pytest.raises(RuleViolations) as caught:
        made.keep(text=text)
    assert refused(caught) == ["scores_stay"]
    assert f"“٤/٥”, “{label}: 3”" in str(caught.value.problems[0].message)
    with pytest.raises(RuleViolations):
        made.keep(text=text, scores_stay={"٤/٥"})
    made.keep(text=text, scores_stay={"٤/٥", f"{label}: 3"})
    promised = Round(get=DeclinedGet.SCORES)
    promised.keep(text=text)


def test_texts_are_for_entries_without_an_award_and_before_the_release(app):
    made = Round(declined=2)
    with pytest.raises(NotFound):
        made.keep(made.winner)
    reserved = made.entry(Outcome.RESERVE)
    assert [each.row.entry for each in declined_entries(actor=made.manager, call=made.call)] == [
        *made.declined,
        reserved,
    ]
    made.keep(reserved)
    with pytest.raises(Conflict):
        made.keep(reserved, version=0)
    made.slate.status = SlateStatus.RELEASED
    made.slate.released_by_id, made.slate.released_at = made.person.id, LATER
    db.session.flush()
    with pytest.raises(Conflict):
        made.keep(made.declined[0])


def test_only_who_decides_keeps_a_text_and_only_where_the_call_promised_one(app):
    made = Round()
    made.manager = actor_of(make_staff(Role.RATIFIER))
    with pytest.raises(NotAllowed):
        made.keep()
    silent = Round(get=DeclinedGet.NOTHING)
    with pytest.raises(Conflict):
        silent.keep()


def test_nothing_is_released_while_a_promised_text_is_missing(app):
    made = Round(declined=2)
    made.keep(made.declined[0])
    with pytest.raises(RuleViolations) as caught:
        release_decisions(actor=made.manager, call=made.call, now=LATER)
    assert len(caught.value.problems) == 1
    made.keep(made.declined[1], passes_on=False, text="Nobody wrote a comment.")
    release_decisions(actor=made.manager, call=made.call, now=LATER)


def test_where_nothing_was_promised_a_release_asks_for_no_text(app):
    made = Round(get=DeclinedGet.NOTHING)
    release_decisions(actor=made.manager, call=made.call, now=LATER)
    assert passed_on(made.declined[0]).means == ()


@pytest.mark.parametrize("get", [DeclinedGet.COMMENTS, DeclinedGet.SCORES])
def test_letter_and_page_tell_the_text_in_its_language_without_names(app, clock, run_jobs, signed_in, get):
    clock.move_to(LATER)
    made = Round(get=get)
    made.keep(text="La nécessité est claire.\n\nParlez du budget.", language="fr")
    applicant = made.declined[0].application.person
    db.session.commit()
    client = signed_in(applicant)
    assert "nécessité" not in client.get("/letters").text
    release_decisions(actor=made.manager, call=made.call, now=LATER)
    db.session.commit()
    run_jobs()
    letter = db.session.scalars(select(Letter).where(Letter.application_id == made.declined[0].application_id)).one()
    assert letter.file is not None
    reader = pypdf.PdfReader(io.BytesIO(sealed_files.read(app.extensions["storage"], letter.file)))
    printed = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    page = client.get(f"/letters/{letter.id}").text
    for shown in (printed, page):
        assert "La nécessité est claire." in shown
        assert "Parlez du budget." in shown
        assert "Ada" not in shown
        assert "Núñez" not in shown
        assert "Nobody else does this." not in shown
        # 4 and 5 for the need; 3 and "cannot judge" for the plan
        assert ("4.50 on a scale up to 5" in shown) == (get is DeclinedGet.SCORES)
        assert ("3.00 on a scale up to 5" in shown) == (get is DeclinedGet.SCORES)
    assert 'lang="fr" dir="ltr">La nécessité' in page


def test_the_letter_of_an_award_tells_nothing_of_reviews(app, clock, run_jobs):
    clock.move_to(LATER)
    made = Round()
    made.keep()
    release_decisions(actor=made.manager, call=made.call, now=LATER)
    db.session.commit()
    run_jobs()
    letter = db.session.scalars(select(Letter).where(Letter.application_id == made.winner.application_id)).one()
    assert "comment" not in (letter.content or {})


def test_whoever_has_a_conflict_sees_pages_as_if_the_entry_were_not_there(app, signed_in):
    made = Round(declined=2)
    hidden = made.declined[1]
    made.keep(hidden, text="Only for the hidden one.")
    without = Round(declined=1)
    made.hide(hidden)
    client, other = signed_in(made.person), signed_in(without.person)
    page = client.get(address(made)).text
    assert hidden.application.reference not in page
    assert "1 entry without an award" in page
    assert "For 1 entry nothing is written yet." in page

    def bare(made: Round, page: str) -> str:
        for text, place in (
            (made.call.slug, "slug"),
            (made.call.titles["en"], "title"),
            (made.declined[0].application.reference or "", "reference"),
            (made.declined[0].application.organisation_name, "name"),
            (str(made.declined[0].id), "id"),
        ):
            page = page.replace(text, place)
        return without_tokens(page)

    assert bare(made, page) == bare(without, other.get(address(without)).text)
    assert client.get(address(made, hidden)).status_code == 404
    assert client.post(address(made, hidden), data={"text": "x"}).status_code == 404
    with pytest.raises(NotFound):
        made.keep(hidden, version=1)


def test_a_text_is_put_together_and_kept_on_its_page(app, signed_in):
    made = Round()
    entry = made.declined[0]
    client = signed_in(made.person)
    page = client.get(address(made, entry)).text
    assert "The need is clear." in page
    assert "Nobody else does this." in page
    assert "Ada Obi" not in page
    assert "Reader 2" in page
    keys = [piece.key for each in pieces_of(actor=made.manager, entry=entry) for piece in each]
    typed = {"passed_on": "text", "language": "en", "text": "Dear friends,", "version": "0", "chosen": keys}
    taken = client.post(address(made, entry), data={**typed, "take": "1"})
    assert taken.status_code == 200
    assert "Dear friends,\n\nThe need is clear.\n\nNobody else does this.</textarea>" in taken.text.replace("\r", "")
    assert taken.text.count(" checked") == 3  # both comments, and that the text is passed on
    assert db.session.scalar(select(DeclinedComment)) is None
    named = client.post(address(made, entry), data={**typed, "text": "Ada liked it."})
    assert named.status_code == 422
    assert 'name="confirmed"' in named.text
    assert 'value="Ada Obi"' in named.text
    confirmed = {**typed, "text": "Ada liked it.", "names": "Ada Obi", "confirmed": "y"}
    more = client.post(address(made, entry), data={**confirmed, "text": "Ada and Núñez liked it."})
    assert more.status_code == 422
    assert client.post(address(made, entry), data=confirmed).status_code == 302
    kept = db.session.scalars(select(DeclinedComment)).one()
    assert (kept.text, kept.chosen) == ("Ada liked it.", keys)
    late = client.post(address(made, entry), data={**typed, "text": "Another."})
    assert late.status_code == 409
    assert "Another." in late.text
    assert "Text is kept" in client.get(address(made)).text


def test_a_score_is_asked_about_beside_its_field_and_names_that_were_confirmed_stay_so(app, signed_in):
    made = Round()
    entry, client = made.declined[0], signed_in(made.person)
    typed = {"passed_on": "text", "language": "en", "text": "Ada gave it 7/10.", "version": "0"}
    first = client.post(address(made, entry), data=typed)
    assert first.status_code == 422
    assert 'name="scores" type="hidden" value="7/10"' in first.text
    assert "“7/10”" in first.text
    confirmed = {**typed, "names": "Ada Obi", "confirmed": "y", "scores": "7/10"}
    second = client.post(address(made, entry), data=confirmed)
    assert second.status_code == 422
    assert 'name="scores_stay"' in second.text
    assert "may be the name of a reviewer" not in second.text
    assert (
        client.post(address(made, entry), data={**confirmed, "scores_stay": "y", "text": "Ada: 8/10"}).status_code
        == 422
    )
    assert client.post(address(made, entry), data={**confirmed, "scores_stay": "y"}).status_code == 302


def test_who_only_reads_the_list_changes_nothing(app, signed_in):
    made = Round()
    made.keep()
    client = signed_in(make_staff(Role.RATIFIER))
    assert "<textarea" not in client.get(address(made, made.declined[0])).text
    assert WORDS in client.get(address(made, made.declined[0])).text
    assert client.post(address(made, made.declined[0]), data={"text": "x"}).status_code == 403
    silent = Round(get=DeclinedGet.NOTHING)
    assert silent.declined[0].application.reference not in signed_in(silent.person).get(address(silent)).text


def test_what_the_call_promises_stands_on_its_public_page(app, signed_in):
    words = "the mean score for each criterion"
    for get in DeclinedGet:
        call = make_call(declined_get=get)
        page = signed_in(None).get(f"/calls/{call.slug}").text
        assert ("If you are declined" in page) == (get is not DeclinedGet.NOTHING)
        assert (words in page) == (get is DeclinedGet.SCORES)


def test_erasing_an_application_erases_the_text(app):
    made = Round()
    made.keep()
    db.session.commit()
    blank_reviews(actor=made.manager, application=made.declined[0].application, now=LATER)
    db.session.commit()
    comment = db.session.scalars(select(DeclinedComment)).one()
    assert (comment.text, comment.text_sealed) == ("", None)
