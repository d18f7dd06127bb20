"""Which applications a budget reaches: by rank, unless a rule that was set before says otherwise, and names it."""

from fundapp.review.slate.contradictions import contradiction
from fundapp.review.slate.model import Ask, LineEnd, Measure, Pot, Proposal, Reason, Rule, Terms, Why
from fundapp.review.slate.programme import paid_from
from fundapp.review.slate.proposing import effects_of_rules, propose

__all__ = [
    "Ask",
    "LineEnd",
    "Measure",
    "Pot",
    "Proposal",
    "Reason",
    "Rule",
    "Terms",
    "Why",
    "contradiction",
    "effects_of_rules",
    "paid_from",
    "propose",
]
