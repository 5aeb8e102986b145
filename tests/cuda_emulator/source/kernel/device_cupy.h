// device.h and the headers that CuPy puts in front of every kernel that it writes.
//
// Only a source that asks for these headers gets them, so that no other meets their names; they are
// precompiled because they take longer than the kernel itself.
#include "device.h"

#include <cupy/complex.cuh>
#include <cupy/carray.cuh>
#include <cupy/atomics.cuh>
#include <cupy/math_constants.h>
