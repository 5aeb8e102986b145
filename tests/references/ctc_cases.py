"""Cases of the loss of unaligned sequences: labels padded or joined, lengths, blanks, repeats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .case import Array, Case, Framework, Results, described, generator, label, uniform


@dataclass(frozen=True)
class CtcCase:
    """The loss of scores ``(T, N, C)`` or ``(T, C)``, differentiated through ``log_softmax``.

    PyTorch's gradient in the log-probabilities themselves is another: it has what ``log_softmax``
    takes away again already added.
    """

    name: str
    shape: tuple[int, ...]
    targets: Any
    input_lengths: Sequence[int] | int
    target_lengths: Sequence[int] | int
    options: Mapping[str, Any] = field(default_factory=dict)
    as_layer: bool = False

    def run(self, framework: Framework) -> Results:
        rng = generator(self.name)
        scores = framework.tensor(uniform(*self.shape, low=-2.0, high=2.0)(rng), requires_grad=True)
        logs = framework.functional.log_softmax(scores, dim=-1)
        targets = framework.tensor(np.array(self.targets, dtype=np.int64))
        lengths = [
            framework.tensor(np.array(given, dtype=np.int64))
            for given in (self.input_lengths, self.target_lengths)
        ]
        if self.as_layer:
            losses = framework.nn.CTCLoss(**self.options)(logs, targets, *lengths)
        else:
            losses = framework.functional.ctc_loss(logs, targets, *lengths, **self.options)
        upstream: Array = uniform(*losses.shape)(rng)
        losses.backward(framework.tensor(upstream))
        return {"output": framework.numpy(losses), "input.grad": framework.numpy(scores.grad)}


PADDED = [[1, 2, 2, 3], [3, 1, 0, 0], [2, 0, 0, 0]]
JOINED = [1, 2, 2, 3, 3, 1, 2]
USUAL: tuple[Any, ...] = ((8, 3, 5), PADDED, (8, 6, 5), (4, 2, 1))


def cases() -> list[Case]:
    found: list[Case] = []
    for reduction in ("none", "sum", "mean"):
        options = {"reduction": reduction}
        found += [
            CtcCase(f"padded-{reduction}", *USUAL, options),
            CtcCase(f"joined-{reduction}", (8, 3, 5), JOINED, (8, 6, 5), (4, 2, 1), options),
            CtcCase(f"unbatched-{reduction}", (6, 4), [1, 3, 3], 6, 3, options),
            CtcCase(f"no-labels-{reduction}", (4, 2, 3), [[1], [2]], (4, 3), (0, 1), options),
            CtcCase(f"nothing-but-blanks-{reduction}", (3, 1, 3), [[]], (3,), (0,), options),
            CtcCase(
                f"too-long-counts-0-{reduction}",
                (4, 3, 4),
                [[1, 1, 2], [1, 2, 3], [2, 2, 2]],
                (3, 4, 4),
                (3, 3, 3),
                {**options, "zero_infinity": True},
            ),
        ]
    for blank in (1, 4):
        labels = (np.array(PADDED) + 1) % 5 if blank == 1 else np.array(PADDED)
        labels = np.where(labels == blank, 0, labels).tolist()
        found.append(
            CtcCase(f"blank={blank}", (8, 3, 5), labels, (8, 6, 5), (4, 2, 1), {"blank": blank})
        )
    shapes: list[tuple[tuple[int, ...], Any, Any, Any]] = [
        ((1, 1, 2), [[1]], (1,), (1,)),
        ((5, 1, 2), [[1, 1]], (5,), (2,)),
        ((3, 2, 4), [[1, 2, 3], [3, 2, 1]], (3, 3), (3, 3)),
        ((3, 1, 4), [[1, 1]], (3,), (2,)),
        ((12, 2, 6), [[1, 2, 3, 4, 5], [5, 5, 1, 1, 2]], (12, 11), (5, 5)),
        ((5, 1, 3), [[1, 0, 2]], (5,), (3,)),
        ((4, 2, 3), [[1, 2], [1, 2]], (4, 0), (2, 0)),
    ]
    for shape, targets, steps, lengths in shapes:
        name = f"{label(shape)}-labels={label(lengths)}-{'-'.join(map(str, targets[0]))}"
        found.append(CtcCase(name, shape, targets, steps, lengths, {"reduction": "none"}))
    for options in ({}, {"blank": 4, "reduction": "sum"}, {"zero_infinity": True}):
        found.append(CtcCase(f"layer-{described(options)}", *USUAL, options, as_layer=True))
    return found


CASES = cases()
