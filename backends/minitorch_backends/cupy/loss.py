"""CuPy kernels of softmax cross-entropy: one thread adds up the few classes of a picture.

Same names, signatures and meaning as in ``portable.py``; may import the files beside it.
"""

from __future__ import annotations

from minitorch_backends import portable
from minitorch_backends.cupy.launch import Elementwise, empty
from minitorch_backends.protocol import Array, Kernel

MOST_CLASSES = 1024
"""With more classes, reductions along them are faster than one thread for each picture."""

# A label that is no class is reported when something next comes to the host; until then nothing
# may be read at its place, and the loss is NaN.
rows_of = Elementwise(
    "cross_entropy",
    "raw T logits, L label, int64 classes",
    "T loss, T most, T log_sum",
    """
typedef typename Wider<T>::type W;
W largest = W(logits[i * classes]);
for (ptrdiff_t c = 1; c < classes; ++c) {
    W value = W(logits[i * classes + c]);
    if (value > largest || value != value) largest = value;
}
W sum = 0;
for (ptrdiff_t c = 0; c < classes; ++c) sum += exp(W(logits[i * classes + c]) - largest);
most = largest;
log_sum = log(sum);
bool known = label >= 0 && label < classes;
loss = log(sum) - ((known ? W(logits[i * classes + label]) : W(nan(""))) - largest);
""",
)
logs_of = Elementwise("log_softmax", "T x, T most, T log_sum", "T y", "y = x - most - log_sum;")
input_gradient = Elementwise(
    "cross_entropy_input",
    "T log, T g, L label, int64 classes",
    "T d",
    "d = g * (exp(log) - T(i % classes == label));",
)


def softmax_cross_entropy(logits: Array, *, labels: Array) -> tuple[Array, Array]:
    count, classes = logits.shape
    if classes > MOST_CLASSES:
        return portable.softmax_cross_entropy(logits, labels=labels)
    loss, most, log_sum = (empty((count,), logits) for _ in range(3))
    rows_of(logits, labels, classes, loss, most, log_sum)
    return loss, logs_of(logits, most[:, None], log_sum[:, None])


def softmax_cross_entropy_backward(g: Array, saved: Array, *, labels: Array) -> Array:
    out = empty(saved.shape, saved)  # given, so that entries are counted row by row
    return input_gradient(saved, g[:, None], labels[:, None], saved.shape[1], out)


KERNELS: dict[str, Kernel] = {
    f.__name__: f for f in (softmax_cross_entropy, softmax_cross_entropy_backward)
}
