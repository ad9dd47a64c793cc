"""Forms of accounts. A password is never shown again, however wrong the rest of its form is."""

from collections.abc import Iterable
from typing import Any

from flask import current_app, request, url_for
from flask_security.utils import validate_redirect_url
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # younger than the stubs
from wtforms.validators import Email, EqualTo, InputRequired, Length, ValidationError

from copydesk.accounts import passwords
from copydesk.accounts.models import Role
from copydesk.web.forms import line, visible

MISMATCH = "The two passwords differ. Please type the new one twice."


def _email() -> EmailField:
    return EmailField(
        "Email",
        [
            InputRequired("Please enter your email address."),
            Length(max=320, message="This address is too long."),
            Email("This does not look like an email address.", check_deliverability=False),
        ],
        filters=[line],
    )


def good_password(about: Iterable[str]) -> Any:
    """`about`: the names of fields with what is known of the person; of the form's person where it has one."""

    def check(form: Any, field: Any) -> None:
        known = [form[name].data or "" for name in about if name in form]
        if getattr(form, "address", None):
            known.append(form.address)
        if getattr(form, "person", None) is not None:
            known += [form.person.name, form.person.email, form.person.organization]
        url = current_app.config["COPYDESK"].stolen_passwords_url
        fault = passwords.fault(field.data or "", known, stolen_url=url)
        if fault is not None:
            raise ValidationError(fault)

    return check


class SignupForm(FlaskForm):
    name = StringField(
        "Name",
        [visible("Please enter your name."), Length(max=120, message="At most 120 characters.")],
        filters=[line],
    )
    email = _email()
    organization = StringField(
        "Organization",
        [visible("Please enter where you work."), Length(max=160, message="At most 160 characters.")],
        filters=[line],
    )
    password = PasswordField(
        "Password", [InputRequired("Please choose a password."), good_password(("name", "email", "organization"))]
    )
    submit = SubmitField("Request access")


class JoinForm(FlaskForm):
    """Of somebody who was invited: the address is known."""

    name = StringField(
        "Name",
        [visible("Please enter your name."), Length(max=120, message="At most 120 characters.")],
        filters=[line],
    )
    organization = StringField("Organization", [Length(max=160, message="At most 160 characters.")], filters=[line])
    password = PasswordField(
        "Password", [InputRequired("Please choose a password."), good_password(("name", "organization"))]
    )

    def __init__(self, email: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.address = email


class InviteForm(FlaskForm):
    email = _email()
    role = SelectField("As", choices=[SelectChoice(role.value, role.value.capitalize()) for role in Role])


class AddressForm(FlaskForm):
    """Whose password is forgotten, or whose address is not confirmed."""

    email = _email()


class NewPasswordForm(FlaskForm):
    """By the link of a letter."""

    password = PasswordField("New password", [InputRequired("Please choose a password."), good_password(())])
    again = PasswordField("The same once more", [EqualTo("password", MISMATCH)])

    def __init__(self, person: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.person = person


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField("Password so far", [InputRequired("Please enter your password."), Length(max=1024)])


class ChangeAddressForm(FlaskForm):
    email = _email()
    current = PasswordField("Password", [InputRequired("Please enter your password."), Length(max=1024)])


class PersonForm(FlaskForm):
    """What others read of a person."""

    name = StringField(
        "Name",
        [visible("Please enter your name."), Length(max=120, message="At most 120 characters.")],
        filters=[line],
    )
    organization = StringField("Organization", [Length(max=160, message="At most 160 characters.")], filters=[line])


class LeaveForm(FlaskForm):
    """Deleting one's account: the address is typed once more, so that no click does it."""

    email = EmailField("Your address, to be sure", [InputRequired("Please enter your address."), Length(max=320)])
    pseudonym = BooleanField("Take my name out of the texts' records, too")


class CodeForm(FlaskForm):
    """Of the app, or from the drawer."""

    code = StringField("Code", [InputRequired("Please enter a code."), Length(max=40)], filters=[line])


class PasswordAgainForm(FlaskForm):
    password = PasswordField("Password", [InputRequired("Please enter your password."), Length(max=1024)])
    next = HiddenField(default=lambda: request.args.get("next", ""))

    def where(self) -> str:
        """The page of this desk from which somebody came."""
        wanted = self.next.data or ""
        good = wanted.startswith("/") and validate_redirect_url(wanted)
        return wanted if good else url_for("account.settings")
