// Barriers, shuffles and votes: each hands over to the emulator's scheduler (launch.cpp). A clock.
#pragma once

static inline void __syncthreads() { emulator_threads->block_barrier(); }
static inline int __syncthreads_count(int predicate) {
    int participants;
    return emulator_threads->block_count(predicate, &participants);
}
static inline int __syncthreads_or(int predicate) { return __syncthreads_count(predicate) > 0; }
static inline int __syncthreads_and(int predicate) {
    int participants;
    return emulator_threads->block_count(predicate, &participants) == participants;
}
static inline void __syncwarp(unsigned mask = 0xffffffffu) { emulator_threads->warp_barrier(mask); }

template <class T>
static inline T emulator_shuffle(unsigned mask, T value, int lane, bool valid) {
    static_assert(sizeof(T) <= 8, "a shuffle moves up to eight bytes");
    unsigned long long bits = 0;
    memcpy(&bits, &value, sizeof value);
    bits = emulator_threads->shuffle(mask, bits, lane, valid);
    memcpy(&value, &bits, sizeof value);
    return value;
}
template <class T>
static inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
    const int lane = emulator_threads->lane();
    return emulator_shuffle(mask, value, lane / width * width + source % width, true);
}
template <class T>
static inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
    const int lane = emulator_threads->lane();
    return emulator_shuffle(mask, value, lane + int(delta), lane % width + int(delta) < width);
}
template <class T>
static inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
    const int lane = emulator_threads->lane();
    return emulator_shuffle(mask, value, lane - int(delta), lane % width >= int(delta));
}
template <class T>
static inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
    const int lane = emulator_threads->lane();
    return emulator_shuffle(mask, value, lane ^ bits, (lane ^ bits) / width <= lane / width);
}

static inline unsigned __ballot_sync(unsigned mask, int predicate) {
    return emulator_threads->ballot(mask, predicate);
}
static inline int __any_sync(unsigned mask, int predicate) {
    return __ballot_sync(mask, predicate) != 0;
}
static inline int __all_sync(unsigned mask, int predicate) {
    return __ballot_sync(mask, !predicate) == 0;
}
static inline long long clock64() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}
static inline void __nanosleep(unsigned) {}
static inline void __trap() { abort(); }
