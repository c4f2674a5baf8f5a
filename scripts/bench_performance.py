"""The tables of docs/performance.md, all modelled.

    python -m scripts.bench_performance goals --device VEK385
    python -m scripts.bench_performance goals --device VEK385 --write     # into the document, where its marker has these arguments
    python -m scripts.bench_performance document                          # renew every table of the document

kernels     one kernel call against published figures
rules       published design rules for eight rows
agreement   the interval of every shipped config: the solver's, the stated, the simulated
relays      the MLP-Mixer with and without copying layers
goals       what each goal gives each network
scaling     a dense layer grown over the array
reference   the reference system's splits against ours

Every mapping is solved, verified and simulated anew; a table goes to stdout, its rows as they come.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator

from placer.device import find_device
from scripts.performance.agreement import agreement, relays
from scripts.performance.document import DOCUMENT, commands, replaced
from scripts.performance.goals import goals
from scripts.performance.kernels import kernels
from scripts.performance.reference import reference
from scripts.performance.rules import rules
from scripts.performance.scaling import scaling


def parser() -> argparse.ArgumentParser:
    """The command line, which a marker of the document holds too."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("table", choices=("kernels", "rules", "agreement", "relays", "goals", "scaling", "reference", "document"))
    made.add_argument("--device", default="VEK280")
    made.add_argument("--clock", type=float, help="array clock in MHz")
    made.add_argument("--network", help="of `goals`: one config by its name")
    made.add_argument("--write", action="store_true", help="into docs/performance.md")
    return made


def table(told: argparse.Namespace) -> Iterator[str]:
    """The rows of a table, then what they hold for."""
    clock = told.clock or find_device(told.device).clock_mhz
    yield from {
        "kernels": kernels,
        "rules": rules,
        "agreement": agreement,
        "relays": relays,
        "goals": lambda: goals(told.device, told.clock, told.network),
        "scaling": lambda: scaling(told.device),
        "reference": lambda: reference(told.device),
    }[told.table]()
    yield ""
    yield f"{told.device} at {clock / 1000:g} GHz, {datetime.datetime.now(datetime.UTC).date()}, modelled."


def made(command: str, write: bool) -> None:
    """Print the table of some arguments; `write`: and put it in its place."""
    lines = []
    for line in table(parser().parse_args(command.split())):
        print(line, flush=True)
        lines.append(line)
    if write:
        DOCUMENT.write_text(replaced(DOCUMENT.read_text(encoding="utf-8"), command, lines), encoding="utf-8")


def main() -> None:
    """Print tables, or renew those of the document."""
    told = parser().parse_args()
    if told.table == "document":
        for command in commands(DOCUMENT.read_text(encoding="utf-8")):
            print(f"\n{command}\n")
            made(command, True)
        return
    words = [told.table]
    for name in ("device", "clock", "network"):
        value = getattr(told, name)
        if value != parser().get_default(name):
            words += [f"--{name}", f"{value:g}" if name == "clock" else str(value)]
    made(" ".join(words), told.write)


if __name__ == "__main__":
    main()
