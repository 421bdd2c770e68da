"""The steps of the satellite's machine: each takes an event, notes what follows from it, and says the next state."""

from roomtone.satellite.course import Course, State
from roomtone.satellite.events import (
    Alert,
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    CancelTurn,
    Connected,
    DeadlinePassed,
    Disconnected,
    EndpointFound,
    FinishReply,
    FlushAsked,
    ListenAsked,
    MuteAsked,
    Muted,
    PlayChime,
    PlayReply,
    ReleaseTurn,
    ReplyPlayed,
    ReplyProgressed,
    ReplyStarted,
    ReportPlayed,
    Sound,
    StartStreaming,
    TurnEnded,
    TurnGranted,
    UnmuteAsked,
    Unmuted,
    VoiceHeard,
    WakeHeard,
)

# --- the connection, and the mute switch -----------------------------------------------------------------------------


def go_online(course: Course, _: Connected, _now: float) -> State:
    course.connected = True
    course.last_server_turn = 0  # a server that started anew counts anew
    return State.WAITING


def disconnect(course: Course, _: Disconnected, _now: float) -> State:
    course.connected = False
    if course.turn is not None:
        course.end(tell_server=False)
        course.do(Alert("the connection to the server was lost in the middle of a turn"))
    return State.OFFLINE


def connect_muted(course: Course, event: Connected, now: float) -> State:
    go_online(course, event, now)
    return State.MUTED


def disconnect_muted(course: Course, event: Disconnected, now: float) -> State:
    disconnect(course, event, now)
    return State.MUTED


def regret(course: Course, _: WakeHeard | ButtonPressed | ButtonHeld, _now: float) -> State:
    course.do(Alert("the server cannot be reached"))
    return State.OFFLINE


def mute(course: Course, event: Muted | MuteAsked, _now: float) -> State:
    course.muted_there = isinstance(event, Muted)
    course.end(tell_server=course.connected)
    return State.MUTED


def hold_mute(course: Course, _: Muted, _now: float) -> State:
    """What was muted from afar is muted in the room too."""
    course.muted_there = True
    return State.MUTED


def unmute(course: Course, _: Unmuted | UnmuteAsked, _now: float) -> State:
    course.muted_there = False
    return State.WAITING if course.connected else State.OFFLINE


def perhaps_unmute(course: Course, event: UnmuteAsked, now: float) -> State:
    return State.MUTED if course.muted_there else unmute(course, event, now)


# --- a turn begins ---------------------------------------------------------------------------------------------------


def start_by_word(course: Course, event: WakeHeard, now: float) -> State:
    return _stream(course, course.begin(), now, event)


def start_by_button(course: Course, _: ButtonPressed, now: float) -> State:
    return _stream(course, course.begin(), now)


def start_held(course: Course, _: ButtonHeld, now: float) -> State:
    course.held = True
    return _stream(course, course.begin(), now)


def start_by_voice(course: Course, event: VoiceHeard, now: float) -> State:
    """Without a chime: it may be meant for others."""
    first_sample = max(0, event.sample - course.settings.preroll_samples)
    course.unasked = course.streaming = True
    course.do(StartStreaming(course.begin(), None, first_sample, unasked=True))
    course.deadline = now + course.settings.utterance_within_s
    return State.LISTENING


def start_invited(course: Course, event: ListenAsked, now: float) -> State:
    """An invitation says that the turn before it is over, whether or not that was said."""
    course.end(tell_server=False)
    return _stream(course, course.begin(event.turn), now, chime="invited")


def start_over(course: Course, event: WakeHeard, now: float) -> State:
    course.end(tell_server=True)
    return start_by_word(course, event, now)


def start_over_held(course: Course, event: ButtonHeld, now: float) -> State:
    course.end(tell_server=True)
    return start_held(course, event, now)


def perhaps_start_over(course: Course, event: WakeHeard, now: float) -> State:
    """The wake word said again is part of the utterance, but one said into an invitation begins a turn of its own."""
    assert course.turn is not None
    return start_over(course, event, now) if course.turn % 2 == 0 else State.LISTENING


def decline_busy(course: Course, event: ListenAsked, _now: float) -> State:
    course.last_server_turn = event.turn
    course.do(CancelTurn(event.turn))
    return State.LISTENING


def decline_muted(course: Course, event: ListenAsked | ReplyStarted, _now: float) -> State:
    course.last_server_turn = event.turn
    course.do(CancelTurn(event.turn))
    return State.MUTED


