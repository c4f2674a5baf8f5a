#include <adf.h>

#include <cstdio>
#include <string>

#include "kernels.h"

using namespace adf;

template <int Col, int Row>
class Complex : public graph {
public:
    input_port filter_in, transform_in;
    output_port filter_out, transform_out;
    kernel f, first, last;

    Complex() {
        std::vector<int16> taps = {100, -2000, 3000, 16000, 16000, 3000, -2000, 100, 0, 0, 0, 0, 0, 0, 0, 0};
        std::vector<cint16> factors[2];
        for (int i = 0; i < 64; ++i)
            factors[i / 32].push_back({(int16)(1009 * i % 65536 - 32768), (int16)(32767 - 523 * i)});
        f = kernel::create_object<filter>(taps);
        first = kernel::create_object<transform<0>>(factors[0]);
        last = kernel::create_object<transform<1>>(factors[1]);
        source(f) = "kernels/filter.cpp";
        source(first) = source(last) = "kernels/transform.cpp";
        runtime<ratio>(f) = runtime<ratio>(first) = runtime<ratio>(last) = 0.9;
        stack_size(f) = 1536;
        heap_size(f) = 512;
        location<kernel>(f) = tile(Col, Row);
        location<stack>(f) = bank(Col, Row, 3);
        location<parameter>(f.param[0]) = bank(Col, Row, 1);
        location<kernel>(first) = tile(Col + 1, Row);
        location<kernel>(last) = location<kernel>(first) + relative_offset({.col_offset = 0, .row_offset = -1});
        connect<>(filter_in, f.in[0]);
        connect<>(f.out[0], filter_out);
        connect<>(transform_in, first.in[0]);
        connect<>(transform_in, last.in[0]);
        connect<cascade>(first.out[0], last.in[1]);
        connect<>(last.out[0], transform_out);
    }
};

class Signal : public graph {
public:
    input_plio in[6];
    output_plio out[7];
    input_port begin;
    inout_port runs;
    Complex<6, 2> complex;
    kernel one, two, weigh, producer, consumer, counter, mean[2];
    pktsplit<2> split;
    pktmerge<2> merge;

    Signal() {
        const char *inputs[] = {"filter", "transform", "packets", "weighted", "mean0", "mean1"};
        const char *outputs[] = {"filter", "transform", "packets", "weighted", "chained", "mean0", "mean1"};
        const plio_type widths[] = {plio_64_bits, plio_128_bits, plio_32_bits, plio_128_bits, plio_64_bits, plio_64_bits};
        for (int i = 0; i < 6; ++i)
            in[i] = input_plio::create(inputs[i], widths[i], "data/" + std::string(inputs[i]) + ".txt");
        for (int i = 0; i < 7; ++i)
            out[i] = output_plio::create(std::string(outputs[i]) + "_out", i == 2 ? plio_32_bits : plio_64_bits, "data/" + std::string(outputs[i]) + "_out.txt");
        connect<>(in[0].out[0], complex.filter_in);
        connect<>(in[1].out[0], complex.transform_in);
        connect<>(complex.filter_out, out[0].in[0]);
        connect<>(complex.transform_out, out[1].in[0]);

        one = kernel::create(add_one);
        two = kernel::create(add_two);
        weigh = kernel::create(weighted);
        producer = kernel::create(produce);
        consumer = kernel::create(consume);
        counter = kernel::create(count);
        for (kernel *k : {&one, &two, &weigh, &producer, &consumer, &counter}) {
            source(*k) = "kernels/blocks.cpp";
            runtime<ratio>(*k) = 0.5;
        }
        split = pktsplit<2>::create();
        merge = pktmerge<2>::create();
        dimensions(one.in[0]) = dimensions(one.out[0]) = {8};
        connect<pktstream>(in[2].out[0], split.in[0]);
        connect<>(split.out[0], one.in[0]);
        connect<pktstream, window<32>>(split.out[1], two.in[0]);
        connect<>(one.out[0], merge.in[0]);
        connect<window<32>, pktstream>(two.out[0], merge.in[1]);
        connect<pktstream>(merge.out[0], out[2].in[0]);

        connect<window<128, 32>>(in[3].out[0], weigh.in[0]);
        connect<window<128>>(weigh.out[0], out[3].in[0]);

        connect<parameter>(begin, producer.in[0]);
        connect<parameter>(producer.inout[0], consumer.in[0]);
        connect<parameter>(producer.inout[0], async(counter.in[0]));
        connect<parameter>(sync(counter.inout[0]), runs);
        connect<window<64>>(consumer.out[0], out[4].in[0]);

        mean[0] = kernel::create(mean_first<32>);
        mean[1] = kernel::create(mean_last<32, 2>);
        source(mean[0]) = "kernels/mean_first.cc";
        source(mean[1]) = "kernels/mean_last.cc";
        connect<cascade>(mean[0].out[0], mean[1].in[1]);
        connect<stream>(mean[1].out[1], mean[0].in[1]);
        for (int i = 0; i < 2; ++i) {
            runtime<ratio>(mean[i]) = 0.9;
            dimensions(mean[i].in[0]) = {32};
            dimensions(mean[i].out[i == 0 ? 1 : 0]) = {32};
            connect<>(in[4 + i].out[0], mean[i].in[0]);
            connect<>(mean[i].out[i == 0 ? 1 : 0], out[5 + i].in[0]);
        }
    }
};

Signal top;

#if defined(__AIESIM__) || defined(__X86SIM__)
int main(void) {
    adf::return_code ret = top.init();
    if (ret != adf::ok)
        return ret;
    top.run(4);
    for (int i = 1; i <= 4; ++i)
        top.update(top.begin, 100 * i);
    for (int i = 0; i < 4; ++i) {
        int32 runs = 0;
        top.read(top.runs, runs);
        std::printf("%d ", runs);
    }
    ret = top.wait();
    top.end();
    return ret;
}
#endif
