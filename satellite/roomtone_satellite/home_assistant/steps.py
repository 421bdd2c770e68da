"""The steps of the machine: each takes an event, notes what follows from it, and says the next state."""

from typing import Final

from roomtone.satellite.events import (
    Alert,
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    DeadlinePassed,
    FinishReply,
    Muted,
    PlayChime,
    PlayReply,
    ReplyPlayed,
    ReplyProgressed,
    Unmuted,
    WakeHeard,
)
from roomtone_satellite.home_assistant.course import Course, State
from roomtone_satellite.home_assistant.events import (
    Abandoned,
    AudioEnded,
    AudioStarted,
    Driven,
    ListeningBegan,
    Paused,
    ReplyPromised,
    Resumed,
    RunFailed,
    RunOverdue,
    SayPlayed,
    StartRun,
    TimerCancelled,
    TimerFinished,
    Transcribed,
    UtteranceEnded,
    WakeAwaited,
    WakeDetected,
)
from roomtone_satellite.home_assistant.runs import Phase

NOTHING_SAID: Final = "stt-no-text-recognized"
DUPLICATE: Final = "duplicate_wake_up_detected"  # another satellite has reported the wake word before
DUPLICATE_WITHIN_S: Final = 2.5  # Home Assistant takes a second one within 2 s for such, the same satellite's too
MAX_RINGING: Final = 32  # guards memory: who drives us names the timers


# --- who drives us, and the two mute switches ------------------------------------------------------------------------


def take_up(course: Course, _: Driven, now: float) -> State:
    course.driven, course.paused, course.cut_off = True, False, False
    course.runs.forget(left_over=course.left_over)
    course.left_over = False
    course.clear_the_way(now)
    return course.unless_it_sounds()


def resume(course: Course, _: Resumed, now: float) -> State:
    course.paused = course.left_over = False
    course.runs.forget()
    course.clear_the_way(now)
    return course.unless_it_sounds()


def pause(course: Course, _: Paused, _now: float) -> State:
    course.paused = course.left_over = True
    course.runs.forget()
    return course.unless_it_sounds()


def pause_turn(course: Course, event: Paused, now: float) -> State:
    """Home Assistant takes what it has heard of an utterance until now for all of it. Another reply is welcome."""
    course.cut_off = course.state is State.LISTENING
    pause(course, event, now)
    if course.ringing:
        return course.rest(now)
    course.deadline = now + course.settings.answer_within_s
    return State.PAUSED


def note_transcript(course: Course, _: Transcribed, _now: float) -> State:
    course.understood = True
    return course.state


def forget_turn(course: Course, _: RunFailed | DeadlinePassed, now: float) -> State:
    course.cut_off = False
    return course.rest(now)


def abandon(course: Course, _: Abandoned, _now: float) -> State:
    course.driven = course.paused = False
    course.runs.forget()
    return course.unless_it_sounds()


def abandon_turn(course: Course, event: Abandoned, now: float) -> State:
    abandon(course, event, now)
    course.stop_playing()
    course.do(Alert("the connection to Home Assistant was lost in the middle of a turn"))
    return course.rest(now)


def perhaps_play_on(course: Course, event: Abandoned, now: float) -> State:
    return abandon(course, event, now) if course.all_in else abandon_turn(course, event, now)


def regret(course: Course, _: WakeHeard | ButtonPressed | ButtonHeld, _now: float) -> State:
    course.do(Alert("no Home Assistant is connected to this satellite"))
    return State.OFFLINE


def mute(course: Course, _: Muted, now: float) -> State:
    course.stop_playing()
    _end_run(course, now)
    course.muted = True
    return course.rest(now)


def mute_ringing(course: Course, _: Muted, now: float) -> State:
    _end_run(course, now)
    course.muted = True
    return State.RINGING


def unmute(course: Course, _: Unmuted, now: float) -> State:
    course.muted = False
    course.clear_the_way(now)
    return course.unless_it_sounds()


