"""One run of a model on zeros, watched by hooks that write its ledger.

May import the rest of ``ledger``, ``nn`` and what lies below it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from minitorch_cnn import nn
from minitorch_cnn.backend import as_dtype
from minitorch_cnn.creation import zeros
from minitorch_cnn.grad_mode import enable_grad
from minitorch_cnn.graph import AnyNode
from minitorch_cnn.ledger.costs import links_of, macs_of
from minitorch_cnn.ledger.field import Field
from minitorch_cnn.ledger.table import Summary, SummaryRow, SummaryTotal
from minitorch_cnn.ledger.trace import NOTHING, Seen, behind_layer, field_of, joined
from minitorch_cnn.ledger.undisturbed import undisturbed
from minitorch_cnn.ops.arguments import is_floating, shape_tuple
from minitorch_cnn.tensor import Tensor
from minitorch_cnn.tree import flatten, map_tensors

Shape = tuple[int, ...]

WHOLE_LAYERS = (nn.MultiheadAttention,)
"""Layers made of others that are one row all the same."""


def summary(model: nn.Module, input_shape: Any, *, input_dtype: Any = None) -> Summary:
    """The ledger of a model: what every layer costs, shares and sees.

    Runs the model once, in evaluation mode, on zeros for one picture. Afterwards everything is as
    before: modes, gradients, hooks, running statistics, random generators.

    Parameters
    ----------
    model : Module
    input_shape : tuple of int, or list of them
        Of one picture, without the batch axis, such as ``(1, 28, 28)``; a list of shapes for a
        model of several inputs.
    input_dtype : dtype, or list of them, optional
        That of the model's parameters by default; ``"int64"`` for embeddings.

    Returns
    -------
    Summary
        A row for each call of a layer that is made of no others, in order: a layer called twice
        has two rows. Prints as a table, shows as one in notebooks; ``.rows``, ``.total`` and
        ``.to_dict()`` give the numbers.

    Raises
    ------
    ValueError, TypeError
        If the model refuses the input (the message names the layer), it is no Module, or a shape
        is none.

    Notes
    -----
    All numbers are for one picture:

    links
        Connections from an input, or from an input that is always 1 (a bias), to an output; what a
        window sees of the padding is no link. Layers without a table of links, such as activations,
        have none (None).
    weights
        Free parameters, biases and frozen ones among them. A parameter that several layers use, or
        a layer that is called again, counts once in the total.
    reuse
        Links per weight: how many links share one.
    MACs
        Multiply-accumulates: one for each link but those of biases, where windows count in full,
        padding included, as is usual. For attention, those of projections, scores and sums of
        values; none for activations, norms, embeddings and pooling; not known (None) for layers of
        your own, unless they have a method ``count_links(input_shape)``.
    FLOPs
        Floating-point operations, ``2 * MACs``. Adding biases, activations, norms and poolings are
        not counted.
    output, params
        Bytes of a layer's outputs (also where they share memory, as in ``Flatten``) and of its
        parameters.
    field, jump, offset
        The receptive field: :class:`~minitorch_cnn.ledger.ReceptiveField`. "all" is the whole
        picture; "-" is not known, as behind layers of your own that mix positions, behind branches
        that move at different speeds, and for inputs that are no pictures ``(channels, *sizes)``
        (two axes are a line of pixels with channels, one axis is none).
        Of several inputs the first one is the picture. What is computed without gradients
        (integers, comparisons, ``detach``) counts as seeing nothing of it.

    What is computed between layers has no row of its own, but its receptive fields are followed.
    The forward passes of layers apart, this takes a few milliseconds: no table of links is built.

    Source of the receptive fields: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for
    deep learning", 2016; A. Araujo, W. Norris, J. Sim, "Computing receptive fields of
    convolutional neural networks", Distill, 2019.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import nn
    >>> dense = nn.Sequential(nn.Flatten(), nn.Dense(9, 16, bias=False))
    >>> conv = nn.Conv2d(1, 4, 2, bias=False)
    >>> for model in (dense, conv):
    ...     total = mt.summary(model, (1, 3, 3)).total
    ...     print(total.links, total.weights, total.reuse)
    144 144 1.0
    64 16 4.0
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"summary: expected a Module, got a {type(model).__name__}")
    shapes = _shapes(input_shape)
    inputs = [
        zeros((1, *shape), **place)
        for shape, place in zip(shapes, _places(model, input_dtype, len(shapes)), strict=True)
    ]
    ledger = _Ledger(model)
    with undisturbed(model), enable_grad(), ledger.watching(), explained(shapes):
        model(*ledger.entered(inputs))
    rows = tuple(ledger.finished())
    return Summary(rows, SummaryTotal.of(rows), tuple(shapes))


