"""What a permission is called, who holds it, and so what somebody who was refused would need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fundapp.accounts.permissions import ROLE_PERMISSIONS, P, Role
from fundapp.core.i18n import lazy_gettext as _l

ROLE_LABELS: Final[Mapping[Role, str]] = {
    Role.APPLICANT: _l("Applicant"),
    Role.COLLABORATOR: _l("Collaborator"),
    Role.NOMINATOR: _l("Nominator"),
    Role.REVIEWER: _l("Reviewer"),
    Role.CHAIR: _l("Panel chair"),
    Role.MANAGER: _l("Fund manager"),
    Role.RATIFIER: _l("Ratifier"),
    Role.FINANCE: _l("Finance officer"),
    Role.AUDITOR: _l("Auditor"),
    Role.ADMINISTRATOR: _l("Administrator"),
}

ROLE_MEANINGS: Final[Mapping[Role, str]] = {
    Role.APPLICANT: _l("Applies for an organisation: writes, sends, and invites others to help."),
    Role.COLLABORATOR: _l("Helps an organisation to write its application."),
    Role.NOMINATOR: _l("Names organisations that should apply."),
    Role.REVIEWER: _l("Reads the applications that they were given, and scores them."),
    Role.CHAIR: _l("Follows the panel and the scores of a call; votes on its decisions where the chairs vote."),
    Role.MANAGER: _l("Runs a call: checks, invites reviewers, decides, releases."),
    Role.RATIFIER: _l("Confirms the decisions that others made."),
    Role.FINANCE: _l(
        "Looks after the funds behind a call, takes out the list of decisions, and checks and approves account numbers,"
        " of which only the last digits are shown."
    ),
    Role.AUDITOR: _l("Reads everything and changes nothing."),
    Role.ADMINISTRATOR: _l("Gives people their roles, and sees no application."),
}

PERMISSION_LABELS: Final[Mapping[P, str]] = {
    P.SESSION_USE: _l("Be signed in"),
    P.APPLICATION_WRITE: _l("Write an application"),
    P.LETTER_READ: _l("Read letters to oneself"),
    P.REVIEW_WRITE: _l("Read and score what one was given"),
    P.CALL_READ: _l("See where a call stands"),
    P.APPLICATION_READ: _l("Read the applications of a call"),
    P.PANEL_READ: _l("See the reviewers of a call and what they have"),
    P.TALLY_READ: _l("Read the scores of a call"),
    P.CALIBRATION_READ: _l("See how strictly each reviewer of a call scores"),
    P.DISCUSSION_READ: _l("Read what reviewers say to each other"),
    P.SLATE_READ: _l("Read the decisions of a call and the reasons"),
    P.LETTERS_READ: _l("Read the letters of a call"),
    P.FUNDS_READ: _l("See the funds behind a call and where their money is"),
    P.PAYEE_READ: _l("See the last digits of account numbers"),
    P.SCREENING_READ: _l("See which names were looked up in lists of sanctions"),
    P.PAYMENTS_READ: _l("See the instalments and payments of a call"),
    P.HISTORY_READ: _l("Read the history of a call"),
    P.AUDIT_READ: _l("Read the record of all changes"),
    P.PERSON_READ: _l("See who has which role"),
    P.APPLICATION_IMPORT: _l("Bring applications in from a file"),
    P.APPLICATION_ENTER: _l("Type in an application that came by paper, mail or voice"),
    P.APPLICATION_SET_ASIDE: _l("Set applications aside as duplicates or spam"),
    P.CALL_WRITE: _l("Make a call, and change it"),
    P.CALL_EXTEND: _l("Move a deadline"),
    P.ELIGIBILITY_DECIDE: _l("Decide whether an application is eligible"),
    P.APPLICATION_ASK: _l("Ask an applicant, send an application back, ask for further papers"),
    P.TRANSLATION_WRITE: _l("Put translations beside the answers of an application"),
    P.APPLICATION_ERASE: _l("Erase applications, and keep them from being erased"),
    P.APPLICANT_HELP: _l("Help an applicant who cannot get in"),
    P.APPLICANT_INVITE: _l("Invite organisations to apply, read nominations, and answer those who may not apply"),
    P.IDENTITY_OPEN: _l("Open the identity behind a protected application"),
    P.PROTECTION_RAISE: _l("Protect an application"),
    P.PROTECTION_LOWER: _l("Take the protection of an application away"),
    P.REVIEWER_INVITE: _l("Invite reviewers"),
    P.ASSIGNMENT_PLAN: _l("Give applications to reviewers"),
    P.CONFLICT_PIN: _l("Say for others whether they have a conflict of interest"),
    P.DISCUSSION_WRITE: _l("Write in the discussions of reviewers"),
    P.DECISION_MAKE: _l("Decide on applications"),
    P.DECISION_VOTE: _l("Vote as a chair on what is proposed"),
    P.DECISION_RATIFY: _l("Ratify decisions"),
    P.DECISION_RELEASE: _l("Release decisions"),
    P.LETTER_MANAGE: _l("Word letters, and have them made again"),
    P.DECISION_EXPORT: _l("Take out the list of decisions"),
    P.FUND_WRITE: _l("Enter funds, and say which of them pay an award"),
    P.PAYEE_APPROVE: _l("Call back about account numbers, approve them, and freeze them"),
    P.SCREENING_DECIDE: _l("Look names up in lists of sanctions, and decide about what is found"),
    P.SANCTIONS_UPLOAD: _l("Hand in lists of sanctions"),
    P.PAYMENT_PLAN: _l("Plan instalments, and approve those of others"),
    P.PAYMENT_SEND: _l("Prepare payment files, release those of others, and say what became of the money"),
    P.PERSON_MANAGE: _l("Invite people, and close or open their accounts"),
    P.ROLE_GRANT: _l("Give and take roles"),
    P.FACTOR_RESET: _l("Let somebody set up their second step of sign-in again"),
    P.PERSON_ERASE: _l("Erase a person"),
}


@dataclass(frozen=True)
class Needed:
    """What a refused person would need: a permission in words, and the roles that hold it."""

    permission: str
    roles: Sequence[str]


def roles_with(permission: str) -> list[Role]:
    """Return the roles that hold a permission, in their usual order."""
    return [role for role in Role if permission in ROLE_PERMISSIONS[role]]


def needed_for(permission: str) -> Needed:
    """Return what somebody would need who was refused for want of a permission."""
    return Needed(str(PERMISSION_LABELS[P(permission)]), [str(ROLE_LABELS[role]) for role in roles_with(permission)])


def permission_table() -> str:
    """Return which role holds which permission, as a Markdown table."""
    rows = [["", *(str(ROLE_LABELS[role]) for role in Role)], ["---"] * (len(Role) + 1)]
    for permission in P:
        held = ["yes" if permission in ROLE_PERMISSIONS[role] else "" for role in Role]
        rows.append([f"{PERMISSION_LABELS[permission]} `{permission.value}`", *held])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
