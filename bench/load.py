"""Keeps an engine busy until told to stop, from a process of its own: `python -m bench.load URL TEXTS`.

The token comes from ENGINE_TOKEN. TEXTS are written at any time; each is asked for again as soon as it ends.
"""

import itertools
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from bench import drafts
from bench.completions import post
from copydesk.engine.request import completion_request
from copydesk.engine.sampling import Sampling

LONG = 400  # tokens


def keep_asking(url: str, text: int) -> None:
    prompt = drafts.ask(drafts.MANY).prompts[text % drafts.MANY.drafts]
    for round_ in itertools.count():
        sampling = Sampling(max_new_tokens=LONG, seed=1000 * round_ + text)
        post(url, os.environ["ENGINE_TOKEN"], "/v1/completions", completion_request(prompt, sampling))


if __name__ == "__main__":
    address, texts = sys.argv[1], int(sys.argv[2])
    with ThreadPoolExecutor(texts) as pool:
        list(pool.map(lambda text: keep_asking(address, text), range(texts)))
