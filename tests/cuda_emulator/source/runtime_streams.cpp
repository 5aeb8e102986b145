// The CUDA runtime API (cuda*): streams, events, graphs.
//
// streams.cpp says in which order operations run; this file is CUDA's names for it. Blocking calls
// spoil a capture. A host function runs under the emulator's lock: one that waits for another
// thread's CUDA call waits forever. Not emulated: priorities (accepted, without effect), events
// within a capture, and time: cudaEventElapsedTime gives that of this CPU, which says nothing about
// a GPU.
#include "runtime.h"

#include <chrono>
#include <memory>
#include <vector>

#undef cudaEventCreate  // a macro for C++ programs that hides the function defined here

using namespace emulator;

namespace {

struct Event {
    Stream* stream = nullptr;
    uint64_t sequence = 0;
    bool recorded = false;
    std::shared_ptr<double> milliseconds = std::make_shared<double>(0.0);
};

struct Graph {
    std::vector<Operation> operations;
};

double now() {
    using namespace std::chrono;
    return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

// --- streams ------------------------------------------------------------------------------------

EMULATED cudaError_t cudaStreamCreateWithFlags(cudaStream_t* handle, unsigned flags) {
    Lock lock(mutex());
    *handle = reinterpret_cast<cudaStream_t>(
        create_stream(current_device(), !(flags & cudaStreamNonBlocking)));
    return cudaSuccess;
}

EMULATED cudaError_t cudaStreamCreate(cudaStream_t* handle) {
    return cudaStreamCreateWithFlags(handle, cudaStreamDefault);
}

EMULATED cudaError_t cudaStreamCreateWithPriority(cudaStream_t* handle, unsigned flags, int) {
    return cudaStreamCreateWithFlags(handle, flags);
}

EMULATED cudaError_t cudaStreamGetFlags(cudaStream_t handle, unsigned* flags) {
    Lock lock(mutex());
    const Stream* stream = stream_of(handle);
    if (!stream) return give(cudaErrorInvalidResourceHandle);
    *flags = stream_blocking(stream) ? cudaStreamDefault : cudaStreamNonBlocking;
    return cudaSuccess;
}

EMULATED cudaError_t cudaStreamGetPriority(cudaStream_t, int* priority) {
    *priority = 0;
    return cudaSuccess;
}

EMULATED cudaError_t cudaStreamDestroy(cudaStream_t handle) {
    Lock lock(mutex());
    return give(destroy_stream(reinterpret_cast<Stream*>(handle)) ? cudaSuccess
                                                                  : cudaErrorInvalidResourceHandle);
}

EMULATED cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
    Lock lock(mutex());
    Stream* stream = stream_of(handle);
    if (!stream) return give(cudaErrorInvalidResourceHandle);
    if (breaks_capture()) return give(cudaErrorStreamCaptureUnsupported);
    counters().stream_synchronisations++;
    event("synchronise stream");
    return wait_for(stream);
}

// In lazy mode time passes only when somebody asks: each query lets one operation finish.
EMULATED cudaError_t cudaStreamQuery(cudaStream_t handle) {
    Lock lock(mutex());
    Stream* stream = stream_of(handle);
    if (!stream) return give(cudaErrorInvalidResourceHandle);
    if (has_run(stream, last_sequence(stream))) return give(cudaSuccess);
    run_one(stream);
    return cudaErrorNotReady;
}

EMULATED cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
    Lock lock(mutex());
    Stream* stream = stream_of(handle);
    const Event* awaited = reinterpret_cast<Event*>(event);
    if (!stream || !awaited) return give(cudaErrorInvalidResourceHandle);
    if (is_capturing(stream)) {
        breaks_capture();
        return give(cudaErrorNotSupported);
    }
    if (!awaited->recorded) return cudaSuccess;
    Operation operation;
    operation.what = "a wait for an event";
    operation.after_stream = awaited->stream;
    operation.after_sequence = awaited->sequence;
    submit(stream, std::move(operation));
    return give(cudaSuccess);
}

EMULATED cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function, void* data) {
    Lock lock(mutex());
    Stream* stream = stream_of(handle);
    if (!stream) return give(cudaErrorInvalidResourceHandle);
    event("host function");
    submit(stream, "a host function", [=] { function(data); });
    return give(cudaSuccess);
}

EMULATED cudaError_t cudaStreamAddCallback(cudaStream_t handle, cudaStreamCallback_t function,
                                           void* data, unsigned) {
    Lock lock(mutex());
    Stream* stream = stream_of(handle);
    if (!stream) return give(cudaErrorInvalidResourceHandle);
    event("host function");
    submit(stream, "a host function", [=] { function(handle, cudaSuccess, data); });
    return give(cudaSuccess);
}

