// The CUDA driver API (cu*) as far as CuPy uses it: modules, functions, launches.
//
// A "cubin" here is what nvrtc.cpp made: the source it came from, then a shared object for this
// CPU; a real one is refused as an invalid image. The limits of a launch are those of a GPU. Not
// emulated (build.py generates functions that return CUDA_ERROR_NOT_SUPPORTED): contexts of one's
// own, linking, modules from files, device variables, cooperative launches.
#include <cuda.h>
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core.h"
#include "image.h"
#include "kernel/abi.h"

using namespace emulator;

namespace {

const unsigned MOST_SHARED_BYTES = 48 << 10;

struct Module {
    void* library;
    const EmulatorModule* contents;
};

struct Function {
    Module* module;
    const EmulatorKernel* kernel;
};

// Arguments are taken when a kernel is launched, not when it runs; each starts as aligned as any.
struct Arguments {
    std::vector<std::max_align_t> storage;
    std::vector<void*> pointers;

    Arguments(const EmulatorKernel* kernel, void** arguments) {
        const size_t unit = sizeof(std::max_align_t);
        std::vector<size_t> starts;
        size_t units = 0;
        for (int i = 0; i < kernel->argument_count; i++) {
            starts.push_back(units);
            units += (kernel->argument_sizes[i] + unit - 1) / unit;
        }
        storage.resize(units);
        for (int i = 0; i < kernel->argument_count; i++) {
            pointers.push_back(storage.data() + starts[i]);
            memcpy(pointers[i], arguments[i], kernel->argument_sizes[i]);
        }
    }
};

CUcontext context_of(int device) { return reinterpret_cast<CUcontext>(uintptr_t(device) + 1); }

bool fits(const Grid& grid) {
    for (int axis = 0; axis < 3; axis++)
        if (!grid.grid[axis] || !grid.block[axis] || grid.block[axis] > 1024) return false;
    if (grid.grid[0] > 2147483647u || grid.grid[1] > 65535 || grid.grid[2] > 65535) return false;
    if (grid.block[2] > 64 || grid.shared_bytes > MOST_SHARED_BYTES) return false;
    return uint64_t(grid.block[0]) * grid.block[1] * grid.block[2] <= 1024;
}

// dlopen wants a file; it is removed again at once.
void* load_library(const char* bytes, size_t count) {
    char path[] = P_tmpdir "/cuda-emulator-XXXXXX";
    const int file = mkstemp(path);
    if (file < 0) return nullptr;
    size_t written = 0;
    while (written < count) {
        const ssize_t step = write(file, bytes + written, count - written);
        if (step <= 0) break;
        written += size_t(step);
    }
    close(file);
    void* library = written == count ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
    if (!library) fprintf(stderr, "emulated CUDA: a kernel does not load: %s\n", dlerror());
    unlink(path);
    return library;
}

}  // namespace

EMULATED CUresult cuInit(unsigned) { return CUDA_SUCCESS; }

EMULATED CUresult cuGetErrorName(CUresult error, const char** name) {
    switch (error) {
        case CUDA_SUCCESS: *name = "CUDA_SUCCESS"; break;
        case CUDA_ERROR_INVALID_VALUE: *name = "CUDA_ERROR_INVALID_VALUE"; break;
        case CUDA_ERROR_INVALID_IMAGE: *name = "CUDA_ERROR_INVALID_IMAGE"; break;
        case CUDA_ERROR_INVALID_HANDLE: *name = "CUDA_ERROR_INVALID_HANDLE"; break;
        case CUDA_ERROR_NOT_FOUND: *name = "CUDA_ERROR_NOT_FOUND"; break;
        case CUDA_ERROR_LAUNCH_FAILED: *name = "CUDA_ERROR_LAUNCH_FAILED"; break;
        case CUDA_ERROR_NOT_SUPPORTED: *name = "CUDA_ERROR_NOT_SUPPORTED"; break;
        default: *name = "CUDA_ERROR_UNKNOWN"; break;
    }
    return CUDA_SUCCESS;
}

EMULATED CUresult cuGetErrorString(CUresult error, const char** text) {
    return cuGetErrorName(error, text);
}

EMULATED CUresult cuCtxGetCurrent(CUcontext* context) {
    *context = context_of(current_device());
    return CUDA_SUCCESS;
}

EMULATED CUresult cuCtxSetCurrent(CUcontext context) {
    return context == context_of(current_device()) ? CUDA_SUCCESS : CUDA_ERROR_NOT_SUPPORTED;
}

