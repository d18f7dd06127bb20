"""What follows from a frozen tally alone: its versions give their hashes, and its scores give its ranking."""

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from fundapp.core.audit.chain import canonical_json
from fundapp.review.frozen.files import EARLIER_FORM
from fundapp.review.pools import put_last
from fundapp.review.tally import EntryTally, ScoreRow, WeightedCriterion, tally
from fundapp.review.tally.leading import DECIMALS, AdjustedScore, adjusted_scores, led_by_adjusted, led_by_mean
from fundapp.review.terms_rules import Ranking

Document = Mapping[str, Any]
TOLERANCE: Final = "0.000010"
"""How far an adjusted score may be from the one that is reckoned again: the last digits differ between machines."""


@dataclass(frozen=True)
class FrozenList:
    """Entries that are ranked together, as the file has them, and their figures as its scores give them.

    `plain` is in the order of the means; in `figures` those that come last for reviews that were not done do so.
    """

    name: str
    entries: Sequence[Document]
    plain: Sequence[EntryTally]
    figures: Mapping[str, EntryTally]


def criteria_in(document: Document) -> list[WeightedCriterion]:
    """Return the criteria of a file."""
    return [
        WeightedCriterion(each["code"], *(Fraction(str(each[key])) for key in ("weight", "minimum", "maximum")))
        for each in document["criteria"]
    ]


def rows_in(document: Document) -> list[ScoreRow]:
    """Return the scores of a file that count: those of the newest version of each review that does."""
    if document["form"] == EARLIER_FORM:
        return [
            ScoreRow(each["entry"], reviewer, criterion, None if score is None else Fraction(str(score)))
            for each in document["entries"]
            for reviewer, criterion, score in each["scores"]
        ]
    code_of = {each["id"]: each["code"] for each in document["criteria"]}
    return [
        ScoreRow(review["entry"], review["reviewer"], code_of[criterion], _number(score["value"]))
        for review in document["reviews"]
        if review["counts"]
        for criterion, score in review["versions"][-1]["content"]["scores"].items()
        if criterion in code_of
    ]


def lists_in(document: Document, last: set[str] | None = None) -> list[FrozenList]:
    """Return the lists of a file with figures reckoned again; `last` are entries that come after all others.

    Without `last` they are those of whom the file says so. Raises ValueError for scores that cannot be.
    """
    if last is None:
        last = {each["entry"] for each in document["entries"] if each.get("comes_last")}
    members: dict[str, list[Document]] = {}
    for each in document["entries"]:
        members.setdefault(each["pool"], []).append(each)
    rows: dict[str, list[ScoreRow]] = {}
    list_of = {each["entry"]: each["pool"] for each in document["entries"]}
    for row in rows_in(document):
        if row.entry_id not in list_of:
            raise ValueError(f"a score of an entry that is not on the list: {row.entry_id}")
        rows.setdefault(list_of[row.entry_id], []).append(row)
    criteria = criteria_in(document)
    found = []
    for name, entries in members.items():
        plain = tally([each["entry"] for each in entries], criteria, rows.get(name, []))
        found.append(FrozenList(name, entries, plain, {each.entry_id: each for each in put_last(plain, last)}))
    return found


def differences(document: Document) -> list[str]:
    """Name everything in a file that does not follow from the rest of it; nothing where all is right."""
    try:
        if document["form"] == EARLIER_FORM:
            return [each for one in lists_in(document) for each in _wrong_plain(one)]
        return [
            *_wrong_versions("review", document["reviews"]),
            *_wrong_versions("decision", [each["decision"] for each in document["entries"] if each["decision"]]),
            *_wrong_entries(document),
            *_wrong_money(document),
        ]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
        return [f"something in the file cannot be: {error}"]


def adjusted_as_written(each: AdjustedScore) -> dict[str, Any]:
    """Return an adjusted score as a file holds it: the score on the scale of marks, with six decimals."""
    return {"score": f"{each.score + 0.0:.{DECIMALS}f}", "rank": each.rank, "tied": each.is_tied, "part": each.part}


def _wrong_entries(document: Document) -> Iterator[str]:
    for name, times in Counter(each["entry"] for each in document["entries"]).items():
        if times > 1:
            yield f"entry {name} is there {times} times"
    terms = (document["terms"] or {}).get("content", {})
    leads, least = terms.get("ranking", Ranking.MEAN.value), terms.get("least_reviews", 1)
    for one in lists_in(document):
        yield from _wrong_plain(one)
        yield from _wrong_adjusted(one, least)
        yield from _wrong_standing(one, least, by_adjusted=leads == Ranking.ADJUSTED.value)


