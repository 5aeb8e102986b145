// Sorting: what Thrust does for CuPy, called by replacements/thrust.py.
//
// CuPy's module cupy.cuda.thrust holds a CUDA runtime of its own that cannot be replaced, so
// build.py puts a small Python module in its place. Sorts are stable, rows of the last axis each on
// its own, NaN last, as CuPy's are.
#include <algorithm>
#include <cmath>
#include <complex>
#include <numeric>

#include "core.h"

using namespace emulator;

namespace {

const int NOT_SUPPORTED = 801, INVALID = 1;

template <class T>
struct Less {
    bool operator()(T x, T y) const {
        if constexpr (std::is_integral_v<T>) return x < y;
        else return x < y || (std::isnan(float(y)) && !std::isnan(float(x)));
    }
};

// Complex numbers in NumPy's order: by real part, then imaginary part; those with NaN in the
// imaginary part after all others, then those with NaN in the real part, then in both.
template <class T>
struct Less<std::complex<T>> {
    static int nans(const std::complex<T>& z) {
        return 2 * std::isnan(z.real()) + std::isnan(z.imag());
    }
    bool operator()(const std::complex<T>& x, const std::complex<T>& y) const {
        if (nans(x) != nans(y)) return nans(x) < nans(y);
        if (x.real() < y.real()) return true;
        return !(y.real() < x.real()) && x.imag() < y.imag();
    }
};

// Calls back with a value of the type that a NumPy dtype's character stands for.
template <class Work>
bool with_type(char type, Work work) {
    switch (type) {
        case '?': work(bool()); return true;
        case 'b': work(int8_t()); return true;
        case 'B': work(uint8_t()); return true;
        case 'h': work(int16_t()); return true;
        case 'H': work(uint16_t()); return true;
        case 'i': work(int32_t()); return true;
        case 'I': work(uint32_t()); return true;
        case 'l': case 'q': work(int64_t()); return true;
        case 'L': case 'Q': work(uint64_t()); return true;
        case 'e': work(_Float16()); return true;
        case 'f': work(float()); return true;
        case 'd': work(double()); return true;
        case 'F': work(std::complex<float>()); return true;
        case 'D': work(std::complex<double>()); return true;
        default: return false;
    }
}

int sort(char type, void* handle, const char* name, size_t keys, size_t count,
         std::function<void()> run) {
    Lock lock(mutex());
    if (!with_type(type, [](auto) {})) return not_emulated("sorting of this type", NOT_SUPPORTED);
    Stream* stream = stream_of(handle);
    if (!stream) return INVALID;
    counters().sorts++;
    event("%s keys=%zu count=%zu type=%c", name, keys, count, type);
    submit(stream, "a sort", std::move(run));
    return 0;
}

}  // namespace

// Sorts each of the rows in place.
EMULATED int emulator_sort(char type, void* data, size_t rows, size_t count, void* stream) {
    return sort(type, stream, "sort", rows, count, [=] {
        with_type(type, [=](auto zero) {
            using T = decltype(zero);
            T* row = static_cast<T*>(data);
            for (size_t i = 0; i < rows; i++, row += count)
                std::stable_sort(row, row + count, Less<T>());
        });
    });
}

// Writes the places of each row's elements in sorted order.
EMULATED int emulator_argsort(char type, int64_t* places, const void* data, size_t rows,
                              size_t count, void* stream) {
    return sort(type, stream, "argsort", rows, count, [=] {
        with_type(type, [=](auto zero) {
            using T = decltype(zero);
            for (size_t i = 0; i < rows; i++) {
                const T* row = static_cast<const T*>(data) + i * count;
                int64_t* order = places + i * count;
                std::iota(order, order + count, 0);
                std::stable_sort(order, order + count, [=](int64_t a, int64_t b) {
                    return Less<T>()(row[a], row[b]);
                });
            }
        });
    });
}

// Writes the order by the last key, ties by the one before it, and so on.
EMULATED int emulator_lexsort(char type, int64_t* places, const void* data, size_t keys,
                              size_t count, void* stream) {
    return sort(type, stream, "lexsort", keys, count, [=] {
        with_type(type, [=](auto zero) {
            using T = decltype(zero);
            std::iota(places, places + count, 0);
            for (size_t i = 0; i < keys; i++) {
                const T* key = static_cast<const T*>(data) + i * count;
                std::stable_sort(places, places + count, [=](int64_t a, int64_t b) {
                    return Less<T>()(key[a], key[b]);
                });
            }
        });
    });
}
