"""Every kernel x output type x role x mmul shape x register block x side against numpy, on random and extreme data.

The slow tests let output types take turns; this runs the whole product, about 2,800 kernels.

    python scripts/check_kernels.py [--sanitize]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.kernels.harness import mismatches
from tests.kernels.specs import GENERATIONS, attention_specs, dense_specs, elementwise_specs, kernels, rescaling_specs, trials

KERNELS_A_PROGRAM = 60
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def main() -> int:
    """Print a line a program and the total; exit code 1 on any mismatch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sanitize", action="store_true", help="Address and undefined-behaviour sanitizers")
    flags = SANITIZE if parser.parse_args().sanitize else ()
    batches = []
    for generation in GENERATIONS:
        others = (elementwise_specs(generation), rescaling_specs(generation), attention_specs(generation))
        everything = (*kernels(dense_specs(generation, every_output=True)), *(k for specs in others for k in kernels(specs)))
        batches += [everything[i : i + KERNELS_A_PROGRAM] for i in range(0, len(everything), KERNELS_A_PROGRAM)]

    def check(number: int) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            found = mismatches(batches[number], trials(batches[number], number), Path(folder), *flags)
        print(f"program {number + 1} of {len(batches)}: {len(found)} mismatches", flush=True)
        return found

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        wrong = [line for found in pool.map(check, range(len(batches))) for line in found]
    print(*wrong, sep="\n")
    print(f"{sum(map(len, batches))} kernels, 5 calls each: {len(wrong)} calls differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
