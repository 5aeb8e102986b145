"""The real CuPy computes on emulated CUDA what NumPy computes."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cuda_emulator import emulator

if not emulator.available():
    pytest.skip("needs emulated CUDA: make test-cupy", allow_module_level=True)

import cupy as cp
import cupyx

RNG = np.random.default_rng(0)
PRECISE = {"e": 1e-2, "f": 1e-5, "d": 1e-12}
plain = pytest.mark.skipif(bool(emulator.modes()), reason="counts what happens in no strict mode")


def close(x, y, dtype="f"):
    y = np.asarray(y)
    assert x.shape == y.shape
    np.testing.assert_allclose(x.get(), y, rtol=PRECISE[dtype], atol=PRECISE[dtype])


def both(*shape, dtype="f"):
    host = RNG.standard_normal(shape).astype(dtype)
    return host, cp.asarray(host)


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", "efd")
@pytest.mark.parametrize("function", ["exp", "tanh", "sqrt", "negative", "square", "sign"])
def test_elementwise(function, dtype):
    host, device = both(17, 5, dtype=dtype)
    host, device = abs(host), abs(device)
    close(getattr(cp, function)(device), getattr(np, function)(host), dtype)
    close(getattr(cp, function)(device.T[::2]), getattr(np, function)(host.T[::2]), dtype)


def test_types_are_cupys_own():
    ones = cp.ones(3, "f")
    assert (ones * 2.0).dtype == np.float32
    assert (ones + cp.ones(3, "l")).dtype == np.float64
    assert isinstance(ones.sum(), cp.ndarray)
    with pytest.raises(TypeError, match="Unsupported type"):
        ones + np.ones(3, "f")
    with pytest.raises(TypeError, match="Implicit conversion"):
        np.asarray(ones)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2)])
@pytest.mark.parametrize("reduction", ["sum", "max", "min", "mean", "var", "prod"])
def test_reductions(reduction, axis):
    host, device = both(9, 40, 7, dtype="d")
    close(getattr(device, reduction)(axis=axis), getattr(host, reduction)(axis=axis), "d")


@pytest.mark.parametrize("function", ["argmax", "argmin", "cumsum", "any", "count_nonzero"])
def test_other_reductions(function):
    host, device = both(6, 70, dtype="d")
    close(getattr(cp, function)(device, axis=1), getattr(np, function)(host, axis=1), "d")


@pytest.mark.parametrize("dtype", "efd")
def test_products_of_matrices(dtype):
    a, a_device = both(5, 7, dtype=dtype)
    b, b_device = both(7, 3, dtype=dtype)
    close(a_device @ b_device, a @ b, dtype)
    close(b_device.T @ a_device.T, b.T @ a.T, dtype)
    close(a_device[:, ::2] @ b_device[::2], a[:, ::2] @ b[::2], dtype)
    close(cp.tensordot(a_device, b_device, 1), np.tensordot(a, b, 1), dtype)


def test_complex_products():
    a, a_device = both(4, 6, dtype="D")
    close(a_device @ a_device.conj().T, a @ a.conj().T, "d")


@pytest.mark.parametrize("dtype", "efd")
def test_batches_of_products(dtype):
    a, a_device = both(3, 5, 7, dtype=dtype)
    b, b_device = both(3, 7, 4, dtype=dtype)
    close(a_device @ b_device, a @ b, dtype)
    close(a_device[0] @ b_device, a[0] @ b, dtype)
    close(cp.einsum("bij,bjk->bki", a_device, b_device), np.einsum("bij,bjk->bki", a, b), dtype)


def test_a_product_that_overwrites_nan():
    a, a_device = both(4, 4)
    out = cp.full((4, 4), np.nan, "f")
    close(cp.matmul(a_device, a_device, out=out), a @ a)


def test_half_products_are_rounded_once():
    row, column = cp.full((1, 4096), 1, "e"), cp.full((4096, 1), 2.0**-11, "e")
    column[0] = 1
    assert float((cp.concat([row, row]) @ column)[0, 0]) == np.float16(1 + 4095 * 2.0**-11)


@pytest.mark.parametrize("dtype", "fdFD")
@pytest.mark.parametrize("shape", [(4, 4), (3, 5, 5), (2, 1, 2, 2)])
def test_factorisations(shape, dtype):
    """One matrix by cuSOLVER, stacks by cuBLAS' batches and cuSOLVER's."""
    a, _ = both(*shape, dtype=dtype)
    a += 5 * np.eye(shape[-1], dtype=dtype)
    b, b_device = both(*shape[:-1], 3, dtype=dtype)
    a_device, real = cp.asarray(a), dtype.lower()
    for name in ("inv", "det"):
        close(getattr(cp.linalg, name)(a_device), getattr(np.linalg, name)(a), real)
    close(cp.linalg.solve(a_device, b_device), np.linalg.solve(a, b), real)
    close(cp.linalg.solve(a_device.mT, b_device), np.linalg.solve(a.mT, b), real)
    for found, expected in zip(cp.linalg.slogdet(a_device), np.linalg.slogdet(a), strict=True):
        close(found, expected, real)
    square = a @ a.mT.conj()
    close(cp.linalg.cholesky(cp.asarray(square)), np.linalg.cholesky(square), real)


@pytest.mark.parametrize("stack", [(), (2,)])
@pytest.mark.parametrize("factorise", [cp.linalg.inv, cp.linalg.cholesky])
def test_a_factorisation_that_fails_says_where(factorise, stack):
    zeros = cp.zeros((*stack, 3, 3))
    with cupyx.errstate(linalg="raise"), pytest.raises(np.linalg.LinAlgError, match=r"= \[1"):
        factorise(zeros)


@pytest.mark.parametrize("dtype", "fd")
def test_functions_of_float32_are_those_of_float32(dtype):
    x, x_device = both(20, dtype=dtype)
    np.testing.assert_array_equal(cp.nextafter(x_device, 1).get(), np.nextafter(x, x.dtype.type(1)))


@pytest.mark.parametrize("dtype", "?bBhHiIlLefdFD")
def test_sorts(dtype):
    host = RNG.integers(0, 9, (4, 30)).astype(dtype)
    device = cp.asarray(host)
    close(cp.sort(device, axis=0), np.sort(host, axis=0))
    close(cp.argsort(device, axis=1), np.argsort(host, axis=1, kind="stable"))
    close(cp.unique(device), np.unique(host))
    close(cp.lexsort(device), np.lexsort(host))


def test_nan_sorts_last():
    assert cp.sort(cp.asarray([np.nan, 1, np.inf, -np.inf]))[:3].get().tolist() == [
        -np.inf,
        1,
        np.inf,
    ]


def test_indexing():
    host, device = both(8, 6)
    rows = np.array([3, 1, 3])
    close(device[cp.asarray(rows)], host[rows])
    close(device[device > 0], host[host > 0])
    cp.add.at(device, cp.asarray(rows), 1.0)
    np.add.at(host, rows, 1.0)
    close(device, host)


def test_mathematics_that_c_lacks():
    from scipy import special

    x = np.linspace(-0.999999, 0.999999, 101)
    device = cp.asarray(x)
    fill = cp.ElementwiseKernel("float64 x", "float64 y", "y = erfinv(x)", "emulator_erfinv")
    np.testing.assert_allclose(fill(device).get(), special.erfinv(x), rtol=1e-12, atol=1e-15)


def test_random_numbers():
    cp.random.seed(3)
    uniform = cp.random.random_sample(20000, dtype="f")
    normal = cp.random.standard_normal(20000, dtype="d")
    assert float(uniform.min()) >= 0
    assert float(uniform.max()) <= 1
    assert abs(float(uniform.mean()) - 0.5) <= 0.02
    assert abs(float(normal.mean())) <= 0.03
    assert abs(float(normal.std()) - 1) <= 0.03
    cp.random.seed(3)
    close(cp.random.random_sample(20000, dtype="f"), uniform.get())


# --- kernels of one's own -----------------------------------------------------------------------


def test_shared_memory_and_barriers():
    reverse = cp.RawKernel(
        r"""extern "C" __global__ void reverse(const float* x, float* y, int n) {
            __shared__ float tile[256];
            int t = threadIdx.x, first = blockIdx.x * blockDim.x;
            if (first + t < n) tile[t] = x[first + t];
            __syncthreads();
            if (first + t < n) y[first + t] = tile[blockDim.x - 1 - t];
        }""",
        "reverse",
    )
    host, device = both(1024)
    out = cp.zeros_like(device)
    reverse((4,), (256,), (device, out, np.int32(1024)))
    close(out, host.reshape(4, 256)[:, ::-1].reshape(-1))


def test_dynamic_shared_memory():
    total = cp.RawKernel(
        r"""extern "C" __global__ void total(const double* x, double* y) {
            extern __shared__ double part[];
            part[threadIdx.x] = x[threadIdx.x];
            for (int half = blockDim.x / 2; half > 0; half /= 2) {
                __syncthreads();
                if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
            }
            if (threadIdx.x == 0) *y = part[0];
        }""",
        "total",
    )
    host, device = both(512, dtype="d")
    out = cp.zeros(1)
    total((1,), (512,), (device, out), shared_mem=8 * 512)
    close(out, [host.sum()], "d")


def test_shuffles_and_votes():
    warp = cp.RawKernel(
        r"""extern "C" __global__ void warp(const int* x, int* y) {
            int lane = threadIdx.x, value = x[lane];
            for (int step = 16; step > 0; step /= 2)
                value += __shfl_down_sync(0xffffffff, value, step);
            int total = __shfl_sync(0xffffffff, value, 0);
            int before = __shfl_up_sync(0xffffffff, x[lane], 1);
            int other = __shfl_xor_sync(0xffffffff, x[lane], 5);
            y[lane] = total; y[32 + lane] = before; y[64 + lane] = other;
            y[96 + lane] = __ballot_sync(0xffffffff, x[lane] % 2);
            y[128 + lane] = __syncthreads_count(x[lane] > 10);
            y[160 + lane] = __syncthreads_or(x[lane] == 31) + 2 * __syncthreads_and(lane < 32);
        }""",
        "warp",
    )
    x = np.arange(32, dtype="i")
    out = cp.zeros((6, 32), "i")
    warp((1,), (32,), (cp.asarray(x), out))
    total, before, other, odd, many, votes = out.get()
    assert (total == x.sum()).all()
    assert (before == np.concatenate([[0], x[:-1]])).all()
    assert (other == x ^ 5).all()
    assert (odd.astype("I") == 0xAAAAAAAA).all()
    assert (many == 21).all()
    assert (votes == 3).all()


def test_part_of_a_warp():
    half = cp.RawKernel(
        r"""extern "C" __global__ void half(int* y) {
            int lane = threadIdx.x;
            if (lane >= 16) return;
            int value = lane;
            for (int step = 8; step > 0; step /= 2)
                value += __shfl_xor_sync(0x0000ffff, value, step, 16);
            y[lane] = value;
        }""",
        "half",
    )
    out = cp.zeros(16, "i")
    half((1,), (32,), (out,))
    assert (out.get() == 120).all()


def test_atomics():
    histogram = cp.RawKernel(
        r"""extern "C" __global__ void histogram(const int* x, int* counts, float* sum, int* top) {
            int i = blockIdx.x * blockDim.x + threadIdx.x;
            atomicAdd(&counts[x[i]], 1);
            atomicAdd(sum, 0.5f);
            atomicMax(top, x[i]);
        }""",
        "histogram",
    )
    x = RNG.integers(0, 10, 512).astype("i")
    counts, total, top = cp.zeros(10, "i"), cp.zeros(1, "f"), cp.zeros(1, "i")
    histogram((4,), (128,), (cp.asarray(x), counts, total, top))
    assert (counts.get() == np.bincount(x, minlength=10)).all()
    assert float(total[0]) == 256
    assert int(top[0]) == x.max()


def test_grids_of_three_dimensions_and_templates():
    module = cp.RawModule(
        code=r"""template <class T> __global__ void place(T* out) {
            int x = blockIdx.x * blockDim.x + threadIdx.x;
            int y = blockIdx.y * blockDim.y + threadIdx.y;
            int z = blockIdx.z * blockDim.z + threadIdx.z;
            int width = gridDim.x * blockDim.x, height = gridDim.y * blockDim.y;
            out[(z * height + y) * width + x] = T(x + 10 * y + 100 * z);
        }""",
        options=("-std=c++17",),
        name_expressions=["place<float>", "place<int>"],
    )
    z, y, x = np.mgrid[:4, :6, :8]
    for name, dtype in (("place<float>", "f"), ("place<int>", "i")):
        out = cp.zeros((4, 6, 8), dtype)
        module.get_function(name)((2, 3, 2), (4, 2, 2), (out,))
        close(out, x + 10 * y + 100 * z)


def test_a_kernel_that_does_not_compile():
    wrong = cp.RawKernel('extern "C" __global__ void wrong(float* x) { x[0] = y; }', "wrong")
    with pytest.raises(cp.cuda.compiler.CompileException, match="not declared"):
        wrong((1,), (1,), (cp.ones(1, "f"),))


@pytest.mark.parametrize(
    ("grid", "block", "shared"),
    [((1,), (2048,), 0), ((1, 70000), (1,), 0), ((1,), (1, 1, 128), 0), ((1,), (1,), 50000)],
)
def test_limits_of_a_launch(grid, block, shared):
    nothing = cp.RawKernel('extern "C" __global__ void nothing(float* x) {}', "nothing")
    with pytest.raises(cp.cuda.driver.CUDADriverError, match="INVALID_VALUE"):
        nothing(grid, block, (cp.ones(1, "f"),), shared_mem=shared)


def test_mistakes_in_a_call_of_a_kernel():
    code = "__global__ void mangled(float* x) {}"
    with pytest.raises(cp.cuda.driver.CUDADriverError, match="NOT_FOUND"):
        cp.RawKernel(code, "mangled")((1,), (1,), (cp.ones(1, "f"),))
    kernel = cp.RawKernel(f'extern "C" {code}', "mangled")
    with pytest.raises(TypeError, match=r"pass a numpy\.ndarray"):
        kernel((1,), (1,), (np.ones(3, "f"),))
    with pytest.raises(TypeError, match="output"):
        cp.add(cp.ones(3, "f"), cp.ones(3, "f"), out=cp.empty(3, "i"))


# --- streams, memory, devices -------------------------------------------------------------------


def test_streams_and_events():
    stream, other = cp.cuda.Stream(non_blocking=True), cp.cuda.Stream(non_blocking=True)
    source = cp.arange(6, dtype="f")
    cp.cuda.Device().synchronize()
    with stream:
        twice = source * 2
        done = stream.record()
    other.wait_event(done)
    with other:
        result = twice + 1
    other.synchronize()
    assert other.done
    assert done.done
    close(result, np.arange(6) * 2 + 1)


def test_pinned_memory_up_and_down():
    stream = cp.cuda.Stream(non_blocking=True)
    up, down = cupyx.empty_pinned(100, "f"), cupyx.empty_pinned(100, "f")
    up[:] = np.arange(100)
    device = cp.empty(100, "f")
    with emulator.record() as recording:
        device.set(up, stream=stream)
        with stream:
            device += 1
        device.get(stream=stream, out=down, blocking=False)
        assert recording.synchronisations == 0
        stream.synchronize()
    assert (down == np.arange(100) + 1).all()
    assert recording["host_to_device_pageable"] == recording["device_to_host_pageable"] == 0


@plain  # without the pool, what lies between the kernels is freed before the graph is launched
def test_a_graph_of_kernels():
    stream = cp.cuda.Stream(non_blocking=True)
    x = cp.ones(4, "f")
    warm = x * 2 + 1
    cp.cuda.Device().synchronize()
    with stream:
        stream.begin_capture()
        y = x * 2 + 1
        graph = stream.end_capture()
    x[:] = 5
    cp.cuda.Device().synchronize()
    with emulator.record() as recording:
        graph.launch(stream)
        stream.synchronize()
    assert (y.get() == 11).all()
    assert (warm.get() == 3).all()
    assert recording["graph_launches"] == 1


def test_a_graph_cannot_hold_a_copy_to_the_host():
    stream = cp.cuda.Stream(non_blocking=True)
    x = cp.ones(4, "f")
    with stream:
        stream.begin_capture()
        with pytest.raises(RuntimeError, match="capturing"):
            float(x[0])
        with pytest.raises(cp.cuda.runtime.CUDARuntimeError):
            cp.cuda.runtime.deviceSynchronize()
        with pytest.raises(cp.cuda.runtime.CUDARuntimeError, match="Invalidated"):
            stream.end_capture()


def test_threads():
    def work(number):
        with cp.cuda.Stream(non_blocking=True) as stream:
            x = cp.full(100, number, "f")
            for _ in range(20):
                x = x * 2 - x
            total = float(x.sum())
            stream.synchronize()
        return total

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(8))) == [100 * number for number in range(8)]


@plain
def test_the_memory_pool():
    pool = cp.get_default_memory_pool()
    pool.free_all_blocks()
    before = pool.used_bytes()
    x = cp.zeros(1000, "f")
    used = pool.used_bytes()
    del x
    with emulator.record() as recording:
        x = cp.zeros(1000, "f")
    assert recording["allocations"] == 0
    assert recording["memsets"] == 1
    assert pool.used_bytes() == used == before + 4096
    del x
    with emulator.record() as recording:
        pool.free_all_blocks()
    assert recording["frees"] >= 1


def test_two_devices():
    assert cp.cuda.runtime.getDeviceCount() == 2
    host = np.arange(5, dtype="f")
    with cp.cuda.Device(1):
        there = cp.asarray(host)
        assert there.device == cp.cuda.Device(1)
        total = float((there @ cp.ones((5, 2), "f")).sum())
    assert total == 20
    with pytest.raises(ValueError, match="different from the current device"):
        there + cp.ones(5, "f")
    here = cp.asarray(there)
    assert here.device == cp.cuda.Device(0)
    close(here + 1, host + 1)
    with pytest.raises(cp.cuda.runtime.CUDARuntimeError, match="InvalidDevice"):
        cp.cuda.Device(2).use()
