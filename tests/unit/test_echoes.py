"""Words that are the reply's own are nobody's."""

import pytest

from roomtone_server.runtime.echoes import is_echo

SAID = "Turned on the kitchen light. Your timer for five minutes is over."


@pytest.mark.parametrize(
    "heard", ["turned on the kitchen light", "turn on the kitchen light", "timer for five minutes", "minutes is over"]
)
def test_what_stands_in_the_reply_or_nearly_does_is_its_echo(heard):
    assert is_echo(heard, SAID)


@pytest.mark.parametrize("heard", ["stop", "cancel", "never mind", "turn off the bedroom fan", "what time is it"])
def test_what_does_not_is_somebody_s(heard):
    assert not is_echo(heard, SAID)


def test_a_stop_that_the_reply_says_is_no_stop():
    assert is_echo("stop", "Stopped the music")
    assert not is_echo("stop", "The shop is shut"), "one letter is as good as another word, when there are four"
    assert not is_echo("stop", "")
