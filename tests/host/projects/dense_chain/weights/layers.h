// Values by rule, so that a test can make them too: weights (7 i + 3) mod 31 - 15 in the order in which kernels read them.
#pragma once
#include <cstdint>
#ifdef __X86SIM__
#define WEIGHTS static thread_local
#else
#define WEIGHTS static alignas(aie::vector_decl_align)
#endif

WEIGHTS int8_t weights_l1[2][2][128];
WEIGHTS int32_t bias_l1[2][8];
WEIGHTS int8_t weights_l2[1][1][128];
WEIGHTS int32_t bias_l2[1][8];
