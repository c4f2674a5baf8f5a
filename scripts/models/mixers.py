"""MLP-Mixers (Tolstikhin et al. 2021): blocks that mix over tokens, then over channels, each after a LayerNorm and around a residual."""

from __future__ import annotations

import torch
from torch import nn


class Block(nn.Module):
    """One mixer block on [batch, tokens, width]."""

    def __init__(self, tokens: int, width: int, token_mlp: int, channel_mlp: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.token1, self.token2 = nn.Linear(tokens, token_mlp), nn.Linear(token_mlp, tokens)
        self.channel1, self.channel2 = nn.Linear(width, channel_mlp), nn.Linear(channel_mlp, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.norm1(x).transpose(1, 2)
        x = x + self.token2(nn.functional.gelu(self.token1(h))).transpose(1, 2)
        return x + self.channel2(nn.functional.gelu(self.channel1(self.norm2(x))))


class Mixer(nn.Module):
    """The classic MLP-Mixer on tokens that are vectors already: a projection, blocks, a LayerNorm, the mean over tokens and a head."""

    def __init__(self, tokens: int, features: int, width: int, token_mlp: int, channel_mlp: int, depth: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Linear(features, width)
        self.blocks = nn.Sequential(*(Block(tokens, width, token_mlp, channel_mlp) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.blocks(self.stem(x))).mean(dim=1))
