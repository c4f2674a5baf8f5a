// The array that a graph is for, where the environment tells it: ADF_HOST_ARRAY=COLUMNSxROWSxMEMORY_ROWS, and ADF_HOST_PL, the columns that
// have PL, separated by commas (without it, all).
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <sstream>
#include <string>

namespace adf::host {

struct Array {
    int columns = 0, rows = 0, memory_rows = 0;
    std::set<int> pl;

    bool has_tile(int col, int row) const { return col >= 0 && col < columns && row >= 0 && row < rows; }
    bool has_memory_tile(int col, int row) const { return col >= 0 && col < columns && row >= 0 && row < memory_rows; }
    bool has_pl(int col) const { return pl.empty() ? col >= 0 && col < columns : pl.count(col) > 0; }

    /// Nothing where the environment says nothing that can be read.
    static std::optional<Array> told() {
        const char *size = std::getenv("ADF_HOST_ARRAY"), *with_pl = std::getenv("ADF_HOST_PL");
        Array array;
        if (!size || std::sscanf(size, "%dx%dx%d", &array.columns, &array.rows, &array.memory_rows) != 3)
            return std::nullopt;
        std::istringstream columns(with_pl ? with_pl : "");
        for (std::string column; std::getline(columns, column, ',');)
            array.pl.insert(std::atoi(column.c_str()));
        return array;
    }
};

} // namespace adf::host
