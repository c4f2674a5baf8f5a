"""The module that the examples quantise: a classifier on 16 numbers. Replace it, and `samples`, by your own."""

from __future__ import annotations

import torch
from torch import nn


def module() -> nn.Sequential:
    """16-64-32-32-5 with ReLU, random weights from seed 0; in practice, a trained network."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 5)).eval()


def samples(count: int) -> torch.Tensor:
    """Inputs that calibrate the scales [count, 16]; in practice, some of the training data."""
    return torch.randn(count, 16, generator=torch.Generator().manual_seed(1))
