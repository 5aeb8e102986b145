// What a compiled kernel module and the emulator know of each other; included by both.
#pragma once
#include <cstddef>

const int EMULATOR_ABI = 1;

// What a running thread asks of the emulator.
struct EmulatorThreads {
    void (*block_barrier)();
    // Barrier of the block: how many waiting threads passed a true predicate, and of how many.
    int (*block_count)(int predicate, int* participants);
    void (*warp_barrier)(unsigned mask);
    // The value of another lane; its own where valid is 0 or that lane does not take part.
    unsigned long long (*shuffle)(unsigned mask, unsigned long long value, int lane, int valid);
    unsigned (*ballot)(unsigned mask, int predicate);
    int (*lane)();
    // From an address to the end of its array; 0 where arrays share an allocation, or for none.
    size_t (*array_bytes)(const void* address);
};

struct EmulatorKernel {
    const char* name;
    // Runs `count` threads of the current block, numbered 0, 1, ... or as `order` says.
    void (*run)(void** arguments, const unsigned short* order, int count);
    int argument_count;
    const size_t* argument_sizes;
    // Bytes of all array arguments; sets *unknown if there is a pointer to an array of any size.
    unsigned long long (*bytes)(void** arguments, int* unknown);
};

struct EmulatorModule {
    int abi;
    int uses_barriers;
    unsigned *thread_index, *block_index, *block_size, *grid_size;
    char** dynamic_shared;
    char *shared_start, *shared_stop;
    const EmulatorThreads** threads;
    const EmulatorKernel* const* kernels;
    int kernel_count;
};
