"""JSON that pages of this desk send: an object, said to be JSON, no deeper than any of ours, no longer than allowed.

How long, `MAX_CONTENT_LENGTH` says (413). How deep, the parser: below two hundred, and it never recurses further.
"""

from typing import Annotated, TypeVar

from flask import abort, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from copydesk.documents.errors import InvalidInput

NOT_OURS = "This was not sent by a page of this desk."
Count = Annotated[int, Field(ge=0, lt=2**31)]  # a whole number that a column can hold


class Message(BaseModel):
    """What a page sends; anything else in it is refused, and no value is taken for one of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


Sent = TypeVar("Sent", bound=Message)


def read(kind: type[Sent], *, otherwise: str = NOT_OURS) -> Sent:
    """The message of this request; 415 when it is not said to be JSON: a form of another site can't say so.

    Raises:
        InvalidInput: it is none, or not one that a page of ours sends.
    """
    if request.mimetype != "application/json":
        abort(415)
    try:
        return kind.model_validate_json(request.get_data())
    except ValidationError as error:
        raise InvalidInput("body", otherwise) from error
