"""The steps of the satellite's machine while somebody speaks into a reply: it is paused at once, and goes on as soon as
it is known that nobody meant to stop it.
"""

from typing import Final

from roomtone.ears.formats import SAMPLES_PER_MS
from roomtone.satellite.course import Course, State
from roomtone.satellite.events import (
    CancelTurn,
    DeadlinePassed,
    FlushAsked,
    PauseReply,
    ReplyPlayed,
    ResumeReply,
    StartInterrupting,
    TurnEnded,
    VoiceLasted,
    VoiceStarted,
    VoiceStopped,
)
from roomtone.satellite.steps import finish_reply, let_it_finish

# Before the onset: a recogniser judges the first word by the room that it has heard before.
ONSET_PREROLL_SAMPLES: Final = 500 * SAMPLES_PER_MS
# A television talks on. A reply that it has paused so often sounds on, and "stop" still ends it; until the server has
# been asked in vain even more often: then there may be no canceller where one is needed, and it hears itself.
MAX_VAIN_PAUSES: Final = 3
MAX_VAIN_QUESTIONS: Final = 8


def perhaps_pause(course: Course, _: VoiceStarted, now: float) -> State:
    """Before anybody is asked: the silence is heard at once, or not at all."""
    if not _may_pause(course) or course.ended:
        return State.PLAYING
    _pause(course)
    course.deadline = now + course.settings.voice_lasts_within_s
    return State.HUSHED


def go_on(course: Course, _: VoiceStopped | DeadlinePassed, now: float) -> State:
    return _resume(course, now)


def interrupt(course: Course, event: VoiceLasted, now: float) -> State:
    """The voice is streamed as a turn of its own. A reply whose turn is over has nobody to ask about it."""
    assert course.turn is not None
    if course.ended or course.vain >= MAX_VAIN_QUESTIONS:
        return _resume(course, now)
    if _may_pause(course):
        _pause(course)
    course.interrupting = course.last_own_turn = course.last_own_turn + 2
    course.streaming = True
    course.deadline = now + course.settings.decided_within_s
    first_sample = max(0, event.sample - ONSET_PREROLL_SAMPLES)
    course.do(StartInterrupting(course.interrupting, course.turn, event.sample, first_sample, course.paused))
    return State.INTERRUPTED


def give_floor(course: Course, _: FlushAsked, now: float) -> State:
    """There are words: what interrupted is the turn now, and streams on."""
    turn, course.interrupting = course.interrupting, None
    course.stop_playing()
    if course.invited is not None:
        course.do(CancelTurn(course.invited))
    course.turn, course.invited = turn, None
    course.answered = course.ended = False
    course.vain = 0
    course.deadline = now + course.settings.utterance_within_s
    return State.LISTENING


def take_floor_back(course: Course, event: TurnEnded, now: float) -> State:
    """There are none. The end of the reply's own turn leaves it open what becomes of the other."""
    if event.turn == course.turn:
        return let_it_finish(course, event, now)
    course.stop_streaming()
    course.vain += 1
    return _resume(course, now)


def doubt(course: Course, _: DeadlinePassed, now: float) -> State:
    """The server's word was lost, or never spoken."""
    _withdraw(course)
    return _resume(course, now)


def outlast(course: Course, event: ReplyPlayed, now: float) -> State:
    """The reply is over: there is nothing left to stop."""
    _withdraw(course)
    return finish_reply(course, event, now)


def _withdraw(course: Course) -> None:
    assert course.interrupting is not None
    turn = course.interrupting
    course.stop_streaming()
    course.do(CancelTurn(turn))


def _may_pause(course: Course) -> bool:
    return course.settings.voice_pauses and course.vain < MAX_VAIN_PAUSES


def _pause(course: Course) -> None:
    if not course.paused:
        assert course.turn is not None
        course.paused = True
        course.do(PauseReply(course.turn))


def _resume(course: Course, now: float) -> State:
    if course.paused:
        assert course.turn is not None
        course.paused = False
        course.do(ResumeReply(course.turn))
    course.deadline = now + course.settings.playback_stalls_after_s
    return State.PLAYING
