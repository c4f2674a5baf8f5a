"""Config files: what they mean, and one sentence for everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from placer.config import Settings, load_settings
from placer.errors import InputError
from placer.problem.goals import BATCHES, Goal, Required, Scale
from placer.problem.problem import Level

ROOT = Path(__file__).resolve().parents[1]


def written(folder: Path, text: str) -> Path:
    """A config file with this text."""
    path = folder / "net.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    """The sentence with which a config is refused."""
    with pytest.raises(InputError) as caught:
        load_settings(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_defaults(tmp_path: Path) -> None:
    """Only the network must be given; it lies beside the config, the output in the working directory."""
    settings = load_settings(written(tmp_path, "network: sub/m.onnx\n"))
    assert settings.network == tmp_path / "sub" / "m.onnx"
    assert settings.output == Path("out/net")
    assert (settings.device, settings.batch, settings.seed, settings.seconds) == ("VEK280", None, 0, None)


def test_everything_can_be_set(tmp_path: Path) -> None:
    """Each key arrives."""
    text = (
        "network: /m.onnx\ndevice: VE2302\ncolumns: 9\nrows: 2\nbatch: 4\nobjective: [latency, tiles]\nrow_weight: 0.5\nwork: 1.5\n"
        "seconds: 3\nworkers: 2\nseed: 7\noutput: /tmp/x\niterations: 2\n"
    )
    settings = load_settings(written(tmp_path, text))
    assert settings == Settings(
        network=Path("/m.onnx"), device="VE2302", columns=9, rows=2, batch=4, objective=(Level.LATENCY, Level.TILES), row_weight=0.5,
        work=1.5, seconds=3.0, workers=2, seed=7, output=Path("/tmp/x"), iterations=2,
    )  # fmt: skip


def test_a_device_file_lies_beside_the_config(tmp_path: Path) -> None:
    """As the network does; a device name is left alone."""
    assert load_settings(written(tmp_path, "network: m.onnx\ndevice: mine.yaml\n")).device == str(tmp_path / "mine.yaml")


@pytest.mark.parametrize("name", ["m.onnx", "m.ONNX"])
def test_a_model_alone(tmp_path: Path, name: str) -> None:
    """An ONNX file stands for itself with default settings; it is read later."""
    settings = load_settings(tmp_path / name)
    assert settings.network == tmp_path / name
    assert settings.output == Path("out/m")


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_configs(path: Path) -> None:
    """They are valid and their networks are there."""
    assert load_settings(path).network.is_file()


def test_overrides(tmp_path: Path) -> None:
    """What is given wins, None does not, and the result is validated again."""
    settings = load_settings(written(tmp_path, "network: m.onnx\nbatch: 4\nseed: 3\n"))
    changed = settings.overridden(batch=8, seed=None, objective=("tiles",))
    assert (changed.batch, changed.seed, changed.objective) == (8, 3, (Level.TILES,))
    with pytest.raises(InputError, match=r"^command line: batch: 0 is not allowed: input should be greater than or equal to 1$"):
        settings.overridden(batch=0)


def test_a_goal_is_an_objective(tmp_path: Path) -> None:
    """It sets the levels, also over a config's; a later objective replaces it."""
    settings = load_settings(written(tmp_path, "network: m.onnx\ngoal: latency\nrequired: {rate_mhz: 40}\n"))
    assert (settings.goal, settings.objective[0], settings.required) == (Goal.LATENCY, Level.LATENCY, Required(rate_mhz=40))
    assert settings.overridden(batch=2).objective == Goal.LATENCY.levels
    assert settings.overridden(goal="area").objective == Goal.AREA.levels
    changed = settings.overridden(objective=("tiles",))
    assert (changed.goal, changed.objective) == (None, (Level.TILES,))
    plain = load_settings(written(tmp_path, "network: m.onnx\nobjective: [tiles]\n"))
    assert plain.overridden(goal="throughput").objective == Goal.THROUGHPUT.levels


