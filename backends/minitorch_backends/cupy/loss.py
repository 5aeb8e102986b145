"""CuPy kernels of softmax cross-entropy: one thread adds up the few classes of a picture.

Same names, signatures and meaning as in ``portable.py``; may import the files beside it.
"""

from __future__ import annotations

from minitorch_backends import loss as portable
from minitorch_backends.cupy.launch import PAIR, Elementwise, Reduction, empty
from minitorch_backends.protocol import Array, Kernel

MOST_CLASSES = 1024
"""With more classes, reductions along them are faster than one thread for each picture."""

# A label that is no class is reported when something next comes to the host; until then nothing
# may be read at its place, and the loss is NaN. A row that is ignored has the loss 0.
_ROW = """
typedef typename Wider<T>::type W;
W largest = W(logits[i * classes]);
for (ptrdiff_t c = 1; c < classes; ++c) {
    W value = W(logits[i * classes + c]);
    if (value > largest) largest = value;
}
W sum = 0;
for (ptrdiff_t c = 0; c < classes; ++c) sum += exp(W(logits[i * classes + c]) - largest);
W below = log(sum);
for (ptrdiff_t c = 0; c < classes; ++c)
    logs[i * classes + c] = W(logits[i * classes + c]) - largest - below;
bool known = label >= 0 && label < classes;
loss = below - ((known ? W(logits[i * classes + label]) : W(nan(""))) - largest);
"""
rows_of = Elementwise(
    "cross_entropy", "raw T logits, L label, int64 classes", "T loss, raw T logs", _ROW
)
counted_rows_of = Elementwise(
    "counted_cross_entropy",
    "raw T logits, L label, int64 classes, int64 ignored",
    "T loss, raw T logs",
    _ROW + "if (label == ignored) loss = 0;",
)
wrong_label = Reduction(
    "any_wrong_label",
    "L label, int64 classes, int64 ignored",
    "bool wrong",
    "(label < 0 || label >= classes) && label != ignored",
    "a || b",
    "wrong = a",
    "false",
    "bool",
)
mean_of_counted = Reduction(
    "mean_of_counted",
    "T loss, L label, int64 ignored",
    "T mean, T count",
    "Pair<typename Wider<T>::type>(typename Wider<T>::type(loss), label != ignored)",
    "together(a, b)",
    "mean = a.first / a.second, count = a.second",
    "0",
    "Pair<typename Wider<T>::type>",
    PAIR,
)
input_gradient = Elementwise(
    "cross_entropy_input",
    "T log, T g, L label, int64 classes",
    "T d",
    "d = g * (exp(log) - T(i % classes == label));",
)
mean_input_gradient = Elementwise(
    "mean_cross_entropy_input",
    "T log, T g, T count, L label, int64 classes, int64 ignored",
    "T d",
    "d = label == ignored ? T(0) : T(g / count * (exp(log) - T(i % classes == label)));",
)


def softmax_cross_entropy(logits: Array, *, labels: Array) -> tuple[Array, Array]:
    count, classes = logits.shape
    if classes > MOST_CLASSES:
        return portable.softmax_cross_entropy(logits, labels=labels)
    loss, logs = rows_of(logits, labels, classes, empty((count,), logits), _like(logits))
    return loss, logs


def softmax_cross_entropy_backward(g: Array, saved: Array, *, labels: Array) -> Array:
    return input_gradient(saved, g[:, None], labels[:, None], saved.shape[1], _like(saved))


def any_wrong_label(labels: Array, *, classes: int, ignored: int) -> Array:
    return wrong_label(labels, classes, ignored)


def mean_cross_entropy(logits: Array, *, labels: Array, ignored: int) -> tuple[Array, Array, Array]:
    count, classes = logits.shape
    if classes > MOST_CLASSES:
        return portable.mean_cross_entropy(logits, labels=labels, ignored=ignored)
    loss, logs = empty((count,), logits), _like(logits)
    counted_rows_of(logits, labels, classes, ignored, loss, logs)
    mean, number = empty((), logits), empty((), logits)
    mean_of_counted(loss, labels, ignored, mean, number)
    return mean, logs, number


def mean_cross_entropy_backward(
    g: Array, saved: Array, count: Array, *, labels: Array, ignored: int
) -> Array:
    classes = saved.shape[1]
    return mean_input_gradient(saved, g, count, labels[:, None], classes, ignored, _like(saved))


def _like(rows: Array) -> Array:
    """Memory for a result like ``rows``, given so that entries are counted row by row."""
    return empty(rows.shape, rows)


KERNELS: dict[str, Kernel] = {
    f.__name__: f
    for f in (
        softmax_cross_entropy,
        softmax_cross_entropy_backward,
        any_wrong_label,
        mean_cross_entropy,
        mean_cross_entropy_backward,
    )
}
