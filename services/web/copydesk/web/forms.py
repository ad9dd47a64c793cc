"""The forms. Labels are the ones people read; limits here mirror those of the rooms below."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired, MultipleFileField
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # younger than the stubs
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError
from wtforms.widgets import HiddenInput, TextInput

from copydesk.documents.text import clean, clean_line, is_blank


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


class ReasonForm(FlaskForm):
    reason = TextAreaField(
        "Reason",
        [
            visible("Please give a reason; the person will read it."),
            Length(max=1000, message="At most 1,000 characters."),
        ],
        filters=[block],
    )


class NoteForm(FlaskForm):
    """What admins remember of a person; nobody else reads it."""

    note = TextAreaField("Note", [Length(max=2000, message="At most 2,000 characters, please.")], filters=[block])


class WholeNumber(IntegerField):
    """A number somebody types; anything else is asked for again in plain words."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = (valuelist[0] if valuelist else "").strip().replace(",", "")
        if typed and not (typed.isascii() and typed.isdigit() and len(typed) < 10):
            raise ValueError("Please enter a whole number, or nothing.")
        self.data = int(typed) if typed else None


class BriefForm(FlaskForm):
    """What the sponsor asks for; lengths are checked by the documents room, which knows the desk's limits."""

    title = StringField("Title", filters=[line])
    brief = TextAreaField("Brief", filters=[block])
    most_words = WholeNumber("At most … words", [Optional()])
    must_keep = TextAreaField("Lines that must stand in the text", filters=[block])


class DraftOptionsForm(FlaskForm):
    """How a draft is to be written, as typed: `DraftOptions` reads and checks it, so that nothing typed is lost."""

    preset = StringField(default="balanced")
    length = StringField(default="usual")  # a handy choice, or "number": as many words as typed
    words = StringField("Number of words")
    n = StringField("How many drafts", default="1")
    template = SelectField("Template", validate_choice=False, choices=())
    strategy = SelectField(validate_choice=False, choices=())
    temperature = StringField()
    top_k = StringField()
    top_p = StringField()
    num_beams = StringField()
    repetition_penalty = StringField()
    no_repeat_ngram_size = StringField()
    seed = StringField()
    stop = TextAreaField()
    prefix = StringField()
    include_prefix = BooleanField(default=True)
    truncate = StringField()


class DueForm(FlaskForm):
    """By when it should be delivered: a date, or a date and a time on the person's own clock; empty: no date."""

    due = StringField("Deliver by", [Length(max=32, message="Please enter a date.")], filters=[line])
    zone = HiddenField(validators=[Optional(), Length(max=64)])


class NewDocumentForm(BriefForm, DueForm, DraftOptionsForm):
    ticket = HiddenField()
    kept_version = HiddenField()  # of the unfinished brief that is gone on with
    from_template = HiddenField()
    attachment = MultipleFileField("Files to read")
    editor = SelectField("Editor", coerce=str, validate_choice=False)
    submit = SubmitField("Create document")


