"""One program on two backends: agreement, and the first operation that differs by name."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_backends import portable
from minitorch_cnn import backend as backends
from minitorch_cnn import nn, optim, random, testing
from minitorch_cnn.backend import get_backend


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU())
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Dense(27, 4)

    def forward(self, x):
        return self.head(nn.functional.dropout(mt.flatten(self.pool(self.features(x)), 1), 0.25))


def training(steps=3):
    def run():
        net = Net()
        optimiser = optim.Adam(net.parameters(), lr=0.01)
        for _ in range(steps):
            optimiser.zero_grad()
            images, labels = mt.rand(4, 1, 8, 8), mt.randint(0, 4, (4,))
            nn.functional.cross_entropy(net(images), labels).backward()
            optimiser.step()

    return run


@pytest.fixture
def pair(backend):
    """What is taken to be right, and the backend that is looked at."""
    return ("strict" if backend == "numpy" else "numpy"), backend


@pytest.fixture
def spoil(monkeypatch):
    """Put another kernel in the place of one, for the arrays of one backend."""

    def spoiled(name, backend, change):
        array_type = get_backend(backend).array_types[0]
        right = get_backend(backend).kernels.get(name) or portable.KERNELS[name]
        wrong = lambda *args, **kwargs: change(right(*args, **kwargs))  # noqa: E731
        monkeypatch.setitem(backends._kernels, (name, array_type), wrong)

    return spoiled


def test_a_training_agrees(pair):
    report = testing.compare_backends(training(), pair)
    assert report.agrees, str(report)
    assert report.difference is None
    assert report.steps == 3
    assert report.results > 60
    assert report.largest <= 1e-5
    report.raise_if_different()
    assert f"'{pair[1]}' agrees with '{pair[0]}' in {report.results} results" in str(report)


def test_the_runs_end_after_the_steps_asked_for(pair):
    ran = []

    def endless():
        ran.append(mt.zeros(1).backend)
        while True:
            training(1)()

    report = testing.compare_backends(endless, pair, steps=2)
    assert report.agrees, str(report)
    assert report.steps == 2
    assert ran == [*pair]


@pytest.mark.parametrize(
    ("kernel", "operation", "what", "layer"),
    [
        ("conv", "conv", "value", "features.0"),
        ("max_pool_input", "max_pool", "gradient in argument 0", "pool"),
        ("mean_cross_entropy_backward", "mean_cross_entropy", "gradient in argument 0", ""),
    ],
)
def test_a_wrong_kernel_is_named_with_layer_and_line(pair, spoil, kernel, operation, what, layer):
    spoil(kernel, pair[1], lambda array: array * 1.01)
    report = testing.compare_backends(training(), pair)
    found = report.difference
    assert (found.operation, found.what, found.step) == (operation, what, 1)
    assert found.layer == layer
    assert "test_parity.py, line" in found.place
    assert 0 < found.deviation < 10
    assert not report.agrees
    with pytest.raises(
        AssertionError, match=f"differs from '{pair[0]}' in the {what} of {operation} "
    ):
        report.raise_if_different()
    assert found.number == report.results + 1
    assert f"All {report.results} results before agree" in str(report)


def test_a_wrong_kernel_that_is_right_at_first_is_found_in_its_step(pair, spoil):
    calls = []

    def later(array):
        calls.append(1)
        return array * (1.01 if len(calls) == 3 else 1)

    spoil("batch_norm_backward", pair[1], lambda found: (later(found[0]), *found[1:]))
    found = testing.compare_backends(training(4), pair).difference
    assert (found.operation, found.what, found.step) == ("batch_norm", "gradient in argument 0", 3)


def test_one_wrong_entry_is_enough(pair):
    def program():
        x = np.ones((50, 50), np.float32)
        x[7, 3] += 0.01 * (mt.zeros(1).backend == pair[1])
        mt.exp(mt.tensor(x))

    found = testing.compare_backends(program, pair).difference
    assert (found.operation, found.what) == ("exp", "value")
    assert "at [7, 3] it is 2.745" in found.how


def test_nan_differs_from_a_number_and_not_from_nan(pair):
    def program(lonely):
        both = mt.tensor([np.nan, np.inf, -np.inf, 1.0]) * 2
        return both + (np.nan if lonely and both.backend == pair[1] else 1.0)

    assert testing.compare_backends(lambda: program(False), pair).agrees
    found = testing.compare_backends(lambda: program(True), pair).difference
    assert (found.operation, found.deviation) == ("add", np.inf)


def test_a_parameter_that_was_written_wrongly_is_blamed_on_the_writer(pair):
    def program():
        w = mt.tensor([1.0, 2.0], requires_grad=True)
        optimiser = optim.SGD([w], lr=0.1 if w.backend == pair[0] else 0.2)
        for _ in range(2):
            (w * w).sum().backward()
            optimiser.step()

    found = testing.compare_backends(program, pair).difference
    assert (found.operation, found.what, found.step) == ("multiply", "argument 0", 2)
    assert "It differed before it was used" in str(found)


def test_runs_that_do_different_things_part(pair):
    def program(in_the_middle):
        x = mt.tensor([1.0])
        if in_the_middle and x.backend == pair[1]:
            mt.sin(x)
        mt.exp(x)
        if not in_the_middle and x.backend == pair[1]:
            mt.exp(mt.zeros((2, 2)))

    found = testing.compare_backends(lambda: program(True), pair).difference
    assert str(found).startswith("the value of sin (result 1, step 1): the first run has the value")
    found = testing.compare_backends(lambda: program(False), pair).difference
    assert (found.number, found.how) == (2, "the first run had ended here")
    found = testing.compare_backends(lambda: program(False), pair[::-1]).difference
    assert (found.number, found.how) == (2, "the second run had ended before it")


def test_shapes_and_dtypes_must_be_equal(pair):
    def program():
        mt.exp(mt.zeros((2, 3) if mt.zeros(1).backend == pair[0] else (3,)))

    found = testing.compare_backends(program, pair).difference
    assert found.how == "shape (3,), float32 instead of (2, 3), float32"


def test_the_second_run_goes_on_with_what_the_first_had(pair):
    """... so that a rounding error is judged where it is made, and not where it has grown to."""
    seen = []

    def program():
        x = mt.tensor([1.0], dtype=mt.float64)
        if x.backend == pair[1]:
            x = mt.tensor([1 + 1e-10], dtype=mt.float64)
        y = x * 1
        seen.append(y.item())
        for _ in range(20):
            y = y * y

    report = testing.compare_backends(program, pair)
    assert report.agrees, str(report)
    assert seen == [1.0, 1.0]
    strict = testing.compare_backends(program, pair, rtol=1e-11)
    assert strict.difference.number == 1


def test_gradients_of_gradients_and_checkpoints(pair):
    def program():
        x = mt.rand(3, 4, dtype=mt.float64, requires_grad=True)
        (slope,) = mt.grad(mt.checkpoint(lambda x: mt.tanh(x) * x, x).sum(), x)
        (slope,) = mt.grad((mt.tanh(x) * x).sum(), x, create_graph=True)
        (slope**2).sum().backward()

    report = testing.compare_backends(program, pair)
    assert report.agrees, str(report)


SCRIPT = """
import sys
import minitorch_cnn as mt
assert __name__ == "__main__" and len(sys.argv) == 1 and __file__ == sys.argv[0]
x = mt.rand(3, requires_grad=True)
(x * x).sum().backward()
with open("backends.txt", "a") as file:
    print(x.backend, file=file)
