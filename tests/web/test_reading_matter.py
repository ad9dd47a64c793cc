"""Files to read: what they are is told by their content, only the document's people get them, and never as a page."""

import hashlib
import io
import zipfile

import pytest
from sqlalchemy import select

from copydesk.audit.log import AuditEvent
from copydesk.documents.asking import attachments
from copydesk.documents.asking.attachments import Attachment, Upload, clean_name, type_of
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\0" * 40
WEBP = b"RIFF\x30\x00\x00\x00WEBPVP8 " + b"\0" * 40
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"


def archive(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "/").replace("_TYPES", "[Content_Types].xml"), content)
    return out.getvalue()


ODT = archive(mimetype=attachments.ODT, content="<x/>")


def docx(**more):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in ("[Content_Types].xml", "word/document.xml", *more.values()):
            made.writestr(name, "x")
    return out.getvalue()


def give(client, document, *files):
    data = {"attachment": [(io.BytesIO(content), name) for name, content in files]}
    return client.post(f"/documents/{document.id}/attachments", data=data, content_type="multipart/form-data")


def everything(session, table=Attachment):
    session.expire_all()
    return session.scalars(select(table).order_by(table.id)).all()


@pytest.fixture
def document(session, make_document):
    made = make_document("editing")
    session.commit()
    return made


@pytest.fixture
def sponsor(cast, as_person, document):
    return as_person(cast.sponsor)


def test_given_read_and_removed(session, cast, document, sponsor, as_person):
    assert give(sponsor, document, ("notes.md", b"# Notes"), ("pots.png", PNG)).status_code == 303
    kept = everything(session)
    assert [(one.name, one.media_type, one.size) for one in kept] == [
        ("notes.md", "text/markdown", 7),
        ("pots.png", "image/png", len(PNG)),
    ]
    assert kept[1].sha256 == hashlib.sha256(PNG).hexdigest()
    url = f"/documents/{document.id}"
    editor = as_person(cast.editor)
    page = editor.get(url).text
    assert "Reading matter" in page
    assert "notes.md" in page
    assert "added reading matter" in page
    assert "Add files" not in page

    answer = editor.get(f"{url}/attachments/{kept[1].id}")
    assert answer.data == PNG
    headers = answer.headers
    assert answer.mimetype == "image/png"
    assert headers["Content-Disposition"] == "attachment; filename=pots.png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert {"default-src 'none'", "sandbox"} <= set(map(str.strip, headers["Content-Security-Policy"].split(";")))
    assert "no-store" in headers["Cache-Control"]

    assert editor.post(f"{url}/attachments/{kept[1].id}/remove").status_code == 403
    assert sponsor.post(f"{url}/attachments/{kept[1].id}/remove").status_code == 303
    assert editor.get(f"{url}/attachments/{kept[1].id}").status_code == 404
    assert sponsor.post(f"{url}/attachments/{kept[1].id}/remove").status_code == 404
    gone = everything(session)[1]
    assert (gone.content, gone.removed_by_id) == (None, cast.sponsor.id)
    events = [one for one in everything(session, AuditEvent) if "attach" in one.action]
    attached, taken = ["document.attach"] * 2, ["attachment.exported"]
    assert [one.action for one in events] == [*attached, *taken, "document.remove_attachment"]
    assert events[0].after["sha256"] == kept[0].sha256


def test_only_its_people_and_only_from_its_own_document(session, cast, document, sponsor, as_person, make_document):
    give(sponsor, document, ("notes.txt", b"Notes"))
    number = everything(session)[0].id
    another = make_document("editing")
    session.commit()
    assert sponsor.get(f"/documents/{another.id}/attachments/{number}").status_code == 404
    assert sponsor.get(f"/documents/{document.id}/attachments/{'9' * 30}").status_code == 404
    for stranger in (cast.other_sponsor, cast.other_editor):
        assert as_person(stranger).get(f"/documents/{document.id}/attachments/{number}").status_code == 404
    assert as_person(cast.admin).get(f"/documents/{document.id}/attachments/{number}").status_code == 200
    assert give(as_person(cast.editor), document, ("a.txt", b"More")).status_code == 403


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("setup.exe", b"MZ\x90\x00" + b"\0" * 60, "“setup.exe” is none of these"),
        ("picture.png", b"MZ\x90\x00" + b"\0" * 60, "is none of these"),
        ("empty.txt", b"", "is empty"),
        ("movie.gif", b"GIF89a\x01\x00\x01\x00\x80\x00\x00", "is none of these"),
        ("macro.docx", docx(macro="word/vbaProject.bin"), "is none of these"),
        ("table.xlsx", archive(_TYPES="x", xl__workbook="x"), "is none of these"),
        ("broken.docx", b"PK\x03\x04broken", "is none of these"),
    ],
)
def test_what_is_refused(session, document, sponsor, name, content, says):
    answer = give(sponsor, document, ("good.txt", b"Good"), (name, content))
    assert answer.status_code == 400
    assert says in answer.text
    assert everything(session) == []


def test_one_that_is_too_large(session, cast, document):
    with pytest.raises(InvalidInput, match="larger than 10 MB"):
        attachments.add(session, document.id, cast.sponsor, [Upload("a.txt", b"x" * (attachments.MOST_BYTES + 1))])


