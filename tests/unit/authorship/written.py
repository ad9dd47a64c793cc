"""Documents for tests: revisions as the desk appends them, without a database."""

import datetime as dt
import uuid

from copydesk.documents import authorship, chain
from copydesk.documents.authorship import Source
from copydesk.documents.models import Kind, Revision

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ANA, BEN = 7, 8


class Written:
    """A text on its way; each call adds a revision or something that the machine wrote. A minute passes with each."""

    def __init__(self, brief=""):
        self.revisions = []
        self.sources = []
        self.drafts = {}  # id: words
        self.now = START
        if brief:
            self.brief(brief)

    @property
    def text(self):
        return next((one.body for one in reversed(self.revisions) if one.kind is not Kind.BRIEF), "")

    def brief(self, words):
        return self._append(Kind.BRIEF, words, author_id=1)

    def draft(self, words):
        """The machine's draft becomes the text."""
        return self._append(Kind.MACHINE, words, autodoc_id=self.candidate(words))

    def redraft(self, old, new):
        """Its first `old` becomes the machine's `new`, and nothing else."""
        start = self.text.index(old)
        return self.redraft_at(start, start + len(old), new)

    def redraft_at(self, start, end, new):
        body = self.text[:start] + new + self.text[end:]
        return self._append(Kind.MACHINE, body, autodoc_id=self.candidate(new), span=(start, end))

    def save(self, body, by=ANA, merged_from=None):
        return self._append(Kind.HUMAN, body, author_id=by, merged_from=merged_from)

    def suggestion(self, old, new, by=BEN, accepted_by=ANA):
        """`by` proposed `new` for `old`; `accepted_by` took it."""
        start = self.text.index(old)
        return self.suggestion_at(start, start + len(old), new, by, accepted_by)

    def suggestion_at(self, start, end, new, by=BEN, accepted_by=ANA):
        body = self.text[:start] + new + self.text[end:]
        return self._append(Kind.HUMAN, body, author_id=by, accepted_by_id=accepted_by, span=(start, end))

    def tidy(self, body, by=ANA):
        return self._append(Kind.TOOL, body, author_id=by, tool="quotes")

    def candidate(self, words):
        """The machine wrote them, and nobody took them yet."""
        number = len(self.drafts) + 1
        self.drafts[number] = words
        self.sources.append(Source("machine", words, number, self._next()))
        return number

    def accepted(self, words, of=None, at=None):
        """A person took the first words of a candidate for character `at` into a text that is not saved yet."""
        number = self.candidate(of or words)
        self.sources.append(Source("machine", words, number, self._next(), certain=True, asked_at=at))
        return number

    def spans(self):
        return authorship.spans(self.revisions, self.sources)

    def told(self):
        return [(self.text[span.start : span.end], span.origin, span.author_id) for span in self.spans()]

    def whose(self, words):
        """The origins and authors of the first such words."""
        start = self.text.index(words)
        end = start + len(words)
        return {(span.origin, span.author_id) for span in self.spans() if span.start < end and span.end > start}

    def _append(self, kind, body, span=None, **fields):
        revision = Revision(
            document_id=uuid.UUID(int=0),
            number=len(self.revisions) + 1,
            kind=kind,
            title="T",
            body=body,
            round=1,
            span_start=span[0] if span else None,
            span_end=span[1] if span else None,
            parent_sha256=self.revisions[-1].sha256 if self.revisions else None,
            created_at=self._next(),
            **fields,
        )
        revision.sha256 = chain.digest(revision)
        self.revisions.append(revision)
        return revision

    def _next(self):
        self.now += dt.timedelta(minutes=1)
        return self.now
