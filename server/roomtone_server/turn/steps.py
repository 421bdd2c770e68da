"""The steps of the turn machine: each takes an event, notes what follows from it, and says the next state."""

from dataclasses import replace
from typing import Final

from roomtone_server.turn.course import Course, State
from roomtone_server.turn.endpoint import Endpointer, EndpointSettings, Pauses, Verdict
from roomtone_server.turn.events import (
    FINISHED,
    Abandon,
    Announce,
    AnnouncementDue,
    Answer,
    AudioReached,
    CancelRequested,
    DeadlinePassed,
    Discard,
    EndTurn,
    FinalReady,
    FinishHearing,
    Invite,
    ListeningAsked,
    Outbid,
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
    UtteranceEnded,
    WakeHeard,
    WorkFailed,
)
from roomtone_server.turn.speculation import AWAITED_MS, Speculation

# When work is begun that may prove to be for nothing.
PREPARE_AFTER_MS: Final = 60  # of silence
STABLE_MS: Final = 300  # or when the words have made a whole sentence for so long: a television may go on

# --- beginnings ------------------------------------------------------------------------------------------------------


def start_listening(course: Course, event: WakeHeard, now: float) -> State:
    course.begin(event.turn)
    course.unasked = event.unasked
    return _listen(course, event, now)


def start_invited(course: Course, event: WakeHeard, now: float) -> State:
    if event.turn == course.turn:
        endpoint = course.settings.talk if course.talking else course.settings.endpoint
        patient = replace(endpoint, nothing_said_ms=int(course.settings.follow_up_s * 1000))
        return _listen(course, event, now, patient)
    end(course, "cancelled")
    return start_listening(course, event, now)


def start_over(course: Course, event: WakeHeard, now: float) -> State:
    """A wake word during a turn: the turn is given up for the new one (barge-in)."""
    course.commands.append(Abandon(course.turn))
    end(course, "cancelled")
    return start_listening(course, event, now)


def announce(course: Course, event: AnnouncementDue, now: float) -> State:
    course.begin_own()
    course.announcing = event
    how = event.text, event.sound, event.expects_answer, event.language
    course.commands.append(Announce(course.turn, course.revise(), *how))
    course.deadline = now + course.settings.answer_within_s
    return State.ANSWERING


def invite(course: Course, event: ListeningAsked, now: float) -> State:
    state = _invite(course, now, unasked=False)
    course.talking = event.talking
    return state


def postpone(course: Course, event: AnnouncementDue, now: float) -> State:
    course.announcements.append(event)
    return course.state


# --- listening -------------------------------------------------------------------------------------------------------


def note_speech(course: Course, event: SpeechStarted, now: float) -> State:
    course.endpointer.speech_started(event.sample)
    discard(course)
    return course.state


def note_silence(course: Course, event: SpeechEnded, now: float) -> State:
    course.endpointer.speech_ended(event.sample)
    return course.state


def note_words(course: Course, event: PartialReady, now: float) -> State:
    if take_words(course, event):
        prepare(course)
    return _perhaps_finish(course, now)


def take_words(course: Course, event: PartialReady) -> bool:
    """Whether what was prepared is void."""
    course.endpointer.understood(event.key, event.completeness)
    if course.speculation.contradicts(event.key, finished=event.completeness in FINISHED):
        discard(course)
        return True
    return False


def note_preview(course: Course, event: PreviewReady, now: float) -> State:
    take_preview(course, event)
    return _perhaps_finish(course, now)


def take_preview(course: Course, event: PreviewReady) -> None:
    """A sentence that the recogniser stands by; or none, and then what partials made of it is no sentence either."""
    endpointer, speculation = course.endpointer, course.speculation
    speculation.preview = event
    if event.text:
        endpointer.confirmed(event.key, event.completeness, speculation.begun_at_ms)
    elif speculation.asked_too_soon(finished=endpointer.sounds_finished):
        discard(course)
        prepare(course)
    else:
        endpointer.doubted()


