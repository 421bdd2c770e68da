"""Wake word models of one's own: files that nobody vouches for."""

import json
import shutil

import pytest
from support.sound import frames, pcm_of, silence

from roomtone import engines
from roomtone.ears.wake.tflite import MAX_MODEL_BYTES, package_folder
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError

pytest.importorskip("pymicro_wakeword", reason="pip install 'roomtone[satellite]'")


@pytest.fixture
def model(tmp_path):
    """A good model of one's own, "computer", to be spoilt."""
    bundled = package_folder("pymicro_wakeword") / "models"
    shutil.copy(bundled / "alexa.tflite", tmp_path / "computer.tflite")
    manifest = json.loads((bundled / "alexa.json").read_text()) | {"model": "computer.tflite", "wake_word": "Computer"}
    path = tmp_path / "computer.json"
    path.write_text(json.dumps(manifest))
    return path


@pytest.fixture
def listen(tmp_path):
    made = []

    def listen(path, engine="microwakeword"):
        chosen = engines.choose("wake", EngineChoice(engine, {"words": [], "models": [path]}))
        made.append(chosen.make(Surroundings(tmp_path, tmp_path)))
        return made[-1]

    yield listen
    for engine in made:
        engine.close()


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_model_of_ones_own_is_heard_by_its_own_name(listen, model, recordings):
    engine = listen(model)
    assert engine.words == ("computer",)
    pcm = pcm_of(recordings / "wake" / "alexa_1.wav") + silence(1)
    (found,) = [found for frame in frames(pcm) if (found := engine.process(frame))]
    assert (found.name, found.phrase) == ("computer", "computer")


def test_a_model_whose_file_is_deleted_goes_on_working(listen, model):
    engine = listen(model)
    model.with_suffix(".tflite").unlink()
    engine.reset()
    assert [engine.process(frame) for frame in frames(silence(1))] == [None] * 50


def test_a_missing_file_is_named(listen, model):
    model.with_suffix(".tflite").unlink()
    with pytest.raises(EngineError, match=r"model .*computer\.tflite cannot be read: No such file"):
        listen(model)
    model.unlink()
    with pytest.raises(EngineError, match=r"model .*computer\.json cannot be read: No such file"):
        listen(model)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"micro": {"probability_cutoff": 0.9}}, "micro.sliding_window_size: Field required"),
        ({"micro": {"probability_cutoff": 2, "sliding_window_size": 5}}, "micro.probability_cutoff: "),
        ({"micro": {"probability_cutoff": 0.9, "sliding_window_size": 10**9}}, "micro.sliding_window_size: "),
        (
            {"micro": {"probability_cutoff": 0.9, "sliding_window_size": 5, "feature_step_size": 20}},
            "feature_step_size",
        ),
        ({"model": "../computer.tflite"}, "model: "),
        ({"model": 5}, "model: "),
        ({"wake_word": ""}, "wake_word: "),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused_with_its_key(listen, model, changes, where):
    edit(model, **changes)
    with pytest.raises(EngineError, match=r"computer\.json is no manifest of a microWakeWord model") as caught:
        listen(model)
    assert where in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff", "[" * 100_000])
def test_a_manifest_that_is_no_json_is_refused(listen, model, text):
    model.write_text(text, encoding="latin-1")
    with pytest.raises(EngineError, match=r"no manifest|too large"):
        listen(model)


def test_a_model_named_instead_of_its_manifest_is_explained(listen, model):
    with pytest.raises(EngineError, match=r"no manifest|name the \.json, not the \.tflite"):
        listen(model.with_suffix(".tflite"))


@pytest.mark.parametrize("spoil", [lambda _: b"", lambda _: b"junk" * 100, lambda data: data[: len(data) // 2]])
def test_a_damaged_model_is_an_error_and_not_a_crash(listen, model, spoil):
    file = model.with_suffix(".tflite")
    file.write_bytes(spoil(file.read_bytes()))
    for engine, path in [("microwakeword", model), ("openwakeword", file)]:
        if engines.load("wake", engine).missing() is None:
            with pytest.raises(EngineError, match=r"computer\.tflite is not a TensorFlow Lite model"):
                listen(path, engine)


def test_a_file_too_large_to_be_a_model_is_not_read_whole(listen, model):
    with model.with_suffix(".tflite").open("r+b") as file:
        file.truncate(MAX_MODEL_BYTES + 1)
    with pytest.raises(EngineError, match="is not a TensorFlow Lite model"):
        listen(model)


def test_a_model_made_for_another_engine_is_refused(listen, model):
    if engines.load("wake", "openwakeword").missing():
        pytest.skip("openwakeword is not installed")
    with pytest.raises(EngineError, match="is no openWakeWord model: its input is not 1 x embeddings x 96"):
        listen(model.with_suffix(".tflite"), "openwakeword")
    shutil.copy(package_folder("pyopen_wakeword") / "models" / "alexa.tflite", model.with_suffix(".tflite"))
    with pytest.raises(EngineError, match="is no microWakeWord model: its input is not 1 x steps x 40"):
        listen(model)
