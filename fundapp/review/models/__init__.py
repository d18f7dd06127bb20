"""Reviewers, what they are asked to read, what they answered, and the list that people decide."""

from fundapp.review.models.assigning import Anchor, PairRule, PairRuleKind, Plan, PlanStatus
from fundapp.review.models.decisions import Decision, Outcome, Slate, SlateStatus
from fundapp.review.models.declined import DeclinedComment
from fundapp.review.models.discussion import DiscussionPost, PostMention
from fundapp.review.models.finalists import Finalist, FinalistProfile, FinalistsAnnouncement, ProfileStatus
from fundapp.review.models.frozen import FrozenTally, TallySignature
from fundapp.review.models.line_draw import LineDraw, LineLot
from fundapp.review.models.lists import TrialList, TrialMark
from fundapp.review.models.panel import (
    Assignment,
    AssignmentStatus,
    Reviewer,
    ReviewerNews,
    ReviewerProfile,
    ReviewerStatus,
)
from fundapp.review.models.pools import Duty, PoolDraw, PoolLot, PoolPlace, PoolShare
from fundapp.review.models.public_vote import Ballot, PublicVote, SetAsideVotes, VoteRequest
from fundapp.review.models.ratifying import Ratification, SendBack
from fundapp.review.models.scoring import Review, ReviewStatus, Score
from fundapp.review.models.stages import MovedEntry, StageMove, StageSeat
from fundapp.review.models.terms import Pot, SelectionRule, SelectionTerms, TermsChange
from fundapp.review.models.voting import ChairVote, UnapprovedAward

__all__ = [
    "Anchor",
    "Assignment",
    "AssignmentStatus",
    "Ballot",
    "ChairVote",
    "Decision",
    "DeclinedComment",
    "DiscussionPost",
    "Duty",
    "Finalist",
    "FinalistProfile",
    "FinalistsAnnouncement",
    "FrozenTally",
    "LineDraw",
    "LineLot",
    "MovedEntry",
    "Outcome",
    "PairRule",
    "PairRuleKind",
    "Plan",
    "PlanStatus",
    "PoolDraw",
    "PoolLot",
    "PoolPlace",
    "PoolShare",
    "PostMention",
    "Pot",
    "ProfileStatus",
    "PublicVote",
    "Ratification",
    "Review",
    "ReviewStatus",
    "Reviewer",
    "ReviewerNews",
    "ReviewerProfile",
    "ReviewerStatus",
    "Score",
    "SelectionRule",
    "SelectionTerms",
    "SendBack",
    "SetAsideVotes",
    "Slate",
    "SlateStatus",
    "StageMove",
    "StageSeat",
    "TallySignature",
    "TermsChange",
    "TrialList",
    "TrialMark",
    "UnapprovedAward",
    "VoteRequest",
]
