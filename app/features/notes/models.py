"""How notes are stored."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Integer, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.data.database import Model

TITLE_LENGTH = 200
BODY_LENGTH = 10_000
LARGEST_ID = 2**63 - 1  # of a bigint; PostgreSQL refuses to look for a larger one


class Note(Model):
    """A note; the database holds the limits too, whoever writes to it."""

    __tablename__ = "notes"
    __table_args__ = (
        CheckConstraint(f"char_length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="title_length"),
        CheckConstraint(f"char_length(body) <= {BODY_LENGTH}", name="body_length"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    words: Mapped[int | None] = mapped_column(Integer)  # of the body; null until a job has counted them
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )
