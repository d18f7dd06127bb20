"""What fits into a discussion, and the words that stand for a reviewer."""

from uuid import UUID, uuid4

from fundapp.review.discussion_rules import MOST_CHARACTERS, MOST_POSTS, alias_of, post_problems


def fields(text: str, mentioned: list[str], posts: int = 0) -> list[str | None]:
    return [each.field for each in post_problems(text, mentioned, ["river stone"], posts=posts)]


def test_only_readers_of_the_entry_can_be_addressed():
    assert fields("Hello", ["river stone"]) == []
    assert fields("Hello", ["somebody else"]) == ["mentions"]


def test_all_problems_are_told_at_once():
    assert fields("", ["somebody else"], MOST_POSTS) == ["text", "mentions", None]
    assert fields("x" * (MOST_CHARACTERS + 1), []) == ["text"]


def test_an_alias_stays_and_is_another_for_each_assignment():
    assignment_id = UUID("12345678-1234-4234-8234-123456789abc")
    assert alias_of(assignment_id) == alias_of(UUID(str(assignment_id)))
    assert len({alias_of(uuid4()) for _each in range(200)}) > 190
