"""Whose words they are, case by case."""

import pytest

from copydesk.documents import authorship
from tests.unit.authorship.written import ANA, BEN, Written

DRAFT = "The old bakery on the corner smells of flour. Nobody opens before six. The ovens are hot by then."
MACHINE = ("machine", None)


def human(who=ANA):
    return ("human", who)


# The four failures of other desks


def test_an_accepted_suggestion_erases_no_other_mark():
    written = Written()
    written.draft(DRAFT)
    written.save(DRAFT.replace("Nobody opens", "Really nobody opens"))
    written.suggestion("smells of flour", "smells of warm flour")
    assert written.whose("warm") == {human(BEN)}
    assert written.whose("Really") == {human(ANA)}
    assert written.whose("The old bakery") == MACHINE_ONLY
    assert written.whose("flour.") == MACHINE_ONLY


def test_a_suggestion_of_a_whole_sentence_is_its_authors_only_where_it_differs():
    written = Written()
    written.draft(DRAFT)
    written.suggestion("Nobody opens before six.", "Nobody opens before seven o'clock.")
    assert written.whose("Nobody opens before ") == MACHINE_ONLY
    assert written.whose("seven o'clock") == {human(BEN)}


def test_typed_words_are_marked():
    written = Written()
    written.draft(DRAFT)
    written.save(DRAFT + " I was there on Monday.")
    assert written.told()[-1] == (" I was there on Monday.", *human())


def test_a_machine_written_start_is_not_the_persons():
    written = Written("Write about the bakery.")
    written.draft(DRAFT)
    written.save(DRAFT + " Bread.")
    counted = {origin: sum(len(words) for words, one, _ in written.told() if one == origin) for origin in ("human",)}
    assert counted == {"human": len(" Bread.")}


def test_who_takes_over_is_not_credited_with_what_was_typed_before():
    written = Written()
    written.draft(DRAFT)
    written.save(DRAFT + " Ana typed this and did not send it.", by=ANA)
    written.save(DRAFT + " Ana typed this and did not send it. Ben goes on.", by=BEN)
    assert written.told()[1:] == [
        (" Ana typed this and did not send it.", *human(ANA)),
        (" Ben goes on.", *human(BEN)),
    ]


# Moved, brought back, typed again


def test_words_that_moved_keep_their_author():
    written = Written()
    written.draft(DRAFT)
    written.save(DRAFT.replace("corner", "square"))
    moved = "Nobody opens before six. "
    written.save("Yes. " + moved + written.text.replace(moved, ""), by=BEN)
    assert written.whose(moved.strip()) == MACHINE_ONLY
    assert written.whose("square") == {human(ANA)}
    assert written.whose("Yes.") == {human(BEN)}


def test_a_short_line_that_moved_is_known_again():
    written = Written()
    written.draft("Butter milk\nSugar and salt\nEggs from the market\n")
    written.save("Sugar and salt\nEggs from the market\nButter milk\n")
    assert written.whose("Butter milk") == MACHINE_ONLY


def test_deleted_machine_words_that_come_back_are_still_the_machines():
    written = Written()
    written.draft(DRAFT)
    written.save("The old bakery on the corner smells of flour.")
    written.save("Only this is left, said the baker.", by=BEN)
    written.save(DRAFT)
    assert {origin for _, origin, _ in written.told()} == {"machine"}
    assert (written.spans()[0].autodoc_id, written.spans()[0].at) == (1, 0)


def test_an_undone_edit_brings_back_each_persons_own_words():
    written = Written()
    written.draft(DRAFT)
    edited = DRAFT.replace("Nobody opens before six.", "Nobody but the baker's cat opens before six.")
    written.save(edited, by=BEN)
    written.save("The old bakery on the corner smells of flour.")
    written.save(edited)
    assert written.whose("but the baker's cat") == {human(BEN)}
    assert written.whose("The ovens are hot by then.") == MACHINE_ONLY
    assert not any(author == ANA for *_, author in written.told())


def test_a_word_that_is_typed_again_alike_counts_as_kept():
    written = Written()
    written.draft(DRAFT)
    written.save(DRAFT.replace("the corner smells", "the corner, I think, smells"))
    written.save(DRAFT)
    assert {origin for _, origin, _ in written.told()} == {"machine"}


