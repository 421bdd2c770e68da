"""All kinds of events that a turn machine takes."""

from roomtone_server.turn import events as e


def events_of(turn: int, revision: int, sample: int) -> list[e.Event]:
    """One of each kind, all of this turn and revision."""
    return [
        e.WakeHeard(turn, sample, word=True),
        e.InterruptionHeard(turn, turn, sample, paused=True),
        e.SpeechStarted(turn, sample),
        e.SpeechEnded(turn, sample),
        e.UtteranceEnded(turn),
        e.AudioReached(turn, sample, -60.0),
        e.AudioReached(turn, sample, -20.0),
        e.PartialReady(turn, "words", e.Completeness.COMPLETE),
        e.PartialReady(turn, "words and", e.Completeness.OPEN),
        e.PreviewReady(turn, revision, "words", "words", e.Completeness.COMPLETE, spoken=True),
        e.PreviewReady(turn, revision, "", "", e.Completeness.UNKNOWN, spoken=False),
        e.FinalReady(turn, revision, "words"),
        e.FinalReady(turn, revision, "", spoken=False),
        e.ReplyStarted(turn, revision),
        e.ReplyFinished(turn, revision, 0.5, understood=True, expects_answer=False),
        e.ReplyFinished(turn, revision, 0.5, understood=False, expects_answer=True),
        e.PlaybackReached(turn, 100),
        e.PlaybackEnded(turn),
        e.WorkFailed(turn, "hearing", "broken"),
        e.CancelRequested(turn),
        e.Outbid(turn),
        e.AnnouncementDue("ring", "timer"),
        e.ListeningAsked(),
        e.SatelliteLost(),
        e.DeadlinePassed(),
    ]
