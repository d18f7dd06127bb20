"""The pages of the tally: what stands on them is what the tally reckons, and nobody reads what is not theirs."""

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from fundapp.accounts.permissions import Role
from fundapp.applications.models import Application, ApplicationStatus, Call, Entry, ProgrammeKind
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import Reviewer
from fundapp.review.presentation import tally_paper
from fundapp.review.presentation.tally_words import number, percent, signed
from fundapp.review.queries.selection import whole_selection
from fundapp.review.queries.tally import pool_tallies
from fundapp.review.tally.whole import WholeTally
from tests.conftest import SignedIn, counted_statements, without_tokens
from tests.factories import (
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

from .pool_round import Round as PoolRound

MARKS = {"strict": (2, 3, 1, 2), "plain": (4, 3, 2, 3), "kind": (5, 5, 3, 4)}
"""Marks of three readers for four entries: they differ, so that a correction is needed."""
TEN = {
    "strict": (1, 2, 3, 2, 1, 2, 3, 1, 1, 3),
    "plain": (2, 3, 4, 3, 2, 3, 4, 2, 3, 4),
    "kind": (3, 4, 5, 4, 3, 5, 5, 3, 4, 5),
    "usual": (2, 3, 4, 3, 2, 3, 4, 2, 3, 3),
    "like others": (2, 3, 4, 3, 2, 3, 4, 2, 4, 4),
    "ordinary": (2, 3, 3, 3, 2, 4, 4, 2, 3, 4),
}


class Table(HTMLParser):
    """The cells of every row of a page's tables, by their headings."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[dict[str, str]] = []
        self._heading: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append({})
        heading = dict(attrs).get("data-heading")
        if heading is not None:
            self._heading = heading
            self.rows[-1][heading] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._heading = None

    def handle_data(self, data: str) -> None:
        if self._heading is not None:
            self.rows[-1][self._heading] = f"{self.rows[-1][self._heading]} {data}".strip()


class Round:
    """A call in which named readers give the entries one mark each; None: not read."""

    def __init__(self, marks: Mapping[str, Iterable[int | None]] = MARKS, entries: int = 4, **values: Any) -> None:
        self.call: Call = make_call(**values)
        self.manager = make_staff(Role.MANAGER, self.call)
        self.applications: list[Application] = [
            make_application(self.call, answers={"title": f"Title {n}", "region": ("north", "south")[n % 2]})
            for n in range(entries)
        ]
        self.readers: dict[str, Reviewer] = {}
        for name, given in marks.items():
            self.readers[name] = make_reviewer(self.call, person=make_person(f"Reader {name}"))
            for entry, mark in zip(self.entries, given, strict=True):
                if mark is not None:
                    make_review(entry, self.readers[name], [mark, mark])
        db.session.commit()

    @property
    def entries(self) -> list[Entry]:
        return [each.entries[0] for each in self.applications]

    @property
    def url(self) -> str:
        return f"/manage/{self.call.slug}/tally"

    def reference(self, number: int) -> str:
        return self.applications[number].reference or ""

    def whole(self) -> WholeTally:
        (pool,) = pool_tallies(whole_selection(call=self.call))
        return pool.whole


def page_of(client: FlaskClient, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def text_of(data: bytes) -> str:
    """Return the words of a PDF, each parted by one space."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages).split())


def ranked(page: str) -> list[dict[str, str]]:
    return [row for row in Table(page).rows if "Adjusted score" in row]


def test_the_page_has_the_figures_of_the_tally(app: FundApp, signed_in: SignedIn) -> None:
    made = Round(budget_minor=2_400_000)  # twice what each asks for
    whole = made.whole()
    assert whole.places == 2
    assert whole.is_corrected
    page = page_of(signed_in(made.manager), made.url)
    rows = {row["Entry"].split()[0]: row for row in ranked(page)}
    assert len(rows) == 4
    for each in whole.entries:
        application = next(a for a in made.applications if str(a.entries[0].id) == each.plain.entry_id)
        row = rows[application.reference or ""]
        assert row["Adjusted score"] == number(each.score or 0)
        assert row["Adjusted rank"].strip("=").startswith(str(each.rank))
        assert row["At least this wide"] == f"{each.lowest_rank} to {each.highest_rank}"
        assert row["Chance"] == percent(each.fundable or 0)
        assert row["Mean"] == number(float(each.plain.mean or 0))
        assert row["Reviews"] == "3"
        assert row["Mean rank · used"].strip("=") == str(each.plain.rank)
    assert "The line stands below the first 2" in page
    assert f"Of the 2 chosen by mean rank, about {number(whole.expected_right_by_mean or 0, 1)} are truly" in page
    assert "This call ranks by the plain mean" in page


def test_causes_and_swing_stand_in_words_and_readers_are_named_to_managers_only(
    app: FundApp, signed_in: SignedIn
) -> None:
    """The first two entries were read by strict ones alone, the others by kind ones alone but for one in common."""
    made = Round(
        {
            "strict": (3, 2, 1, None, None, None),
            "stern": (3, 1, 2, 3, None, None),
            "kind": (None, None, 4, 5, 5, 3),
            "mild": (None, 5, None, 5, 4, 4),
        },
        entries=6,
    )
    whole = made.whole()
    assert any(each.swing for each in whole.entries)
    manager = page_of(signed_in(made.manager), made.url)
    lifted = next(each for each in whole.entries if (each.from_readers or 0) > 0.01)
    assert f"its readers are strict: {signed(lifted.from_readers or 0)}" in manager
    assert "few readings, or readers who disagree: " in manager
    assert "Without Reader " in manager
    for role in (Role.CHAIR, Role.RATIFIER):
        other = page_of(signed_in(make_staff(role, made.call, name=f"Other {role.value}")), made.url)
        assert "Without one reader this " in other
        assert "Reader " not in other
        assert "tally/reviewers" not in other


@pytest.mark.parametrize("role", [Role.CHAIR, Role.RATIFIER])
def test_a_severity_is_for_managers(app: FundApp, signed_in: SignedIn, role: Role) -> None:
    made = Round(TEN, entries=10)
    assert signed_in(make_staff(role, made.call)).get(f"{made.url}/reviewers").status_code == 403
    page = page_of(signed_in(made.manager), f"{made.url}/reviewers")
    whole = made.whole()
    rows = {row["Reader"]: row for row in Table(page).rows if "Reader" in row}
    assert set(rows) == {f"Reader {name}" for name in TEN}
    for name, reader in made.readers.items():
        figures = next(each for each in whole.readers if each.reviewer_id == str(reader.id))
        row = rows[f"Reader {name}"]
        assert (row["Leniency"], row["Its error"]) == (signed(figures.leniency), number(figures.error))
        assert (row["Mean"], row["Reviews"]) == (number(sum(TEN[name]) / 10), "10")
    assert [row["In words"] for row in rows.values()] == ["strict", *["not clearly either"] * 4, "lenient"]
    assert f"agree by {number(whole.variances.agreement)}" in page
    assert "All readers are connected" in page


def test_languages_are_set_side_by_side_with_who_bridges_them(app: FundApp, signed_in: SignedIn) -> None:
    made = Round()
    for each in made.applications[:2]:
        each.language = "fr"
    db.session.commit()
    page = page_of(signed_in(made.manager), f"{made.url}/reviewers")
    rows = {row["Language"]: row for row in Table(page).rows if "Language" in row}
    assert rows.keys() == {"English", "French"}
    assert rows["French"]["Who also read in another language"] == "3"
    assert "±" in rows["French"]["Difference ± its error"]
    assert "Scores alone cannot tell better entries from kinder readers" in page


def test_what_a_conflict_hides_leaves_no_trace(app: FundApp, signed_in: SignedIn) -> None:
    """Pages of a call with a hidden entry that has an award are those of the same call where it came to nothing."""
    made = Round({name: (*marks, 5) for name, marks in MARKS.items()}, entries=5, budget_minor=2_400_000)
    lonely = make_reviewer(made.call, person=make_person("Reader of the hidden one"))
    make_review(made.entries[4], lonely, [5, 5])
    decision = make_decision(make_slate(made.call), made.entries[4], amount_minor=1_200_000)
    db.session.commit()
    assert made.call.committed_minor == 1_200_000
    urls = [made.url, f"{made.url}?sort=adjusted", f"{made.url}/reviewers"]
    before = [page_of(signed_in(made.manager), url) for url in urls]
    make_member(made.manager, made.applications[4].organisation)
    db.session.commit()
    client = signed_in(made.manager)
    hidden = [without_tokens(page_of(client, url)) for url in urls]
    assert made.reference(4) in before[0]
    assert "Reader of the hidden one" in before[2]
    for page in hidden:
        assert made.reference(4) not in page
        assert "Reader of the hidden one" not in page
    db.session.delete(decision)
    made.call.committed_minor = 0
    made.applications[4].status = ApplicationStatus.INELIGIBLE
    made.applications[4].eligibility_reason = "It works in another field."
    db.session.commit()
    assert hidden == [without_tokens(page_of(client, url)) for url in urls]


def test_parts_that_no_reader_connects_are_not_compared(app: FundApp, signed_in: SignedIn) -> None:
    made = Round({"a": (5, 3, None, None), "b": (4, 3, None, None), "c": (None, None, 2, 1), "d": (None, None, 3, 1)})
    page = page_of(signed_in(made.manager), made.url)
    assert "These entries fall into 2 parts that no reader connects." in page
    assert {row["Chance"] for row in ranked(page)} == {""}
    assert sorted(row["Adjusted rank"] for row in ranked(page)) == [
        "1 part 1",
        "1 part 2",
        "2 part 1",
        "2 part 2",
    ]
    assert "The readers fall into 2 parts" in page_of(signed_in(made.manager), f"{made.url}/reviewers")


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ({"only": (5, 4, 3, 2)}, "One person read all of this."),
        ({"a": (3, 3, 3, 3), "b": (3, 3, 3, 3)}, "All marks are the same"),
        ({"a": (3, 3, None, None), "b": (None, None, 4, 4)}, "Within each part all marks are the same"),
        ({"a": (5, None, 3, None), "b": (None, 4, None, 2)}, "No entry has two readings."),
        ({"a": (5, 4, 2, 1), "b": (5, 4, 2, 1)}, "No severity correction was needed"),
        ({}, "Nobody has scored anything here yet."),
    ],
)
def test_what_cannot_be_told_is_said(
    app: FundApp, signed_in: SignedIn, marks: dict[str, tuple[int | None, ...]], said: str
) -> None:
    made = Round(marks)
    client = signed_in(made.manager)
    page = page_of(client, made.url)
    assert said in page
    assert len(ranked(page)) == 4
    assert page_of(client, f"{made.url}/reviewers")
    assert client.get(f"/manage/{made.call.slug}/tally.pdf").status_code == 200


