"""The steps of the turn machine: each takes an event, notes what follows from it, and says the next state."""

from collections import deque
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from roomtone_server.turn.endpoint import Endpointer, EndpointSettings, Pauses, Verdict
from roomtone_server.turn.events import (
    Abandon,
    Announce,
    AnnouncementDue,
    Answer,
    AudioReached,
    CancelRequested,
    Command,
    DeadlinePassed,
    Discard,
    EndTurn,
    FinalReady,
    FinishHearing,
    Invite,
    Outcome,
    PartialReady,
    PlaybackEnded,
    PlaybackReached,
    Prepare,
    PreviewReady,
    ReplyFinished,
    ReplyStarted,
    SatelliteLost,
    SpeechEnded,
    SpeechStarted,
    StartHearing,
    WakeHeard,
    WorkFailed,
)
from roomtone_server.turn.speculation import Speculation

# Announcements that wait for a long turn to end; of more than these the oldest are dropped.
MAX_WAITING_ANNOUNCEMENTS: Final = 16


class State(Enum):
    WAITING = "waiting"
    INVITED = "invited"
    LISTENING = "listening"
    FINISHING = "finishing"
    ANSWERING = "answering"
    SPEAKING = "speaking"


@dataclass(frozen=True, slots=True)
class TurnSettings:
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    follow_up_s: float = 5.0  # how long the satellite listens after a reply that asks something
    audio_stalls_after_s: float = 5.0  # a satellite that streams falls silent: the turn ends
    final_within_s: float = 10.0
    answer_within_s: float = 30.0
    playback_grace_s: float = 5.0  # beyond the reply's own length


class Course:
    """What the machine remembers between events. Only steps change it."""

    def __init__(self, settings: TurnSettings) -> None:
        self.settings = settings
        self.state = State.WAITING
        self.commands: list[Command] = []
        self.deadline: float | None = None
        self.turn = 0
        self.revision = 0
        self.pauses = Pauses()
        self.endpointer = Endpointer(settings.endpoint, 0, self.pauses, after_wake_word=False)
        self.speculation = Speculation()
        self.reached = 0  # the microphone's last sample
        self.finished: ReplyFinished | None = None
        self.announcing: AnnouncementDue | None = None
        self.announcements: deque[AnnouncementDue] = deque(maxlen=MAX_WAITING_ANNOUNCEMENTS)
        self.last_of_satellite = -1  # odd
        self._last_of_server = 0  # even

    def begin(self, turn: int) -> None:
        self.turn = turn
        if turn % 2:
            self.last_of_satellite = turn
        self.finished = None
        self.announcing = None

    def begin_own(self) -> None:
        self._last_of_server += 2
        self.begin(self._last_of_server)

    def unspoken(self) -> list[AnnouncementDue]:
        return [*([self.announcing] if self.announcing else []), *self.announcements]

    def revise(self) -> int:
        """The number of a new piece of work; results of older ones become stale."""
        self.revision += 1
        return self.revision


# --- beginnings ------------------------------------------------------------------------------------------------------


def start_listening(course: Course, event: WakeHeard, now: float) -> State:
    course.begin(event.turn)
    return _listen(course, event, now)


def start_invited(course: Course, event: WakeHeard, now: float) -> State:
    if event.turn == course.turn:
        patient = replace(course.settings.endpoint, nothing_said_ms=int(course.settings.follow_up_s * 1000))
        return _listen(course, event, now, patient)
    _end(course, "cancelled")
    return start_listening(course, event, now)


def start_over(course: Course, event: WakeHeard, now: float) -> State:
    """A wake word during a turn: the turn is given up for the new one (barge-in)."""
    course.commands.append(Abandon(course.turn))
    _end(course, "cancelled")
    return start_listening(course, event, now)


def announce(course: Course, event: AnnouncementDue, now: float) -> State:
    course.begin_own()
    course.announcing = event
    course.commands.append(Announce(course.turn, course.revise(), event.text, event.sound))
    course.deadline = now + course.settings.answer_within_s
    return State.ANSWERING


def postpone(course: Course, event: AnnouncementDue, now: float) -> State:
    course.announcements.append(event)
    return course.state


# --- listening -------------------------------------------------------------------------------------------------------


def note_speech(course: Course, event: SpeechStarted, now: float) -> State:
    course.endpointer.speech_started(event.sample)
    _discard(course)
    return State.LISTENING


def note_silence(course: Course, event: SpeechEnded, now: float) -> State:
    course.endpointer.speech_ended(event.sample)
    return State.LISTENING


def note_words(course: Course, event: PartialReady, now: float) -> State:
    course.endpointer.understood(event.key, event.completeness)
    if course.speculation.contradicts(event.key):
        _discard(course)
    return State.LISTENING


def note_preview(course: Course, event: PreviewReady, now: float) -> State:
    """A sentence that the recogniser stands by; or none, and then what partials made of it is no sentence either."""
    course.speculation.preview = event
    if event.text:
        course.endpointer.understood(event.key, event.completeness)
    else:
        course.endpointer.doubted()
    return _perhaps_finish(course, now)


def perhaps_endpoint(course: Course, event: AudioReached, now: float) -> State:
    endpointer, speculation = course.endpointer, course.speculation
    course.reached = event.sample
    course.deadline = now + course.settings.audio_stalls_after_s
    endpointer.heard(event.sample, event.level_db)
    if endpointer.resumed and speculation.in_pause:
        _discard(course)
    if endpointer.has_begun and speculation.is_wanted(endpointer.pause_ms, endpointer.stable_ms):
        speculation.begin(course.revise(), endpointer.key, endpointer.pause_ms)
        course.commands.append(Prepare(course.turn, course.revision))
    return _perhaps_finish(course, now)


