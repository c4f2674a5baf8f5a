"""The import rules of docs/architecture.md, held by walking every import in the source."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLACER, CODEGEN = ROOT / "placer", ROOT / "codegen"
SOLVER_LIBRARIES = ("ortools", "pysat")
MAY_SOLVE = (PLACER / "model", PLACER / "solvers")
MAY_EMIT = (PLACER / "pipeline" / "stages.py", PLACER / "host" / "run.py")


@dataclass(frozen=True)
class Import:
    """One imported module and the file that imports it."""

    file: Path
    module: str

    def within(self, *packages: str) -> bool:
        """Whether the module is one of `packages` or inside one."""
        return any(self.module == p or self.module.startswith(f"{p}.") for p in packages)


def imports(folder: Path) -> tuple[Import, ...]:
    """Every import below `folder`, also those inside functions; `from a import b` counts as a and as a.b."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found += [Import(file, a.name) for a in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}: relative imports hide what they reach"
                found += [Import(file, node.module or ""), *(Import(file, f"{node.module}.{a.name}") for a in node.names)]
    return tuple(found)


EVERY = (*imports(PLACER), *imports(CODEGEN))


def test_the_walk_sees_imports() -> None:
    """It finds those that are known to be there, so that the rules below can fail."""
    modules = {(i.file.name, i.module) for i in EVERY}
    assert ("cpsat.py", "ortools.sat.python") in modules or any(i.within("ortools") for i in EVERY)
    assert ("stages.py", "placer.codegen.emit") in modules
    assert ("one_pipeline.py", "placer.solvers.cpsat") in modules


def test_only_models_and_solvers_know_a_solver_library() -> None:
    """Everything else works on plain data."""
    assert [i for i in EVERY if i.within(*SOLVER_LIBRARIES) and not any(i.file.is_relative_to(f) for f in MAY_SOLVE)] == []


def test_only_the_pipeline_knows_the_emitter() -> None:
    """The emitter stands on placer, not the other way round."""
    assert [i for i in imports(PLACER) if i.within("placer.codegen") and i.file not in MAY_EMIT] == []


def test_the_verifier_is_independent() -> None:
    """It recomputes everything from mapping, device and network: nothing that proposes or solves, and no file of theirs through another."""
    names = ("problem", "model", "solvers", "pipeline")
    forbidden = tuple(f"placer.{name}" for name in names)
    seen: set[str] = set()
    waiting = [f"placer.verify.{f.stem}" for f in (PLACER / "verify").glob("*.py")]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        # `from placer import x` is an import of x; that the package offers more is true of every import.
        waiting += [
            i.module for i in EVERY if _module(i.file) == module and i.within("placer") and i.module != "placer" and _is_module(i.module)
        ]
    assert "placer.mapping" in seen
    assert sorted(m for m in seen if any(m == f or m.startswith(f"{f}.") for f in forbidden)) == []


def _module(file: Path) -> str:
    parts = ("placer", "codegen", *file.relative_to(CODEGEN).parts) if file.is_relative_to(CODEGEN) else file.relative_to(ROOT).parts
    return ".".join(parts).removesuffix(".py").removesuffix(".__init__")


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@pytest.mark.parametrize("folder", [PLACER, CODEGEN], ids=lambda f: f.name)
def test_files_stay_readable(folder: Path) -> None:
    """Under 400 lines each."""
    assert [f.name for f in folder.rglob("*.py") if len(f.read_text(encoding="utf-8").splitlines()) > 400] == []
