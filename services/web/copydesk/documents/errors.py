"""What can go wrong with documents. The docstring is the message that a person reads."""


class DocumentError(Exception):
    """Something about this document is not right."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class DocumentNotFound(DocumentError):
    """There is no such document, or it is not yours to see."""


class NotAllowed(DocumentError):
    """You may see this document, but this is not yours to do."""


class WrongState(DocumentError):
    """The document has moved on in the meantime, so this can't be done any more."""


class StaleHead(DocumentError):
    """Somebody saved a newer version while you were writing. Nothing was overwritten."""


class InvalidInput(DocumentError):
    """Something you entered can't be accepted.

    `field` names the input at fault.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class CommentNeeded(InvalidInput):
    """Please say what should change; the editor will read it."""

    def __init__(self) -> None:
        super().__init__("comment", str(self.__doc__))


class NothingToDeliver(InvalidInput):
    """There is no text to deliver yet."""

    def __init__(self) -> None:
        super().__init__("body", str(self.__doc__))


class EditorNotAvailable(InvalidInput):
    """This editor is not available any more; please choose another."""

    def __init__(self) -> None:
        super().__init__("editor", str(self.__doc__))


class SelfApproval(NotAllowed):
    """Nobody signs a text they revised themselves in this round."""
