"""Map quantised neural networks onto AMD AI Engine arrays, with proofs."""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from placer.api import solve, sweep

__all__ = ["__version__", "solve", "sweep"]

try:
    __version__ = version("placer")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"


def __getattr__(name: str) -> object:
    """Load the library when it is used: importing it takes half a second, which `placer --version` should not."""
    if name in {"solve", "sweep"}:
        from placer import api  # noqa: PLC0415

        return getattr(api, name)
    raise AttributeError(f"module 'placer' has no attribute {name!r}")
