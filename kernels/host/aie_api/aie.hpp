// The AIE API on a CPU: values, not timing. Names and semantics follow Xilinx/aie_api (2025.1) for AIE-ML and AIE-MLv2.
#pragma once

// The vendor's graph compiler is not C++20 either: there the API is empty.
#if __cplusplus >= 202002L
#include "detail/accum.hpp"
#include "detail/arithmetic.hpp"
#include "detail/buffer_stream.hpp"
#include "detail/compare.hpp"
#include "detail/lookup.hpp"
#include "detail/memory.hpp"
#include "detail/mmul.hpp"
#include "detail/modes.hpp"
#include "detail/native.hpp"
#include "detail/shuffle.hpp"
#include "detail/sliding.hpp"
#include "detail/vector.hpp"

#include "aie_adf.hpp"
#endif
