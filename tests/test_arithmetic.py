"""Convolution arithmetic: sizes against the layers, settings against trying them all."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn import nn

SMALL = st.integers(1, 4)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [((28, 5, 1, 0), 24), ((32, 3, 2, 1), 16), ((5, 3, 2, 0), 2), ((7, 3, 2, 1), 4)],
)
def test_known_sizes(settings, expected):
    assert nn.conv_output_size(*settings) == expected


def test_sizes_of_several_dimensions():
    assert nn.conv_output_size((28, 32), 5, stride=(1, 2)) == (24, 14)
    assert nn.conv_output_size(28, (5, 3)) == (24, 26)
    assert nn.conv_output_size((8, 9, 10), 2, padding="same") == (8, 9, 10)
    assert nn.conv_output_size((9,), 3) == (7,)
    assert nn.conv_transpose_output_size(16, 4, 2, 1) == 32
    assert nn.conv_transpose_output_size((16, 8), 3, 2, 1, output_padding=(1, 0)) == (32, 15)


@given(st.integers(1, 12), SMALL, SMALL, st.integers(0, 3), st.integers(1, 3))
def test_sizes_are_those_of_the_layer(size, kernel, stride, padding, dilation):
    layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation)
    x = mt.zeros((1, 1, size))
    if dilation * (kernel - 1) + 1 > size + 2 * padding:
        with pytest.raises(ValueError, match="does not fit"):
            nn.conv_output_size(size, kernel, stride, padding, dilation)
        with pytest.raises(ValueError, match="does not fit"):
            layer(x)
    else:
        found = nn.conv_output_size(size, kernel, stride, padding, dilation)
        assert layer(x).shape == (1, 1, found)


@given(st.integers(1, 6), SMALL, SMALL, st.integers(0, 2), st.integers(0, 3), st.integers(1, 3))
def test_sizes_are_those_of_the_transposed_layer(size, kernel, stride, padding, extra, dilation):
    settings = {"stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation}

    def layer():
        return nn.ConvTranspose1d(1, 1, kernel, **settings)(mt.zeros((1, 1, size))).shape[2]

    def formula():
        return nn.conv_transpose_output_size(size, kernel, **settings)

    try:
        expected = layer()
    except ValueError:
        with pytest.raises(ValueError, match=r"output_padding|leave a size"):
            formula()
    else:
        assert formula() == expected


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.conv_output_size(2, 3), ValueError, ["does not fit"]),
        (lambda: nn.conv_output_size((8, 8), (3, 3, 3)), ValueError, ["differ in length"]),
        (lambda: nn.conv_output_size(8, 0), ValueError, ["kernel_size"]),
        (lambda: nn.conv_output_size(8.5, 1), TypeError, ["input_size", "8.5"]),
        (lambda: nn.conv_output_size(8, 3, 2, "same"), ValueError, ["same", "stride"]),
        (lambda: nn.conv_transpose_output_size(1, 2, padding=1), ValueError, ["leave"]),
        (lambda: nn.conv_transpose_output_size(3, 2, 2, 0, 2), ValueError, ["output_padding"]),
        (lambda: nn.solve_conv(0, 1), ValueError, ["input_size", "at least 1"]),
        (lambda: nn.solve_conv((7, 7), 4, 3), TypeError, ["input_size", "integer"]),
        (lambda: nn.solve_conv(7, 9, 3, 1, 0), ValueError, ["7 to 9", "5 (kernel_size=3"]),
        (lambda: nn.solve_conv(2, 1, 5, 1, 0), ValueError, ["no size can be reached"]),
        (lambda: nn.solve_conv_transpose(4, 6, 2, 2, 0, 0), ValueError, ["nearest: 8"]),
        (lambda: nn.invert_conv((4, 4), 2), TypeError, ["invert_conv input_size", "integer"]),
        (lambda: nn.invert_conv(2, 3), ValueError, ["does not fit"]),
        (lambda: nn.solve_conv(4, 4, 2, 1)[0].arguments(), ValueError, ["ZeroPad"]),
    ],
)
def test_mistakes(call, error, words):
    with pytest.raises(error) as raised:
        call()
    for word in words:
        assert word in str(raised.value)


# --- the solver ---------------------------------------------------------------------------------


def test_the_padding_that_is_asked_for():
    first, *_ = nn.solve_conv(7, 4, kernel_size=3, stride=2)
    assert first == nn.ConvSetting(3, 2, (1, 1), 1)
    assert str(first) == "kernel_size=3, stride=2, padding=1"


def test_half_a_padding_keeps_the_size_of_even_windows():
    (setting,) = nn.solve_conv(8, 8, kernel_size=2, stride=1)
    assert (setting.padding, setting.symmetric) == ((0, 1), False)
    assert str(setting) == "kernel_size=2, stride=1, padding=(0, 1)"


def test_columns_that_no_window_reaches_are_counted():
    """A change there changes nothing."""
    (setting,) = nn.solve_conv(6, 2, kernel_size=3, stride=2, padding=0)
    assert setting.unused == 1
    assert str(setting).endswith("(1 unused)")
    x = mt.zeros((1, 1, 6), requires_grad=True)
    nn.Conv1d(1, 1, **setting.arguments())(x).sum().backward()
    assert [bool(g != 0) for g in x.grad.numpy().flatten()] == [True] * 5 + [False]


LEAST = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1}


@given(
    st.integers(1, 7),
    st.integers(1, 9),
    st.none() | st.integers(1, 4),
    st.none() | st.integers(1, 4),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(1, 3),
)
def test_solutions_are_all_there_are(size, wanted, kernel, stride, padding, dilation):
    expected = set()
    kernels = range(1, size + 1) if kernel is None else [kernel]
    for k, d in itertools.product(kernels, range(1, 10) if dilation is None else [dilation]):
        span = d * (k - 1) + 1
        if dilation is None and d > 1 and (k == 1 or span > size):
            continue
        pairs = [(p, p) for p in range(span)] + [(p, p + 1) for p in range(span - 1)]
        for pair in pairs if padding is None else [(padding, padding)]:
            for s in range(1, size + 1) if stride is None else [stride]:
                padded = nn.ConstantPad1d(pair, 0.0)(mt.zeros((1, 1, size)))
                if padded.shape[2] < span:
                    continue
                if nn.Unfold((1, k), (1, d), 0, (1, s))(padded[:, :, None]).shape[2] == wanted:
                    last = (wanted - 1) * s + span
                    expected.add(nn.ConvSetting(k, s, pair, d, padded.shape[2] - last))
    if not expected:
        with pytest.raises(ValueError, match=r"gets? from"):
            nn.solve_conv(size, wanted, kernel, stride, padding, dilation)
        return
    found = nn.solve_conv(size, wanted, kernel, stride, padding, dilation)
    assert set(found) == expected
    assert len(found) == len(expected)
    assert [s.symmetric for s in found] == sorted((s.symmetric for s in found), reverse=True)


@given(
    st.integers(1, 6),
    st.integers(1, 9),
    st.none() | st.integers(1, 4),
    st.none() | st.integers(1, 4),
    st.none() | st.integers(0, 2),
    st.none() | st.integers(0, 2),
    st.none() | st.integers(1, 3),
)
def test_transposed_solutions_are_all_there_are(
    size, wanted, kernel, stride, padding, extra, dilation
):
    expected = set()
    kernels = range(1, wanted + 1) if kernel is None else [kernel]
    for k, d in itertools.product(kernels, range(1, 10) if dilation is None else [dilation]):
        span = d * (k - 1) + 1
        if dilation is None and d > 1 and (k == 1 or span > wanted):
            continue
        for s, p, e in itertools.product(
            range(1, wanted + 1) if stride is None else [stride],
            range(span) if padding is None else [padding],
            range(10) if extra is None else [extra],
        ):
            if e < max(s, d) and (size - 1) * s - 2 * p + span + e == wanted:
                expected.add(nn.ConvTransposeSetting(k, s, p, e, d))
    settings = (kernel, stride, padding, extra, dilation)
    if not expected:
        with pytest.raises(ValueError, match=r"gets? from"):
            nn.solve_conv_transpose(size, wanted, *settings)
        return
    found = nn.solve_conv_transpose(size, wanted, *settings)
    assert set(found) == expected
    assert len(found) == len(expected)


@given(st.integers(1, 12), SMALL, SMALL, st.integers(0, 3), st.integers(1, 3))
def test_inverses_restore_the_size(size, kernel, stride, padding, dilation):
    if dilation * (kernel - 1) + 1 > size + 2 * padding:
        return
    positions = nn.conv_output_size(size, kernel, stride, padding, dilation)
    first, *others = nn.invert_conv(size, kernel, stride, padding, dilation)
    assert first.padding == padding
    for setting in [first, *others]:
        assert (setting.kernel_size, setting.stride, setting.dilation) == (kernel, stride, dilation)
        layer = nn.ConvTranspose1d(1, 1, **setting.arguments())
        assert layer(mt.zeros((1, 1, positions))).shape == (1, 1, size)


def test_a_wide_search_takes_no_time():
    assert nn.solve_conv(224, 112)[0].padding == (0, 0)
    assert nn.solve_conv_transpose(56, 112)[0].output_padding == 0
    with pytest.raises(ValueError, match="nearest:"):
        nn.solve_conv(224, 1000)