def test_a_reader_who_gives_everybody_the_same_is_lenient_and_no_more(app: FundApp, signed_in: SignedIn) -> None:
    made = Round({"constant": (5, 5, 5, 5), "plain": (4, 3, 2, 3), "other": (4, 3, 1, 3)})
    rows = [row for row in Table(page_of(signed_in(made.manager), f"{made.url}/reviewers")).rows if "Reader" in row]
    assert rows[-1]["Reader"] == "Reader constant"
    assert rows[-1]["Spread"] == "0.00"
    assert rows[-1]["Leniency"].startswith("+")


def test_scores_that_are_closed_are_on_no_page(app: FundApp, signed_in: SignedIn) -> None:
    made = PoolRound()
    reviewers = made.reviewers()
    made.draw()
    one, other = made.applications[:2]
    make_review(one.entries[0], reviewers[other.id], [5, 5])
    db.session.commit()
    client = signed_in(made.manager)
    for path in ("tally", "tally/reviewers"):
        page = page_of(client, f"/manage/{made.call.slug}/{path}")
        assert "The scores are closed" in page
        assert Table(page).rows == []
    assert client.get(f"/manage/{made.call.slug}/tally.pdf").status_code == 200


def test_categories_with_their_own_awards_are_ranked_apart(app: FundApp, signed_in: SignedIn) -> None:
    made = Round({}, entries=0, kind=ProgrammeKind.PRIZE, categories=2, max_categories=2)
    for marks in ((5, 4), (3, 2)):
        application = make_application(made.call)
        for entry, mark in zip(application.entries, marks, strict=True):
            make_review(entry, make_reviewer(made.call), [mark, mark])
    db.session.commit()
    page = page_of(signed_in(made.manager), made.url)
    assert page.count("<caption>2 entries on this page</caption>") == 2
    assert [row["Mean rank · used"] for row in ranked(page)] == ["1", "2", "1", "2"]
    one = ranked(page_of(signed_in(made.manager), f"{made.url}?pool=1"))
    assert [row["Mean"] for row in one] == ["4.00", "2.00"]


