"""What hurt the users of other tools while they applied and reviewed, lesson by lesson: none is without a test."""

import re

from tests.evidence import all_tests

LESSONS = range(1, 30)
"""Those about drafts and deadlines, about conflicts and who sees what, and about scores.

A test is for one when its name says so: `test_peers_07_…`.
"""


def lessons_in(name: str) -> set[int]:
    """Return the lessons that the name of a test says it is for: `test_peers_38_and_39_…`."""
    found = re.match(r"test_peers_((?:\d+_(?:and_)?)+)", name)
    return {int(number) for number in re.findall(r"\d+", found.group(1))} if found else set()


def test_every_lesson_about_applying_and_reviewing_is_held_by_a_test_that_is_named_by_it() -> None:
    held = {number for names in all_tests().values() for name in names for number in lessons_in(name)}
    assert sorted(set(LESSONS) - held) == []


def test_lessons_are_read_from_names() -> None:
    assert lessons_in("test_peers_07_the_questions_can_be_had_without_an_account") == {7}
    assert lessons_in("test_peers_38_and_39_statements_are_as_many_with_30_as_with_300_applications") == {38, 39}
    assert lessons_in("test_what_peers_07_says") == set()