def output_field(model: nn.Module, input_shape: Shape, place: dict[str, Any]) -> Field | None:
    """What the outputs of a model see of a picture; None if that is not known."""
    ledger = _Ledger(model)
    with undisturbed(model), enable_grad(), ledger.watching(), explained([input_shape]):
        output = model(*ledger.entered([zeros((1, *input_shape), **place)]))
    field = field_of(output._node, ledger.fields) if isinstance(output, Tensor) else None
    return None if field is NOTHING else field


@contextmanager
def explained(shapes: Sequence[Shape]) -> Iterator[None]:
    """Say in errors of the model what it was run on, as the user gave no batch axis."""
    try:
        yield
    except (ValueError, TypeError) as error:
        sizes = " and ".join(str((1, *shape)) for shape in shapes)
        note = f"the model was run on {sizes}: input_shape is (channels, *sizes), without the batch"
        if len(error.args) == 1:
            error.args = (f"{error.args[0]} ({note})",)
        raise


def _shapes(given: Any) -> list[Shape]:
    """One shape, or several, as a list of tuples."""
    several = isinstance(given, (tuple, list)) and any(
        isinstance(part, (tuple, list)) for part in given
    )
    shapes = [shape_tuple(part, "summary: input_shape") for part in (given if several else [given])]
    for shape in shapes:
        if shape and min(shape) < 1:
            raise ValueError(
                f"summary: input_shape {shape} has no entries; give the shape of one picture "
                "without the batch axis, such as (1, 28, 28)"
            )
    return shapes


def place_of(model: nn.Module) -> dict[str, Any]:
    """Dtype and backend of a model's parameters, as arguments of functions that make tensors."""
    first = next((p for p in model.parameters() if is_floating(p.data.dtype)), None)
    return {} if first is None else {"dtype": first.dtype, "backend": first.backend}


def _places(model: nn.Module, dtypes: Any, number: int) -> list[dict[str, Any]]:
    """Dtype and backend of every input."""
    place = place_of(model)
    several = dtypes if isinstance(dtypes, (tuple, list)) else [dtypes] * number
    if len(several) != number:
        raise ValueError(f"summary: {len(several)} input_dtype for {number} inputs; give as many")
    return [place if d is None else {**place, "dtype": as_dtype(d)} for d in several]


