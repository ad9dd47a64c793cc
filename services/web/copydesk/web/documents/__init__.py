"""Documents in the browser: lists, the one page a document, the acts, the record."""

from copydesk.web.documents import (  # noqa: F401  they register their routes
    acts,
    comparing,
    continuations,
    deletion,
    desk_data,
    drafts,
    lists,
    live,
    looking,
    pages,
    passages,
    publishing,
    record,
    reviews,
    suggestions,
    tidying,
    waiving,
)
from copydesk.web.documents.routes import blueprint

__all__ = ["blueprint"]
