// The launch loop: blocks one after another, threads of a block in the order of THREAD_ORDER.
//
// A kernel whose source has no barrier runs its threads as plain calls. With barriers, shuffles or
// votes each thread gets a stack of its own (a fiber) and runs until it waits; a barrier opens when
// every thread it is for has come or ended. Shared memory is poisoned before each block. A barrier
// that can never open is a launch failure, which sticks as on a GPU. Threads never run at the same
// time, so races within an instruction and weak memory order are not emulated.
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#include "core.h"
#include "kernel/abi.h"

namespace emulator {
namespace {

const int WARP = 32, MOST_THREADS = 1024;
const size_t STACK = 256 << 10;
const int FRESH = 0xFF;
const int LAUNCH_FAILURE = 719;  // cudaErrorLaunchFailure

uint64_t random_state = 0;

uint64_t draw() {  // xorshift64
    if (!random_state) random_state = 0x9E3779B97F4A7C15ull * (2 * uint64_t(modes().seed) + 1);
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

// --- switching stacks ---

#if defined(__x86_64__)
// Saves the registers that a call must keep on this stack, and goes on where the other one stopped.
extern "C" void emulator_switch_stack(void** save, void* load);
asm(".text\n"
    ".globl emulator_switch_stack\n.hidden emulator_switch_stack\n"
    ".type emulator_switch_stack,@function\n"
    "emulator_switch_stack:\n"
    "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
    "  mov %rsp, (%rdi)\n  mov %rsi, %rsp\n"
    "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n"
    "  ret\n");

class Context {
public:
    void start(char* stack, void (*entry)()) {
        void** top = reinterpret_cast<void**>(stack + STACK);
        *--top = nullptr;                            // keeps the stack aligned as after a call
        *--top = reinterpret_cast<void*>(entry);     // where `ret` goes
        for (int saved = 0; saved < 6; saved++) *--top = nullptr;
        pointer_ = top;
    }
    static void change(Context* from, Context* to) {
        emulator_switch_stack(&from->pointer_, to->pointer_);
    }

private:
    void* pointer_ = nullptr;
};
#else
class Context {
public:
    void start(char* stack, void (*entry)()) {
        getcontext(&context_);
        context_.uc_stack.ss_sp = stack;
        context_.uc_stack.ss_size = STACK;
        context_.uc_link = nullptr;
        makecontext(&context_, entry, 0);
    }
    static void change(Context* from, Context* to) { swapcontext(&from->context_, &to->context_); }

private:
    ucontext_t context_;
};
#endif

// --- one block whose threads wait for each other ---

struct Fiber {
    enum class State { ready, at_block_barrier, at_warp_barrier, ended } state;
    Context context;
    unsigned mask;
    int predicate;
    unsigned long long slot;  // what it shows to the other lanes
};

struct Block {
    Fiber fibers[MOST_THREADS];
    Context scheduler;
    char* stacks = nullptr;
    unsigned short order[MOST_THREADS];
    int count = 0, current = 0;
    int votes = 0, voters = 0;
    const EmulatorModule* module = nullptr;
    const EmulatorKernel* kernel = nullptr;
    void** arguments = nullptr;
} block;

void arrange_threads() {
    std::iota(block.order, block.order + block.count, 0);
    if (modes().thread_order == Modes::Order::reverse)
        std::reverse(block.order, block.order + block.count);
    if (modes().thread_order == Modes::Order::random)
        for (int i = block.count - 1; i > 0; i--)
            std::swap(block.order[i], block.order[draw() % (i + 1)]);
}

void wait(Fiber::State state) {
    Fiber& fiber = block.fibers[block.current];
    fiber.state = state;
    Context::change(&fiber.context, &block.scheduler);
}

void thread_main() {
    const unsigned short thread = block.current;
    block.kernel->run(block.arguments, &thread, 1);
    wait(Fiber::State::ended);
}

void resume(int thread) {
    const unsigned* size = block.module->block_size;
    unsigned* index = block.module->thread_index;
    index[0] = thread % size[0];
    index[1] = thread / size[0] % size[1];
    index[2] = thread / (size[0] * size[1]);
    block.current = thread;
    Context::change(&block.scheduler, &block.fibers[thread].context);
}

int count_in(Fiber::State state) {
    return int(std::count_if(block.fibers, block.fibers + block.count,
                             [=](const Fiber& fiber) { return fiber.state == state; }));
}

// True when every lane a waiting lane names has come to a barrier of its warp, or has ended.
bool warp_is_complete(int thread) {
    const int first = thread / WARP * WARP, last = std::min(first + WARP, block.count);
    for (int other = first; other < last; other++) {
        const Fiber::State state = block.fibers[other].state;
        if ((block.fibers[thread].mask >> (other - first) & 1) &&
            state != Fiber::State::at_warp_barrier && state != Fiber::State::ended)
            return false;
    }
    return true;
}

bool open_warp_barriers() {
    bool complete[MOST_THREADS];
    bool any = false;
    for (int t = 0; t < block.count; t++)
        complete[t] =
            block.fibers[t].state == Fiber::State::at_warp_barrier && warp_is_complete(t);
    for (int t = 0; t < block.count; t++)
        if (complete[t]) {
            block.fibers[t].state = Fiber::State::ready;
            any = true;
        }
    return any;
}

bool open_block_barrier() {
    const int waiting = count_in(Fiber::State::at_block_barrier);
    const int ended = count_in(Fiber::State::ended);
    if (!waiting || waiting + ended < block.count) return false;
    counters().block_barriers++;
    if (ended) counters().divergent_barriers++;
    block.votes = 0;
    block.voters = waiting;
    for (Fiber* fiber = block.fibers; fiber < block.fibers + block.count; fiber++)
        if (fiber->state == Fiber::State::at_block_barrier) {
            block.votes += fiber->predicate;
            fiber->state = Fiber::State::ready;
        }
    return true;
}

void run_waiting_block() {
    if (!block.stacks) {
        void* memory = mmap(nullptr, STACK * MOST_THREADS, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            perror("emulated CUDA: no address space for the stacks of threads");
            exit(2);
        }
        block.stacks = static_cast<char*>(memory);
    }
    for (int t = 0; t < block.count; t++) {
        block.fibers[t].state = Fiber::State::ready;
        block.fibers[t].context.start(block.stacks + STACK * t, thread_main);
    }
    for (;;) {
        arrange_threads();
        for (int i = 0; i < block.count; i++)
            if (block.fibers[block.order[i]].state == Fiber::State::ready) resume(block.order[i]);
        if (count_in(Fiber::State::ended) == block.count) return;
        if (open_warp_barriers() || open_block_barrier()) continue;
        fprintf(stderr,
                "emulated CUDA: kernel %s waits forever: of %d threads %d wait at a barrier of the "
                "block, %d at one of their warp, %d have ended\n",
                block.kernel->name, block.count, count_in(Fiber::State::at_block_barrier),
                count_in(Fiber::State::at_warp_barrier), count_in(Fiber::State::ended));
        set_sticky_error(LAUNCH_FAILURE);
        return;
    }
}

// --- what a thread may ask for (kernel/abi.h) ---

void block_barrier() {
    block.fibers[block.current].predicate = 0;
    wait(Fiber::State::at_block_barrier);
}

int block_count(int predicate, int* participants) {
    block.fibers[block.current].predicate = predicate != 0;
    wait(Fiber::State::at_block_barrier);
    *participants = block.voters;
    return block.votes;
}

void warp_barrier(unsigned mask) {
    block.fibers[block.current].mask = mask;
    wait(Fiber::State::at_warp_barrier);
}

bool takes_part(int thread, unsigned mask) {
    return thread < block.count && (mask >> thread % WARP & 1) &&
           block.fibers[thread].state != Fiber::State::ended;
}

unsigned long long shuffle(unsigned mask, unsigned long long value, int lane, int valid) {
    const int me = block.current, source = me / WARP * WARP + lane;
    block.fibers[me].slot = value;
    warp_barrier(mask);
    if (valid && lane >= 0 && lane < WARP && takes_part(source, mask))
        value = block.fibers[source].slot;
    warp_barrier(mask);  // nobody shows the next value before all have read this one
    return value;
}

unsigned ballot(unsigned mask, int predicate) {
    const int me = block.current, first = me / WARP * WARP;
    block.fibers[me].slot = predicate != 0;
    warp_barrier(mask);
    unsigned votes = 0;
    for (int lane = 0; lane < WARP; lane++)
        if (takes_part(first + lane, mask) && block.fibers[first + lane].slot) votes |= 1u << lane;
    warp_barrier(mask);
    return votes;
}

int lane() { return block.current % WARP; }

// CuPy's memory pool hands out parts of allocations, whose ends are not known here.
size_t array_bytes(const void* address) {
    return modes().memory_pool ? 0 : bytes_from(address);
}

const EmulatorThreads threads = {block_barrier, block_count, warp_barrier, shuffle,
                                 ballot,        lane,        array_bytes};

// --- the order of blocks ---

// The place of a block in the order: b -> (step b + offset) mod count runs through all, once each.
struct BlockOrder {
    uint64_t count, step = 1, offset = 0;

    explicit BlockOrder(uint64_t blocks) : count(blocks) {
        if (modes().thread_order == Modes::Order::reverse) step = count - 1, offset = count - 1;
        if (modes().thread_order == Modes::Order::random) {
            offset = draw() % count;
            do step = count > 1 ? 1 + draw() % (count - 1) : 1;
            while (std::gcd(step, count) != 1);
        }
    }
    uint64_t operator()(uint64_t number) const {
        return uint64_t(((unsigned __int128)step * number + offset) % count);
    }
};

char* dynamic_shared_memory(size_t bytes) {
    static char memory[256 << 10] __attribute__((aligned(256)));
    return bytes <= sizeof memory ? memory : nullptr;
}

}  // namespace

void connect_module(const EmulatorModule* module) { *module->threads = &threads; }

void run_kernel(const EmulatorModule* module, const EmulatorKernel* kernel, const Grid& grid,
                void** arguments) {
    for (int axis = 0; axis < 3; axis++) {
        module->grid_size[axis] = grid.grid[axis];
        module->block_size[axis] = grid.block[axis];
    }
    *module->dynamic_shared = dynamic_shared_memory(grid.shared_bytes);
    block.module = module;
    block.kernel = kernel;
    block.arguments = arguments;
    block.count = int(grid.block[0] * grid.block[1] * grid.block[2]);
    const BlockOrder order(uint64_t(grid.grid[0]) * grid.grid[1] * grid.grid[2]);
    const bool forward = modes().thread_order == Modes::Order::forward;
    for (uint64_t number = 0; number < order.count && !sticky_error(); number++) {
        const uint64_t place = order(number);
        module->block_index[0] = unsigned(place % grid.grid[0]);
        module->block_index[1] = unsigned(place / grid.grid[0] % grid.grid[1]);
        module->block_index[2] = unsigned(place / (uint64_t(grid.grid[0]) * grid.grid[1]));
        if (modes().poison) {
            memset(module->shared_start, FRESH, module->shared_stop - module->shared_start);
            if (grid.shared_bytes) memset(*module->dynamic_shared, FRESH, grid.shared_bytes);
        }
        if (module->uses_barriers) {
            run_waiting_block();
        } else if (forward) {
            kernel->run(arguments, nullptr, block.count);
        } else {
            arrange_threads();
            kernel->run(arguments, block.order, block.count);
        }
    }
}

}  // namespace emulator
