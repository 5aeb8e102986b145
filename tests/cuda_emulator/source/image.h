// The form of a compiled kernel module: written by nvrtc.cpp, loaded by driver_api.cpp.
#pragma once
#include <string>

#include "core.h"

namespace emulator {

struct Image {
    std::string source;  // below lines with its options and name expressions
    const char* library = nullptr;
    size_t library_bytes = 0;
};

std::string write_image(const std::string& source, const std::string& library);
bool read_image(const char* bytes, Image* image);

// Writes a source to the folder of KERNEL_SOURCES, under a name made of its contents.
void keep_source(const std::string& source);

bool write_file(const std::string& path, const std::string& contents);

}  // namespace emulator
