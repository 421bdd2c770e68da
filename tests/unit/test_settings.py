from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, SecretStr
from support.entry_points import declare

from roomtone import engines, settings
from roomtone.engines import EngineChoice
from roomtone.errors import SettingsError
from roomtone.settings import Settings, SttChain, VadChoice, WakeChoice


class Link(Settings):
    port: Annotated[int, Field(ge=1, le=65535)] = 10760
    token: SecretStr | None = None


class House(Settings):
    name: str = "house"
    chime: bool = True
    gain: Annotated[float, Field(gt=0)] = 1.0
    colour: Literal["red", "green"] = "red"
    rooms: tuple[str, ...] = ()
    models: Path | None = None
    link: Link = Link()
    wake: tuple[WakeChoice, ...] = (EngineChoice(),)
    vad: VadChoice = EngineChoice()
    stt: SttChain = (EngineChoice(),)


class Wav(Settings):
    device: Literal["wav"]
    file: Path


class Card(Settings):
    device: Literal["card"]
    rate_hz: Annotated[int, Field(le=1_000_000)] = 48000


class Sound(Settings):
    microphone: Annotated[Wav | Card, Field(discriminator="device")] = Card(device="card")
    span: tuple[int, float] = (0, 1.0)
    label: Annotated[str, Field(max_length=3)] = ""


class Strict(Settings):
    name: str
    link: Link


@pytest.fixture
def house(tmp_path):
    path = tmp_path / "house.yaml"

    def load(text, model=House):
        path.write_text(text)
        return settings.load(model, path)

    return load


@pytest.fixture
def refusal(house, tmp_path):
    def lines(text, model=House):
        with pytest.raises(SettingsError) as caught:
            house(text, model)
        return [line.removeprefix(f"{tmp_path}/house.yaml:") for line in str(caught.value).splitlines()]

    return lines


def test_without_a_file_all_is_default():
    assert settings.load(House, None) == House()


@pytest.mark.parametrize("text", ["", "# name: x\n", "---\n", "{}"])
def test_a_file_that_says_nothing_is_all_default(house, text):
    assert house(text) == House()


def test_what_the_file_says_counts(house):
    loaded = house("name: home\nlink:\n  port: 1234\nrooms: [a, b]\nmodels: /m\n")
    assert (loaded.name, loaded.link.port, loaded.rooms, loaded.models) == ("home", 1234, ("a", "b"), Path("/m"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: a\nlink:\n  port: fast", '3: link.port: found "fast", allowed: an integer from 1 to 65535'),
        ("link:\n  port: 70000", "2: link.port: found 70000, allowed: an integer from 1 to 65535"),
        ("link:\n  prot: 1", "2: link.prot: found an unknown key, allowed: port, token; did you mean port?"),
        ("gain: 0", "1: gain: found 0, allowed: a number above 0"),
        ("chime: maybe", '1: chime: found "maybe", allowed: true or false'),
        ("colour: blue", '1: colour: found "blue", allowed: one of red, green'),
        ("name: 12", "1: name: found 12, allowed: text (a number in quotes)"),
        ("name:", "1: name: found nothing, allowed: text (a number in quotes)"),
        ("rooms: a", '1: rooms: found "a", allowed: a list, each item text (a number in quotes)'),
        ("rooms:\n- a\n- 5", "3: rooms.1: found 5, allowed: text (a number in quotes)"),
        ("models: [a]", "1: models: found a list, allowed: a path or nothing"),
        ("link: 5", "1: link: found 5, allowed: a mapping with the keys port, token"),
        (
            "name: a\n\nname: b",
            "3: name: found the key a second time (first on line 1), allowed: each key once",
        ),
        ("? [a]\n: b", "1: found a list or mapping as a key, allowed: text"),
        (
            "name: 2026-99-99",
            "1: name: found what YAML takes for a broken timestamp, allowed: a plain value, or text in quotes",
        ),
    ],
)
def test_an_error_names_file_line_key_found_and_allowed(refusal, text, problem):
    assert refusal(text) == [problem]