def _wrong_plain(one: FrozenList) -> Iterator[str]:
    for each in one.entries:
        figure = one.figures[each["entry"]]
        follows = plain_figures(figure)
        for key, value in follows.items():
            if each[key] != value:
                yield _differs(each, key, each[key], value)


def plain_figures(figure: EntryTally) -> dict[str, Any]:
    """Return the exact figures of an entry as a file holds them; fractions are written as "13/3"."""
    return {
        "reviews": figure.reviews,
        "mean": _exact(figure.mean),
        "median": _exact(figure.median),
        "variance": _exact(figure.variance),
        "rank": figure.rank,
        "tied": figure.tied,
    }


def _wrong_adjusted(one: FrozenList, least: int) -> Iterator[str]:
    """Compare scores within the tolerance, and ranks with what the scores in the file give."""
    again, told = adjusted_scores(one.plain, least_reviews=least), _adjusted_in(one)
    for each in one.entries:
        found, stored = again.get(each["entry"]), each["adjusted"]
        if found is None or stored is None:
            if (found is None) != (stored is None):
                yield f"{_name(each)}: the file has {'an' if stored else 'no'} adjusted score, its scores say otherwise"
            continue
        follows = adjusted_as_written(found)
        if abs(Decimal(stored["score"]) - Decimal(follows["score"])) > Decimal(TOLERANCE):
            yield _differs(each, "the adjusted score", stored["score"], follows["score"])
        if stored["part"] != follows["part"]:
            yield _differs(each, "the part of the panel", stored["part"], follows["part"])
        ranked = told[each["entry"]]
        if (stored["rank"], stored["tied"]) != (ranked.rank, ranked.is_tied):
            yield _differs(each, "the adjusted rank", stored["rank"], ranked.rank)


def _adjusted_in(one: FrozenList) -> dict[str, AdjustedScore]:
    """Return the adjusted scores of a file, ranked again by what is written."""
    stored = {each["entry"]: each["adjusted"] for each in one.entries if each["adjusted"]}
    scores = sorted(Decimal(each["score"]) for each in stored.values())
    sharing = Counter(scores)
    return {
        key: AdjustedScore(
            score=float(each["score"]),
            rank=1 + len(scores) - bisect_right(scores, Decimal(each["score"])),
            is_tied=sharing[Decimal(each["score"])] > 1,
            part=each["part"],
        )
        for key, each in stored.items()
    }


def _wrong_standing(one: FrozenList, least: int, *, by_adjusted: bool) -> Iterator[str]:
    """Compare the rank that leads, and the order of the entries, with what follows from the scores."""
    led = led_by_adjusted(one.plain, _adjusted_in(one)) if by_adjusted else led_by_mean(one.plain, least_reviews=least)
    last = {each["entry"] for each in one.entries if each["comes_last"]}
    standing = {each.entry_id: each for each in put_last(led, last)}
    for each in one.entries:
        follows = standing[each["entry"]]
        if (each["standing"]["rank"], each["standing"]["tied"]) != (follows.rank, follows.tied):
            yield _differs(each, "the rank that leads", each["standing"]["rank"], follows.rank)
    places = [each["standing"]["rank"] or len(one.entries) + 1 for each in one.entries]
    if places != sorted(places):
        yield f"list {one.name or 'of the call'}: its entries are not in order of their ranks"


def _wrong_money(document: Document) -> Iterator[str]:
    given = sum(
        each["decision"]["versions"][-1]["content"]["amount_minor"] for each in document["entries"] if each["decision"]
    )
    if given > document["budget_minor"]:
        yield f"the decisions give {given}, and the budget is {document['budget_minor']} (in minor units)"


def _wrong_versions(table: str, rows: Sequence[Document]) -> Iterator[str]:
    for row in rows:
        numbers = [version["number"] for version in row["versions"]]
        if not numbers or numbers != list(range(1, len(numbers) + 1)):
            yield f"{table} {row['id']}: its versions are not numbered 1, 2, 3 …"
        for version in row["versions"]:
            if hashlib.sha256(canonical_json(version["content"])).hexdigest() != version["sha256"]:
                yield f"{table} {row['id']}: version {version['number']} does not give its hash"


def _name(each: Document) -> str:
    return f"entry {each.get('reference') or each['entry']}"


def _differs(each: Document, what: str, told: object, follows: object) -> str:
    return f"{_name(each)}: {what} is {_said(told)} in the file, and its scores give {_said(follows)}"


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _exact(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> Fraction | None:
    return None if value is None else Fraction(str(value))