sys.exit({code})
"""


def test_a_script(pair, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(code=0))
    report = testing.compare_backends(script, pair)
    assert report.agrees, str(report)
    assert (tmp_path / "backends.txt").read_text().split() == [*pair]
    script.write_text(SCRIPT.format(code=3))
    with pytest.raises(RuntimeError, match="exit code 3") as raised:
        testing.compare_backends(str(script), pair)
    assert raised.value.__notes__ == [f"compare_backends: this happened on backend {pair[0]!r}"]


def test_nothing_is_left_behind(pair):
    generator = random.default_rng()
    before, default = generator.bit_generator.state, mt.zeros(1).backend

    def program():
        mt.exp(mt.rand(3))
        if mt.zeros(1).backend == pair[1]:
            mt.tensor([1.0]) @ mt.zeros((2, 2))

    with pytest.raises(ValueError, match="matmul") as raised:
        testing.compare_backends(program, pair)
    assert raised.value.__notes__ == [f"compare_backends: this happened on backend {pair[1]!r}"]
    assert generator.bit_generator.state == before
    assert mt.zeros(1).backend == default


@pytest.mark.parametrize(
    ("program", "options", "error", "message"),
    [
        (3, {}, TypeError, "3 is no program; pass a function"),
        (lambda: None, {"steps": 0}, ValueError, "steps must be at least 1 or None, got 0"),
        (lambda: None, {"backends": "numpy"}, ValueError, "expected two backends"),
        (lambda: None, {"backends": ("numpy", "abacus")}, ValueError, "unknown backend 'abacus'"),
        (lambda: None, {"backends": ("numpy", "numpy")}, ValueError, "ran no operation on 'numpy'"),
    ],
)
def test_mistakes(program, options, error, message):
    with pytest.raises(error, match=message):
        testing.compare_backends(program, **options)