def test_a_missing_key_is_told_on_the_line_of_its_mapping(refusal):
    assert refusal("link: {}", Strict) == ["1: name: found nothing, allowed: text (a number in quotes)"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "microphone: {device: wav, fil: x}",
            "1: microphone.fil: found an unknown key, allowed: device, file; did you mean file?",
        ),
        ("microphone:\n  device: wav\n  file: 5", "3: microphone.file: found 5, allowed: a path"),
        (
            "microphone:\n  device: card\n  rate_hz: 9999999",
            "3: microphone.rate_hz: found 9999999, allowed: an integer of at most 1000000",
        ),
        ("microphone:\n  device: radio", '2: microphone.device: found "radio", allowed: one of card, wav'),
        ("microphone:\n  file: x", "1: microphone.device: found nothing, allowed: one of card, wav"),
        ("span: [1]", "1: span.1: found nothing, allowed: a number"),
        ("span: 5", "1: span: found 5, allowed: a list of 2 items: an integer, a number"),
        ("label: kitchen", '1: label: found "kitchen", allowed: text (a number in quotes) (at most 3 characters)'),
    ],
)
def test_unions_and_fixed_lists_are_told_as_they_are(refusal, text, problem):
    assert problem in refusal(text, Sound)


def test_all_errors_are_told_in_the_order_of_the_file(refusal):
    told = refusal("zzz: 1\nlink:\n  port: x\n  port: 5\ngain: -1\ncolour: ${UNSET_COLOUR}\n")
    assert [line.split(":")[0] for line in told] == ["1", "3", "4", "5", "6"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: [1", "1: found broken YAML"),
        ("name: a\n  b: c", "2: found broken YAML"),
        ("- a", "1: found a list"),
        ("just text", "1: found a single value"),
        ("a: b\n---\nc: d", "2: found broken YAML"),
        ("name: &n x\nlink: *n", "2: found broken YAML (an alias)"),
        ("name: x\nport: !own 5", "2: found broken YAML (a tag)"),
        ("name: x\nlink: !!set {a}", "2: found broken YAML (a tag)"),
        ("[" * 100_000, "1: found broken YAML (one level too many)"),
        ("name: '\x07'", " found broken YAML"),
    ],
)
def test_what_is_no_mapping_of_settings_is_one_error(refusal, text, where):
    (line,) = refusal(text)
    assert line.startswith(where)


def test_aliases_that_would_fill_the_memory_are_refused(refusal):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))
    (line,) = refusal(bomb)
    assert line.startswith("2: found broken YAML (an alias), allowed: one mapping of settings, without aliases")


def test_a_file_that_cannot_be_used_is_one_error(tmp_path):
    large, binary = tmp_path / "large.yaml", tmp_path / "binary.yaml"
    large.write_bytes(b"#" * (1024 * 1024 + 1))
    binary.write_bytes(b"a: b\nc: \xff")
    for path, problem in [
        (tmp_path / "none.yaml", "there is no such file"),
        (tmp_path, "cannot be read: Is a directory"),
        (large, "found more than 1 MiB"),
        (binary, "2: found bytes that are not UTF-8"),
    ]:
        with pytest.raises(SettingsError) as caught:
            settings.load(House, path)
        assert problem in str(caught.value)
        assert "\n" not in str(caught.value)


def test_the_environment_is_typed_as_yaml_would_type_it(house, monkeypatch):
    monkeypatch.setenv("PORT", "1234")
    monkeypatch.setenv("CHIME", "false")
    monkeypatch.setenv("EMPTY", "")
    rooms = "rooms: ['${PORT}', 'a${EMPTY:-b}c', '$${PORT}']"
    loaded = house(f"link:\n  port: ${{PORT}}\nchime: ${{CHIME}}\ngain: ${{GAIN:-2.5}}\n{rooms}\n")
    assert (loaded.link.port, loaded.chime, loaded.gain) == (1234, False, 2.5)
    assert loaded.rooms == ("1234", "abc", "${PORT}")


def test_a_variable_that_is_not_set_is_named_with_its_place(refusal):
    (line,) = refusal("name: x\nlink:\n  token: ${NOPE}\n")
    assert line == (
        "3: link.token: found ${NOPE}, which the environment lacks, allowed: a set variable, or ${NOPE:-default}"
    )


def test_a_broken_variable_is_told(refusal):
    (line,) = refusal("name: a ${ b")
    assert line.startswith("1: name: found ${ without a name")


def test_a_secret_is_neither_told_nor_rendered(refusal, house, monkeypatch):
    monkeypatch.setenv("TOKEN", "[hunter2]")
    assert "hunter2" not in settings.render(house("link: {token: hunter2}"))
    assert "'**********'" in settings.render(house("link: {token: hunter2}"))
    told = refusal("link: {token: [hunter2]}")
    assert "hunter2" not in told[0]
    assert house('link: {token: "${TOKEN}"}').link.token == SecretStr("[hunter2]")


