"""Regions in which nobody stands alone, and the choices of publication."""

from random import Random

import pycountry
import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from fundapp.applications.rules import SMALL_GROUP
from fundapp.disbursement.publication_rules import REGIONS, RegionSum, region_of, region_sums

AWARDS = st.lists(
    st.tuples(st.sampled_from(["KE", "UG", "PE", "NP", "GB", "", "xx"]), st.integers(1, 10**9)), max_size=40
)


def test_every_country_is_in_one_region_that_has_a_name() -> None:
    listed = [country for countries in REGIONS.values() for country in countries.split()]
    assert sorted(listed) == sorted({country.alpha_2 for country in pycountry.countries} - {"AQ"} | {"XK"})
    assert all(
        Locale(language).territories[region] for language in ("en", "ar", "es", "fr", "pt") for region in REGIONS
    )
    assert (region_of("ke"), region_of("AQ"), region_of("Kenya")) == ("014", "", "")


@given(AWARDS)
def test_no_sum_is_of_a_few_and_nothing_is_counted_twice(awards: list[tuple[str, int]]) -> None:
    told = region_sums(awards)
    assert all(cell.awards >= SMALL_GROUP for cell in told)
    if len(awards) < SMALL_GROUP:
        assert told == []
    else:
        assert sum(cell.awards for cell in told) == len(awards)
        assert sum(cell.amount_minor for cell in told) == sum(amount for _country, amount in awards)
    assert len({cell.region for cell in told}) == len(told)


@given(AWARDS, st.randoms())
def test_sums_do_not_depend_on_the_order(awards: list[tuple[str, int]], chance: Random) -> None:
    shuffled = list(awards)
    chance.shuffle(shuffled)
    assert region_sums(shuffled) == region_sums(awards)


@pytest.mark.parametrize(
    ("countries", "told"),
    [
        (["KE"] * 4, []),
        (["KE"] * 5, [("014", 5)]),
        (["KE"] * 5 + ["PE"], [("", 6)]),
        (["KE"] * 5 + ["PE"] * 5, [("005", 5), ("014", 5)]),
        (["KE"] * 5 + ["PE"] * 6 + ["GB"], [("005", 6), ("", 6)]),
        (["KE", "PE", "GB", "NP", ""], [("", 5)]),
    ],
)
def test_what_is_few_goes_with_the_smallest_that_is_left(countries: list[str], told: list[tuple[str, int]]) -> None:
    expected = [RegionSum(region, number, 10 * number) for region, number in told]
    assert region_sums([(country, 10) for country in countries]) == expected
