"""The command line: every command of placer.commands, and what happens to an error."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from placer import __version__
from placer.commands.devices import devices
from placer.commands.diff import diff
from placer.commands.explain import explain_command
from placer.commands.fit import fit_command
from placer.commands.host import host
from placer.commands.inspect import inspect
from placer.commands.place import place_instances
from placer.commands.profile import profile
from placer.commands.report import report
from placer.commands.run import run
from placer.commands.solve import solve
from placer.commands.sweep import sweep
from placer.commands.verify import verify
from placer.errors import PlacerError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Map quantised neural networks onto AMD AI Engine arrays, with proofs.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"placer {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    pass


for command in (solve, inspect, verify, profile, report, diff, sweep, run, host, devices):
    app.command()(command)
app.command("place")(place_instances)
app.command(name="explain")(explain_command)
app.command(name="fit")(fit_command)


def main() -> None:
    """Run the command line; errors of the user's making are one sentence and an exit code."""
    try:
        app(standalone_mode=True)
    except PlacerError as error:
        Console(stderr=True).print(Text(f"placer: {error}"), soft_wrap=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output left; say nothing, as other tools do.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
