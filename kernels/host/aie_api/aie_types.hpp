// The types alone, for headers that name no operation.
#pragma once

#include "../adf_host/types.hpp"

#if __cplusplus >= 202002L
#include "detail/accum.hpp"
#endif
