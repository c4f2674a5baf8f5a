"""Mappings of shipped networks, solved, verified and simulated anew."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from placer.config import Settings, load_settings
from placer.device import Device
from placer.mapping import Mapping
from placer.pipeline.stages import Stage, run
from placer.simulation.profile import Profile, profiled, steady

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
        """What sets the pace: a kernel or stream that never rests, or double buffers that work waits for in turn."""
        simulation = steady(self.mapping, self.device)
        critical, activities = simulation.critical(), simulation.graph.activities
        if not critical:
            return "nothing waits"
        first = activities[critical[0][0]]
        if critical[0][1] > 0.95:
            return f"{first.kind.value} of `{first.layer}`, {first.busy} cycles"
        layers = dict.fromkeys(activities[a].layer for a, part in critical[:3] if part > 0.05)
        return f"double buffers around {' and '.join(f'`{layer}`' for layer in layers)}"


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
