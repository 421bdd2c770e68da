"""What `roomtone bench stt` takes for a manifest, and what it says of what is none."""

import pytest
from support.sound import noise
from support.spoken_manifests import NOISE, entry, write_manifest, write_wav

from roomtone.errors import UsageError
from roomtone_server.bench.manifest import read_manifest


def test_a_clip_is_what_its_line_says(tmp_path):
    manifest = write_manifest(tmp_path, entry(" stop ", "recorded", "en/stop.wav", speech_ms=[10, 90]))
    (clip,) = read_manifest(manifest, "en")
    assert clip.place == f"{manifest}:1"
    assert (clip.file, clip.kind, clip.text, clip.pcm) == ("en/stop.wav", "recorded", "stop", NOISE)
    assert clip.seconds == pytest.approx(0.1)


def test_empty_lines_count_as_lines_and_are_no_clips(tmp_path):
    manifest = write_manifest(tmp_path, entry("one"), "", entry("three"))
    assert [clip.place.rpartition(":")[2] for clip in read_manifest(manifest, "en")] == ["1", "3"]


def test_other_languages_are_left_out_or_heard_as_what_is_no_command(tmp_path):
    manifest = write_manifest(tmp_path, entry("halt", language="de"), entry("stop"), entry("para", language="es"))
    assert [clip.text for clip in read_manifest(manifest, "en")] == ["stop"]
    both = read_manifest(manifest, "en", foreign=True)
    assert [(clip.kind, clip.text) for clip in both] == [("foreign", ""), ("generated", "stop"), ("foreign", "")]


def test_no_more_clips_are_read_than_wanted(tmp_path):
    gone = '{"file": "gone.wav", "language": "en", "text": "three", "kind": "recorded"}'
    manifest = write_manifest(tmp_path, entry("one"), entry("halt", language="de"), entry("two"), gone)
    assert [clip.text for clip in read_manifest(manifest, "en", limit=2)] == ["one", "two"]


def test_another_rate_is_made_into_that_of_the_house(tmp_path):
    manifest = write_manifest(tmp_path, entry("stop"))
    write_wav(tmp_path / "a.wav", noise(0.3), rate_hz=48_000)
    (clip,) = read_manifest(manifest, "en")
    assert clip.seconds == pytest.approx(0.1, abs=0.001)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("turn on the lamp", r":2: this is not JSON: Expecting value, at column 1"),
        ('["a.wav"]', r":2: found no JSON object"),
        ('{"file": "a.wav", "language": "en", "text": "stop"}', r":2: `kind` is missing"),
        ('{"file": "a.wav", "language": "en", "text": 7, "kind": "recorded"}', r":2: `text` is missing, or not a"),
        ('{"file": "gone.wav", "language": "en", "text": "", "kind": "x"}', r":2: .*gone\.wav cannot be read"),
        ('{"file": "manifest.jsonl", "language": "en", "text": "", "kind": "x"}', r":2: .* is not a PCM WAV file"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, line, words):
    with pytest.raises(UsageError, match=rf"manifest\.jsonl{words}"):
        read_manifest(write_manifest(tmp_path, entry("stop"), line), "en")


def test_what_is_no_text_or_has_nothing_in_the_language_is_told(tmp_path):
    manifest = write_manifest(tmp_path, entry("halt", language="de"))
    with pytest.raises(UsageError, match="no clip in the language 'en'"):
        read_manifest(manifest, "en")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_manifest(write_wav(tmp_path / "loud.wav", b"\xff" * 64), "en")
    with pytest.raises(UsageError, match="cannot be read"):
        read_manifest(tmp_path / "none.jsonl", "en")
