"""What every engine is asked to write: the same drafts, the same ways, the same words to begin from."""

from dataclasses import asdict, dataclass, replace
from typing import Any

PROMPT_TOKENS, NEW_TOKENS = 20, 80


@dataclass(frozen=True)
class Case:
    """Some drafts at once, and how their words are chosen."""

    title: str
    drafts: int
    strategy: str
    no_repeat_ngram_size: int = 0
    rounds: int = 3

    @property
    def key(self) -> str:
        return self.title.replace(",", "").replace(" ", "-")


ALONE = Case("alone, top-p", 1, "top-p", rounds=5)
ALONE_GREEDY = Case("alone, greedy", 1, "greedy", rounds=5)
EIGHT = Case("8 at once, top-p", 8, "top-p")
MANY = Case("32 at once, top-p", 32, "top-p")
MANY_GREEDY = Case("32 at once, greedy", 32, "greedy")
BEAMS = Case("five beams", 1, "beam")
BEAMS_NO_REPEAT = Case("five beams, no four tokens twice", 1, "beam", no_repeat_ngram_size=4)
CASES = (ALONE, ALONE_GREEDY, EIGHT, MANY, MANY_GREEDY, BEAMS, BEAMS_NO_REPEAT)


@dataclass(frozen=True)
class Ask:
    """One request for drafts, as `peers/protocol.py` reads it."""

    prompts: list[list[int]]
    seeds: list[int]
    new: int
    strategy: str
    temperature: float
    top_p: float
    repetition_penalty: float
    num_beams: int
    no_repeat_ngram_size: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def one_by_one(self) -> list["Ask"]:
        """The same drafts, each asked for alone."""
        pairs = zip(self.prompts, self.seeds, strict=True)
        return [replace(self, prompts=[prompt], seeds=[seed]) for prompt, seed in pairs]


def ask(case: Case, new: int = NEW_TOKENS) -> Ask:
    """The case's drafts; each has a prompt and a seed of its own. Only what draws by chance has the usual penalty."""
    return Ask(
        prompts=[_prompt(number) for number in range(case.drafts)],
        seeds=[100 + number for number in range(case.drafts)],
        new=new,
        strategy=case.strategy,
        temperature=0.7,
        top_p=0.92,
        repetition_penalty=1.1 if case.strategy == "top-p" else 1.0,
        num_beams=5,
        no_repeat_ngram_size=case.no_repeat_ngram_size,
    )


def _prompt(number: int) -> list[int]:
    first = 1000 + PROMPT_TOKENS * number
    return list(range(first, first + PROMPT_TOKENS))
