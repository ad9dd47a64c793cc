"""Comments on pages and for programs: who may say what, to whom it is shown, and what comes back."""

import re

import pytest
from sqlalchemy import select

from copydesk.documents import revising
from copydesk.documents.conversation import operations, threads
from copydesk.documents.conversation.models import Comment, CommentThread
from copydesk.documents.conversation.operations import About
from copydesk.documents.revising import Text

PROGRAM = {"Accept": "application/json"}
TEXT = "The bakery is old. It smells of flour in the morning."
SECRET = "Ask a lawyer about Marzipan."
TALKERS = ("sponsor", "editor", "admin")
STRANGERS = ("other_sponsor", "other_editor")


@pytest.fixture
def document(session, make_document):
    made = make_document("editing", text=TEXT)
    session.commit()
    return made


@pytest.fixture
def said(session, cast, document):
    """A comment by the sponsor on the flour, and one that the sponsor does not see, on the bakery."""
    flour, bakery = About("flour"), About("bakery")
    open_to_all = operations.comment(session, document.id, cast.sponsor, words="Is it rye?", about=flour).comment
    hidden = operations.comment(session, document.id, cast.admin, words=SECRET, about=bakery, editors_only=True).comment
    session.commit()
    return open_to_all, hidden


def comments(session):
    session.expire_all()
    return session.scalars(select(Comment).order_by(Comment.id)).all()


def url(document, rest=""):
    return f"/documents/{document.id}/comments{rest}"


def acts(comment):
    """Every address of a thread and of what was said in it, with what to send there."""
    return [
        (f"/{comment.thread_id}/reply", {"comment": "So?"}),
        (f"/{comment.thread_id}/resolve", {}),
        (f"/{comment.thread_id}/reopen", {}),
        (f"/said/{comment.id}/change", {"comment": "So?"}),
        (f"/said/{comment.id}/take-back", {}),
    ]


@pytest.mark.parametrize("who", TALKERS)
def test_its_people_comment_and_the_words_are_marked(session, cast, as_person, document, who):
    browser = as_person(getattr(cast, who))
    answer = browser.post(url(document), data={"comment": "Rye?\n<b>Really</b>", "about": "smells  of flour"})
    (made,) = comments(session)
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/documents/{document.id}#thread-{made.thread_id}",
    )
    page = browser.get(f"/documents/{document.id}").text
    assert "Your comment is beside the text." in page
    assert "&lt;b&gt;Really&lt;/b&gt;" in page
    assert f'data-start="{TEXT.index("smells")}"' in page
    assert "commented on the text" in page
    reader = as_person(cast.sponsor).get(f"/documents/{document.id}").text
    marked = re.findall(rf'<mark class="commented"[^>]*data-thread="{made.thread_id}"[^>]*>(.*?)</mark>', reader)
    assert re.sub("<[^>]+>", "", "".join(marked)) == "smells of flour"


@pytest.mark.parametrize("who", STRANGERS)
def test_strangers_find_nothing(session, cast, as_person, document, said, who):
    browser = as_person(getattr(cast, who))
    assert browser.get(url(document)).status_code == 404
    assert browser.post(url(document), data={"comment": "Hello"}).status_code == 404
    for one in said:
        for rest, data in acts(one):
            assert browser.post(url(document, rest), data=data).status_code == 404, rest
    assert len(comments(session)) == 2


@pytest.mark.parametrize(("who", "status"), [(None, 302), ("pending", 403), ("suspended", 302)])
def test_who_is_not_let_in_says_nothing(cast, as_person, document, said, who, status):
    browser = as_person(getattr(cast, who) if who else None)
    assert browser.post(url(document), data={"comment": "Hello"}).status_code == status
    assert browser.post(url(document, acts(said[0])[0][0]), data={"comment": "Hello"}).status_code == status


def test_an_editor_of_the_pool_reads_and_does_not_talk(session, cast, as_person, make_document):
    document = make_document("unassigned", text=TEXT)
    session.commit()
    browser = as_person(cast.other_editor)
    assert "Say something about the text" not in browser.get(f"/documents/{document.id}").text
    assert browser.post(url(document), data={"comment": "Hello"}).status_code == 403


@pytest.mark.parametrize("state", ["drafting", "draft_failed", "withdrawn"])
def test_there_is_a_time_for_it(session, cast, as_person, make_document, state):
    document = make_document(state)
    session.commit()
    assert as_person(cast.sponsor).post(url(document), data={"comment": "Hello"}).status_code == 409
    assert "Say something about the text" not in as_person(cast.sponsor).get(f"/documents/{document.id}").text