def _end_run(course: Course, now: float) -> None:
    if course.may_stream:
        course.runs.stop_streaming(ends_utterance=False)
        course.runs.ask(None, now)


# --- somebody speaks -------------------------------------------------------------------------------------------------


def start_by_word(course: Course, event: WakeHeard, now: float) -> State:
    first_sample = max(0, event.sample - course.settings.preroll_samples)
    again = course.woken_at is not None and now - course.woken_at < DUPLICATE_WITHIN_S
    course.woken_at = now
    return _start(course, StartRun(None if again else event.name, first_sample), now)


def start_by_button(course: Course, _: ButtonPressed, now: float) -> State:
    return _start(course, StartRun(), now)


def start_held(course: Course, _: ButtonHeld, now: float) -> State:
    return _start(course, StartRun(), now, held=True)


def _start(course: Course, run: StartRun, now: float, *, held: bool = False) -> State:
    """What sounds while nobody can be asked is silenced, and that is all."""
    if not course.may_stream:
        return _stop(course, now)
    course.stop_playing()
    course.runs.stop_streaming(ends_utterance=False)
    course.runs.ask(run, now)
    course.held = held
    course.understood = False
    course.chime_waits = True
    course.deadline = now + course.settings.listens_within_s
    return State.LISTENING


def start_remotely(course: Course, _: WakeDetected, now: float) -> State:
    """It was heard in what is streamed, and Home Assistant listens already."""
    course.stop_playing()
    course.runs.detected()
    course.held = course.understood = False
    return _chime(course, now)


def note_listening(course: Course, _: ListeningBegan, now: float) -> State:
    return _chime(course, now) if course.chime_waits else State.LISTENING


def chime_or_give_up(course: Course, event: DeadlinePassed, now: float) -> State:
    return _chime(course, now) if course.chime_waits else give_up(course, event, now)


def _chime(course: Course, now: float) -> State:
    course.chime_waits = False
    course.deadline = now + course.settings.utterance_within_s
    course.do(PlayChime("awake"))
    return State.LISTENING


def release(course: Course, _: ButtonReleased, now: float) -> State:
    """A turn that began otherwise is none of the button's; one that has not begun is over."""
    if not course.held:
        return State.LISTENING
    if course.runs.phase is Phase.CLEARING:
        return _stop(course, now)
    course.runs.stop_streaming(ends_utterance=True)
    return _await_reply(course, now)


def await_reply(course: Course, event: UtteranceEnded | Transcribed, now: float) -> State:
    """Where Home Assistant listens for the wake word, the stream goes on for its next run."""
    course.understood = isinstance(event, Transcribed)
    if not course.settings.remote_wake:
        course.runs.stop_streaming(ends_utterance=True)
    return _await_reply(course, now)


def expect_reply(course: Course, _: Transcribed | ReplyPromised, now: float) -> State:
    course.understood = True
    return _await_reply(course, now)


def _await_reply(course: Course, now: float) -> State:
    course.deadline = now + course.settings.answer_within_s
    return State.THINKING


# --- something sounds ------------------------------------------------------------------------------------------------


def play(course: Course, event: AudioStarted, now: float) -> State:
    """What is no reply is an announcement, for which Home Assistant has ended the run that went on."""
    if course.turn is not None:
        course.do(SayPlayed())
    course.announced = not course.understood
    if course.announced:
        course.runs.interrupted()
        if not course.settings.remote_wake:
            course.runs.stop_streaming(ends_utterance=False)
    course.turn, course.all_in = event.turn, False
    course.understood = course.cut_off = course.chime_waits = False
    course.deadline = now + course.settings.answer_within_s
    course.do(PlayReply(event.turn))
    return State.PLAYING


def play_unless_cut_off(course: Course, event: AudioStarted, now: float) -> State:
    """The reply to half a sentence is for nobody; an announcement is."""
    if not (course.cut_off and course.understood):
        return play(course, event, now)
    course.cut_off = course.understood = False
    course.do(SayPlayed())
    return course.state


