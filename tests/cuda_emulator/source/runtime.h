// What the two files of the runtime API share.
#pragma once
#include <cuda_runtime_api.h>

#include "core.h"

namespace emulator {

// The error a call returns: its own, or the one that sticks. It is what cudaGetLastError() gives.
cudaError_t give(cudaError_t error);

cudaError_t wait_for(Stream* stream);

}  // namespace emulator
