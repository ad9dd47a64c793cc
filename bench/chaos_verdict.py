"""Is all that was acknowledged there, and only once? Counted in the database, when nobody works any more."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import create_engine

from bench.chaos_people import Act, Ledger
from copydesk.backup.checking import check

# How often each thing is there, by its mark.
DOCUMENTS = "SELECT title, count(*) FROM documents GROUP BY title"
# A save is the version that brought its words; words that come with two versions were saved twice.
SAVES = """
    SELECT mark, count(*) FROM (
        SELECT unnest(regexp_matches(one.body, 'called ([a-z]{14}) stands', 'g')) AS mark, one.document_id, one.body,
               (SELECT body FROM revisions AS before WHERE before.document_id = one.document_id
                AND before.number = one.number - 1) AS earlier
        FROM revisions AS one
    ) AS found WHERE earlier IS NULL OR position(mark IN earlier) = 0 GROUP BY mark
"""
LAST = """
    SELECT documents.id::text, body FROM documents
    JOIN revisions ON document_id = documents.id AND number = text_number
"""
COMMENTS = "SELECT substring(words FROM 'What is ([a-z]{14})'), count(*) FROM comments GROUP BY 1"
DELIVERIES = "SELECT object_id, count(*) FROM audit_events WHERE action = 'document.deliver' GROUP BY object_id"
APPROVALS = "SELECT sha256, count(*) FROM review_statements GROUP BY sha256"
SIGN_UPS = "SELECT email, count(*) FROM users GROUP BY email"
DRAFTS = "SELECT document_id::text, count(*) FROM revisions WHERE kind = 'machine' GROUP BY document_id"
MAILS = "SELECT id, state, recipient, subject FROM mails"


def judge(url: str, ledger: Ledger, received: Mapping[str, int]) -> dict[str, Any]:
    """What was lost, what is there twice, and whether the chains hold."""
    with psycopg.connect(url) as connection:
        there = {
            "document": _counts(connection, DOCUMENTS),
            "save": _counts(connection, SAVES),
            "comment": _counts(connection, COMMENTS),
            "delivery": _counts(connection, DELIVERIES),
            "approval": _counts(connection, APPROVALS),
            "sign-up": _counts(connection, SIGN_UPS),
        }
        drafts = _counts(connection, DRAFTS)
        last = dict(connection.execute(LAST).fetchall())
        mails = connection.execute(MAILS).fetchall()
    acts = {kind: _row([act for act in ledger.acts if act.kind == kind], found) for kind, found in there.items()}
    gone = [act.mark for act in ledger.acknowledged("save") if act.mark not in last.get(act.place, "")]
    acts["save"]["lost"] = len(set(acts["save"].pop("missing")) | set(gone))
    for row in acts.values():
        row.setdefault("lost", len(row.pop("missing", [])))
    acts["draft"] = _drafts(ledger, drafts)
    acts["letter"] = _letters(ledger, mails, received)
    database = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    chains = check(database, {})
    database.dispose()
    return {
        "acts": acts,
        "losses": sum(row["lost"] for row in acts.values()),
        "doubles": sum(row["doubled"] for row in acts.values()),
        "letters_given_twice": sum(count > 1 for count in received.values()),
        "chains": "; ".join(chains.faults),
        "events_of_the_log": chains.events,
        "records": chains.records,
    }


def _counts(connection: psycopg.Connection[Any], query: str) -> Counter[str]:
    return Counter(dict(connection.execute(query.encode()).fetchall()))


def _row(acts: list[Act], there: Counter[str]) -> dict[str, Any]:
    known = {act.place if act.kind == "delivery" else act.mark: act.acknowledged for act in acts}
    return {
        "acknowledged": sum(known.values()),
        "in_doubt": sum(not sure for sure in known.values()),
        "missing": [mark for mark, sure in known.items() if sure and not there[mark]],
        "doubled": sum(there[mark] > 1 for mark in known),
    }


def _drafts(ledger: Ledger, there: Counter[str]) -> dict[str, int]:
    """Each acknowledged document has one version of the machine."""
    ids = [act.place for act in ledger.acknowledged("document")]
    return {
        "acknowledged": len(ids),
        "in_doubt": 0,
        "lost": sum(not there[one] for one in ids),
        "doubled": sum(there[one] > 1 for one in ids),
    }


def _letters(ledger: Ledger, mails: list[Any], received: Mapping[str, int]) -> dict[str, int]:
    """Each letter was sent and arrived, and each sign-up brought the admin one.

    A server that was spoken to when the worker was killed may get a letter a second time, under the same Message-ID, by
    which it is known: that is counted apart.
    """
    arrived = {int(name.partition("copydesk-")[2].partition("@")[0]) for name in received}
    lost = [number for number, state, _, _ in mails if state != "sent" or number not in arrived]
    invented = arrived - {number for number, *_ in mails}
    names = Counter(
        subject.removesuffix(" asks for access") for *_, subject in mails if subject.endswith(" asks for access")
    )
    wanted = [f"Pia {act.mark.partition('@')[0].capitalize()}" for act in ledger.acknowledged("sign-up")]
    return {
        "acknowledged": len(mails),
        "in_doubt": 0,
        "lost": len(lost) + sum(not names[name] for name in wanted),
        "doubled": sum(names[name] > 1 for name in wanted) + len(invented),
    }
