"""One round of the chaos bench: each part is broken once while people work, and nothing they were told is lost."""

import pytest

from bench import chaos
from tests.desk import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return chaos.run(tmp_path_factory.mktemp("chaos"), writers=2, work=3)


def test_every_part_was_broken(found):
    assert set(found["faults"]) | set(found["not_done"]) == set(chaos.FAULTS)
    assert set(found["not_done"]) <= {"disk full"}
    assert set(found["faults"].values()) == {1}
    assert found["requests_in_vain"] > 0


def test_all_that_was_acknowledged_is_there_once(found):
    assert {kind: (row["lost"], row["doubled"]) for kind, row in found["acts"].items()} == dict.fromkeys(
        found["acts"], (0, 0)
    )
    assert (found["losses"], found["doubles"]) == (0, 0)
    assert all(row["acknowledged"] for row in found["acts"].values()), found["acts"]


def test_no_answer_was_wrong_and_the_chains_hold(found):
    assert found["refused"] == []
    assert found["chains"] == ""
    assert found["records"] >= found["acts"]["document"]["acknowledged"]


def test_the_report_says_what_was_found(found):
    page = chaos.report(found | {"measured_at": "today"})
    assert "**Lost: 0. There twice: 0.**" in page
    assert f"| save | {found['acts']['save']['acknowledged']:,} |" in page
    kept = (ROOT / "docs" / "chaos.md").read_text(encoding="utf-8")
    assert "**Lost: 0. There twice: 0.**" in kept
