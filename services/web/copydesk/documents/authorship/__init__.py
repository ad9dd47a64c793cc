"""Who wrote which character of a text, computed from revisions and recorded acts alone; the browser is never asked.

`docs/authorship.md` says what counts as whose. Others call `copydesk.autodocs.authors`, which knows the sources.
"""

from copydesk.documents.authorship.packing import pack, unpack
from copydesk.documents.authorship.replay import ALGORITHM, History, spans
from copydesk.documents.authorship.spans import Origin, Source, Span

__all__ = ["ALGORITHM", "History", "Origin", "Source", "Span", "pack", "spans", "unpack"]
