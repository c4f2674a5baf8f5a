// Values as text: the PLIO files of the vendor's simulators.
#pragma once

#include <charconv>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "types.hpp"

namespace adf::host {

/// How elements of one type are read and written. `numbers`: tokens an element (2 for complex types).
struct ElementFormat {
    const char *name;
    std::size_t bytes;
    unsigned numbers;
    bool (*parse)(std::string_view token, void *to);
    void (*print)(std::string &text, const void *from);
};

template <class T>
inline bool parse_number(std::string_view token, void *to) {
    if (!token.empty() && token.front() == '+')
        token.remove_prefix(1);
    const char *end = token.data() + token.size();
    if constexpr (std::is_integral_v<T>) {
        T value = 0;
        const auto parsed = std::from_chars(token.data(), end, value);
        std::memcpy(to, &value, sizeof value);
        return parsed.ec == std::errc() && parsed.ptr == end;
    } else {
        float number = 0;
        const auto parsed = std::from_chars(token.data(), end, number);
        const T value = static_cast<T>(number);
        std::memcpy(to, &value, sizeof value);
        return parsed.ec == std::errc() && parsed.ptr == end;
    }
}

template <class T>
inline void print_number(std::string &text, const void *from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    char digits[48];
    if constexpr (std::is_integral_v<T>) {
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        text.append(digits, end);
    } else {
        std::snprintf(digits, sizeof digits, "%.9g", static_cast<double>(static_cast<float>(value)));
        text += digits;
    }
}

template <class T>
inline const ElementFormat *format_of(const char *name) {
    using Scalar = typename scalar_of<T>::type;
    static const ElementFormat format{name, scalar_of<T>::numbers * sizeof(Scalar), scalar_of<T>::numbers, parse_number<Scalar>, print_number<Scalar>};
    return &format;
}

template <class T>
constexpr const char *element_name() {
    if constexpr (std::is_same_v<T, int8>) return "int8";
    else if constexpr (std::is_same_v<T, uint8>) return "uint8";
    else if constexpr (std::is_same_v<T, int16>) return "int16";
    else if constexpr (std::is_same_v<T, uint16>) return "uint16";
    else if constexpr (std::is_same_v<T, int32>) return "int32";
    else if constexpr (std::is_same_v<T, uint32>) return "uint32";
    else if constexpr (std::is_same_v<T, int64>) return "int64";
    else if constexpr (std::is_same_v<T, uint64>) return "uint64";
    else if constexpr (std::is_same_v<T, float>) return "float";
    else if constexpr (std::is_same_v<T, bfloat16>) return "bfloat16";
    else if constexpr (std::is_same_v<T, cint16>) return "cint16";
    else if constexpr (std::is_same_v<T, cint32>) return "cint32";
    else if constexpr (std::is_same_v<T, cfloat>) return "cfloat";
    else if constexpr (std::is_same_v<T, acc32>) return "acc32";
    else if constexpr (std::is_same_v<T, acc64>) return "acc64";
    else if constexpr (std::is_same_v<T, accfloat>) return "accfloat";
    else if constexpr (std::is_same_v<T, cacc64>) return "cacc64";
    else if constexpr (std::is_same_v<T, caccfloat>) return "caccfloat";
    else return "another type";
}

/// The bytes of a file, and where packets end.
struct FileData {
    std::vector<std::byte> bytes;
    std::vector<std::size_t> lasts;
};

/// Reads a text or .csv file of a PLIO `width` bits wide.
///
/// A line holds width / bits(T) values; TLAST alone on a line marks the next line; "T n unit" lines are time stamps. A line with another
/// count is an error here (the vendor's simulator drops it with a warning).
inline std::string read_plio_file(const std::string &path, const ElementFormat &format, unsigned width, FileData &out) {
    std::ifstream file(path);
    if (!file)
        return "cannot read " + path;
    const std::size_t line_bytes = width / 8;
    const bool csv = path.size() > 4 && path.substr(path.size() - 4) == ".csv";
    std::string line;
    bool last = false;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
        for (char &c : line)
            if (c == ',' || c == '\r')
                c = ' ';
        std::istringstream words(line);
        std::vector<std::string> tokens;
        for (std::string token; words >> token;)
            tokens.push_back(token);
        if (tokens.empty() || tokens[0] == "T" || tokens[0] == "CMD" || tokens[0].starts_with("STALL") || tokens[0].starts_with("#"))
            continue;
        if (tokens[0] == "TLAST") {
            last = true;
            continue;
        }
        if (csv && tokens[0].starts_with("DATA"))
            tokens.erase(tokens.begin());
        const std::size_t wanted = std::max<std::size_t>(1, line_bytes / format.bytes) * format.numbers;
        if (csv && tokens.size() > wanted)
            tokens.resize(wanted);
        if (tokens.size() != wanted)
            return path + ":" + std::to_string(number) + ": " + std::to_string(tokens.size()) + " values, but a line of a " + std::to_string(width) +
                   "-bit PLIO of " + format.name + " has " + std::to_string(wanted);
        const std::size_t each = format.bytes / format.numbers, at = out.bytes.size();
        out.bytes.resize(at + tokens.size() * each);
        for (std::size_t i = 0; i < tokens.size(); ++i)
            if (!format.parse(tokens[i], out.bytes.data() + at + i * each))
                return path + ":" + std::to_string(number) + ": '" + tokens[i] + "' is not a value of type " + format.name;
        if (last)
            out.lasts.push_back(out.bytes.size());
        last = false;
    }
    return "";
}

} // namespace adf::host
