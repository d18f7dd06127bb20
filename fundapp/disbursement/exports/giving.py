"""Published awards as open data of 360Giving. Source: 360Giving Data Standard 1.4."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import pycountry

from fundapp.core.i18n import localised
from fundapp.core.money import Money
from fundapp.core.tables import Cell, write_csv, write_xlsx
from fundapp.disbursement.queries.publication import Published
from fundapp.settings import Publisher

Json = dict[str, Any]
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "Identifier": ("id",),
    "Title": ("title",),
    "Description": ("description",),
    "Currency": ("currency",),
    "Amount Awarded": ("amountAwarded",),
    "Award Date": ("awardDate",),
    "Planned Dates:Start Date": ("plannedDates", "startDate"),
    "Planned Dates:Duration (months)": ("plannedDates", "duration"),
    "Recipient Org:Identifier": ("recipientOrganization", "id"),
    "Recipient Org:Name": ("recipientOrganization", "name"),
    "Recipient Org:Country": ("recipientOrganization", "addressCountry"),
    "Funding Org:Identifier": ("fundingOrganization", "id"),
    "Funding Org:Name": ("fundingOrganization", "name"),
    "Grant Programme:Code": ("grantProgramme", "code"),
    "Grant Programme:Title": ("grantProgramme", "title"),
    "Beneficiary Location:Country Code": ("beneficiaryLocation", "countryCode"),
}
"""The titles that the standard gives to what a grant holds, by which its own tools read a table."""
AMOUNT: Final = COLUMNS["Amount Awarded"]


def giving_json(awards: Sequence[Published], publisher: Publisher, *, url: str, issued: date) -> bytes:
    """Return awards as a package of grants, UTF-8; `url` is the page that says what is published."""
    package = {
        "version": "1.4",
        "title": publisher.name,
        "description": url,
        "issued": issued.isoformat(),
        "publisher": {"identifier": publisher.identifier, "name": publisher.name},
        "license": publisher.licence,
        "grants": [grant(each, publisher) for each in awards],
    }
    return json.dumps(package, ensure_ascii=False, indent=1).encode()


def giving_csv(awards: Sequence[Published], publisher: Publisher) -> bytes:
    """Return awards as a table with the titles of the standard, one row for each."""
    rows = [[_cell(grant(each, publisher), path) for path in COLUMNS.values()] for each in awards]
    return write_csv(tuple(COLUMNS), rows)


def giving_xlsx(awards: Sequence[Published], publisher: Publisher) -> bytes:
    """Return the same table as a workbook, with amounts as numbers; its sheet has the name of the standard's list."""
    rows: list[list[Cell]] = []
    for each in awards:
        content, amount = grant(each, publisher), Money(each.award.amount_minor, each.award.currency)
        rows.append([amount.decimal if path == AMOUNT else _cell(content, path) or None for path in COLUMNS.values()])
    return write_xlsx("grants", tuple(COLUMNS), rows)


def grant(each: Published, publisher: Publisher) -> Json:
    """Return an award as a grant. Its ids are made of the random one alone, so that they lead to nothing of ours.

    The amount is in major units of the currency; the day of the award is that in UTC. An organisation with two awards
    has two ids: what both belong to is not told.
    """
    call, award, face = each.call, each.award, each.face
    awarded = award.awarded_at.date().isoformat()
    country = pycountry.countries.get(alpha_2=face.country.upper())  # the standard's list has these and no other
    months = call.award_terms.get("period_months")
    return {
        "id": f"{publisher.prefix}-{each.choice.public_id}",
        "title": face.title or localised(call.titles, each.language),
        "description": localised(call.purposes, each.language),
        "currency": award.currency,
        "amountAwarded": _number(Money(award.amount_minor, award.currency)),
        "awardDate": awarded,
        **({"plannedDates": [{"startDate": awarded, "duration": months}]} if months else {}),
        "recipientOrganization": [
            {
                "id": f"{publisher.prefix}-recipient-{each.choice.public_id}",
                "name": face.name,
                **({"addressCountry": country.alpha_2} if country else {}),
            }
        ],
        "fundingOrganization": [{"id": publisher.identifier, "name": publisher.name}],
        "grantProgramme": [{"code": call.programme.slug, "title": localised(call.programme.titles, each.language)}],
        **({"beneficiaryLocation": [{"countryCode": country.alpha_2}]} if country else {}),
    }


def _number(money: Money) -> int | float:
    """Return an amount as JSON has numbers: a whole one where it is whole, else the nearest that reads the same."""
    amount = money.decimal
    return int(amount) if amount == int(amount) else float(amount)


def _cell(content: Json, path: tuple[str, ...]) -> Cell:
    value: Any = content
    for part in path:
        value = value.get(part, "") if isinstance(value, dict) else value[0].get(part, "") if value else ""
    return str(value)
