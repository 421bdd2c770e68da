"""What every wake engine must do, whichever it is."""

import pytest
from support.sound import frames, noise, pcm_of, silence

from roomtone import engines
from roomtone.ears.formats import FRAME_BYTES
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError

ALMOST_CERTAIN = 1 - 1e-9
WORDS = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")


@pytest.fixture
def make(tmp_path):
    """Makes engines by name and options, and closes them."""
    made = []

    def make(name, **options):
        if remedy := engines.load("wake", name).missing():
            pytest.skip(f"{name} is not installed: {remedy}")
        chosen = engines.choose("wake", EngineChoice(name, options))
        made.append(chosen.make(Surroundings(tmp_path, tmp_path)))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


every_engine = pytest.mark.parametrize("name", engines.names("wake"))


def heard(engine, pcm):
    return [found for frame in frames(pcm) if (found := engine.process(frame))]


def clips(recordings):
    found = sorted((recordings / "wake").glob("*.wav"))
    assert len(found) == 8
    return {clip: clip.stem.rpartition("_")[0] for clip in found}


@every_engine
def test_it_listens_for_the_words_it_is_told(make, name):
    assert set(make(name).words) == set(WORDS)
    assert make(name, words=["alexa"]).words == ("alexa",)


@every_engine
def test_it_hears_its_own_word_once_and_no_other(make, name, recordings):
    engine = make(name)
    heard_words = set()
    for clip, word in clips(recordings).items():
        engine.reset()
        found = heard(engine, pcm_of(clip) + silence(1))
        assert [detection.name for detection in found] in ([word], []), clip
        for detection in found:
            assert detection.phrase == word.replace("_", " ")
            assert 0 < detection.score <= 1
            heard_words.add(detection.name)
    assert heard_words == set(WORDS)


@every_engine
def test_a_threshold_may_change_while_it_listens(make, name, recordings):
    engine = make(name, words=["alexa"], thresholds={"alexa": 0.6})
    [word] = engine.tuning
    assert (word.name, word.phrase, word.threshold) == ("alexa", "alexa", 0.6)
    pcm = pcm_of(recordings / "wake" / "alexa_1.wav") + silence(1)
    engine.tune("alexa", ALMOST_CERTAIN)
    assert [word.threshold for word in engine.tuning] == [ALMOST_CERTAIN]
    assert heard(engine, pcm) == []
    engine.reset()
    engine.tune("alexa", 0.3)
    assert [found.name for found in heard(engine, pcm)] == ["alexa"]
    with pytest.raises(EngineError, match="okay_nabu"):
        engine.tune("okay_nabu", 0.5)


@every_engine
def test_it_hears_nothing_in_silence_noise_and_speech(make, name, recordings):
    engine = make(name)
    assert heard(engine, silence(3) + noise(3) + silence(1)) == []
    for speech in sorted((recordings / "speech").glob("*.wav")):
        engine.reset()
        assert heard(engine, pcm_of(speech) + silence(1)) == [], speech


@every_engine
def test_reset_forgets_the_word_it_was_hearing(make, name, recordings):
    engine = make(name)
    pcm = pcm_of(recordings / "wake" / "alexa_1.wav") + silence(1)
    whole = frames(pcm)
    at = next(index for index, frame in enumerate(whole) if engine.process(frame))
    engine.reset()
    for frame in whole[: at - 1]:
        assert engine.process(frame) is None
    engine.reset()
    assert [found for frame in whole[at - 1 :] if (found := engine.process(frame))] == []


@every_engine
def test_after_reset_it_hears_as_if_new(make, name, recordings):
    pcm = pcm_of(recordings / "wake" / "alexa_1.wav") + silence(1)
    new, used = make(name), make(name)
    heard(used, noise(2) + pcm)
    used.reset()
    assert heard(used, pcm) == heard(new, pcm) != []


@every_engine
def test_the_refractory_time_is_counted_in_audio(make, name, recordings):
    twice = 2 * (pcm_of(recordings / "wake" / "alexa_1.wav") + silence(1))
    assert len(heard(make(name, refractory_s=1), twice)) == 2
    assert len(heard(make(name, refractory_s=30), twice)) == 1


@every_engine
def test_a_threshold_is_the_words_own(make, name, recordings):
    pcm = pcm_of(recordings / "wake" / "hey_jarvis_2.wav") + silence(1)
    assert heard(make(name, thresholds={"alexa": 0.9999}), pcm)
    assert not heard(make(name, words=["alexa", "hey_jarvis"], thresholds={"hey_jarvis": 0.9995}), pcm)


@every_engine
@pytest.mark.parametrize("size", [0, FRAME_BYTES - 2, FRAME_BYTES + 1, 2 * FRAME_BYTES])
def test_a_frame_of_another_size_is_refused(make, name, size):
    with pytest.raises(EngineError, match=f"{name} takes frames of 640 bytes, not {size}"):
        make(name).process(bytes(size))


@every_engine
def test_it_closes_as_often_as_one_likes_and_is_then_closed(make, name):
    engine = make(name)
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.process(bytes(FRAME_BYTES))


@every_engine
def test_settings_that_name_nothing_or_the_unknown_are_refused(name):
    settings = engines.load("wake", name).settings
    for options in [{"words": []}, {"words": ["alexa", "alexa"]}, {"thresholds": {"hey_you": 0.5}}]:
        with pytest.raises(ValueError, match=r"nothing to listen for|more than once|not listened for"):
            settings(**options)


def test_the_default_engine_wakes_on_every_recording(make, recordings):
    engine = make(engines.choose("wake", EngineChoice()).spec.name)
    for clip, word in clips(recordings).items():
        engine.reset()
        assert [detection.name for detection in heard(engine, pcm_of(clip))] == [word], clip


def test_the_default_engine_wakes_wherever_the_frames_cut_the_recording(make, recordings):
    engine = make(engines.choose("wake", EngineChoice()).spec.name)
    for clip, word in clips(recordings).items():
        for offset_samples in range(0, 320, 80):
            engine.reset()
            pcm = silence(0.5) + bytes(2 * offset_samples) + pcm_of(clip) + silence(1)
            assert [detection.name for detection in heard(engine, pcm)] == [word], (clip, offset_samples)
