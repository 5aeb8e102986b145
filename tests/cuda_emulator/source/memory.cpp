// Device memory: one arena of addresses for each emulated device, apart from the host's memory.
//
// Fresh memory is filled with 0xFF, which is NaN in every float type (unless POISON=0). Strict
// modes: GUARD_PAGES=end puts each array's end (start: its start) against a page that nobody may
// touch, never uses an address twice, and checks the slack on the other side when it is freed;
// PROTECT_MEMORY closes the arena to the host, and to kernels of other devices, except while an
// operation runs. Not emulated: managed memory, memory pools of the driver, access between devices.
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "core.h"

namespace emulator {
namespace {

const size_t PAGE = 4096;
const size_t ARENA = size_t(256) << 30;  // addresses only; memory is taken as it is touched
const size_t GRAIN = 512;                // cudaMalloc's own alignment
const int FRESH = 0xFF, FREED = 0xFE;

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

struct Block {
    size_t bytes;       // as asked for
    char* pages;        // where its pages begin, and how many bytes they have
    size_t page_bytes;
};

struct Device {
    char* end = nullptr;  // addresses from here on were never given out
    size_t used = 0;
    int open = 0;  // how many Access objects live
    std::map<char*, Block> blocks;
    std::multimap<size_t, char*> free;
};

char* arena = nullptr;
std::vector<Device> devices;
std::map<char*, size_t> pinned;

void reserve() {
    if (arena) return;
    devices.resize(std::max(modes().devices, 1));
    void* base = mmap(nullptr, ARENA * devices.size(), PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        perror("emulated CUDA: no address space for device memory");
        exit(2);
    }
    arena = static_cast<char*>(base);
    for (size_t i = 0; i < devices.size(); i++) devices[i].end = arena + i * ARENA + PAGE;
    if (modes().protect_memory || modes().guard_pages != Modes::Guard::off) watch_faults();
}

char* arena_of(int device) { return arena + size_t(device) * ARENA; }

bool guarded() { return modes().guard_pages != Modes::Guard::off; }

void set_protection(const Device& device, int index, int protection) {
    if (guarded()) {  // the pages between the blocks stay closed
        for (const auto& entry : device.blocks)
            mprotect(entry.second.pages, entry.second.page_bytes, protection);
    } else {
        char* first = arena_of(index) + PAGE;
        if (device.end > first) mprotect(first, device.end - first, protection);
    }
}

// Pages of its own, with closed pages on both sides.
char* guarded_block(Device& device, size_t bytes, Block* block) {
    block->page_bytes = round_up(bytes, PAGE);
    block->pages = device.end;
    device.end += block->page_bytes + PAGE;
    return modes().guard_pages == Modes::Guard::end ? block->pages + block->page_bytes - bytes
                                                    : block->pages;
}

char* plain_block(Device& device, size_t bytes, Block* block) {
    const size_t rounded = round_up(bytes, GRAIN);
    const auto found = device.free.find(rounded);
    char* start = nullptr;
    if (found != device.free.end()) {
        start = found->second;
        device.free.erase(found);
    } else {
        start = device.end;
        device.end += round_up(rounded, PAGE);
    }
    block->pages = start;
    block->page_bytes = round_up(rounded, PAGE);
    return start;
}

void check_slack(const char* start, const Block& block) {
    if (!modes().poison) return;
    for (const char* at = block.pages; at < block.pages + block.page_bytes; at++) {
        if (at == start) at += block.bytes;
        if (at < block.pages + block.page_bytes && static_cast<unsigned char>(*at) != FRESH) {
            char line[200];
            snprintf(line, sizeof line, "emulated CUDA: a kernel wrote %s an array of %zu bytes\n",
                     at < start ? "before the start of" : "past the end of", block.bytes);
            say_fault(line);
            abort();
        }
    }
}

}  // namespace

void* allocate(int index, size_t bytes) {
    reserve();
    Device& device = devices[index];
    if (device.used + bytes > modes().device_memory) return nullptr;
    if (device.end + bytes + 2 * PAGE > arena_of(index) + ARENA) return nullptr;
    Block block{bytes, nullptr, 0};
    char* start = guarded() ? guarded_block(device, bytes, &block)
                            : plain_block(device, bytes, &block);
    mprotect(block.pages, block.page_bytes, PROT_READ | PROT_WRITE);
    if (modes().poison) memset(block.pages, FRESH, guarded() ? block.page_bytes : bytes);
    device.blocks[start] = block;
    device.used += bytes;
    if (modes().protect_memory && !device.open)
        mprotect(block.pages, block.page_bytes, PROT_NONE);
    return start;
}

bool release(void* address) {
    char* start = static_cast<char*>(address);
    const int index = device_of(start);
    if (index < 0) return false;
    Device& device = devices[index];
    const auto found = device.blocks.find(start);
    if (found == device.blocks.end()) return false;
    const Block block = found->second;
    {
        Access access(index);
        if (guarded())
            check_slack(start, block);
        else if (modes().poison)
            memset(start, FREED, block.bytes);
    }
    device.blocks.erase(found);
    device.used -= block.bytes;
    if (guarded()) {
        mprotect(block.pages, block.page_bytes, PROT_NONE);
        madvise(block.pages, block.page_bytes, MADV_DONTNEED);
    } else {
        device.free.insert({round_up(block.bytes, GRAIN), start});
    }
    return true;
}

int device_of(const void* address) {
    const char* at = static_cast<const char*>(address);
    if (!arena || at < arena || at >= arena + ARENA * devices.size()) return -1;
    return int((at - arena) / ARENA);
}

size_t memory_used(int device) {
    reserve();
    return devices[device].used;
}

size_t bytes_from(const void* address) {
    const int index = device_of(address);
    if (index < 0) return 0;
    char* at = static_cast<char*>(const_cast<void*>(address));
    const auto& blocks = devices[index].blocks;
    const auto next = blocks.upper_bound(at);
    if (next == blocks.begin()) return 0;
    const auto& found = *std::prev(next);
    const size_t offset = at - found.first;
    return offset < found.second.bytes ? found.second.bytes - offset : 0;
}

void register_pinned(void* start, size_t bytes) { pinned[static_cast<char*>(start)] = bytes; }

bool forget_pinned(void* start) { return pinned.erase(static_cast<char*>(start)) > 0; }

bool is_pinned(const void* address) {
    char* at = static_cast<char*>(const_cast<void*>(address));
    auto next = pinned.upper_bound(at);
    if (next == pinned.begin()) return false;
    --next;
    return at < next->first + next->second;
}

Access::Access(int device) : device_(device) {
    reserve();
    if (modes().protect_memory && devices[device_].open++ == 0)
        set_protection(devices[device_], device_, PROT_READ | PROT_WRITE);
}

Access::~Access() {
    if (modes().protect_memory && --devices[device_].open == 0)
        set_protection(devices[device_], device_, PROT_NONE);
}

void describe_address(const void* address, char* text, size_t capacity) {
    const int index = device_of(address);
    if (index < 0) {
        snprintf(text, capacity, "an address that is not of a device");
        return;
    }
    char* at = static_cast<char*>(const_cast<void*>(address));
    const auto& blocks = devices[index].blocks;
    const auto next = blocks.upper_bound(at);
    if (next != blocks.begin()) {
        const auto& before = *std::prev(next);
        const size_t offset = at - before.first;
        if (offset < before.second.bytes) {
            snprintf(text, capacity, "byte %zu of an array of %zu bytes on device %d", offset,
                     before.second.bytes, index);
            return;
        }
        if (next == blocks.end() || offset - before.second.bytes < PAGE) {
            snprintf(text, capacity, "%zu bytes past the end of an array of %zu bytes on device %d",
                     offset - before.second.bytes, before.second.bytes, index);
            return;
        }
    }
    if (next != blocks.end() && size_t(next->first - at) <= PAGE) {
        snprintf(text, capacity, "%zu bytes before the start of an array of %zu bytes on device %d",
                 size_t(next->first - at), next->second.bytes, index);
        return;
    }
    snprintf(text, capacity, "memory of device %d that belongs to no array, or no longer", index);
}

}  // namespace emulator
