"""The audit log's seals on a real database: order, gaps, concurrency, and every way to falsify the log."""

import threading
import time

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.audit import chain
from tests.desk import COPYDESK, Desk, until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def desk(make_database, tmp_path_factory, config):
    made = Desk(make_database("chain"), tmp_path_factory.mktemp("chain"))
    made.run("migrate")
    yield made
    made.stop_all()


@pytest.fixture
def database(desk):
    """A log that begins anew."""
    with desk.database.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))  # what a superuser can do
        connection.execute(text("TRUNCATE audit_seals, audit_events"))
        connection.execute(
            text(f"UPDATE audit_chain SET position = 0, sha256 = '{chain.GENESIS}', sealed_below = '0', cluster = ''")
        )
        connection.execute(text("SET session_replication_role = origin"))
    seal(desk.database)  # it has met this cluster
    return desk.database


def write(database, count=1, **more):
    with Session(database) as session, session.begin():
        for number in range(count):
            facts = {"actor_id": None, "object_type": "document", "object_id": number} | more
            audit.record(session, "document.saved", after={"revision": number, "words": "naïve 🔥"}, **facts)


def seal(database):
    with Session(database) as session, session.begin():
        return chain.seal(session)


def sealed(database, count):
    """Seal until so many more are: transactions of other databases on this server are waited for, too."""
    left = [count]

    def done():
        left[0] -= seal(database)
        return left[0] <= 0

    until(done, f"{count} events are sealed")
    assert left[0] == 0


def check(database, anchors=None):
    with Session(database) as session:
        return chain.check(session, anchors)


def falsify(database, *statements):
    """As somebody could who has the database's highest rights."""
    with database.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def test_every_event_is_sealed_in_order(database):
    write(database, 3, note="So.")
    write(database, 2)
    sealed(database, 5)
    assert seal(database) == 0
    found = check(database)
    assert (found.sealed, found.waiting, found.fault) == (5, 0, "")
    assert len(found.head) == 64


def test_what_python_computes_is_what_the_database_computes(database):
    write(database, 20, note="Line\none,\ttwo: “naïve” 👩🏽‍🍳")
    sealed(database, 20)
    assert check(database).fault == ""


def test_a_transaction_that_ends_late_is_sealed_after_those_that_were_quicker(database):
    slow = create_engine(database.url)
    with Session(slow) as late:
        audit.record(late, "document.saved", actor_id=None, object_type="document", object_id="slow")
        late.flush()
        write(database, 2)
        assert seal(database) == 0  # the quicker ones began later: they wait, so that no gap is left behind
        late.commit()
    slow.dispose()
    sealed(database, 3)
    found = check(database)
    assert (found.sealed, found.fault) == (3, "")


def test_many_write_and_many_seal_at_once(database):
    stop, errors = threading.Event(), []

    def sealing():
        while not stop.is_set():
            try:
                seal(database)
            except Exception as error:
                errors.append(error)
            time.sleep(0.002)

    sealers = [threading.Thread(target=sealing) for _ in range(3)]
    writers = [threading.Thread(target=lambda: [write(database, 2) for _ in range(25)]) for _ in range(6)]
    for thread in (*sealers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in sealers:
        thread.join()
    until(lambda: seal(database) == 0 and check(database).waiting == 0, "all are sealed")
    found = check(database)
    assert errors == []
    assert (found.sealed, found.waiting, found.fault) == (300, 0, "")


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE audit_events SET note = 'Nothing happened.' WHERE id = {third}", "Event {third} is not what seal 3"),
        ("UPDATE audit_events SET before = '{{\"a\": 1}}' WHERE id = {third}", "Event {third} is not what seal 3"),
        ("UPDATE audit_events SET at = at + interval '1 microsecond' WHERE id = {third}", "Event {third} is not"),
        ("UPDATE audit_events SET address = '' WHERE id = {third}", "Event {third} is not what seal 3"),
        ("DELETE FROM audit_events WHERE id = {third}", "Event {third} is gone; seal 3"),
        ("DELETE FROM audit_seals WHERE position = 3", "Seal 3 is missing"),
        ("UPDATE audit_seals SET event_id = -event_id WHERE position = 3", "is gone; seal 3"),
        ("DELETE FROM audit_seals WHERE position = 5", "The chain ends at seal 4, and should end at 5"),
        ("UPDATE audit_seals SET sha256 = repeat('a', 64) WHERE position = 5", "is not what seal 5"),
    ],
)
def test_whatever_is_falsified_is_found_and_named(database, statement, says):
    write(database, 5)
    sealed(database, 5)
    with database.connect() as connection:
        third = connection.execute(text("SELECT event_id FROM audit_seals WHERE position = 3")).scalar_one()
    falsify(database, statement.format(third=third))
    assert says.format(third=third) in check(database).fault


def test_an_event_that_is_put_in_afterwards_is_found(database):
    write(database, 3)
    sealed(database, 3)
    write(database, 1)
    sealed(database, 1)
    falsify(
        database,
        "INSERT INTO audit_events (action, object_type, object_id, before, after, source, tx) "
        "VALUES ('document.signed', 'document', 'x', '{}', '{}', 'web', '3')",
    )
    assert "put in behind the chain" in check(database).fault


def test_a_chain_that_was_made_anew_is_found_by_a_seal_that_was_written_down(database):
    write(database, 4)
    sealed(database, 4)
    before = check(database)
    falsify(
        database,
        "UPDATE audit_events SET note = 'Nothing happened.'",
        "TRUNCATE audit_seals",
        f"UPDATE audit_chain SET position = 0, sha256 = '{chain.GENESIS}', sealed_below = '0', cluster = ''",
    )
    seal(database)
    assert check(database).fault == ""  # by itself it looks whole
    assert "not the one that was written down" in check(database, {before.sealed: before.head}).fault
    falsify(database, "DELETE FROM audit_seals WHERE position = 4", "UPDATE audit_chain SET position = 3")
    assert check(database, {4: before.head}).fault


def test_after_a_restore_into_another_cluster_the_chain_goes_on(database):
    """There the numbers of transactions begin anew, far below those that the log knows."""
    write(database, 3)
    sealed(database, 3)
    falsify(
        database,
        "UPDATE audit_events SET tx = '900000000000'",
        "UPDATE audit_chain SET sealed_below = '900000000001', cluster = 'elsewhere'",
    )
    write(database, 2)
    sealed(database, 2)
    write(database, 1)
    sealed(database, 1)
    found = check(database)
    assert (found.sealed, found.waiting, found.fault) == (6, 0, "")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_seals SET sha256 = ''",
        "DELETE FROM audit_seals",
        "TRUNCATE audit_seals",
        "UPDATE audit_events SET note = ''",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events CASCADE",
    ],
)
def test_log_and_seals_can_only_grow(database, statement):
    write(database)
    sealed(database, 1)
    with pytest.raises(DBAPIError), database.begin() as connection:
        connection.execute(text(statement))


def test_on_the_command_line(desk, database):
    import subprocess

    write(database, 3)
    words = desk.run("audit", "verify")
    assert words.startswith("3 events, all as they were written.")
    anchor = words.splitlines()[-1]
    desk.run("audit", "verify", "--anchor", anchor)
    falsify(database, "UPDATE audit_events SET note = 'x' WHERE id = (SELECT min(id) FROM audit_events)")
    done = subprocess.run(
        [*COPYDESK, "audit", "verify"], env=desk.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "is not what seal 1 was made for" in done.stderr
