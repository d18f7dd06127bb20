"""What the public reads of an award: the four choices, and regions in which nobody stands alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fundapp.applications.rules import SMALL_GROUP

DAYS_BEFORE: Final = 7
"""Days from an award until anything about it is published, so that those whom it concerns can think again."""


class Publication(StrEnum):
    """What the people of an award let the public read. Nothing, until they chose."""

    FULL = "full"
    """Name, title, country, amount and date, on the page of recipients and in the files."""
    NAME_ONLY = "name_only"
    """The name beside the call, on the page of recipients alone."""
    REGION_ONLY = "region_only"
    """A part of a number and of a sum for a part of the world, on the page of recipients alone."""
    WITHHELD = "withheld"
    """Nothing, anywhere."""


@dataclass(frozen=True)
class RegionSum:
    """Awards of one call in one region together. `region` is a code of UN M49, "" for all other regions together."""

    region: str
    awards: int
    amount_minor: int


def region_sums(awards: Iterable[tuple[str, int]]) -> list[RegionSum]:
    """Return the sums of a call's awards, given as (country, amount in minor units), so that none has few awards.

    A region with fewer than SMALL_GROUP awards goes into the other regions; as long as those are few too, the smallest
    region that is left goes with them. Awards that are few altogether are told nowhere: the list is empty.
    """
    cells: dict[str, RegionSum] = {}
    for country, amount in awards:
        cell = _with(cells.get(region_of(country)), region_of(country), 1, amount)
        cells[cell.region] = cell
    named = sorted((cell for cell in cells.values() if cell.region and cell.awards >= SMALL_GROUP), key=_size)
    other = _together(cell for cell in cells.values() if cell not in named)
    while 0 < other.awards < SMALL_GROUP and named:
        other = _together([other, named.pop(0)])
    told = [*sorted(named, key=lambda cell: cell.region), other]
    return [cell for cell in told if cell.awards >= SMALL_GROUP]


def region_of(country: str) -> str:
    """Return the code of the region that a country (ISO 3166-1, two letters) is in, "" for what is no country."""
    return _REGION_OF.get(country.upper(), "")


def _together(cells: Iterable[RegionSum]) -> RegionSum:
    other = RegionSum("", 0, 0)
    for cell in cells:
        other = _with(other, "", cell.awards, cell.amount_minor)
    return other


def _with(cell: RegionSum | None, region: str, awards: int, amount: int) -> RegionSum:
    before = cell or RegionSum(region, 0, 0)
    return RegionSum(region, before.awards + awards, before.amount_minor + amount)


def _size(cell: RegionSum) -> tuple[int, str]:
    return cell.awards, cell.region


REGIONS: Final[Mapping[str, str]] = {
    "005": "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE",
    "011": "BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG",
    "013": "BZ CR GT HN MX NI PA SV",
    "014": "BI DJ ER ET IO KE KM MG MU MW MZ RE RW SC SO SS TF TZ UG YT ZM ZW",
    "015": "DZ EG EH LY MA SD TN",
    "017": "AO CD CF CG CM GA GQ ST TD",
    "018": "BW LS NA SZ ZA",
    "021": "BM CA GL PM US",
    "029": "AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI",
    "030": "CN HK JP KP KR MN MO TW",
    "034": "AF BD BT IN IR LK MV NP PK",
    "035": "BN ID KH LA MM MY PH SG TH TL VN",
    "039": "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA XK",
    "053": "AU CC CX HM NF NZ",
    "054": "FJ NC PG SB VU",
    "057": "FM GU KI MH MP NR PW UM",
    "061": "AS CK NU PF PN TK TO TV WF WS",
    "143": "KG KZ TJ TM UZ",
    "145": "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE",
    "151": "BG BY CZ HU MD PL RO RU SK UA",
    "154": "AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ",
    "155": "AT BE CH DE FR LI LU MC NL",
}
"""Sub-regions and the countries in them. Source: UN M49; Kosovo (XK), which it leaves out, stands by its neighbours."""

_REGION_OF: Final = {country: region for region, countries in REGIONS.items() for country in countries.split()}
