"""The sentence about the machine's words, for whoever listens to the page."""

from copydesk.web.machine_words import NONE, by_paragraph


def piece(text: str, origin: str = "human") -> dict[str, str]:
    return {"text": text, "origin": origin}


def test_each_paragraph_with_machine_words_is_named_with_its_share():
    spans = [piece("Old ovens.", "machine"), piece("\n\nMine alone.\n\n"), piece("Half", "machine"), piece("Mine")]
    assert by_paragraph(spans) == "The machine’s words: 100 % of paragraph 1, 50 % of paragraph 3."


def test_a_single_letter_is_not_nothing():
    spans = [piece("a", "machine"), piece("b" * 999)]
    assert by_paragraph(spans) == "The machine’s words: 1 % of paragraph 1."


def test_without_machine_words_it_says_so():
    assert by_paragraph([piece("Mine."), piece(" The brief’s.", "brief")]) == NONE
    assert by_paragraph([]) == NONE


def test_a_long_text_is_not_read_out_whole():
    spans = [piece("Words of it.\n\n", "machine")] * 10
    said = by_paragraph(spans)
    assert said.endswith("100 % of paragraph 8, and some of 2 more paragraphs.")
    assert by_paragraph(spans[:9]).endswith("and some of one more paragraph.")
