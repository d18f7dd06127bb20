"""How a form lies on pages: every run of questions stands under the headings of its own groups."""

from datetime import UTC, datetime

from fundapp.applications.form_engine.definition import FormDefinition, Group, Kind, Question
from fundapp.applications.form_engine.filling import Filling, Surroundings
from fundapp.applications.form_engine.pages import PartKind, pages_of, parts_of

PAGE, INNER, ROWS, DEEP = ("page",), ("page", "inner"), ("page", "rows"), ("page", "rows", "deep")


def _laid(*questions: Question) -> list[tuple[str, str, int]]:
    groups = tuple(Group(path, {"en": path[-1]}, is_repeat=path == ROWS) for path in (PAGE, INNER, ROWS, DEEP))
    form = FormDefinition("Form", "form", "1", ("en",), "en", groups, questions)
    filling = Filling(form, {"rows": [1, 2]}, Surroundings(datetime(2020, 5, 2, tzinfo=UTC)))
    (page,) = pages_of(form)
    return [
        (part.kind.value, part.of.name if part.kind is PartKind.AGAIN else part.key, part.level)
        for part in parts_of(page, form, filling)
    ]


def _ask(name: str, group: tuple[str, ...]) -> Question:
    return Question(name, Kind.TEXT, {"en": name}, group=group)


def test_what_follows_an_inner_group_stands_under_the_outer_heading_again() -> None:
    assert _laid(_ask("first", PAGE), _ask("inside", INNER), _ask("after", PAGE), _ask("more", PAGE)) == [
        ("question", "first", 0),
        ("heading", "inner", 1),
        ("question", "inside", 0),
        ("again", "page", 1),
        ("question", "after", 0),
        ("question", "more", 0),
    ]


def test_what_follows_a_group_in_a_row_stands_under_its_row_again() -> None:
    laid = _laid(_ask("begins", ROWS), _ask("under", DEEP), _ask("ends", ROWS), _ask("last", PAGE))
    assert [each for each in laid if each[0] in ("heading", "row", "again")][2:5] == [
        ("heading", "rows~1~deep", 2),
        ("again", "rows", 2),
        ("row", "rows~2", 1),
    ]
    assert laid[-2:] == [("again", "page", 1), ("question", "last", 0)]


def test_a_heading_is_not_repeated_where_nothing_stands_under_it() -> None:
    never = Question("never", Kind.TEXT, {"en": "Never"}, group=PAGE, relevant="false()")
    assert [kind for kind, *_rest in _laid(_ask("inside", INNER), never)] == ["heading", "question"]
