"""Voices with Piper's inputs and outputs, made by hand: each phoneme is a beep of its own height."""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

RATE_HZ = 22_050
PHONEME_MS = 25  # and as much for the pause behind each


def make_voice(path, *, rate_hz=RATE_HZ, language="en_US", espeak="en-us", speakers=()):
    """Writes a voice and what describes it; the higher a speaker's number, the higher it speaks."""
    onnx.save(_model(rate_hz, len(speakers)), path)
    described = {
        "audio": {"sample_rate": rate_hz},
        "espeak": {"voice": espeak},
        "language": {"code": language},
        "inference": {"noise_scale": 0.0, "length_scale": 1.0, "noise_w": 0.0},
        "num_symbols": 256,
        "num_speakers": max(1, len(speakers)),
        "speaker_id_map": {name: number for number, name in enumerate(speakers)},
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
    }
    path.with_name(f"{path.name}.json").write_text(json.dumps(described))
    return path


def _model(rate_hz, speaker_count):
    """input int64 [1, n], input_lengths int64 [1], scales float [3]: noise, length, rhythm noise[, sid int64 [1]]
    -> float [1, 1, 1, samples]."""
    constants = {
        "first": np.int64(0),
        "second": np.int64(1),
        "zero": np.float32(0),
        "one": np.float32(1),
        "phoneme": np.float32(rate_hz * PHONEME_MS // 1000),
        "height": np.float32(2 * np.pi * 23 / rate_hz),
        "loudness": np.float32(0.4),
        "hoarseness": np.float32(0.1),
        "column": np.array([-1, 1]),
        "sound": np.array([1, 1, 1, -1]),
    }
    steps = [
        ("Gather", ["scales", "first"], "noise_scale"),
        ("Gather", ["scales", "second"], "length_scale"),
        ("Mul", ["phoneme", "length_scale"], "samples"),
        ("Range", ["zero", "samples", "one"], "t"),
        ("CastLike", ["input", "one"], "ids"),
        ("Reshape", ["ids", "column"], "tones"),
        *([("CastLike", ["sid", "one"], "speaker")] if speaker_count else [("Identity", ["zero"], "speaker")]),
        ("Add", ["speaker", "one"], "pitch"),
        ("Mul", ["tones", "pitch"], "pitched"),
        ("Mul", ["pitched", "height"], "omega"),
        ("Mul", ["omega", "t"], "phase"),
        ("Sin", ["phase"], "beeps"),
        ("Mul", ["beeps", "loudness"], "voice"),
        ("RandomNormalLike", ["voice"], "random"),
        ("Mul", ["random", "noise_scale"], "scaled"),
        ("Mul", ["scaled", "hoarseness"], "noise"),
        ("Add", ["voice", "noise"], "spoken"),
        ("Reshape", ["spoken", "sound"], "output"),
    ]
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch_size", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch_size"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if speaker_count:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, ["batch_size"]))
    graph = helper.make_graph(
        [helper.make_node(kind, taken, [given]) for kind, taken, given in steps],
        "voice",
        inputs,
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch_size", 1, 1, "time"])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model
