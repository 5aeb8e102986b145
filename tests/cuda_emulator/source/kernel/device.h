// CUDA C++ for g++: what stands before every kernel source that the emulator compiles.
//
// A kernel becomes an ordinary function, a thread one call of it; threadIdx and its kin are
// variables that the launch loop sets. Shared memory is static memory in a section of its own, so
// that it can be poisoned before each block. Not emulated: textures and surfaces, cooperative
// groups, dynamic parallelism, inline PTX, tensor cores, printf from the device's buffer; a source
// that uses them does not compile here.
#pragma once
#include <algorithm>
#include <cassert>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>
#include <math.h>  // puts the float variants beside the double ones, as CUDA has them
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

#include "abi.h"

#define CUDA_EMULATOR 1
#ifndef CUDA_VERSION
#define CUDA_VERSION 13000
#endif
#define __CUDACC_VER_MAJOR__ 13
#define __CUDACC_VER_MINOR__ 0

#define __device_builtin__
#define __global__ __attribute__((used))
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __restrict__ __restrict
#define __builtin_assume(x)
#define __shared__ static __attribute__((section("emulator_shared")))

#include "vector_types.h"

static uint3 threadIdx, blockIdx;
static dim3 blockDim, gridDim;
static const int warpSize = 32;
static char* emulator_dynamic_shared;
static const EmulatorThreads* emulator_threads;

// The section of shared memory exists in every module.
static __attribute__((used, section("emulator_shared"))) char emulator_shared_anchor;
extern char __start_emulator_shared[] __attribute__((visibility("hidden")));
extern char __stop_emulator_shared[] __attribute__((visibility("hidden")));

#include "device_math.h"
#include "device_atomics.h"
#include "device_threads.h"
#include "registry.h"
