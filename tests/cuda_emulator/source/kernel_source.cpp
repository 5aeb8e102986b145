// From CUDA C++ to C++: which functions are kernels, and where dynamic shared memory lies.
//
// A scanner, not a parser: it removes comments, finds each `__global__` definition with C linkage
// (kernels with C++ linkage can only be asked for by name expression, as with NVRTC), and turns
// `extern __shared__ T name[]` into a pointer. Barriers that come only out of an included header
// are not seen.
#include "kernel_source.h"

#include <cctype>

namespace emulator {
namespace {

using std::string;
const size_t NONE = string::npos;

bool is_word(char c) { return isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Strings stay, lines keep their numbers.
string without_comments(const string& source) {
    string out;
    for (size_t i = 0; i < source.size();) {
        if (source.compare(i, 2, "//") == 0) {
            while (i < source.size() && source[i] != '\n') i++;
        } else if (source.compare(i, 2, "/*") == 0) {
            const size_t end = std::min(source.find("*/", i + 2), source.size());
            for (; i < end; i++)
                if (source[i] == '\n') out += '\n';
            i = std::min(end + 2, source.size());
            out += ' ';
        } else if (source[i] == '"') {
            out += source[i++];
            while (i < source.size() && source[i] != '"') {
                if (source[i] == '\\') out += source[i++];
                if (i < source.size()) out += source[i++];
            }
            if (i < source.size()) out += source[i++];
        } else {
            out += source[i++];
        }
    }
    return out;
}

// The word that ends just before `end`, spaces aside.
string word_before(const string& text, size_t end, size_t* start) {
    while (end > 0 && isspace(static_cast<unsigned char>(text[end - 1]))) end--;
    *start = end;
    while (*start > 0 && is_word(text[*start - 1])) --*start;
    return text.substr(*start, end - *start);
}

// Whether the innermost open block of linkage around a place is `extern "C" {`.
bool in_c_block(const string& text, size_t place) {
    const size_t linkage = text.rfind("extern \"C\"", place);
    if (linkage == NONE) return false;
    const size_t brace = text.find_first_not_of(" \t\n", linkage + 10);
    if (brace == NONE || brace > place || text[brace] != '{') return false;
    int depth = 0;
    for (size_t i = brace; i < place; i++) {
        if (text[i] == '{') depth++;
        if (text[i] == '}' && --depth == 0) return false;
    }
    return true;
}

bool has_c_linkage(const string& text, size_t place) {
    const size_t before = text.find_last_of(";{}", place);
    const size_t start = before == NONE ? 0 : before + 1;
    return text.substr(start, place - start).find("extern \"C\"") != NONE ||
           in_c_block(text, place);
}

void find_kernels(KernelSource* source) {
    const string& text = source->text;
    const string keyword = "__global__", bounds = "__launch_bounds__";
    for (size_t at = 0; (at = text.find(keyword, at)) != NONE; at += keyword.size()) {
        size_t open = text.find('(', at);
        const size_t limit = text.find(bounds, at);
        if (limit != NONE && limit < open) {
            int depth = 0;  // the bounds may be expressions with brackets of their own
            for (; open < text.size(); open++) {
                if (text[open] == '(') depth++;
                if (text[open] == ')' && --depth == 0) break;
            }
            open = text.find('(', open);
        }
        if (open == NONE) return;
        const size_t end = text.find_first_of(";{", open);
        size_t start = 0;
        const string name = word_before(text, open, &start);
        if (end != NONE && text[end] == '{' && !name.empty() && has_c_linkage(text, at)) {
            source->names.push_back(name);
            source->expressions.push_back(name);
        }
    }
}

// extern __shared__ T name[];   ->   T* name = (T*)emulator_dynamic_shared;
void place_dynamic_shared(string* text) {
    const string keyword = "__shared__", alignment = "__align__";
    for (size_t at = 0; (at = text->find("extern", at)) != NONE; at++) {
        const size_t shared = text->find_first_not_of(" \t\n", at + 6);
        if (shared == NONE || text->compare(shared, keyword.size(), keyword)) continue;
        const size_t type_start = shared + keyword.size();
        const size_t end = text->find(';', type_start);
        const size_t bracket = text->rfind('[', end);
        if (end == NONE || bracket == NONE || bracket < type_start) continue;
        size_t name_start = 0;
        const string name = word_before(*text, bracket, &name_start);
        string type = text->substr(type_start, name_start - type_start);
        const size_t aligned = type.find(alignment);
        if (aligned != NONE) type.erase(aligned, type.find(')', aligned) - aligned + 1);
        const string pointer = type + "*";
        text->replace(at, end - at,
                      pointer + " " + name + " = (" + pointer + ")emulator_dynamic_shared");
    }
}

bool mentions_barriers(const string& text) {
    for (const char* word :
         {"__syncthreads", "__syncwarp", "__shfl", "__ballot_sync", "__any_sync", "__all_sync"})
        if (text.find(word) != NONE) return true;
    return false;
}

}  // namespace

KernelSource translate(const string& cuda, const std::vector<string>& name_expressions,
                       const std::vector<string>& lowered_names) {
    KernelSource source;
    source.text = without_comments(cuda);
    find_kernels(&source);
    for (size_t i = 0; i < name_expressions.size(); i++) {
        source.names.push_back(lowered_names[i]);
        source.expressions.push_back(name_expressions[i]);
    }
    place_dynamic_shared(&source.text);
    source.uses_barriers = mentions_barriers(source.text);
    source.text += "\n";
    string list;
    for (size_t i = 0; i < source.names.size(); i++) {
        const string number = std::to_string(i);
        source.text += "EMULATOR_KERNEL(" + number + ", \"" + source.names[i] + "\", &" +
                       source.expressions[i] + ")\n";
        list += "&emulator_kernel_" + number + ", ";
    }
    source.text +=
        "EMULATOR_MODULE(" + std::to_string(source.names.size()) + ", " + list + "nullptr)\n";
    return source;
}

}  // namespace emulator