EMULATED CUresult cuCtxGetDevice(CUdevice* device) {
    *device = current_device();
    return CUDA_SUCCESS;
}

EMULATED CUresult cuStreamGetCtx(CUstream handle, CUcontext* context) {
    Lock lock(mutex());
    const Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    *context = context_of(stream_device(stream));
    return CUDA_SUCCESS;
}

EMULATED CUresult cuModuleLoadData(CUmodule* result, const void* bytes) {
    Lock lock(mutex());
    Image image;
    if (!read_image(static_cast<const char*>(bytes), &image)) return CUDA_ERROR_INVALID_IMAGE;
    keep_source(image.source);  // also of kernels that come from CuPy's cache
    void* library = load_library(image.library, image.library_bytes);
    if (!library) return CUDA_ERROR_INVALID_IMAGE;
    using Contents = const EmulatorModule* (*)();
    const auto contents = reinterpret_cast<Contents>(dlsym(library, "emulator_module"));
    if (!contents || contents()->abi != EMULATOR_ABI) {
        dlclose(library);
        return CUDA_ERROR_INVALID_IMAGE;
    }
    connect_module(contents());
    *result = reinterpret_cast<CUmodule>(new Module{library, contents()});
    return CUDA_SUCCESS;
}

EMULATED CUresult cuModuleUnload(CUmodule handle) {
    Lock lock(mutex());
    run_everything();
    Module* module = reinterpret_cast<Module*>(handle);
    dlclose(module->library);
    delete module;
    return CUDA_SUCCESS;
}

EMULATED CUresult cuModuleGetFunction(CUfunction* result, CUmodule handle, const char* name) {
    Lock lock(mutex());
    Module* module = reinterpret_cast<Module*>(handle);
    for (int i = 0; i < module->contents->kernel_count; i++) {
        const EmulatorKernel* kernel = module->contents->kernels[i];
        if (strcmp(kernel->name, name)) continue;
        *result = reinterpret_cast<CUfunction>(new Function{module, kernel});
        return CUDA_SUCCESS;
    }
    return CUDA_ERROR_NOT_FOUND;
}

// Registers, spills and static shared memory are questions for the real compiler: 0 here.
EMULATED CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction) {
    *value = attribute == CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK               ? 1024
             : attribute == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES ? int(MOST_SHARED_BYTES)
                                                                            : 0;
    return CUDA_SUCCESS;
}

EMULATED CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction, int,
                                                              size_t) {
    *blocks = 2;
    return CUDA_SUCCESS;
}

EMULATED CUresult cuOccupancyMaxPotentialBlockSize(int* grid, int* threads, CUfunction,
                                                   CUoccupancyB2DSize, size_t, int) {
    *grid = 216;
    *threads = 512;
    return CUDA_SUCCESS;
}

EMULATED CUresult cuLaunchKernel(CUfunction handle, unsigned grid_x, unsigned grid_y,
                                 unsigned grid_z, unsigned block_x, unsigned block_y,
                                 unsigned block_z, unsigned shared_bytes, CUstream stream_handle,
                                 void** arguments, void**) {
    Lock lock(mutex());
    const Function* function = reinterpret_cast<const Function*>(handle);
    const EmulatorModule* module = function->module->contents;
    const EmulatorKernel* kernel = function->kernel;
    const Grid grid = {{grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes};
    if (sticky_error()) return CUresult(sticky_error());
    if (!fits(grid)) return CUDA_ERROR_INVALID_VALUE;
    Stream* stream = stream_of(stream_handle);
    if (!stream || stream_device(stream) != current_device()) return CUDA_ERROR_INVALID_HANDLE;

    int unknown = 0;
    const unsigned long long bytes = kernel->bytes(arguments, &unknown);
    counters().launches++;
    counters().kernel_bytes += bytes;
    counters().launches_of_unknown_bytes += unknown;
    event("launch %s grid=%u,%u,%u block=%u,%u,%u shared=%u bytes=%llu%s", kernel->name, grid_x,
          grid_y, grid_z, block_x, block_y, block_z, shared_bytes, bytes,
          unknown ? "+unknown" : "");

    auto copies = std::make_shared<Arguments>(kernel, arguments);
    const std::string what = std::string("kernel ") + kernel->name;
    submit(stream, what.c_str(),
           [=] { run_kernel(module, kernel, grid, copies->pointers.data()); });
    return CUresult(sticky_error());
}