def test_what_the_sponsor_does_not_see_is_nowhere_for_them(session, cast, as_person, document, said):
    sponsor, editor, hidden = as_person(cast.sponsor), as_person(cast.editor), said[1]
    operations.reply(session, document.id, cast.editor, hidden.thread_id, words="Marzipan is fine.")
    operations.resolve(session, document.id, cast.editor, hidden.thread_id)
    session.commit()
    pages = ["", "/comments", "/record", "/record.json", "/desk.json", "/history", "/presence"]
    for page in pages:
        for headers in ({}, PROGRAM):
            answer = sponsor.get(f"/documents/{document.id}{page}", headers=headers)
            assert answer.status_code == 200
            assert "Marzipan" not in answer.text, page
            assert f"thread-{hidden.thread_id}" not in answer.text, page
            assert '"editors_only"' not in answer.text, page
            assert "resolved a comment" not in answer.text, page
    for page in ("/documents", "/today"):
        listed = sponsor.get(page, follow_redirects=True).text
        assert "resolved a comment" not in listed
        assert "replied to a comment" not in listed
    assert "commented on the text" in sponsor.get("/documents").text  # what happened last, as far as they may know
    assert "Marzipan" in editor.get(f"/documents/{document.id}").text
    assert "The sponsor does not see this." in editor.get(url(document)).text
    assert "Marzipan" not in editor.get(f"/documents/{document.id}/record.json").text
    for rest, data in acts(hidden):
        assert sponsor.post(url(document, rest), data=data).status_code == 404, rest
    assert len(comments(session)) == 3


def test_the_sponsors_page_is_the_same_whatever_is_said_behind_it(session, cast, as_person, document, said):
    sponsor = as_person(cast.sponsor)

    def page():
        return re.sub(
            r'(csrf_token" value|data-token|datetime|nonce)="[^"]*"', "", sponsor.get(f"/documents/{document.id}").text
        )

    before = page()
    operations.comment(session, document.id, cast.editor, words=SECRET, editors_only=True)
    session.commit()
    assert page() == before


def test_a_sponsor_hides_nothing_from_the_sponsor(session, cast, as_person, document):
    sponsor = as_person(cast.sponsor)
    assert "Hide it from the sponsor" not in sponsor.get(f"/documents/{document.id}").text
    assert sponsor.post(url(document), data={"comment": "Psst", "hidden": "y"}).status_code == 403
    assert as_person(cast.editor).post(url(document), data={"comment": "Psst", "hidden": "y"}).status_code == 303
    assert [one.thread.editors_only for one in comments(session)] == [True]


def test_answered_resolved_and_opened_again(session, cast, as_person, document, said):
    editor, thread = as_person(cast.editor), said[0].thread_id
    assert editor.post(url(document, f"/{thread}/reply"), data={"comment": "Wheat."}).status_code == 303
    assert editor.post(url(document, f"/{thread}/resolve")).headers["Location"].endswith("#comments")
    assert "Resolved by Ada Byrne" in as_person(cast.sponsor).get(f"/documents/{document.id}").text
    refused = editor.post(url(document, f"/{thread}/reply"), data={"comment": "Wait."})
    assert (refused.status_code, "open it again" in refused.text, "Wait." in refused.text) == (409, True, True)
    assert editor.post(url(document, f"/{thread}/reopen")).status_code == 303
    assert editor.post(url(document, f"/{thread}/reply"), data={"comment": "Wait."}).status_code == 303


def test_only_ones_own_is_changed_or_taken_back(session, cast, as_person, document, said):
    one = said[0]
    for who, status in (("editor", 403), ("admin", 403), ("sponsor", 303)):
        browser = as_person(getattr(cast, who))
        assert browser.post(url(document, f"/said/{one.id}/change"), data={"comment": "Oat?"}).status_code == status
    sponsor = as_person(cast.sponsor)
    page = sponsor.get(f"/documents/{document.id}").text
    assert "Oat?" in page
    assert ", edited" in page
    operations.reply(session, document.id, cast.editor, one.thread_id, words="Wheat.")
    session.commit()
    assert as_person(cast.admin).post(url(document, f"/said/{one.id}/take-back")).status_code == 403
    assert sponsor.post(url(document, f"/said/{one.id}/take-back")).status_code == 303
    page = sponsor.get(f"/documents/{document.id}").text
    assert "Taken back." in page
    assert "Oat?" not in page
    assert sponsor.post(url(document, f"/said/{one.id}/take-back")).status_code == 404