def note_progress(course: Course, _: ReplyProgressed, now: float) -> State:
    course.deadline = now + course.settings.answer_within_s
    return State.PLAYING


def finish(course: Course, event: AudioEnded, _now: float) -> State:
    course.all_in = True
    if not course.announced:
        course.runs.over()
    course.do(FinishReply(event.turn))
    return State.PLAYING


def finish_reply(course: Course, _: ReplyPlayed, now: float) -> State:
    course.turn = None
    course.do(SayPlayed())
    return course.rest(now)


# --- a turn ends -----------------------------------------------------------------------------------------------------


def fail(course: Course, event: RunFailed, now: float) -> State:
    if not course.runs.failed(event.code, now):
        return course.state
    if not course.settings.remote_wake:
        course.runs.stop_streaming(ends_utterance=False)
    if event.code == NOTHING_SAID:
        course.do(PlayChime("done"))
    elif event.code != DUPLICATE:
        course.do(Alert(event.text))
    return course.rest(now)


def cancel(course: Course, _: ButtonPressed, now: float) -> State:
    course.do(PlayChime("done"))
    return _stop(course, now)


def give_up(course: Course, _: DeadlinePassed, now: float) -> State:
    """What was understood may have an answer of no words."""
    if not course.understood and course.state is not State.PLAYING:
        course.do(Alert("Home Assistant did not answer in time"))
    return _stop(course, now)


def perhaps_rest(course: Course, event: WakeAwaited, now: float) -> State:
    """Its next run has begun. The reply of the last one may still be on its way, where there is one."""
    note_wake_run(course, event, now)
    return State.THINKING if course.understood else course.rest(now)


def _stop(course: Course, now: float) -> State:
    course.stop_playing()
    course.runs.stop_streaming(ends_utterance=False)
    course.clear_the_way(now)
    return course.rest(now)


# --- what Home Assistant runs ----------------------------------------------------------------------------------------


def note_wake_run(course: Course, _: WakeAwaited, _now: float) -> State:
    course.runs.awaited()
    return course.state


def note_failure(course: Course, event: RunFailed, now: float) -> State:
    """Of what nobody waits for; muted or paused, nothing is asked for again."""
    if course.may_stream or course.runs.phase is Phase.CLEARING:
        course.runs.failed(event.code, now)
    return course.state


def regret_wake_run(course: Course, event: RunFailed, now: float) -> State:
    """Once: it is tried again."""
    if course.runs.failed(event.code, now) and course.runs.failures == 1:
        course.do(Alert(event.text))
    return State.WAITING


def ask_again(course: Course, _: RunOverdue, now: float) -> State:
    course.runs.overdue(now)
    return course.state


# --- timers ----------------------------------------------------------------------------------------------------------


def note_timer(course: Course, event: TimerFinished, now: float) -> State:
    """It rings as soon as nothing is said."""
    if len(course.ringing) < MAX_RINGING:
        course.ringing.add(event.id)
    course.rings_until = now + course.settings.rings_for_s
    return course.state


def start_ringing(course: Course, event: TimerFinished, now: float) -> State:
    note_timer(course, event, now)
    return course.ring(now)


def forget_timer(course: Course, event: TimerCancelled, _now: float) -> State:
    course.ringing.discard(event.id)
    return course.state


def perhaps_stop_ringing(course: Course, event: TimerCancelled, now: float) -> State:
    forget_timer(course, event, now)
    return State.RINGING if course.ringing else course.rest(now)


def ring_on(course: Course, _: DeadlinePassed, now: float) -> State:
    if now < course.rings_until:
        return course.ring(now)
    course.ringing.clear()
    return course.rest(now)


def hush(course: Course, _: WakeHeard | ButtonPressed | ButtonHeld, now: float) -> State:
    """That was all that was meant."""
    course.ringing.clear()
    return course.rest(now)


def hush_remotely(course: Course, _: WakeDetected, now: float) -> State:
    """So what Home Assistant hears from now on is not meant for it."""
    course.ringing.clear()
    course.runs.detected()
    return course.rest(now)
