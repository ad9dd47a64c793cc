"""The record of a document, for machines: who, or what, wrote every character."""

import uuid

from flask import Response, current_app
from flask.typing import ResponseReturnValue

from copydesk.autodocs import probabilities, requests
from copydesk.autodocs.models import Autodoc
from copydesk.documents import authorship, chain
from copydesk.documents.models import Revision
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.extensions import db
from copydesk.web.guards import approved


@blueprint.get("/<uuid:document_id>/record.json")
@approved()
def record(document_id: uuid.UUID) -> ResponseReturnValue:
    """Revisions with their hashes, every machine draft, and spans that tile the current text exactly."""
    document = load(document_id)
    revisions = chain.revisions(db.session(), document_id)
    head = next((one for one in reversed(revisions) if one.number == document.text_number), None)
    names = {one.author_id: one.author.name for one in revisions if one.author is not None}
    became = {one.autodoc_id: one.number for one in revisions if one.autodoc_id is not None}
    answer = {
        "document": str(document.id),
        "title": document.title,
        "state": document.state.value,
        "text": head.body if head else "",
        "signed_sha256": document.signed_sha256,
        "revisions": [_revision(one) for one in revisions],
        "drafts": [_draft(one, became.get(one.id)) for one in requests.everything(db.session(), document_id)],
        "spans": [
            {
                "start": span.start,
                "end": span.end,
                "origin": span.origin,
                "author": names.get(span.author_id),
                "revision": span.revision,
            }
            for span in authorship.spans(revisions)
        ],
    }
    return Response(current_app.json.dumps(answer), mimetype="application/json")


def _draft(one: Autodoc, revision: int | None) -> dict[str, object]:
    """What the machine read, with what, and all that it wrote: also what was cut off, and drafts that failed.

    `revision`: which one it became, if it did.
    """
    return {
        "autodoc": one.id,
        "number": one.number,
        "kind": one.kind.value,
        "request": one.request,
        "choice": one.choice,
        "revision": revision,
        "span": None if one.span_start is None else _place(one),
        "state": one.state.value,
        "reason": one.reason,
        "model": one.model,
        "model_sha256": one.model_sha256,
        "engine": one.engine,
        "seed": one.seed,
        "options": one.options,
        "sampling": one.sampling,
        "template": one.template,
        "prefix": one.prefix,
        "include_prefix": one.include_prefix,
        "truncate": one.truncate,
        "prompt_tokens": one.prompt_tokens,
        "keep": one.keep,
        "read_from_char": one.read_from_char,
        "output_tokens": one.output_tokens,
        "token_logprobs": None if one.token_logprobs is None else probabilities.unpack(one.token_logprobs),
        "text": one.text,
        "trimmed": one.trimmed,
    }


def _place(one: Autodoc) -> dict[str, object]:
    """Where words for a passage belong, and how likely what follows is after them."""
    return {"start": one.span_start, "end": one.span_end, "base": one.base_number, "score": one.score}


def _revision(one: Revision) -> dict[str, object]:
    return {
        "number": one.number,
        "kind": one.kind.value,
        "round": one.round,
        "title": one.title,
        "body": one.body,
        "author": one.author.name if one.author else None,
        "author_id": one.author_id,
        "autodoc": one.autodoc_id,
        "span": None if one.span_start is None else [one.span_start, one.span_end],
        "created_at": one.created_at.isoformat(timespec="microseconds"),
        "parent_sha256": one.parent_sha256,
        "sha256": one.sha256,
    }
