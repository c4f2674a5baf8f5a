"""Toy jets: five classes with different prong structure, enough for an accuracy to mean something.

A jet is a set of up to 64 particles. A class fixes how many hard prongs share its momentum, how far apart they open and how much soft
radiation surrounds them: light quark (1 prong), gluon (1 prong, wide, busy), W (2 prongs), Z (2 prongs, wider), top (3 prongs).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

PARTICLES, FEATURES = 64, 16


@dataclass(frozen=True)
class JetClass:
    """prongs: hard subjets; opening: their angular distance; spread: of particles around a prong; mean multiplicity; soft fraction."""

    name: str
    prongs: int
    opening: float
    spread: float
    multiplicity: float
    soft: float


CLASSES = (
    JetClass("quark", 1, 0.00, 0.06, 22.0, 0.10),
    JetClass("gluon", 1, 0.00, 0.12, 38.0, 0.25),
    JetClass("W", 2, 0.28, 0.05, 30.0, 0.10),
    JetClass("Z", 2, 0.42, 0.05, 30.0, 0.10),
    JetClass("top", 3, 0.40, 0.06, 44.0, 0.15),
)


@dataclass(frozen=True, eq=False)
class Jets:
    """particles: [jets, 64, 16], ordered by momentum, zero padded; summary: [jets, 16]; labels: [jets] class numbers."""

    particles: FloatArray
    summary: FloatArray
    labels: npt.NDArray[np.int64]


def make_jets(count: int, seed: int) -> Jets:
    """`count` jets of random classes, the same for the same seed."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(CLASSES), count)
    clouds = [_particles(rng, CLASSES[label]) for label in labels]
    particles = np.stack([_features(c) for c in clouds]).astype(np.float32)
    summary = np.stack([_summary(c) for c in clouds]).astype(np.float32)
    return Jets(particles, summary, labels)


def _particles(rng: np.random.Generator, kind: JetClass) -> npt.NDArray[np.float64]:
    """Rows of (momentum fraction, eta, phi), at most 64, by falling momentum."""
    number = int(np.clip(rng.poisson(kind.multiplicity), 4, PARTICLES))
    axes = _prong_axes(rng, kind)
    shares = rng.dirichlet(np.full(kind.prongs, 3.0))
    owner = rng.choice(kind.prongs, number, p=0.5 * shares + 0.5 / kind.prongs)
    momentum = rng.gamma(0.6, 1.0, number) * shares[owner]
    angle = axes[owner] + rng.normal(0.0, kind.spread, (number, 2)) * np.exp(rng.normal(0.0, 0.4, (number, 1)))
    soft = rng.random(number) < kind.soft
    angle[soft] = rng.normal(0.0, 0.3, (int(soft.sum()), 2))
    momentum[soft] *= 0.15
    momentum /= momentum.sum()
    order = np.argsort(-momentum)
    return np.column_stack([momentum, angle])[order]


def _prong_axes(rng: np.random.Generator, kind: JetClass) -> npt.NDArray[np.float64]:
    turn = rng.uniform(0.0, 2 * np.pi)
    angles = turn + 2 * np.pi * np.arange(kind.prongs) / kind.prongs
    radius = 0.5 * kind.opening * rng.normal(1.0, 0.15)
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])


def _features(cloud: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sixteen features a particle, all of order one."""
    momentum, eta, phi = cloud.T
    radius = np.hypot(eta, phi)
    log_momentum = np.log(momentum + 1e-4)
    columns = [
        4 * momentum,
        0.25 * log_momentum + 1,
        3 * eta,
        3 * phi,
        3 * radius,
        9 * eta * phi,
        9 * eta**2,
        9 * phi**2,
        12 * momentum * radius,
        12 * momentum * eta,
        12 * momentum * phi,
        np.cumsum(momentum),
        (radius < 0.1) * 1.0,
        (radius < 0.2) * 1.0,
        (momentum > 0.05) * 1.0,
        np.ones_like(momentum),
    ]
    padded = np.zeros((PARTICLES, FEATURES))
    padded[: len(cloud)] = np.column_stack(columns)
    return padded


def _summary(cloud: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sixteen high-level features of a jet: multiplicities, mass-like and shape moments, leading momenta."""
    momentum, eta, phi = cloud.T
    radius = np.hypot(eta, phi)
    distance = np.hypot(eta[:, None] - eta[None, :], phi[:, None] - phi[None, :])
    pairs = momentum[:, None] * momentum[None, :]
    mass = np.sqrt((pairs * distance**2).sum())
    girth, width = (momentum * radius).sum(), (momentum * radius**2).sum()
    correlators = [(pairs * distance**power).sum() for power in (0.5, 1.0, 2.0)]
    leading = np.concatenate([momentum[:4], np.zeros(4)])[:4]
    # Momentum outside the two hardest particles' neighbourhoods: small for one and two prongs.
    first, second = distance[0] < 0.12, distance[min(1, len(cloud) - 1)] < 0.12
    outside = momentum[~(first | second)].sum()
    return np.array(
        [
            len(cloud) / 32,
            5 * mass,
            8 * girth,
            20 * width,
            correlators[0],
            2 * correlators[1],
            8 * correlators[2],
            *(4 * leading),
            outside,
            momentum[first].sum(),
            (radius > 0.2).mean(),
            4 * (momentum**2).sum(),
            np.log(1 + 50 * width),
        ]
    )
