"""What is pure of a stock satellite's port: its words, its ear, what it plays, when its silence is a fault."""

import pytest
from support.satellite_parts import WORD, ScriptedWake
from support.scripted import SILENCE, SPEECH
from wyoming.event import Event

from roomtone.errors import FrameError
from roomtone_server.ports.plain import Sound, SoundEnded
from roomtone_server.ports.stock.ear import RESUMES_WITHIN_S, UNNAMED, RemoteEar
from roomtone_server.ports.stock.playback import LAG_S, TELLS_WITHIN_S, Playback
from roomtone_server.ports.stock.silence import SILENT_S, SilenceWatch
from roomtone_server.ports.stock.words import WORDS, About, Described, HeardWord, Played, WantsTurn
from roomtone_server.runtime.session import Audio, Released, Sounded, Woken

RATE_HZ = 8_000


def sound(pcm):
    return Sound(16_000, 2, 1, pcm)


class Ear(RemoteEar):
    """At time 0 unless it is said."""

    def __init__(self):
        super().__init__(ScriptedWake)

    def hears(self, *words, now=0.0):
        return [incoming for word in words for incoming in self.hear(word, now)]


# --- words ---


def test_what_a_satellite_says_of_itself_is_made_presentable():
    about = {"name": "Porch\x1b[2J" + "x" * 200, "area": None}
    described = WORDS.parse(Event("info", {"asr": [], "satellite": about}))
    assert described == Described(About(name="Porch [2J" + "x" * 119, area=""))
    assert WORDS.parse(Event("info", {"satellite": None})) == Described(None)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (Event("info", {"satellite": 3}), "info: satellite"),
        (Event("run-pipeline", {}), "run-pipeline: start_stage"),
        (Event("audio-chunk", {"rate": 16_000, "width": 3, "channels": 1}), "audio-chunk: width"),
        (Event("audio-chunk", {"rate": 10**9, "width": 2, "channels": 1}), "audio-chunk: rate"),
        (Event("audio-chunk", {"rate": 16_000, "width": 2, "channels": 2}, b"12"), "the middle of a sample"),
        (Event("detection", {"name": {}}), "detection: name"),
    ],
)
def test_what_is_malformed_is_refused(event, says):
    with pytest.raises(FrameError, match=f"a malformed .*{says}"):
        WORDS.parse(event)


def test_what_says_nothing_to_us_is_passed_over():
    assert WORDS.parse(Event("streaming-started")) is None
    assert WORDS.parse(Event("played")) == Played()


# --- ear ---


def test_a_wake_word_begins_a_turn_with_what_was_heard_just_before_it():
    ear = Ear()
    assert ear.hears(WantsTurn("wake"), sound(SPEECH * 40)) == []
    woken, *audio = ear.hears(sound(WORD + SILENCE))
    assert (woken.turn, woken.word, woken.sample, woken.first_sample) == (1, "okay_nabu", 41 * 320, 41 * 320 - 8_000)
    assert woken.snr_db is not None
    assert [each.first_sample for each in audio] == list(range(16 * 320, 42 * 320, 320))
    assert audio[-1] == Audio(SILENCE, 41 * 320)


def test_the_wake_word_said_again_is_part_of_the_utterance_and_after_its_end_another_turn():
    ear = Ear()
    ear.hears(WantsTurn("wake"), sound(WORD))
    assert ear.hears(sound(WORD)) == [Audio(WORD, 320)]
    ear.stop(1)
    assert ear.hears(sound(SPEECH)) == []
    assert [type(each) for each in ear.hears(sound(WORD))] == [Woken, Audio, Audio, Audio, Audio]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([HeardWord("ok_nabu_v0.1"), WantsTurn("asr")], ("ok_nabu_v0.1", "ok nabu")),
        ([WantsTurn("asr", wake_word_name="alexa")], ("alexa", "alexa")),
        ([WantsTurn("asr")], (UNNAMED, "")),
        ([HeardWord("alexa"), sound(b"")], ("alexa", "alexa")),
    ],
)
def test_its_own_wake_word_is_known_by_its_name(words, expected):
    [woken] = Ear().hears(*words)
    assert (woken.word, woken.phrase) == expected
    assert woken.snr_db is None


