"""What one round may do, said once more in plain Python: who may take which step when, and what it leaves.

It knows nothing of the services, the database or their tables; `test_status_machines.py` holds both to the same steps.
Amounts are in minor units.
"""

from dataclasses import dataclass, field
from enum import IntEnum

BUDGET = 2_000_000
ASKED = 1_200_000
APPLICANTS = ("Amina", "Bilal")
REVIEWERS = ("Rosa", "Rui")
MANAGERS = frozenset({"Mara", "Milo", "Max"})
RATIFIERS = frozenset({"Zoe", "Zia", "Max"})
PEOPLE = (*APPLICANTS, *REVIEWERS, "Mara", "Milo", "Max", "Zoe", "Zia")
TWO_FROM = ASKED
"""An award of this much must be ratified by two."""


class Phase(IntEnum):
    """Where the present moment lies; time only goes on."""

    BEFORE = 0
    OPEN = 1
    CLOSED = 2


@dataclass
class Choice:
    """What was decided of an application, and by whom: "award", "reserve" or "decline"."""

    outcome: str
    amount: int
    by: str


@dataclass
class RoundModel:
    """The state of a round. Applications and letters go by the name of their applicant."""

    phase: Phase = Phase.OPEN
    applications: dict[str, str] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    """Whose working copy is not what was sent."""
    versions: dict[str, int] = field(default_factory=dict)
    in_review: set[str] = field(default_factory=set)
    """Whose application somebody began to read, or decided."""
    opened: set[str] = field(default_factory=set)
    """Whose plan staff opened again, without a new version since."""
    readings: dict[tuple[str, str], str] = field(default_factory=dict)
    conflicts: set[tuple[str, str]] = field(default_factory=set)
    choices: dict[str, Choice] = field(default_factory=dict)
    slate: str | None = None
    took_part: set[str] = field(default_factory=set)
    """Who ever decided, made undecided or sent anything: the list is theirs for good."""
    ratified_by: list[str] = field(default_factory=list)
    """Who ratified it since it was last sent."""
    letters: dict[str, str] = field(default_factory=dict)

    @property
    def is_decided(self) -> bool:
        return self.slate == "released"

    @property
    def can_change(self) -> bool:
        """Say whether decisions, readings and scores can still change."""
        return self.slate in (None, "open")

    @property
    def promised(self) -> int:
        return sum(choice.amount for choice in self.choices.values())

    def may_start(self, person: str) -> bool:
        return person in self.applications or self.phase is Phase.OPEN

    def is_whole_open(self, whose: str) -> bool:
        """Say whether all of an application can be sent."""
        return self.phase is Phase.OPEN and whose not in self.in_review and not self.is_decided

    def is_open(self, whose: str) -> bool:
        """Say whether something of an application can be sent."""
        return not self.is_decided and (self.is_whole_open(whose) or whose in self.opened)

    def may_send(self, person: str, whose: str, *, fresh: bool) -> bool:
        if person != whose or not fresh:
            return False
        return self.is_sent_as_it_is(whose) or (self.is_open(whose) and whose in self.complete)

    def is_sent_as_it_is(self, whose: str) -> bool:
        return self.applications[whose] not in ("draft", "withdrawn") and whose not in self.changed

    def send(self, whose: str) -> None:
        if self.is_sent_as_it_is(whose):
            return
        self.versions[whose] = self.versions.get(whose, 0) + 1
        if self.is_whole_open(whose):
            self.applications[whose] = "submitted"
        self.changed.discard(whose)
        self.opened.discard(whose)

    def may_write(self, person: str, whose: str, *, only_plan: bool) -> bool:
        if person != whose:
            return False
        if self.applications[whose] == "draft" or self.is_whole_open(whose):
            return True
        return whose in self.opened and only_plan and not self.is_decided

    def write(self, whose: str, *, whole: bool) -> None:
        (self.complete.add if whole else self.complete.discard)(whose)
        if self.applications[whose] != "draft":
            self.changed.add(whose)

    def may_take_back(self, person: str, whose: str) -> bool:
        sent = self.applications[whose] not in ("draft", "withdrawn")
        return person == whose and sent and self.can_change and not self.is_decided

    def take_back(self, whose: str) -> None:
        self.applications[whose] = "withdrawn"
        self.opened.discard(whose)

    def may_reopen(self, person: str, whose: str) -> bool:
        sent = self.applications[whose] not in ("draft", "withdrawn")
        return person in MANAGERS and sent and whose not in self.opened and not self.is_decided

    def may_mark(self, person: str, whose: str, status: str) -> bool:
        before = self.applications[whose]
        return person in MANAGERS and not self.is_decided and before not in ("draft", "withdrawn", status)

    def may_assign(self, person: str, whose: str, reviewer: str) -> bool:
        is_eligible = self.applications[whose] == "eligible"
        return person in MANAGERS and self.can_change and is_eligible and (whose, reviewer) not in self.conflicts

    def may_declare_none(self, person: str, reading: tuple[str, str]) -> bool:
        is_eligible = self.applications[reading[0]] == "eligible"
        return person == reading[1] and self.readings[reading] == "assigned" and is_eligible

    def may_step_back(self, person: str, reading: tuple[str, str]) -> bool:
        return person == reading[1]

    def may_save(self, person: str, reading: tuple[str, str], *, fresh: bool) -> bool:
        return person == reading[1] and self.readings[reading] == "reading" and fresh

    def may_submit(self, person: str, reading: tuple[str, str], *, fresh: bool, whole: bool) -> bool:
        return self.may_save(person, reading, fresh=fresh) and self.can_change and whole

    def may_decide(self, person: str, whose: str, amount: int, *, is_award: bool, fresh: bool) -> bool:
        if person not in MANAGERS or not self.can_change or self.applications[whose] != "eligible" or not fresh:
            return False
        before = self.choices[whose].amount if whose in self.choices else 0
        return not is_award or (0 < amount <= ASKED and self.promised - before + amount <= BUDGET)

    def may_withdraw(self, person: str, whose: str) -> bool:
        return person in MANAGERS and self.can_change and whose in self.choices

    def may_propose(self, person: str) -> bool:
        is_ready = self.slate == "open" and self.phase is Phase.CLOSED and bool(self.choices)
        return person in MANAGERS and is_ready and self.all_is_decided

    def may_judge(self, person: str, status: str = "proposed") -> bool:
        """Say whether somebody may send the list back that stands so."""
        return person in RATIFIERS and self.slate == status and person not in self.took_part

    def may_ratify(self, person: str) -> bool:
        return self.may_judge(person) and person not in self.ratified_by

    def ratify(self, person: str) -> None:
        self.ratified_by.append(person)
        needed = 2 if any(choice.amount >= TWO_FROM for choice in self.choices.values()) else 1
        if len(self.ratified_by) == needed:
            self.slate = "ratified"

    def propose(self, person: str) -> None:
        self.slate, self.ratified_by = "proposed", []
        self.took_part.add(person)

    def send_back(self) -> None:
        self.slate, self.ratified_by = "open", []

    def may_release(self, person: str) -> bool:
        return person in MANAGERS and (self.is_decided or (self.slate == "ratified" and self.all_is_decided))

    @property
    def all_is_decided(self) -> bool:
        """Say whether nothing waits to be checked, and the eligible applications are just those with a decision."""
        eligible = {name for name, status in self.applications.items() if status == "eligible"}
        return "submitted" not in self.applications.values() and eligible == set(self.choices)

    def release(self) -> None:
        if not self.is_decided:
            self.slate = "released"
            told = {*self.choices, *(name for name, status in self.applications.items() if status == "ineligible")}
            self.letters = dict.fromkeys(told, "queued")
