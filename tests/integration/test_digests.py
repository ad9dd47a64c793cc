"""Workers at the same moment, each on a connection of its own: one digest a person and day."""

import datetime as dt
import threading
from collections import Counter

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from copydesk.mail import Mail
from copydesk.notifications import digests
from copydesk.notifications.kinds import Kind
from copydesk.notifications.models import Digest, Notice
from copydesk.notifications.telling import News, tell
from copydesk.worker import digesting
from tests.integration.told import empty

pytestmark = pytest.mark.integration
NOW = dt.datetime(2026, 7, 1, 9, tzinfo=dt.UTC)


@pytest.fixture
def waiting(desk, make_person):
    """Three people with two things each to read."""
    empty(desk)
    people = [make_person(name, "editor") for name in ("Ada", "Tom", "Zoe")]
    with Session(desk) as session, session.begin():
        for person in people * 2:
            tell(session, person, News(Kind.PUBLISHED, "s", "“A text” is published.", "/documents"))
        session.execute(update(Notice).values(created_at=NOW - dt.timedelta(hours=2)))
    return people


def counts(desk):
    with Session(desk) as session:
        return Counter(session.scalars(select(Mail.recipient)))


@pytest.mark.parametrize("turn", range(3))
def test_four_workers_one_digest(desk, as_worker, waiting, turn):
    barrier, written = threading.Barrier(4), []

    def work():
        barrier.wait(10)
        written.append(digesting.send_digests(as_worker, NOW))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(written) == len(waiting)
    assert counts(desk) == {person.email: 1 for person in waiting}


def test_a_digest_that_fails_is_written_later_and_holds_up_no_other(desk, as_worker, waiting, monkeypatch):
    """The day, the notices and the mail are one transaction: what failed left nothing behind."""
    send = digests.send

    def fail_for_the_first(session, person_id, now):
        written = send(session, person_id, now)
        if person_id == waiting[0].id:
            raise OSError("killed")
        return written

    monkeypatch.setattr(digests, "send", fail_for_the_first)
    assert digesting.send_digests(as_worker, NOW) == len(waiting) - 1
    monkeypatch.undo()
    with Session(desk) as session:
        assert waiting[0].id not in session.scalars(select(Digest.person_id)).all()
    assert digesting.send_digests(as_worker, NOW) == 1
    assert digesting.send_digests(as_worker, NOW + dt.timedelta(hours=1)) == 0
    assert counts(desk) == {person.email: 1 for person in waiting}
