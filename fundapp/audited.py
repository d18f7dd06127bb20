"""Which tables are audited: the one list, read before every commit.

A change of an audited table fails unless an entry of the same transaction names the row, or an owner of it.
"""

from typing import Final

from fundapp.core.audit import Coverage

COVERAGE: Final = Coverage(
    audited={
        # people
        "person": (),
        "organisation": (),
        "membership": ("person_id", "organisation_id"),
        "tie": ("person_id",),
        "organisation_invitation": ("person_id", "organisation_id"),
        "address_change": ("person_id",),
        "role_grant": ("person_id",),
        "role_change": ("person_id",),
        "authenticator_app": ("person_id",),
        "passkey": ("person_id",),
        "recovery_code": ("person_id",),
        "factor_reset": ("person_id",),
        "known_device": ("person_id",),
        # calls
        "programme": (),
        "call": (),
        "deadline_extension": ("call_id",),
        "category": ("call_id",),
        "stage": ("call_id",),
        "review_phase": ("call_id",),
        "criterion": ("call_id",),
        "form_version": ("call_id",),
        "form_draft": ("call_id",),
        "call_invitation": ("call_id",),
        # before an application
        "enquiry": (),
        "nominee": (),
        "nomination": ("nominee_id",),
        "draft_offer": ("application_id",),
        # applications
        "application": (),
        "submission": ("application_id",),
        "attachment": ("application_id",),
        "sealed_answer": ("application_id",),
        "answer_translation": ("application_id",),
        "entry": ("application_id",),
        "clarification": ("application_id",),
        "reopening": ("application_id",),
        "conflict_of_interest": ("application_id",),
        "protection_change": ("application_id",),
        "identity_opening": (),
        # review
        "reviewer": (),
        "reviewer_profile": ("person_id",),
        "assignment": (),
        "assignment_plan": (),
        "pair_rule": (),
        "anchor": (),
        "review": (),
        "score": ("review_id",),
        "stage_seat": ("stage_id", "call_id"),
        "stage_move": (),
        "moved_entry": ("move_id",),
        "discussion_post": (),
        "post_mention": ("post_id",),
        "pool_draw": (),
        "pool_lot": ("draw_id",),
        "pool_place": ("draw_id",),
        "pool_share": ("draw_id",),
        "selection_terms": (),
        "selection_rule": ("terms_id",),
        "pot": ("terms_id",),
        "terms_change": ("terms_id",),
        "finalist": (),
        "finalist_profile": (),
        "finalists_announcement": (),
        "public_vote": (),
        "ballot": ("vote_id",),
        "set_aside_votes": ("vote_id",),
        "slate": (),
        "frozen_tally": ("slate_id",),
        "trial_list": (),
        "trial_mark": ("list_id",),
        "decision": (),
        "ratification": (),
        "send_back": (),
        "line_draw": (),
        "line_lot": ("draw_id",),
        "chair_vote": (),
        "unapproved_award": (),
        "declined_comment": (),
        # disbursement
        "award": ("decision_id",),
        "funder": (),
        "fund": (),
        "fund_movement": (),
        "letter": (),
        "letter_template": (),
        "letterhead": (),
        "superseded_letter": ("letter_id",),
        "next_call_consent": (),
        # retention
        "erasure_request": ("application_id",),
        "legal_hold": (),
    },
    unrecorded={
        # the one follows from the protection of an application, the other ends with a link that arrived
        "person": frozenset({"short_sessions", "mail_returned_at"}),
        # saving without a change moves the time only; the first reading and decision are recorded as such
        "application": frozenset({"saved_at", "version", "review_began_at"}),
        "call": frozenset({"last_reference", "committed_minor"}),  # counters, moved by what is recorded elsewhere
        "award": frozenset({"funded_minor"}),  # and of funds: sums of movements, which are recorded
        "fund": frozenset({"promised_minor", "received_minor", "allocated_minor", "paid_minor"}),
        "deadline_extension": frozenset({"told_up_to"}),  # how far telling people has come; its end is recorded
    },
    not_audited={
        "audit_entry": "the record itself",
        "audit_head": "the record itself",
        "audit_checkpoint": "the record itself",
        "kept_version": "the record itself",
        "row_digest": "the record itself",
        "row_salt": "part of the record; replaced with each change, so that old digests tell nothing",
        "tally_signature": "a signature under what is recorded",
        "party_fact": "follows from answers and nominations, which are recorded",
        "record_key": "made with what it seals; destroying one is recorded with the erasure",
        "outbox": "work to be done; what it does is recorded where it is done",
        "mail_message": "follows from what is recorded; holds an address",
        "reviewer_news": (
            "when somebody was written to, and what the next mail is about; both follow from what is recorded"
        ),
        "sign_in_session": "openings are recorded on the person; seen_at moves with every request",
        "erasure": "what it erased is recorded there; the rest is work to be done",
        "form_draft_step": "a working copy as it was before; what changed it is recorded",
        "table_import": "a table on its way in; each batch that is taken of it is recorded on the call",
        "import_part": "what was wrong in such a batch",
        "fund_share": "sums of movements, which are recorded; the check-up compares them",
        "upload": "a file that is not whole yet; attaching it is recorded",
        "upload_part": "a part of such a file",
        "one_time_link": "spending one is recorded; sending one gives nothing away",
        "vote_request": "a vote that nobody has confirmed yet does not count; its confirmation is recorded",
    },
)
