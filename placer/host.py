"""Building and running ADF graphs on this computer: g++ against kernels/host, cached by content. docs/host.md is the user's side."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from placer.errors import InputError, PlacerError

ProgressText = Callable[[str], None]

CODE = frozenset({".h", ".hh", ".hpp", ".c", ".cc", ".cpp", ".cxx", ".inc", ".inl"})
# A folder with more files than this is no project; its content is then not looked at, and nothing is cached.
MANY_FILES = 5000
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
ARCHITECTURE = {"aie-ml": 20, "aie-mlv2": 22}


class HostError(PlacerError):
    """The program could not be built, or its run failed; the message holds the compiler's or the program's first words."""

    exit_code = 1


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


def host_folder() -> Path:
    """Where adf.h and aie_api lie."""
    return Path(str(resources.files("placer.kernels"))) / "host"


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
    roots = tuple(dict.fromkeys(p.resolve() for p in (source.parent, *include)))
    gxx = compiler()
    flags = (*cflags(generation), *extra)
    started = time.perf_counter()
    folder = _cache_folder(_key(gxx, flags, source, roots))
    if (folder / "run").exists():
        return Program(folder / "run", 0.0)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        work = _Compilation(gxx, (*flags, *(f"-I{r}" for r in roots)), Path(scratch), progress)
        objects = work.discover(source, roots) if kernels is None else work.compile_all([source, *kernels])
        work.link(objects, Path(scratch) / "run")
        (Path(scratch) / "run").replace(folder / "run")
    return Program(folder / "run", time.perf_counter() - started)


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


def run_attached(program: Program, folder: Path) -> int:
    """Run a program in `folder` with this process's standard streams. Returns its exit code, 128 + n for signal n."""
    code = subprocess.run([program.executable], cwd=folder, check=False).returncode
    return code if code >= 0 else 128 - code


class _Compilation:
    """One build: compiler, flags and a folder for its objects."""

    def __init__(self, gxx: str, flags: tuple[str, ...], folder: Path, progress: ProgressText) -> None:
        self.gxx, self.flags, self.folder, self.progress = gxx, flags, folder, progress

    def precompile(self) -> None:
        """Parse the host's headers once for all sources; without -D of its own, a project sees the same either way."""
        header = self.folder / "adf.h"
        header.write_text(f'#include "{host_folder()}/adf.h"\n#include "{host_folder()}/aie_api/aie.hpp"\n', encoding="utf-8")
        self.progress("compiling adf.h")
        self._call("-x", "c++-header", str(header), "-o", f"{header}.gch", what="adf.h")
        self.flags = (f"-I{self.folder}", *self.flags)

    def compile_all(self, sources: list[Path]) -> list[Path]:
        """Objects of `sources`, in parallel."""
        if len(sources) > 2:
            self.precompile()
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return list(pool.map(self.compile, sources))

    def compile(self, source: Path) -> Path:
        """The object of one source; each source is a translation unit of its own, as on the array."""
        self.progress(f"compiling {source.name}")
        target = self.folder / f"{hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:16]}.o"
        self._call("-c", str(source), "-o", str(target), what=str(source))
        return target

    def discover(self, source: Path, roots: tuple[Path, ...]) -> list[Path]:
        """Objects of a graph and of the kernel sources that it names.

        A kernel template may be defined in a source that never learns its arguments: the vendor's compiler instantiates it for each core.
        Such sources are compiled once more behind the graph, in one unit with it, where the templates are instantiated.
        """
        graph = self.compile(source)
        missing = self.unresolved(graph)
        found = [k for k in self.sources(graph, missing, source, roots) if k.resolve() != source.resolve()]
        objects = dict(zip(found, self.compile_all(found), strict=True))
        wanted = _template_names(missing)
        templates = [k for k in found if wanted & set(IDENTIFIER.findall(k.read_text(encoding="utf-8", errors="replace")))]
        if not templates:
            return [graph, *objects.values()]
        together = self.folder / f"with_templates_{source.name}"
        together.write_text("".join(f'#include "{path.resolve()}"\n' for path in (source, *templates)), encoding="utf-8")
        return [self.compile(together), *(o for k, o in objects.items() if k not in templates)]

    def link(self, objects: list[Path], target: Path, *more: str) -> None:
        self.progress("linking")
        self._call(*map(str, objects), "-o", str(target), *more, what="the program")

    def unresolved(self, graph: Path) -> tuple[str, ...]:
        """Mangled names that the graph leaves to its kernel sources."""
        command = (self.gxx, *self.flags, str(graph), "-o", str(self.folder / "unresolved"), "-Wl,--no-demangle,--warn-unresolved-symbols")
        said = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False).stderr
        return tuple(dict.fromkeys(re.findall(r"undefined reference to `([^']+)'", said)))

    def sources(self, graph: Path, missing: tuple[str, ...], source: Path, roots: tuple[Path, ...]) -> tuple[Path, ...]:
        """The kernel sources that global graphs name: their constructors run in a program whose kernels are stubs and whose main lists."""
        stubs = self.folder / "stubs.s"
        labels = "".join(f'.globl "{name}"\n"{name}":\n' for name in missing)
        stubs.write_text(f"{labels}ud2\n.globl __wrap_main\n__wrap_main: jmp adf_host_list_sources\n", encoding="ascii")
        lister = self.folder / "list"
        self.link([graph, stubs], lister, "-Wl,--wrap=main")
        done = run(Program(lister, 0.0), source.parent, timeout=60)
        if done.code != 0:
            raise HostError(f"{source}: the graph could not be constructed: {_first_lines(done.err) or f'exit code {done.code}'}")
        return tuple(_find(name, roots) for name in dict.fromkeys(done.out.split("\n")) if name)

    def _call(self, *arguments: str, what: str) -> None:
        done = subprocess.run([self.gxx, *self.flags, *arguments], capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0:
            raise HostError(f"{what} does not build:\n{_first_lines(done.stderr, 30)}")


def _template_names(mangled: tuple[str, ...]) -> set[str]:
    """Names of the templates, and of the classes around them, that these symbols are instances of."""
    if not mangled:
        return set()
    names = subprocess.run(["c++filt", *mangled], capture_output=True, text=True, check=False).stdout.splitlines()
    return {name for full in names for name in re.findall(r"(\w+)<", full.split("(")[0])}


def _find(name: str, roots: tuple[Path, ...]) -> Path:
    for root in (*roots, Path.cwd()):
        if (root / name).is_file():
            return root / name
    raise HostError(f"kernel source {name} was not found in {', '.join(map(str, roots))}; name its folder with -I")


def _first_lines(text: str, count: int = 8) -> str:
    lines = text.strip().splitlines()
    return "\n".join([*lines[:count], *(["..."] if len(lines) > count else [])])


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
