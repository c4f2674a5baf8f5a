"""A small transformer on particles: attention with a fused product for queries, keys and values, an encoder layer, a classifier."""

from __future__ import annotations

import torch
from torch import nn


class Attention(nn.Module):
    """Multi-head self-attention with one product for queries, keys and values, as timm and nanoGPT write it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, tokens, width = x.shape
        q, k, v = (t.reshape(batch, tokens, self.heads, self.size).transpose(1, 2) for t in self.qkv(x).split(width, dim=-1))
        scores = (q @ k.transpose(-2, -1)) * self.size**-0.5
        return self.out((scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(batch, tokens, width))


class EncoderLayer(nn.Module):
    """A pre-norm transformer encoder layer: attention and an MLP with GELU, each around a residual."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class JetTransformer(nn.Module):
    """Particles embedded, one encoder layer, a mean over particles, a head."""

    def __init__(self, features: int, classes: int, width: int = 32, heads: int = 4, hidden: int = 64) -> None:
        super().__init__()
        self.embed = nn.Linear(features, width)
        self.layer = EncoderLayer(width, heads, hidden)
        self.head = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layer(self.embed(x)).mean(dim=1))