// --- events -------------------------------------------------------------------------------------

EMULATED cudaError_t cudaEventCreateWithFlags(cudaEvent_t* handle, unsigned) {
    *handle = reinterpret_cast<cudaEvent_t>(new Event);
    return cudaSuccess;
}

EMULATED cudaError_t cudaEventCreate(cudaEvent_t* handle) {
    return cudaEventCreateWithFlags(handle, cudaEventDefault);
}

EMULATED cudaError_t cudaEventDestroy(cudaEvent_t handle) {
    Lock lock(mutex());
    delete reinterpret_cast<Event*>(handle);
    return cudaSuccess;
}

EMULATED cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle) {
    Lock lock(mutex());
    Stream* stream = stream_of(stream_handle);
    Event* recorded = reinterpret_cast<Event*>(handle);
    if (!stream || !recorded) return give(cudaErrorInvalidResourceHandle);
    if (is_capturing(stream)) {
        breaks_capture();
        return give(cudaErrorNotSupported);
    }
    event("record event");
    auto time = recorded->milliseconds;
    submit(stream, "an event", [=] { *time = now(); });
    recorded->stream = stream;
    recorded->sequence = last_sequence(stream);
    recorded->recorded = true;
    return give(cudaSuccess);
}

EMULATED cudaError_t cudaEventQuery(cudaEvent_t handle) {
    Lock lock(mutex());
    const Event* asked = reinterpret_cast<Event*>(handle);
    if (!asked->recorded || has_run(asked->stream, asked->sequence)) return give(cudaSuccess);
    run_one(asked->stream);
    return cudaErrorNotReady;
}

EMULATED cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
    Lock lock(mutex());
    const Event* awaited = reinterpret_cast<Event*>(handle);
    if (breaks_capture()) return give(cudaErrorStreamCaptureUnsupported);
    counters().event_synchronisations++;
    event("synchronise event");
    if (awaited->recorded && known_stream(awaited->stream))
        run_until(awaited->stream, awaited->sequence);
    return give(cudaSuccess);
}

EMULATED cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
    Lock lock(mutex());
    const Event *first = reinterpret_cast<Event*>(start), *last = reinterpret_cast<Event*>(end);
    if (!first->recorded || !last->recorded) return give(cudaErrorInvalidResourceHandle);
    if (!has_run(first->stream, first->sequence) || !has_run(last->stream, last->sequence))
        return cudaErrorNotReady;
    *milliseconds = float(*last->milliseconds - *first->milliseconds);
    return cudaSuccess;
}

// --- graphs -------------------------------------------------------------------------------------

EMULATED cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode) {
    Lock lock(mutex());
    Stream* stream = stream_of(handle);
    if (!stream || !begin_capture(stream)) return give(cudaErrorStreamCaptureUnsupported);
    event("begin capture");
    return cudaSuccess;
}

EMULATED cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* result) {
    Lock lock(mutex());
    *result = nullptr;
    Stream* stream = stream_of(handle);
    if (!stream || !is_capturing(stream)) return give(cudaErrorInvalidValue);
    auto graph = std::make_unique<Graph>();
    if (!end_capture(stream, &graph->operations)) return give(cudaErrorStreamCaptureInvalidated);
    event("end capture");
    *result = reinterpret_cast<cudaGraph_t>(graph.release());
    return cudaSuccess;
}

EMULATED cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
    Lock lock(mutex());
    const Stream* stream = stream_of(handle);
    if (!stream) return give(cudaErrorInvalidResourceHandle);
    *status = is_capturing(stream) ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
    return cudaSuccess;
}

EMULATED cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                          unsigned long long) {
    *executable =
        reinterpret_cast<cudaGraphExec_t>(new Graph(*reinterpret_cast<const Graph*>(graph)));
    return cudaSuccess;
}

EMULATED cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    delete reinterpret_cast<Graph*>(graph);
    return cudaSuccess;
}

EMULATED cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    delete reinterpret_cast<Graph*>(executable);
    return cudaSuccess;
}

EMULATED cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) { return cudaSuccess; }

EMULATED cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t handle) {
    Lock lock(mutex());
    Stream* stream = stream_of(handle);
    if (!stream) return give(cudaErrorInvalidResourceHandle);
    const Graph* graph = reinterpret_cast<const Graph*>(executable);
    counters().graph_launches++;
    event("launch graph operations=%zu", graph->operations.size());
    for (const Operation& operation : graph->operations) submit(stream, operation);
    return give(cudaSuccess);
}
