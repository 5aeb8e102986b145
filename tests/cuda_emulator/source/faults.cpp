// What is said when device memory is touched against the rules of a strict mode.
//
// A GPU ends the process' context; here the process ends with SIGSEGV, after one line that names
// the kernel (or the host) and the array. The handler that was there before, such as that of
// Python's faulthandler, runs next and shows the line of Python.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <unistd.h>

#include "core.h"

namespace emulator {
namespace {

const char* running = nullptr;
int output = STDERR_FILENO;
struct sigaction previous;

void report(int, siginfo_t* info, void*) {
    sigaction(SIGSEGV, &previous, nullptr);
    if (device_of(info->si_addr) >= 0) {
        char where[200], line[400];
        describe_address(info->si_addr, where, sizeof where);
        snprintf(line, sizeof line, "emulated CUDA: %s touched %s\n",
                 running ? running : "the host", where);
        say_fault(line);
    }
    // The access is tried again and meets the handler that was there before.
}

}  // namespace

void watch_faults() {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = report;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &previous);
}

void set_running(const char* operation) { running = operation; }

void say_fault(const char* line) {
    if (write(output, line, strlen(line)) < 0) output = STDERR_FILENO;
}

}  // namespace emulator

// A test runner may have put a file in the place of stderr, which is lost when the process ends.
EMULATED void emulator_say_faults_to(int descriptor) { emulator::output = descriptor; }
