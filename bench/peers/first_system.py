"""The first system's way to write: TensorFlow's GPT-2 in transformers 4.57, as its documentation shows it.

The weights are drawn anew: this transformers can't read PyTorch's folders with today's safetensors, and the time does
not depend on them.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf
import transformers

from bench.peers.protocol import Ask, Texts, arguments, serve

config = transformers.GPT2Config.from_pretrained(arguments()["model"])
network = transformers.TFGPT2LMHeadModel(config)


def write(ask: Ask) -> Texts:
    length = len(ask.prompts[0]) + ask.new
    written = network.generate(
        tf.constant(ask.prompts),
        max_length=length,
        min_length=length,
        num_beams=ask.num_beams,
        no_repeat_ngram_size=ask.no_repeat_ngram_size,
        pad_token_id=config.eos_token_id,
    )
    return [[int(token) for token in text] for text in written]


serve(write, f"transformers {transformers.__version__}, TensorFlow {tf.__version__}")
