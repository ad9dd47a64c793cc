"""Records of documents that were deleted: the record outlives its document."""

import datetime as dt
import uuid

from sqlalchemy import ForeignKey, Index, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from copydesk.db import Base


class KeptRecord(Base):
    """The last record of a deleted document, as its people would have downloaded it."""

    __tablename__ = "kept_records"
    __table_args__ = (Index("ix_kept_records_deleted", "deleted_at", "document_id"),)

    document_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(400))
    sponsor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    record: Mapped[str] = mapped_column(Text)  # JSON, byte for byte
    sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    deleted_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    deleted_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
