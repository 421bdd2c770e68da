"""What every voice-activity engine must do, whichever it is."""

import pytest
from support.sound import frames, noise, pcm_of, silence

from roomtone import engines
from roomtone.ears.formats import FRAME_BYTES
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError


@pytest.fixture(params=engines.names("vad"))
def vad(request, tmp_path):
    if remedy := engines.load("vad", request.param).missing():
        pytest.skip(f"{request.param} is not installed: {remedy}")
    return engines.choose("vad", EngineChoice(request.param)).make(Surroundings(tmp_path, tmp_path))


def probabilities(vad, pcm):
    return [vad.process(frame) for frame in frames(pcm)]


def test_silence_and_noise_are_not_speech(vad):
    assert max(probabilities(vad, silence(2) + noise(2) + silence(2))) < 0.5


def test_it_tells_speech_from_silence(vad, recordings):
    speech, quiet = (pcm_of(recordings / "speech" / name) for name in ("living_room_light_en.wav", "silence.wav"))
    assert max(probabilities(vad, speech)) > 0.9
    vad.reset()
    assert max(probabilities(vad, quiet)) < 0.5


def test_it_follows_speech_as_it_comes_and_goes(vad, recordings):
    command = pcm_of(recordings / "speech" / "living_room_light_en.wav")
    heard = probabilities(vad, silence(1) + command + silence(1))
    assert max(heard[:45]) < 0.5
    assert max(heard) > 0.9
    assert max(heard[-20:]) < 0.5


def test_reset_forgets(vad, recordings):
    speech = pcm_of(recordings / "speech" / "living_room_light_en.wav")
    as_new = probabilities(vad, speech)
    vad.process(frames(speech)[40])  # leaves a window half full, and the model in the middle of a word
    vad.reset()
    assert probabilities(vad, speech) == as_new


def test_a_probability_lies_between_0_and_1(vad, recordings):
    speech = pcm_of(recordings / "speech" / "living_room_light_en.wav")
    assert all(0 <= probability <= 1 for probability in probabilities(vad, speech + noise(1, peak=32767)))


@pytest.mark.parametrize("size", [0, FRAME_BYTES - 2, FRAME_BYTES + 1, 1024])
def test_a_frame_of_another_size_is_refused(vad, size):
    with pytest.raises(EngineError, match=f"takes frames of 640 bytes, not {size}"):
        vad.process(bytes(size))
