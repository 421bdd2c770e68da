"""Sound as servers send it: headers of all kinds, bytes split anywhere, and the chunks that come of it."""

import itertools
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tts_servers import wav_header

from roomtone.errors import EngineError
from roomtone_server.engines.tts.chunks import CHUNK_MS, CRUMB_MS, Chunks
from roomtone_server.engines.tts.wav import MAX_HEADER_BYTES, Sound

RATE_HZ = 16_000
TONE = (8000 * np.sin(np.arange(RATE_HZ) / 5) + 4000).astype("<i2").tobytes()  # one second, audible from the first
UNKNOWN = 0xFFFFFFFF


def heard(data, *, raw_hz=None, rate_hz=RATE_HZ, cuts=()):
    """What comes of a reply that arrives in the pieces between `cuts`."""
    sound = Sound("test", rate_hz, raw_hz)
    edges = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    return b"".join([chunk for piece in pieces for chunk in sound.feed(piece)] + sound.finish())


def chunk(kind, body):
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


@given(cuts=st.lists(st.integers(0, 2000), max_size=40))
def test_wherever_the_bytes_are_split_the_sound_is_the_same(cuts):
    assert heard(wav_header(RATE_HZ, UNKNOWN, before=chunk(b"LIST", b"odd")) + TONE, cuts=cuts) == TONE
    assert heard(TONE, raw_hz=RATE_HZ, cuts=cuts) == TONE


def test_byte_by_byte():
    short = TONE[:2000]
    data = wav_header(RATE_HZ, len(short)) + short
    assert heard(data, cuts=range(1, len(data))) == short


@pytest.mark.parametrize("said", [0, UNKNOWN, 0x7FFFFFFF, len(TONE)])
def test_a_length_that_nobody_knew_ends_with_the_stream(said):
    assert heard(wav_header(RATE_HZ, said) + TONE) == TONE


def test_what_stands_behind_the_sound_is_not_played():
    assert heard(wav_header(RATE_HZ, len(TONE)) + TONE + chunk(b"LIST", b"made by somebody")) == TONE


def test_an_extensible_header():
    subformat = struct.pack("<HHIHH", 22, 16, 4, 1, 0) + b"\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
    plain = struct.pack("<HHIIHH", 0xFFFE, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    header = b"RIFF\0\0\0\0WAVE" + chunk(b"JUNK", bytes(28)) + chunk(b"fmt ", plain + subformat)
    assert heard(header + chunk(b"data", TONE)) == TONE


def test_channels_become_one_and_rates_the_engines():
    left_and_right = np.repeat(np.frombuffer(TONE, "<i2"), 2).tobytes()
    assert heard(wav_header(RATE_HZ, UNKNOWN, channels=2) + left_and_right) == TONE
    assert len(heard(wav_header(RATE_HZ, UNKNOWN) + TONE, rate_hz=24_000)) == pytest.approx(1.5 * len(TONE), rel=0.01)
    assert len(heard(TONE, raw_hz=24_000)) == pytest.approx(len(TONE) / 1.5, rel=0.01)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no sound"),
        (b"RI", "half-way"),
        (wav_header(RATE_HZ, UNKNOWN)[:30], "half-way"),
        (wav_header(RATE_HZ, len(TONE)) + TONE[:-100], "half-way"),
        (b"ID3\x04 this is MP3", "no WAV"),
        (wav_header(RATE_HZ, UNKNOWN, bits=24), "16-bit PCM"),
        (wav_header(RATE_HZ, UNKNOWN, encoding=3, bits=32), "16-bit PCM"),
        (wav_header(RATE_HZ, UNKNOWN, channels=0), "cannot be"),
        (wav_header(7, UNKNOWN), "cannot be"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"data", TONE), "says nothing of its format"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", b"\1\0"), "too few bytes"),
        (b"RIFF\0\0\0\0WAVEJUNK" + struct.pack("<I", MAX_HEADER_BYTES), "header of more than"),
    ],
)
def test_what_is_no_sound_is_said(data, words):
    with pytest.raises(EngineError, match=f"test .*{words}"):
        heard(data)


def test_half_a_sample_at_the_end_is_dropped():
    assert heard(TONE + b"\x01", raw_hz=RATE_HZ) == TONE


def test_silence_at_the_begin_is_not_waited_for_and_within_it_is_kept():
    silence = bytes(2 * RATE_HZ // 2)
    trimmed = heard(silence + TONE + silence + TONE, raw_hz=RATE_HZ)
    assert len(TONE) * 2 + len(silence) <= len(trimmed) <= len(TONE) * 2 + len(silence) + 2 * RATE_HZ * 5 // 1000
    assert heard(silence, raw_hz=RATE_HZ) == b""


@given(sizes=st.lists(st.integers(1, 9000), min_size=1, max_size=30))
def test_chunks_are_neither_crumbs_nor_longer_than_promised(sizes):
    chunks = Chunks(RATE_HZ)
    whole = [out for size in sizes for out in chunks.feed(TONE[:size])]
    ms = [1000 * len(out) / 2 / RATE_HZ for out in whole]
    assert all(CRUMB_MS <= each <= CHUNK_MS for each in ms)
    assert all(len(out) % 2 == 0 for out in [*whole, *chunks.finish()])
