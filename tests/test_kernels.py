"""Kernels of a backend against the portable ones, and linear kernels against their adjoints.

Geometries are drawn by hypothesis: one to three dimensions, strides, dilations, paddings that
differ before and after, groups, empty batches, both real dtypes, and arrays in any layout.
"""

import math
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_backends import portable
from minitorch_backends.numpy import conv as numpy_conv
from minitorch_backends.numpy import links as numpy_links
from minitorch_backends.numpy import local as numpy_local
from minitorch_cnn import testing
from minitorch_cnn.backend import get_backend, kernel
from op_samples_drawn import arrays, geometries, keys, link_tables, positions
from references.case import Array

Case = tuple[list[Array], dict[str, Any]]
SMALL = settings(max_examples=30)


# --- arguments of every kernel -------------------------------------------------------------------


BATCH, CHANNELS = st.integers(0, 2), st.integers(1, 2)


@st.composite
def padded(draw: Any) -> Case:
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    widths = [(draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in shape]
    return [draw(arrays(*shape))], {"widths": widths, "value": draw(st.sampled_from([0, -1.5]))}


@st.composite
def unfolded(draw: Any) -> Case:
    window, sizes = draw(geometries())
    return [draw(arrays(draw(BATCH), draw(CHANNELS), *sizes))], window


@st.composite
def folded(draw: Any) -> Case:
    window, sizes = draw(geometries())
    outer = (draw(BATCH), draw(CHANNELS))
    columns = draw(arrays(*outer, *window["kernel"], *positions(window, sizes)))
    return [columns], {"shape": (*outer, *sizes), **window}


@st.composite
def convolved(draw: Any) -> dict[str, Any]:
    """Everything the three convolution kernels are called with."""
    window, sizes = draw(geometries())
    window["groups"] = groups = draw(st.integers(1, 2))
    batch, depth, outputs = draw(BATCH), draw(CHANNELS), groups * draw(CHANNELS)
    kernel_size = window.pop("kernel")
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    shape = (batch, groups * depth, *sizes)
    out = positions({**window, "kernel": kernel_size}, sizes)
    return {
        "x": draw(arrays(*shape, dtype=dtype)),
        "w": draw(arrays(outputs, depth, *kernel_size, dtype=dtype)),
        "free": draw(arrays(*out, outputs, depth, *kernel_size, dtype=dtype)),
        "g": draw(arrays(batch, outputs, *out, dtype=dtype)),
        "shape": shape,
        "kernel": kernel_size,
        "window": window,
    }


CONV = convolved().map(lambda c: ([c["x"], c["w"]], c["window"]))
CONV_INPUT = convolved().map(lambda c: ([c["g"], c["w"]], {"shape": c["shape"], **c["window"]}))
CONV_WEIGHT = convolved().map(lambda c: ([c["x"], c["g"]], {"kernel": c["kernel"], **c["window"]}))
LOCAL = convolved().map(lambda c: ([c["x"], c["free"]], c["window"]))
LOCAL_INPUT = convolved().map(lambda c: ([c["g"], c["free"]], {"shape": c["shape"], **c["window"]}))


@st.composite
def linked(draw: Any, *, back: bool = False) -> Case:
    """One of the two products along the links of a table, or of the table turned."""
    table, turned, batch = draw(link_tables()), draw(st.booleans()), draw(st.integers(0, 3))
    n_outputs, n_inputs = table.shape[::-1] if turned else table.shape
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    x = draw(arrays(batch, n_inputs, dtype=dtype))
    shape = (batch, n_outputs) if back else table.outputs.shape
    return [x, draw(arrays(*shape, dtype=dtype))], {"blocks": table.blocks(np.empty(0), turned)}


@st.composite
def largest(draw: Any) -> Case:
    window, sizes = draw(geometries())
    # A window must meet an entry: no more padding than half of it, no step over the picture.
    pairs = [
        (min(a, k // 2), min(b, k // 2))
        for (a, b), k in zip(window["padding"], window["kernel"], strict=True)
    ]
    window["padding"] = tuple(pairs)
    least = [d * k for d, k in zip(window["dilation"], window["kernel"], strict=True)]
    sizes = tuple(map(max, sizes, least))
    x = draw(arrays(draw(BATCH), draw(CHANNELS), *sizes, kind="ties"))
    return [x], window


@st.composite
def largest_back(draw: Any) -> Case:
    (x,), window = draw(largest())
    index = portable.max_pool(x, **window)[1]
    return [draw(arrays(*index.shape))], {"index": index, "shape": x.shape, **window}


@st.composite
def picked(draw: Any) -> Case:
    window, sizes = draw(geometries())
    shape = (draw(BATCH), draw(CHANNELS), *sizes)
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    index = rng.integers(0, math.prod(sizes), (*shape[:2], *positions(window, sizes)))
    return [draw(arrays(*shape))], {"index": index, "shape": shape}


@st.composite
def placed(draw: Any) -> Case:
    _, parameters = draw(picked())
    return [draw(arrays(*parameters["index"].shape))], parameters


@st.composite
def sum_pooled(draw: Any, *, back: bool = False) -> Case:
    window, sizes = draw(geometries(dilated=False))
    shape = (draw(BATCH), draw(CHANNELS), *sizes)
    del window["dilation"]
    given_shape = (*shape[:2], *positions(window, sizes)) if back else shape
    return [draw(arrays(*given_shape))], {"shape": shape, **window}


def indices(size: int) -> Any:
    return st.lists(st.integers(0, size - 1), max_size=6) if size else st.just([])


@st.composite
def added(draw: Any) -> Case:
    size = draw(st.integers(0, 4))
    index = np.array(draw(indices(size)), np.int64)
    rest = draw(st.lists(st.integers(0, 3), max_size=2))
    return [draw(arrays(len(index), *rest))], {"index": index, "size": size}


@st.composite
def keyed(draw: Any, *, back: bool = False) -> Case:
    shape = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    key = draw(keys(tuple(shape)))
    picked_shape = np.empty(shape)[key].shape
    if back:
        return [draw(arrays(*picked_shape))], {"key": key, "shape": tuple(shape)}
    return [draw(arrays(*shape))], {"key": key}


@st.composite
def channels_with_moments(draw: Any) -> list[Array]:
    """Entries (N, C, *spatial), a gradient like it, and five numbers for every channel."""
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    spatial = draw(st.lists(st.integers(1, 3), max_size=2))
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *spatial)
    x, g = draw(arrays(*shape, dtype=dtype)), draw(arrays(*shape, dtype=dtype))
    weight, bias, mean, variance = (draw(arrays(shape[1], dtype=dtype)) for _ in range(4))
    return [x, g, weight, bias, mean, abs(variance)]


NORMALISED = channels_with_moments().map(
    lambda c: ([c[0], c[2], c[3]], {"mean": c[4], "variance": c[5], "eps": 1e-3})
)
NORMALISED_BACK = channels_with_moments().map(
    lambda c: ([c[1], c[0], c[2]], {"mean": c[4], "variance": c[5], "eps": 1e-3})
)


@st.composite
def ignoring(draw: Any, *, back: bool = False) -> Case:
    """Scores and labels of which some are ignored, often all; no row at all, too."""
    inputs, parameters = draw(labelled(back=back))
    labels, classes = parameters["labels"], inputs[-1].shape[1]
    ignored = draw(st.sampled_from([-100, 0, classes - 1]))
    labels[[draw(st.booleans()) for _ in labels]] = ignored
    if back:
        g, logs = inputs
        counted = np.asarray((labels != ignored).sum(), logs.dtype)
        inputs = [np.asarray(g.sum() + 1, logs.dtype), logs, counted]
    return inputs, {"labels": labels, "ignored": ignored}


@st.composite
def perhaps_wrong(draw: Any) -> Case:
    labels = draw(st.lists(st.integers(-2, 4), max_size=5))
    parameters = {"classes": draw(st.integers(1, 5)), "ignored": draw(st.sampled_from([-2, 0]))}
    return [np.array(labels, np.int64)], parameters


@st.composite
def blended(draw: Any) -> Case:
    """Running statistics may be of another dtype than the batch's."""
    old = draw(channels_with_moments())[4:]
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    new = [draw(arrays(*old[0].shape, dtype=dtype)) for _ in old]
    share = draw(st.sampled_from([0.0, 0.1, 1.0]))
    return [*old, *new], {"momentum": share, "count": draw(st.integers(2, 9))}


@st.composite
def masked(draw: Any) -> Case:
    """Masks of blocks that are full and of some that are not; all kept, and all dropped."""
    like = draw(channels_with_moments())[0]
    shape = tuple(draw(st.lists(st.integers(0, 7), max_size=2)))
    key = draw(st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1)))
    drop = draw(st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    return [like], {"shape": shape, "key": key, "drop": drop, "value": 1.5}


RECTIFIED_BACK = channels_with_moments().map(lambda c: ([c[1], np.maximum(c[0], 0)], {}))


@st.composite
def along_an_axis(draw: Any) -> Case:
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    return [draw(arrays(*shape))], {"axis": draw(st.integers(0, len(shape) - 1))}


@st.composite
def sorted_by(draw: Any) -> Case:
    shape = draw(st.lists(st.integers(0, 4), min_size=1, max_size=3))
    values = np.nan_to_num(draw(arrays(*shape, kind="ties")))
    order = {"axis": draw(st.integers(0, len(shape) - 1)), "descending": draw(st.booleans())}
    return [values], {**order, "stable": True}


@st.composite
def labelled(draw: Any, *, back: bool = False) -> Case:
    count, classes = draw(st.integers(0, 4)), draw(st.integers(1, 4))
    labels = np.array(draw(st.lists(st.integers(0, classes - 1), min_size=count, max_size=count)))
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    rows = draw(arrays(count, classes, dtype=dtype))
    inputs = [draw(arrays(count, dtype=dtype)), rows] if back else [rows]
    return inputs, {"labels": labels.astype(np.int64)}


SETTING = st.floats(0.01, 0.9)
"""Of an optimiser: a rate, a decay, or what share of something is kept."""


@st.composite
def stepped(draw: Any, name: str) -> Case:
    """Parameters of several shapes, gradients, and what the optimiser ``name`` keeps for them."""
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    shapes = draw(st.lists(st.lists(st.integers(0, 3), max_size=3), min_size=1, max_size=3))

    def several() -> list[Array]:
        return [draw(arrays(*shape, dtype=dtype)) for shape in shapes]

    def optional() -> list[Array]:
        return several() if draw(st.booleans()) else []

    settings = {"lr": draw(SETTING), "maximize": draw(st.booleans())}
    settings["weight_decay"] = draw(st.sampled_from([0.0, 0.1]))
    if name == "sgd_step":
        kept = [optional()]
        settings |= {"momentum": draw(SETTING), "dampening": draw(st.sampled_from([0.0, 0.25]))}
        return [several(), several(), *kept], {**settings, "nesterov": draw(st.booleans())}
    squares = [np.asarray(abs(array) + 5) for array in several()]  # above the square of any mean
    settings["eps"] = draw(st.sampled_from([1e-8, 0.1]))
    if name == "rmsprop_step":
        settings |= {"alpha": draw(SETTING), "momentum": draw(SETTING)}
        return [several(), several(), squares, optional(), optional()], settings
    settings |= {"step": draw(st.integers(1, 5)), "betas": (draw(SETTING), draw(SETTING))}
    largest = [np.asarray(abs(array) + 5) for array in optional()]
    settings["decoupled"] = draw(st.booleans())
    return [several(), several(), several(), squares, largest], settings


@st.composite
def divided(draw: Any) -> Case:
    """Two arrays that broadcast, or an array and a number; quotients are exact or far from it."""
    shape = draw(st.lists(st.integers(0, 3), max_size=2))
    numbers = st.sampled_from([0.0, -0.0, 0.125, -3.0, 7.0, 6e4, -math.inf, math.nan])
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    pair = [np.full(sizes, draw(numbers), dtype) for sizes in (shape, shape[1:])]
    pair = [np.asarray(a + draw(arrays(*a.shape, dtype=dtype)) * draw(st.booleans())) for a in pair]
    if draw(st.booleans()):
        pair[1] = draw(numbers)
    return pair, {}


@st.composite
def squares(draw: Any) -> list[Array]:
    """Matrices far from singular, and right sides for them, whose stacks broadcast."""
    size, stack = draw(st.integers(1, 3)), draw(st.lists(st.integers(1, 2), max_size=2))
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    matrices = draw(arrays(*stack, size, size, dtype=dtype))
    right = draw(arrays(*draw(st.sampled_from([stack, stack[1:]])), size, 2, dtype=dtype))
    return [np.asarray(matrices + 7 * np.eye(size, dtype=dtype)), right]


CASES: dict[str, st.SearchStrategy[Case]] = {
    "pad": padded(),
    "unfold": unfolded(),
    "fold": folded(),
    "conv": CONV,
    "conv_input": CONV_INPUT,
    "conv_weight": CONV_WEIGHT,
    "local": LOCAL,
    "local_input": LOCAL_INPUT,
    "local_weight": CONV_WEIGHT,
    "link_product": linked(),
    "link_weights": linked(back=True),
    "max_pool": largest(),
    "max_pool_input": largest_back(),
    "pick": picked(),
    "place": placed(),
    "sum_pool": sum_pooled(),
    "sum_pool_input": sum_pooled(back=True),
    "add_bias": channels_with_moments().map(lambda c: ([c[0], c[2]], {})),
    "relu": channels_with_moments().map(lambda c: ([c[0]], {})),
    "relu_input": RECTIFIED_BACK,
    "running_moments": blended(),
    "moments": channels_with_moments().map(lambda c: ([c[0]], {})),
    "batch_norm": NORMALISED,
    "batch_norm_backward": NORMALISED_BACK,
    "log_softmax": along_an_axis(),
    "softmax": along_an_axis(),
    "softmax_cross_entropy": labelled(),
    "softmax_cross_entropy_backward": labelled(back=True),
    "mean_cross_entropy": ignoring(),
    "mean_cross_entropy_backward": ignoring(back=True),
    "any_wrong_label": perhaps_wrong(),
    "random_mask": masked(),
    "argsort": sorted_by(),
    "index_add": added(),
    "select": keyed(),
    "select_back": keyed(back=True),
    "floor_divide": divided(),
    "remainder": divided(),
    "inv": squares().map(lambda c: (c[:1], {})),
    "solve": squares().map(lambda c: (c, {})),
    "cholesky": squares().map(lambda c: ([c[0] @ c[0].mT], {})),
    "erf": st.lists(st.integers(0, 3), max_size=2)
    .flatmap(lambda n: arrays(*n))
    .map(lambda x: ([x], {})),
    **{name: stepped(name) for name in ("sgd_step", "adam_step", "rmsprop_step")},
}


# --- the same as the portable kernels ------------------------------------------------------------


def moved(value: Any, convert: Callable[[Array], Any]) -> Any:
    """Arguments with their arrays, also those inside tuples, brought to another library."""
    if isinstance(value, np.ndarray):
        return convert(value)
    if isinstance(value, (tuple, list)):
        return type(value)(moved(v, convert) for v in value)
    if isinstance(value, dict):
        return {k: moved(v, convert) for k, v in value.items()}
    return value


def leaves(value: Any) -> Iterator[Any]:
    """The arrays in tuples and lists, in order."""
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def test_every_kernel_has_cases() -> None:
    assert set(CASES) == set(portable.KERNELS)


def test_a_backend_replaces_known_kernels_only(backend: str) -> None:
    assert set(get_backend(backend).kernels) <= set(portable.KERNELS)


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
@SMALL
def test_kernel_is_the_portable_one(name: str, backend: str, data: st.DataObject) -> None:
    """... on NumPy, in shape, dtype and entries; and it leaves its arguments alone.

    But for what an optimiser keeps: that is written to.
    """
    arrays_, parameters = data.draw(CASES[name])
    home = get_backend(backend)
    writes = name.endswith("_step")
    own = moved(arrays_, lambda a: home.asarray(a, copy=writes))
    if writes:
        arrays_ = moved(arrays_, np.copy)
    own_parameters = moved(parameters, lambda a: home.asarray(a, copy=False))
    with np.errstate(all="ignore"):
        found = leaves(kernel(name, next(leaves(own)))(*own, **own_parameters))
        expected = leaves(portable.KERNELS[name](*arrays_, **parameters))
    for a, b in zip(map(home.to_numpy, found), expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        tolerance = 1e-12 if b.dtype == np.float64 else 2e-5
        scale = np.max(np.abs(b), initial=1.0, where=np.isfinite(b))
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


# --- adjoints: <A x, y> = <x, A^T y> -------------------------------------------------------------


def on_tensors(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: mt.asarray(function(x.data))


def run(name: str, *inputs: Any, **parameters: Any) -> Any:
    return kernel(name, inputs[0])(*inputs, **parameters)


def adjoint(name: str, back: str, x_shape: Any, y_shape: Any, forth: Any, returning: Any) -> None:
    testing.check_adjoint(
        on_tensors(lambda x: run(name, x, **forth)),
        on_tensors(lambda y: run(back, y, **returning)),
        x_shape,
        y_shape,
    )


@given(case=folded())
@SMALL
def test_fold_is_the_adjoint_of_unfold(backend: str, case: Case) -> None:
    (columns,), parameters = case
    shape = parameters["shape"]
    window = {k: v for k, v in parameters.items() if k != "shape"}
    adjoint("unfold", "fold", shape, columns.shape, window, parameters)


@pytest.mark.parametrize(("name", "weight"), [("conv", "w"), ("local", "free")])
@given(case=convolved())
@SMALL
def test_convolution_and_its_adjoints(
    name: str, weight: str, backend: str, case: dict[str, Any]
) -> None:
    """... with tied weights, and with free ones at every position."""
    home = get_backend()
    x, w = (home.asarray(case[key].astype(np.float64), copy=True) for key in ("x", weight))
    window, shapes = case["window"], {key: case[key].shape for key in ("x", weight, "g")}
    testing.check_adjoint(
        on_tensors(lambda x: run(name, x, w, **window)),
        on_tensors(lambda g: run(f"{name}_input", g, w, shape=case["shape"], **window)),
        shapes["x"],
        shapes["g"],
    )
    testing.check_adjoint(
        on_tensors(lambda w: run(name, x, w, **window)),
        on_tensors(lambda g: run(f"{name}_weight", x, g, kernel=case["kernel"], **window)),
        shapes[weight],
        shapes["g"],
    )


@given(case=linked())
@SMALL
def test_link_weights_are_the_adjoint_of_the_product_in_its_values(
    backend: str, case: Case
) -> None:
    (x, values), parameters = case
    home = get_backend()
    blocks = moved(parameters, lambda a: home.asarray(a, copy=True))
    own = home.asarray(x.astype(np.float64), copy=True)
    n_outputs = sum(outputs.size for outputs, _, _ in parameters["blocks"])
    testing.check_adjoint(
        on_tensors(lambda v: run("link_product", own, v, **blocks)),
        on_tensors(lambda g: run("link_weights", own, g, **blocks)),
        values.shape,
        (len(x), n_outputs),
    )


@given(case=sum_pooled(back=True))
@SMALL
def test_sum_pool_and_its_adjoint(backend: str, case: Case) -> None:
    (g,), parameters = case
    adjoint("sum_pool", "sum_pool_input", parameters["shape"], g.shape, parameters, parameters)


@given(case=picked())
@SMALL
def test_place_is_the_adjoint_of_pick(backend: str, case: Case) -> None:
    (x,), parameters = case
    parameters = moved(parameters, lambda a: get_backend().asarray(a, copy=True))
    adjoint("pick", "place", x.shape, case[1]["index"].shape, parameters, parameters)


@given(case=keyed(back=True))
@SMALL
def test_select_back_is_the_adjoint_of_select(backend: str, case: Case) -> None:
    (g,), parameters = case
    parameters = moved(parameters, lambda a: get_backend().asarray(a, copy=True))
    key = {"key": parameters["key"]}
    adjoint("select", "select_back", parameters["shape"], g.shape, key, parameters)


@given(case=added())
@SMALL
def test_index_add_is_the_adjoint_of_take(backend: str, case: Case) -> None:
    (rows,), parameters = case
    index = get_backend().asarray(parameters["index"], copy=True)
    size = parameters["size"]
    testing.check_adjoint(
        lambda x: mt.take(x, mt.asarray(index), axis=0),
        on_tensors(lambda g: run("index_add", g, index=index, size=size)),
        (size, *rows.shape[1:]),
        rows.shape,
    )


@given(case=padded())
@SMALL
def test_crop_is_the_adjoint_of_pad(backend: str, case: Case) -> None:
    (x,), parameters = case
    widths = parameters["widths"]
    testing.check_adjoint(
        on_tensors(lambda x: run("pad", x, widths=widths, value=0)),
        lambda y: mt.pad(y, [(-a, -b) for a, b in widths]),
        x.shape,
        tuple(n + sum(w) for n, w in zip(x.shape, widths, strict=True)),
    )


# --- paths taken for large arrays only -----------------------------------------------------------


@given(case=convolved())
@SMALL
def test_weight_gradients_summed_one_by_one(case: dict[str, Any]) -> None:
    """The NumPy kernel for large batches does not stack the gradients of single pictures."""
    x, g = (case[name].astype(np.float64) for name in "xg")
    assume(len(x))
    parameters = {"kernel": case["kernel"], **case["window"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numpy_conv, "SUM_OF_PRODUCTS_BYTES", -1)
        found = numpy_conv.conv_weight(x, g, **parameters)
    expected = portable.conv_weight(x, g, **parameters)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["link_product", "link_weights"])
@given(data=st.data())
@SMALL
def test_links_gathered_piece_by_piece(name: str, data: st.DataObject) -> None:
    """The NumPy kernels gather no more positions at a time than their buffer holds."""
    arrays_, parameters = data.draw(linked(back=name == "link_weights"))
    arrays_ = [a.astype(np.float64) for a in arrays_]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numpy_links, "BUFFER_BYTES", data.draw(st.sampled_from([1, 64])))
        found = numpy_links.KERNELS[name](*arrays_, **parameters)
    expected = portable.KERNELS[name](*arrays_, **parameters)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "cases"),
    [("local", LOCAL), ("local_input", LOCAL_INPUT), ("local_weight", CONV_WEIGHT)],
)
@given(data=st.data())
@SMALL
def test_windows_cut_row_by_row(name: str, cases: Any, data: st.DataObject) -> None:
    """The NumPy kernels hold no more rows of windows at a time than their buffer."""
    arrays_, parameters = data.draw(cases)
    arrays_ = [a.astype(np.float64) for a in arrays_]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numpy_local, "BUFFER_BYTES", data.draw(st.sampled_from([1, 128])))
        found = numpy_local.KERNELS[name](*arrays_, **parameters)
    expected = portable.KERNELS[name](*arrays_, **parameters)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_local_layer_holds_little_besides_its_weights() -> None:
    """Forward and backward within 1.5 times weights and unfolded input, the gradient included."""
    layer = mt.nn.LocallyConnected2d(32, 32, (32, 32), 3)
    x, upstream = mt.ones((16, 32, 32, 32)), mt.ones((16, 32, 30, 30))
    weights, unfolded = layer.weight.data.nbytes, 4 * 16 * 32 * 9 * 30 * 30
    tracemalloc.start()
    layer(x).backward(upstream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert weights + peak < 1.5 * (weights + unfolded)
