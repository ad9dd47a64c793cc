"""What finding needs of each document, beside it: state changes of the document don't touch its words."""

import uuid

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from copydesk.db import Base

TITLE_KEY = 80  # characters of the title by which it is put in order


class DocumentSearch(Base):
    """Title, brief and current text as a search index sees them.

    A trigger writes the row with every revision, in its transaction (see the migration); nothing else does.
    """

    __tablename__ = "document_search"
    __table_args__ = (
        Index("ix_document_search_words", "words", postgresql_using="gin"),
        Index("ix_document_search_title", "title_key", "document_id"),
    )

    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    title_key: Mapped[str] = mapped_column(String(TITLE_KEY))  # in small letters, without accents
    words: Mapped[str] = mapped_column(TSVECTOR)  # weights: A the title, B the brief, C the text
