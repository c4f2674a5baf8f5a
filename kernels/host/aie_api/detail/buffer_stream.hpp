// Streams over memory: front to back, and along the dimensions of a tensor.
#pragma once

#include "memory.hpp"

namespace aie {

/// Vectors of N elements from `p` on, one a pop or push.
template <unsigned N, class T>
class vector_buffer_stream {
public:
    using value_type = vector<std::remove_const_t<T>, N>;
    explicit vector_buffer_stream(T *p) : at_(p) {}
    value_type pop() {
        const value_type v = load_v<N>(at_);
        at_ += N;
        return v;
    }
    void push(const value_type &v)
        requires(!std::is_const_v<T>)
    {
        store_v(at_, v);
        at_ += N;
    }
    vector_buffer_stream &operator>>(value_type &v) {
        v = pop();
        return *this;
    }
    vector_buffer_stream &operator<<(const value_type &v)
        requires(!std::is_const_v<T>)
    {
        push(v);
        return *this;
    }

private:
    T *at_;
};
template <unsigned N, class T>
inline auto make_vector_input_buffer_stream(const T *p) {
    return vector_buffer_stream<N, const T>(p);
}
template <unsigned N, class T>
inline auto make_vector_output_buffer_stream(T *p) {
    return vector_buffer_stream<N, T>(p);
}

/// `num` steps of `step` vectors.
struct tensor_dim {
    constexpr tensor_dim(unsigned num, int step) : num(num), step(step) {}
    unsigned num;
    int step;
};

/// Dimensions from the outermost to the innermost.
template <class T, unsigned N, std::size_t Rank>
struct tensor_descriptor {
    static_assert(Rank >= 1, "aie::tensor_descriptor: at least one dimension");
    std::array<tensor_dim, Rank> dims;
};
template <class T, unsigned N, class... Dims>
constexpr auto make_tensor_descriptor(Dims... dims) {
    return tensor_descriptor<T, N, sizeof...(Dims)>{{dims...}};
}

/// Visits vectors in nested loops; above rank 3 a pop gives the stream of the inner dimensions at that place.
template <class T, unsigned N, std::size_t Rank>
class tensor_buffer_stream {
    static constexpr std::size_t outer = Rank > 3 ? 3 : Rank;

public:
    using value_type = vector<std::remove_const_t<T>, N>;
    tensor_buffer_stream(T *p, const tensor_descriptor<std::remove_const_t<T>, N, Rank> &descriptor) : base_(p), dims_(descriptor) {}

    auto pop() {
        T *at = base_;
        for (std::size_t d = 0; d < outer; ++d)
            at += static_cast<std::ptrdiff_t>(N) * dims_.dims[d].step * static_cast<std::ptrdiff_t>(index_[d]);
        advance();
        if constexpr (Rank <= 3) {
            return load_v<N>(at);
        } else {
            return [&]<std::size_t... I>(std::index_sequence<I...>) {
                return tensor_buffer_stream<T, N, Rank - 3>(at, {{dims_.dims[3 + I]...}});
            }(std::make_index_sequence<Rank - 3>());
        }
    }
    tensor_buffer_stream &operator>>(value_type &v)
        requires(Rank <= 3)
    {
        v = pop();
        return *this;
    }

private:
    void advance() {
        for (std::size_t d = outer; d-- > 0;) {
            if (++index_[d] < dims_.dims[d].num)
                return;
            index_[d] = 0;
        }
    }

    T *base_;
    tensor_descriptor<std::remove_const_t<T>, N, Rank> dims_;
    std::array<unsigned, outer> index_{};
};
template <class T, unsigned N, std::size_t Rank>
inline auto make_tensor_buffer_stream(const T *p, const tensor_descriptor<T, N, Rank> &descriptor) {
    return tensor_buffer_stream<const T, N, Rank>(p, descriptor);
}

} // namespace aie
