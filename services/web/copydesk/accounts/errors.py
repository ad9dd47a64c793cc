"""What can go wrong with people. The docstring is the message that a person reads."""


class AccountError(Exception):
    """Something about this account is not right."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class EmailTaken(AccountError):
    """There is already an account with this email address."""


class AlreadyDecided(AccountError):
    """Somebody else has decided on this account in the meantime."""


class ReasonNeeded(AccountError):
    """Please give a reason; the person will read it."""


class LastAdmin(AccountError):
    """This is the last admin: without one, nobody could be let in any more."""


class NotInProduction(AccountError):
    """The development people can never exist in production."""


class NoSuchTimeZone(AccountError):
    """Please choose a time zone from the list, such as Europe/Berlin."""
