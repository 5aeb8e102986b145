// The modes of the emulator, read once from the environment variables CUDA_EMULATOR_*.
//
// A value or a name that is not known ends the process with a message: a misspelt strict mode
// would otherwise pass every test. The Python side of the same names is emulator.py.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

#include "core.h"

extern char** environ;

namespace emulator {
namespace {

const char PREFIX[] = "CUDA_EMULATOR_";

std::set<std::string> known;

[[noreturn]] void refuse(const std::string& name, const std::string& expected) {
    const char* value = getenv((PREFIX + name).c_str());
    fprintf(stderr, "emulated CUDA: %s%s=%s; expected %s\n", PREFIX, name.c_str(),
            value ? value : "", expected.c_str());
    exit(2);
}

std::string text(const std::string& name) {
    known.insert(name);
    const char* value = getenv((PREFIX + name).c_str());
    return value ? value : "";
}

int choice(const std::string& name, const std::vector<std::string>& values) {
    const std::string given = text(name);
    if (given.empty()) return 0;
    std::string expected;
    for (size_t i = 0; i < values.size(); i++) {
        if (given == values[i]) return int(i);
        expected += (i ? ", " : "") + values[i];
    }
    refuse(name, expected);
}

bool flag(const std::string& name, bool otherwise) {
    if (text(name).empty()) return otherwise;
    return choice(name, {"0", "1"}) == 1;
}

int number(const std::string& name, int otherwise, int least, int most) {
    const std::string given = text(name);
    if (given.empty()) return otherwise;
    char* end = nullptr;
    const long value = strtol(given.c_str(), &end, 10);
    if (*end || value < least || value > most)
        refuse(name, "a number from " + std::to_string(least) + " to " + std::to_string(most));
    return int(value);
}

void refuse_unknown_names() {
    for (char** entry = environ; *entry; entry++) {
        if (strncmp(*entry, PREFIX, strlen(PREFIX))) continue;
        const std::string name(*entry + strlen(PREFIX), strcspn(*entry + strlen(PREFIX), "="));
        if (!known.count(name)) {
            std::string names;
            for (const std::string& each : known) names += " " + each;
            refuse(name, "one of the names" + names);
        }
    }
}

Modes read() {
    Modes modes;
    modes.thread_order = Modes::Order(choice("THREAD_ORDER", {"forward", "reverse", "random"}));
    modes.guard_pages = Modes::Guard(choice("GUARD_PAGES", {"off", "end", "start"}));
    modes.protect_memory = flag("PROTECT_MEMORY", false);
    modes.lazy_queue = flag("LAZY_QUEUE", false);
    modes.poison = flag("POISON", true);
    modes.memory_pool = flag("MEMORY_POOL", modes.guard_pages == Modes::Guard::off);
    modes.verbose = flag("VERBOSE", false);
    modes.seed = number("SEED", 1, 0, 1 << 30);
    modes.devices = number("DEVICES", 2, 0, 8);
    modes.device_memory = size_t(number("MEMORY_MB", 16 << 10, 1, 128 << 10)) << 20;
    modes.kernel_sources = text("KERNEL_SOURCES");
    modes.blas = text("BLAS");
    const std::string capability = text("COMPUTE_CAPABILITY");
    if (!capability.empty() && sscanf(capability.c_str(), "%d.%d", &modes.major, &modes.minor) != 2)
        refuse("COMPUTE_CAPABILITY", "two numbers such as 8.0");
    refuse_unknown_names();
    return modes;
}

}  // namespace

const Modes& modes() {
    static const Modes instance = read();
    return instance;
}

}  // namespace emulator
