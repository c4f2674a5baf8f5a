#include "graph.h"

#include <cstdio>

Toolbox<1> toolbox;

#if defined(__AIESIM__) || defined(__X86SIM__)
int main(int argc, char **argv) {
    int32 *given = (int32 *)GMIO::malloc(4 * 64), *got = (int32 *)GMIO::malloc(4 * 64);
    for (int i = 0; i < 64; ++i)
        given[i] = i * i;
    adf::return_code ret = toolbox.init();
    if (ret != adf::return_code::ok)
        return -1;
    toolbox.update(toolbox.shift, 4);
    toolbox.update(toolbox.limit, 50);
    toolbox.gm_in.gm2aie_nb(given, 4 * 64);
    toolbox.gm_out.aie2gm_nb(got, 4 * 64);
    toolbox.run(4);
    toolbox.gm_out.wait();
    toolbox.wait();
    int32 counts[2];
    toolbox.read(toolbox.counts, counts, 2);
    std::printf("%d %d\n", counts[0], counts[1]);
    int bad = 0;
    for (int i = 0; i < 64; ++i)
        bad += got[i] != -i * i;
    std::printf("%d\n", bad);
    GMIO::free(given);
    GMIO::free(got);
    toolbox.end();
    return 0;
}
#endif
