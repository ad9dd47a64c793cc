"""The forms. Labels are the ones people read; limits here mirror those of the rooms below."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import Email, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import HiddenInput

from copydesk.documents.text import clean, clean_line, is_blank

LEAST_PASSWORD = 8


def line(value: str | None) -> str | None:
    return value if value is None else clean_line(value)


def block(value: str | None) -> str | None:
    return value if value is None else clean(value)


def visible(message: str) -> Any:
    """A field with nothing a reader could see is empty, whatever invisible characters it holds."""

    def check(form: FlaskForm, field: Any) -> None:
        if is_blank(field.data or ""):
            raise ValidationError(message)

    return check


class SignupForm(FlaskForm):
    name = StringField(
        "Name",
        [visible("Please enter your name."), Length(max=120, message="At most 120 characters.")],
        filters=[line],
    )
    email = EmailField(
        "Email",
        [
            InputRequired("Please enter your email address."),
            Length(max=320, message="This address is too long."),
            Email("This does not look like an email address.", check_deliverability=False),
        ],
        filters=[line],
    )
    organization = StringField(
        "Organization",
        [visible("Please enter where you work."), Length(max=160, message="At most 160 characters.")],
        filters=[line],
    )
    password = PasswordField(
        "Password",
        [
            InputRequired("Please choose a password."),
            Length(min=LEAST_PASSWORD, message=f"At least {LEAST_PASSWORD} characters, please."),
            Length(max=256, message="At most 256 characters."),
        ],
    )
    submit = SubmitField("Request access")


class ReasonForm(FlaskForm):
    reason = TextAreaField(
        "Reason",
        [
            visible("Please give a reason; the person will read it."),
            Length(max=1000, message="At most 1,000 characters."),
        ],
        filters=[block],
    )


class BriefForm(FlaskForm):
    """What the sponsor asks for; lengths are checked by the documents room, which knows the desk's limits."""

    title = StringField("Title", filters=[line])
    brief = TextAreaField("Brief", filters=[block])


class NewDocumentForm(BriefForm):
    editor = SelectField("Editor", coerce=str, validate_choice=False)
    submit = SubmitField("Create document")


class EditBriefForm(BriefForm):
    base = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    submit = SubmitField("Save brief")


class TextForm(FlaskForm):
    title = StringField("Title", filters=[line])
    body = TextAreaField("Text", filters=[block])
    base_revision = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class CommentForm(FlaskForm):
    comment = TextAreaField(
        "What should change?",
        [Length(max=5000, message="At most 5,000 characters, please.")],
        filters=[block],
    )


class ApproveForm(FlaskForm):
    statement = BooleanField(
        "I have read this text and I am responsible for its publication.",
        [InputRequired("Please confirm that you have read the text.")],
    )
    sha256 = HiddenField(validators=[InputRequired()])


class AssignForm(FlaskForm):
    editor = SelectField("Editor", coerce=str, validate_choice=False)
    submit = SubmitField("Assign")


class SearchForm(FlaskForm):
    class Meta:
        csrf = False

    q = StringField("Search", [Optional(), Length(max=100)], filters=[line])
