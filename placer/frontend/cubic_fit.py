"""Cubics for a real function of one element (cubics.py): least squares over segments, cut further where one cubic is not enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from placer.arithmetic.fixed_point import FloatArray
from placer.cubics import SEGMENTS, TERMS, Cubics
from placer.network import IntArray

# Real target values, in steps less the zero point, of integer positions, ascending.
Steps = Callable[[IntArray], FloatArray]

# Positions of a run at which a cubic is fitted and compared, at most.
SAMPLES = 256
# Runs are cut until no cubic is off by more (in steps, and of the largest result: 2^-9 of a step at 16 bits), or so many cuts have been
# made: each costs a kernel a comparison of every element, and with several times as many its program would not fit a core.
TOLERANCE, RELATIVE_TOLERANCE = 2.0**-12, 2.0**-24
MAX_BREAKS = 12
# Places of a cut tried at once; the search then goes on between the neighbours of the best.
PLACES = 8
# A constant coefficient fills 31 bits and a sign; the sums of the others, which are added up in 32-bit lanes, stay below 2^30.
CONSTANT_BITS, SUM_BITS = 31, 30
MOST_EXTRA = 10


@dataclass(frozen=True, eq=False)
class _Run:
    """A cubic for the positions from `start` to before `end`, over u of their segment, and its largest difference within the range."""

    start: int
    end: int
    coefficients: FloatArray
    error: float


class _Fit:
    """The function, the width of segments, and the range of results beyond which all are alike."""

    def __init__(self, steps: Steps, bits: int, low: int, high: int) -> None:
        self.steps, self.bits, self.low, self.high = steps, bits, low, high
        # Function values beyond this are as good as this; a cubic's coefficients stay within twice as much, so that they have a fraction.
        self.most = 2.0 * max(abs(low), abs(high), 1)

    def run(self, start: int, end: int) -> _Run:
        """The best cubic, or a polynomial of lower degree where the coefficients of a cubic are too large or too few points are left."""
        points = np.unique(np.rint(np.linspace(start, end - 1, min(SAMPLES, end - start))).astype(np.int64))
        wanted = np.clip(self.steps(points), -self.most, self.most)
        half = 1 << self.bits - 1
        u = ((points & (2 * half - 1)) - half) / half
        middle, reach = (u[0] + u[-1]) / 2, max((u[-1] - u[0]) / 2, 1e-12)
        for degree in reversed(range(min(TERMS, len(points)))):
            # In coordinates of the run, where powers of u are far apart.
            series = np.polynomial.Polynomial(np.polynomial.polynomial.polyfit((u - middle) / reach, wanted, degree))
            coefficients = np.zeros(TERMS)
            shifted = series(np.polynomial.Polynomial([-middle / reach, 1 / reach])).coef if degree else series.coef
            coefficients[: len(shifted)] = shifted
            if np.abs(coefficients).sum() < self.most * 2:
                break
        found = np.asarray(np.polynomial.polynomial.polyval(u, coefficients), np.float64)
        return _Run(start, end, coefficients, self._error(found, wanted))

    def segments(self) -> list[_Run]:
        """One cubic for each segment, all at once; `run` where its coefficients are too large."""
        width = 1 << self.bits
        offsets = np.unique(np.rint(np.linspace(0, width - 1, min(SAMPLES, width))).astype(np.int64))
        powers = np.vander(offsets * 2 / width - 1, TERMS, increasing=True)
        starts = np.arange(SEGMENTS, dtype=np.int64) * width
        wanted = np.clip(self.steps((starts[:, None] + offsets).reshape(-1)), -self.most, self.most).reshape(SEGMENTS, -1)
        found = wanted @ np.linalg.pinv(powers).T
        fits = np.abs(found).sum(axis=1) < self.most * 2
        errors = np.abs(np.clip(found @ powers.T, self.low, self.high) - np.clip(wanted, self.low, self.high)).max(axis=1)
        return [
            _Run(int(a), int(a) + width, row, float(error)) if fit else self.run(int(a), int(a) + width)
            for a, row, error, fit in zip(starts, found, errors, fits, strict=True)
        ]

    def cut(self, run: _Run) -> tuple[_Run, _Run]:
        """`run` as two, where the worse of both is best: kinks of a function are found so."""
        low, high, best = run.start + 1, run.end - 1, (run, run)
        while True:
            places = np.unique(np.rint(np.linspace(low, high, PLACES)).astype(np.int64))
            pairs = [(self.run(run.start, int(p)), self.run(int(p), run.end)) for p in places]
            errors = [max(a.error, b.error) for a, b in pairs]
            at = int(np.argmin(errors))
            best = pairs[at]
            low, high = int(places[max(at - 1, 0)]), int(places[min(at + 1, len(places) - 1)])
            if len(places) == 1 or places[-1] - places[0] < PLACES:
                return best

    def _error(self, found: FloatArray, wanted: FloatArray) -> float:
        return float(np.abs(np.clip(found, self.low, self.high) - np.clip(wanted, self.low, self.high)).max())


def cubics(steps: Steps, bits: int, low: int, high: int) -> Cubics:
    """Cubics for `steps` over SEGMENTS * 2^bits positions, as exact as the tolerances where MAX_BREAKS cuts allow it.

    low, high: the least and largest result, less the zero point.
    """
    fit = _Fit(steps, bits, low, high)
    runs = fit.segments()
    for _ in range(MAX_BREAKS):
        worst = max(runs, key=lambda r: (r.error if r.end - r.start > 1 else 0.0, -r.start))
        if worst.error <= max(TOLERANCE, fit.most * RELATIVE_TOLERANCE / 2) or worst.end - worst.start == 1:
            break
        at = runs.index(worst)
        runs[at : at + 1] = fit.cut(worst)
    first = [r for r in runs if r.start & ((1 << bits) - 1) == 0]
    further = [r for r in runs if r.start & ((1 << bits) - 1)]
    real = np.array([r.coefficients for r in (*first, *further)])
    constants, slopes = float(np.abs(real[:, 0]).max()) + 1, float(np.abs(real[:, 1:]).sum(axis=1).max())
    room = SUM_BITS - math.frexp(slopes)[1]
    fraction = max(0, min(CONSTANT_BITS - math.frexp(constants)[1], room))
    extra = min(MOST_EXTRA, max(0, room - 1 - fraction))
    scale = np.array([fraction, *(fraction + extra,) * (TERMS - 1)])
    return Cubics(
        coefficients=np.rint(np.ldexp(real, scale)).astype(np.int64),
        starts=np.array([r.start for r in further], np.int64),
        bits=bits,
        fraction=fraction,
        extra=extra,
        error=max(r.error for r in runs),
    )
