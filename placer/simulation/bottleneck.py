"""What sets the pace of a pipeline: what never rests, or a loop of waits through buffers that hold too few runs. Modelled."""

from __future__ import annotations

from dataclasses import dataclass

from placer.simulation.simulate import Kind, Precedence, Simulation

# Part of the interval from which on something counts as never resting; the interval itself is a mean over half of the runs.
NEVER_RESTS = 0.999


@dataclass(frozen=True)
class Workers:
    """What never rests: all that one kind does for these layers, by name."""

    kind: Kind
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Loop:
    """Work of these layers that waits for each other in turn: once around takes `cycles`, and at most `runs` runs are in it at once."""

    layers: tuple[str, ...]
    cycles: int
    runs: int


@dataclass(frozen=True)
class Bottleneck:
    """What sets the pace: what works all the time, or, where everything rests, a loop of waits (None: nothing waits)."""

    working: tuple[Workers, ...]
    loop: Loop | None

    def sentence(self, interval: float) -> str:
        """In words, after "set by"."""
        if self.working:
            parts = [f"{w.kind.value} of {_listed(w.layers)}" for w in self.working]
            return f"{' and '.join(parts)}, which work all of its {interval:.4g} cycles"
        if self.loop is None:
            return "nothing: nothing waits"
        runs = "one run" if self.loop.runs == 1 else f"{self.loop.runs} runs"
        return f"a loop of waits through {_listed(self.loop.layers)}: {self.loop.cycles} cycles, and buffers for {runs}"


def bottleneck(simulation: Simulation) -> Bottleneck:
    """What sets the pace in the second half of the runs."""
    working: dict[Kind, dict[str, None]] = {}
    for activity in simulation.graph.activities:
        if activity.busy >= NEVER_RESTS * simulation.interval:
            working.setdefault(activity.kind, {})[activity.layer] = None
    return Bottleneck(tuple(Workers(kind, tuple(layers)) for kind, layers in working.items()), _loop(simulation))


def _loop(simulation: Simulation) -> Loop | None:
    """The longest loop of waits, a run, behind the last output in the second half of the runs: what held each start."""
    run = len(simulation.starts) - 1
    number = max(simulation.graph.outputs, key=lambda o: simulation.starts[run][o[0]] + o[1])[0]
    passed: list[Precedence] = []
    seen: dict[int, int] = {}
    longest: list[Precedence] = []
    while run > len(simulation.starts) // 2 and (held := simulation.held[run][number]) is not None:
        seen[number] = len(passed)
        passed.append(held)
        number, run = held.source, run - held.runs
        if number in seen:
            loop = passed[seen[number] :]
            longest = loop if not longest or _pace(loop) > _pace(longest) else longest
            del passed[seen[number] :]
            seen = {n: at for n, at in seen.items() if at < len(passed)}
    if not longest:
        return None
    loop = longest[::-1]
    # In the order of the work, from the layer that comes first in the network.
    first = min(range(len(loop)), key=lambda i: loop[i].source)
    layers = dict.fromkeys(simulation.graph.activities[p.source].layer for p in loop[first:] + loop[:first])
    return Loop(tuple(layers), sum(p.cycles for p in loop), sum(p.runs for p in loop))


def _pace(loop: list[Precedence]) -> float:
    """Cycles a run of a loop."""
    return sum(p.cycles for p in loop) / sum(p.runs for p in loop)


def _listed(names: tuple[str, ...]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
