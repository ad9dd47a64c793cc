"""The house's words and style: kept by admins, searched, added one by one or as a list, removed and put back."""

import pytest
from sqlalchemy import insert, select

from copydesk.audit import AuditEvent
from copydesk.documents.errors import NotAllowed
from copydesk.documents.housestyle import house, house_words
from copydesk.documents.housestyle.house import HouseWord
from copydesk.documents.housestyle.tidy import Rule

URL = "/admin/house"


@pytest.fixture
def admin(session, cast, as_person):
    session.commit()
    return as_person(cast.admin)


def words(session):
    return sorted((one.word, one.instead_of) for one in session.scalars(select(HouseWord)))


def events(session):
    query = select(AuditEvent).where(AuditEvent.object_type == "house").order_by(AuditEvent.id)
    return [(event.action, event.actor_id) for event in session.scalars(query)]


def test_a_word_is_added_and_removed_and_put_back(session, cast, admin):
    page = admin.post(f"{URL}/words", data={"word": " email ", "instead_of": "e-mail"}, follow_redirects=True).text
    assert "“email” is in the list." in page
    assert words(session) == [("email", "e-mail")]
    (one,) = session.scalars(select(HouseWord))
    page = admin.post(f"{URL}/words/{one.id}/remove", follow_redirects=True).text
    assert "“e-mail” is not replaced any more." in page
    assert "Put it back" in page
    assert words(session) == []
    assert "Put it back" not in admin.get(URL).text
    admin.post(f"{URL}/words", data={"word": "email", "instead_of": "e-mail"})
    assert words(session) == [("email", "e-mail")]
    assert events(session) == [
        ("house.word_added", cast.admin.id),
        ("house.word_removed", cast.admin.id),
        ("house.word_added", cast.admin.id),
    ]


def test_removing_what_is_gone_says_so(admin):
    assert "not in the list any more" in admin.post(f"{URL}/words/77/remove", follow_redirects=True).text


@pytest.mark.parametrize(
    ("word", "instead_of", "says"),
    [
        ("", "x", "enter the word"),
        ("\u200b", "", "enter the word"),
        ("x" * 81, "", "At most 80"),
        ("x", "y" * 81, "At most 80"),
        ("same", "same", "Both are the same"),
        ("x", "-y", "has to begin with a letter"),
        ("email", "e-mail", "in the list already"),
        ("mail", "e-mail", "already becomes “email”"),
        ("e-mail", "electronic mail", "would itself become “email”"),
        ("message", "email", "would itself become “message”"),
        ("the web site", "web site", "would itself become"),
    ],
)
def test_what_can_not_be_in_the_list_says_why(session, cast, admin, word, instead_of, says):
    house_words.add(session, cast.admin, "email", "e-mail")
    session.commit()
    answer = admin.post(f"{URL}/words", data={"word": word, "instead_of": instead_of})
    assert (answer.status_code, says in answer.text) == (400, True)
    assert words(session) == [("email", "e-mail")]


def test_a_pasted_list_is_read_whole_or_not_at_all(session, cast, admin):
    pasted = "email -> organisation\n\norganisation → organization\r\ncolour\tcolor\nIbsen\nIbsen\n"
    answer = admin.post(f"{URL}/list", data={"pasted": "good\n -> x\n" + "y" * 90})
    assert answer.status_code == 400
    assert "Line 2: " in answer.text or "Line 3: " in answer.text
    assert words(session) == []
    answer = admin.post(f"{URL}/list", data={"pasted": pasted})
    assert "would itself become" in answer.text  # email becomes organisation, which becomes organization
    pasted = pasted.partition("\n")[2]
    page = admin.post(f"{URL}/list", data={"pasted": pasted}, follow_redirects=True).text
    assert "3 words were added. 1 were there already." in page
    assert words(session) == sorted([("Ibsen", None), ("color", "colour"), ("organization", "organisation")], key=str)
    assert events(session) == [("house.words_added", cast.admin.id)]


