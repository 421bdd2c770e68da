"""The demo's sound: any PCM WAV in, a scene out, and where speech ends in it."""

import json
import struct
import wave

import numpy as np
import pytest
from support.voice import user_says

from roomtone.ears.formats import RATE_HZ
from roomtone.errors import UsageError
from roomtone_server.bench.scene import GAP_S, LEAD_IN_S, TAIL_S, WAKE_WORD, Clip, compose, recorded, spoken
from roomtone_server.bench.sound import MAX_WAV_S, last_speech_sample, read_wav, room_tone
from roomtone_server.bench.sound import write_wav as write_scene
from roomtone_server.engines.tts import espeak

needs_espeak = pytest.mark.skipif(espeak.ENGINE.missing() is not None, reason="roomtone[espeak] is not installed")


def tone(seconds, rate_hz=RATE_HZ, amplitude=8000.0):
    return amplitude * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate_hz)) / rate_hz)


def noise(seconds, amplitude=30.0):
    return np.random.default_rng(7).normal(0, amplitude, round(seconds * RATE_HZ))


def int16(*parts):
    return np.concatenate(parts).astype(np.int16)


def clip(*parts):
    sound = int16(*parts)
    return Clip(sound, last_speech_sample(sound))


def write_wav(path, samples, rate_hz=RATE_HZ, channels=1, width=2):
    """Each channel holds the same; `samples` are in units of int16."""
    scaled = np.repeat(samples.astype(np.int64), channels)
    pcm = {
        1: (scaled // 256 + 128).astype(np.uint8),
        2: scaled.astype("<i2"),
        3: (scaled * 256).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3],
        4: (scaled * 65536).astype("<i4"),
    }[width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    return path


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_any_pcm_wav_is_heard_alike(tmp_path, rate_hz, channels, width):
    heard = read_wav(write_wav(tmp_path / "a.wav", tone(0.5, rate_hz), rate_hz, channels, width))
    assert heard.dtype == np.int16
    assert heard.size == pytest.approx(RATE_HZ / 2, abs=2)
    wanted = tone(0.5)[: heard.size]
    assert np.corrcoef(heard, wanted)[0, 1] > 0.99
    assert np.std(heard.astype(float)) == pytest.approx(np.std(wanted), rel=0.05)


def float_wav(path):
    data = struct.pack("<10f", *[0.1] * 10)
    body = (
        b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 3, 1, 16_000, 64_000, 4, 32) + b"data" + struct.pack("<I", len(data))
    )
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"RIFF"),
        lambda path: path.write_bytes(b"ID3 and then an mp3" * 100),
        float_wav,
    ],
)
def test_what_is_not_a_pcm_wav_is_told_what_to_do(tmp_path, make):
    path = tmp_path / "other.wav"
    make(path)
    with pytest.raises(UsageError, match=r"other\.wav is not a PCM WAV file .*ffmpeg"):
        read_wav(path)


def test_a_wav_without_sound_too_long_or_absent_is_told(tmp_path):
    with pytest.raises(UsageError, match="no sound"):
        read_wav(write_wav(tmp_path / "empty.wav", np.zeros(0)))
    with pytest.raises(UsageError, match="longer than"):
        read_wav(write_wav(tmp_path / "long.wav", np.zeros(round((MAX_WAV_S + 1) * RATE_HZ))))
    with pytest.raises(UsageError, match="cannot be read"):
        read_wav(tmp_path / "none.wav")


def test_speech_ends_where_the_sound_falls_back_into_the_noise():
    sound = int16(noise(0.3), tone(1.0) + noise(1.0), noise(0.5))
    assert last_speech_sample(sound) == pytest.approx(1.3 * RATE_HZ, abs=0.02 * RATE_HZ)
    assert last_speech_sample(int16(np.zeros(RATE_HZ))) == 0
    assert last_speech_sample(int16(np.zeros(0))) == 0


def test_speech_ends_where_it_is_written_down_to_end(recordings):
    """In real rooms: most commands within 60 ms."""
    near = []
    for line in (recordings / "commands" / "manifest.jsonl").read_text().splitlines():
        clip = json.loads(line)
        if clip["kind"] == "generated":
            end_ms = recorded(recordings / "commands" / clip["file"]).end * 1000 / RATE_HZ
            near.append(abs(end_ms - clip["speech_ms"][1]) <= 60)
    assert sum(near) / len(near) > 0.8


