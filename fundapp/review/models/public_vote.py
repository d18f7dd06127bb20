"""A vote of the public on finalists: its terms, votes that wait for their confirmation, and those that count."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Call, Category
from fundapp.core.db import Base, Identified, enum_column
from fundapp.review.models.finalists import Finalist
from fundapp.review.vote_rules import PatternKind, VoteMode


class PublicVote(Identified, Base):
    """What is announced of a public vote: when, about what, and whether it decides. Fixed once it has opened."""

    __table_args__ = (CheckConstraint("closes_at > opens_at", name="closes_after_opening"),)

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), unique=True)
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("category.id"))
    """The one category that is voted on; null: each of them, with a vote of its own."""
    mode: Mapped[VoteMode] = mapped_column(enum_column(VoteMode))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    """Exclusive: a vote that is confirmed at this very instant is too late."""
    key_number: Mapped[int]
    """The number of the index key under which everything of this vote is hashed, so that an address is one voter."""
    set_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]

    call: Mapped[Call] = relationship()
    category: Mapped[Category | None] = relationship()


class VoteRequest(Identified, Base):
    """A choice that waits for the click on a mailed link. The address stands in that mail alone."""

    __table_args__ = (CheckConstraint("expires_at > asked_at", name="expires_after_asking"),)

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("public_vote.id"), index=True)
    choices: Mapped[list[str]]
    """Ids of finalists, at most one of a category."""
    token_hash: Mapped[str] = mapped_column(unique=True)
    """Of the link's token, which follows from the id and the installation's secret."""
    mail_id: Mapped[UUID]
    """The mail with the link: it goes with this row."""
    voter_key: Mapped[str] = mapped_column(index=True)
    network_key: Mapped[str]
    domain_key: Mapped[str | None]
    shape_key: Mapped[str | None]
    is_throwaway: Mapped[bool]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SetAsideVotes(Identified, Base):
    """A group of votes that people left out of the count, because of what looked odd, and why."""

    __table_args__ = (
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_has_person"),
    )

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("public_vote.id"), index=True)
    kind: Mapped[PatternKind] = mapped_column(enum_column(PatternKind))
    ballots: Mapped[int]
    """How many votes were in the group."""
    reason: Mapped[str]
    set_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]
    """When they were counted again."""

    set_by: Mapped[Person] = relationship(foreign_keys=[set_by_id])


class Ballot(Identified, Base):
    """A confirmed vote for a finalist. No address: keys tell only equal from different, and go some time after."""

    __table_args__ = (UniqueConstraint("vote_id", "category_code", "voter_key"),)

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("public_vote.id"))
    category_code: Mapped[str]
    """"" where a call has no categories."""
    finalist_id: Mapped[UUID] = mapped_column(ForeignKey("finalist.id"), index=True)
    confirmed_at: Mapped[datetime]
    """To the minute: no more is needed to see bursts."""
    voter_key: Mapped[str | None]
    network_key: Mapped[str | None]
    domain_key: Mapped[str | None]
    """Null for providers whose addresses everybody can have."""
    shape_key: Mapped[str | None]
    """Equal for addresses that differ in their numbers alone; null where there is none in it."""
    is_throwaway: Mapped[bool]
    set_aside_id: Mapped[UUID | None] = mapped_column(ForeignKey("set_aside_votes.id"), index=True)
    """The group with which it was left out last; it counts again once that group does."""

    finalist: Mapped[Finalist] = relationship()
