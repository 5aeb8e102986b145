// CUDA's mathematics that the C++ library lacks or names differently.
//
// Results are those of this machine's libm: CUDA's own may differ in the last places, its fast
// variants (__expf and the like) by more, and subnormal numbers are kept here.
#pragma once

using std::max;
using std::min;

// CUDA has min and max of two different types; the C++ library has not.
#define EMULATOR_MIXED(A, B)                                                          \
    static inline auto min(A a, B b) -> decltype(a + b) { return a < b ? a : b; }     \
    static inline auto max(A a, B b) -> decltype(a + b) { return a > b ? a : b; }
EMULATOR_MIXED(long long, int)
EMULATOR_MIXED(int, long long)
EMULATOR_MIXED(long, int)
EMULATOR_MIXED(int, long)
EMULATOR_MIXED(float, double)
EMULATOR_MIXED(double, float)
EMULATOR_MIXED(long, long long)
EMULATOR_MIXED(long long, long)
EMULATOR_MIXED(unsigned, int)
EMULATOR_MIXED(int, unsigned)
EMULATOR_MIXED(unsigned long, int)
EMULATOR_MIXED(int, unsigned long)
EMULATOR_MIXED(unsigned long long, unsigned long)
EMULATOR_MIXED(unsigned long, unsigned long long)
#undef EMULATOR_MIXED

static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline double rsqrt(double x) { return 1.0 / sqrt(x); }
static inline float rsqrt(float x) { return rsqrtf(x); }
static inline float rcbrtf(float x) { return 1.0f / cbrtf(x); }
static inline double rcbrt(double x) { return 1.0 / cbrt(x); }
static inline double sinpi(double x) { return sin(M_PI * x); }
static inline double cospi(double x) { return cos(M_PI * x); }
static inline double normcdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }
static inline float normcdff(float x) { return 0.5f * erfcf(-x * float(M_SQRT1_2)); }
static inline double erfcx(double x) { return exp(x * x) * erfc(x); }

// Winitzki's approximation as a start, then Newton's steps, which square the error each time.
static inline double erfinv(double y) {
    if (!(y > -1 && y < 1)) return y == 1 ? INFINITY : y == -1 ? -INFINITY : NAN;
    const double a = 0.147, logarithm = log1p(-y * y), half = 2 / (M_PI * a) + logarithm / 2;
    double x = copysign(sqrt(sqrt(half * half - logarithm / a) - half), y);
    for (int step = 0; step < 4; step++) {
        const double error = y > 0 ? (1 - y) - erfc(x) : erfc(-x) - (1 + y);
        x -= error / (M_2_SQRTPI * exp(-x * x));
    }
    return x;
}
static inline float erfinvf(float y) { return float(erfinv(y)); }
static inline double normcdfinv(double p) { return M_SQRT2 * erfinv(2 * p - 1); }

// --- fast variants and given roundings ---

#define __expf(x) expf(x)
#define __logf(x) logf(x)
#define __sinf(x) sinf(x)
#define __cosf(x) cosf(x)
#define __tanf(x) tanf(x)
#define __powf(x, y) powf(x, y)
#define __log2f(x) log2f(x)
#define __log10f(x) log10f(x)
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __frcp_rn(float a) { return 1.0f / a; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline float __saturatef(float x) { return x < 0 ? 0 : x > 1 ? 1 : x; }

// --- bits ---

template <class To, class From>
static inline To emulator_bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "another size");
    To to;
    memcpy(&to, &from, sizeof to);
    return to;
}
static inline int __float_as_int(float x) { return emulator_bits<int>(x); }
static inline unsigned __float_as_uint(float x) { return emulator_bits<unsigned>(x); }
static inline float __int_as_float(int x) { return emulator_bits<float>(x); }
static inline float __uint_as_float(unsigned x) { return emulator_bits<float>(x); }
static inline long long __double_as_longlong(double x) { return emulator_bits<long long>(x); }
static inline double __longlong_as_double(long long x) { return emulator_bits<double>(x); }
static inline int __double2hiint(double x) { return int(__double_as_longlong(x) >> 32); }
static inline int __double2loint(double x) { return int(__double_as_longlong(x)); }
static inline double __hiloint2double(int high, int low) {
    return __longlong_as_double((long long)high << 32 | (unsigned)low);
}

static inline int __double2int_rz(double x) { return int(x); }
static inline int __float2int_rn(float x) { return int(rintf(x)); }
static inline int __float2int_rd(float x) { return int(floorf(x)); }
static inline float __int2float_rn(int x) { return float(x); }

static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
static inline int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }
static inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline int __ffsll(long long x) { return __builtin_ffsll(x); }
static inline unsigned __brev(unsigned x) {
    unsigned reversed = 0;
    for (int bit = 0; bit < 32; bit++, x >>= 1) reversed = reversed << 1 | (x & 1);
    return reversed;
}
static inline int __mulhi(int a, int b) { return int((long long)a * b >> 32); }
static inline unsigned __umulhi(unsigned a, unsigned b) {
    return unsigned((unsigned long long)a * b >> 32);
}
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)((unsigned __int128)a * b >> 64);
}

template <class T>
static inline T __ldg(const T* p) {
    return *p;
}
