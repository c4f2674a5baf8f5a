// Prints what operations give, a line each: a name, then the elements.
#include <adf.h>

#include <cstdio>

#include "aie_api/aie.hpp"
#include "aie_api/operators.hpp"
#include "aie_api/utils.hpp"

template <class T, unsigned N>
void show(const char *name, const aie::vector<T, N> &v, unsigned count = N) {
    std::printf("%s", name);
    for (unsigned i = 0; i < count; ++i)
        std::printf(" %lld", static_cast<long long>(v.get(i)));
    std::printf("\n");
}
template <class T, unsigned N>
aie::vector<T, N> count_up(int from = 0) {
    aie::vector<T, N> v;
    for (unsigned i = 0; i < N; ++i)
        v[i] = static_cast<T>(from + static_cast<int>(i));
    return v;
}

void rounding() {
    using enum aie::rounding_mode;
    const std::pair<const char *, aie::rounding_mode> modes[] = {
        {"floor", floor},           {"ceil", ceil},
        {"symmetric_floor", symmetric_floor}, {"symmetric_ceil", symmetric_ceil},
        {"negative_inf", negative_inf}, {"positive_inf", positive_inf},
        {"symmetric_zero", symmetric_zero}, {"symmetric_inf", symmetric_inf},
        {"conv_even", conv_even},   {"conv_odd", conv_odd}};
    // In quarters: -2.5 -1.5 -0.5 0.5 1.5 2.5 -1.75 -1.25 1.25 1.75.
    aie::vector<int32, 16> t = aie::zeros<int32, 16>();
    const int quarters[] = {-10, -6, -2, 2, 6, 10, -7, -5, 5, 7};
    for (unsigned i = 0; i < 10; ++i)
        t[i] = quarters[i];
    for (auto [name, mode] : modes) {
        aie::set_rounding(mode);
        aie::accum<acc32, 16> narrow(t);
        aie::accum<acc64, 16> wide(t);
        show(name, narrow.to_vector<int8>(2), 10);
        show(name, narrow.to_vector<int16>(2), 10);
        show(name, wide.to_vector<int32>(2), 10);
        show(name, wide.to_vector<int16>(2), 10);
    }
}

void saturation() {
    aie::set_rounding(aie::rounding_mode::floor);
    aie::vector<int32, 16> t = aie::zeros<int32, 16>();
    const int values[] = {300, -200, -128, -5, 127};
    for (unsigned i = 0; i < 5; ++i)
        t[i] = values[i];
    const std::pair<const char *, aie::saturation_mode> modes[] = {
        {"none", aie::saturation_mode::none}, {"saturate", aie::saturation_mode::saturate}, {"symmetric", aie::saturation_mode::symmetric}};
    for (auto [name, mode] : modes) {
        aie::set_saturation(mode);
        aie::accum<acc32, 16> acc(t);
        show(name, acc.to_vector<int8>(), 5);
        show(name, acc.to_vector<uint8>(), 5);
        show(name, acc.to_vector<int32>(5), 5);
        aie::vector<int16, 16> wide = aie::zeros<int16, 16>();
        wide[0] = 300;
        wide[1] = -128;
        show(name, aie::pack(wide), 2);
        aie::accum<acc32, 16> up;
        up.from_vector(aie::broadcast<int16, 16>(20000), 20);
        show(name, up.to_vector<int32>(), 1);
        show(name, aie::saturating_add(aie::broadcast<int8, 16>(100), aie::broadcast<int8, 16>(100)), 1);
        show(name, aie::add(aie::broadcast<int8, 16>(100), aie::broadcast<int8, 16>(100)), 1);
        std::printf("%s %d\n", name, aie::reduce_add(aie::broadcast<int8, 16>(20)));
    }
    // Rounding itself may overflow.
    aie::set_saturation(aie::saturation_mode::saturate);
    aie::set_rounding(aie::rounding_mode::positive_inf);
    show("255/2", aie::accum<acc32, 16>(aie::broadcast<int32, 16>(255)).to_vector<int8>(1), 1);
}

void shuffles() {
    const auto v = count_up<int16, 8>();
    const auto w = count_up<int16, 8>(10);
    show("transpose", aie::transpose(v, 2, 4));
    const auto [low, high] = aie::interleave_zip(v, w, 2);
    show("zip", low);
    show("zip", high);
    const auto [even, odd] = aie::interleave_unzip(v, w, 1);
    show("unzip", even);
    show("unzip", odd);
    show("filter", aie::filter_even(count_up<int16, 16>(), 2));
    show("filter", aie::filter_odd(count_up<int16, 16>(), 2));
    show("reverse", aie::reverse(v));
    show("down", aie::shuffle_down_fill(v, w, 3));
    show("up", aie::shuffle_up_fill(v, w, 3));
    show("rotate", aie::shuffle_down_rotate(v, 3));
    show("concat", aie::concat(v, w).extract<8>(1));
    show("insert", aie::zeros<int16, 16>().insert(1, v));
    show("cast", aie::vector<int16, 8>(count_up<int16, 8>(256)).cast_to<int8>());
}

