"""The states of a document and the one table that says how it gets from one to the next.

The README's diagram and table are drawn from `TRANSITIONS` (`diagram`), and a test walks all of it.
"""

from dataclasses import dataclass
from enum import StrEnum

from copydesk.documents.models import Document, State


class Act(StrEnum):
    SUBMIT = "submit"
    DRAFTED = "drafted"
    DRAFTED_SEVERAL = "drafted side by side"
    FAILED = "failed"
    CANCEL = "cancel"
    STOP_REST = "stop the rest"
    RETRY = "retry"
    REDRAFT = "redraft"
    CHOOSE = "choose"
    KEEP = "keep"
    ASSIGN = "assign"
    CLAIM = "claim"
    DECLINE = "decline"
    SAVE = "save"
    KEEP_UNSAVED = "keep unsaved words"
    ASK_PASSAGE = "ask for a passage"
    TAKE_PASSAGE = "take a passage"
    ASK_CONTINUATION = "ask how to go on"
    ACCEPT_WORDS = "accept words"
    SUGGEST = "suggest"
    ACCEPT_SUGGESTION = "accept suggestion"
    REFUSE_SUGGESTION = "refuse suggestion"
    TAKE_BACK_SUGGESTION = "take back suggestion"
    TIDY = "tidy"
    REVIEW_PARAGRAPH = "review a paragraph"
    TAKE_BACK_REVIEW = "take back a review"
    WAIVE_CHECK = "waive a check"
    TAKE_BACK_WAIVER = "take back a waiver"
    COMMENT = "comment"
    REPLY = "reply to a comment"
    EDIT_COMMENT = "edit a comment"
    TAKE_BACK_COMMENT = "take back a comment"
    RESOLVE_COMMENT = "resolve a comment"
    REOPEN_COMMENT = "open a comment again"
    EDIT_BRIEF = "edit brief"
    ATTACH = "attach"
    REMOVE_ATTACHMENT = "remove attachment"
    SET_DUE = "set the date"
    ASK = "ask"
    ANSWER = "answer"
    GO_ON = "go on without an answer"
    DELIVER = "deliver"
    DECIDE_CHANGE = "decide on a change"
    ANSWER_TODO = "answer a to-do"
    REQUEST_CHANGES = "request changes"
    SIGN = "sign"
    SCHEDULE = "set a time"
    CANCEL_SCHEDULE = "cancel the time"
    PUBLISH = "publish"
    PUBLISH_IN_EMERGENCY = "publish in an emergency"
    CONFIRM_EMERGENCY = "confirm the emergency"
    OPEN_TO_ALL = "open to all"
    REOPEN = "reopen"
    KEEP_EDITION = "keep the edition"
    RETRACT = "retract"
    HAND_OVER = "hand over"
    WITHDRAW = "withdraw"
    RESTORE = "take up again"
    REMIND = "remind"
    DELETE = "delete"


class Who(StrEnum):
    SPONSOR = "the sponsor"  # who owns this document
    EDITOR = "the editor"  # to whom it is assigned
    ANY_EDITOR = "an editor"  # any approved one, where claiming is on
    ADMIN = "an admin"
    WORKER = "the worker"
    DESK = "the desk"  # itself, as a part of another act


@dataclass(frozen=True)
class Transition:
    """One row: `act` moves a document from any of `sources` to one of `targets`; `who` may do it.

    `targets` has more than one state where the editor decides which: with an editor the first, without the last.
    """

    act: Act
    sources: tuple[State, ...]
    targets: tuple[State, ...]
    who: tuple[Who, ...]
    says: str  # the timeline's words, after the person's name
    comment: bool = False  # is one required?

    def target(self, *, has_editor: bool) -> State:
        return self.targets[0] if has_editor else self.targets[-1]


S = State
_OWNERS = (Who.SPONSOR, Who.ADMIN)
# Nobody writes or signs here, so nobody's work goes with the document.
_AT_REST = (S.DRAFT_FAILED, S.CHOOSING, S.UNASSIGNED, S.WITHDRAWN)
_WITH_TEXT = (S.UNASSIGNED, S.EDITING, S.QUESTION, S.SIGNOFF, S.APPROVED)
# There is something to talk about, until it is given up. What is said is for those whose document it is.
_TALK = (S.CHOOSING, *_WITH_TEXT, S.PUBLISHED, S.RETRACTED)
_READERS = (Who.EDITOR, Who.SPONSOR, Who.ADMIN)
_UNFINISHED = (S.DRAFTING, S.DRAFT_FAILED, S.CHOOSING, *_WITH_TEXT)
_PAST = (S.PUBLISHED, S.RETRACTED, S.WITHDRAWN)
# Readers have an edition while the next is in the making: the document is not given up then, and not drafted anew.
_NEVER_PUBLISHED = frozenset({Act.WITHDRAW, Act.REDRAFT})

