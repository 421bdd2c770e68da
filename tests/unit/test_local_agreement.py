"""What two transcripts in a row agree on."""

import pytest

from roomtone_server.engines.stt.local_agreement import LocalAgreement

TABLE = {
    "nothing was there before": (["turn on"], [""]),
    "what is the same": (["turn on", "turn on the light"], ["", "turn on"]),
    "half a word is not shown": (
        ["turn on the lie", "turn on the light", "turn on the light now"],
        ["", "turn on the", "turn on the light"],
    ),
    "what is taken back": (["turn on the", "turn off the", "turn off the light"], ["", "turn", "turn off the"]),
    "nothing in common": (["ten", "turn on", ""], ["", "", ""]),
    "case and marks": (
        ["turn on.", "Turn on, the light.", "Turn on the light!"],
        ["", "Turn on,", "Turn on the light!"],
    ),
    "a mark that stands alone": (["one - two", "one * two"], ["", "one"]),
    "vowel signs are letters": (["लाइट चालू", "लाइट चाल", "लाइट चालू"], ["", "लाइट", "लाइट"]),
}


@pytest.mark.parametrize(("heard", "agreed"), TABLE.values(), ids=TABLE)
def test_the_words_that_the_newer_text_shares(heard, agreed):
    agreement = LocalAgreement()
    assert [agreement.agreed(text) for text in heard] == agreed


def test_a_text_that_is_whole_needs_no_other():
    agreement = LocalAgreement()
    assert agreement.agreed("Turn on the light.", whole=True) == "Turn on the light."
    assert agreement.agreed("Turn on the light in the kitchen") == "Turn on the light"