def test_what_is_rendered_loads_again(house):
    loaded = house("name: ünï\nrooms: [a]\nwake: [{engine: microwakeword, words: [alexa]}]\nvad: silero")
    again = house(settings.render(loaded))
    assert again.rooms == loaded.rooms
    assert again.wake[0].engine == "microwakeword"
    assert again.wake[0].options["words"] == ["alexa"]


def test_an_engine_is_auto_a_name_or_a_name_with_options(house):
    assert house("vad: auto").vad == EngineChoice()
    assert house("vad: silero").vad == EngineChoice("silero")
    loaded = house("wake:\n- openwakeword\n- engine: microwakeword\n  words: [okay_nabu]\n  refractory_s: 2\n")
    assert loaded.wake == (
        EngineChoice("openwakeword"),
        EngineChoice("microwakeword", {"words": ["okay_nabu"], "refractory_s": 2}),
    )


@pytest.mark.parametrize("text", ["stt: pocketsphinx", "stt: [pocketsphinx]", "stt: {engine: pocketsphinx}"])
def test_a_chain_of_one_is_that_one(house, text):
    loaded = house(text)
    assert loaded.stt == (EngineChoice("pocketsphinx"),)
    assert "stt:\n  engine: pocketsphinx\n" in settings.render(loaded)


def test_a_chain_is_a_list_of_engines_each_with_its_options(house):
    loaded = house("stt:\n- {engine: pocketsphinx, reject_from: 0.7}\n- auto\n")
    assert loaded.stt == (EngineChoice("pocketsphinx", {"reject_from": 0.7}), EngineChoice())
    again = house(settings.render(loaded))
    assert again.stt == loaded.stt


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "stt: 5",
            (
                "1: stt: found 5, allowed: auto, pocketsphinx, or a mapping with the key engine and that engine's "
                "options, or a list of such"
            ),
        ),
        (
            "stt:\n- auto\n- engine: pocketsphinx\n  rejects_from: 0.7",
            "4: stt.1.rejects_from: found an unknown key, allowed: engine, reject_from; did you mean reject_from?",
        ),
        (
            "stt:\n  engine: pocketsphinx\n  reject_from: -1",
            "3: stt.reject_from: found -1, allowed: a number above 0",
        ),
        ("stt: []", "1: stt: found a list: name one at least"),
    ],
)
def test_a_chains_engines_are_checked_in_their_place(refusal, text, problem, monkeypatch):
    pocketsphinx = "roomtone_server.engines.stt.pocketsphinx:ENGINE"
    declare(monkeypatch, engines, "roomtone.stt", {"pocketsphinx": pocketsphinx})
    assert refusal(text) == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "vad: nosuch",
            "1: vad: found \"nosuch\": there is no vad engine named 'nosuch'; known are: auto, silero",
        ),
        (
            "vad: 5",
            "1: vad: found 5, allowed: auto, silero, or a mapping with the key engine and that engine's options",
        ),
        ("vad:\n  engine: auto\n  x: 1", "1: vad: found a mapping: options need a named engine beside them"),
        ("vad:\n  engine: silero\n  x: 1", "3: vad.x: found an unknown key, allowed: engine"),
        (
            "wake:\n- engine: microwakeword\n  refractory_s: long",
            '3: wake.0.refractory_s: found "long", allowed: a number from 0 to 60',
        ),
        (
            "wake:\n- engine: microwakeword\n  word: [alexa]",
            (
                "3: wake.0.word: found an unknown key, "
                "allowed: engine, models, refractory_s, thresholds, words; did you mean words?"
            ),
        ),
        (
            "wake:\n- engine: microwakeword\n  words: [jarvis]",
            '3: wake.0.words.0: found "jarvis", allowed: one of alexa, hey_jarvis, hey_mycroft, okay_nabu',
        ),
        (
            "wake:\n- engine: microwakeword\n  words: []",
            "2: wake.0: found a mapping: there is nothing to listen for: name one of the words, or a model",
        ),
    ],
)
def test_an_engines_options_are_checked_in_their_place(refusal, text, problem):
    assert refusal(text) == [problem]


def test_keys_and_values_cannot_forge_a_line_or_drive_the_terminal(refusal):
    assert refusal('"a\\nb": 1\ncolour: "\\e[2J\\u202e"') == [
        r"1: a\nb: found an unknown key, allowed: chime, colour, gain, link, models, name, rooms, stt, vad, wake",
        r'2: colour: found "\u001b[2J\u202e", allowed: one of red, green',
    ]