def test_a_phrase_that_is_repeated_while_it_still_stands_is_the_persons_who_typed_it():
    written = Written()
    written.draft(DRAFT)
    written.save(DRAFT + " I love how it smells of flour. Even the old bakery on the corner of my street did.")
    assert written.whose("the old bakery on the corner of") == {human()}


def test_a_whole_sentence_that_was_copied_is_still_the_machines():
    written = Written()
    written.draft(DRAFT)
    written.save(DRAFT + "\n\nSaid once more: The ovens are hot by then.")
    assert written.told()[-1] == (" The ovens are hot by then.", *MACHINE)


def test_of_an_altered_word_the_letters_that_stay_keep_their_author():
    written = Written()
    written.draft("They walk home.")
    written.save("They walked home.")
    assert written.told() == [("They walk", *MACHINE), ("ed", *human()), (" home.", *MACHINE)]


def test_a_word_that_was_replaced_keeps_no_letter():
    written = Written()
    written.draft("They walk home.")
    written.save("They drove home.")
    assert written.told() == [("They ", *MACHINE), ("drove", *human()), (" home.", *MACHINE)]


# Taken from the machine


def test_accepted_words_are_the_machines_from_one_word_on():
    written = Written()
    written.save("It smells")
    number = written.accepted(" of", of=" of flour and butter")
    written.save("It smells of cake.")
    assert written.told() == [("It smells", *human()), (" of", *MACHINE), (" cake.", *human())]
    assert (written.spans()[1].autodoc_id, written.spans()[1].at) == (number, 0)


def test_more_words_of_what_was_accepted_in_part_go_on_from_there():
    written = Written()
    written.save("It smells")
    written.accepted(" of flour and", of=" of flour and butter")
    written.save("It smells of flour")
    written.save("It smells of flour and salt")
    assert written.told() == [("It smells", *human()), (" of flour", *MACHINE), (" and", *MACHINE), (" salt", *human())]


def test_words_that_were_accepted_long_ago_explain_no_new_ones():
    written = Written()
    written.accepted("flour", of="flour and butter")
    written.save("Salt is cheap.")
    written.save("Salt is cheap. So is flour.")
    assert written.whose("flour") == {human()}


def test_an_accepted_word_is_not_found_inside_another():
    written = Written()
    written.save("One.")
    written.accepted("the")
    written.save("One. Others gather.")
    assert {origin for _, origin, _ in written.told()} == {"human"}


@pytest.mark.parametrize(
    "words",
    [
        " not one of them. I made it down.",  # the draft ends with "dawn."
        " new, but the story is not to be drawn.",
        " the same. There is something in this town.",  # five words that the draft has, and half of a sixth
        " cold since the hour before dawn. So it is.",
        " old.",
    ],
)
def test_words_that_were_accepted_whole_are_the_machines_though_the_text_before_had_some_of_their_letters(words):
    written = Written()
    written.draft("The old bakery still smells of flour. There is something in these vessels of the hour before dawn.")
    typed = "The bakery is old. Xylographs were"
    number = written.accepted(words, at=len(typed))
    written.save(typed + words)
    after = [span for span in written.spans() if span.end > len(typed)]
    assert {span.origin for span in after} == {"machine"}
    assert number in {span.autodoc_id for span in after}
    assert written.whose("Xylographs were") == {human()}


def test_accepted_words_reach_into_what_stayed_and_leave_what_is_new_behind_it_alone():
    written = Written()
    written.draft("The door was shut. Nobody came by boat, and the lamps were lit. It rained.")
    written.accepted(" and every oven was cold. Nobody came", at=len("The door was open"))
    written.save("The door was open and every oven was cold. Nobody came by boat, and the lamps were out. It rained.")
    assert written.told() == [
        ("The door was ", *MACHINE),
        ("open", *human()),
        (" and every oven was cold. Nobody came", *MACHINE),
        (" by boat, and the lamps were ", *MACHINE),
        ("out", *human()),
        (". It rained.", *MACHINE),
    ]


def test_a_long_piece_that_stayed_keeps_its_author_among_accepted_words():
    written = Written()
    written.save("The lamps of the harbour are lit before the boats come home.")
    written.accepted(" slowly, The lamps of the harbour are lit before the boats come home.", at=5)
    written.save("Dawn, slowly, The lamps of the harbour are lit before the boats come home.")
    assert written.told() == [
        ("Dawn,", *human()),
        (" slowly, ", *MACHINE),
        ("The lamps of the harbour are lit before the boats come home.", *human()),
    ]


