// cuBLAS by OpenBLAS: the products of matrices that CuPy asks for.
//
// float32 and float64 go to the OpenBLAS that NumPy brings; float16 and bfloat16 are read as
// float32, multiplied and rounded once at the end, which is what a GPU does with a float32
// accumulator; complex products are plain loops. TF32 rounds the inputs to 10 bits. Every operand
// must lie on the current device. The order of a sum is OpenBLAS', so last places differ from a
// GPU's. Not emulated: scalars on the device, float16 accumulators, int8, and all of BLAS but gemm
// and geam. LU factorisations are in cublas_lu.cpp.
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>

#include "lapack.h"

using namespace emulator;

namespace {

enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13,
              NOT_SUPPORTED = 15 };
enum Operation { NONE = 0, TRANSPOSE = 1, CONJUGATE = 2 };
enum Type { F32 = 0, F64 = 1, F16 = 2, C32 = 4, C64 = 5, BF16 = 14 };
enum Compute { COMPUTE_16F = 64, COMPUTE_32F = 68, COMPUTE_64F = 70, COMPUTE_64F_PEDANTIC = 71,
               COMPUTE_32F_PEDANTIC = 69, COMPUTE_TF32 = 77 };

struct Handle {
    void* stream = nullptr;
    int pointer_mode = 0, math_mode = 0;
};

template <class T>
using Gemm = void (*)(const char*, const char*, const Index*, const Index*, const Index*, const T*,
                      const T*, const Index*, const T*, const Index*, const T*, T*, const Index*);

Gemm<float> blas_gemm(float) {
    static const auto found = reinterpret_cast<Gemm<float>>(blas_symbol("scipy_sgemm_64_"));
    return found;
}

Gemm<double> blas_gemm(double) {
    static const auto found = reinterpret_cast<Gemm<double>>(blas_symbol("scipy_dgemm_64_"));
    return found;
}

// C = alpha op(A) op(B) + beta C, all in columns; op(A) is m x k, op(B) is k x n.
struct Product {
    int a_operation, b_operation, m, n, k;
    std::complex<double> alpha, beta;
    const void* a;
    int a_type, a_stride;
    const void* b;
    int b_type, b_stride;
    void* c;
    int c_type, c_stride;
    int compute;
};

size_t type_bytes(int type) {
    switch (type) {
        case F32: return 4;
        case F64: return 8;
        case F16: case BF16: return 2;
        case C32: return 8;
        case C64: return 16;
        default: return 0;
    }
}

// --- small floats ---