def test_too_many_too_much_and_the_same_again(session, cast, document, sponsor, monkeypatch):
    assert "Please choose a file." in give(sponsor, document).text
    give(sponsor, document, ("a.txt", b"Notes"))
    assert "is there already, as “a.txt”" in give(sponsor, document, ("b.txt", b"Notes")).text
    monkeypatch.setattr(attachments, "MOST_TOGETHER", 8)
    assert "Together they are larger" in give(sponsor, document, ("b.txt", b"More notes")).text
    monkeypatch.setattr(attachments, "MOST_FILES", 1)
    assert "At most 1 files" in give(sponsor, document, ("b.txt", b"N")).text
    assert len(everything(session)) == 1


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (PDF, "a.txt", attachments.PDF),
        (PNG, "a.html", attachments.PNG),
        (JPEG, "a.jpg", attachments.JPEG),
        (WEBP, "a", attachments.WEBP),
        (docx(), "a.zip", attachments.DOCX),
        (ODT, "a.odt", attachments.ODT),
        ("Märchen".encode(), "a", attachments.PLAIN),
        ("Märchen “x”".encode("cp1252"), "a.txt", attachments.PLAIN),
        (b"<script>alert(1)</script>", "a.html", attachments.PLAIN),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", attachments.PLAIN),
        (b"# Notes", "a.MD", attachments.MARKDOWN),
        (b"\0\0", "a.txt", None),
    ],
)
def test_what_a_file_is_is_told_by_its_content(content, name, media_type):
    assert type_of(content, name) == media_type


@pytest.mark.parametrize(
    ("typed", "media_type", "name"),
    [
        ("notes.txt", attachments.PLAIN, "notes.txt"),
        ("evil.html", attachments.PLAIN, "evil.html.txt"),
        ("C:\\Users\\ruth\\pots.PNG", attachments.PNG, "pots.png"),
        ("../../etc/passwd", attachments.PLAIN, "passwd.txt"),
        ("photo.jpeg", attachments.JPEG, "photo.jpeg"),
        ("invoice\u202egpj.exe", attachments.PDF, "invoicegpj.exe.pdf"),
        ('a"b\r\nSet-Cookie: x', attachments.PDF, "a b Set-Cookie x.pdf"),
        ("...", attachments.PDF, "file.pdf"),
        ("", attachments.PLAIN, "file.txt"),
        ("ж" * 300 + ".pdf", attachments.PDF, "ж" * 116 + ".pdf"),
    ],
)
def test_names_are_safe_everywhere(typed, media_type, name):
    assert clean_name(typed, media_type) == name


def test_a_name_of_any_script_comes_back(session, document, sponsor):
    give(sponsor, document, ("Märchen и заметки.txt", b"Notes"))
    header = sponsor.get(f"/documents/{document.id}/attachments/{everything(session)[0].id}").headers[
        "Content-Disposition"
    ]
    assert header.startswith("attachment; ")
    assert "UTF-8''M%C3%A4rchen" in header


def test_given_with_the_brief_all_or_nothing(session, cast, as_person):
    session.commit()
    sponsor = as_person(cast.sponsor)
    typed = {"title": "Pots", "brief": "Eleven pots."}

    def create(content):
        data = typed | {"attachment": [(io.BytesIO(content), "notes.txt")]}
        return sponsor.post("/documents/new", data=data, content_type="multipart/form-data")

    refused = create(b"\0\0")
    assert refused.status_code == 400
    assert "is none of these" in refused.text
    assert "please choose them again" in refused.text
    assert session.scalars(select(Document)).all() == []
    assert create(b"Notes").status_code == 303
    assert [one.name for one in everything(session)] == ["notes.txt"]


def sent_whole(client, address, name, size):
    """A form with one large file; the client of the tests would leave a file of its own open."""
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="large.txt"\r\n\r\n'.encode()
    body = head + b"x" * size + b"\r\n--x--\r\n"
    return client.post(address, data=body, content_type="multipart/form-data; boundary=x").status_code


def test_only_these_forms_may_be_large(session, document, sponsor):
    mega = 1024 * 1024
    assert sent_whole(sponsor, f"/documents/{document.id}/attachments", "attachment", 6 * mega) == 303
    assert sent_whole(sponsor, f"/documents/{document.id}/attachments", "attachment", 33 * mega) == 413
    assert sent_whole(sponsor, "/documents/new", "attachment", 6 * mega) == 400  # no title
    long = f"--x\r\nContent-Disposition: form-data; name=brief\r\n\r\n{'x' * 5 * mega}\r\n--x--\r\n"
    words = sponsor.post("/documents/new", data=long, content_type="multipart/form-data; boundary=x")
    assert words.status_code == 413  # words are not files
    assert sent_whole(sponsor, "/documents/many", "file", 6 * mega) == 413
    assert sent_whole(sponsor, "/documents/unfinished", "attachment", 6 * mega) == 413


def test_states_in_which_nothing_is_added(session, cast, make_document, as_person):
    document = make_document("withdrawn")
    session.commit()
    sponsor = as_person(cast.sponsor)
    assert give(sponsor, document, ("a.txt", b"Notes")).status_code == 409
    assert "Reading matter" not in sponsor.get(f"/documents/{document.id}").text


def test_a_deleted_document_takes_its_files_along(session, cast, make_document):
    from copydesk.autodocs import deletion

    document = make_document("unassigned")
    attachments.add(session, document.id, cast.sponsor, [Upload("a.txt", b"Notes")])
    deletion.delete(session, document.id, cast.admin, reason="Because.", title=document.title)
    assert everything(session) == []
