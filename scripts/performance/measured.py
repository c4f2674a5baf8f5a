"""Mappings of shipped networks, solved, verified and simulated anew."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from placer.config import Settings, load_settings
from placer.device import Device
from placer.mapping import Mapping
from placer.pipeline.stages import Stage, run
from placer.simulation.profile import Profile, profiled

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
NETWORKS = {"jet tagger": "jet_tagger", "jet MLP-Mixer": "mlpmixer", "autoencoder": "autoencoder"}
STACK = {"7 x 512x512": "mlp7x512"}


@dataclass(frozen=True)
class Measured:
    """A verified mapping with its simulation."""

    mapping: Mapping
    profile: Profile
    device: Device

    @property
    def latency_ns(self) -> float:
        """Of a run in steady state."""
        return self.profile.steady_latency * 1e3 / self.device.clock_mhz

    @property
    def million_inferences(self) -> float:
        """A second."""
        return self.profile.inferences_per_second(self.device) / 1e6

    def set_by(self) -> str:
        """What sets the pace, as `placer profile` says it."""
        return self.profile.bottleneck.sentence(self.profile.interval)


def measured(settings: Settings) -> Measured:
    """Solve, verify and simulate.

    Raises InfeasibleError.
    """
    outcome = run(settings, Stage.VERIFY, lambda _: None)
    assert outcome.mapping is not None, "a run up to the verification has a mapping"
    device = outcome.imported.device
    return Measured(outcome.mapping, profiled(outcome.mapping, device), device)


def settings_of(name: str, **changes: object) -> Settings:
    """Those of a shipped config, with changes."""
    return load_settings(CONFIGS / f"{name}.yaml").overridden(output=Path(tempfile.gettempdir()) / "bench", **changes)
