// aie::mmul: C[M][N] += A[M][K] B[K][N], all row-major, for exactly the shapes of the generation.
#pragma once

#include "mmul_shapes.hpp"

namespace aie {

namespace detail {

template <unsigned M, unsigned K, unsigned N, class A, class B, class Lane>
    requires adf::host::is_complex<Lane>
inline void multiply_add(const A *a, const B *b, Lane *c) {
    for (unsigned m = 0; m < M; ++m)
        for (unsigned n = 0; n < N; ++n)
            for (unsigned k = 0; k < K; ++k)
                c[m * N + n] = lane_add(c[m * N + n], lane_mul(to_lane<Lane>(a[m * K + k]), to_lane<Lane>(b[k * N + n])));
}

/// One row of C at a time as a GCC vector, so that the compiler need not find the vectors itself. Integers wrap.
template <unsigned M, unsigned K, unsigned N, class A, class B, class Lane>
inline void multiply_add(const A *a, const B *b, Lane *c) {
    using Bits = bits_of<Lane>;
    typedef Bits Row __attribute__((vector_size(N * sizeof(Bits))));
    Row right[K];
#pragma GCC unroll 16
    for (unsigned k = 0; k < K; ++k) {
        if constexpr (std::is_integral_v<B>) {
            typedef B Narrow __attribute__((vector_size(N * sizeof(B))));
            Narrow row;
            std::memcpy(&row, b + k * N, sizeof row);
            right[k] = __builtin_convertvector(row, Row);
        } else {
            for (unsigned n = 0; n < N; ++n)
                right[k][n] = static_cast<Bits>(b[k * N + n]);
        }
    }
#pragma GCC unroll 8
    for (unsigned m = 0; m < M; ++m) {
        Row sum;
        std::memcpy(&sum, c + m * N, sizeof sum);
#pragma GCC unroll 16
        for (unsigned k = 0; k < K; ++k)
            sum += static_cast<Bits>(static_cast<Lane>(a[m * K + k])) * right[k];
        std::memcpy(c + m * N, &sum, sizeof sum);
    }
}

} // namespace detail

template <unsigned M_, unsigned K_, unsigned N_, class TA, class TB = TA, class Tag = accauto>
class mmul {
    static constexpr unsigned lane_bits = detail::mmul_lane_bits<TA, TB>(M_, K_, N_);
    static_assert(lane_bits != 0, "aie::mmul: this generation has no matrix product of this shape for these types (see __AIE_ARCH__)");

public:
    using value_type = TA;
    static constexpr unsigned M = M_, K = K_, N = N_;
    static constexpr unsigned size_A = M * K, size_B = K * N, size_C = M * N;
    static constexpr bool floating = detail::is_floating<TA>, complex = adf::host::is_complex<TA>;
    static_assert(!std::is_same_v<Tag, acc64> || lane_bits == 64, "aie::mmul: this shape accumulates in 32 bits");
    using accum_tag = std::conditional_t<complex, cacc64, std::conditional_t<floating, accfloat, std::conditional_t<lane_bits == 64, acc64, acc32>>>;
    using accum_type = accum<accum_tag, size_C>;
    static constexpr unsigned size() { return size_C; }

    /// The first mac of a default object multiplies; reading it before that gives undefined values.
    mmul() : zero_(true) {}
    mmul(const accum_type &acc) : acc_(acc) {}
    template <class OtherTag>
        requires(!std::is_same_v<OtherTag, accum_tag> && std::is_convertible_v<accum<OtherTag, size_C>, accum_type>)
    mmul(const accum<OtherTag, size_C> &acc) : acc_(acc) {}
    template <class T>
    mmul(const vector<T, size_C> &v, int shift = 0) : acc_(v, shift) {}

    void mul(const vector<TA, size_A> &a, const vector<TB, size_B> &b) {
        zero_ = true;
        mac(a, b);
    }
    void mac(const vector<TA, size_A> &a, const vector<TB, size_B> &b) {
        if (zero_) {
            std::memset(acc_.data(), 0, size_C * sizeof(typename accum_type::lane));
            zero_ = false;
        }
        detail::multiply_add<M, K, N>(a.data(), b.data(), acc_.data());
    }

    template <class T>
    vector<T, size_C> to_vector(int shift = 0) const {
        return acc_.template to_vector<T>(shift);
    }
    template <class T>
    vector<T, size_C> to_vector_sign(bool is_signed, int shift = 0) const {
        return acc_.template to_vector_sign<T>(is_signed, shift);
    }
    accum_type to_accum() const { return acc_; }
    operator accum_type() const { return acc_; }

private:
    accum_type acc_;
    bool zero_ = false;
};

} // namespace aie