def test_the_list_is_put_in_order_narrowed_searched_and_paged(app: FundApp, signed_in: SignedIn) -> None:
    made = Round({"a": (1, 5, 3, 2), "b": (5, 4, 3, 1)})
    client = signed_in(made.manager)

    def order(query: str) -> list[int]:
        shown = [row["Entry"].split()[0] for row in ranked(page_of(client, f"{made.url}{query}"))]
        references = [made.reference(number) for number in range(len(made.applications))]
        return [references.index(each) for each in shown]

    assert order("") == [1, 0, 2, 3]
    assert order("?sort=mean") == [1, 0, 2, 3]
    assert order("?sort=disagreement")[0] == 0
    assert order("?sort=region") == [0, 2, 1, 3]
    assert order("?region=south") == [1, 3]
    assert order("?sort=nonsense&region=nowhere&page=x") == [1, 0, 2, 3]
    found = client.post(made.url, data={"search": made.reference(2)})
    assert [row["Entry"].split()[0] for row in ranked(found.get_data(as_text=True))] == [made.reference(2)]
    assert client.post(made.url, data={"region": "south"}).location.endswith("/tally?region=south")
    for _ in range(30):
        made.applications.append(make_application(made.call))
    db.session.commit()
    assert len(order("")) == 25
    assert len(order("?page=2")) == 9
    assert order("?page=99") == order("?page=2")
    assert set(order("?short=1")) == set(range(4, 29))


