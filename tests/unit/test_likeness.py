"""Which applications may be there twice, and the order of names."""

from uuid import uuid4

import pytest

from fundapp.applications.likeness import LARGEST_GROUP, Likeness, Traits, alike, alike_to, skeleton
from fundapp.core.collation import sort_key


def traits(**values: str) -> Traits:
    known = {"organisation_key": "", "organisation": "", "person": "", "registration": "", "title": ""}
    return Traits(id=uuid4(), **{**known, **values})


def found(one: Traits, other: Traits) -> set[Likeness]:
    both = alike([one, other, traits(organisation="Something else", title="Of no concern to anybody at all")])
    assert set(both) in (set(), {one.id, other.id})
    assert alike_to(one, [one, other]) == both.get(one.id, {})
    return set(both.get(one.id, {}).get(other.id, ()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paypal", "p\u0430ypal"),  # a Cyrillic letter
        ("Collectif Espoir", "\u0421ollectif \u0415spoir"),
        ("Full final", "\uff26\uff55\uff4c\uff4c \ufb01nal"),  # full-width letters, a ligature
        ("Istanbul", "\u0130STANBUL"),
        ("Straße", "STRASSE"),
        ("Éco-Logis", "eco logis"),
        ("ΟΜΑΔΑ", "OMA\u0394A"),
        ("Group 10", "Group IO"),
    ],
)
def test_names_that_eyes_cannot_tell_apart_have_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other) != ""
    assert found(traits(organisation=one), traits(organisation=other)) == {Likeness.LOOK_ALIKE}


@pytest.mark.parametrize(
    ("one", "other"), [("Hope", "Hops"), ("Ассоциация", "Association"), ("جمعية الأمل", "جمعية الامان"), ("", "")]
)
def test_other_names_have_others(one: str, other: str) -> None:
    assert found(traits(organisation=one), traits(organisation=other)) == set()


def test_one_name_is_not_called_a_look_alike_of_itself() -> None:
    one, other = (traits(organisation="Hope", organisation_key="k") for _ in range(2))
    assert found(one, other) == {Likeness.ORGANISATION}


def test_same_address_and_same_registration_are_noted() -> None:
    one = traits(person="p", registration="RC 12-345/b")
    other = traits(person="p", registration="rc12345B")
    assert found(one, other) == {Likeness.PERSON, Likeness.REGISTRATION}
    # The answer to "are you registered?" is no number.
    assert found(traits(registration="registered"), traits(registration="registered")) == set()


def test_titles_of_nearly_the_same_words_are_noted_and_short_ones_are_not() -> None:
    title = "Know your land rights in six villages"
    for other in ("KNOW your Land-Rights, in six villages", "Know your land rights in seven villages", title + " now"):
        assert found(traits(title=title), traits(title=other)) == {Likeness.TITLE}, other
    assert found(traits(title=title), traits(title="Know our water rights in six towns")) == set()
    assert found(traits(title="Core support"), traits(title="Core support")) == set()


def test_what_very_many_have_in_common_tells_nothing() -> None:
    many = [traits(organisation="Hope") for _ in range(LARGEST_GROUP + 1)]
    assert alike(many) == {}
    assert alike_to(many[0], many) == {}
    assert len(alike(many[1:])) == LARGEST_GROUP


def test_names_are_in_the_order_of_a_language() -> None:
    def ordered(language: str, *names: str) -> list[str]:
        return sorted(names, key=lambda name: sort_key(name, language))

    names = ("Zebra", "Ñandú", "Nz", "Éa", "Eb", "École", "ecole", "Ecolf", "1st", "-A", "")
    start = ["1st", "-A", "Éa", "Eb", "ecole", "École", "Ecolf"]
    assert ordered("fr", *names) == [*start, "Ñandú", "Nz", "Zebra", ""]
    assert ordered("es", *names) == [*start, "Nz", "Ñandú", "Zebra", ""]
    assert ordered("en", "الأمل", "Zebra", "أحمد") == ["Zebra", "أحمد", "الأمل"]
    assert ordered("ar", "Zebra", "الأمل", "أحمد", "إبراهيم") == ["إبراهيم", "أحمد", "الأمل", "Zebra"]
