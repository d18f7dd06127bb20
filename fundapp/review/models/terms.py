"""What was fixed before a selection: which score leads, rules, pots, and what must hold before the list is sent."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Call
from fundapp.core.audit import canonical_time
from fundapp.core.db import Base, ExactNumber, Identified, MinorUnits, enum_column
from fundapp.review.slate import Measure, Rule
from fundapp.review.terms_rules import (
    GroupKind,
    PotTerms,
    Ranking,
    WantedTerms,
    group_of,
)


class SelectionTerms(Identified, Base):
    """What was fixed before a call's selection. A call without them is ranked by plain means, within its budget."""

    __table_args__ = (
        CheckConstraint("places IS NULL OR places >= 1", name="places_above_zero"),
        CheckConstraint("coverage_percent BETWEEN 0 AND 100", name="coverage_is_share"),
        CheckConstraint("least_reviews >= 1", name="least_reviews_at_least_one"),
        CheckConstraint("two_ratifiers_from_minor IS NULL OR two_ratifiers_from_minor > 0", name="limit_above_zero"),
        CheckConstraint("draw_band IS NULL OR draw_band >= 0", name="draw_band_not_below_zero"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), unique=True)
    ranking: Mapped[Ranking] = mapped_column(enum_column(Ranking))
    places: Mapped[int | None]
    """The most awards that are given; null: as many as the money reaches."""
    floor: Mapped[Decimal | None] = mapped_column(ExactNumber)
    """On the scale of marks: nothing whose leading score is below it is proposed."""
    coverage_percent: Mapped[int] = mapped_column(default=0)
    """So many of a hundred entries must have all reviews that the deciding stage wants before the list is sent."""
    least_reviews: Mapped[int] = mapped_column(default=1)
    """An entry with fewer counts as not tallied."""
    two_ratifiers_from_minor: Mapped[int | None] = mapped_column(MinorUnits)
    """Two people ratify an award of this much or more, in minor units of the call's currency; null: one does."""
    chairs_vote: Mapped[bool] = mapped_column(default=False)
    """The chairs of the panel vote on each entry."""
    draw_band: Mapped[int | None]
    """Lots decide: 0 among equals at the line, otherwise among so many entries on each side of it; null: no draw."""
    rules_published: Mapped[bool] = mapped_column(default=True, server_default=true())
    """The public page of the call tells the rules for groups, and for whom pots are; never what pots are called."""
    set_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Null: a call package did."""
    set_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    call: Mapped[Call] = relationship()
    set_by: Mapped[Person | None] = relationship()
    rules: Mapped[list["SelectionRule"]] = relationship(
        back_populates="terms", order_by="SelectionRule.position", cascade="all, delete-orphan"
    )
    pots: Mapped[list["Pot"]] = relationship(
        back_populates="terms", order_by="Pot.position", cascade="all, delete-orphan"
    )
    late_changes: Mapped[list["TermsChange"]] = relationship(back_populates="terms", order_by="TermsChange.number")

    def values(self) -> WantedTerms:
        """Return the terms as values."""
        return WantedTerms(
            ranking=self.ranking,
            places=self.places,
            floor=self.floor,
            coverage_percent=self.coverage_percent,
            least_reviews=self.least_reviews,
            two_ratifiers_from_minor=self.two_ratifiers_from_minor,
            chairs_vote=self.chairs_vote,
            draw_band=self.draw_band,
            rules_published=self.rules_published,
            rules=tuple(Rule(each.code, each.group, each.measure, each.least, each.most) for each in self.rules),
            pots=tuple(
                PotTerms(each.code, tuple(sorted(each.titles.items())), each.money_minor, tuple(each.groups))
                for each in self.pots
            ),
        )

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: all of it, with rules and pots."""
        return {
            "call": str(self.call_id),
            **self.values().to_json(),
            "set_by": self.set_by_id and str(self.set_by_id),
            "set_at": canonical_time(self.set_at),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class SelectionRule(Identified, Base):
    """At least, or at most, so much for a group of entries."""

    __table_args__ = (
        UniqueConstraint("terms_id", "code"),
        CheckConstraint("least >= 0 AND (most IS NULL OR most >= least)", name="bounds_rise"),
        CheckConstraint("least > 0 OR most IS NOT NULL", name="asks_something"),
    )

    terms_id: Mapped[UUID] = mapped_column(ForeignKey("selection_terms.id"))
    code: Mapped[str]
    kind: Mapped[GroupKind] = mapped_column(enum_column(GroupKind))
    value: Mapped[str]
    """As entries have it: the code of a category, a choice of the form, a language; "yes" for the first time."""
    measure: Mapped[Measure] = mapped_column(enum_column(Measure))
    least: Mapped[int] = mapped_column(MinorUnits, default=0)
    """In minor units of the call's currency, or a number of awards."""
    most: Mapped[int | None] = mapped_column(MinorUnits)
    position: Mapped[int]

    terms: Mapped[SelectionTerms] = relationship(back_populates="rules")

    @property
    def group(self) -> str:
        """Return the group that it counts, as it is written."""
        return group_of(self.kind, self.value)


class Pot(Identified, Base):
    """Money that may be given to some groups only."""

    __table_args__ = (
        UniqueConstraint("terms_id", "code"),
        CheckConstraint("money_minor > 0", name="holds_money"),
    )

    terms_id: Mapped[UUID] = mapped_column(ForeignKey("selection_terms.id"))
    code: Mapped[str]
    titles: Mapped[dict[str, str]]
    money_minor: Mapped[int] = mapped_column(MinorUnits)
    """In minor units of the call's currency."""
    groups: Mapped[list[str]]
    """The groups that it may pay for ("region:africa"): an entry in any of them; [] for all entries."""
    position: Mapped[int]

    terms: Mapped[SelectionTerms] = relationship(back_populates="pots")


class TermsChange(Identified, Base):
    """A change of the terms by somebody who could see scores, or after the first decision; it stays to be read."""

    __table_args__ = (UniqueConstraint("terms_id", "number"),)

    terms_id: Mapped[UUID] = mapped_column(ForeignKey("selection_terms.id"))
    number: Mapped[int]
    before: Mapped[dict[str, Any]]
    """As WantedTerms.to_json() writes them: what stood before the change, and after it."""
    after: Mapped[dict[str, Any]]
    reason: Mapped[str]
    changed_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]

    terms: Mapped[SelectionTerms] = relationship(back_populates="late_changes")
    changed_by: Mapped[Person] = relationship()
