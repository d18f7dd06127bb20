"""The table [selection] of call.toml: what it says, what is wrong with it by its key, and the sample of the docs."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fundapp.applications.call_package import CallPackage, package_files, read_package
from fundapp.core.errors import RuleViolations
from fundapp.review.services.terms_of_packages import TERMS
from fundapp.review.slate import Measure, Rule
from fundapp.review.terms_rules import PotTerms, Ranking, WantedTerms
from tests.unit.test_call_package import CALL, FORM, write

REGIONS = (
    FORM
    + """| | select_one regions | region | Region | Région | no | region |
| | text | theme | Theme | Thème | no | theme |
| choices |
| | list_name | name | label::en | label::fr |
| | regions | africa | Africa | Afrique |
| | regions | asia | Asia | Asie |
"""
)
TYPED = FORM + "| | text | region | Region | Région | no | region |\n"
TABLE = '\n[selection]\nranking = "mean"\n'
RULE = '[[selection.rules]]\ngroup = "region:africa"\nleast = 1\n'
POT = '[[selection.pots]]\ntitle.en = "Land"\nmoney = 500\n'
SAMPLE = re.search(r"```toml\n(\[selection\].*?)```", Path("docs/call-package.md").read_text("utf-8"), re.DOTALL)


def read(folder: Path, table: str, form: str = REGIONS) -> CallPackage:
    return read_package(write(folder, CALL + table, form), parts=[TERMS])


def terms(folder: Path, table: str, form: str = REGIONS) -> WantedTerms:
    value: WantedTerms = read(folder, table, form).further[0].value
    return value


def problems(folder: Path, table: str, form: str = REGIONS) -> list[str]:
    with pytest.raises(RuleViolations) as caught:
        read(folder, table, form)
    return [problem.place for problem in caught.value.problems]


def test_the_sample_of_the_documentation_says_all_there_is_and_reads_back(tmp_path: Path) -> None:
    assert SAMPLE is not None
    package = read(tmp_path, "\n" + SAMPLE[1])
    assert package.further[0].value == WantedTerms(
        ranking=Ranking.ADJUSTED,
        places=30,
        floor=Decimal("2.5"),
        coverage_percent=90,
        least_reviews=2,
        two_ratifiers_from_minor=1_500_000,
        chairs_vote=True,
        draw_band=3,
        rules=(
            Rule("r1", "region:africa", Measure.AWARDS, 5, 15),
            Rule("r2", "first_time:yes", Measure.MONEY, 20_000_000),
        ),
        pots=(PotTerms("p1", (("en", "Rivers fund"), ("fr", "Fonds des fleuves")), 10_000_050, ("region:asia",)),),
        rules_published=False,
    )
    for name, data in package_files(package, with_invitations=True).items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "form.md").unlink()
    assert read_package(tmp_path, parts=[TERMS]).further == package.further
    written: dict[str, Any] = tomllib.loads(SAMPLE[1])["selection"]
    again = TERMS.write(package.further[0].value, package)
    assert set(written) == set(again), "the sample has every key"
    assert {*written["pots"][0], "code"} == set(again["pots"][0])


def test_the_ranking_alone_is_enough_and_a_package_without_the_table_says_nothing(tmp_path: Path) -> None:
    assert terms(tmp_path, TABLE) == WantedTerms()
    assert read(tmp_path, "").further == ()


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("\n[selection]\n", "selection.ranking"),
        (TABLE.replace("mean", "best"), "selection.ranking"),
        (TABLE + "places = 0\n", "selection.places"),
        (TABLE + "floor = 2.00001\n", "selection.floor"),
        (TABLE + "coverage_percent = 101\n", "selection.coverage_percent"),
        (TABLE + "least_reviews = 0\n", "selection.least_reviews"),
        (TABLE + "two_ratifiers_from = 0\n", "selection.two_ratifiers_from"),
        (TABLE + 'chairs_vote = "yes"\n', "selection.chairs_vote"),
        (TABLE + 'lots = "always"\n', "selection.lots"),
        (TABLE + 'lots = "band"\n', "selection.band"),
        (TABLE + 'lots = "band"\nband = 51\n', "selection.band"),
        (TABLE + "band = 3\n", "selection.band"),
        (TABLE + "minimum = 3\n", "selection.minimum"),
        (TABLE + RULE.replace("least = 1", ""), "selection.rules 1.least"),
        (TABLE + RULE + RULE.replace("1", "-1"), "selection.rules 2.least"),
        (TABLE + RULE.replace("1", "1.5"), "selection.rules 1.least"),
        (TABLE + RULE + "most = 0\n", "selection.rules 1.most"),
        (TABLE + RULE + 'counts = "people"\n', "selection.rules 1.counts"),
        (TABLE + RULE.replace('group = "region:africa"\n', ""), "selection.rules 1.group"),
        (TABLE + RULE.replace("africa", "north"), "selection.rules 1.group"),
        (TABLE + RULE.replace("region:africa", "language:ar"), "selection.rules 1.group"),
        (TABLE + RULE.replace("region:africa", "theme:land"), "selection.rules 1.group"),
        (TABLE + RULE.replace("region:africa", "africa"), "selection.rules 1.group"),
        (TABLE + RULE + "exactly = 1\n", "selection.rules 1.exactly"),
        (TABLE + POT + POT.replace('title.en = "Land"\n', ""), "selection.pots 2.title"),
        (TABLE + POT.replace("Land", "x" * 121), "selection.pots 1.title"),
        (TABLE + POT.replace("title.en", "title.ar"), "selection.pots 1.title.ar"),
        (TABLE + POT.replace("500", "0"), "selection.pots 1.money"),
        (TABLE + POT + 'groups = ["region:north"]\n', "selection.pots 1.groups"),
        (TABLE + POT.replace("500", "900000") + POT.replace("500", "100001"), "selection.pots"),
        (TABLE + RULE * 41, "selection.rules"),
    ],
)
def test_what_is_wrong_is_said_once_by_its_key(tmp_path: Path, table: str, key: str) -> None:
    assert problems(tmp_path, table) == [f"call.toml, key {key}"]


def test_nothing_as_the_most_money_of_a_group_reads_back(tmp_path: Path) -> None:
    table = TABLE + RULE.replace("least = 1", 'counts = "money"\nmost = 0')
    package = read(tmp_path, table)
    assert package.further[0].value.rules == (Rule("r1", "region:africa", Measure.MONEY, 0, 0),)
    assert TERMS.write(package.further[0].value, package)["rules"][0]["most"] == 0


def test_a_region_that_is_typed_freely_is_taken_as_entries_have_it(tmp_path: Path) -> None:
    assert terms(tmp_path, TABLE + RULE.replace("africa", "North  Kivu"), TYPED).rules[0].group == "region:north kivu"


def test_without_the_room_that_knows_it_the_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleViolations, match=r"call\.toml, key selection: This key is not known"):
        read_package(write(tmp_path, CALL + TABLE))
