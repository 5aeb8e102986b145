// cuBLAS' factorisations of many small matrices: what CuPy calls for the inverse, the solution and
// the determinant of a stack of matrices.
//
// Every matrix is found through a pointer in device memory. Not emulated: matrices that are not
// pivoted, and all other batched solvers.
#include "lapack.h"

using namespace emulator;

EMULATED int cublasGetStream_v2(void* handle, void** stream);

namespace {

enum Status { SUCCESS = 0, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };

// Queues work on the handle's stream, for matrices whose pointers and pivots lie on its device.
int queue(void* handle, const char* what, int n, int batch, const void* matrices,
          const int* pivots, std::function<void()> work) {
    Lock lock(mutex());
    if (n < 0 || batch < 0) return INVALID_VALUE;
    if (!pivots) return not_emulated("cuBLAS' factorisations without pivots", NOT_SUPPORTED);
    void* opaque = nullptr;
    cublasGetStream_v2(handle, &opaque);
    Stream* stream = stream_of(opaque);
    if (!stream || device_of(matrices) != current_device() ||
        device_of(pivots) != current_device())
        return EXECUTION_FAILED;
    counters().launches++;
    event("%s n=%d batch=%d", what, n, batch);
    submit(stream, what, std::move(work));
    return SUCCESS;
}

// The inverse of a factorised matrix: the solution for the unit matrix. As on a GPU, nothing is
// written where a pivot is zero, whose place is the information.
template <class T>
int invert(int n, const T* a, int a_stride, const int* pivots, T* out, int out_stride) {
    for (int i = 0; i < n; i++)
        if (a[size_t(i) * a_stride + i] == T(0)) return i + 1;
    for (int column = 0; column < n; column++)
        for (int row = 0; row < n; row++)
            out[size_t(column) * out_stride + row] = T(row == column);
    solve_lu(0, n, n, a, a_stride, pivots, out, out_stride);
    return 0;
}

}  // namespace

#define EMULATED_LU(LETTER, T)                                                                    \
    EMULATED int cublas##LETTER##getrfBatched(void* handle, int n, T* const* a, int lda,          \
                                              int* pivots, int* information, int batch) {         \
        return queue(handle, #LETTER "getrfBatched", n, batch, a, pivots, [=] {                   \
            for (int i = 0; i < batch; i++)                                                       \
                information[i] = factorise_lu(n, a[i], lda, pivots + size_t(i) * n);              \
        });                                                                                       \
    }                                                                                             \
    EMULATED int cublas##LETTER##getrsBatched(void* handle, int operation, int n, int columns,    \
                                              const T* const* a, int lda, const int* pivots,      \
                                              T* const* b, int ldb, int* host_information,        \
                                              int batch) {                                        \
        *host_information = 0;                                                                    \
        return queue(handle, #LETTER "getrsBatched", n, batch, a, pivots, [=] {                   \
            for (int i = 0; i < batch; i++)                                                       \
                solve_lu(operation, n, columns, a[i], lda, pivots + size_t(i) * n, b[i], ldb);    \
        });                                                                                       \
    }                                                                                             \
    EMULATED int cublas##LETTER##getriBatched(void* handle, int n, const T* const* a, int lda,    \
                                              const int* pivots, T* const* out, int ldc,          \
                                              int* information, int batch) {                      \
        return queue(handle, #LETTER "getriBatched", n, batch, a, pivots, [=] {                   \
            for (int i = 0; i < batch; i++)                                                       \
                information[i] = invert(n, a[i], lda, pivots + size_t(i) * n, out[i], ldc);       \
        });                                                                                       \
    }
EMULATED_LU(S, float)
EMULATED_LU(D, double)
EMULATED_LU(C, std::complex<float>)
EMULATED_LU(Z, std::complex<double>)
