"""The steps of the turn machine while a reply is interrupted: two turns at once, one that speaks and one that may be.

What interrupts is heard as a turn of its own from the start, so that no word of it is lost when it becomes one. It does
when it has words that the recogniser stands by; else it ends, and the reply goes on. A reply that was not paused is
only ended by what ends a reply at once: the room may be talking about something else.
"""

from typing import Final

from roomtone_server.turn.course import Course, Held, State
from roomtone_server.turn.events import (
    Abandon,
    AudioReached,
    CancelRequested,
    DeadlinePassed,
    EndTurn,
    HoldReply,
    InterruptionHeard,
    Outcome,
    PartialReady,
    PlaybackEnded,
    PreviewReady,
    ReplyFinished,
    ResumeReply,
    SatelliteLost,
    WakeHeard,
    WorkFailed,
)
from roomtone_server.turn.steps import (
    cancel,
    end,
    fail,
    finish_spoken,
    lose,
    open_ear,
    start_over,
    take_audio,
    take_preview,
    take_words,
)

# Of silence: what was said is whole. The stops within words are shorter.
OVER_MS: Final = 300
# What seems to be over is asked about only so often: a few gaps between words must not use that up.
PREPARE_AFTER_MS: Final = 160


def interrupt(course: Course, event: InterruptionHeard, now: float) -> State:
    course.held = Held(course.turn, course.revision, event.paused, course.finished, course.announcing)
    if event.paused:
        course.commands.append(HoldReply(course.turn))
    course.begin(event.turn)
    course.revise()
    open_ear(course, event.sample, course.settings.endpoint, after_wake_word=False)
    course.deadline = now + course.settings.decided_within_s
    return State.INTERRUPTED


def interrupt_again(course: Course, event: InterruptionHeard, now: float) -> State:
    """The satellite knows of an end of the first one that has not been heard of here."""
    _resume(course, now, "lost")
    return interrupt(course, event, now)


# --- is it one? ------------------------------------------------------------------------------------------------------


def note_words(course: Course, event: PartialReady, now: float) -> State:
    take_words(course, event)
    return State.INTERRUPTED


def weigh_preview(course: Course, event: PreviewReady, now: float) -> State:
    take_preview(course, event)
    has_words = bool(event.text and event.key) and event.key not in course.settings.backchannels
    return _take_turn(course, now) if has_words and _may_end_reply(course) else State.INTERRUPTED


def weigh_audio(course: Course, event: AudioReached, now: float) -> State:
    """Without words it was none, once there is silence. Whoever speaks on makes sense by now, or is given a little
    longer: a recogniser without time for partials knows only whole sentences."""
    take_audio(course, event, prepare_after_ms=PREPARE_AFTER_MS)
    endpointer, speculation, settings = course.endpointer, course.speculation, course.settings
    speaks_on = endpointer.pause_ms < OVER_MS
    if speaks_on or speculation.is_awaited:
        wait_ms = settings.undecided_voice_ms
    else:
        wait_ms = settings.undecided_ms if speculation.preview is None else 0
    makes_sense = speaks_on and endpointer.makes_sense and not speculation.is_awaited
    if makes_sense and endpointer.waited_ms >= settings.undecided_ms and _may_end_reply(course):
        return _take_turn(course, now)
    return _resume(course, now, "nothing-said") if endpointer.waited_ms >= wait_ms else State.INTERRUPTED


def _may_end_reply(course: Course) -> bool:
    assert course.held is not None
    return course.held.paused or course.endpointer.key in course.settings.endpoint.at_once


# --- something else happens meanwhile: the reply has the floor again, and then it is as ever -----------------------


def note_finished(course: Course, event: ReplyFinished, now: float) -> State:
    assert course.held is not None
    course.held.finished = event
    return State.INTERRUPTED


def finish_reply(course: Course, event: PlaybackEnded, now: float) -> State:
    _resume(course, now, "nothing-said")
    return finish_spoken(course, event, now)


def start_over_both(course: Course, event: WakeHeard, now: float) -> State:
    _resume(course, now, "cancelled")
    return start_over(course, event, now)


def cancel_either(course: Course, event: CancelRequested, now: float) -> State:
    of_interruption = event.turn == course.turn
    state = _resume(course, now, "cancelled")
    return state if of_interruption else cancel(course, event, now)


def fail_either(course: Course, event: WorkFailed, now: float) -> State:
    if event.turn == course.turn:
        return _resume(course, now, "failed", event.text)
    _resume(course, now, "cancelled")
    return fail(course, event, now)


def lose_both(course: Course, event: SatelliteLost, now: float) -> State:
    _resume(course, now, "lost")
    return lose(course, event, now)


def give_up_deciding(course: Course, event: DeadlinePassed, now: float) -> State:
    return _resume(course, now, "failed", "the satellite stopped sending audio in the middle of an interruption")


# --- what becomes of the two -----------------------------------------------------------------------------------------


def _take_turn(course: Course, now: float) -> State:
    assert course.held is not None
    interrupted, course.held = course.held.turn, None
    course.commands += [Abandon(interrupted), EndTurn(interrupted, "interrupted")]
    course.deadline = now + course.settings.audio_stalls_after_s
    return State.LISTENING


def _resume(course: Course, now: float, outcome: Outcome, text: str = "") -> State:
    """What seemed to interrupt ends; the reply has the floor again."""
    assert course.held is not None
    held, course.held = course.held, None
    course.commands.append(Abandon(course.turn))
    end(course, outcome, text)
    course.turn, course.revision = held.turn, held.revision
    course.finished, course.announcing = held.finished, held.announcing
    if held.paused:
        course.commands.append(ResumeReply(held.turn))
    settings = course.settings
    waits_s = (
        settings.answer_within_s if held.finished is None else held.finished.remaining_s + settings.playback_grace_s
    )
    course.deadline = now + waits_s
    return State.SPEAKING
