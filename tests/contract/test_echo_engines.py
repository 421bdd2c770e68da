"""What every echo canceller must do, whichever it is."""

import numpy as np
import pytest
from support.air import room
from support.sound import frames, noise, silence

from roomtone import engines
from roomtone.ears.echo import speex
from roomtone.ears.formats import FRAME_BYTES, RATE_HZ
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError, EngineMissing

every_engine = pytest.mark.parametrize("name", engines.names("echo"))


@pytest.fixture
def make(tmp_path):
    """Makes engines by name and options, and closes them."""
    made = []

    def make(name, **options):
        if remedy := engines.load("echo", name).missing():
            pytest.skip(f"{name} cannot work here: {remedy}")
        made.append(engines.choose("echo", EngineChoice(name, options)).make(Surroundings(tmp_path, tmp_path)))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def echo_of(played, gain=0.4):
    samples = np.convolve(np.frombuffer(played, np.int16), gain * room(rt60_s=0.2))[: len(played) // 2]
    return samples.astype(np.int16).tobytes()


def cleaned(engine, heard, played):
    pairs = zip(frames(heard), frames(played), strict=True)
    return b"".join(engine.process(frame, reference) for frame, reference in pairs)


def level_db(pcm):
    return 10 * np.log10(np.square(np.frombuffer(pcm, np.int16).astype(float)).mean() + 1e-9)


@every_engine
def test_it_gives_as_much_as_it_takes(make, name):
    engine = make(name)
    for frame in frames(noise(0.2, peak=3_000)):
        assert len(engine.process(frame, frame)) == FRAME_BYTES


@every_engine
def test_what_is_said_while_nothing_is_played_stays(make, name):
    rng = np.random.default_rng(5)
    bursts = (np.sin(np.arange(2 * RATE_HZ) / 1_500) > 0) * rng.normal(size=2 * RATE_HZ) * 3_000
    said = bursts.astype(np.int16).tobytes()
    assert level_db(cleaned(make(name), said, silence(2))) == pytest.approx(level_db(said), abs=2)


@every_engine
def test_an_engine_that_takes_out_nothing_says_so(make, name):
    played = noise(6, peak=8_000)
    engine, heard = make(name), echo_of(played)
    late = slice(-2 * RATE_HZ * 2, None)
    taken_db = level_db(heard[late]) - level_db(cleaned(engine, heard, played)[late])
    if engine.tail_samples:
        assert taken_db > 20
    else:
        assert taken_db == 0


@every_engine
def test_after_reset_it_knows_no_room(make, name):
    played = noise(2, peak=8_000)
    heard = echo_of(played)
    new, used = make(name), make(name)
    cleaned(used, heard, played)
    used.reset()
    first = slice(0, 5 * FRAME_BYTES)
    assert level_db(cleaned(used, heard, played)[first]) == pytest.approx(
        level_db(cleaned(new, heard, played)[first]), abs=3
    )


@every_engine
@pytest.mark.parametrize("size", [0, FRAME_BYTES - 2, FRAME_BYTES + 1, 2 * FRAME_BYTES])
def test_a_frame_of_another_size_is_refused(make, name, size):
    engine = make(name)
    for frame, reference in [(bytes(size), bytes(FRAME_BYTES)), (bytes(FRAME_BYTES), bytes(size))]:
        with pytest.raises(EngineError, match=f"{name} takes frames of 640 bytes, not {size}"):
            engine.process(frame, reference)


@every_engine
def test_it_closes_as_often_as_one_likes(make, name):
    engine = make(name)
    engine.close()
    engine.close()
    engine.reset()


def test_speex_is_closed_when_it_is_closed(make):
    engine = make("speex")
    engine.close()
    with pytest.raises(EngineError, match="speex is closed"):
        engine.process(bytes(FRAME_BYTES), bytes(FRAME_BYTES))


def test_the_suppressor_leaves_less_of_the_echo_than_the_filter_alone(make):
    played = noise(4, peak=8_000)
    heard = echo_of(played)
    both, alone = make("speex", suppress=True), make("speex")
    assert level_db(cleaned(both, heard, played)) < level_db(cleaned(alone, heard, played)) < level_db(heard) - 10


def test_without_its_library_speex_is_passed_over_and_says_what_to_install(monkeypatch):
    monkeypatch.setattr(speex, "LIBRARY", "libnowhere.so.1")
    speex.library.cache_clear()
    try:
        chosen = engines.choose("echo", EngineChoice())
        assert chosen.spec.name == "none"
        assert "speex: apt install libspeexdsp1" in chosen.why
        with pytest.raises(EngineMissing, match="cannot work here: apt install libspeexdsp1"):
            engines.choose("echo", EngineChoice("speex"))
    finally:
        speex.library.cache_clear()
