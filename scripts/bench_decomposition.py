"""Compare the engine with its joint model alone, on the problems of some configs: values, bounds and the ratio of times.

python scripts/bench_decomposition.py configs/*.yaml
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from placer.config import load_settings
from placer.pipeline.imported import import_network, target_device
from placer.problem.formulate import formulate
from placer.problem.problem import MappingProblem
from placer.solvers.base import Limits, SolveResult
from placer.solvers.construct import construct
from placer.solvers.cpsat import CpSatSolver, solve_jointly

LIMITS = Limits(work=5.0, seconds=None, workers=1, seed=0)


def problem_of(config: Path) -> MappingProblem:
    """The mapping problem of a config."""
    settings = load_settings(config)
    imported = import_network(settings.network, target_device(settings), settings.first_batch)
    return formulate(imported.laid_out, imported.device, settings.objective, settings.row_weight)


def timed(solve: Callable[[], SolveResult]) -> tuple[SolveResult, float]:
    """A result and the seconds it took."""
    started = time.perf_counter()
    return solve(), time.perf_counter() - started


def main(configs: list[Path]) -> None:
    """Print a table, one row a config and engine."""
    for config in configs:
        problem = problem_of(config)
        seed = construct(problem)
        whole, seconds = timed(lambda p=problem, s=seed: CpSatSolver().solve(p, s, LIMITS, lambda _: None))  # type: ignore[misc]
        joint, joint_seconds = timed(lambda p=problem, s=seed: solve_jointly(p, s, LIMITS, lambda _: None))  # type: ignore[misc]
        for name, result, ratio in (("relaxed first", whole, 1.0), ("joint alone", joint, joint_seconds / seconds)):
            levels = ", ".join(f"{r.level.value} {r.value} >= {r.bound}" for r in result.levels)
            print(f"{config.stem:12} {name:14} {result.status.value:9} x{ratio:4.1f}  {levels}")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