TRANSITIONS: dict[Act, Transition] = {
    row.act: row
    for row in (
        Transition(Act.SUBMIT, (), (S.DRAFTING,), (Who.SPONSOR,), "asked for a draft"),
        Transition(Act.DRAFTED, (S.DRAFTING,), (S.EDITING, S.UNASSIGNED), (Who.WORKER,), "wrote a draft"),
        Transition(
            Act.DRAFTED_SEVERAL, (S.DRAFTING,), (S.CHOOSING,), (Who.WORKER,), "wrote several drafts to choose from"
        ),
        Transition(Act.FAILED, (S.DRAFTING,), (S.DRAFT_FAILED,), (Who.WORKER,), "could not write a draft"),
        Transition(Act.CANCEL, (S.DRAFTING,), (S.DRAFT_FAILED,), _OWNERS, "stopped the draft"),
        Transition(
            Act.STOP_REST, (S.DRAFTING,), (S.CHOOSING,), _OWNERS, "stopped the drafts that were not written yet"
        ),
        Transition(Act.RETRY, (S.DRAFT_FAILED,), (S.DRAFTING,), _OWNERS, "asked for the draft again"),
        Transition(
            Act.REDRAFT, (S.CHOOSING, S.UNASSIGNED, S.EDITING), (S.DRAFTING,), _OWNERS, "asked for another draft"
        ),
        Transition(Act.CHOOSE, (S.CHOOSING,), (S.EDITING, S.UNASSIGNED), _OWNERS, "chose a draft"),
        Transition(Act.KEEP, (S.DRAFT_FAILED, S.CHOOSING), (S.EDITING, S.UNASSIGNED), _OWNERS, "kept the earlier text"),
        Transition(
            Act.ASSIGN,
            (S.UNASSIGNED, S.EDITING, S.QUESTION),
            (S.EDITING, S.UNASSIGNED),
            (*_OWNERS, Who.DESK),
            "chose the editor",
        ),
        Transition(Act.CLAIM, (S.UNASSIGNED,), (S.EDITING,), (Who.ANY_EDITOR,), "took the text on"),
        Transition(Act.DECLINE, (S.EDITING,), (S.UNASSIGNED,), (Who.EDITOR,), "gave the text back", comment=True),
        Transition(Act.SAVE, (S.EDITING,), (S.EDITING,), (Who.EDITOR,), "saved a revision"),
        Transition(
            Act.KEEP_UNSAVED, (S.EDITING,), (), (Who.DESK,), "kept what the editor had typed and not saved as a version"
        ),
        Transition(
            Act.ASK_PASSAGE,
            (S.EDITING,),
            (S.EDITING,),
            (Who.EDITOR,),
            "asked the machine for other words for a passage",
        ),
        Transition(
            Act.TAKE_PASSAGE, (S.EDITING,), (S.EDITING,), (Who.EDITOR,), "took the machine's words for a passage"
        ),
        Transition(
            Act.ASK_CONTINUATION,
            (S.EDITING,),
            (S.EDITING,),
            (Who.EDITOR,),
            "asked the machine how the text could go on",
        ),
        Transition(Act.ACCEPT_WORDS, (S.EDITING,), (S.EDITING,), (Who.EDITOR,), "took words that the machine proposed"),
        Transition(
            Act.SUGGEST,
            (S.EDITING, S.SIGNOFF),
            (),
            (Who.EDITOR, Who.SPONSOR, Who.ADMIN),
            "suggested changes to the text",
        ),
        Transition(Act.ACCEPT_SUGGESTION, (S.EDITING,), (S.EDITING,), (Who.EDITOR,), "accepted a suggestion"),
        Transition(Act.REFUSE_SUGGESTION, (S.EDITING,), (S.EDITING,), (Who.EDITOR,), "refused a suggestion"),
        Transition(
            Act.TAKE_BACK_SUGGESTION,
            (S.EDITING, S.SIGNOFF),
            (),
            (Who.EDITOR, Who.SPONSOR, Who.ADMIN),
            "took a suggestion back",
        ),
        Transition(Act.TIDY, (S.EDITING,), (S.EDITING,), (Who.EDITOR,), "let the desk tidy up the text"),
        Transition(
            Act.REVIEW_PARAGRAPH,
            (S.EDITING,),
            (S.EDITING,),
            (Who.EDITOR,),
            "read a paragraph and left it as the machine wrote it",
        ),
        Transition(
            Act.TAKE_BACK_REVIEW, (S.EDITING,), (S.EDITING,), (Who.EDITOR,), "took a review of a paragraph back"
        ),
        Transition(
            Act.WAIVE_CHECK, (S.EDITING,), (S.EDITING,), (Who.EDITOR,), "said why something may stay that a check found"
        ),
        Transition(Act.TAKE_BACK_WAIVER, (S.EDITING,), (S.EDITING,), (Who.EDITOR,), "took back that it may stay"),
        Transition(Act.COMMENT, _TALK, (), _READERS, "commented on the text"),
        Transition(Act.REPLY, _TALK, (), _READERS, "replied to a comment"),
        Transition(Act.EDIT_COMMENT, _TALK, (), _READERS, "changed a comment of theirs"),
        Transition(Act.TAKE_BACK_COMMENT, _TALK, (), _READERS, "took a comment back"),
        Transition(Act.RESOLVE_COMMENT, _TALK, (), _READERS, "resolved a comment"),
        Transition(Act.REOPEN_COMMENT, _TALK, (), _READERS, "opened a comment again"),
        Transition(
            Act.EDIT_BRIEF,
            (S.DRAFT_FAILED, S.CHOOSING, S.UNASSIGNED, S.EDITING),
            (),
            (Who.SPONSOR,),
            "changed the brief",
        ),
        Transition(
            Act.SET_DUE,
            (S.DRAFTING, S.DRAFT_FAILED, S.CHOOSING, S.UNASSIGNED, S.EDITING, S.QUESTION),
            (),
            _OWNERS,
            "set the date by which it should be delivered",
        ),
        Transition(Act.ATTACH, _UNFINISHED, (), _OWNERS, "added reading matter"),
        Transition(Act.REMOVE_ATTACHMENT, (*_UNFINISHED, *_PAST), (), _OWNERS, "removed reading matter"),
        Transition(Act.ASK, (S.EDITING,), (S.QUESTION,), (Who.EDITOR,), "asked the sponsor", comment=True),
        Transition(Act.ANSWER, (S.QUESTION,), (S.EDITING,), (Who.SPONSOR,), "answered", comment=True),
        Transition(Act.GO_ON, (S.QUESTION,), (S.EDITING,), (Who.EDITOR,), "went on without an answer"),
        Transition(Act.DELIVER, (S.EDITING,), (S.SIGNOFF,), (Who.EDITOR,), "delivered the text"),
        Transition(Act.DECIDE_CHANGE, (S.SIGNOFF,), (S.SIGNOFF,), (Who.SPONSOR,), "decided on changes to the text"),
        Transition(Act.ANSWER_TODO, (S.EDITING,), (S.EDITING,), (Who.EDITOR,), "answered what the sponsor had refused"),
        Transition(Act.REQUEST_CHANGES, (S.SIGNOFF,), (S.EDITING,), (Who.SPONSOR,), "asked for changes", comment=True),
        Transition(Act.SIGN, (S.SIGNOFF,), (S.APPROVED,), (Who.SPONSOR,), "approved the text"),
        Transition(Act.SCHEDULE, (S.APPROVED,), (S.APPROVED,), _OWNERS, "set the time of publication"),
        Transition(Act.CANCEL_SCHEDULE, (S.APPROVED,), (S.APPROVED,), _OWNERS, "cancelled the time of publication"),
        Transition(Act.PUBLISH, (S.APPROVED,), (S.PUBLISHED,), (*_OWNERS, Who.DESK), "published the text"),
        Transition(
            Act.PUBLISH_IN_EMERGENCY,
            (S.EDITING, S.QUESTION, S.SIGNOFF, S.APPROVED),
            (S.PUBLISHED,),
            (Who.ADMIN,),
            "published the text in an emergency",
            comment=True,
        ),
        Transition(
            Act.CONFIRM_EMERGENCY,
            (S.PUBLISHED,),
            (S.PUBLISHED,),
            _OWNERS,
            "stands for what was published in an emergency",
        ),
        Transition(Act.OPEN_TO_ALL, (S.PUBLISHED,), (S.PUBLISHED,), _OWNERS, "opened the published text to all"),
        Transition(
            Act.REOPEN, (S.PUBLISHED,), (S.EDITING, S.UNASSIGNED), _OWNERS, "opened the text again", comment=True
        ),
        Transition(Act.KEEP_EDITION, _WITH_TEXT, (S.PUBLISHED,), _OWNERS, "left the published text as it is"),
        Transition(Act.RETRACT, (S.PUBLISHED,), (S.RETRACTED,), _OWNERS, "retracted the text", comment=True),
        Transition(
            Act.HAND_OVER,
            (*_UNFINISHED, S.PUBLISHED),
            (),
            (Who.ADMIN,),
            "made another person the sponsor",
            comment=True,
        ),
        Transition(Act.WITHDRAW, _UNFINISHED, (S.WITHDRAWN,), _OWNERS, "withdrew the document"),
        Transition(
            Act.RESTORE,
            (S.WITHDRAWN,),
            # Where it was; a draft that was stopped is asked for again, a signature given again.
            (S.DRAFT_FAILED, S.CHOOSING, S.EDITING, S.QUESTION, S.SIGNOFF, S.UNASSIGNED),
            _OWNERS,
            "took the document up again",
        ),
        Transition(
            Act.REMIND,
            (S.DRAFT_FAILED, S.CHOOSING, S.EDITING, S.QUESTION, S.SIGNOFF, S.APPROVED),
            (),
            (*_OWNERS, Who.EDITOR),
            "reminded whoever has to act",
        ),
        Transition(Act.DELETE, _AT_REST, (), (Who.ADMIN,), "deleted the document; its record is kept"),
    )
}


def allows(document: Document, act: Act) -> bool:
    """Is this the time for it, whoever does it?"""
    if act is Act.KEEP and not document.text_number:
        return False
    if act is Act.KEEP_EDITION and not document.edition:
        return False
    if act in _NEVER_PUBLISHED and document.edition:
        return False
    return document.state in TRANSITIONS[act].sources