@pytest.mark.parametrize(("pasted", "says"), [("", "at least one word"), ("x\n" * 10_001, "At most 10,000 lines")])
def test_a_list_that_is_none(admin, pasted, says):
    answer = admin.post(f"{URL}/list", data={"pasted": pasted})
    assert (answer.status_code, says in answer.text) == (400, True)


def test_ten_thousand_words_are_found_page_by_page(session, cast, admin, count_queries):
    rows = [{"word": f"word{n:05}", "instead_of": f"wrod{n:05}", "added_by_id": cast.admin.id} for n in range(10_000)]
    session.execute(insert(HouseWord), rows)
    session.commit()
    page = admin.get(URL)
    assert "1 to 50 of 10,000" in page.text
    assert "wrod00000" in page.text
    assert "wrod00050" not in page.text
    assert "9,951 to 10,000 of 10,000" in admin.get(f"{URL}?page=200").text
    with count_queries() as statements:
        found = admin.get(f"{URL}?q=rod0777").text
    assert "1 to 10 of 10" in found
    assert len(statements) < 12
    assert "No such word" in admin.get(f"{URL}?q=100%25_").text
    assert admin.post(f"{URL}/words", data={"word": "more", "instead_of": "moer"}).status_code == 303
    assert admin.get(f"{URL}?page=nonsense&q={'x' * 200}").status_code == 200


def test_a_full_list_says_so(session, cast, admin, monkeypatch):
    monkeypatch.setattr(house_words, "MOST_WORDS", 1)
    admin.post(f"{URL}/words", data={"word": "one"})
    assert "holds at most 1 words" in admin.post(f"{URL}/words", data={"word": "two"}).text


def test_the_style_is_kept_and_noted(session, cast, admin):
    assert house.style(session).rules == frozenset(Rule) - {Rule.NONBREAKING}
    data = {"rule": ["quotes", "nonbreaking"], "dash": "em"}
    assert admin.post(f"{URL}/style", data=data).status_code == 303
    chosen = house.style(session)
    assert (chosen.rules, chosen.dash) == (frozenset([Rule.QUOTES, Rule.NONBREAKING]), "em")
    admin.post(f"{URL}/style", data=data)
    assert events(session) == [("house.style_changed", cast.admin.id)]
    for wrong in ({"rule": ["nonsense"], "dash": "em"}, {"rule": [], "dash": "long"}):
        assert admin.post(f"{URL}/style", data=wrong).status_code == 400
    assert house.style(session).dash == "em"


@pytest.mark.parametrize("who", ["sponsor", "editor", "suspended"])
def test_nobody_but_admins_keeps_the_house(session, cast, who):
    actor = getattr(cast, who)
    with pytest.raises(NotAllowed):
        house_words.add(session, actor, "word")
    with pytest.raises(NotAllowed):
        house_words.read_list(session, actor, "word")
    with pytest.raises(NotAllowed):
        house_words.remove(session, actor, 1)
    with pytest.raises(NotAllowed):
        house.set_style(session, actor, rules=[], dash="en")


def test_the_editors_script_asks_once_for_each_version(session, cast, admin, as_person, make_document):
    document = make_document("editing")
    session.commit()
    editor = as_person(cast.editor)
    desk = f"/documents/{document.id}/desk.json"
    assert editor.get(desk).json["house"] == {"words": None}
    admin.post(f"{URL}/words", data={"word": "email", "instead_of": "e-mail"})
    admin.post(f"{URL}/words", data={"word": "Ibsen"})
    url = editor.get(desk).json["house"]["words"]
    answer = editor.get(url)
    assert answer.json == {"words": [["email", "e-mail"], ["Ibsen", None]]}
    assert "max-age" in answer.headers["Cache-Control"]
    one = session.scalars(select(HouseWord.id).where(HouseWord.word == "Ibsen")).one()
    admin.post(f"{URL}/words/{one}/remove")
    assert editor.get(desk).json["house"]["words"] != url
