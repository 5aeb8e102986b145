// How a compiled module tells the emulator its kernels, their arguments and the bytes they name.
//
// The compiler (nvrtc.cpp) adds EMULATOR_KERNEL for each kernel after the source, then
// EMULATOR_MODULE with their number.
#pragma once

#ifndef EMULATOR_USES_BARRIERS
#define EMULATOR_USES_BARRIERS 0
#endif

// CuPy's arrays have a size and are indexed; scalars and indexers have no bytes of their own.
template <class A>
static inline auto emulator_array_bytes(const A& array, int*, int)
    -> decltype((unsigned long long)(array.size() * sizeof(array[ptrdiff_t(0)]))) {
    return array.size() * sizeof(array[ptrdiff_t(0)]);
}
template <class A>
static inline unsigned long long emulator_array_bytes(const A&, int*, long) {
    return 0;
}
template <class T>
static inline unsigned long long emulator_array_bytes(T* const& pointer, int* unknown, int) {
    const size_t bytes = emulator_threads->array_bytes(pointer);
    if (!bytes && pointer) *unknown = 1;
    return bytes;
}

static inline void emulator_set_thread(int thread) {
    threadIdx.x = thread % blockDim.x;
    threadIdx.y = thread / blockDim.x % blockDim.y;
    threadIdx.z = thread / (blockDim.x * blockDim.y);
}

template <auto Function>
struct EmulatorEntry;

template <class... A, void (*Function)(A...)>
struct EmulatorEntry<Function> {
    template <class T>
    using Value = std::remove_cv_t<std::remove_reference_t<T>>;

    template <size_t... I>
    static inline __attribute__((always_inline)) void call(void** arguments,
                                                           std::index_sequence<I...>) {
        Function((*static_cast<Value<A>*>(arguments[I]))...);
    }
    static void run(void** arguments, const unsigned short* order, int count) {
        for (int i = 0; i < count; i++) {
            emulator_set_thread(order ? order[i] : i);
            call(arguments, std::index_sequence_for<A...>{});
        }
    }
    template <size_t... I>
    static unsigned long long sum(void** arguments, int* unknown, std::index_sequence<I...>) {
        return (0ull + ... +
                emulator_array_bytes(*static_cast<Value<A>*>(arguments[I]), unknown, 0));
    }
    static unsigned long long bytes(void** arguments, int* unknown) {
        return sum(arguments, unknown, std::index_sequence_for<A...>{});
    }
    static const size_t* sizes() {
        static const size_t all[] = {sizeof(Value<A>)..., 0};
        return all;
    }
    static EmulatorKernel kernel(const char* name) {
        return {name, run, int(sizeof...(A)), sizes(), bytes};
    }
};

#define EMULATOR_KERNEL(NUMBER, NAME, ...) \
    static EmulatorKernel emulator_kernel_##NUMBER = EmulatorEntry<__VA_ARGS__>::kernel(NAME);
#define EMULATOR_MODULE(COUNT, ...)                                                             \
    static const EmulatorKernel* const emulator_kernels[] = {__VA_ARGS__};                      \
    extern "C" __attribute__((visibility("default"))) const EmulatorModule* emulator_module() { \
        static const EmulatorModule module = {                                                  \
            EMULATOR_ABI, EMULATOR_USES_BARRIERS, &threadIdx.x, &blockIdx.x, &blockDim.x,       \
            &gridDim.x, &emulator_dynamic_shared, __start_emulator_shared,                      \
            __stop_emulator_shared, &emulator_threads, emulator_kernels, COUNT};                \
        return &module;                                                                         \
    }