class _Ledger:
    """Rows of the layers called so far, and what each of their outputs sees.

    Every layer gets its inputs as leaves of a fresh graph, and hands on its outputs as such: so
    the graph, which is only there to follow receptive fields, never holds more than one layer and
    what is computed between two.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.paths = {id(module): path for path, module in model.named_modules()}
        self.rows: list[SummaryRow] = []
        self.fields: dict[AnyNode, Seen] = {}
        self.counted: set[int] = set()
        self.inside: nn.Module | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hooks on all layers inside the ``with`` block."""
        with ExitStack() as hooks:
            for module in self.model.modules():
                if _is_layer(module):
                    before = module.register_forward_pre_hook(self._before, with_kwargs=True)
                    hooks.enter_context(before)
                    after = module.register_forward_hook(self._after, with_kwargs=True)
                    hooks.enter_context(after)
            yield

    def entered(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """The inputs of the model; the first one is the picture."""
        first, *others = inputs
        sizes = first.shape[2:]
        field = Field.of_picture(sizes) if sizes else NOTHING
        return [self._leaf(first, field), *(self._leaf(x, NOTHING) for x in others)]

    def _leaf(self, x: Tensor, field: Seen) -> Tensor:
        """``x`` without its history, but with its field."""
        x = x.detach()
        if is_floating(x.data.dtype):
            node = x.requires_grad_()._node
            if node is not None:
                self.fields[node] = field
        return x

    def _before(self, module: nn.Module, args: Any, kwargs: Any) -> Any:
        if self.inside is not None:
            return None
        self.inside = module
        return map_tensors(
            lambda x: self._leaf(x, field_of(x._node, self.fields)), (tuple(args), dict(kwargs))
        )

    def _after(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
        if module is not self.inside:
            return None
        inputs = _tensors(inspect.signature(module.forward).bind(*args, **kwargs).arguments)
        outputs = _tensors(output)
        seen = [self._seen(module, inputs, y) for y in outputs]
        self.rows.append(self._row(module, inputs, outputs, seen))
        self.inside = None
        waiting = iter(seen)
        return map_tensors(lambda y: self._leaf(y, next(waiting)), output)

    def _seen(self, layer: nn.Module, inputs: list[Tensor], output: Tensor) -> Seen:
        """The field of an output: by the rule of the layer, or by that of its operations."""
        field = joined([self.fields[x._node] for x in inputs if x._node is not None])
        if field is None or field is NOTHING:
            return field
        try:
            return behind_layer(layer, field, inputs[0].shape, output.shape)
        except LookupError:
            return field_of(output._node, self.fields)

    def _row(
        self,
        layer: nn.Module,
        inputs: list[Tensor],
        outputs: list[Tensor],
        seen: list[Seen],
    ) -> SummaryRow:
        before, after = [x.shape for x in inputs], [y.shape for y in outputs]
        field = seen[0] if seen else None
        return self._entry(
            layer,
            list(layer.parameters()),
            output_shape=_without_batch(after[0]) if after else None,
            links=links_of(layer, before, after),
            macs=macs_of(layer, before, after),
            activation_bytes=sum(y.nbytes for y in outputs),
            receptive_field=None if field is None or field is NOTHING else field.measured(),
        )

    def _entry(self, layer: nn.Module, parameters: list[nn.Parameter], **values: Any) -> SummaryRow:
        """A row of ``parameters``, those counted that no earlier row has."""
        new = [p for p in parameters if id(p) not in self.counted]
        self.counted.update(map(id, new))
        return SummaryRow(
            path=self.paths[id(layer)],
            type=type(layer).__name__,
            weights=sum(p.size for p in parameters),
            new_weights=sum(p.size for p in new),
            trainable_weights=sum(p.size for p in new if p.requires_grad),
            parameter_bytes=sum(p.nbytes for p in new),
            **values,
        )

    def finished(self) -> list[SummaryRow]:
        """All rows, those of weights that belong to no layer called at the end."""
        nothing = {"output_shape": None, "links": None, "macs": None, "activation_bytes": 0}
        for module in self.model.modules():
            own = [p for p in module.parameters(recurse=False) if id(p) not in self.counted]
            if own:
                self.rows.append(self._entry(module, own, **nothing, receptive_field=None))
        return self.rows


def _is_layer(module: nn.Module) -> bool:
    """Whether a module has a row: one that is made of no others, but for parametrizations."""
    below = [child for name, child in module.named_children() if name != "parametrizations"]
    return not below or isinstance(module, WHOLE_LAYERS)


def _tensors(tree: Any) -> list[Tensor]:
    entries, _ = flatten(tree)
    return [entry for entry in entries if isinstance(entry, Tensor)]


def _without_batch(shape: Shape) -> Shape:
    """``shape`` without the axis of the one picture, where that comes first."""
    return shape[1:] if shape[:1] == (1,) else shape