def perhaps_endpoint(course: Course, event: AudioReached, now: float) -> State:
    course.deadline = now + course.settings.audio_stalls_after_s
    take_audio(course, event)
    return _perhaps_finish(course, now)


def take_audio(course: Course, event: AudioReached, *, prepare_after_ms: int = PREPARE_AFTER_MS) -> None:
    endpointer, speculation = course.endpointer, course.speculation
    course.reached = event.sample
    endpointer.heard(event.sample, event.level_db)
    if endpointer.resumed and speculation.in_pause:
        discard(course)
    prepare(course, prepare_after_ms)


def prepare(course: Course, after_ms: int = PREPARE_AFTER_MS) -> None:
    """If that is worth it now."""
    endpointer, speculation = course.endpointer, course.speculation
    if not (speculation.may_begin and endpointer.has_begun and endpointer.was_voiced):
        return
    if endpointer.pause_ms >= after_ms or endpointer.stable_ms >= STABLE_MS:
        speculation.begin(
            course.revise(),
            endpointer.key,
            endpointer.pause_ms,
            at_ms=endpointer.waited_ms,
            finished=endpointer.sounds_finished,
        )
        course.commands.append(Prepare(course.turn, course.revision))


def end_utterance(course: Course, event: UtteranceEnded, now: float) -> State:
    course.endpointer.released()
    return _perhaps_finish(course, now)


def _perhaps_finish(course: Course, now: float) -> State:
    """Waits for a transcript that is on its way, so that the silence is that for what was really said."""
    verdict = course.endpointer.verdict()
    if verdict is Verdict.GOES_ON:
        return State.LISTENING
    if verdict is Verdict.NOTHING_SAID:
        return give_up(course, now, "nothing-said")
    silence_ms = course.endpointer.silence_ms
    awaited_ms = course.endpointer.waited_ms - course.speculation.begun_at_ms
    if course.speculation.is_awaited and awaited_ms < AWAITED_MS and not course.endpointer.is_over:
        return State.LISTENING
    preview = course.speculation.preview
    if preview is None:
        discard(course)
        course.commands.append(FinishHearing(course.turn, course.revise(), course.reached, silence_ms, known=False))
        course.deadline = now + course.settings.final_within_s
        return State.FINISHING
    course.commands.append(FinishHearing(course.turn, preview.revision, course.reached, silence_ms, known=True))
    return _answer(course, preview.text, now, spoken=preview.spoken)


# --- answering -------------------------------------------------------------------------------------------------------


def answer(course: Course, event: FinalReady, now: float) -> State:
    return _answer(course, event.text, now, spoken=event.spoken)


def _answer(course: Course, text: str, now: float, *, spoken: bool) -> State:
    """What was not understood is answered too: somebody waits for it. A cough is not, nor what people say to each other
    after a reply that asked nothing."""
    if not spoken:
        return give_up(course, now, "nothing-said")
    if not text and course.unasked:
        return give_up(course, now, "not-understood")
    course.commands.append(Answer(course.turn, course.revision, text))
    course.deadline = now + course.settings.answer_within_s
    return State.ANSWERING


def speak(course: Course, event: ReplyStarted, now: float) -> State:
    """From here on the reply has to keep coming, or to be finished."""
    course.deadline = now + course.settings.answer_within_s
    return State.SPEAKING


def finish_silently(course: Course, event: ReplyFinished, now: float) -> State:
    course.finished = event
    return _finish(course, now, spoke=False)


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
    return State.SPEAKING if course.finished is None else _finish(course, now, spoke=True)


# --- ends that nobody wished for -------------------------------------------------------------------------------------


def cancel(course: Course, event: CancelRequested, now: float) -> State:
    return give_up(course, now, "cancelled")


def give_way(course: Course, event: Outbid, now: float) -> State:
    return give_up(course, now, "elsewhere")


