"""The emitted project: its text, that it is C++, and that it needs nothing of ours."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from placer.host import emulator
from tests.codegen.golden import FOLDER, TEXTS, emitted


@cache
def project() -> dict[str, str]:
    """The tiny project, emitted once."""
    return emitted()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The tiny project on disk."""
    for name, text in project().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", TEXTS)
def test_golden_text(name: str) -> None:
    """Any change of what is emitted is seen in review."""
    assert project()[name] == (FOLDER / name.replace("/", "_")).read_text()


def test_emitting_twice_is_the_same() -> None:
    """Two solves of one config, byte for byte."""
    assert emitted() == project()


def complaints(folder: Path, standard: str) -> list[str]:
    """What g++ says of the project's own graph code at a language standard.

    The host's headers are C++20, and their own complaints below it are not counted.
    """
    flags = [f for f in emulator.cflags("aie-ml") if not f.startswith("-std=")]
    command = ["g++", f"-std={standard}", "-fconcepts", "-Wall", "-Wextra", "-Wpedantic", "-fsyntax-only", *flags, "-I.", "graph.cpp"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return re.findall(r"^(?:graph|placement|config|kernels|weights)\S*:\d+:\d+: (?:error|warning): .*", ran.stderr, re.MULTILINE)


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_the_graph_is_cxx17(folder: Path) -> None:
    """Graph code is C++17 without a warning, as the vendor's graph front end wants it; a C++20 construct would be seen."""
    assert complaints(folder, "c++17") == []
    assert complaints(folder, "c++20") == []
    graph = folder / "graph.hpp"
    graph.write_text(graph.read_text() + "\nconst adf::tiling_parameters later{.offset = {1}};\n")
    assert any("designated" in c for c in complaints(folder, "c++17"))


def test_every_included_file_is_there() -> None:
    """Copied elsewhere, the project needs nothing of ours: quoted includes are its own files, or the vendor's."""
    files = {**project(), "aie_api/aie.hpp": "", "aie_api/aie_adf.hpp": ""}
    for name, text in files.items():
        for included in re.findall(r'#include "([^"]+)"', text):
            beside = str(Path(name).parent / included)
            assert included in files or beside in files, f"{name} includes {included}"


def test_every_kernel_source_is_there() -> None:
    """And so are the kernels that the graph names."""
    sources = re.findall(r'"(kernels/[^"]+\.cc)"', "".join(project().values()))
    assert sources
    assert set(sources) <= set(project())


def test_ports_take_pairs_of_channels() -> None:
    """The shim's channels are 64 bits wide: a port of 128 stands on the first of two, within the column's eight in and six out."""
    places = re.findall(r"adf::location<adf::PLIO>\((\w+)_(in|out)\[\d+\]\) = adf::shim\(\d+, (\d+)\)", project()["graph.hpp"])
    assert {way for _, way, _ in places} == {"in", "out"}
    assert len({int(channel) for _, _, channel in places}) > 1
    assert all(int(channel) % 2 == 0 and int(channel) < (8 if way == "in" else 6) for _, way, channel in places)
