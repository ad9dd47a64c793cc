"""The weighted mean of a model and of the one it was continued from.

Both lie in one valley of the loss, and the point between them is often lower than either ("model soups", Wortsman et
al. 2022, arXiv:2203.05482). It holds only for relatives: means of strangers are noise.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

from safetensors.numpy import load_file

from copydesk.training.card import read_card
from copydesk.training.corpus import load_corpus
from copydesk.training.errors import NotRelatedError
from copydesk.training.evaluate import Evaluator, Score, held_out_figures
from copydesk.training.export import Array, write_folder
from copydesk.training.model import load_model, read_shape
from copydesk.training.tokenizer import load_tokenizer


def blend_folders(model: Path, forebear: Path, share: float, corpus_folder: Path, target: Path) -> Score:
    """Write `share` of `model` and the rest of `forebear` as a model folder whose card has its held-out score."""
    weights = mean_weights(model, forebear, share)
    shape = read_shape(model)
    card = read_card(model)
    with tempfile.TemporaryDirectory() as temporary:
        write_folder(weights, shape, model, card, Path(temporary) / "model")
        corpus = load_corpus(corpus_folder, load_tokenizer(model), Path(temporary) / "tokens")
        score = Evaluator(load_model(Path(temporary) / "model"), shape.context).score(corpus)
    training = card.training | {"blended": f"{share:g} of the above, {1 - share:g} of {forebear.name}"}
    write_folder(weights, shape, model, replace(card, training=training, held_out=held_out_figures(score)), target)
    return score


def mean_weights(model: Path, forebear: Path, share: float) -> dict[str, Array]:
    """Each weight's mean, in float32, by name."""
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (model, forebear))
    if {name: weight.shape for name, weight in ours.items()} != {name: weight.shape for name, weight in theirs.items()}:
        raise NotRelatedError(f"{model} and {forebear}: other weights.")
    if load_tokenizer(model).to_str() != load_tokenizer(forebear).to_str():
        raise NotRelatedError(f"{model} and {forebear}: another tokenizer.")
    return {
        name: share * weight.astype("float32") + (1 - share) * theirs[name].astype("float32")
        for name, weight in ours.items()
    }
