// Atomic operations: plain ones, since the emulator runs one thread at a time.
//
// So they cannot be used wrongly here by being too few: a missing atomic shows only where the order
// of threads matters (THREAD_ORDER). The sum of floats depends on that order, as on a GPU.
#pragma once

#define EMULATOR_ATOMIC(NAME, T, NEW)          \
    static inline T NAME(T* address, T value) { \
        const T old = *address;                 \
        *address = NEW;                         \
        return old;                             \
    }
#define EMULATOR_INTEGER_ATOMICS(T)                                 \
    EMULATOR_ATOMIC(atomicAdd, T, (T)(old + value))                   \
    EMULATOR_ATOMIC(atomicSub, T, (T)(old - value))                   \
    EMULATOR_ATOMIC(atomicExch, T, value)                           \
    EMULATOR_ATOMIC(atomicMax, T, value > old ? value : old)        \
    EMULATOR_ATOMIC(atomicMin, T, value < old ? value : old)        \
    EMULATOR_ATOMIC(atomicAnd, T, (T)(old & value))                   \
    EMULATOR_ATOMIC(atomicOr, T, (T)(old | value))                    \
    EMULATOR_ATOMIC(atomicXor, T, (T)(old ^ value))                   \
    EMULATOR_COMPARE_AND_SWAP(T)
#define EMULATOR_COMPARE_AND_SWAP(T)                               \
    static inline T atomicCAS(T* address, T expected, T value) {   \
        const T old = *address;                                    \
        if (old == expected) *address = value;                     \
        return old;                                                \
    }
EMULATOR_INTEGER_ATOMICS(int)
EMULATOR_INTEGER_ATOMICS(unsigned)
EMULATOR_INTEGER_ATOMICS(unsigned long long)
EMULATOR_COMPARE_AND_SWAP(unsigned short)
EMULATOR_ATOMIC(atomicAdd, float, old + value)
EMULATOR_ATOMIC(atomicAdd, double, old + value)
EMULATOR_ATOMIC(atomicExch, float, value)
#undef EMULATOR_ATOMIC
#undef EMULATOR_INTEGER_ATOMICS
#undef EMULATOR_COMPARE_AND_SWAP

static inline void __threadfence() {}
static inline void __threadfence_block() {}
static inline void __threadfence_system() {}