void masks() {
    const auto v = count_up<int32, 8>(-4);
    const aie::mask<8> negative = aie::lt(v, 0);
    std::printf("mask %u %u\n", negative.to_uint32(), negative.count());
    show("select", aie::select(v, aie::zeros<int32, 8>(), negative));
    show("max", aie::max(v, 1));
    show("clamp", aie::clamp(v, -2, 2));
    show("abs", aie::abs(v));
    std::printf("reduce %d %d %d\n", aie::reduce_max(v), aie::reduce_min(v), aie::reduce_add(v));
    using namespace aie::operators;
    show("operators", (v + v - 1) & 7);
    show("operators", -v >> 0);
    std::printf("operators %d %u\n", v == v, (v > 2).count());
    aie::print(v, true, "print ");
    aie::print(negative, true, "print ");
    std::printf("clb %d %d\n", clb(1), clb(-1));
}

void products() {
    // 4x8x8: A(m, k) = m + k, B(k, n) = k - n.
    aie::vector<int8, 32> a;
    aie::vector<int8, 64> b;
    for (int i = 0; i < 32; ++i)
        a[i] = static_cast<int8>(i / 8 + i % 8);
    for (int i = 0; i < 64; ++i)
        b[i] = static_cast<int8>(i / 8 - i % 8);
    aie::mmul<4, 8, 8, int8, int8> c;
    c.mac(a, b);
    show("mmul", c.to_vector<int32>(), 9);
    c.mac(a, b);
    show("mmul", c.to_vector<int32>(), 1);
    aie::mmul<4, 8, 8, int8, int8> d;
    d = aie::broadcast<int32, 32>(1000);
    d.mac(a, b);
    show("mmul", d.to_vector<int32>(), 1);
    static_assert(std::is_same_v<aie::mmul<4, 4, 4, int16, int16>::accum_type, aie::accum<acc64, 16>>);
    static_assert(std::is_same_v<aie::mmul<4, 4, 8, int16, int8>::accum_type, aie::accum<acc32, 32>>);
    show("mul", aie::mul(count_up<int16, 16>(), int16(-3)).to_vector<int16>(), 4);
    show("msc", aie::msc(aie::mul(count_up<int16, 16>(), int16(10)), count_up<int16, 16>(), count_up<int16, 16>()).to_vector<int16>(), 4);
    aie::accum<acc32, 16> wraps = aie::add(aie::accum<acc32, 16>(aie::broadcast<int32, 16>(2147483647)), aie::broadcast<int32, 16>(1));
    show("wraps", wraps.to_vector<int32>(), 1);
}

void streams() {
    alignas(64) static int16 memory[256];
    for (int i = 0; i < 256; ++i)
        memory[i] = static_cast<int16>(i);
    auto stream = aie::make_tensor_buffer_stream(
        memory, aie::make_tensor_descriptor<int16, 32>(aie::tensor_dim(2, 4), aie::tensor_dim(2, 2), aie::tensor_dim(2, 1)));
    std::printf("tensor");
    for (int i = 0; i < 8; ++i)
        std::printf(" %d", stream.pop().get(0));
    std::printf("\n");
    auto it = aie::begin_vector_circular<8, 16>(memory);
    ++it;
    ++it;
    show("circular", aie::vector<int16, 8>(*it), 1);
}

template <class T, unsigned N>
void show_complex(const char *name, const aie::vector<T, N> &v, unsigned count) {
    std::printf("%s", name);
    for (unsigned i = 0; i < count; ++i)
        std::printf(" %lld %lld", static_cast<long long>(v.get(i).real), static_cast<long long>(v.get(i).imag));
    std::printf("\n");
}

