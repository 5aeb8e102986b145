// Counters, the ordered event log, and the functions through which emulator.py reads them.
//
// Counts are taken when an operation is issued, which is what a budget is about; only barriers are
// counted when the kernel runs. The log is a list of lines, so that it can be compared with a file.
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <set>

#include "core.h"

namespace emulator {
namespace {

Counters totals;
std::vector<std::string> events;
bool recording = false;

// Copies a text for Python; returns the bytes it needs, so that a first call can ask for them.
long hand_over(const std::string& text, char* out, long capacity) {
    if (out && capacity > 0) {
        strncpy(out, text.c_str(), capacity - 1);
        out[capacity - 1] = 0;
    }
    return long(text.size()) + 1;
}

}  // namespace

std::recursive_mutex& mutex() {
    static std::recursive_mutex instance;
    return instance;
}

Counters& counters() { return totals; }

void event(const char* format, ...) {
    if (!recording && !modes().verbose) return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (recording) events.push_back(line);
    if (modes().verbose) fprintf(stderr, "emulated CUDA: %s\n", line);
}

int not_emulated(const char* function, int error) {
    Lock lock(mutex());
    totals.not_emulated++;
    event("not emulated %s", function);
    static std::set<std::string> said;
    if (said.insert(function).second)
        fprintf(stderr, "emulated CUDA: %s is not emulated; error %d\n", function, error);
    return error;
}

}  // namespace emulator

using namespace emulator;

EMULATED int emulator_not_emulated(const char* function, int error) {
    return not_emulated(function, error);
}

EMULATED void emulator_reset() {
    Lock lock(mutex());
    totals = Counters();
    events.clear();
}

EMULATED void emulator_record_events(int on) {
    Lock lock(mutex());
    recording = on;
}

EMULATED long emulator_counters(char* out, long capacity) {
    Lock lock(mutex());
    std::string text;
#define COUNTER(name) text += #name " " + std::to_string(totals.name) + "\n";
    EMULATOR_COUNTERS(COUNTER)
#undef COUNTER
    return hand_over(text, out, capacity);
}

EMULATED long emulator_events(char* out, long capacity) {
    Lock lock(mutex());
    std::string text;
    for (const std::string& line : events) text += line + "\n";
    return hand_over(text, out, capacity);
}
