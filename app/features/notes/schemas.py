"""What clients send and what they get; what is not acceptable is refused here."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.features.notes.models import BODY_LENGTH, TITLE_LENGTH


def _without_nul(text: str) -> str:
    """PostgreSQL cannot store U+0000."""
    if "\0" in text:
        raise ValueError("must not contain U+0000")
    return text


Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LENGTH),
    AfterValidator(_without_nul),
    Field(examples=["Groceries"]),
]
Body = Annotated[
    str,
    StringConstraints(max_length=BODY_LENGTH),
    AfterValidator(_without_nul),
    Field(examples=["Bread, and something to put on it."]),
]


class NoteIn(BaseModel):
    """A note to be made."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    body: Body = ""


class NoteChange(BaseModel):
    """What to change in a note; what is absent stays as it is."""

    model_config = ConfigDict(extra="forbid")

    # Optional, yet not nullable: a title can be left alone, but not taken away.
    title: Title = Field(default_factory=str)
    body: Body = Field(default_factory=str)


class NoteOut(BaseModel):
    """A note as it is stored."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    body: str
    words: int | None = Field(description="In the body; null until they are counted, a moment later.")
    created_at: datetime
    updated_at: datetime


class NoteQuery(BaseModel):
    """Which part of the list to send."""

    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, pattern=r"^[0-9]{1,18}$")


class NotePage(BaseModel):
    """Part of the list, newest first; `next_cursor` leads to what follows, and is null at the end."""

    items: list[NoteOut]
    next_cursor: str | None
