#pragma once
#include <adf.h>
#include <aie_api/aie.hpp>

#include "../parameters.h"

using namespace adf;

// Constructor and run are defined in the source file only.
template <typename ConfigT>
class dense_base {
public:
    dense_base();
};

template <typename ConfigT>
class dense_single : public dense_base<ConfigT> {
public:
    using data_t = typename ConfigT::data_t;
    using weight_t = typename ConfigT::weight_t;
    using bias_t = typename ConfigT::bias_t;
    using result_t = typename ConfigT::result_t;
    void run(input_buffer<data_t> &ifm, const weight_t (&wts)[ConfigT::IN_SLICE * ConfigT::OUT_SLICE], const bias_t (&bias)[ConfigT::OUT_SLICE],
             output_buffer<result_t> &ofm);
    static void registerKernelClass() { REGISTER_FUNCTION(dense_single::run); }
};

template <typename ConfigT>
class dense_first : public dense_base<ConfigT> {
public:
    using data_t = typename ConfigT::data_t;
    using weight_t = typename ConfigT::weight_t;
    using acc_scalar_t = typename ConfigT::acc_scalar_t;
    void run(input_buffer<data_t> &ifm, const weight_t (&wts)[ConfigT::IN_SLICE * ConfigT::OUT_SLICE], output_cascade<acc_scalar_t> *out);
    static void registerKernelClass() { REGISTER_FUNCTION(dense_first::run); }
};

template <typename ConfigT>
class dense_last : public dense_base<ConfigT> {
public:
    using data_t = typename ConfigT::data_t;
    using weight_t = typename ConfigT::weight_t;
    using bias_t = typename ConfigT::bias_t;
    using result_t = typename ConfigT::result_t;
    using acc_scalar_t = typename ConfigT::acc_scalar_t;
    void run(input_buffer<data_t> &ifm, const weight_t (&wts)[ConfigT::IN_SLICE * ConfigT::OUT_SLICE], input_cascade<acc_scalar_t> *in,
             const bias_t (&bias)[ConfigT::OUT_SLICE], output_buffer<result_t> &ofm);
    static void registerKernelClass() { REGISTER_FUNCTION(dense_last::run); }
};
