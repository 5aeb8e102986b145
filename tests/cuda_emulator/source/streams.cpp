// Streams: queues of operations, the order CUDA promises between them, and capture into graphs.
//
// Every operation gets the next number of one sequence. Within a stream operations run in order; an
// operation of the default stream runs after all earlier ones of the blocking streams of its
// device, and theirs after its earlier ones; an event makes a stream wait for another. Nothing else
// is promised, and with LAZY_QUEUE nothing else is given: operations run only when something waits
// for them, so that a missing synchronisation or event shows as a wrong value, each time.
// Graphs hold a linear list of operations; capture of events (forks) is not emulated.
#include <deque>
#include <set>

#include "core.h"

namespace emulator {

struct Stream {
    int device = 0;
    bool is_default = false;
    bool blocking = true;
    std::deque<Operation> queue;
    uint64_t last = 0;  // sequence of the newest operation
    bool capturing = false, spoilt = false;
    std::vector<Operation> captured;
};

namespace {

uint64_t sequence = 0;
int sticky = 0;
std::set<Stream*> streams;  // the default streams included
std::vector<Stream*> defaults;

Stream* default_stream(int device) {
    while (int(defaults.size()) <= device) {
        Stream* stream = new Stream;
        stream->device = int(defaults.size());
        stream->is_default = true;
        defaults.push_back(stream);
        streams.insert(stream);
    }
    return defaults[device];
}

void run_first(Stream* stream) {
    Operation operation = std::move(stream->queue.front());
    stream->queue.pop_front();
    if (operation.after_stream && known_stream(operation.after_stream))
        run_until(operation.after_stream, operation.after_sequence);
    if (stream->is_default) {
        for (Stream* other : std::vector<Stream*>(streams.begin(), streams.end()))
            if (other->device == stream->device && other->blocking && other != stream)
                run_until(other, operation.sequence);
    } else if (stream->blocking) {
        run_until(default_stream(stream->device), operation.sequence);
    }
    if (!operation.run || sticky) return;
    Access access(stream->device);
    set_running(operation.what.c_str());
    operation.run();
    set_running(nullptr);
}

}  // namespace

Stream* create_stream(int device, bool blocking) {
    Stream* stream = new Stream;
    stream->device = device;
    stream->blocking = blocking;
    streams.insert(stream);
    return stream;
}

bool destroy_stream(Stream* stream) {
    if (!known_stream(stream) || stream->is_default) return false;
    run_stream(stream);
    streams.erase(stream);
    delete stream;
    return true;
}

Stream* stream_of(void* handle) {
    if (reinterpret_cast<uintptr_t>(handle) <= 2) return default_stream(current_device());
    Stream* stream = static_cast<Stream*>(handle);
    return known_stream(stream) ? stream : nullptr;
}

bool known_stream(const Stream* stream) { return streams.count(const_cast<Stream*>(stream)) > 0; }
int stream_device(const Stream* stream) { return stream->device; }
bool stream_blocking(const Stream* stream) { return stream->blocking; }

void submit(Stream* stream, const char* what, std::function<void()> run) {
    Operation operation;
    operation.what = what;
    operation.run = std::move(run);
    submit(stream, std::move(operation));
}

void submit(Stream* stream, Operation operation) {
    if (stream->capturing) {
        stream->captured.push_back(std::move(operation));
        return;
    }
    operation.sequence = stream->last = ++sequence;
    stream->queue.push_back(std::move(operation));
    if (!modes().lazy_queue) run_stream(stream);
}

uint64_t last_sequence(const Stream* stream) { return stream->last; }

bool has_run(const Stream* stream, uint64_t until) {
    return !known_stream(stream) || stream->queue.empty() ||
           stream->queue.front().sequence > until;
}

void run_until(Stream* stream, uint64_t until) {
    while (!stream->queue.empty() && stream->queue.front().sequence <= until) run_first(stream);
}

void run_stream(Stream* stream) { run_until(stream, UINT64_MAX); }

void run_one(Stream* stream) {
    if (!stream->queue.empty()) run_first(stream);
}

void run_device(int device) {
    for (Stream* stream : std::vector<Stream*>(streams.begin(), streams.end()))
        if (stream->device == device) run_stream(stream);
}

void run_everything() {
    for (Stream* stream : std::vector<Stream*>(streams.begin(), streams.end())) run_stream(stream);
}

void set_sticky_error(int error) { sticky = error; }
int sticky_error() { return sticky; }

bool begin_capture(Stream* stream) {
    if (stream->is_default || stream->capturing) return false;
    stream->capturing = true;
    stream->spoilt = false;
    stream->captured.clear();
    return true;
}

bool is_capturing(const Stream* stream) { return stream->capturing; }

bool end_capture(Stream* stream, std::vector<Operation>* operations) {
    stream->capturing = false;
    *operations = std::move(stream->captured);
    stream->captured.clear();
    return !stream->spoilt;
}

bool breaks_capture() {
    bool any = false;
    for (Stream* stream : streams)
        if (stream->capturing) any = stream->spoilt = true;
    return any;
}

}  // namespace emulator
