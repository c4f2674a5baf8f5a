"""YAML files as a person writes them: one reader for configs, devices and sweeps, which takes no key twice."""

from __future__ import annotations

from pathlib import Path

import yaml

from placer.errors import InputError


class _Loader(yaml.SafeLoader):
    """A safe loader for which a key that stands twice in one mapping is an error, not a silent choice of the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} is given twice", key.start_mark)
            seen.update([key.value] if isinstance(key, yaml.ScalarNode) else [])
        return super().construct_mapping(node, deep)


def read_yaml(path: Path, what: str) -> dict[str, object] | None:
    """The mapping of keys to values in `path`, None where the file holds something else; `what` names the file in errors.

    Raises InputError.
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise InputError(f"cannot read {what} {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InputError(f"{what} {path} is not YAML: {' '.join(str(error).split())[:200]}") from error
    return values if isinstance(values, dict) else None
