"""Documents in the browser: lists, the one page a document, the acts, the record."""

from copydesk.web.documents import acts, drafts, lists, pages, passages, record  # noqa: F401  they register their routes
from copydesk.web.documents.routes import blueprint

__all__ = ["blueprint"]
