"""How far onnxruntime agrees with itself: outputs that differ between its default optimisation level and ORT_ENABLE_BASIC.

    python -m scripts.onnxruntime_levels MODEL_FOLDER [--only PATTERN] [--samples N]

Both compute the same model on the same random inputs, on one thread. The default level fuses nodes, quantisers among them, and so adds
floating-point numbers up in another order. A model's outputs are defined no more closely than the two agree.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from placer.codegen.stimulus import random_inputs
from placer.errors import PlacerError
from placer.frontend import read_model
from placer.host.onnxruntime_check import BASIC, DEFAULT, evaluator, outputs


def disagreement(path: Path, samples: int) -> tuple[int, int, int]:
    """Output elements that differ, how many there are, and the largest difference in steps of the output."""
    network = read_model(path)
    inputs = random_inputs(network, samples)
    basic, default = (outputs(path, network, inputs, level=level) for level in (BASIC, DEFAULT))
    off = np.concatenate([np.abs(a - b).reshape(-1) for a, b in zip(basic, default, strict=True)])
    return int(np.count_nonzero(off)), off.size, int(off.max(initial=0))


def main() -> None:
    """Print a line a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="*", help="A pattern of file names, without .onnx")
    parser.add_argument("--samples", type=int, default=10000)
    told = parser.parse_args()
    for path in sorted(told.folder.glob(f"{told.only}.onnx")):
        if evaluator(path) != "onnxruntime":
            continue
        try:
            differ, compared, largest = disagreement(path, told.samples)
        except PlacerError as error:
            print(f"{path.stem}: {error}", flush=True)
            continue
        print(f"{path.stem}: {differ} of {compared} outputs differ, by at most {largest}", flush=True)


if __name__ == "__main__":
    main()
