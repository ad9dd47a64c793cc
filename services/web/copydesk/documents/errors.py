"""What can go wrong with documents. The docstring is the message that a person reads."""

from copydesk.documents.textdiff.merging import Merged


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


class TextsConflict(StaleHead):
    """You and somebody else changed the same words. Nothing was overwritten; please choose what stays."""

    def __init__(self, head: int, title: Merged, body: Merged) -> None:
        super().__init__()
        self.head, self.title, self.body = head, title, body  # merged with the text revision `head`


class InvalidInput(DocumentError):
    """Something you entered can't be accepted.

    `field` names the input at fault; `anchor` the place on the page to look at, where it is another.
    """

    def __init__(self, field: str, message: str, *, anchor: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.anchor = anchor


class CommentNeeded(InvalidInput):
    """Please say what should change; the editor will read it."""

    def __init__(self) -> None:
        super().__init__("comment", str(self.__doc__))


class NothingToDeliver(InvalidInput):
    """There is no text to deliver yet."""

    def __init__(self) -> None:
        super().__init__("body", str(self.__doc__))


class OpenSuggestions(InvalidInput):
    """Suggestions are still open. Accept or refuse each of them, then deliver."""

    def __init__(self, count: int, first: int) -> None:
        says = "One suggestion is still open. Accept or refuse it, then deliver."
        if count > 1:
            says = f"{count:,} suggestions are still open. Accept or refuse each of them, then deliver."
        super().__init__("body", says, anchor=f"suggestion-{first}")
        self.count = count
        self.first = first


class SuggestionNotFound(DocumentNotFound):
    """There is no such suggestion."""


class CommentNotFound(DocumentNotFound):
    """There is no such comment."""


class ThreadResolved(WrongState):
    """This comment is resolved. Please open it again before you reply."""


class SuggestionDecided(WrongState):
    """This suggestion was decided on already."""


class SuggestionGone(DocumentError):
    """The words that this suggestion would change are gone, so it can only be refused."""


class SuggestionsBeforeSigning(DocumentError):
    """Changes are still suggested for this text. Ask for changes, so that the editor can decide, or take them back."""


class EditorNotAvailable(InvalidInput):
    """This editor is not available any more; please choose another."""

    def __init__(self) -> None:
        super().__init__("editor", str(self.__doc__))


class SelfApproval(NotAllowed):
    """Nobody signs a text they revised themselves in this round."""


class RefusedChanges(DocumentError):
    """Something in this text is refused. Request changes, or accept it, before you approve."""

    def __init__(self, count: int) -> None:
        what = "One change is refused" if count == 1 else f"{count:,} changes are refused"
        super().__init__(f"{what}. Request changes, or accept what you refused, before you approve.")


class DecisionNotFound(DocumentError):
    """This change is not there any more. Please look at the text again."""


class SponsorNotAvailable(InvalidInput):
    """Please choose another sponsor: this person can’t take the document over."""

    def __init__(self) -> None:
        super().__init__("sponsor", str(self.__doc__))


class LinkNotFound(DocumentNotFound):
    """There is no such link."""


class LinkIsDead(DocumentError):
    """This link signs nothing any more."""


class UnreadMachineText(InvalidInput):
    """Nearly all of this text is the machine’s, and some of it nobody has touched. Please read it first."""

    def __init__(self, message: str, anchor: str) -> None:
        super().__init__("body", message, anchor=anchor)


class ChecksFailed(InvalidInput):
    """A check found something that nobody has answered for."""

    def __init__(self, message: str, anchor: str) -> None:
        super().__init__("body", message, anchor=anchor)


class NothingToWaive(InvalidInput):
    """The check finds something else by now, or nothing. Please look at it again."""

    def __init__(self) -> None:
        super().__init__("reason", str(self.__doc__))


class WaiverNotFound(DocumentError):
    """This was taken back already."""


class NoSuchParagraph(InvalidInput):
    """These words are not in the saved text any more, so there is nothing to review. Please look at it again."""

    def __init__(self) -> None:
        super().__init__("reason", str(self.__doc__))


class NothingToReview(InvalidInput):
    """This paragraph needs no review: it is not as the machine wrote it, or somebody has read it already."""

    def __init__(self) -> None:
        super().__init__("reason", str(self.__doc__))


class ReviewNotFound(DocumentError):
    """This review is not there any more."""


class TitleDoesNotMatch(InvalidInput):
    """This is not the document’s title. Please type it as it stands above."""

    def __init__(self) -> None:
        super().__init__("title", str(self.__doc__))
