"""Published awards as activities of the International Aid Transparency Initiative. Source: IATI Standard 2.03."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from fundapp.core.money import Money
from fundapp.disbursement.publication_rules import region_of
from fundapp.disbursement.queries.publication import Published
from fundapp.settings import Publisher

FUNDING, EXTENDING, IMPLEMENTING = "1", "3", "4"
"""Codes of OrganisationRole."""
IMPLEMENTATION: Final = "2"
"""Code of ActivityStatus: what is promised goes on."""
ACTUAL_START: Final = "2"
"""Code of ActivityDateType."""
COMMITMENT: Final = "2"
"""Code of TransactionType: money that is promised."""
DAC: Final = "1"
"""Code of SectorVocabulary and of RegionVocabulary for the lists of the OECD."""
UNSPECIFIED: Final = "998"
"""DAC code of a region: developing countries, unspecified."""
LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def activities_xml(awards: Sequence[Published], publisher: Publisher, *, made_at: datetime) -> bytes:
    """Return awards as a file of activities, UTF-8. The standard fixes the order of what stands in an activity."""
    root = etree.Element("iati-activities", {"version": "2.03", "generated-datetime": _instant(made_at)})
    for each in awards:
        _activity(root, each, publisher)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _activity(root: etree._Element, each: Published, publisher: Publisher) -> None:
    award, face, day = each.award, each.face, each.award.awarded_at.date().isoformat()
    activity = etree.SubElement(
        root,
        "iati-activity",
        {
            "default-currency": award.currency,
            "last-updated-datetime": _instant(each.choice.chosen_at),
            LANG: each.language,
        },
    )
    etree.SubElement(activity, "iati-identifier").text = f"{publisher.identifier}-{each.choice.public_id}"
    reporting = etree.SubElement(activity, "reporting-org", ref=publisher.identifier, type=publisher.kind)
    _say(reporting, {"": publisher.name})
    _say(etree.SubElement(activity, "title"), {each.language: face.title} if face.title else each.call.titles)
    _say(etree.SubElement(activity, "description", type="1"), each.call.purposes)
    for role in (FUNDING, EXTENDING):
        _say(
            etree.SubElement(activity, "participating-org", role=role, ref=publisher.identifier, type=publisher.kind),
            {"": publisher.name},
        )
    _say(etree.SubElement(activity, "participating-org", role=IMPLEMENTING), {each.language: face.name})
    etree.SubElement(activity, "activity-status", code=IMPLEMENTATION)
    etree.SubElement(activity, "activity-date", {"type": ACTUAL_START, "iso-date": day})
    _place(activity, face.country)
    etree.SubElement(activity, "sector", code=publisher.sector, vocabulary=DAC)
    transaction = etree.SubElement(activity, "transaction")
    etree.SubElement(transaction, "transaction-type", code=COMMITMENT)
    etree.SubElement(transaction, "transaction-date", {"iso-date": day})
    value = etree.SubElement(transaction, "value", {"currency": award.currency, "value-date": day})
    value.text = str(Money(award.amount_minor, award.currency).decimal)


def _place(activity: etree._Element, country: str) -> None:
    """Say the country, which is one where it is in a region; what is none is nowhere more exact than in the world."""
    if region_of(country):
        etree.SubElement(activity, "recipient-country", code=country.upper())
    else:
        etree.SubElement(activity, "recipient-region", code=UNSPECIFIED, vocabulary=DAC)


def _say(parent: etree._Element, texts: Mapping[str, str]) -> None:
    """Say something in each language; "" is the key of a name that is the same in all."""
    for language, text in texts.items():
        if text:
            etree.SubElement(parent, "narrative", {LANG: language} if language else {}).text = text


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
