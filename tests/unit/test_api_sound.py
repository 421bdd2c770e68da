"""Sound of the API: what is sent is what was spoken, and what comes is decoded within limits or refused."""

import io

import av
import numpy as np
import pytest

from roomtone_server.ports.web.api.sound.decoding import MAX_DURATION_S, decoded
from roomtone_server.ports.web.api.sound.encoding import encoder
from roomtone_server.ports.web.problems import Problem

RATE_HZ = 22_050
TONE_HZ = 440


def tone(seconds, rate_hz=RATE_HZ):
    wave = 8000 * np.sin(2 * np.pi * TONE_HZ * np.arange(round(seconds * rate_hz)) / rate_hz)
    return wave.astype(np.int16).tobytes()


def encoded(pcm, format_="wav", speed=1.0):
    encoding = encoder(format_, RATE_HZ, speed)
    return b"".join([*(encoding.feed(pcm[at : at + 2646]) for at in range(0, len(pcm), 2646)), encoding.finish()])


def pitch_hz(pcm):
    samples = np.frombuffer(pcm, np.int16).astype(float)
    return np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))) * 16_000 / len(samples)


@pytest.mark.parametrize("format_", ["wav", "opus"])
@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_speech_is_faster_or_slower_at_the_same_pitch(format_, speed):
    pcm = decoded(encoded(tone(2.0), format_, speed))
    assert len(pcm) / 2 / 16_000 == pytest.approx(2.0 / speed, abs=0.05)
    assert pitch_hz(pcm) == pytest.approx(TONE_HZ, abs=3)


def test_opus_comes_out_while_it_is_made():
    encoding, pcm = encoder("opus", RATE_HZ, 1.0), tone(1.0)
    sent = [len(encoding.feed(pcm[at : at + 4410])) for at in range(0, len(pcm), 4410)]
    assert sum(sent[: len(sent) // 2]) > 400


@pytest.mark.parametrize("format_", ["wav", "opus"])
def test_a_text_without_anything_to_say_is_a_file_all_the_same(format_):
    with av.open(io.BytesIO(encoded(b"", format_))) as container:
        assert container.streams.audio[0].codec_context.channels == 1


def in_container(format_, codec, rate_hz, seconds=1.0):
    made = io.BytesIO()
    with av.open(made, "w", format=format_) as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.frombuffer(tone(seconds, rate_hz), np.int16).reshape(1, -1), "s16", "mono"
        )
        frame.sample_rate = rate_hz
        resampler = av.AudioResampler(
            stream.codec_context.format, "mono", rate_hz, frame_size=stream.frame_size or None
        )
        for each in [*resampler.resample(frame), *resampler.resample(None), None]:
            container.mux(stream.encode(each))
    return made.getvalue()


@pytest.mark.parametrize(
    ("format_", "codec", "rate_hz"),
    [
        ("wav", "pcm_s16le", 8_000),
        ("flac", "flac", 44_100),
        ("webm", "libopus", 48_000),
        ("mp4", "aac", 44_100),
        ("mp3", "libmp3lame", 22_050),
        ("aiff", "pcm_s16be", 16_000),
    ],
)
def test_a_recording_is_heard_in_any_container(format_, codec, rate_hz):
    pcm = decoded(in_container(format_, codec, rate_hz))
    assert len(pcm) / 2 / 16_000 == pytest.approx(1.0, abs=0.12), "codecs pad"
    assert pitch_hz(pcm) == pytest.approx(TONE_HZ, abs=3)


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n%s\n#EXT-X-ENDLIST\n"
RECORDING = encoded(tone(1.0))


@pytest.mark.parametrize(
    "recording",
    [
        b"",
        b"what is this",
        b"\x00" * 5000,
        RECORDING[:30],
        RECORDING[:44],
        b"RIFF" + b"\xff" * 60,
        b"OggS" + bytes(range(256)) * 20,
        b"ffconcat version 1.0\nfile '/etc/hostname'\n",
        PLAYLIST % b"file:///etc/hostname",
        PLAYLIST % b"http://127.0.0.1:9/x.ts",
    ],
    ids=["nothing", "text", "zeros", "cut", "header", "riff", "ogg", "concat", "file", "http"],
)
def test_what_is_no_recording_is_refused(recording):
    with pytest.raises(Problem) as refused:
        decoded(recording)
    assert refused.value.status == 422


def test_a_playlist_leads_nowhere(tmp_path):
    (tmp_path / "sound.wav").write_bytes(RECORDING)
    for text in (
        PLAYLIST % f"file://{tmp_path}/sound.wav".encode(),
        f"ffconcat version 1.0\nfile {tmp_path}/sound.wav\n".encode(),
    ):
        with pytest.raises(Problem):
            decoded(text)


def test_a_recording_that_lasts_too_long_is_refused():
    with pytest.raises(Problem) as refused:
        decoded(encoded(tone(MAX_DURATION_S + 1)))
    assert refused.value.status == 413


def test_a_recording_that_was_cut_off_is_heard_as_far_as_it_goes():
    whole = RECORDING
    assert 0 < len(decoded(whole[: len(whole) // 2])) < len(decoded(whole))