def test_the_room_of_a_recording_is_where_nobody_speaks():
    room = room_tone(int16(noise(0.2, 300), tone(1.0), noise(0.5)))
    assert room.size == 0.3 * RATE_HZ
    assert np.std(room.astype(float)) == pytest.approx(30, rel=0.1)


@pytest.mark.parametrize("sound", [tone(1.0), noise(0.1), np.concatenate([tone(1.0), np.zeros(8000)])])
def test_a_recording_without_a_room_has_none(sound):
    assert room_tone(int16(sound)) is None


def test_a_scene_sounds_like_the_room_of_its_command():
    command = clip(noise(0.4), tone(1.2), noise(0.4))
    scene = compose(clip(tone(0.6)), Clip(command.sound, command.end, room_tone(command.sound)))
    for room in (scene.sound[: scene.wake_begin], scene.sound[-RATE_HZ:]):
        assert np.std(room.astype(float)) == pytest.approx(30, rel=0.1)
    assert np.array_equal(scene.sound[scene.command_begin :][6400:25_600], command.sound[6400:25_600])


def test_a_scene_keeps_its_words_apart_and_knows_where_they_end():
    wake, command = clip(tone(0.6), np.zeros(8000)), clip(tone(1.2))
    scene = compose(wake, command)
    assert scene.wake_begin == LEAD_IN_S * RATE_HZ
    assert scene.wake_end == pytest.approx(scene.wake_begin + 0.6 * RATE_HZ, abs=200)
    assert scene.command_begin == pytest.approx(scene.wake_end + GAP_S * RATE_HZ, abs=200)
    assert scene.command_end == pytest.approx(scene.command_begin + 1.2 * RATE_HZ, abs=200)
    assert scene.sound.size == scene.command_begin + command.sound.size + TAIL_S * RATE_HZ
    quiet = scene.sound[: scene.wake_begin]
    assert quiet.any()
    assert np.abs(quiet).max() < 200
    assert np.array_equal(scene.sound, compose(wake, command).sound)


def test_a_scene_does_not_click_at_the_splices():
    level = clip(np.full(RATE_HZ, 5000))
    steps = np.abs(np.diff(compose(level, level).sound.astype(int)))
    assert steps.max() < 500


@pytest.mark.parametrize("silent", ["wake word", "command"])
def test_a_scene_without_a_word_is_refused(silent):
    sounds = [clip(np.zeros(8000) if name == silent else tone(0.5)) for name in ("wake word", "command")]
    with pytest.raises(UsageError, match=silent):
        compose(*sounds)


def test_a_scene_is_written_as_the_microphone_hears_it(tmp_path):
    scene = compose(clip(tone(0.5)), clip(tone(0.5)))
    write_scene(tmp_path / "scene.wav", scene.sound)
    assert np.array_equal(read_wav(tmp_path / "scene.wav"), scene.sound)


@needs_espeak
def test_the_embedded_voice_speaks_near_and_clear():
    speech = spoken("turn on the kitchen light")
    assert 1.0 < speech.end / RATE_HZ < 3.0
    assert speech.end <= speech.sound.size
    assert np.abs(speech.sound.astype(int)).max() < 32_767
    with pytest.raises(UsageError, match="nothing to say"):
        spoken("...")


@needs_espeak
def test_the_spoken_wake_word_wakes():
    from pathlib import Path

    from roomtone import engines
    from roomtone.ears.formats import FRAME_BYTES
    from roomtone.engines import EngineChoice, Surroundings

    engine = engines.choose("wake", EngineChoice("microwakeword")).make(Surroundings(Path(), Path()))
    pcm = compose(user_says(WAKE_WORD), user_says("turn on the kitchen light")).sound.tobytes()
    frames = (pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES, FRAME_BYTES))
    heard = [detection for frame in frames if (detection := engine.process(frame))]
    engine.close()
    assert [detection.name for detection in heard] == ["okay_nabu"]