def test_an_invitation_is_for_the_next_audio_and_only_where_some_comes():
    ear = Ear()
    assert not ear.invite(2)
    ear.hears(WantsTurn("wake"))
    assert ear.invite(2)
    woken, audio = ear.hears(sound(SPEECH))
    assert (woken.turn, woken.word, audio.first_sample) == (2, "", 0)
    _, woken, *_ = ear.hears(sound(WORD))
    assert woken.turn == 1, "a wake word said into it begins a turn of its own"
    ear.stop(1)
    assert ear.invite(4)
    ear.stop(4)
    assert ear.hears(sound(SPEECH)) == []


def test_a_stream_that_stops_ends_the_utterance_unless_it_goes_on_at_once():
    ear = Ear()
    ear.hears(WantsTurn("wake"), sound(WORD))
    assert ear.hears(SoundEnded(), now=5.0) == []
    assert ear.next_deadline() == 5.0 + RESUMES_WITHIN_S
    assert ear.hears(WantsTurn("wake"), sound(SILENCE * 3), sound(SILENCE[:400] + SPEECH), now=5.1) == [
        Audio(SPEECH, 320)
    ]
    assert ear.next_deadline() is None
    ear.hears(SoundEnded(), now=9.0)
    assert list(ear.advance(9.4)) == []
    assert list(ear.advance(9.5)) == [Released(1)]
    assert ear.hears(sound(SPEECH)) == []


def test_one_with_a_wake_word_of_its_own_has_ended_when_it_stops():
    ear = Ear()
    ear.hears(WantsTurn("asr"))
    assert ear.hears(SoundEnded()) == [Released(1)]


# --- playback ---


def sounding(seconds=1.0, now=10.0):
    playback = Playback()
    playback.begin(1, RATE_HZ)
    playback.sent(round(seconds * RATE_HZ), now)
    return playback


def test_what_has_sounded_is_counted_and_reported_now_and_then():
    playback = sounding()
    begins = 10.0 + LAG_S
    assert playback.next_deadline() == begins
    assert playback.advance(begins) == [Sounded(1, 0, done=False)]
    assert playback.advance(begins + 0.1) == []
    assert playback.advance(begins + 0.25) == [Sounded(1, RATE_HZ // 4, done=False)]
    playback.end()
    assert playback.reached(begins + 0.5) == [Sounded(1, RATE_HZ // 2, done=False)]
    assert playback.advance(begins + 1.0) == [Sounded(1, RATE_HZ, done=True)]
    assert (playback.turn, playback.next_deadline(), playback.advance(99.0)) == (None, None, [])


def test_a_pause_is_not_counted():
    playback = sounding(now=10.0)
    playback.sent(RATE_HZ, 20.0)
    assert playback.reached(20.0 + LAG_S + 0.5) == [Sounded(1, RATE_HZ * 3 // 2, done=False)]


def test_one_that_tells_is_believed_and_waited_for():
    playback = sounding()
    playback.end()
    assert playback.told() == [Sounded(1, RATE_HZ, done=True)]
    playback.begin(3, RATE_HZ)
    playback.sent(RATE_HZ, 20.0)
    playback.end()
    over = 21.0 + LAG_S
    assert [each.done for each in playback.advance(over)] == [False]
    assert [each.done for each in playback.advance(over + TELLS_WITHIN_S)] == [True]


def test_what_it_tells_of_a_reply_that_was_cut_is_not_the_next_one():
    playback = sounding()
    playback.cut()
    assert playback.turn is None
    playback.begin(3, RATE_HZ)
    playback.sent(RATE_HZ, 11.0)
    assert playback.told() == []
    playback.end()
    assert playback.told() == [Sounded(3, RATE_HZ, done=True)]
    assert playback.told() == []


# --- silence ---


def test_one_that_streams_always_owes_audio():
    silence = SilenceWatch()
    assert silence.next_deadline() is None
    silence.heard(WantsTurn("wake", restart_on_end=True), 1.0)
    silence.heard(sound(SILENCE), 5.0)
    assert silence.next_deadline() == 5.0 + SILENT_S


@pytest.mark.parametrize(
    ("stage", "answers_pings", "owes"), [("wake", False, True), ("wake", True, False), ("asr", False, False)]
)
def test_one_of_an_early_make_is_asked_after_a_turn(stage, answers_pings, owes):
    silence = SilenceWatch()
    silence.heard(WantsTurn(stage), 1.0)
    assert silence.next_deadline() is None
    silence.turn_ended(7.0, answers_pings=answers_pings)
    assert silence.next_deadline() == (7.0 + SILENT_S if owes else None)
    silence.heard(sound(SILENCE), 8.0)
    assert silence.next_deadline() is None
