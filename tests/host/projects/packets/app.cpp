// Packets to two kernels by their ids, and back into one stream.
#include <adf.h>

using namespace adf;

void answer(input_pktstream *in, output_pktstream *out) {
    readincr(in);
    const uint32 id = getPacketid(out, 0);
    writeHeader(out, 0, id);
    bool tlast = false;
    while (!tlast) {
        const int32 value = readincr(in, tlast);
        writeincr(out, value + 1000, tlast);
    }
}

class packets : public graph {
public:
    input_plio in;
    output_plio out;
    kernel k[2];
    pktsplit<2> sp;
    pktmerge<2> mg;

    packets() {
        in = input_plio::create("in", plio_32_bits, "data/in.txt");
        out = output_plio::create("out", plio_32_bits, "data/out.txt");
        sp = pktsplit<2>::create();
        mg = pktmerge<2>::create();
        connect<pktstream>(in.out[0], sp.in[0]);
        for (int i = 0; i < 2; ++i) {
            k[i] = kernel::create(answer);
            source(k[i]) = "app.cpp";
            runtime<ratio>(k[i]) = 0.5;
            connect<pktstream>(sp.out[i], k[i].in[0]);
            connect<pktstream>(k[i].out[0], mg.in[i]);
        }
        connect<pktstream>(mg.out[0], out.in[0]);
    }
};

packets top;

int main() {
    top.init();
    top.run(1);
    top.end();
    return 0;
}