def _stream(course: Course, turn: int, now: float, wake: WakeHeard | None = None, *, chime: Sound = "awake") -> State:
    """A wake word may be another satellite's: only its chime waits to be allowed."""
    first_sample = None if wake is None else max(0, wake.sample - course.settings.preroll_samples)
    course.streaming = True
    course.chime_waits = wake is not None
    course.do(StartStreaming(turn, wake, first_sample, course.held))
    if wake is None:
        return _chime(course, now, chime)
    course.deadline = now + course.settings.granted_within_s
    return State.LISTENING


def let_it_settle(course: Course, event: TurnGranted, now: float) -> State:
    if not course.chime_waits:
        return State.LISTENING
    if event.settles_s <= 0:
        return _chime(course, now)
    course.deadline = now + event.settles_s
    return State.LISTENING


def chime_or_give_up(course: Course, event: DeadlinePassed, now: float) -> State:
    return _chime(course, now) if course.chime_waits else give_up(course, event, now)


def _chime(course: Course, now: float, chime: Sound = "awake") -> State:
    course.chime_waits = False
    course.deadline = now + course.settings.utterance_within_s
    course.do(PlayChime(chime))
    return State.LISTENING


# --- the utterance is over, the reply comes --------------------------------------------------------------------------


def release(course: Course, _: ButtonReleased, now: float) -> State:
    """A turn that began otherwise is none of the button's."""
    if not course.held:
        return State.LISTENING
    assert course.turn is not None
    course.stop_streaming()
    course.do(ReleaseTurn(course.turn))
    course.deadline = now + course.settings.answer_within_s
    return State.THINKING


def await_reply(course: Course, _: EndpointFound, now: float) -> State:
    course.stop_streaming()
    course.deadline = now + course.settings.answer_within_s
    return State.THINKING


def play_announcement(course: Course, event: ReplyStarted, now: float) -> State:
    course.begin(event.turn)
    return play_reply(course, event, now)


def play_reply(course: Course, event: ReplyStarted, now: float) -> State:
    course.stop_streaming()
    course.playing = course.answered = True
    course.deadline = now + course.settings.playback_stalls_after_s
    course.do(PlayReply(event.turn))
    return State.PLAYING


def play_on(course: Course, event: ReplyStarted, _now: float) -> State:
    course.do(PlayReply(event.turn))
    return course.state


def note_progress(course: Course, event: ReplyProgressed, now: float) -> State:
    course.deadline = now + course.settings.playback_stalls_after_s
    return report_progress(course, event, now)


def report_progress(course: Course, event: ReplyProgressed, _now: float) -> State:
    course.do(ReportPlayed(event.turn, event.samples, done=False))
    return course.state


def finish_reply(course: Course, event: ReplyPlayed, now: float) -> State:
    course.playing = course.paused = False
    course.do(ReportPlayed(event.turn, event.samples, done=True))
    return _after_reply(course, now)


def flush(course: Course, _: FlushAsked, now: float) -> State:
    course.stop_playing()
    return _after_reply(course, now)


def let_it_finish(course: Course, event: TurnEnded, _now: float) -> State:
    course.ended = True
    course.do(FinishReply(event.turn))
    _say_how_it_ended(course, event)
    return course.state


def listen_later(course: Course, event: ListenAsked, _now: float) -> State:
    assert course.turn is not None
    if course.invited is not None:
        course.do(CancelTurn(course.invited))
    course.invited = course.last_server_turn = event.turn
    course.do(FinishReply(course.turn))
    return course.state


def _after_reply(course: Course, now: float) -> State:
    """The server may still add to the reply, until it ends the turn or invites the next."""
    if course.invited is not None:
        return start_invited(course, ListenAsked(course.invited), now)
    if course.ended:
        course.end(tell_server=False)
        return State.WAITING
    course.deadline = now + course.settings.answer_within_s
    return State.THINKING


# --- a turn ends -----------------------------------------------------------------------------------------------------


def end_turn(course: Course, event: TurnEnded, _now: float) -> State:
    """Who was invited to speak and has nothing to say is left in peace, and so is who speaks to others."""
    in_peace = course.unasked or (course.turn is not None and course.turn % 2 == 0)
    course.end(tell_server=False)
    if not (in_peace and event.outcome == "nothing-said"):
        _say_how_it_ended(course, event)
    return State.WAITING


def cancel(course: Course, _: ButtonPressed, _now: float) -> State:
    course.end(tell_server=True)
    course.do(PlayChime("done"))
    return State.WAITING


def give_up(course: Course, _: DeadlinePassed, _now: float) -> State:
    answered = course.answered and not course.playing
    course.end(tell_server=True)
    if not answered:
        course.do(Alert("the server did not answer in time"))
    return State.WAITING


def _say_how_it_ended(course: Course, event: TurnEnded) -> None:
    if event.outcome in {"failed", "lost"}:
        course.do(Alert(event.text or "the server could not answer"))
    elif event.outcome == "nothing-said":
        course.do(PlayChime("done"))
