"""What a sweep leaves in its folder beside the store: tables and pictures, made anew from the results each time."""

from __future__ import annotations

from pathlib import Path

from placer.errors import MissingExtraError
from placer.output import write_file
from placer.sweeps.plots import pictures
from placer.sweeps.run import SweepResult
from placer.sweeps.table import to_csv, to_parquet

CSV, PARQUET = "results.csv", "results.parquet"


def write_results(result: SweepResult, folder: Path) -> tuple[str, ...]:
    """Write results.csv, results.parquet and the pictures; what is left undone for want of an extra comes back as sentences.

    Raises InputError when the folder cannot be written.
    """
    write_file(folder / CSV, to_csv(result))
    missing = []
    try:
        write_file(folder / PARQUET, to_parquet(result))
    except MissingExtraError as error:
        missing.append(str(error))
    try:
        for picture in pictures(result):
            write_file(folder / picture.name, picture.data)
    except MissingExtraError as error:
        missing.append(str(error))
    return tuple(missing)
