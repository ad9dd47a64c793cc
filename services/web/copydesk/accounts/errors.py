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


class TooLate(AccountError):
    """This can't be taken back any more: something has happened with the account since."""


class StillResponsible(AccountError):
    """This person is the sponsor of texts that are not finished. Hand those over to another sponsor first."""


class InvitationVoid(AccountError):
    """This invitation is not good any more: it was used, taken back, or is too old. Ask for a new one."""


class NotInProduction(AccountError):
    """The development people can never exist in production."""


class NoSuchTimeZone(AccountError):
    """Please choose a time zone from the list, such as Europe/Berlin."""