void complex() {
    set_rnd(rnd_sym_inf);
    set_sat();
    aie::vector<cint16, 8> v;
    for (int i = 0; i < 8; ++i)
        v[i] = {static_cast<int16>(i), static_cast<int16>(10 * i)};
    // (i + 10 i j)^2 = -99 i^2 + 20 i^2 j, then half of it.
    aie::accum<cacc64, 8> square = aie::mul(v, v);
    show_complex("complex", square.to_vector<cint32>(), 4);
    show_complex("complex", square.to_vector<cint16>(1), 4);
    show_complex("complex", aie::mac(square, v, int16(2)).to_vector<cint32>(), 2);
    show_complex("complex", aie::conj(v), 3);
    show_complex("complex", aie::sub(v, cint16{1, 1}), 2);
    show("complex", aie::imag(v));
    // Saturation and rounding by part: 40000 - 40000 j, and halves.
    show_complex("complex", aie::accum<cacc64, 8>(aie::broadcast<cint32, 8>({40000, -40001})).to_vector<cint16>(), 1);
    show_complex("complex", aie::accum<cacc64, 8>(aie::broadcast<cint32, 8>({3, -3})).to_vector<cint16>(1), 1);
    aie::mmul<1, 4, 8, cint16, cint16> m;
    m.mul(v.extract<4>(0), aie::broadcast<cint16, 32>({0, 1}));
    show_complex("complex", m.to_vector<cint32>(), 1);
    aie::mmul<2, 4, 8, cint16, int16> real;
    real.mul(v, aie::broadcast<int16, 32>(3));
    show_complex("complex", real.to_vector<cint32>(), 1);
    // Taps 1, 2 over samples 3 and 4, 4 and 5.
    aie::vector<int16, 16> taps = count_up<int16, 16>();
    show_complex("complex", aie::sliding_mul_ops<4, 2, 1, 1, 1, int16, cint16>::mul(taps, 1, v, 3).to_vector<cint16>(), 2);
}

void places() {
    alignas(aie::vector_decl_align) int16 memory[64] = {};
    auto it = aie::begin_restrict_vector<16>(memory);
    *it++ = v16int16(aie::broadcast<bfloat16, 16>(1.5f));
    aie::vector<bfloat16, 16> back = v16bfloat16(*(it - 1));
    std::printf("place %d\n", static_cast<int>(2 * static_cast<float>(back.get(7))));
    aie::vector<int16, 32> both;
    both.insert(0, *it--);
    both.insert(1, *it);
    show("place", both.extract<16>(1), 1);
    show("place", aie::mul(*it, *it).to_vector<int32>(), 1);
    *it = aie::add(*it, int16(1));
    std::printf("place %d\n", memory[15]);
    aie::vector<bfloat16, 16> half = aie::div(back, bfloat16(3));
    aie::vector<bfloat16, 16> doubled = aie::mul(half, bfloat16(4));
    std::printf("place %d %d\n", static_cast<int>(4 * static_cast<float>(half.get(3))), static_cast<int>(doubled.get(3)));
    show("place", aie::sliding_mul<8, 4, 1, 1, 1, acc64>(both, 16, both, 16).to_vector<int32>(), 1);
}

void windows() {
    alignas(aie::vector_decl_align) int32 memory[16];
    for (int i = 0; i < 16; ++i)
        memory[i] = i;
    // A block of 8 behind a margin of 8.
    adf::input_window<int32> window{memory, memory, 8, 8};
    aie::vector<int32, 8> v;
    window_readincr(&window, v);
    show("window", v, 1);
    window_read(&window, v);
    show("window", v, 1);
    window_incr(&window, 9);
    std::printf("window %d %zu\n", window_readincr(&window), window_size(&window));
}

/// A table of count squares less 100, every 16 bytes twice.
template <class T, unsigned Count>
struct Squares {
    alignas(aie::vector_decl_align) T memory[2 * Count];
    Squares() {
        constexpr unsigned run = 16 / sizeof(T);
        for (unsigned i = 0; i < Count; ++i)
            memory[i / run * 2 * run + i % run] = memory[i / run * 2 * run + run + i % run] = T(int(i * i) - 100);
    }
};

void tables() {
    Squares<int32, 64> wide;
    Squares<int16, 64> narrow;
    const aie::lut<4, int32> squares(64, wide.memory, wide.memory);
    const aie::lut<4, int16> halves(64, narrow.memory, narrow.memory);
    const aie::vector<int8, 32> keys = count_up<int8, 32>();
    const aie::vector<uint8, 16> high = aie::broadcast<uint8, 16>(130);
    show("table", aie::parallel_lookup<int8, aie::lut<4, int32>>(squares).fetch(keys), 8);
    show("table", aie::parallel_lookup<int8, aie::lut<4, int16>>(halves, 0, 32).fetch(aie::sub(keys, int8(33))), 8);
    show("table", aie::parallel_lookup<uint8, aie::lut<4, int32>>(squares).fetch(high), 1);
    show("table", aie::parallel_lookup<uint8, aie::lut<4, int32>, aie::lut_oor_policy::truncate>(squares).fetch(high), 1);
    aie::set_rounding(aie::rounding_mode::floor);
    show("table", aie::parallel_lookup<int8, aie::lut<4, int32>>(squares, 2, 8).fetch(aie::sub(keys, int8(10))), 16);
}

int main() {
    complex();
    tables();
    places();
    windows();
    rounding();
    saturation();
    shuffles();
    masks();
    products();
    streams();
}