def nothing_said(course: Course, event: DeadlinePassed, now: float) -> State:
    return give_up(course, now, "nothing-said")


def fail(course: Course, event: WorkFailed, now: float) -> State:
    return give_up(course, now, "failed", event.text)


def lose(course: Course, event: SatelliteLost, now: float) -> State:
    """Announcements are not lost with it: whoever runs the machine delivers them when the satellite is back."""
    course.commands.append(Abandon(course.turn))
    end(course, "lost")
    return State.WAITING


def give_up_on_audio(course: Course, event: DeadlinePassed, now: float) -> State:
    return give_up(course, now, "failed", "the satellite stopped sending audio in the middle of the turn")


def give_up_on_hearing(course: Course, event: DeadlinePassed, now: float) -> State:
    return give_up(course, now, "failed", "the recogniser did not finish in time")


def give_up_on_answer(course: Course, event: DeadlinePassed, now: float) -> State:
    return give_up(course, now, "failed", "no answer was found in time")


def give_up_on_playback(course: Course, event: DeadlinePassed, now: float) -> State:
    """A satellite that never reports the end of a reply that was sent whole; one that came half-way has failed."""
    if course.finished is None:
        return give_up(course, now, "failed", "the reply broke off")
    return _finish(course, now, spoke=True)


# --- what steps share ------------------------------------------------------------------------------------------------


def _listen(course: Course, event: WakeHeard, now: float, endpoint: EndpointSettings | None = None) -> State:
    open_ear(course, event.sample, endpoint or course.settings.endpoint, after_wake_word=event.word, held=event.held)
    course.deadline = now + course.settings.audio_stalls_after_s
    return State.LISTENING


def open_ear(
    course: Course, sample: int, settings: EndpointSettings, *, after_wake_word: bool, held: bool = False
) -> None:
    pauses = Pauses() if course.talking else course.pauses
    course.endpointer = Endpointer(settings, sample, pauses, after_wake_word=after_wake_word, held=held)
    course.speculation = Speculation()
    course.reached = sample
    course.commands.append(StartHearing(course.turn))


def discard(course: Course) -> None:
    if (revision := course.speculation.drop()) is not None:
        course.commands.append(Discard(course.turn, revision))


def _finish(course: Course, now: float, *, spoke: bool) -> State:
    finished = course.finished
    assert finished is not None
    listens_on = _listens_on(course, finished, spoke=spoke)
    course.announcing = None
    end(course, "answered" if finished.understood else "not-understood")
    return _invite(course, now, unasked=not finished.expects_answer) if listens_on else rest(course, now)


def _invite(course: Course, now: float, *, unasked: bool) -> State:
    course.begin_own()
    course.unasked = unasked
    course.commands.append(Invite(course.turn, course.settings.follow_up_s))
    course.deadline = now + course.settings.follow_up_s
    return State.INVITED


def _listens_on(course: Course, finished: ReplyFinished, *, spoke: bool) -> bool:
    """Even where all replies invite, one to what was not understood does not: a television would talk on for ever.
    Nor does an announcement, nor a reply while one waits, unless it asks something."""
    if course.settings.follow_up != "always":
        return finished.expects_answer and course.settings.follow_up == "when-asked"
    answers = spoke and finished.understood and not course.unspoken()
    return answers or finished.expects_answer


def give_up(course: Course, now: float, outcome: Outcome, text: str = "") -> State:
    course.commands.append(Abandon(course.turn))
    course.announcing = None
    end(course, outcome, text)
    return rest(course, now)


def end(course: Course, outcome: Outcome, text: str = "") -> None:
    course.commands.append(EndTurn(course.turn, outcome, text))
    course.revise()
    course.deadline = None


def rest(course: Course, now: float) -> State:
    if course.announcements:
        return announce(course, course.announcements.popleft(), now)
    return State.WAITING
