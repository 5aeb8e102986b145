// LAPACK's factorisations of square matrices, from the OpenBLAS that NumPy brings.
//
// For cublas_lu.cpp and cusolver.cpp, which do with them what cuBLAS and cuSOLVER do. Matrices are
// stored by columns; pivots count from 1; the information is 0, or the first place where the matrix
// turned out to be singular or not positive definite.
#pragma once
#include <dlfcn.h>

#include <complex>
#include <cstring>
#include <vector>

#include "core.h"

namespace emulator {

using Index = long long;

inline void* blas_symbol(const char* name) {
    static void* library = dlopen(modes().blas.c_str(), RTLD_NOW | RTLD_LOCAL);
    return library ? dlsym(library, name) : nullptr;
}

template <class T> struct Letter;
template <> struct Letter<float> { static constexpr char value = 's'; };
template <> struct Letter<double> { static constexpr char value = 'd'; };
template <> struct Letter<std::complex<float>> { static constexpr char value = 'c'; };
template <> struct Letter<std::complex<double>> { static constexpr char value = 'z'; };

// The routine of this name for T, such as getrf; null where OpenBLAS is missing.
template <class T, class Routine>
Routine lapack_routine(const char* name) {
    const std::string symbol = std::string("scipy_") + Letter<T>::value + name + "_64_";
    return reinterpret_cast<Routine>(blas_symbol(symbol.c_str()));
}

// A = P L U in place, of n x n.
template <class T>
int factorise_lu(int n, T* a, int stride, int* pivots) {
    using Routine = void (*)(const Index*, const Index*, T*, const Index*, Index*, Index*);
    static const auto getrf = lapack_routine<T, Routine>("getrf");
    const Index size = n, lda = stride;
    Index information = 0;
    std::vector<Index> wide(n);
    getrf(&size, &size, a, &lda, wide.data(), &information);
    std::copy(wide.begin(), wide.end(), pivots);
    return int(information);
}

// X with op(A) X = B in place of B, n x columns, where A is factorised by the function above.
template <class T>
void solve_lu(int operation, int n, int columns, const T* a, int a_stride, const int* pivots,
              T* b, int b_stride) {
    using Routine = void (*)(const char*, const Index*, const Index*, const T*, const Index*,
                             const Index*, T*, const Index*, Index*);
    static const auto getrs = lapack_routine<T, Routine>("getrs");
    const Index size = n, right = columns, lda = a_stride, ldb = b_stride;
    Index information = 0;
    const std::vector<Index> wide(pivots, pivots + n);
    getrs(&"NTC"[operation], &size, &right, a, &lda, wide.data(), b, &ldb, &information);
}

// The triangle of A, n x n, that is named becomes the Cholesky factor.
template <class T>
int factorise_cholesky(bool upper, int n, T* a, int stride) {
    using Routine = void (*)(const char*, const Index*, T*, const Index*, Index*);
    static const auto potrf = lapack_routine<T, Routine>("potrf");
    const Index size = n, lda = stride;
    Index information = 0;
    potrf(upper ? "U" : "L", &size, a, &lda, &information);
    return int(information);
}

}  // namespace emulator
