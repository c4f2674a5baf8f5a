"""Compiling an ADF graph and its kernel sources into one program of this computer.

On the array every core has a program of its own, linked from the source of its kernels; the graph is compiled apart from them. Here all is
one program, so each source is a translation unit of its own, kernel templates are instantiated where they are defined, and a global that
several sources define is each one's own.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

from placer.errors import PlacerError

ProgressText = Callable[[str], None]
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
# Kinds that nm gives to definitions which may not occur twice: code, data, zeroed data, constants.
STRONG = frozenset("TDBRGS")


class HostError(PlacerError):
    """The program could not be built, or its run failed; the message holds the compiler's or the program's first words."""

    exit_code = 1


def host_folder() -> Path:
    """Where adf.h and aie_api lie."""
    return Path(str(resources.files("placer.kernels"))) / "host"


class Compilation:
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
        Such a source is compiled once more with those instances; where it knows their types only from the graph, behind the graph.
        """
        graph = self.compile(source)
        missing = self.unresolved(graph)
        found = [k for k in self.sources(graph, missing, source, roots) if k.resolve() != source.resolve()]
        objects = dict(zip(found, self.compile_all(found), strict=True))
        wanted = _instances(missing)
        behind = []
        for path in found:
            named = set(IDENTIFIER.findall(_text(path)))
            own = [i for i in wanted if i.split("<")[0].split("::")[-1] in named]
            if not own:
                continue
            try:
                objects[path] = self.compile(self.unit(f"instances_{path.name}", [path], own))
            except HostError:
                behind.append(path)
        if behind:
            graph = self.compile(self.unit(f"with_templates_{source.name}", [source, *behind], []))
        return self.separate([graph, *(o for k, o in objects.items() if k not in behind)])

    def unit(self, name: str, sources: list[Path], instances: list[str]) -> Path:
        """A source that holds `sources` and instances of their templates."""
        made = self.folder / name
        lines = [f'#include "{path.resolve()}"' for path in sources]
        for number, instance in enumerate(instances):
            if instance.endswith(">"):
                lines.append(f"[[gnu::used]] static const auto adf_host_instance_{number} = &{instance};")
            else:
                lines.append(f"template class {_owner(instance)};")
        made.write_text("\n".join(dict.fromkeys(lines)) + "\n", encoding="utf-8")
        return made

    def separate(self, objects: list[Path]) -> list[Path]:
        """Make what several objects define local to each but the first.

        Cores share no globals, and may use one name for different tables.
        """
        seen: set[str] = set()
        for path in objects:
            listed = self._said("nm", "--defined-only", str(path)).splitlines()
            names = {n for kind, n in (line.split(maxsplit=2)[1:] for line in listed) if kind in STRONG}
            twice = sorted(names & seen)
            seen |= names
            if twice:
                self._said("objcopy", *(f"--localize-symbol={n}" for n in twice), str(path))
        return objects

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
        done = subprocess.run([lister], cwd=source.parent, capture_output=True, text=True, errors="replace", timeout=60, check=False)
        if done.returncode != 0:
            raise HostError(f"{source}: the graph could not be constructed: {first_lines(done.stderr) or f'exit code {done.returncode}'}")
        return tuple(_find(name, roots) for name in dict.fromkeys(done.stdout.split("\n")) if name)

    def _call(self, *arguments: str, what: str) -> None:
        done = subprocess.run([self.gxx, *self.flags, *arguments], capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0:
            raise HostError(f"{what} does not build:\n{first_lines(done.stderr, 30)}")

    def _said(self, *command: str) -> str:
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        except FileNotFoundError as error:
            raise HostError(f"{command[0]} was not found; install the binutils that belong to {self.gxx}") from error
        if done.returncode != 0:
            raise HostError(f"{command[0]} failed: {first_lines(done.stderr)}")
        return done.stdout


def _instances(mangled: tuple[str, ...]) -> list[str]:
    """The instances of templates among these symbols: of functions `name<arguments>`, of members `class<arguments>::name`."""
    if not mangled:
        return []
    names = subprocess.run(["c++filt", *mangled], capture_output=True, text=True, check=False).stdout.splitlines()
    found = []
    for full in names:
        start, depth = 0, 0
        for at, character in enumerate(full):
            depth += (character == "<") - (character == ">")
            if depth == 0 and character == " ":
                # What stands before the name is the type that a function template returns.
                start = at + 1
            if depth == 0 and character == "(":
                found.append(full[start:at])
                break
    return list(dict.fromkeys(i for i in found if "<" in i))


def _owner(member: str) -> str:
    """The class of `class<arguments>::name`."""
    return member[: member.rindex(">") + 1]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _find(name: str, roots: tuple[Path, ...]) -> Path:
    for root in (*roots, Path.cwd()):
        if (root / name).is_file():
            return root / name
    raise HostError(f"kernel source {name} was not found in {', '.join(map(str, roots))}; name its folder with -I")


def first_lines(text: str, count: int = 8) -> str:
    """The first lines of what a program said."""
    lines = text.strip().splitlines()
    return "\n".join([*lines[:count], *(["..."] if len(lines) > count else [])])
