"""The one door to Keras, KerasHub and TensorFlow: chooses the backend before the first import."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from typing import Any

import keras
import keras_hub
import numpy as np
import numpy.typing as npt
import tensorflow as tf

__all__ = ["keras", "keras_hub", "limit_threads", "tf", "values"]


def values(variable: Any) -> npt.NDArray[np.float32]:
    """A variable's or tensor's values, in memory of their own."""
    return np.array(tf.convert_to_tensor(variable).numpy())


def limit_threads(threads: int) -> None:
    """Let TensorFlow compute on at most so many cores; only the first call in a process has an effect."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # TensorFlow has started: its pools are fixed for the life of the process
        return