def _perhaps_finish(course: Course, now: float) -> State:
    """Waits for a transcript that is on its way, so that the silence is that for what was really said."""
    verdict = course.endpointer.verdict()
    if verdict is Verdict.NOTHING_SAID:
        return _give_up(course, now, "nothing-said")
    silence_ms = course.endpointer.silence_ms
    waits = course.speculation.is_awaited and silence_ms < course.settings.endpoint.open_ms
    if verdict is Verdict.GOES_ON or waits:
        return State.LISTENING
    preview = course.speculation.preview
    if preview is None:
        _discard(course)
        course.commands.append(FinishHearing(course.turn, course.revise(), course.reached, silence_ms, known=False))
        course.deadline = now + course.settings.final_within_s
        return State.FINISHING
    course.commands.append(FinishHearing(course.turn, preview.revision, course.reached, silence_ms, known=True))
    return _answer(course, preview.text, now, spoken=preview.spoken)


# --- answering -------------------------------------------------------------------------------------------------------


def answer(course: Course, event: FinalReady, now: float) -> State:
    return _answer(course, event.text, now, spoken=event.spoken)


def _answer(course: Course, text: str, now: float, *, spoken: bool) -> State:
    """What was not understood is answered too: somebody waits for it. A cough is not."""
    if not spoken:
        return _give_up(course, now, "nothing-said")
    course.commands.append(Answer(course.turn, course.revision, text))
    course.deadline = now + course.settings.answer_within_s
    return State.ANSWERING


def speak(course: Course, event: ReplyStarted, now: float) -> State:
    """From here on the reply has to keep coming, or to be finished."""
    course.deadline = now + course.settings.answer_within_s
    return State.SPEAKING


def finish_silently(course: Course, event: ReplyFinished, now: float) -> State:
    course.finished = event
    return _finish(course, now)


def await_playback(course: Course, event: ReplyFinished, now: float) -> State:
    course.finished = event
    course.deadline = now + event.remaining_s + course.settings.playback_grace_s
    return State.SPEAKING


def note_playback(course: Course, event: PlaybackReached, now: float) -> State:
    if course.finished is None:
        course.deadline = now + course.settings.answer_within_s
    return State.SPEAKING


def finish_spoken(course: Course, event: PlaybackEnded, now: float) -> State:
    """A satellite that claims the end before all was sent is not believed."""
    return State.SPEAKING if course.finished is None else _finish(course, now)


# --- ends that nobody wished for -------------------------------------------------------------------------------------


def cancel(course: Course, event: CancelRequested, now: float) -> State:
    return _give_up(course, now, "cancelled")


def nothing_said(course: Course, event: DeadlinePassed, now: float) -> State:
    return _give_up(course, now, "nothing-said")


def fail(course: Course, event: WorkFailed, now: float) -> State:
    return _give_up(course, now, "failed", event.text)


def lose(course: Course, event: SatelliteLost, now: float) -> State:
    """Announcements are not lost with it: whoever runs the machine delivers them when the satellite is back."""
    course.commands.append(Abandon(course.turn))
    _end(course, "lost")
    return State.WAITING


def give_up_on_audio(course: Course, event: DeadlinePassed, now: float) -> State:
    return _give_up(course, now, "failed", "the satellite stopped sending audio in the middle of the turn")


def give_up_on_hearing(course: Course, event: DeadlinePassed, now: float) -> State:
    return _give_up(course, now, "failed", "the recogniser did not finish in time")


def give_up_on_answer(course: Course, event: DeadlinePassed, now: float) -> State:
    return _give_up(course, now, "failed", "no answer was found in time")


def give_up_on_playback(course: Course, event: DeadlinePassed, now: float) -> State:
    """A satellite that never reports the end of a reply that was sent whole; one that came half-way has failed."""
    if course.finished is None:
        return _give_up(course, now, "failed", "the reply broke off")
    return _finish(course, now)


# --- what steps share ------------------------------------------------------------------------------------------------


def _listen(course: Course, event: WakeHeard, now: float, endpoint: EndpointSettings | None = None) -> State:
    settings = endpoint or course.settings.endpoint
    course.endpointer = Endpointer(settings, event.sample, course.pauses, after_wake_word=event.word)
    course.speculation = Speculation()
    course.reached = event.sample
    course.commands.append(StartHearing(course.turn))
    course.deadline = now + course.settings.audio_stalls_after_s
    return State.LISTENING


def _discard(course: Course) -> None:
    if (revision := course.speculation.drop()) is not None:
        course.commands.append(Discard(course.turn, revision))


def _finish(course: Course, now: float) -> State:
    finished = course.finished
    assert finished is not None
    course.announcing = None
    _end(course, "answered" if finished.understood else "not-understood")
    if not finished.expects_answer:
        return _rest(course, now)
    course.begin_own()
    course.commands.append(Invite(course.turn, course.settings.follow_up_s))
    course.deadline = now + course.settings.follow_up_s
    return State.INVITED


def _give_up(course: Course, now: float, outcome: Outcome, text: str = "") -> State:
    course.commands.append(Abandon(course.turn))
    course.announcing = None
    _end(course, outcome, text)
    return _rest(course, now)


def _end(course: Course, outcome: Outcome, text: str = "") -> None:
    course.commands.append(EndTurn(course.turn, outcome, text))
    course.revise()
    course.deadline = None


def _rest(course: Course, now: float) -> State:
    if course.announcements:
        return announce(course, course.announcements.popleft(), now)
    return State.WAITING
