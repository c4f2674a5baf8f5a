"""Building and running ADF graphs on this computer: g++ against kernels/host, cached by content. docs/host.md is the user's side."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from placer.device import Device
from placer.errors import InputError
from placer.host.compile import Compilation, HostError, ProgressText, host_folder

# How a source that is compiled by itself is called.
SOURCES = (".cpp", ".cc", ".cxx", ".c++", ".C")
CODE = frozenset({".h", ".hh", ".hpp", ".c", ".cc", ".cpp", ".cxx", ".inc", ".inl"})
# A folder with more files than this is no project; its content is then not looked at, and nothing is cached.
MANY_FILES = 5000
ARCHITECTURE = {"aie-ml": 20, "aie-mlv2": 22}


class NoCompilerError(HostError):
    """There is no C++ compiler."""


@dataclass(frozen=True)
class Program:
    """A built graph. seconds: time the build took, 0 where an earlier one was found."""

    executable: Path
    seconds: float


@dataclass(frozen=True)
class Finished:
    """A program that ended: what it printed and how long it took (seconds of wall clock)."""

    code: int
    out: str
    err: str
    seconds: float


def cflags(generation: str = "aie-ml") -> tuple[str, ...]:
    """Compiler flags with which an ADF project builds against the host; the linker takes the same.

    generation: "aie-ml" or "aie-mlv2".
    """
    arch = f"-D__AIE_ARCH__={ARCHITECTURE[generation]}"
    # -rdynamic: errors name graphs and kernels as the program does. Unknown pragmas and attributes are the vendor's.
    quiet = ("-Wno-unknown-pragmas", "-Wno-attributes")
    return ("-std=c++20", "-O2", "-march=native", "-D__X86SIM__", arch, "-rdynamic", "-pthread", *quiet, f"-I{host_folder()}")


def compiler() -> str:
    """The C++ compiler: $CXX, or g++.

    Raises NoCompilerError when there is none.
    """
    wanted = os.environ.get("CXX") or "g++"
    found = shutil.which(wanted)
    if found is None:
        raise NoCompilerError(f"no C++ compiler: {wanted} was not found; install g++ 11 or later, or name one in CXX")
    return found


def build(
    source: Path,
    include: tuple[Path, ...],
    kernels: tuple[Path, ...] | None,
    progress: ProgressText = lambda _: None,
    generation: str = "aie-ml",
    extra: tuple[str, ...] = (),
) -> Program:
    """Build the graph in `source` with its kernel sources (None: those that adf::source() names).

    include: folders searched for headers and kernel sources, besides the graph's own. extra: further flags. Raises HostError.
    """
    if not source.is_file():
        raise InputError(f"cannot read {source}: no such file")
    if source.suffix not in SOURCES:
        raise InputError(f"{source} is no C++ source: its name must end in {', '.join(SOURCES)}")
    roots = tuple(dict.fromkeys(p.resolve() for p in (source.parent, *include)))
    gxx = compiler()
    flags = (*cflags(generation), *extra)
    started = time.perf_counter()
    folder = _cache_folder(_key(gxx, flags, source, roots))
    if (folder / "run").exists():
        return Program(folder / "run", 0.0)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        work = Compilation(gxx, (*flags, *(f"-I{r}" for r in roots)), Path(scratch), progress)
        objects = work.discover(source, roots) if kernels is None else work.compile_all([source, *kernels])
        work.link(objects, Path(scratch) / "run")
        (Path(scratch) / "run").replace(folder / "run")
    return Program(folder / "run", time.perf_counter() - started)


def array_environment(device: Device) -> dict[str, str]:
    """What tells a program the array that its graph is for, so that places outside it are refused."""
    columns = ",".join(map(str, device.plio.columns))
    return {"ADF_HOST_ARRAY": f"{device.columns}x{device.rows}x{device.memory_rows}", "ADF_HOST_PL": columns}


def run(
    program: Program,
    folder: Path,
    environment: dict[str, str] | None = None,
    timeout: float | None = None,
    arguments: tuple[str, ...] = (),
) -> Finished:
    """Run a program in `folder`, with these environment variables besides ours.

    Raises HostError when it does not end in time (seconds).
    """
    started = time.perf_counter()
    try:
        done = subprocess.run(
            [program.executable, *arguments],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise HostError(f"the program did not end within {timeout:g} s") from error
    return Finished(done.returncode, done.stdout, done.stderr, time.perf_counter() - started)


def run_attached(program: Program, folder: Path, environment: dict[str, str]) -> int:
    """Run a program in `folder` with this process's standard streams and these environment variables besides ours. Returns its exit code,
    128 + n for signal n.
    """
    code = subprocess.run([program.executable], cwd=folder, env={**os.environ, **environment}, check=False).returncode
    return code if code >= 0 else 128 - code


def _key(gxx: str, flags: tuple[str, ...], source: Path, roots: tuple[Path, ...]) -> str | None:
    """A hash of all that the program depends on; None where that is too much to read."""
    version = subprocess.run([gxx, "--version"], capture_output=True, text=True, check=False).stdout
    digest = hashlib.sha256("\0".join((version, sys.platform, *flags, source.name)).encode())
    for root in (host_folder(), *roots):
        files = _code_below(root)
        if files is None:
            return None
        for file in files:
            digest.update(f"{file.relative_to(root)}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def _code_below(root: Path) -> list[Path] | None:
    """Source files and headers below `root`, sorted; None if it holds more than any project does."""
    found: list[Path] = []
    seen = 0
    for folder, _, names in os.walk(root):
        seen += 1 + len(names)
        found += [Path(folder) / n for n in names if Path(n).suffix in CODE]
        if seen > MANY_FILES:
            return None
    return sorted(f for f in found if f.is_file())


def _cache_folder(key: str | None) -> Path:
    """A folder for the build of this key; one that nobody else knows where there is no key, or no cache can be written."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "placer" / "host"
    try:
        if key is not None:
            (base / key).mkdir(parents=True, exist_ok=True)
            return base / key
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="placer-host-"))
