"""Documents in the browser: lists, the one page a document, the acts, the record."""

from copydesk.web.documents import (  # noqa: F401  they register their routes
    acts,
    bulk,
    comments,
    comparing,
    continuations,
    deadline,
    deletion,
    desk_data,
    drafts,
    handing_over,
    lists,
    live,
    looking,
    many,
    new,
    pages,
    passages,
    publishing,
    reading_matter,
    record,
    reviews,
    signing_off,
    suggestions,
    tidying,
    today,
    unfinished,
    views,
    waiving,
)
from copydesk.web.documents.routes import blueprint

__all__ = ["blueprint"]
