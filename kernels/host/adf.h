// ADF graphs on a CPU: values, not timing. Names and semantics follow the vendor's UG1603 and UG1079 (AIE-ML); docs/host.md lists the rest.
#pragma once

#include "adf_host/graph.hpp"

// The vendor's header exports these at global scope too.
using adf::inout;
using adf::input;
using adf::output;
