"""Whatever a satellite of another make says, in whatever order: what the runtime is told of it holds together."""

from hypothesis import given
from hypothesis import strategies as st
from support.satellite_parts import WORD, ScriptedWake
from support.scripted import SILENCE, SPEECH

from roomtone_server.ports.plain import Sound, SoundEnded
from roomtone_server.ports.stock.ear import RemoteEar
from roomtone_server.ports.stock.words import HeardWord, WantsTurn
from roomtone_server.runtime.session import Audio, Released, Woken

pieces = st.sampled_from([WORD, SPEECH, SILENCE, SPEECH[:100], WORD + SPEECH * 3, SILENCE * 60])
words = st.one_of(
    st.builds(Sound, st.just(16_000), st.just(2), st.just(1), pieces),
    st.builds(Sound, st.just(16_000), st.just(2), st.just(2), pieces),
    st.builds(WantsTurn, st.sampled_from(["wake", "asr", "tts"]), st.booleans()),
    st.builds(HeardWord, st.sampled_from(["", "alexa"])),
    st.just(SoundEnded()),
)
asked = st.sampled_from(["stop", "invite"])
steps = st.lists(st.tuples(words | asked, st.floats(0, 1)), max_size=60)


@given(steps)
def test_turns_are_new_audio_is_in_order_and_what_is_released_was_begun(steps):
    ear, now, begun, reached, heard = RemoteEar(ScriptedWake), 0.0, [], 0, []
    for step, passes_s in steps:
        now += passes_s
        incoming = list(ear.advance(now)) if (due := ear.next_deadline()) is not None and due <= now else []
        if step == "stop":
            ear.stop(begun[-1] if begun else 1)
        elif step == "invite":
            ear.invite(2 + 2 * len(heard))
        else:
            incoming += ear.hear(step, now)
        heard += incoming
        for each in incoming:
            match each:
                case Woken(turn, word, first_sample=first, sample=sample):
                    assert turn not in begun
                    assert bool(word) == (turn % 2 == 1)
                    assert [odd for odd in [*begun, turn] if odd % 2] == sorted(
                        odd for odd in [*begun, turn] if odd % 2
                    )
                    assert 0 <= first <= sample
                    begun.append(turn)
                    reached = first
                case Audio(pcm, first):
                    assert begun, "nobody has begun"
                    assert len(pcm) == 640
                    assert first >= reached
                    reached = first + 320
                case Released(turn):
                    assert turn == begun[-1]
    ear.close()
