"""KerasHub on TensorFlow in float32, one draft after the other."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras_hub
import numpy as np
import tensorflow as tf

from bench.peers.protocol import Ask, Texts, arguments, serve

backbone = keras_hub.models.GPT2Backbone.from_preset(arguments()["model"], dtype="float32")
network = keras_hub.models.GPT2CausalLM(backbone, preprocessor=None)
compiled_for = ""


def write(ask: Ask) -> Texts:
    _compile(ask)
    prompts = np.array(ask.prompts, np.int32)
    room = np.zeros((len(prompts), ask.new), np.int32)
    inputs = {"token_ids": np.hstack([prompts, room]), "padding_mask": np.hstack([prompts > -1, room])}
    return np.asarray(network.generate(inputs, stop_token_ids=None)["token_ids"]).tolist()


def _compile(ask: Ask) -> None:
    """Once a strategy: a seed of its own for each draft would compile for each draft."""
    global compiled_for  # noqa: PLW0603
    if compiled_for == ask.strategy:
        return
    compiled_for = ask.strategy
    samplers = {
        "greedy": keras_hub.samplers.GreedySampler,
        "top-p": lambda: keras_hub.samplers.TopPSampler(ask.top_p, k=1000, seed=1, temperature=ask.temperature),
        "beam": lambda: keras_hub.samplers.BeamSampler(ask.num_beams),
    }
    network.compile(sampler=samplers[ask.strategy]())


serve(write, f"KerasHub {keras_hub.__version__}, TensorFlow {tf.__version__}")
