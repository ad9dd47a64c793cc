"""What a sponsor may have beside documents: an unfinished brief, a template, a table of briefs, a file to read."""

import uuid

from copydesk.documents.asking import attachments, batches, templates, unfinished
from copydesk.documents.asking.attachments import Upload
from copydesk.documents.asking.templates import Content, Field

TABLE = b"title,brief\nOne,First\n,Nameless\n"
TEMPLATE = Content(
    "An opening",
    "[Artist] in [Place]",
    "In [Place], [Artist] shows new work.\n[Hours]",
    (Field("Place", "The hall and the street"), Field("Artist"), Field("Hours", required=False), Field("Contact")),
    must_keep="[Place]",
    most_words=400,
    options={"preset": "careful"},
)


def rows(session, document, endpoint):
    """The numbers in the address of this page, with what they stand for."""
    sponsor, name = document.sponsor, endpoint.partition(".")[2]
    if endpoint.startswith("brief_templates."):
        return {"template_id": templates.add(session, sponsor, TEMPLATE).id}
    if name in ("delete_unfinished", "restore_unfinished"):
        kept = unfinished.keep(session, sponsor, uuid.uuid4(), {"title": "Begun"}, version=0, new=uuid.uuid4())
        return {"number": kept.unfinished.id}
    if name in ("planned", "create_many", "not_created"):
        return {"number": batches.keep(session, sponsor, "briefs.csv", TABLE).id}
    if name in ("attachment", "remove_attachment"):
        return {"number": attachments.add(session, document.id, sponsor, [Upload("a.txt", b"Notes")])[0].id}
    return {}
