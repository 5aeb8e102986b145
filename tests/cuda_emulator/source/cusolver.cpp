// cuSOLVER by OpenBLAS' LAPACK: LU and Cholesky factorisations of square matrices.
//
// These are what CuPy calls for the inverse, the solution and the determinant of one matrix, and
// for Cholesky factors. Not emulated: eigenvalues, singular values, QR, and sparse matrices.
#include "lapack.h"

using namespace emulator;

namespace {

enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 3, EXECUTION_FAILED = 6,
              NOT_SUPPORTED = 9 };

struct Handle {
    void* stream = nullptr;
};

// Queues work on the handle's stream, for what lies on its device.
int queue(void* handle, const char* what, int n, int batch, const void* a,
          const int* information, std::function<void()> work) {
    Lock lock(mutex());
    if (n < 0 || batch < 0) return INVALID_VALUE;
    Stream* stream = stream_of(static_cast<Handle*>(handle)->stream);
    if (!stream || device_of(a) != current_device() || device_of(information) != current_device())
        return EXECUTION_FAILED;
    counters().launches++;
    event("%s n=%d batch=%d", what, n, batch);
    submit(stream, what, std::move(work));
    return SUCCESS;
}

}  // namespace

// Of CUDA 13.0: CuPy asks whether matrices in a batch can be factorised.
EMULATED int cusolverGetProperty(int which, int* value) {
    static const int version[] = {12, 0, 4};
    if (which < 0 || which > 2) return INVALID_VALUE;
    *value = version[which];
    return SUCCESS;
}

EMULATED int cusolverDnCreate(void** handle) {
    if (!blas_symbol("scipy_dgetrf_64_")) {
        fprintf(stderr, "emulated CUDA: no OpenBLAS at CUDA_EMULATOR_BLAS=%s\n",
                modes().blas.c_str());
        return NOT_INITIALIZED;
    }
    *handle = new Handle;
    return SUCCESS;
}

EMULATED int cusolverDnDestroy(void* handle) {
    delete static_cast<Handle*>(handle);
    return SUCCESS;
}

EMULATED int cusolverDnSetStream(void* handle, void* stream) {
    static_cast<Handle*>(handle)->stream = stream;
    return SUCCESS;
}

EMULATED int cusolverDnGetStream(void* handle, void** stream) {
    *stream = static_cast<Handle*>(handle)->stream;
    return SUCCESS;
}

// Fill mode 1 is the upper triangle. Workspaces are asked for and not used.
#define EMULATED_SOLVER(LETTER, T)                                                                \
    EMULATED int cusolverDn##LETTER##getrf_bufferSize(void*, int, int, T*, int, int* size) {      \
        *size = 1;                                                                                \
        return SUCCESS;                                                                           \
    }                                                                                             \
    EMULATED int cusolverDn##LETTER##getrf(void* handle, int m, int n, T* a, int lda, T*,         \
                                           int* pivots, int* information) {                       \
        if (m != n || !pivots)                                                                    \
            return not_emulated("cuSOLVER's getrf but of pivoted squares", NOT_SUPPORTED);        \
        return queue(handle, #LETTER "getrf", n, 1, a, information,                               \
                     [=] { *information = factorise_lu(n, a, lda, pivots); });                    \
    }                                                                                             \
    EMULATED int cusolverDn##LETTER##getrs(void* handle, int operation, int n, int columns,       \
                                           const T* a, int lda, const int* pivots, T* b, int ldb, \
                                           int* information) {                                    \
        return queue(handle, #LETTER "getrs", n, 1, a, information, [=] {                         \
            solve_lu(operation, n, columns, a, lda, pivots, b, ldb);                              \
            *information = 0;                                                                     \
        });                                                                                       \
    }                                                                                             \
    EMULATED int cusolverDn##LETTER##potrf_bufferSize(void*, int, int, T*, int, int* size) {      \
        *size = 1;                                                                                \
        return SUCCESS;                                                                           \
    }                                                                                             \
    EMULATED int cusolverDn##LETTER##potrf(void* handle, int fill, int n, T* a, int lda, T*, int, \
                                           int* information) {                                    \
        return queue(handle, #LETTER "potrf", n, 1, a, information,                               \
                     [=] { *information = factorise_cholesky(fill == 1, n, a, lda); });           \
    }                                                                                             \
    EMULATED int cusolverDn##LETTER##potrfBatched(void* handle, int fill, int n, T* const* a,     \
                                                  int lda, int* information, int batch) {         \
        return queue(handle, #LETTER "potrfBatched", n, batch, a, information, [=] {              \
            for (int i = 0; i < batch; i++)                                                       \
                information[i] = factorise_cholesky(fill == 1, n, a[i], lda);                     \
        });                                                                                       \
    }
EMULATED_SOLVER(S, float)
EMULATED_SOLVER(D, double)
EMULATED_SOLVER(C, std::complex<float>)
EMULATED_SOLVER(Z, std::complex<double>)
