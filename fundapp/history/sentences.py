"""What each recorded action is called in plain words. Whoever adds an action adds its sentence here: a test looks."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from fundapp.core.i18n import lazy_gettext as _l


class Side(Enum):
    """From which side an action comes; it says how much of the person who did it is told."""

    STAFF = auto()
    APPLICANT = auto()
    REVIEWER = auto()


@dataclass(frozen=True)
class Sentence:
    """One action in words; `text` may take %(amount)s, the money that the entry holds."""

    text: str
    side: Side = Side.STAFF


def _applicant(text: str) -> Sentence:
    return Sentence(text, Side.APPLICANT)


def _reviewer(text: str) -> Sentence:
    return Sentence(text, Side.REVIEWER)


SENTENCES: Final[dict[str, Sentence]] = {
    # calls
    "programme:load": Sentence(_l("The programme was loaded.")),
    "call:load": Sentence(_l("The call was loaded, or brought up to date.")),
    "call:make": Sentence(_l("A draft of the call was made.")),
    "call:clone": Sentence(_l("A draft of the call was made from another call.")),
    "call:write": Sentence(_l("The call was changed on its pages.")),
    "call:take_out": Sentence(_l("The call was taken out as a package, with the list of who is invited.")),
    "form:begin": Sentence(_l("A working copy of the form was begun, or replaced as a whole.")),
    "form:write": Sentence(_l("The working copy of the form was changed.")),
    "form:undo": Sentence(_l("The last change of the form's working copy was undone.")),
    "form:drop": Sentence(_l("The working copy of the form was put into use or thrown away.")),
    "call:tell": Sentence(_l("Those concerned were told of a new deadline.")),
    "call:close_early": Sentence(_l("The deadline was moved earlier, to close the call.")),
    "call:publish": Sentence(_l("The call was published.")),
    "call:extend": Sentence(_l("The deadline was moved later.")),
    "call:decide": Sentence(_l("The call was closed as decided.")),
    # applications
    "application:start": _applicant(_l("An application was started.")),
    "application:save": _applicant(_l("Answers were saved.")),
    "application:attach": _applicant(_l("A file was added.")),
    "application:remove_file": _applicant(_l("A file was removed.")),
    "file:prepare": Sentence(_l("A copy of a file was made for reviewers.")),
    "file:fail": Sentence(_l("No copy of a file could be made for reviewers.")),
    "file:quarantine": Sentence(_l("A virus was found in a file: nobody can open it.")),
    "file:look_again": Sentence(_l("A file is looked into once more.")),
    "application:submit": _applicant(_l("The application was sent.")),
    "application:send_again": _applicant(_l("A new version of the application was sent.")),
    "application:answer_reopening": _applicant(_l("What staff had opened again was answered with a new version.")),
    "application:refuse": _applicant(_l("The application arrived, and could not be taken as it was.")),
    "application:withdraw": _applicant(_l("The application was withdrawn by its people.")),
    "application:translate": Sentence(_l("Translations were put beside answers of the application.")),
    "application:ask": Sentence(_l("The applicant was asked a question about the application.")),
    "application:answer": _applicant(_l("A question about the application was answered.")),
    "application:reopen correction": Sentence(_l("The application was sent back to be corrected, until a date.")),
    "application:reopen papers": Sentence(_l("Further papers were asked for, until a date.")),
    "application:close": Sentence(_l("What had been opened again was closed.")),
    "papers:load": Sentence(_l("The form for further papers was loaded, or brought up to date.")),
    "mail:returned": Sentence(_l("A mail to somebody did not arrive.")),
    "application:contact": _applicant(_l("Another person became the main contact.")),
    "applicant:help": Sentence(_l("The applicant was helped: a colleague was invited, or mail was sent again.")),
    "application:import": Sentence(_l("Applications were taken from a table.")),
    "application:extend": Sentence(_l("The application was given a later deadline of its own.")),
    "application:enter": Sentence(_l("An application that came by paper, mail or voice was begun for its people.")),
    "application:go_on_entering": Sentence(_l("Somebody else of the fund went on with typing the application in.")),
    "application:set_aside": Sentence(_l("The application was set aside.")),
    "application:take_back": Sentence(_l("The application was taken back from those set aside.")),
    "application:mark_eligible": Sentence(_l("The application was found eligible.")),
    "application:mark_ineligible": Sentence(_l("The application was found not eligible.")),
    "application:erase": Sentence(_l("What the application said was erased.")),
    # before an application
    "enquiry:ask": _applicant(_l("Somebody asked a person before applying.")),
    "enquiry:answer": Sentence(_l("A question from before an application was answered.")),
    "enquiry:let_in": Sentence(_l("Somebody may apply although a rule of the call speaks against it, with a reason.")),
    "enquiry:use": _applicant(_l("An application was begun by somebody who was let in.")),
    "enquiry:erase": Sentence(_l("A question from before an application was erased.")),
    "call-invitation:send": Sentence(_l("The personal link of an invitation was mailed.")),
    "call-invitation:use": _applicant(_l("An application was begun with a personal invitation.")),
    "nomination:make": _applicant(_l("Somebody was nominated.")),
    "nomination:erase": Sentence(_l("A nomination was erased.")),
    "nominee:add": Sentence(_l("A nominee became known.")),
    "nominee:gather": Sentence(_l("Nominations of one body were put together.")),
    "nominee:part": Sentence(_l("A nomination was taken apart from others.")),
    "nominee:invite": Sentence(_l("A nominee was invited to apply.")),
    "nominee:erase": Sentence(_l("What was known of a nominee was erased.")),
    "draft:offer": _applicant(_l("An address was given to keep a draft.")),
    "draft:take": _applicant(_l("A draft was kept by the person of the address that was given.")),
    "draft:decline": _applicant(_l("A draft that waited for somebody was let go.")),
    "conflict:record": _reviewer(_l("A conflict of interest was declared.")),
    "conflict:pin": Sentence(_l("It was said for somebody that they have a conflict of interest, or none.")),
    "conflict:unpin": Sentence(_l("What was said about a conflict of interest was taken back.")),
    "tie:declare": Sentence(_l("A tie to an organisation was declared.")),
    "tie:end": Sentence(_l("A tie to an organisation was taken back.")),
    "identity:open": Sentence(_l("Hidden names or answers were opened, with a reason.")),
    "protection:raised": Sentence(_l("The application was protected.")),
    "protection:raised_by_applicant": _applicant(_l("The application was protected by its own people.")),
    "protection:raised_with_call": Sentence(_l("The application was protected, because its call is.")),
    "protection:lowering_asked": Sentence(_l("Somebody asked to end the protection; a second person must confirm.")),
    "protection:lowered": Sentence(_l("The protection was ended by a second person.")),
    # review
    "reviewer:invite": Sentence(_l("A reviewer was invited, or their limit was changed.")),
    "reviewer:invite_again": Sentence(_l("A reviewer was asked once more.")),
    "reviewer:accept": _reviewer(_l("A reviewer accepted.")),
    "reviewer:decline": _reviewer(_l("A reviewer declined.")),
    "reviewer:take_off": Sentence(_l("A reviewer was taken off the panel.")),
    "reviewer:remind": Sentence(_l("A reviewer was reminded.")),
    "reviewer:take_away": _reviewer(_l("A reviewer downloaded what they read, to review offline.")),
    "reviewer:take_over_profile": _reviewer(_l("What a reviewer says of themselves was taken over.")),
    "reviewer:erase": Sentence(_l("What a reviewer said of themselves was erased.")),
    "reviewer-profile:save": _reviewer(_l("A reviewer said what they read, know and can take.")),
    "reviewer-profile:erase": Sentence(_l("The profile of a reviewer was erased.")),
    "assignment:take_back": Sentence(_l("The entry was taken back from a reviewer who had begun.")),
    "plan:request": Sentence(_l("A plan of who reads what was asked for.")),
    "plan:drop": Sentence(_l("A plan that was not applied was let go of.")),
    "plan:compute": Sentence(_l("A plan of who reads what was computed.")),
    "plan:fail": Sentence(_l("A plan of who reads what could not be computed.")),
    "plan:apply": Sentence(_l("The plan of who reads what was applied.")),
    "plan:undo": Sentence(_l("A plan of who reads what was undone.")),
    "pair:pin": Sentence(_l("An entry was kept with a reviewer, in every plan.")),
    "pair:forbid": Sentence(_l("An entry was kept away from a reviewer, in every plan.")),
    "pair:lift": Sentence(_l("What was laid down about an entry and a reviewer was lifted.")),
    "anchor:set": Sentence(_l("It was said how many people read an entry.")),
    "anchor:lift": Sentence(_l("An entry is read by as many people as any other again.")),
    "assignment:by_hand": Sentence(_l("Entries were given to reviewers by hand.")),
    "assignment:give": Sentence(_l("The entry was given to a reviewer.")),
    "assignment:take": Sentence(_l("The entry was taken back from a reviewer who had not begun.")),
    "assignment:declare_no_conflict": _reviewer(_l("The reviewer declared no conflict of interest and began to read.")),
    "assignment:recuse": _reviewer(_l("The reviewer stepped back.")),
    "assignment:complete": _reviewer(_l("The reviewer finished with the entry.")),
    "review:save": _reviewer(_l("Scores were saved.")),
    "review:submit": _reviewer(_l("The review was submitted.")),
    "review:change": _reviewer(_l("Changing the submitted review was begun.")),
    "review:leave": _reviewer(_l("Changes to the submitted review were thrown away.")),
    "review:submit_again": _reviewer(_l("The changed review was submitted.")),
    "review:erase": Sentence(_l("The comments of the review were erased.")),
    # pools
    "pools:fix": Sentence(_l("The list for the draw of the pools was fixed.")),
    "pools:draw": Sentence(_l("The pools were drawn.")),
    "pools:place": Sentence(_l("Late applications were put into pools.")),
    "pools:excuse": Sentence(_l("An applicant was excused from reviews.")),
    "pools:open": Sentence(_l("The scores were opened to those who decide.")),
    "pools:erase": Sentence(_l("Why an applicant was excused from reviews was erased.")),
    # decisions
    "slate:open": Sentence(_l("The list of decisions was begun.")),
    "decision:make award": Sentence(_l("The entry was chosen for an award of %(amount)s.")),
    "decision:make reserve": Sentence(_l("The entry was put in reserve.")),
    "decision:make decline": Sentence(_l("The entry was declined.")),
    "decision:withdraw": Sentence(_l("The decision on the entry was withdrawn.")),
    "discussion:post": _reviewer(_l("Something was written in the discussion of reviewers.")),
    "trial_list:make": Sentence(_l("A list to try was made.")),
    "trial_list:copy": Sentence(_l("A list to try was copied.")),
    "trial_list:rename": Sentence(_l("A list to try got another name.")),
    "trial_list:delete": Sentence(_l("A list to try was deleted.")),
    "trial_list:adopt": Sentence(_l("What a list proposes was taken over as decisions.")),
    "trial_mark:put_in": Sentence(_l("The entry was put into a list to try.")),
    "trial_mark:take_out": Sentence(_l("The entry was taken out of a list to try.")),
    "trial_mark:reserve": Sentence(_l("The entry was held in reserve in a list to try.")),
    "trial_mark:amount": Sentence(_l("The amount of the entry was changed in a list to try.")),
    "trial_mark:lift": Sentence(_l("The entry was left to the proposal again in a list to try.")),
    "trial_mark:erase": Sentence(_l("Why the entry was marked in a list to try was erased.")),
    "discussion:erase": Sentence(_l("What was written in the discussion of reviewers was erased.")),
    "stage:seat": Sentence(_l("Who reads in a stage of the review was chosen.")),
    "stage:move": Sentence(_l("Entries went on to the next stage.")),
    "entry:move_on": Sentence(_l("It went on to the next stage of the review.")),
    "entry:move_back": Sentence(_l("It went back to the stage before.")),
    "stage:undo": Sentence(_l("Entries went back to the stage before.")),
    "finalist:name": Sentence(_l("The entry was named a finalist.")),
    "finalist:take_back": Sentence(_l("The entry is no finalist any more.")),
    "finalist:erase": Sentence(_l("The reason for naming a finalist was erased.")),
    "finalists:announce": Sentence(_l("The finalists were announced.")),
    "finalist-profile:write": Sentence(_l("What the public may read of a finalist was written.")),
    "finalist-profile:ask": Sentence(_l("The people of a finalist were asked whether they agree to be shown.")),
    "finalist-profile:agree": _applicant(_l("The people of a finalist agreed to be shown.")),
    "finalist-profile:decline": _applicant(_l("The people of a finalist do not want to be shown.")),
    "finalist-profile:erase": Sentence(_l("What the public could read of a finalist was erased.")),
    "decision:erase": Sentence(_l("The reason of the decision was erased.")),
    "slate:propose": Sentence(_l("The list of decisions was sent for ratification.")),
    "slate:send_back": Sentence(_l("The list of decisions was sent back.")),
    "slate:ratify": Sentence(_l("The list of decisions was ratified.")),
    "slate:release": Sentence(_l("The decisions were released.")),
    "award:make": Sentence(_l("An award of %(amount)s was promised.")),
    # letters
    "letter:queue": Sentence(_l("A letter was put in line.")),
    "letter:make": Sentence(_l("The letter was made.")),
    "letter:fail": Sentence(_l("The letter could not be made.")),
    "letter:retry": Sentence(_l("The letter was put in line once more.")),
    "letter:erase": Sentence(_l("What the letter said was erased.")),
    # keeping
    "erasure:ask": _applicant(_l("The applicant asked to have the application erased.")),
    "erasure:grant": Sentence(_l("The request to erase was granted.")),
    "erasure:refuse": Sentence(_l("The request to erase was refused.")),
    "opening:erase": Sentence(_l("The reason of an opening was erased.")),
    "hold:set": Sentence(_l("A hold was set: nothing is erased while it stands.")),
    "hold:ask-to-lift": Sentence(_l("Somebody asked to lift the hold; a second person must confirm.")),
    "hold:lift": Sentence(_l("The hold was lifted by a second person.")),
    "hold:forget": Sentence(_l("The reason of the hold was erased.")),
    "version:adopt": Sentence(_l("A first version was kept for the record.")),
    "keys:rewrap": Sentence(_l("Sealed data was given new keys.")),
    "outbox:hold": Sentence(_l("Mail from before a restore was held back.")),
    "outbox:release": Sentence(_l("Mail that was held back was sent.")),
    # people
    "person:add": Sentence(_l("A person became known.")),
    "person:invite": Sentence(_l("A person was invited.")),
    "person:disable": Sentence(_l("A person's account was closed.")),
    "person:enable": Sentence(_l("A person's account was opened again.")),
    "person:erase": Sentence(_l("What was known of a person was erased.")),
    "role:grant": Sentence(_l("A role was given to a person.")),
    "role:revoke": Sentence(_l("A role was taken from a person.")),
    "organisation:make": Sentence(_l("An organisation became known.")),
    "organisation:name": Sentence(_l("The name of an organisation was changed.")),
    "organisation:erase": Sentence(_l("What was known of an organisation was erased.")),
    "organisation:invite": Sentence(_l("A colleague was invited to an organisation.")),
    "organisation:accept": Sentence(_l("A colleague accepted an invitation to an organisation.")),
    "organisation:withdraw": Sentence(_l("An invitation to an organisation was withdrawn.")),
    "membership:change": Sentence(_l("What a person may do for an organisation was changed.")),
    "membership:add": Sentence(_l("A person joined an organisation.")),
    "session:open": Sentence(_l("Somebody signed in.")),
    "session:end": Sentence(_l("Somebody was signed out.")),
    "session:prove": Sentence(_l("Somebody proved who they are once more.")),
    "device:new": Sentence(_l("Somebody signed in from a new kind of device.")),
    "link:spend": Sentence(_l("A link from a mail was used.")),
    "passphrase:make": Sentence(_l("Somebody who began without an address took a reference and words.")),
    "passphrase:renew": Sentence(_l("A new passphrase was made for somebody without mail.")),
    "address:request": Sentence(_l("Somebody asked to change their e-mail address.")),
    "address:change": Sentence(_l("An e-mail address was changed.")),
    "address:revert": Sentence(_l("The change of an e-mail address was stopped from the old address.")),
    "address:give_back": Sentence(_l("An e-mail address was given back.")),
    "password:set": Sentence(_l("A password was set.")),
    "password:change": Sentence(_l("A password was changed.")),
    "password:rehash": Sentence(_l("A password was stored in a stronger form.")),
    "factor:start": Sentence(_l("The set-up of a second step of signing in was begun.")),
    "factor:give": Sentence(_l("Somebody passed the second step of signing in.")),
    "factor:add": Sentence(_l("A second step of signing in was added.")),
    "factor:remove": Sentence(_l("A second step of signing in was removed.")),
    "factor-reset:request": Sentence(_l("Somebody asked to begin a person's second step of signing in anew.")),
    "factor-reset:confirm": Sentence(_l("A second person agreed that the second step of signing in begins anew.")),
    "factor-reset:stop": Sentence(_l("A request to begin the second step of signing in anew was stopped.")),
    "factor-reset:done": Sentence(_l("A person's second step of signing in was taken away, to begin anew.")),
    "recovery-codes:make": Sentence(_l("New recovery codes were made.")),
    "organisation-invitation:erase": Sentence(_l("An invitation to an organisation was erased.")),
    "call-invitation:erase": Sentence(_l("An invitation to an organisation was erased.")),
    "factor:rename": Sentence(_l("A second step of signing in was renamed.")),
}
"""By action; an action with an outcome has one sentence for each outcome ("decision:make award")."""


_UNNAMED: Final = Sentence(_l("Something was changed."))


def sentence_of(action: str, outcome: str | None) -> Sentence:
    """Return the sentence of an action; entries of an older version may have one that is worded no more."""
    return SENTENCES.get(f"{action} {outcome}") or SENTENCES.get(action, _UNNAMED)
