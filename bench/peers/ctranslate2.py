"""CTranslate2 in 8 bits: one batch."""

import json
from pathlib import Path

import ctranslate2

from bench.peers.protocol import Ask, Texts, arguments, serve

folder = Path(arguments()["work"]) / "ctranslate2"
numbers = json.loads((Path(arguments()["model"]) / "vocab.json").read_text(encoding="utf-8"))
names = {number: name for name, number in numbers.items()}
generator = ctranslate2.Generator(str(folder), device="cpu", compute_type="int8")


def write(ask: Ask) -> Texts:
    ctranslate2.set_random_seed(ask.seeds[0])
    choice = {
        "greedy": {"sampling_topk": 1},
        "top-p": {"sampling_topk": 0, "sampling_topp": ask.top_p, "sampling_temperature": ask.temperature},
        "beam": {"beam_size": ask.num_beams, "no_repeat_ngram_size": ask.no_repeat_ngram_size},
    }[ask.strategy]
    results = generator.generate_batch(
        [[names[token] for token in prompt] for prompt in ask.prompts],
        max_length=ask.new,
        min_length=ask.new,
        include_prompt_in_result=False,
        repetition_penalty=ask.repetition_penalty,
        **choice,
    )
    return [result.sequences_ids[0] for result in results]


serve(write, f"CTranslate2 {ctranslate2.__version__}")
