// Loads, stores and iterators over memory.
#pragma once

#include <iterator>

#include "accum.hpp"

namespace aie {

/// Alignment that any vector access is content with.
#if __AIE_ARCH__ >= 21
inline constexpr unsigned vector_decl_align = 64;
#else
inline constexpr unsigned vector_decl_align = 32;
#endif

namespace detail {

template <unsigned Bytes>
inline constexpr unsigned access_alignment = Bytes <= 16 ? 16 : Bytes >= 64 ? vector_decl_align : 32;

template <unsigned Bytes>
inline void check_alignment(const void *p, const char *what) {
    const auto address = reinterpret_cast<std::uintptr_t>(p);
    if (address % access_alignment<Bytes> != 0) [[unlikely]]
        adf::host::kernel_fault(std::string(what) + " of " + std::to_string(8 * Bytes) + " bits at an address that is " +
                                std::to_string(address % access_alignment<Bytes>) + " bytes off a multiple of " +
                                std::to_string(access_alignment<Bytes>) + "; the core would drop the low bits");
}

template <class T>
inline constexpr unsigned default_lanes = 64 / sizeof(T);

} // namespace detail

enum class aie_dm_resource { none, a, b, c, d, stack };

template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>
inline vector<std::remove_cv_t<T>, N> load_v(const T *p) {
    detail::check_alignment<N * sizeof(T)>(p, "load_v");
    vector<std::remove_cv_t<T>, N> v(nullptr);
    v.load(p);
    return v;
}
template <class T>
inline auto load_v(const T *p) {
    return load_v<detail::default_lanes<T>>(p);
}
template <aie_dm_resource = aie_dm_resource::none, class T, unsigned N>
inline T *store_v(T *p, const vector<T, N> &v) {
    detail::check_alignment<N * sizeof(T)>(p, "store_v");
    v.store(p);
    return p;
}
template <unsigned N, class T>
inline vector<std::remove_cv_t<T>, N> load_unaligned_v(const T *p, unsigned = 1) {
    vector<std::remove_cv_t<T>, N> v(nullptr);
    v.load(p);
    return v;
}
template <class T>
inline auto load_unaligned_v(const T *p, unsigned aligned = 1) {
    return load_unaligned_v<detail::default_lanes<T>>(p, aligned);
}
template <class T, unsigned N>
inline T *store_unaligned_v(T *p, const vector<T, N> &v, unsigned = 1) {
    v.store(p);
    return p;
}
template <unsigned N, class T>
inline vector<std::remove_cv_t<T>, N> load_floor_v(const T *p, unsigned floor_elements = N) {
    const auto address = reinterpret_cast<std::uintptr_t>(p);
    return load_unaligned_v<N>(reinterpret_cast<const T *>(address - address % (floor_elements * sizeof(T))));
}

/// `*it` of a vector iterator: the vector there, which assignment also stores.
template <unsigned N, class T>
class vector_reference : public vector<T, N> {
public:
    explicit vector_reference(T *at) : vector<T, N>(load_v<N>(at)), at_(at) {}
    vector_reference(const vector_reference &) = default;
    vector_reference &operator=(const vector<T, N> &v) {
        store_v(at_, v);
        vector<T, N>::operator=(v);
        return *this;
    }
    vector_reference &operator=(const vector_reference &other) { return *this = static_cast<const vector<T, N> &>(other); }

private:
    T *at_;
};

/// Walks memory a vector at a time; with a size above 0 (in elements) it wraps there.
template <unsigned N, class T>
class vector_iterator {
public:
    using value_type = vector<std::remove_const_t<T>, N>;
    using difference_type = std::ptrdiff_t;
    using reference = std::conditional_t<std::is_const_v<T>, value_type, vector_reference<N, T>>;
    using pointer = void;
    using iterator_category = std::random_access_iterator_tag;

    vector_iterator() = default;
    explicit vector_iterator(T *base, std::ptrdiff_t size = 0) : base_(base), vectors_(size / static_cast<std::ptrdiff_t>(N)) {}