def test_words_that_were_accepted_are_those_where_they_were_asked_for():
    written = Written()
    written.accepted(" is cold.", at=len("The sea is cold. The lake"))
    written.save("The sea is cold. The lake is cold. The well is cold.")
    assert written.told() == [
        ("The sea is cold. The lake", *human()),
        (" is cold.", *MACHINE),
        (" The well is cold.", *human()),
    ]


def test_words_from_a_draft_that_nobody_chose_are_the_machines():
    written = Written()
    number = written.candidate("A draft about the bakery. It has the smell of burnt sugar in every room. The end.")
    written.save("I say it has the smell of burnt sugar, mostly.")
    assert written.whose("has the smell of burnt sugar") == MACHINE_ONLY
    [span] = [one for one in written.spans() if one.origin == "machine"]
    assert span.autodoc_id == number
    assert written.drafts[number][span.at : span.at + span.end - span.start] == written.text[span.start : span.end]


def test_what_the_machine_wrote_later_explains_nothing():
    written = Written()
    written.save("It has the smell of burnt sugar in every room.")
    written.candidate("It has the smell of burnt sugar in every room.")
    written.save("It has the smell of burnt sugar in every room.\n")
    assert {origin for _, origin, _ in written.told()} == {"human"}


def test_a_redrafted_passage_is_the_machines_to_the_letter():
    written = Written()
    written.save("One two. Three four. Five six.")
    written.redraft("Three four.", "Three!")
    assert written.told() == [("One two. ", *human()), ("Three!", *MACHINE), (" Five six.", *human())]


def test_a_surviving_word_knows_its_place_in_the_draft():
    written = Written()
    written.draft(DRAFT)
    written.save(DRAFT.replace("Nobody opens before six. ", "").replace("hot", "very hot"))
    for span in written.spans():
        if span.origin == "machine":
            assert DRAFT[span.at : span.at + span.end - span.start] == written.text[span.start : span.end]


# The brief, and tools


BRIEF = "Write about the old bakery on Mill Street. It closed in 1998 after a fire. Keep it short."


def test_a_sentence_of_the_brief_is_the_briefs():
    written = Written(BRIEF)
    written.save("It closed in 1998 after a fire. Nobody was hurt.")
    assert written.told() == [("It closed in 1998 after a fire. ", "brief", ANA), ("Nobody was hurt.", *human())]


def test_a_phrase_that_the_brief_has_too_is_whose_it_is():
    written = Written(BRIEF)
    written.draft("I remember the old bakery on Mill Street well.")
    written.save(written.text + " I loved the old bakery on Mill Street, too.")
    assert {origin for _, origin, _ in written.told()} == {"machine", "human"}


def test_first_words_that_the_machine_was_given_are_the_briefs():
    written = Written()
    draft = written.draft("Once upon a time there was bread.")
    written.sources.append(authorship.Source("brief", "Once upon a time", draft.autodoc_id, draft.created_at))
    assert written.told() == [("Once upon a time", "brief", None), (" there was bread.", *MACHINE)]
    assert [one.at for one in written.spans()] == [0, 16]


def test_what_a_tool_changed_is_the_tools():
    written = Written()
    written.draft('He said "yes" - twice.')
    written.tidy("He said “yes” – twice.")
    assert {words for words, origin, who in written.told() if (origin, who) == ("tool", ANA)} == {"“", "”", "–"}
    assert written.whose("yes") == MACHINE_ONLY


# Two people


def test_a_merged_text_leaves_each_their_own():
    written = Written()
    base = written.draft(DRAFT)
    written.save(DRAFT.replace("flour.", "flour and smoke."), by=ANA)
    both = written.text.replace("six.", "six or seven.")
    written.save(both, by=BEN, merged_from=base.number)
    assert written.whose(" and smoke") == {human(ANA)}
    assert written.whose(" or seven") == {human(BEN)}


@pytest.mark.parametrize("body", ["", " ", "\n"])
def test_an_emptied_text_belongs_to_nobody_or_whoever_emptied_it(body):
    written = Written()
    written.draft(DRAFT)
    written.save(body)
    assert sum(len(words) for words, *_ in written.told()) == len(body)


MACHINE_ONLY = {MACHINE}
