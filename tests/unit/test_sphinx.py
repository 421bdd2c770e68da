"""The parts of the embedded recogniser that need no process."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sound import noise, silence
from support.vocabularies import SMALL

from roomtone.ears.formats import RATE_HZ
from roomtone.errors import EngineError
from roomtone_server.engines import libespeak
from roomtone_server.engines.stt import automata
from roomtone_server.engines.stt.automata import MAX_CACHED, automaton_for
from roomtone_server.engines.stt.sphinx.lexicon import arpabet, pronounce
from roomtone_server.engines.stt.sphinx.messages import MAX_BODY_BYTES, Message, Messages
from roomtone_server.engines.stt.sphinx.names import unpronounceable
from roomtone_server.engines.stt.sphinx.recogniser import MAX_WAKE_PHRASES, Recogniser
from roomtone_server.engines.stt.sphinx.speech import Stretch, sounds, utterances
from roomtone_server.grammar.compiler import compile_automaton
from roomtone_server.grammar.vocabulary import NamedThing, Vocabulary


def tone(seconds):
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (8000 * np.sin(2 * np.pi * 220 * times)).astype("<i2").tobytes()


def room(seconds):
    return noise(seconds, peak=60)


class TestMessages:
    @given(st.lists(st.binary(max_size=300), max_size=6), st.data())
    def test_any_split_of_the_bytes_gives_the_same_messages(self, bodies, data):
        sent = [Message({"do": "audio", "id": number}, body) for number, body in enumerate(bodies)]
        pipe = b"".join(message.encode() for message in sent)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(pipe)), max_size=8)))
        reader = Messages()
        pieces = [pipe[start:end] for start, end in itertools.pairwise([0, *cuts, len(pipe)])]
        assert [message for piece in pieces for message in reader.receive(piece)] == sent

    def test_a_length_that_cannot_be_is_refused_before_it_is_waited_for(self):
        with pytest.raises(EngineError, match="no message"):
            list(Messages().receive(b"\xff" * 8))

    def test_what_would_be_refused_is_not_sent(self):
        with pytest.raises(EngineError, match="too long"):
            Message({}, bytes(MAX_BODY_BYTES + 1)).encode()


class TestSpeech:
    def test_silence_and_steady_noise_hold_no_speech(self):
        for pcm in (b"", silence(1), room(1), noise(2)):
            assert utterances(pcm, 0) == []

    def test_the_room_around_the_words_is_kept_and_no_more(self):
        (stretch,) = utterances(room(1) + tone(0.6) + room(2), 0)
        assert stretch.nearly(Stretch(750, 2100), 30)
        assert stretch.of(bytes(range(256)) * 400)[:2] == (bytes(range(256)) * 400)[stretch.start_ms * 32 :][:2]

    def test_a_short_pause_lies_inside_a_sentence(self):
        assert len(sounds(room(0.5) + tone(0.4) + room(0.15) + tone(0.4) + room(0.5))) == 1

    def test_a_click_alone_is_no_speech(self):
        assert utterances(room(0.5) + tone(0.05) + room(1), 0) == []

    def test_a_chime_in_front_is_left_out_first_and_then_taken_in(self):
        without, with_it = utterances(room(0.3) + tone(0.2) + room(0.5) + tone(0.8) + room(1), 0)
        assert without.nearly(Stretch(750, 2300), 30)
        assert with_it.nearly(Stretch(50, 2300), 30)

    def test_the_rest_of_a_wake_word_is_left_out_where_one_is_expected(self):
        pcm = tone(0.6) + room(0.4) + tone(0.8) + room(1)
        assert len(utterances(pcm, 0)) == 1
        assert [stretch.start_ms > 500 for stretch in utterances(pcm, 900)] == [True, False]


class TestLexicon:
    def test_wake_words_are_known_without_espeak(self, monkeypatch):
        monkeypatch.setattr(libespeak, "missing", lambda: "install it")
        assert pronounce("nabu") == "N AA B UW"
        assert pronounce("zigbee") is None

    def test_espeak_knows_what_no_dictionary_does(self):
        pytest.importorskip("espeakng_loader")
        assert pronounce("zigbee") == "Z IH G B IY"

    def test_ipa_becomes_the_phones_of_the_model(self):
        assert arpabet("tʃˈɑːɹli") == "CH AA R L IY"  # noqa: RUF001 - IPA is what it is about
        assert arpabet("ǁa") is None
        assert arpabet("") is None


class TestRecogniser:
    def test_it_is_ready_for_a_few_wake_phrases(self):
        recogniser = Recogniser(compile_automaton(Vocabulary()))
        for number in range(MAX_WAKE_PHRASES + 1):
            recogniser.listen_for("hey jarvis " * number)
        assert len(recogniser.wake_phrases) == MAX_WAKE_PHRASES
        assert "" not in recogniser.wake_phrases

    def test_a_name_that_nobody_can_pronounce_is_left_out_and_reported(self, monkeypatch):
        monkeypatch.setattr(libespeak, "missing", lambda: "install it")
        home = Vocabulary("en", (), (NamedThing("light.x", ("Xyzzq", "Good Lamp")),))
        recogniser = Recogniser(compile_automaton(home))
        assert unpronounceable(home, recogniser.unsayable) == ["Xyzzq"]
        assert "lamp" in recogniser.automaton.vocabulary()
        assert "xyzzq" not in recogniser.automaton.vocabulary()

    def test_what_is_no_whole_sentence_is_said_so(self):
        recogniser = Recogniser(compile_automaton(Vocabulary()))
        assert recogniser.recognise(silence(1)) is None
        heard = recogniser.recognise(room(0.5) + tone(0.5) + room(0.7))
        assert heard is not None
        assert heard.is_sentence is (heard.text != "" and recogniser.automaton.accepts(heard.text.split()))


class TestCache:
    def test_a_home_is_compiled_once(self, tmp_path, monkeypatch):
        compiled = automaton_for(SMALL, tmp_path)
        monkeypatch.setattr(automata, "make", None)
        assert automaton_for(SMALL, tmp_path) == compiled

    def test_a_torn_file_is_made_again(self, tmp_path):
        compiled = automaton_for(SMALL, tmp_path)
        (file,) = (tmp_path / "grammar").iterdir()
        for torn in (file.read_text()[:50], "[]", "{}", '{"format": 1}'):
            file.write_text(torn)
            assert automaton_for(SMALL, tmp_path) == compiled

    def test_it_does_not_grow_without_end(self, tmp_path):
        for number in range(MAX_CACHED + 2):
            automaton_for(Vocabulary("en", (), (NamedThing("light.x", (f"Lamp {number}",)),)), tmp_path)
        assert len(list((tmp_path / "grammar").iterdir())) == MAX_CACHED
