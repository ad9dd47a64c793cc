"""What a person can hear of, in groups that people choose by, and how.

A new kind is one member of `Kind` and one word in `GROUP_OF`; no migration is needed.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from copydesk.accounts.models import Role


class How(StrEnum):
    """The page shows everything; what differs is the mail."""

    PAGE = "page"  # no mail
    AT_ONCE = "at_once"  # a mail for each
    DIGEST = "digest"  # one mail a day for all of them


class Group(StrEnum):
    WORK = "work"
    SIGNOFF = "signoff"
    QUESTIONS = "questions"
    CHANGES = "changes"
    COMMENTS = "comments"
    DRAFTS = "drafts"
    PUBLICATION = "publication"
    REMINDERS = "reminders"
    ACCOUNTS = "accounts"
    DESK = "desk"


class Kind(StrEnum):
    ASSIGNED = "assigned"  # a text is yours to edit
    TAKEN_AWAY = "taken_away"  # it is no longer
    GIVEN_BACK = "given_back"  # the editor declined it
    REOPENED = "reopened"  # what was published is worked on again
    DELETED = "deleted"  # only its record is left
    DELIVERED = "delivered"  # it waits for your signature
    ASKED = "asked"  # the editor has a question
    ANSWERED = "answered"  # the sponsor answered it
    CHANGES_ASKED = "changes_asked"  # the sponsor wants something else
    SUGGESTED = "suggested"  # somebody proposes other words
    COMMENTED = "commented"  # somebody said something about a text of yours
    REPLIED = "replied"  # somebody answered what you said
    MENTIONED = "mentioned"  # somebody named you
    SEVERAL_DRAFTS = "several_drafts"  # they wait for your choice
    DRAFT_FAILED = "draft_failed"  # the machine could not write it
    SIGNED = "signed"  # the sponsor took responsibility
    PUBLISHED = "published"  # readers have it
    EMERGENCY = "emergency"  # readers have it, and nobody signed
    RETRACTED = "retracted"  # it was taken back
    DUE_SOON = "due_soon"  # a due date comes near
    OVERDUE = "overdue"  # it has passed
    REMINDED = "reminded"  # a person reminds you
    ACCESS_ASKED = "access_asked"  # somebody wants an account
    WEBHOOK_OFF = "webhook_off"  # a receiver of webhooks did not answer for days

    @property
    def group(self) -> Group:
        return GROUP_OF[self]


@dataclass(frozen=True)
class GroupFacts:
    """How a group is called, when it comes, and who can hear of it at all."""

    title: str
    says: str
    usual: How  # until the person chooses: at once what waits for them, the rest once a day
    roles: frozenset[Role] = field(default_factory=lambda: frozenset(Role))


GROUPS: dict[Group, GroupFacts] = {
    Group.WORK: GroupFacts(
        "Work given to me", "A text is yours to edit, was given back, opened again, or taken away.", How.AT_ONCE
    ),
    Group.SIGNOFF: GroupFacts(
        "Waits for my sign-off", "An editor delivered a text.", How.AT_ONCE, frozenset({Role.SPONSOR})
    ),
    Group.QUESTIONS: GroupFacts(
        "Questions and answers", "An editor asks you something, or a sponsor answers you.", How.AT_ONCE
    ),
    Group.CHANGES: GroupFacts(
        "Changes asked and suggestions", "Somebody wants other words in a text of yours.", How.AT_ONCE
    ),
    Group.COMMENTS: GroupFacts("Comments and mentions", "Somebody says something about a text of yours.", How.DIGEST),
    Group.DRAFTS: GroupFacts(
        "Drafts", "Drafts wait for your choice, or one could not be written.", How.AT_ONCE, frozenset({Role.SPONSOR})
    ),
    Group.PUBLICATION: GroupFacts(
        "Approval and publication", "A text is approved, published or retracted.", How.DIGEST
    ),
    Group.REMINDERS: GroupFacts("Reminders", "A due date comes near or has passed.", How.AT_ONCE),
    Group.ACCOUNTS: GroupFacts("Account requests", "Somebody asks to be let in.", How.AT_ONCE, frozenset({Role.ADMIN})),
    Group.DESK: GroupFacts("The desk itself", "A webhook was switched off.", How.AT_ONCE, frozenset({Role.ADMIN})),
}

GROUP_OF: dict[Kind, Group] = {
    Kind.ASSIGNED: Group.WORK,
    Kind.TAKEN_AWAY: Group.WORK,
    Kind.GIVEN_BACK: Group.WORK,
    Kind.REOPENED: Group.WORK,
    Kind.DELETED: Group.WORK,
    Kind.DELIVERED: Group.SIGNOFF,
    Kind.ASKED: Group.QUESTIONS,
    Kind.ANSWERED: Group.QUESTIONS,
    Kind.CHANGES_ASKED: Group.CHANGES,
    Kind.SUGGESTED: Group.CHANGES,
    Kind.COMMENTED: Group.COMMENTS,
    Kind.REPLIED: Group.COMMENTS,
    Kind.MENTIONED: Group.COMMENTS,
    Kind.SEVERAL_DRAFTS: Group.DRAFTS,
    Kind.DRAFT_FAILED: Group.DRAFTS,
    Kind.SIGNED: Group.PUBLICATION,
    Kind.PUBLISHED: Group.PUBLICATION,
    Kind.EMERGENCY: Group.PUBLICATION,
    Kind.RETRACTED: Group.PUBLICATION,
    Kind.DUE_SOON: Group.REMINDERS,
    Kind.OVERDUE: Group.REMINDERS,
    Kind.REMINDED: Group.REMINDERS,
    Kind.ACCESS_ASKED: Group.ACCOUNTS,
    Kind.WEBHOOK_OFF: Group.DESK,
}


def groups_for(role: Role) -> list[Group]:
    """The groups that a person of this role can choose about."""
    return [group for group, facts in GROUPS.items() if role in facts.roles]
