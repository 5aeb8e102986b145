// What the files of the emulator share: modes, counters, device memory, streams, kernel launches.
//
// The emulator is one shared library, libcuda_emulator.so, made of the files named below and of
// runtime_api.cpp; the libraries that CuPy looks for by name (libcuda, libnvrtc, libcublas,
// libcurand) are thin and call the functions declared here. Everything is guarded by one lock: a
// call of the CUDA API is atomic, and operations run one at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#define EMULATED extern "C" __attribute__((visibility("default")))

struct EmulatorKernel;
struct EmulatorModule;

namespace emulator {

using Lock = std::lock_guard<std::recursive_mutex>;
std::recursive_mutex& mutex();

// --- modes.cpp: the environment variables CUDA_EMULATOR_* ---------------------------------------

struct Modes {
    enum class Order { forward, reverse, random } thread_order = Order::forward;
    enum class Guard { off, end, start } guard_pages = Guard::off;
    bool protect_memory = false;
    bool lazy_queue = false;
    bool poison = true;
    bool memory_pool = true;  // CuPy's, which the Python side turns off
    bool verbose = false;
    int seed = 1;
    int devices = 2;
    int major = 8, minor = 0;  // compute capability
    size_t device_memory = size_t(16) << 30;
    std::string kernel_sources;  // folder for the source of every kernel that is met
    std::string blas;            // path of an OpenBLAS with 64-bit integers
};
const Modes& modes();

// --- counters.cpp: what happened ----------------------------------------------------------------

#define EMULATOR_COUNTERS(COUNTER)                                                               \
    COUNTER(launches) COUNTER(kernel_bytes) COUNTER(launches_of_unknown_bytes)                   \
    COUNTER(gemms) COUNTER(gemm_bytes) COUNTER(gemm_flops)                                       \
    COUNTER(random_fills) COUNTER(sorts) COUNTER(memsets) COUNTER(memset_bytes)                  \
    COUNTER(host_to_device) COUNTER(host_to_device_bytes) COUNTER(host_to_device_pageable)       \
    COUNTER(device_to_host) COUNTER(device_to_host_bytes) COUNTER(device_to_host_pageable)       \
    COUNTER(device_to_device) COUNTER(device_to_device_bytes)                                    \
    COUNTER(device_synchronisations) COUNTER(stream_synchronisations)                            \
    COUNTER(event_synchronisations) COUNTER(copy_synchronisations)                               \
    COUNTER(allocations) COUNTER(allocated_bytes) COUNTER(frees) COUNTER(pinned_allocations)     \
    COUNTER(compilations) COUNTER(graph_launches)                                                \
    COUNTER(block_barriers) COUNTER(divergent_barriers) COUNTER(not_emulated)

struct Counters {
#define COUNTER(name) unsigned long long name = 0;
    EMULATOR_COUNTERS(COUNTER)
#undef COUNTER
};
Counters& counters();

// Appends a line to the event log (while it is on), and prints it in verbose mode.
void event(const char* format, ...) __attribute__((format(printf, 1, 2)));

// For a function that is not emulated: counts it, says so once, and returns the error to give.
int not_emulated(const char* function, int error);

// --- memory.cpp: one arena of addresses for each device -----------------------------------------

void* allocate(int device, size_t bytes);  // null when the device's memory is used up
bool release(void* start);                 // false for what allocate() did not give
int device_of(const void* address);        // -1 for host memory
size_t memory_used(int device);
size_t bytes_from(const void* address);    // to the end of the allocation; 0 for no allocation

void register_pinned(void* start, size_t bytes);
bool forget_pinned(void* start);
bool is_pinned(const void* address);

// While it lives, the memory of a device may be touched (matters under protect_memory).
class Access {
public:
    explicit Access(int device);
    ~Access();
    Access(const Access&) = delete;

private:
    int device_;
};

// Describes an address for the message of a fault, e.g. "4 bytes past the end of 400 bytes".
void describe_address(const void* address, char* text, size_t capacity);

// --- faults.cpp: what is said when device memory is touched against the rules -------------------

void watch_faults();
// The operation that runs now, for that message; null when the host is to blame.
void set_running(const char* operation);
void say_fault(const char* line);

// --- streams.cpp: queues of operations, their order, and capture into graphs --------------------

struct Stream;

struct Operation {
    std::string what;
    std::function<void()> run;
    Stream* after_stream = nullptr;  // runs only when that stream has come as far as after_sequence
    uint64_t after_sequence = 0;
    uint64_t sequence = 0;
};

Stream* create_stream(int device, bool blocking);
bool destroy_stream(Stream* stream);
// The stream a handle stands for, null for no stream; 0, 1 and 2 name the default stream.
Stream* stream_of(void* handle);
int stream_device(const Stream* stream);
bool stream_blocking(const Stream* stream);
bool known_stream(const Stream* stream);

// Queues an operation; without lazy_queue it runs at once.
void submit(Stream* stream, const char* what, std::function<void()> run);
void submit(Stream* stream, Operation operation);
uint64_t last_sequence(const Stream* stream);
bool has_run(const Stream* stream, uint64_t sequence);
void run_until(Stream* stream, uint64_t sequence);
void run_stream(Stream* stream);
void run_one(Stream* stream);
void run_device(int device);
void run_everything();

// An error of a kernel: as on a GPU it sticks, and every later call returns it.
void set_sticky_error(int error);
int sticky_error();

bool begin_capture(Stream* stream);
bool is_capturing(const Stream* stream);
bool end_capture(Stream* stream, std::vector<Operation>* operations);
// For a call that a capture forbids; true when one is going on, which is then spoilt.
bool breaks_capture();

// --- launch.cpp: blocks and threads -------------------------------------------------------------

struct Grid {
    unsigned grid[3], block[3], shared_bytes;
};
void connect_module(const EmulatorModule* module);
void run_kernel(const EmulatorModule* module, const EmulatorKernel* kernel, const Grid& grid,
                void** arguments);

// --- runtime_api.cpp ----------------------------------------------------------------------------

int current_device();

}  // namespace emulator
