// The instance of the graph, its parameters, and a run of 2 iterations for the simulators.
#include "graph.hpp"

#include "weights/quantizelinear_20_node_op.hpp"
#include "weights/quantizelinear_32_node_op.hpp"

Network network;

#if defined(__AIESIM__) || defined(__X86SIM__)
namespace {

void load_parameters() {
    for (int i = 0; i < 8; ++i) {
        network.update(network.quantizelinear_20_node_op_weights[i], quantizelinear_20_node_op_weights[place::quantizelinear_20_node_op[i].weights_part], 64);
        if (i % 2 == 0)
            network.update(network.quantizelinear_20_node_op_start[i / 2], quantizelinear_20_node_op_start[place::quantizelinear_20_node_op[i].bias_part], 8);
    }
    for (int i = 0; i < 8; ++i) {
        network.update(network.quantizelinear_32_node_op_weights[i], quantizelinear_32_node_op_weights[place::quantizelinear_32_node_op[i].weights_part], 32);
    }
}

} // namespace

int main() {
    network.init();
    load_parameters();
    network.run(2);
    network.end();
    return 0;
}
#endif
