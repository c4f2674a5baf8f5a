"""Map quantised neural networks onto AMD AI Engine arrays, with proofs."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("placer")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"