def test_pages_send_as_many_statements_for_thirty_entries_as_for_three(app: FundApp, signed_in: SignedIn) -> None:
    made = Round({"a": (1, 5, 3), "b": (5, 4, 3)}, entries=3)
    client = signed_in(made.manager)
    counts = []
    for more in (0, 30):
        for _ in range(more):
            entry = make_application(made.call).entries[0]
            for reader in made.readers.values():
                make_review(entry, reader, [3, 3])
        db.session.commit()
        for url in (made.url, f"{made.url}/reviewers"):
            page_of(client, url)
            with counted_statements() as statements:
                page_of(client, url)
            counts.append(len(statements))
    assert counts[:2] == counts[2:]


def test_a_person_without_the_permission_reads_nothing(app: FundApp, signed_in: SignedIn) -> None:
    made = Round()
    for path in ("tally", "tally/reviewers", "tally.pdf"):
        assert signed_in(make_staff(Role.FINANCE)).get(f"/manage/{made.call.slug}/{path}").status_code == 403


def test_the_paper_has_the_list_the_line_and_how_sure_it_is_and_nobodys_name(app: FundApp, signed_in: SignedIn) -> None:
    made = Round(TEN, entries=10, budget_minor=3_600_000)
    whole = made.whole()
    assert whole.places == 3
    answer = signed_in(made.manager).get(f"/manage/{made.call.slug}/tally.pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.startswith(b"%PDF")
    text = text_of(answer.data)
    for application in made.applications:
        assert (application.reference or "?") in text
    for each in whole.entries:
        assert f"{each.lowest_rank} to {each.highest_rank}" in text
        assert number(each.score or 0) in text
        assert percent(each.fundable or 0) in text
    assert "The line stands below the first 3" in text
    assert f"Of the 3 chosen by mean rank, about {number(whole.expected_right_by_mean or 0, 1)} are truly" in text
    assert "Few readings say less than many." in text
    assert "Reader " not in text
    for reader in whole.readers:
        assert signed(reader.leniency) not in text


def test_the_paper_is_in_the_language_of_its_reader(app: FundApp, signed_in: SignedIn) -> None:
    made = Round()
    for language in ("fr", "ar"):
        made.manager.language = language
        db.session.commit()
        answer = signed_in(made.manager).get(f"/manage/{made.call.slug}/tally.pdf")
        page = text_of(answer.data)
        assert {"fr": "Rang", "ar": "المراجعات"}[language] in page


def test_the_paper_of_many_entries_says_what_is_not_printed(
    app: FundApp, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally_paper, "MOST_ROWS", 3)
    made = Round()
    text = text_of(signed_in(made.manager).get(f"/manage/{made.call.slug}/tally.pdf").data)
    assert "1 more is not printed." in text
    assert sum((application.reference or "") in text for application in made.applications) == 3