def test_a_key_given_twice(tmp_path: Path) -> None:
    """Is not the last one's silently, at any depth."""
    path = written(tmp_path, "network: m.onnx\nbatch: 1\nbatch: 2\n")
    assert refusal(path).startswith(f"config {path} is not YAML: key 'batch' is given twice")
    path = written(tmp_path, "network: m.onnx\nsplits: {d0: {channels: 1, channels: 2}}\n")
    assert "key 'channels' is given twice" in refusal(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bacth: 3", "unknown key 'bacth' (did you mean 'batch'?); known keys: network, device,"),
        ("xyzzy: 3", "unknown key 'xyzzy'; known keys: network"),
        ("batch: many", "batch: 'many' is not allowed: input should be a valid integer"),
        ("batch: 0", "batch: 0 is not allowed: input should be greater than or equal to 1"),
        ("batch: 1.5", "batch: 1.5 is not allowed"),
        ("rows: -1", "rows: -1 is not allowed"),
        ("work: .nan", "work: nan is not allowed: input should be a finite number"),
        ("work: .inf", "work: inf is not allowed: input should be a finite number"),
        ("seconds: 0", "seconds: 0 is not allowed: input should be greater than 0"),
        ("seed: -1", "seed: -1 is not allowed"),
        ("workers: 0", "workers: 0 is not allowed"),
        ("device: 5", "device: 5 is not allowed: input should be a valid string"),
        ("output: [a]", "output: ['a'] is not allowed: a path is expected"),
        ('output: "a\\0b"', "output: a path cannot hold the character NUL"),
        ("objective: [intervall]", "objective: 'intervall' is not an objective (did you mean 'interval'?); known: interval, latency,"),
        ("objective: interval", "objective: 'interval' is not allowed: input should be a valid list"),
        ("objective: []", "objective: [] is not allowed: list should have at least 1 item"),
        ("objective: [tiles, latency, tiles]", "objective: level 'tiles' is listed twice"),
        ("batch: yes", "batch: 'true' is not allowed: no key takes a truth value"),
        ("splits: {d0: {channels: on}}", "splits: 'true' is not allowed"),
        ("objective: [tiles, off]", "objective: 'false' is not allowed"),
        ('output: ""', "output: a path cannot be empty"),
        ("1: 2", "keys should be strings"),
        ("goal: speed", "goal: 'speed' is not a goal; known: throughput, latency, area"),
        ("goal: latncy", "goal: 'latncy' is not a goal (did you mean 'latency'?)"),
        ("goal: area\nobjective: [tiles]", "a goal is an objective; state one of the keys 'goal' and 'objective'"),
        ("required: {latnecy: 3}", "required: unknown key 'latnecy' (did you mean 'latency'?); known keys: interval, latency, tiles,"),
        ("required: {tiles: 0}", "required.tiles: 0 is not allowed: input should be greater than or equal to 1"),
        ("required: {rate_mhz: .inf}", "required.rate_mhz: inf is not allowed"),
        ("required: 5", "required: 5 is not allowed"),
        ("splits: {d0: {contractoin: 2}}", "splits: unknown key 'contractoin' (did you mean 'contraction'?); known keys: contraction,"),
        ("splits: {d0: {channels: 0}}", "splits.d0.channels: 0 is not allowed"),
    ],
)
def test_wrong_values(tmp_path: Path, text: str, message: str) -> None:
    """The file, the key, and what is allowed."""
    path = written(tmp_path, f"network: m.onnx\n{text}\n")
    assert refusal(path).startswith(f"config {path}: ")
    assert message in refusal(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be a mapping of keys to values, such as 'network: model.onnx'"),
        ("- 1\n", "must be a mapping of keys to values"),
        ("just words\n", "must be a mapping of keys to values"),
        ("batch: 3\n", "key 'network' is missing"),
        ("a: [\n", "is not YAML: while parsing"),
        ("a: 'b\n", "is not YAML: "),
        ("!!python/object:os.system {}\n", "is not YAML: could not determine a constructor"),
        ("[" * 5000, "is not YAML: "),
        ("\x07", "is not YAML: "),
    ],
)
def test_other_files(tmp_path: Path, text: str, message: str) -> None:
    """Whatever lies in a file that is called a config."""
    assert message in refusal(written(tmp_path, text))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """Not even UTF-8."""
    path = tmp_path / "net.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "is not YAML" in refusal(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    """The path and the reason."""
    assert refusal(tmp_path / "none.yaml") == f"cannot read config {tmp_path / 'none.yaml'}: No such file or directory"
    assert refusal(tmp_path) == f"cannot read config {tmp_path}: Is a directory"


@pytest.mark.parametrize(
    ("text", "batches", "replicas"),
    [
        ("", (8,), 1),
        ("replicas: 3\n", (8,), 3),
        ("batch: auto\n", BATCHES, 1),
        ("goal: throughput\n", (8,), None),
        ("goal: throughput\nreplicas: 1\nbatch: auto\n", BATCHES, 1),
        ("goal: area\nbatch: auto\n", BATCHES, 1),
        ("goal: area\nrequired: {rate_mhz: 40}\n", (8,), None),
        # More samples a run only make a longer wait for the first one out.
        ("goal: latency\nbatch: auto\n", (8,), 1),
    ],
)
def test_what_is_chosen_of_batch_and_replicas(tmp_path: Path, text: str, batches: tuple[int, ...], replicas: int | None) -> None:
    """By what is told and by the goal, for a network of eight samples a run."""
    settings = load_settings(written(tmp_path, f"network: m.onnx\n{text}"))
    assert settings.scale(8, 0) == Scale(batches, replicas)
    assert settings.first_batch == (1 if settings.batch == "auto" else None)


def test_a_batch_is_a_number_or_auto(tmp_path: Path) -> None:
    """Nothing else."""
    assert "batch: 'many' is not allowed" in refusal(written(tmp_path, "network: m.onnx\nbatch: many\n"))
