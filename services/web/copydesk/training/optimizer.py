"""Muon for the weight matrices, AdamW for embeddings, biases and norms: Keras's own, made to see attention's kernels.

Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon) steps along the orthogonalised momentum of a
matrix; the scale by its longer side is Moonlight's (Liu et al. 2025, arXiv:2502.16982), so that one rate fits all.
"""

from typing import Any

from copydesk.training.backend import keras

MUON_MATRIX = "kernel"  # what Keras calls the weight of a dense layer, as the last part of its path


class MatrixMuon(keras.optimizers.Muon):  # type: ignore[misc]  # keras has no types
    """Keras's Muon takes whatever has two dimensions. KerasHub keeps attention's kernels in three, (width, heads,
    head width) or (heads, head width, width), and their biases in two; here the former count as the matrices
    that they are and the latter do not.
    """

    def _should_use_adamw(self, variable: Any) -> bool:
        return str(variable.path).rsplit("/", 1)[-1] != MUON_MATRIX

    def build(self, variables: list[Any]) -> None:
        """Remember each matrix's shape: the TensorFlow backend hands over its own variables, which have no path."""
        self.matrix_shapes = [
            None if self._should_use_adamw(variable) else matrix_shape(variable) for variable in variables
        ]
        super().build(variables)

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        self.assign_add(m, gradient + m * (self.momentum - 1))
        direction = gradient + self.momentum * m if self.nesterov else m
        matrix = keras.ops.reshape(direction, self.matrix_shapes[self._get_variable_index(variable)])
        update = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(matrix, self.ns_steps))
        self.assign_sub(variable, keras.ops.reshape(update, variable.shape))


def matrix_shape(variable: Any) -> tuple[int, int]:
    """The (in, out) shape of a dense kernel, with heads and head width taken together."""
    shape = tuple(variable.shape)
    if len(shape) == 3 and "attention_output" in variable.path:
        return shape[0] * shape[1], shape[2]
    if len(shape) == 3:
        return shape[0], shape[1] * shape[2]
    rows, columns = shape
    return rows, columns


def build_optimizer(model: Any, *, muon_rate: float, adam_rate: float, averaging: float) -> MatrixMuon:
    """An optimizer for the model's weights, built, at its peak rates.

    `averaging` is the momentum of the exponential moving average of the weights that it keeps beside them.
    """
    optimizer = MatrixMuon(
        learning_rate=muon_rate,
        adam_lr_ratio=adam_rate / muon_rate,
        adam_beta_1=0.9,
        adam_beta_2=0.95,
        epsilon=1e-8,
        weight_decay=0.01,
        global_clipnorm=1.0,
        use_ema=True,
        ema_momentum=averaging,
    )
    rest = [variable for variable in model.trainable_variables if optimizer._should_use_adamw(variable)]
    optimizer.exclude_from_weight_decay(var_list=rest)  # adam_weight_decay has no effect on TensorFlow
    optimizer.build(model.trainable_variables)
    return optimizer


def averaged_weights(optimizer: MatrixMuon) -> list[Any]:
    """The moving averages, in the order of the model's trainable variables."""
    return list(optimizer._model_variables_moving_average)
