// NVRTC by g++: a kernel source becomes a shared object for this CPU.
//
// Of the options only -I, -D and -std reach g++; -arch is accepted and changes nothing. So whether
// a kernel compiles for a GPU is a question for the real NVRTC, which needs no GPU: the folder that
// CUDA_EMULATOR_KERNEL_SOURCES names collects the sources. Floating-point operations are not
// contracted (no fused multiply-add that the source does not ask for). Not emulated: headers given
// as strings, PTX (a comment), LTO.
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core.h"
#include "image.h"
#include "kernel_source.h"

extern char** environ;

using namespace emulator;
using std::string;

namespace {

enum Result { SUCCESS = 0, OUT_OF_MEMORY = 1, INVALID_INPUT = 3, COMPILATION = 6, NO_NAME = 10,
              INTERNAL_ERROR = 11 };

const char PTX[] = "// emulated CUDA: there is no PTX\n";

struct Program {
    string source, log, image;
    std::vector<string> expressions, lowered;
};

string read_file(const string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream contents;
    contents << file.rdbuf();
    return contents.str();
}

// Where this library lies; the headers of kernels lie beside it.
string library_folder() {
    Dl_info info;
    dladdr(reinterpret_cast<void*>(library_folder), &info);
    const string path = info.dli_fname;
    return path.substr(0, path.rfind('/'));
}

// A folder that is gone, with what is in it, when the compilation is over.
class Scratch {
public:
    Scratch() {
        char pattern[] = P_tmpdir "/cuda-emulator-XXXXXX";
        if (mkdtemp(pattern)) path_ = pattern;
    }
    ~Scratch() {
        for (const char* name : {"kernel.cpp", "kernel.so", "log"}) unlink((*this / name).c_str());
        rmdir(path_.c_str());
    }
    bool ok() const { return !path_.empty(); }
    string operator/(const char* name) const { return path_ + "/" + name; }

private:
    string path_;
};

// Runs a command with its output in a file; gives its exit status, -1 if it could not be started.
int run_command(const std::vector<string>& words, const string& output) {
    std::vector<char*> argv;
    for (const string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t child = 0;
    const int failed = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = -1;
    if (failed || waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool starts_with(const string& text, const char* start) {
    return text.compare(0, strlen(start), start) == 0;
}

std::vector<string> lines_of(const string& text) {
    std::vector<string> lines;
    std::istringstream stream(text);
    for (string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// What stands before a kernel: with CuPy's headers, if it begins with them.
const char* header_for(const string& source) {
    const bool cupy = starts_with(source, "#include <cupy/complex.cuh>\n#include <cupy/carray.cuh>");
    return cupy ? "device_cupy.h" : "device.h";
}

// Options that come later win, so a source may ask for another version of C++.
std::vector<string> compiler(const std::vector<string>& options, const char* header,
                             bool uses_barriers) {
    const string headers = library_folder() + "/kernel";
    std::vector<string> command = {"g++"};
    for (const string& option : lines_of(read_file(headers + "/options")))
        command.push_back(option);
    command.insert(command.end(), {"-shared", "-x", "c++", "-I" + headers, "-include", header});
    for (const string& option : options) {
        if (starts_with(option, "-I") || starts_with(option, "-D")) command.push_back(option);
        const size_t at = option.find("std=c++");
        if (at != string::npos)
            command.push_back("-std=gnu++" + option.substr(at + strlen("std=c++")));
    }
    if (uses_barriers) command.push_back("-DEMULATOR_USES_BARRIERS=1");
    return command;
}

string with_header(const Program& program, const std::vector<string>& options) {
    string text;
    for (const string& option : options) text += "// option: " + option + "\n";
    for (const string& each : program.expressions) text += "// name expression: " + each + "\n";
    return text + program.source;
}

}  // namespace

EMULATED const char* nvrtcGetErrorString(int error) {
    switch (error) {
        case SUCCESS: return "NVRTC_SUCCESS";
        case INVALID_INPUT: return "NVRTC_ERROR_INVALID_INPUT";
        case COMPILATION: return "NVRTC_ERROR_COMPILATION";
        case NO_NAME: return "NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID";
        default: return "NVRTC_ERROR_INTERNAL_ERROR";
    }
}

EMULATED int nvrtcVersion(int* major, int* minor) {
    *major = 13;
    *minor = 0;
    return SUCCESS;
}

EMULATED int nvrtcGetNumSupportedArchs(int* count) {
    *count = 7;
    return SUCCESS;
}

EMULATED int nvrtcGetSupportedArchs(int* architectures) {
    const int known[] = {75, 80, 86, 89, 90, 100, 120};
    memcpy(architectures, known, sizeof known);
    return SUCCESS;
}

EMULATED int nvrtcCreateProgram(Program** result, const char* source, const char*, int headers,
                                const char* const*, const char* const*) {
    if (headers) return not_emulated("nvrtcCreateProgram with headers", INVALID_INPUT);
    *result = new Program;
    (*result)->source = source;
    return SUCCESS;
}

EMULATED int nvrtcDestroyProgram(Program** program) {
    delete *program;
    *program = nullptr;
    return SUCCESS;
}

EMULATED int nvrtcAddNameExpression(Program* program, const char* expression) {
    program->lowered.push_back("_Zemulated" + std::to_string(program->expressions.size()));
    program->expressions.push_back(expression);
    return SUCCESS;
}

EMULATED int nvrtcGetLoweredName(Program* program, const char* expression, const char** name) {
    for (size_t i = 0; i < program->expressions.size(); i++)
        if (program->expressions[i] == expression) {
            *name = program->lowered[i].c_str();
            return SUCCESS;
        }
    return NO_NAME;
}

EMULATED int nvrtcCompileProgram(Program* program, int count, const char* const* given) {
    Lock lock(mutex());
    counters().compilations++;
    const std::vector<string> options(given, given + count);
    const string kept = with_header(*program, options);

    const Scratch scratch;
    if (!scratch.ok()) return INTERNAL_ERROR;
    const KernelSource source = translate(program->source, program->expressions, program->lowered);
    if (!write_file(scratch / "kernel.cpp", source.text)) return INTERNAL_ERROR;
    std::vector<string> command = compiler(options, header_for(program->source), source.uses_barriers);
    command.insert(command.end(), {scratch / "kernel.cpp", "-o", scratch / "kernel.so"});
    const int status = run_command(command, scratch / "log");
    program->log = read_file(scratch / "log");
    if (status < 0) program->log += "the compiler g++ could not be started\n";
    if (status) return COMPILATION;
    if (!program->source.empty()) keep_source(kept);  // of those that are kernels at all
    program->image = write_image(kept, read_file(scratch / "kernel.so"));
    return SUCCESS;
}

EMULATED int nvrtcGetProgramLogSize(Program* program, size_t* bytes) {
    *bytes = program->log.size() + 1;
    return SUCCESS;
}

EMULATED int nvrtcGetProgramLog(Program* program, char* text) {
    memcpy(text, program->log.c_str(), program->log.size() + 1);
    return SUCCESS;
}

EMULATED int nvrtcGetCUBINSize(Program* program, size_t* bytes) {
    *bytes = program->image.size() + 1;
    return SUCCESS;
}

EMULATED int nvrtcGetCUBIN(Program* program, char* bytes) {
    memcpy(bytes, program->image.c_str(), program->image.size() + 1);
    return SUCCESS;
}

// CuPy compiles an empty source to PTX, and takes the comments in it into the key of its cache.
EMULATED int nvrtcGetPTXSize(Program*, size_t* bytes) {
    *bytes = sizeof PTX;
    return SUCCESS;
}

EMULATED int nvrtcGetPTX(Program*, char* text) {
    memcpy(text, PTX, sizeof PTX);
    return SUCCESS;
}
