"""docs/protocol.md says what the code does."""

import dataclasses
from pathlib import Path
from typing import get_args

import pytest

from roomtone.link.clock import MAX_DRIFT, MAX_KEPT, MAX_LATE_S
from roomtone.link.codec import Limits, encode
from roomtone.link.crowd import MAX_CONNECTIONS, MAX_PER_ADDRESS
from roomtone.link.discovery import SERVICE
from roomtone.link.events import (
    MAX_ABILITIES,
    MAX_WAKE_WORDS,
    MAX_WATCH_S,
    PROTOCOL,
    Ability,
    Message,
    Outcome,
    Ping,
    Refusal,
    Sound,
    event_of,
)
from roomtone.link.outbox import MAX_AUDIO_BYTES, MAX_CONTROL_BYTES
from roomtone.link.pairing import PairingCode
from roomtone.link.stream import Deadlines

DOCUMENT = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")


@pytest.mark.parametrize("kind", get_args(Message), ids=lambda kind: kind.TYPE)
def test_every_message_and_field_is_described(kind):
    lines = DOCUMENT.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"| `{kind.TYPE}`"))
    rows = [lines[begin]]
    rows += _until_next_type(lines[begin + 1 :])
    described = " ".join(row.split("|")[2] for row in rows)
    for field in dataclasses.fields(kind):
        assert f"`{field.name}`" in described


def _until_next_type(lines):
    for line in lines:
        if not line.startswith("| |"):
            return
        yield line


def test_every_choice_is_described():
    for word in (*get_args(Outcome), *get_args(Refusal), *get_args(Sound), *get_args(Ability)):
        assert f"`{word}`" in DOCUMENT


def test_the_example_of_a_frame():
    line, data = encode(event_of(Ping(text="hi"))).decode().split("\n")
    assert f"    {line}\n    {data}\n" in DOCUMENT
    assert f"{len(line) + 1} bytes and then {len(data)}" in DOCUMENT


def test_the_example_of_a_code():
    code = PairingCode(bytes.fromhex("101112131415161718191a1b1c1d1e1f"), bytes.fromhex("a0a1a2a3a4a5a6a7"))
    for text in (code.fingerprint16.hex(), code.secret.hex(), str(code)):
        assert text in DOCUMENT


def test_the_numbers():
    limits, deadlines = Limits(), Deadlines()
    for row in (
        f"| header line, with its newline | {limits.header_bytes} bytes |",
        f"| data | {limits.data_bytes} bytes |",
        f"| payload | {limits.payload_bytes} bytes |",
        f"| nesting of JSON | {limits.json_depth} levels |",
        f"| connect | {deadlines.connect_s:g} |",
        f"| handshake | {deadlines.handshake_s:g} |",
        f"| read | {deadlines.read_s:g} |",
        f"| write | {deadlines.write_s:g} |",
        f"Each end sends `ping` every {deadlines.ping_s:g} s",
        f"Of the last {MAX_KEPT} pings",
        f"{MAX_DRIFT * 1e6:.0f} millionths",
        f"more than {MAX_LATE_S:g} s back",
        f"accepts {MAX_CONNECTIONS} connections, {MAX_PER_ADDRESS} from one address",
        f"beyond {MAX_AUDIO_BYTES // 1024} KiB",
        f"for which {MAX_CONTROL_BYTES // 1024} KiB of them wait",
        f"one integer, now {PROTOCOL}.",
        f"`{SERVICE}`",
        f"number, 0 to {MAX_WATCH_S:g}: for so long",
        f"list of at most {MAX_WAKE_WORDS}, default empty: objects",
        f"list of at most {MAX_ABILITIES} names",
    ):
        assert row in DOCUMENT
