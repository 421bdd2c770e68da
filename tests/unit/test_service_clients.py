"""Which conversation an utterance belongs to, before its client has said so."""

from roomtone_server.ports.services.clients import LIVES_S, MAX_CLIENTS, MAX_CONVERSATIONS, WOKEN_S, Client, Clients


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_the_first_is_expected_under_the_name_that_it_then_gets():
    client = Client(Clock())
    expected = client.expected()
    assert expected == client.expected(), "until it has begun"
    assert client.conversation("01ABC") == expected


def test_the_next_utterance_goes_on_with_the_last_conversation():
    client = Client(Clock())
    first, second = client.conversation("a"), client.conversation("b")
    assert first != second
    assert client.expected() == second
    assert client.conversation("a") == first
    assert client.expected() == first


def test_after_a_while_a_new_one_is_expected():
    clock = Clock()
    client = Client(clock)
    first = client.conversation("a")
    clock.now = LIVES_S + 1
    assert client.expected() != first
    assert client.conversation("a") == first, "whoever goes on with an old one may"


def test_a_wake_word_belongs_to_the_utterance_that_follows_at_once():
    clock = Clock()
    client = Client(clock)
    assert client.wake_phrase() == ""
    client.wake("okay nabu")
    assert [client.wake_phrase(), client.wake_phrase()] == ["okay nabu", ""]
    client.wake("okay nabu")
    clock.now += WOKEN_S + 0.1
    assert client.wake_phrase() == ""


def test_two_clients_share_none():
    clients = Clients(Clock())
    assert clients.of("10.0.0.1") is clients.of("10.0.0.1")
    assert clients.of("10.0.0.1").conversation("a") != clients.of("10.0.0.2").conversation("a")


def test_the_memory_for_them_is_bounded():
    clients = Clients(Clock())
    first = clients.of("first")
    for number in range(MAX_CLIENTS):
        clients.of(str(number))
    assert clients.of("first") is not first
    names = {first.conversation(str(number)) for number in range(2 * MAX_CONVERSATIONS)}
    assert len(names) == 2 * MAX_CONVERSATIONS
    assert first.conversation("0") not in names, "it was forgotten"
