// The form of a compiled kernel module, and the folder in which the sources of kernels are kept.
//
// A module carries its source, so that a kernel which comes out of CuPy's cache is kept as well.
#include "image.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>

namespace emulator {
namespace {

const char MAGIC[] = "emulated CUDA module 1\n";

}  // namespace

bool write_file(const std::string& path, const std::string& contents) {
    std::ofstream file(path, std::ios::binary);
    file << contents;
    return bool(file.flush());
}

std::string write_image(const std::string& source, const std::string& library) {
    const uint64_t sizes[2] = {source.size(), library.size()};
    return MAGIC + std::string(reinterpret_cast<const char*>(sizes), sizeof sizes) + source +
           library;
}

bool read_image(const char* bytes, Image* image) {
    const size_t magic = sizeof MAGIC - 1;
    if (strncmp(bytes, MAGIC, magic)) return false;
    uint64_t sizes[2];
    memcpy(sizes, bytes + magic, sizeof sizes);
    const char* text = bytes + magic + sizeof sizes;
    image->source.assign(text, sizes[0]);
    image->library = text + sizes[0];
    image->library_bytes = sizes[1];
    return true;
}

void keep_source(const std::string& source) {
    const std::string& folder = modes().kernel_sources;
    if (folder.empty()) return;
    uint64_t hash = 14695981039346656037ull;  // FNV-1a
    for (const char c : source) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    char name[32];
    snprintf(name, sizeof name, "/%016llx.cu", static_cast<unsigned long long>(hash));
    mkdir(folder.c_str(), 0777);
    if (access((folder + name).c_str(), F_OK) == 0) return;
    if (!write_file(folder + name, source))
        fprintf(stderr, "emulated CUDA: cannot write %s%s\n", folder.c_str(), name);
}

}  // namespace emulator
