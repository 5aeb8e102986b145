// The host interface of cuRAND: numbers of the right distribution, but not those of a GPU.
//
// The generator is the Mersenne twister of the C++ library, whichever kind was asked for. So a seed
// repeats a run here, and gives other numbers on a GPU. Uniform numbers lie in (0, 1], and normal
// ones come in pairs, as cuRAND's do. Not emulated: quasi-random generators, log-normal and Poisson
// numbers, offsets.
#include <random>

#include "core.h"

using namespace emulator;

namespace {

enum Status { SUCCESS = 0, TYPE_ERROR = 103, LENGTH_NOT_MULTIPLE = 105, INTERNAL_ERROR = 999 };
const int FIRST_QUASI_RANDOM_TYPE = 200;

struct Generator {
    std::mt19937_64 engine{0};
    void* stream = nullptr;
};

template <class T, class Draw>
int fill(void* opaque, T* out, size_t count, Draw draw) {
    Lock lock(mutex());
    Generator* generator = static_cast<Generator*>(opaque);
    Stream* stream = stream_of(generator->stream);
    if (!stream || device_of(out) != current_device()) return INTERNAL_ERROR;
    counters().random_fills++;
    event("random numbers count=%zu", count);
    submit(stream, "random numbers", [=]() mutable {
        for (size_t i = 0; i < count; i++) out[i] = T(draw(generator->engine));
    });
    return SUCCESS;
}

}  // namespace

EMULATED int curandCreateGenerator(void** generator, int type) {
    if (type >= FIRST_QUASI_RANDOM_TYPE)
        return not_emulated("a quasi-random generator of cuRAND", TYPE_ERROR);
    *generator = new Generator;
    return SUCCESS;
}

EMULATED int curandDestroyGenerator(void* generator) {
    Lock lock(mutex());
    run_everything();
    delete static_cast<Generator*>(generator);
    return SUCCESS;
}

EMULATED int curandGetVersion(int* version) {
    *version = 10400;
    return SUCCESS;
}

EMULATED int curandSetStream(void* generator, void* stream) {
    static_cast<Generator*>(generator)->stream = stream;
    return SUCCESS;
}

EMULATED int curandSetPseudoRandomGeneratorSeed(void* generator, unsigned long long seed) {
    Lock lock(mutex());
    run_everything();
    static_cast<Generator*>(generator)->engine.seed(seed);
    return SUCCESS;
}

// CuPy sets the offset to 0 whenever it seeds.
EMULATED int curandSetGeneratorOffset(void*, unsigned long long offset) {
    return offset ? not_emulated("curandSetGeneratorOffset", INTERNAL_ERROR) : int(SUCCESS);
}

EMULATED int curandGenerate(void* generator, unsigned* out, size_t count) {
    return fill(generator, out, count, [](auto& engine) { return engine() >> 32; });
}

EMULATED int curandGenerateLongLong(void* generator, unsigned long long* out, size_t count) {
    return fill(generator, out, count, [](auto& engine) { return engine(); });
}

EMULATED int curandGenerateUniform(void* generator, float* out, size_t count) {
    return fill(generator, out, count,
                [](auto& engine) { return float((engine() >> 40) + 1) * 0x1p-24f; });
}

EMULATED int curandGenerateUniformDouble(void* generator, double* out, size_t count) {
    return fill(generator, out, count,
                [](auto& engine) { return double((engine() >> 11) + 1) * 0x1p-53; });
}

EMULATED int curandGenerateNormal(void* generator, float* out, size_t count, float mean,
                                  float deviation) {
    if (count % 2) return LENGTH_NOT_MULTIPLE;
    std::normal_distribution<float> normal(mean, deviation);
    return fill(generator, out, count, [=](auto& engine) mutable { return normal(engine); });
}

EMULATED int curandGenerateNormalDouble(void* generator, double* out, size_t count, double mean,
                                        double deviation) {
    if (count % 2) return LENGTH_NOT_MULTIPLE;
    std::normal_distribution<double> normal(mean, deviation);
    return fill(generator, out, count, [=](auto& engine) mutable { return normal(engine); });
}
