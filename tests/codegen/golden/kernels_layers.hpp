// The kernel functions of every layer: one a role in its cascade.
#pragma once

#include <adf.h>

void quantizelinear_20_node_op_first(adf::input_buffer<int8> &x, const int8 (&weights)[64], const int32 (&bias)[8], output_cascade<acc32> *partial_out);
void quantizelinear_20_node_op_last(adf::input_buffer<int8> &x, const int8 (&weights)[64], input_cascade<acc32> *partial_in, adf::output_buffer<int8> &y);
void quantizelinear_32_node_op_single(adf::input_buffer<int8> &x, const int8 (&weights)[32], adf::output_buffer<int8> &y);
void quantizelinear_40_node_op_single(adf::input_buffer<int8> &x, adf::input_buffer<int8> &x2, adf::output_buffer<int8> &y);