class TemplateForm(DraftOptionsForm):
    """A brief template; its fields come as rows of a name, a help and a tick, see `web.brief_templates`."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    name = StringField("Name", filters=[line])
    title = StringField("Title", filters=[line])
    brief = TextAreaField("Brief", filters=[block])
    most_words = WholeNumber("At most … words", [Optional()])
    must_keep = TextAreaField("Lines that must stand in the text", filters=[block])


class ManyBriefsForm(FlaskForm):
    file = FileField("The file", [FileRequired("Please choose a file.")])


class AttachmentForm(FlaskForm):
    attachment = MultipleFileField("Add files")


class EditBriefForm(BriefForm):
    base = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    submit = SubmitField("Save brief")


class PassageForm(FlaskForm):
    """A passage of the text: characters `start` to `end` of revision `base_revision`, and how many candidates."""

    base_revision = IntegerField(validators=[InputRequired("Please open the text again.")])
    start = IntegerField(validators=[InputRequired("Please choose a passage.")])
    end = IntegerField(validators=[InputRequired("Please choose a passage.")])
    count = IntegerField(default=3, validators=[NumberRange(1, 5, "One to five candidates, please.")])


class ReviewForm(FlaskForm):
    """“Reviewed unchanged, because …”: typed, or by the button of a handy reason."""

    sha256 = HiddenField(validators=[InputRequired("Please open the text again."), Length(max=64)])
    reason = StringField("Reviewed unchanged, because …", [Length(max=500, message="At most 500 characters, please.")])
    quick = StringField()


class WaiveForm(FlaskForm):
    """“It may stay, because …” of what a check found."""

    fingerprint = HiddenField(validators=[InputRequired("Please open the text again."), Length(max=64)])
    reason = StringField("It may stay, because …", [Length(max=500, message="At most 500 characters, please.")])


class DeletionForm(FlaskForm):
    title = StringField("The document’s title, to confirm", [Length(max=400, message="This is not the title.")])
    reason = TextAreaField(
        "Reason",
        [
            visible("Please give a reason; the document’s people will read it."),
            Length(max=1000, message="At most 1,000 characters, please."),
        ],
        filters=[block],
    )


class TextForm(FlaskForm):
    title = StringField("Title", filters=[line])
    body = TextAreaField("Text", filters=[block])
    base_revision = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    # The window it was typed in, and which of its sendings this is; only script knows them.
    tab = HiddenField(validators=[Optional(), Regexp(r"^[A-Za-z0-9-]{1,36}$")])
    version = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(0, 2**31 - 1)])
    typed_on = IntegerField(widget=HiddenInput(), validators=[Optional()])  # with choices: what they were typed on


class SuggestForm(FlaskForm):
    """A changed text, as suggestions; with `start` and `end` other words for one place."""

    base_revision = IntegerField(widget=HiddenInput(), validators=[InputRequired("Please open the text again.")])
    body = TextAreaField("Text", filters=[block])
    start = IntegerField(validators=[Optional(), NumberRange(0, message="Please choose a place in the text.")])
    end = IntegerField(validators=[Optional(), NumberRange(0, message="Please choose a place in the text.")])
    note = TextAreaField("Why?", [Length(max=1000, message="At most 1,000 characters, please.")], filters=[block])


class TidyForm(FlaskForm):
    """Which rules may go over which version of the text."""

    base_revision = IntegerField(widget=HiddenInput(), validators=[InputRequired("Please open the text again.")])


class HouseWordForm(FlaskForm):
    word = StringField("The house writes", filters=[line])
    instead_of = StringField("Instead of", filters=[line])


class WordListForm(FlaskForm):
    pasted = TextAreaField(
        "A list, one word a line", [Length(max=1_000_000, message="This list is too long.")], filters=[block]
    )


class SayForm(FlaskForm):
    """A reply, or a comment in other words; the documents room checks the words."""

    comment = TextAreaField("Reply", filters=[block])


class NewCommentForm(FlaskForm):
    """A comment on words of the text, or on all of it; `start` and `end` are of revision `base`, where script runs."""

    comment = TextAreaField("Comment", filters=[block])
    about = TextAreaField("About these words", filters=[block])
    base = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(0, 2**31 - 1)])
    start = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(0, 2**31 - 1)])
    end = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(0, 2**31 - 1)])
    hidden = BooleanField("Hide it from the sponsor")


class CommentForm(FlaskForm):
    comment = TextAreaField(
        "What should change?",
        [Length(max=5000, message="At most 5,000 characters, please.")],
        filters=[block],
    )


class DeclineForm(CommentForm):
    """Stands on the page beside the form for changes: its field has an id of its own."""

    comment = TextAreaField(
        "Why?",
        [Length(max=5000, message="At most 5,000 characters, please.")],
        filters=[block],
        id="decline-comment",
    )


class ApproveForm(FlaskForm):
    """The statement is made by the button: it stands in words above it."""

    sha256 = HiddenField(validators=[InputRequired("Please open the text again."), Length(max=64)])
    responsible = SelectField("Who holds editorial responsibility", coerce=str, validate_choice=False, choices=())
    responsible_name = StringField("Or somebody else: name", filters=[line])
    responsible_role = StringField("Their role", filters=[line])
    examined = TextAreaField("What was examined, and how", filters=[block])


class LinkForm(FlaskForm):
    """Signing by the link of a letter: the address is the secret, so there is no token besides."""

    class Meta:
        csrf = False

    examined = TextAreaField(
        "What was examined, and how",
        [Length(max=2000, message="At most 2,000 characters, please.")],
        filters=[block],
    )


class DecisionForm(FlaskForm):
    """On one change: accept or refuse it; and the editor's answer to a refusal."""

    sha256 = HiddenField(validators=[Optional(), Length(max=64)])
    fingerprint = HiddenField(validators=[Optional(), Length(max=64)])
    verdict = StringField(validators=[Optional(), Length(max=10)])
    reason = StringField("Why?", [Length(max=500, message="At most 500 characters, please.")], filters=[line])


class HandOverForm(FlaskForm):
    sponsor = SelectField("New sponsor", coerce=str, validate_choice=False)
    reason = TextAreaField(
        "Why?",
        [
            visible("Please say why; both sponsors read it."),
            Length(max=1000, message="At most 1,000 characters, please."),
        ],
        filters=[block],
    )


