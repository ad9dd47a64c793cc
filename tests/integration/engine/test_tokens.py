"""Our tokenizer against transformers: the same numbers for every kind of text, on the seed model and on GPT-2's own."""

import os
import random

import pytest

from copydesk.engine.tokens import Tokens
from tests.desk import ROOT

pytestmark = pytest.mark.integration

SHARED = os.environ.get("COPYDESK_SHARED") or ROOT.parent / "shared"
FOLDERS = [ROOT / "services/web/models/seed", ROOT.__class__(SHARED) / "data/gpt2-tokenizer"]
ALPHABET = "abc  é\n\t.,'’“”0123—שλя東🎉👩‍🍳<|endoftext|>"


@pytest.mark.parametrize("folder", FOLDERS, ids=["seed", "gpt2"])
def test_the_same_tokens_as_transformers(folder):
    if not folder.is_dir():
        pytest.skip(f"{folder.name} is not here; COPYDESK_SHARED says where to look")
    from transformers import GPT2TokenizerFast

    theirs = GPT2TokenizerFast.from_pretrained(folder, local_files_only=True)
    ours, chance = Tokens(folder), random.Random(1)
    for _ in range(300):
        text = "".join(chance.choices(ALPHABET, k=chance.randint(0, 80))) + chance.choice(
            [" it's", "<|endoftext|>", ""]
        )
        expected = theirs.encode(text, add_special_tokens=False, split_special_tokens=True)
        assert ours.encode(text) == expected, text
        assert ours.decode(ours.encode(text)) == text
