"""How fast the host is: multiply-accumulates a second of one core running the dense kernel, and the -O2 build of the MLP-Mixer project.

python scripts/bench_host.py [--no-build]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from placer.codegen.kernel_text import call, config_struct
from placer.config import load_settings
from placer.contracts.catalog import contract
from placer.contracts.contract import KernelContract
from placer.contracts.kernel_spec import DenseSpec, Role
from placer.host import emulator
from placer.host.run import find_subject, run_on_host
from placer.layers import Side, Step
from placer.mmul import mmul_shapes
from placer.network import IntType
from placer.output import write_outcome
from placer.pipeline.stages import Stage, run

CONFIGS = Path(__file__).parents[1] / "configs"
CALLS = 2000
PAIRS = ((IntType.INT8, IntType.INT8), (IntType.INT16, IntType.INT8), (IntType.INT16, IntType.INT16))


def kernel(left: IntType, right: IntType) -> KernelContract:
    """64 x 256 by 256 x 64, requantised to the input's type."""
    shape = mmul_shapes("aie-ml", left, right)[0]
    step = Step(0, 8, True, None)
    return contract(DenseSpec("aie-ml", Role.SINGLE, Side.RIGHT, 1, 64, 256, 64, left, right, left, shape, 2, 2, (step,)))


def program(one: KernelContract) -> str:
    """Calls it over and over and prints the seconds of processor time."""
    spec = one.spec
    assert isinstance(spec, DenseSpec), "the kernel is dense"
    return f"""#include <cstdio>
#include <ctime>
#include "placer/{one.header}"
{config_struct("config", spec)}
alignas(64) static {spec.input.value} in[{spec.input_elements}];
alignas(64) static {spec.weight.value} weights[{spec.weight_elements}];
alignas(64) static {spec.output.value} out[{spec.output_elements}];
int main() {{
    adf::input_buffer<{spec.input.value}> x;
    adf::output_buffer<{spec.output.value}> y;
    x.bind(in, {spec.input_elements});
    y.bind(out, {spec.output_elements});
    const std::clock_t start = std::clock();
    for (int i = 0; i < {CALLS}; ++i) {{
        in[i % {spec.input_elements}] = static_cast<{spec.input.value}>(i);
        placer::{call("config", one)};
    }}
    std::printf("%f\\n", static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
}}
"""


def main() -> int:
    """A line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-build", action="store_true", help="Kernels only")
    arguments = parser.parse_args()
    include = emulator.host_folder().parent / "include"
    with tempfile.TemporaryDirectory() as name:
        for left, right in PAIRS:
            source = Path(name) / f"{left.value}_{right.value}.cpp"
            source.write_text(program(kernel(left, right)))
            seconds = float(emulator.run(emulator.build(source, (include,), ()), Path(name)).out)
            rate = 64 * 256 * 64 * CALLS / seconds / 1e9
            print(f"{left.value} x {right.value}, one core: {rate:.2f} GMAC/s", flush=True)
        if not arguments.no_build:
            settings = load_settings(CONFIGS / "mlpmixer.yaml").overridden(output=Path(name) / "out")
            written = write_outcome(run(settings, Stage.EMIT, lambda _: None), settings)
            assert written.mapping is not None, "an emitted project has a mapping"
            result = run_on_host(find_subject(written.mapping), None, 4, False)
            print(f"MLP-Mixer project, -O2: {result.build_seconds:.1f} s (0: found in the cache)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