    reference operator*() const { return (*this)[0]; }
    reference operator[](std::ptrdiff_t i) const {
        T *at = base_ + wrapped(index_ + i) * static_cast<std::ptrdiff_t>(N);
        if constexpr (std::is_const_v<T>)
            return load_v<N>(at);
        else
            return vector_reference<N, T>(at);
    }
    vector_iterator &operator++() { return *this += 1; }
    vector_iterator &operator--() { return *this += -1; }
    vector_iterator operator++(int) {
        vector_iterator old = *this;
        ++*this;
        return old;
    }
    vector_iterator operator--(int) {
        vector_iterator old = *this;
        --*this;
        return old;
    }
    vector_iterator &operator+=(std::ptrdiff_t n) {
        index_ = wrapped(index_ + n);
        return *this;
    }
    vector_iterator &operator-=(std::ptrdiff_t n) { return *this += -n; }
    friend vector_iterator operator+(vector_iterator it, std::ptrdiff_t n) { return it += n; }
    friend vector_iterator operator-(vector_iterator it, std::ptrdiff_t n) { return it -= n; }
    friend std::ptrdiff_t operator-(const vector_iterator &a, const vector_iterator &b) { return a.index_ - b.index_; }
    friend bool operator==(const vector_iterator &a, const vector_iterator &b) { return a.base_ == b.base_ && a.index_ == b.index_; }
    friend auto operator<=>(const vector_iterator &a, const vector_iterator &b) { return a.index_ <=> b.index_; }

private:
    std::ptrdiff_t wrapped(std::ptrdiff_t index) const { return vectors_ == 0 ? index : ((index % vectors_) + vectors_) % vectors_; }

    T *base_ = nullptr;
    std::ptrdiff_t vectors_ = 0, index_ = 0;
};

/// Walks elements, and wraps after `size` of them.
template <class T>
class circular_iterator {
public:
    using value_type = std::remove_const_t<T>;
    using difference_type = std::ptrdiff_t;
    using reference = T &;
    using pointer = T *;
    using iterator_category = std::random_access_iterator_tag;

    circular_iterator() = default;
    circular_iterator(T *base, std::size_t size) : base_(base), size_(static_cast<std::ptrdiff_t>(size)) {}
    reference operator*() const { return base_[index_]; }
    reference operator[](std::ptrdiff_t i) const { return base_[wrapped(index_ + i)]; }
    circular_iterator &operator++() { return *this += 1; }
    circular_iterator &operator--() { return *this += -1; }
    circular_iterator operator++(int) {
        circular_iterator old = *this;
        ++*this;
        return old;
    }
    circular_iterator operator--(int) {
        circular_iterator old = *this;
        --*this;
        return old;
    }
    circular_iterator &operator+=(std::ptrdiff_t n) {
        index_ = wrapped(index_ + n);
        return *this;
    }
    circular_iterator &operator-=(std::ptrdiff_t n) { return *this += -n; }
    friend circular_iterator operator+(circular_iterator it, std::ptrdiff_t n) { return it += n; }
    friend circular_iterator operator-(circular_iterator it, std::ptrdiff_t n) { return it -= n; }
    friend bool operator==(const circular_iterator &a, const circular_iterator &b) { return a.base_ == b.base_ && a.index_ == b.index_; }

private:
    std::ptrdiff_t wrapped(std::ptrdiff_t index) const { return ((index % size_) + size_) % size_; }

    T *base_ = nullptr;
    std::ptrdiff_t size_ = 1, index_ = 0;
};
template <class T>
inline auto begin_circular(T *p, std::size_t size) {
    return circular_iterator<T>(p, size);
}
template <class T>
inline auto cbegin_circular(const T *p, std::size_t size) {
    return circular_iterator<const T>(p, size);
}

template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>
inline auto begin_vector(T *p) {
    return vector_iterator<N, T>(p);
}
template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>
inline auto cbegin_vector(const T *p) {
    return vector_iterator<N, const T>(p);
}
template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>
inline auto begin_restrict_vector(T *p) {
    return vector_iterator<N, T>(p);
}
template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>
inline auto cbegin_restrict_vector(const T *p) {
    return vector_iterator<N, const T>(p);
}
template <unsigned N, class T>
inline auto begin_vector_circular(T *p, std::size_t size) {
    return vector_iterator<N, T>(p, static_cast<std::ptrdiff_t>(size));
}
template <unsigned N, std::size_t Size, class T>
inline auto begin_vector_circular(T *p) {
    return begin_vector_circular<N>(p, Size);
}
template <unsigned N, class T>
inline auto begin_vector_random_circular(T *p, std::size_t size) {
    return begin_vector_circular<N>(p, size);
}
template <unsigned N, class T>
inline auto cbegin_vector_circular(const T *p, std::size_t size) {
    return vector_iterator<N, const T>(p, static_cast<std::ptrdiff_t>(size));
}
template <unsigned N, class T>
inline auto cbegin_vector_random_circular(const T *p, std::size_t size) {
    return cbegin_vector_circular<N>(p, size);
}
template <class T>
inline T *begin(T *p) {
    return p;
}
template <class T>
inline const T *cbegin(const T *p) {
    return p;
}

} // namespace aie