float from_bits(unsigned bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

unsigned to_bits(float value) {
    unsigned bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

float load(const void* array, size_t index, int type) {
    if (type == F32) return static_cast<const float*>(array)[index];
    if (type == F16) return float(static_cast<const _Float16*>(array)[index]);
    return from_bits(unsigned(static_cast<const uint16_t*>(array)[index]) << 16);
}

// To bfloat16, ties to even; a NaN stays one.
uint16_t to_bfloat16(float value) {
    const unsigned bits = to_bits(value);
    if (std::isnan(value)) return uint16_t(bits >> 16 | 0x40);
    return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void store(void* array, size_t index, int type, float value) {
    if (type == F32) static_cast<float*>(array)[index] = value;
    if (type == F16) static_cast<_Float16*>(array)[index] = _Float16(value);
    if (type == BF16) static_cast<uint16_t*>(array)[index] = to_bfloat16(value);
}

float to_tf32(float value) {
    if (!std::isfinite(value)) return value;
    const unsigned bits = to_bits(value);
    return from_bits((bits + 0x0fff + (bits >> 13 & 1)) & ~0x1fffu);
}

// --- the three ways to multiply ---

template <class T>
void multiply_real(const Product& p) {
    const Index m = p.m, n = p.n, k = p.k, lda = p.a_stride, ldb = p.b_stride, ldc = p.c_stride;
    const T alpha = T(p.alpha.real()), beta = T(p.beta.real());
    blas_gemm(T())(p.a_operation ? "T" : "N", p.b_operation ? "T" : "N", &m, &n, &k, &alpha,
                   static_cast<const T*>(p.a), &lda, static_cast<const T*>(p.b), &ldb, &beta,
                   static_cast<T*>(p.c), &ldc);
}

template <class T>
void multiply_complex(const Product& p) {
    using Z = std::complex<T>;
    const auto element = [](const void* array, int stride, int row, int column, int operation) {
        if (operation) std::swap(row, column);
        const Z value = static_cast<const Z*>(array)[size_t(column) * stride + row];
        return operation == CONJUGATE ? std::conj(value) : value;
    };
    for (int column = 0; column < p.n; column++)
        for (int row = 0; row < p.m; row++) {
            Z sum = 0;
            for (int i = 0; i < p.k; i++)
                sum += element(p.a, p.a_stride, row, i, p.a_operation) *
                       element(p.b, p.b_stride, i, column, p.b_operation);
            Z& target = static_cast<Z*>(p.c)[size_t(column) * p.c_stride + row];
            // beta = 0 must not read what is there: it may be NaN
            target = Z(p.alpha) * sum + (p.beta == 0.0 ? Z(0) : Z(p.beta) * target);
        }
}

std::vector<float> widen(const void* array, int type, int rows, int columns, int stride,
                         bool tf32) {
    std::vector<float> wide(size_t(rows) * columns);
    for (int column = 0; column < columns; column++)
        for (int row = 0; row < rows; row++) {
            const float value = load(array, size_t(column) * stride + row, type);
            wide[size_t(column) * rows + row] = tf32 ? to_tf32(value) : value;
        }
    return wide;
}

void multiply_widened(const Product& p) {
    const bool tf32 = p.compute == COMPUTE_TF32;
    const int a_rows = p.a_operation ? p.k : p.m, a_columns = p.a_operation ? p.m : p.k;
    const int b_rows = p.b_operation ? p.n : p.k, b_columns = p.b_operation ? p.k : p.n;
    const std::vector<float> a = widen(p.a, p.a_type, a_rows, a_columns, p.a_stride, tf32);
    const std::vector<float> b = widen(p.b, p.b_type, b_rows, b_columns, p.b_stride, tf32);
    std::vector<float> c(size_t(p.m) * p.n);
    Product wide = p;
    wide.alpha = 1, wide.beta = 0;
    wide.a = a.data(), wide.a_stride = std::max(a_rows, 1);
    wide.b = b.data(), wide.b_stride = std::max(b_rows, 1);
    wide.c = c.data(), wide.c_stride = std::max(p.m, 1);
    multiply_real<float>(wide);
    const float alpha = float(p.alpha.real()), beta = float(p.beta.real());
    for (int column = 0; column < p.n; column++)
        for (int row = 0; row < p.m; row++) {
            const size_t at = size_t(column) * p.c_stride + row;
            const float before = beta == 0 ? 0 : beta * load(p.c, at, p.c_type);
            store(p.c, at, p.c_type, alpha * c[size_t(column) * p.m + row] + before);
        }
}

void multiply(const Product& p) {
    switch (p.a_type) {
        case F64: return multiply_real<double>(p);
        case C32: return multiply_complex<float>(p);
        case C64: return multiply_complex<double>(p);
        default:
            if (p.a_type == F32 && p.c_type == F32 && p.compute != COMPUTE_TF32)
                return multiply_real<float>(p);
            return multiply_widened(p);
    }
}

// --- what every call checks and counts ---

bool is_small(int type) { return type == F32 || type == F16 || type == BF16; }

int check(const Handle* handle, const Product& p) {
    if (handle->pointer_mode)
        return not_emulated("cuBLAS with scalars on the device", NOT_SUPPORTED);
    if (!type_bytes(p.a_type) || p.a_type != p.b_type)
        return not_emulated("cuBLAS with these types", NOT_SUPPORTED);
    if (is_small(p.a_type) ? !is_small(p.c_type) : p.c_type != p.a_type)
        return not_emulated("cuBLAS with these types", NOT_SUPPORTED);
    const bool wide = p.a_type == F64 || p.a_type == C64;
    const bool fits = wide ? p.compute == COMPUTE_64F || p.compute == COMPUTE_64F_PEDANTIC
                           : p.compute == COMPUTE_32F || p.compute == COMPUTE_32F_PEDANTIC ||
                                 p.compute == COMPUTE_TF32;
    if (!fits) return not_emulated("cuBLAS with this compute type", NOT_SUPPORTED);
    if (p.m < 0 || p.n < 0 || p.k < 0) return INVALID_VALUE;
    if (p.a_stride < std::max(1, p.a_operation ? p.k : p.m) ||
        p.b_stride < std::max(1, p.b_operation ? p.n : p.k) || p.c_stride < std::max(1, p.m))
        return INVALID_VALUE;
    return SUCCESS;
}

bool on_this_device(const void* address) { return device_of(address) == current_device(); }

void count(const char* name, const Product& p, int batch) {
    const unsigned long long m = p.m, n = p.n, k = p.k;
    counters().gemms++;
    counters().gemm_bytes += (m * k * type_bytes(p.a_type) + k * n * type_bytes(p.b_type) +
                              m * n * type_bytes(p.c_type)) * batch;
    counters().gemm_flops += 2 * m * n * k * batch;
    event("gemm %s m=%d n=%d k=%d batch=%d a=%s b=%s type=%d compute=%d", name, p.m, p.n, p.k,
          batch, p.a_operation ? "T" : "N", p.b_operation ? "T" : "N", p.a_type, p.compute);
}

std::complex<double> scalar(const void* address, int type, int compute) {
    if (type == C32) return *static_cast<const std::complex<float>*>(address);
    if (type == C64) return *static_cast<const std::complex<double>*>(address);
    const bool wide = compute == COMPUTE_64F || compute == COMPUTE_64F_PEDANTIC;
    return wide ? *static_cast<const double*>(address) : *static_cast<const float*>(address);
}

// How the matrices of a batch are found: at a stride in elements, or through pointers in memory.
struct Batch {
    int count = 1;
    Index a_step = 0, b_step = 0, c_step = 0;
    const void *const *a = nullptr, *const *b = nullptr;
    void* const* c = nullptr;
};

int gemm(const char* name, void* opaque, Product p, const void* alpha, const void* beta,
         const Batch& batch) {
    Lock lock(mutex());
    const Handle* handle = static_cast<Handle*>(opaque);
    const int status = check(handle, p);
    if (status) return status;
    if (batch.count < 0) return INVALID_VALUE;
    const bool pointers = batch.a != nullptr;
    if (!on_this_device(pointers ? static_cast<const void*>(batch.a) : p.a) ||
        !on_this_device(pointers ? static_cast<const void*>(batch.b) : p.b) ||
        !on_this_device(pointers ? static_cast<const void*>(batch.c) : p.c))
        return EXECUTION_FAILED;
    Stream* stream = stream_of(handle->stream);
    if (!stream) return EXECUTION_FAILED;
    p.alpha = scalar(alpha, p.a_type, p.compute);
    p.beta = scalar(beta, p.a_type, p.compute);
    count(name, p, batch.count);
    submit(stream, "a product of matrices", [=]() mutable {
        const char *a = static_cast<const char*>(p.a), *b = static_cast<const char*>(p.b);
        char* c = static_cast<char*>(p.c);
        for (int i = 0; i < batch.count; i++) {
            p.a = pointers ? batch.a[i] : a + i * batch.a_step * Index(type_bytes(p.a_type));
            p.b = pointers ? batch.b[i] : b + i * batch.b_step * Index(type_bytes(p.b_type));
            p.c = pointers ? batch.c[i] : c + i * batch.c_step * Index(type_bytes(p.c_type));
            if (p.m && p.n) multiply(p);
        }
    });
    return SUCCESS;
}

template <class T>
int geam(void* opaque, int a_operation, int b_operation, int m, int n, const T* alpha, const T* a,
         int a_stride, const T* beta, const T* b, int b_stride, T* c, int c_stride) {
    Lock lock(mutex());
    const Handle* handle = static_cast<Handle*>(opaque);
    if (handle->pointer_mode)
        return not_emulated("cuBLAS with scalars on the device", NOT_SUPPORTED);
    Stream* stream = stream_of(handle->stream);
    if (!stream || !on_this_device(a) || !on_this_device(c)) return EXECUTION_FAILED;
    counters().launches++;
    event("geam m=%d n=%d a=%s b=%s", m, n, a_operation ? "T" : "N", b_operation ? "T" : "N");
    const T x = *alpha, y = *beta;
    submit(stream, "a sum of matrices", [=] {
        const auto at = [](int row, int column, int stride, int operation) {
            return operation ? size_t(row) * stride + column : size_t(column) * stride + row;
        };
        for (int column = 0; column < n; column++)
            for (int row = 0; row < m; row++) {
                T sum = x * a[at(row, column, a_stride, a_operation)];
                if (y != T(0)) sum += y * b[at(row, column, b_stride, b_operation)];
                c[size_t(column) * c_stride + row] = sum;
            }
    });
    return SUCCESS;
}

}  // namespace

// --- handles ------------------------------------------------------------------------------------

EMULATED int cublasCreate_v2(void** handle) {
    if (!blas_gemm(float()) || !blas_gemm(double())) {
        fprintf(stderr, "emulated CUDA: no OpenBLAS at CUDA_EMULATOR_BLAS=%s\n",
                modes().blas.c_str());
        return NOT_INITIALIZED;
    }
    *handle = new Handle;
    return SUCCESS;
}

EMULATED int cublasDestroy_v2(void* handle) {
    delete static_cast<Handle*>(handle);
    return SUCCESS;
}

EMULATED int cublasGetVersion_v2(void*, int* version) {
    *version = 130000;
    return SUCCESS;
}

// A product during a capture would be part of the graph; CuPy forbids that before it gets here.
EMULATED int cublasSetStream_v2(void* handle, void* stream) {
    static_cast<Handle*>(handle)->stream = stream;
    return SUCCESS;
}

EMULATED int cublasGetStream_v2(void* handle, void** stream) {
    *stream = static_cast<Handle*>(handle)->stream;
    return SUCCESS;
}

EMULATED int cublasSetMathMode(void* handle, int mode) {
    static_cast<Handle*>(handle)->math_mode = mode;
    return SUCCESS;
}

EMULATED int cublasGetMathMode(void* handle, int* mode) {
    *mode = static_cast<Handle*>(handle)->math_mode;
    return SUCCESS;
}

EMULATED int cublasSetPointerMode_v2(void* handle, int mode) {
    static_cast<Handle*>(handle)->pointer_mode = mode;
    return SUCCESS;
}

EMULATED int cublasGetPointerMode_v2(void* handle, int* mode) {
    *mode = static_cast<Handle*>(handle)->pointer_mode;
    return SUCCESS;
}

// --- products -----------------------------------------------------------------------------------

EMULATED int cublasGemmEx(void* handle, int a_operation, int b_operation, int m, int n, int k,
                          const void* alpha, const void* a, int a_type, int a_stride,
                          const void* b, int b_type, int b_stride, const void* beta, void* c,
                          int c_type, int c_stride, int compute, int) {
    return gemm("GemmEx", handle,
                {a_operation, b_operation, m, n, k, 0, 0, a, a_type, a_stride, b, b_type, b_stride,
                 c, c_type, c_stride, compute},
                alpha, beta, {});
}

EMULATED int cublasGemmStridedBatchedEx(void* handle, int a_operation, int b_operation, int m,
                                        int n, int k, const void* alpha, const void* a, int a_type,
                                        int a_stride, Index a_step, const void* b, int b_type,
                                        int b_stride, Index b_step, const void* beta, void* c,
                                        int c_type, int c_stride, Index c_step, int batch,
                                        int compute, int) {
    return gemm("GemmStridedBatchedEx", handle,
                {a_operation, b_operation, m, n, k, 0, 0, a, a_type, a_stride, b, b_type, b_stride,
                 c, c_type, c_stride, compute},
                alpha, beta, {batch, a_step, b_step, c_step});
}

EMULATED int cublasSgemmEx(void* handle, int a_operation, int b_operation, int m, int n, int k,
                           const float* alpha, const void* a, int a_type, int a_stride,
                           const void* b, int b_type, int b_stride, const float* beta, void* c,
                           int c_type, int c_stride) {
    return gemm("SgemmEx", handle,
                {a_operation, b_operation, m, n, k, 0, 0, a, a_type, a_stride, b, b_type, b_stride,
                 c, c_type, c_stride, COMPUTE_32F},
                alpha, beta, {});
}

#define EMULATED_GEMM(LETTER, T, TYPE, COMPUTE)                                                   \
    EMULATED int cublas##LETTER##gemm_v2(void* handle, int ta, int tb, int m, int n, int k,       \
                                         const T* alpha, const T* a, int lda, const T* b,         \
                                         int ldb, const T* beta, T* c, int ldc) {                 \
        return gemm(#LETTER "gemm", handle,                                                       \
                    {ta, tb, m, n, k, 0, 0, a, TYPE, lda, b, TYPE, ldb, c, TYPE, ldc, COMPUTE},   \
                    alpha, beta, {});                                                             \
    }                                                                                             \
    EMULATED int cublas##LETTER##gemmStridedBatched(                                              \
        void* handle, int ta, int tb, int m, int n, int k, const T* alpha, const T* a, int lda,   \
        Index a_step, const T* b, int ldb, Index b_step, const T* beta, T* c, int ldc,            \
        Index c_step, int batch) {                                                                \
        return gemm(#LETTER "gemmStridedBatched", handle,                                         \
                    {ta, tb, m, n, k, 0, 0, a, TYPE, lda, b, TYPE, ldb, c, TYPE, ldc, COMPUTE},   \
                    alpha, beta, {batch, a_step, b_step, c_step});                                \
    }                                                                                             \
    EMULATED int cublas##LETTER##gemmBatched(                                                     \
        void* handle, int ta, int tb, int m, int n, int k, const T* alpha, const void* const* a,  \
        int lda, const void* const* b, int ldb, const T* beta, void* const* c, int ldc,           \
        int batch) {                                                                              \
        return gemm(#LETTER "gemmBatched", handle,                                                \
                    {ta, tb, m, n, k, 0, 0, nullptr, TYPE, lda, nullptr, TYPE, ldb, nullptr,      \
                     TYPE, ldc, COMPUTE},                                                         \
                    alpha, beta, {batch, 0, 0, 0, a, b, c});                                      \
    }                                                                                             \
    EMULATED int cublas##LETTER##geam(void* handle, int ta, int tb, int m, int n, const T* alpha, \
                                      const T* a, int lda, const T* beta, const T* b, int ldb,    \
                                      T* c, int ldc) {                                            \
        return geam(handle, ta, tb, m, n, alpha, a, lda, beta, b, ldb, c, ldc);                   \
    }
EMULATED_GEMM(S, float, F32, COMPUTE_32F)
EMULATED_GEMM(D, double, F64, COMPUTE_64F)
EMULATED_GEMM(C, std::complex<float>, C32, COMPUTE_32F)
EMULATED_GEMM(Z, std::complex<double>, C64, COMPUTE_64F)