def test_a_thread_of_another_document_is_not_found(session, cast, as_person, document, said, make_document):
    other = make_document("editing", text=TEXT)
    session.commit()
    for rest, data in acts(said[0]):
        assert as_person(cast.sponsor).post(url(other, rest), data=data).status_code == 404, rest


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"comment": ""}, "Please enter the comment."),
        ({"comment": "x" * 5001}, "the most is 5,000"),
        ({"comment": "Why?", "about": "no such words"}, "do not stand in the text"),
        ({"comment": "Why?", "about": "flour", "start": "-1"}, "choose the words"),
        ({"comment": "Why?", "about": "flour", "base": "x"}, "choose the words"),
    ],
)  # fmt: skip
def test_what_can_not_be_taken_comes_back_with_words(session, cast, as_person, document, data, says):
    for who in TALKERS:
        browser = as_person(getattr(cast, who))
        answer = browser.post(url(document), data=data)
        assert (answer.status_code, says in answer.text) == (400, True), who
        assert data["comment"] in answer.text
        program = browser.post(url(document), data=data, headers=PROGRAM)
        assert program.status_code == 400
        assert "error" in program.json
    assert comments(session) == []


def test_a_reply_that_can_not_be_taken_comes_back_in_its_form(cast, as_person, document, said):
    long = "y" * 5001
    answer = as_person(cast.editor).post(url(document, f"/{said[0].thread_id}/reply"), data={"comment": long})
    assert answer.status_code == 400
    assert re.search(rf'id="reply-{said[0].thread_id}"[^>]*aria-invalid="true"[^>]*>{long}', answer.text)


def test_who_was_called_in_vain_is_said(cast, as_person, document):
    editor = as_person(cast.editor)
    answer = editor.post(url(document), data={"comment": "@Nobody @Ruth, well?", "hidden": "y"}, headers=PROGRAM)
    assert answer.json["said"] == (
        "Your comment is beside the text. Nobody here is called “@Nobody”. "
        "Ruth Okafor does not see this comment, and does not hear of it."
    )


def test_a_program_gets_the_panel(session, cast, as_person, document):
    answer = as_person(cast.editor).post(url(document), data={"comment": "@Ruth, rye?"}, headers=PROGRAM)
    (made,) = comments(session)
    assert answer.json["thread"] == made.thread_id
    assert '<b class="called">@Ruth</b>' in answer.json["panel"]


def test_when_the_words_are_gone_the_panel_says_so(session, cast, as_person, document, said):
    revising.save(session, document.id, cast.editor, Text(document.title, "Closed for good.", document.text_number))
    session.commit()
    page = as_person(cast.sponsor).get(f"/documents/{document.id}").text
    assert "The words it was about are gone: <q>flour</q>" in page
    assert 'class="commented"' not in page


def test_news_are_told_to_those_they_are_for(session, cast, as_person, document, said):
    heard = {who: as_person(getattr(cast, who)).get(f"/documents/{document.id}/presence").json for who in TALKERS}
    operations.reply(session, document.id, cast.admin, said[1].thread_id, words="So?")
    session.commit()
    now = {who: as_person(getattr(cast, who)).get(f"/documents/{document.id}/presence").json for who in TALKERS}
    changed = {who: now[who]["comments"] != heard[who]["comments"] for who in TALKERS}
    assert changed == {"sponsor": False, "editor": True, "admin": True}


def test_overlapping_comments_are_marked_without_a_word_lost(session, cast, as_person, document):
    for words in ("old. It smells", "smells of flour", "flour"):
        operations.comment(session, document.id, cast.editor, words="Hm.", about=About(words))
    session.commit()
    page = as_person(cast.sponsor).get(f"/documents/{document.id}").text
    article = re.search(r'<article class="text published"[^>]*>(.*?)</article>', page, re.DOTALL).group(1)
    assert re.sub("<[^>]+>", "", article).split() == TEXT.split()
    ids = re.findall(r'id="words-(\d+)"', article)
    assert sorted(map(int, ids)) == sorted(one.id for one in session.scalars(select(CommentThread)))


def test_how_much_is_said_costs_no_more_queries(session, cast, as_person, document, said, count_queries):
    browser = as_person(cast.editor)
    with count_queries() as few:
        browser.get(url(document))
    for number in range(20):
        made = operations.comment(session, document.id, cast.sponsor, words=f"@Ada, {number}?", about=About("flour"))
        operations.reply(session, document.id, cast.admin, made.comment.thread_id, words="So?")
    session.commit()
    with count_queries() as many:
        page = browser.get(url(document)).text
    assert page.count('class="thread"') == 22
    assert len(many) <= len(few)


def test_each_open_thread_of_a_long_conversation_is_seen_by_its_people_alone(session, cast, document, said):
    seen = {who: len(threads.visible(session, document, getattr(cast, who))) for who in TALKERS}
    assert seen == {"sponsor": 1, "editor": 2, "admin": 2}
