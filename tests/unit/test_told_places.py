"""Places in anonymised tables: told where enough share them, and nobody is alone among those of whom none is told."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from fundapp.disbursement.exports.anonymous import FEWEST, told

PLACES = st.lists(
    st.tuples(st.sampled_from(["", "KE", "LS", "UG"]), st.sampled_from(["", "Coast", "Hills"])), max_size=60
)


def places(*of: tuple[str, str]) -> dict[UUID, tuple[str, str]]:
    return {UUID(int=number): place for number, place in enumerate(of)}


def shown(*of: tuple[str, str]) -> Counter[tuple[str | None, ...]]:
    return Counter(tuple(place) for place in told(places(*of)).values())


def test_a_place_that_five_share_is_told_and_one_that_four_share_is_not() -> None:
    assert shown(*[("KE", "Coast")] * 5) == {("KE", "Coast"): 5}
    assert shown(*[("KE", "Coast")] * 4) == {(None, None): 4}


def test_one_without_a_place_is_never_alone() -> None:
    """An application that is protected has no country: it hides among those of the next rarest."""
    assert shown(("", ""), *[("KE", "")] * 5, *[("LS", "")] * 9) == {(None, None): 6, ("LS", None): 9}
    assert shown(("", ""), *[("KE", "Coast")] * 9) == {(None, None): 10}


def test_a_region_is_told_within_its_country_alone() -> None:
    found = shown(*[("KE", "Coast")] * 6, *[("KE", "Hills")] * 5, ("UG", "Coast"), *[("LS", "Coast")] * 5)
    assert found == {(None, None): 6, ("KE", "Coast"): 6, ("KE", "Hills"): 5}


@given(PLACES)
def test_whatever_is_told_is_true_and_shared_by_enough_and_so_is_what_is_not(of: list[tuple[str, str]]) -> None:
    given_places = places(*of)
    found = told(given_places)
    for key, place in found.items():
        assert all(each in (None, was) for each, was in zip(place, given_places[key], strict=True))
    countries = Counter(place[0] for place in found.values())
    assert all(number >= FEWEST for number in countries.values()) or set(countries) == {None}
    for country in countries.keys() - {None}:
        regions = Counter(place[1] for place in found.values() if place[0] == country)
        assert all(number >= FEWEST for number in regions.values())
    assert all(place[1] is None for place in found.values() if place[0] is None)
