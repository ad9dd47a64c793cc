"""OpenVINO GenAI, weights in 8 bits: continuous batching."""

from pathlib import Path

import numpy as np
import openvino
import openvino_genai

from bench.peers.protocol import Ask, Texts, arguments, serve

scheduler = openvino_genai.SchedulerConfig()
scheduler.cache_size = 1  # GB
pipeline = openvino_genai.ContinuousBatchingPipeline(str(Path(arguments()["work"]) / "openvino"), scheduler, "CPU")


def settings(ask: Ask, seed: int) -> openvino_genai.GenerationConfig:
    chosen = openvino_genai.GenerationConfig()
    chosen.max_new_tokens = chosen.min_new_tokens = ask.new
    chosen.ignore_eos = True
    chosen.rng_seed = seed
    if ask.strategy == "beam":
        chosen.num_beams = ask.num_beams
        chosen.no_repeat_ngram_size = ask.no_repeat_ngram_size or chosen.no_repeat_ngram_size
    else:
        chosen.repetition_penalty = ask.repetition_penalty
        chosen.do_sample = ask.strategy == "top-p"
    if chosen.do_sample:
        chosen.temperature, chosen.top_p, chosen.top_k = ask.temperature, ask.top_p, 2**31 - 1
    return chosen


def write(ask: Ask) -> Texts:
    prompts = [openvino.Tensor(np.array([prompt], np.int64)) for prompt in ask.prompts]
    results = pipeline.generate(prompts, [settings(ask, seed) for seed in ask.seeds])
    return [list(result.m_generation_ids[0]) for result in results]


serve(write, f"OpenVINO GenAI {openvino_genai.__version__}")
