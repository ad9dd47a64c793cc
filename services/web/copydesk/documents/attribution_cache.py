"""Spans that were computed once, kept by revision. Anything here can be thrown away and comes back the same."""

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from copydesk.db import Base, CreatedAt


class Attribution(Base):
    """Who wrote which character of one revision, packed; `algorithm` is the version of the code that said so."""

    __tablename__ = "attributions"

    revision_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("revisions.id"), primary_key=True)
    algorithm: Mapped[int] = mapped_column(primary_key=True)
    spans: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]
