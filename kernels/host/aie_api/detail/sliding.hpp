// Sliding multiplications: convolutions along a vector, and along channels.
#pragma once

#include "arithmetic.hpp"

namespace aie {

/// out[l] = sum over p of coeff[(c0 + p * CoeffStep) mod Nc] * data[d0 + l * DataStepY + p * DataStepX].
template <unsigned Lanes, unsigned Points, int CoeffStep = 1, int DataStepX = 1, int DataStepY = DataStepX, class TC = int16, class TD = int16,
          class Tag = typename detail::product_tag<TC, TD>::type>
struct sliding_mul_ops {
    static constexpr unsigned lanes = Lanes, points = Points;
    using accum_type = accum<Tag, Lanes>;
    using lane = typename accum_type::lane;

    template <unsigned Nc, unsigned Nd>
    static accum_type mul(const vector<TC, Nc> &coeff, unsigned c0, const vector<TD, Nd> &data, unsigned d0) {
        return mac(zeros<Tag, Lanes>(), coeff, c0, data, d0);
    }
    template <unsigned Nc, unsigned Nd>
    static accum_type negmul(const vector<TC, Nc> &coeff, unsigned c0, const vector<TD, Nd> &data, unsigned d0) {
        return neg(mul(coeff, c0, data, d0));
    }
    template <unsigned Nc, unsigned Nd>
    static accum_type mac(const accum_type &acc, const vector<TC, Nc> &coeff, unsigned c0, const vector<TD, Nd> &data, unsigned d0) {
        return detail::generate_lanes<Tag, Lanes>([&](unsigned l) {
            lane sum = acc.data()[l];
            for (unsigned p = 0; p < Points; ++p) {
                const auto c = coeff.data()[static_cast<unsigned>(c0 + p * CoeffStep) % Nc];
                const auto d = data.data()[static_cast<unsigned>(d0 + l * DataStepY + p * DataStepX) % Nd];
                sum = detail::lane_add(sum, detail::lane_mul(detail::to_lane<lane>(c), detail::to_lane<lane>(d)));
            }
            return sum;
        });
    }
};

/// Steps between points only, between lanes only, and the same for both.
template <unsigned Lanes, unsigned Points, int CoeffStep, int DataStepX, class TC, class TD,
          class Tag = typename detail::product_tag<TC, TD>::type>
using sliding_mul_x_ops = sliding_mul_ops<Lanes, Points, CoeffStep, DataStepX, 1, TC, TD, Tag>;
template <unsigned Lanes, unsigned Points, int CoeffStep, int DataStepY, class TC, class TD,
          class Tag = typename detail::product_tag<TC, TD>::type>
using sliding_mul_y_ops = sliding_mul_ops<Lanes, Points, CoeffStep, 1, DataStepY, TC, TD, Tag>;
template <unsigned Lanes, unsigned Points, int CoeffStep, int DataStep, class TC, class TD,
          class Tag = typename detail::product_tag<TC, TD>::type>
using sliding_mul_xy_ops = sliding_mul_ops<Lanes, Points, CoeffStep, DataStep, DataStep, TC, TD, Tag>;

template <unsigned Lanes, unsigned Points, int CoeffStep = 1, int DataStepX = 1, int DataStepY = DataStepX, class Tag = accauto, class TC,
          unsigned Nc, class TD, unsigned Nd>
inline auto sliding_mul(const vector<TC, Nc> &coeff, unsigned c0, const vector<TD, Nd> &data, unsigned d0) {
    using Used = std::conditional_t<std::is_same_v<Tag, accauto>, typename detail::product_tag<TC, TD>::type, Tag>;
    return sliding_mul_ops<Lanes, Points, CoeffStep, DataStepX, DataStepY, TC, TD, Used>::mul(coeff, c0, data, d0);
}
template <unsigned Lanes, unsigned Points, int CoeffStep = 1, int DataStepX = 1, int DataStepY = DataStepX, class Tag, class TC, unsigned Nc,
          class TD, unsigned Nd>
inline auto sliding_mac(const accum<Tag, Lanes> &acc, const vector<TC, Nc> &coeff, unsigned c0, const vector<TD, Nd> &data, unsigned d0) {
    return sliding_mul_ops<Lanes, Points, CoeffStep, DataStepX, DataStepY, TC, TD, Tag>::mac(acc, coeff, c0, data, d0);
}

/// Per channel: out[l] += coeff[(c0 + p) * C + l % C] * data[(d0 + l / C + p) * C + l % C].
template <unsigned Outputs, unsigned Channels, unsigned Points, int CoeffStep = 1, int DataStepX = 1, int DataStepY = DataStepX,
          class TC = int8, class TD = int8, class Tag = typename detail::product_tag<TC, TD>::type>
struct sliding_mul_ch_ops {
    static constexpr unsigned lanes = Outputs * Channels;
    using accum_type = accum<Tag, lanes>;
    using lane = typename accum_type::lane;

    template <unsigned Nc, unsigned Nd>
    static accum_type mul(const vector<TC, Nc> &coeff, unsigned c0, const vector<TD, Nd> &data, unsigned d0) {
        return mac(zeros<Tag, lanes>(), coeff, c0, data, d0);
    }
    template <unsigned Nc, unsigned Nd>
    static accum_type mac(const accum_type &acc, const vector<TC, Nc> &coeff, unsigned c0, const vector<TD, Nd> &data, unsigned d0) {
        return detail::generate_lanes<Tag, lanes>([&](unsigned l) {
            lane sum = acc.data()[l];
            for (unsigned p = 0; p < Points; ++p) {
                const auto c = coeff.data()[((c0 + p * CoeffStep) * Channels + l % Channels) % Nc];
                const auto d = data.data()[((d0 + l / Channels * DataStepY + p * DataStepX) * Channels + l % Channels) % Nd];
                sum = detail::lane_add(sum, detail::lane_mul(detail::to_lane<lane>(c), detail::to_lane<lane>(d)));
            }
            return sum;
        });
    }
};

} // namespace aie