class QuestionForm(FlaskForm):
    """A question to the sponsor, or the answer."""

    words = TextAreaField("Question", [Length(max=5000, message="At most 5,000 characters, please.")], filters=[block])


class PublishForm(FlaskForm):
    how = RadioField(
        "When, and for whom?",
        choices=[
            SelectChoice("now", "Now, for everyone"),
            SelectChoice("time", "For everyone, at a time"),
            SelectChoice("embargo", "Under embargo: with the link now, for everyone at a time"),
            SelectChoice("link", "With the link only"),
        ],
        default="now",
    )
    at = StringField("Date and time", [Length(max=32, message="Please enter a date and a time.")], filters=[line])
    zone = HiddenField(validators=[Optional(), Length(max=64)])
    note = TextAreaField("What readers are told", filters=[block])


class ReopenForm(FlaskForm):
    change = RadioField(
        "What is it?",
        choices=[
            SelectChoice("correction", "A correction: something was wrong"),
            SelectChoice("update", "An update: something is new"),
        ],
        validators=[InputRequired("Please choose one of the two.")],
    )
    reason = TextAreaField(
        "What should change?",
        [
            visible("Please say what should change; the editor reads it."),
            Length(max=2000, message="At most 2,000 characters, please."),
        ],
        filters=[block],
    )


class WhyForm(FlaskForm):
    why = TextAreaField(
        "Why?",
        [visible("Please say why."), Length(max=2000, message="At most 2,000 characters, please.")],
        filters=[block],
    )


class AssignForm(FlaskForm):
    editor = SelectField("Editor", coerce=str, validate_choice=False)
    submit = SubmitField("Assign")


class RoutingForm(FlaskForm):
    """How the desk routes work."""

    choose_by_load = BooleanField("The desk gives a text without an editor to whoever has least in hand")
    days_to_edit = WholeNumber("Days to edit", [Optional()])
    hours_before = WholeNumber("Hours before the date", [InputRequired("Please enter a number; 0 for no reminder.")])
    days_between = WholeNumber("Days between reminders", [InputRequired("Please enter a number of days.")])


class PauseForm(FlaskForm):
    note = TextAreaField(
        "Why?",
        [
            visible("Please say why; sponsors read it while they wait."),
            Length(max=300, message="At most 300 characters, please."),
        ],
        filters=[block],
    )


class SettingsForm(FlaskForm):
    """A person's clock; what they hear of is read beside it, group by group."""

    time_zone = StringField("Time zone", [Length(max=64, message="This name is too long.")], filters=[line])
    hour = SelectField(
        "Hour of the daily digest",
        choices=[SelectChoice(str(hour), f"{hour:02}:00") for hour in range(24)],
        default="8",
    )


class SearchForm(FlaskForm):
    class Meta:
        csrf = False

    q = StringField("Search", [Optional(), Length(max=100)], filters=[line])


class AuditFilterForm(FlaskForm):
    """What is looked for in the log; each field that is no good is passed over, and says so."""

    class Meta:
        csrf = False

    who = StringField("Who", [Optional(), Length(max=320)], filters=[line])
    act = StringField("What", [Optional(), Regexp(r"^[a-z_.]{1,64}$", message="Letters and dots, please.")])
    kind = StringField("Kind", [Optional(), Regexp(r"^[a-z_]{1,32}$", message="Letters, please.")])
    object = StringField("Its number", [Optional(), Length(max=64)], filters=[line])
    address = StringField("Address", [Optional(), Length(max=64)], filters=[line])
    since = DateField("From", [Optional()])
    until = DateField("Until", [Optional()])


class OtherServerForm(FlaskForm):
    """Another OpenAI-style server, and which of its models; its key stands in the configuration."""

    url = StringField(
        "Address",
        [visible("Please enter the server’s address."), Length(max=250, message="At most 250 characters.")],
        filters=[line],
    )
    model = StringField("Model", [Length(max=200, message="At most 200 characters.")], filters=[line])


# Events of `webhooks.models` in words.
TOLD = {
    "text.published": "Published",
    "text.corrected": "Corrected",
    "text.updated": "Updated",
    "text.retracted": "Retracted",
}


class WebhookForm(FlaskForm):
    url = StringField(
        "Address",
        [visible("Please enter an address."), Length(max=500, message="At most 500 characters.")],
        filters=[line],
    )
    events = SelectMultipleField(
        "What it is told",
        choices=[SelectChoice(name, says) for name, says in TOLD.items()],
        default=list(TOLD),
    )
