"""What a mail is made of: two forms of the same words, the way out of it, and nothing that somebody slipped in."""

from email import message_from_bytes, policy

import pytest
from sqlalchemy.orm import Session

from copydesk import mail
from copydesk.mail import Entry, Footer, Letter, Mail, MailState
from copydesk.worker.message import message_of
from tests.mailing import SENDER, desk, send, server, state, write

__all__ = ["desk", "server"]  # fixtures

END = "https://desk.example.org/unsubscribe/" + "WzEyMywicXVlc3Rpb25zIl0." * 5


def letter(**more):
    nasty = 'A "title" <script>alert(1)</script> & more'
    return Letter(
        name="Ada <b>Byrne</b>",
        entries=(Entry(f"{nasty}\n\nhe said: <img src=x onerror=alert(1)>", "https://desk.example.org/a?b=1&c=2"),),
        footer=(Footer("No more:", END),),
        **more,
    )


def parts(raw):
    message = message_from_bytes(raw, policy=policy.default)
    return message, *(message.get_body((kind,)).get_content() for kind in ("plain", "html"))


def test_plain_text_and_html_of_the_same_words(desk, server):
    with Session(desk) as session, session.begin():
        mail_id = mail.send_letter(
            session, recipient="ada@example.org", subject="S", letter=letter(), unsubscribe=END
        ).id
    send(desk, mail_id, server.url)
    message, plain, html = parts(server.received[0])
    assert message.get_content_type() == "multipart/alternative"
    assert "<script>alert(1)</script>" in plain
    assert "https://desk.example.org/a?b=1&c=2" in plain
    assert "<script" not in html
    assert "<img" not in html
    assert "Ada &lt;b&gt;Byrne&lt;/b&gt;" in html
    assert 'href="https://desk.example.org/a?b=1&amp;c=2"' in html
    assert "src=" not in html.replace("src=x", "")
    assert "url(" not in html


def test_one_click_ends_these_mails(desk, server):
    """RFC 8058: both headers, the address as it is; the library would fold a long one into encoded words."""
    mail_id = write(desk, unsubscribe=END)
    send(desk, mail_id, server.url)
    raw = server.received[0]
    assert f"List-Unsubscribe: <{END}>\r\n".encode() in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_a_mail_that_must_go_has_no_way_out(desk, server):
    mail_id = write(desk)
    send(desk, mail_id, server.url)
    assert b"List-Unsubscribe" not in server.received[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient": "ada@example.org\r\nBcc: all@example.org"},
        {"unsubscribe": "https://x/\r\nBcc: all@example.org"},
        {"unsubscribe": "https://x/>, <https://evil.example/"},
    ],
)
def test_nothing_becomes_a_header_of_its_own(desk, server, wrong):
    mail_id = write(desk, **wrong)
    send(desk, mail_id, server.url)
    assert state(desk, mail_id)[0] is MailState.FAILED
    assert server.received == []


def test_nobody_can_write_a_part_of_a_message(desk, server):
    """Were the line between the parts known beforehand, a person's note could be HTML of its own."""
    mail_id = write(desk, html="<p>True</p>")
    with Session(desk) as session:
        row = session.get(Mail, mail_id)
        known = message_of(row, SENDER).as_string().split('boundary="')[1].split('"')[0]
        row.body = f"--{known}\nContent-Type: text/html\n\n<p>False</p>\n--{known}--\n"
        found = message_from_bytes(message_of(row, SENDER).as_bytes(), policy=policy.default)
    assert found.get_body(("html",)).get_content().strip() == "<p>True</p>"
