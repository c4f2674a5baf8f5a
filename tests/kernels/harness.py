"""Builds kernels from their contracts into one program, runs them on given arrays, and compares with the contracts' references."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from placer.codegen.kernel_text import NAMES, call, config_struct, signature
from placer.contracts.contract import Argument, KernelContract, PortKind
from placer.host import emulator
from placer.network import IntArray

HARNESS = Path(__file__).with_name("harness.hpp")
INCLUDE = emulator.host_folder().parent / "include"
LANES = {"acc32": np.int32, "acc64": np.int64}


@dataclass(frozen=True, eq=False)
class Trial:
    """One call: the values of the non-output arguments, flat, in order."""

    inputs: tuple[IntArray, ...]


def source(kernels: tuple[KernelContract, ...], trials: int) -> str:
    """A program that calls each kernel `trials` times in turn."""
    headers = dict.fromkeys(k.header for k in kernels)
    lines = ['#include "harness.hpp"', *(f'#include "placer/{h}"' for h in headers), "using namespace harness;"]
    for i, kernel in enumerate(kernels):
        lines += [config_struct(f"config_{i}", kernel.spec), f"static void {signature(f'kernel_{i}', kernel)} {{"]
        lines += [f"    placer::{call(f'config_{i}', kernel)};", "}", f"static void case_{i}() {{"]
        lines += [f"    {_declare(a)}" for a in kernel.arguments]
        lines.append(f"    kernel_{i}({', '.join(_pass(a) for a in kernel.arguments)});")
        lines += [f"    {NAMES[a.kind]}.done();" for a in kernel.arguments if a.is_output]
        lines.append("}")
    body = "".join(f" case_{i}();" for i in range(len(kernels)))
    return "\n".join([*lines, f"int main() {{ for (int i = 0; i < {trials}; ++i) {{{body} }} }}", ""])


def _declare(a: Argument) -> str:
    match a.port:
        case PortKind.BUFFER:
            return f"{'Output' if a.is_output else 'Input'}<{a.type}> {NAMES[a.kind]}({a.elements});"
        case PortKind.PARAMETER:
            return f"Parameter<{a.type}, {a.elements}> {NAMES[a.kind]};"
        case PortKind.CASCADE:
            return f"Cascade{'Out' if a.is_output else 'In'}<{a.type}> {NAMES[a.kind]}({a.elements});"


def _pass(a: Argument) -> str:
    name = NAMES[a.kind]
    return {PortKind.BUFFER: f"{name}.port", PortKind.PARAMETER: f"{name}.port()", PortKind.CASCADE: f"&{name}.port"}[a.port]


def compiled(text: str, folder: Path, generation: str, *extra: str) -> subprocess.CompletedProcess[str]:
    """g++ on a program of `source`; the executable is folder/kernels."""
    path = folder / "kernels.cpp"
    path.write_text(text)
    flags = [f for f in emulator.cflags(generation) if f != "-O2"]
    command = [emulator.compiler(), *flags, "-O0", *extra, f"-I{HARNESS.parent}", f"-I{INCLUDE}", str(path), "-o", str(folder / "kernels")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def numpy_type(argument: Argument) -> np.dtype[np.signedinteger]:
    """How an argument's elements travel."""
    return np.dtype(LANES.get(argument.type, argument.type))


def mismatches(kernels: tuple[KernelContract, ...], trials: tuple[tuple[Trial, ...], ...], folder: Path, *extra: str) -> list[str]:
    """Build and run; trials[t][k] is call t of kernel k. Returns a line for each call whose result differs from the reference."""
    built = compiled(source(kernels, len(trials)), folder, kernels[0].spec.generation, *extra)
    assert built.returncode == 0, built.stderr
    stimulus = bytearray()
    for trial in trials:
        for kernel, one in zip(kernels, trial, strict=True):
            given = [a for a in kernel.arguments if not a.is_output]
            for argument, value in zip(given, one.inputs, strict=True):
                assert value.size == argument.elements
                stimulus += value.astype(numpy_type(argument)).tobytes()
    ran = subprocess.run([folder / "kernels"], input=bytes(stimulus), capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode() or f"exit code {ran.returncode}"
    at, wrong = 0, []
    for number, trial in enumerate(trials):
        for kernel, one in zip(kernels, trial, strict=True):
            for argument, wanted in zip([a for a in kernel.arguments if a.is_output], kernel.reference(one.inputs), strict=True):
                got = np.frombuffer(ran.stdout, numpy_type(argument), argument.elements, at)
                at += argument.bytes
                if not np.array_equal(got, wanted):
                    wrong.append(f"trial {number}: {kernel.template} of {kernel.spec}: {np.count_nonzero(got != wanted)} differ")
    assert at == len(ran.stdout)
    return wrong
