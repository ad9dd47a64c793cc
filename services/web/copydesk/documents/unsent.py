"""What a person has typed and not saved yet, kept on the server: one row for each window they write in."""

import datetime as dt
import uuid

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from copydesk.db import Base, BigIntId


class Unsent(Base):
    """A title and a body on top of the text revision `base_number`; gone once it is saved or thrown away."""

    __tablename__ = "unsent_texts"
    __table_args__ = (
        UniqueConstraint("document_id", "person_id", "tab"),
        Index("ix_unsent_texts_document", "document_id", "kept_at"),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    tab: Mapped[str] = mapped_column(String(36))  # a name that the browser gives each of its windows
    base_number: Mapped[int]
    title: Mapped[str] = mapped_column(String(400))
    body: Mapped[str] = mapped_column(Text)
    version: Mapped[int]  # counts the window's own sendings, so that a late one can't undo a newer
    kept_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
