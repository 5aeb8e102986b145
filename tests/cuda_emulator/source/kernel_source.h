// From CUDA C++ to C++: the few changes that a kernel source needs before g++ reads it.
#pragma once
#include <string>
#include <vector>

namespace emulator {

struct KernelSource {
    std::string text;
    bool uses_barriers = false;
    std::vector<std::string> names;        // as the driver is asked for them
    std::vector<std::string> expressions;  // the functions of C++ they stand for
};

// `name_expressions` are the kernels asked for by expression, such as templates.
KernelSource translate(const std::string& cuda, const std::vector<std::string>& name_expressions,
                       const std::vector<std::string>& lowered_names);

}  // namespace emulator
