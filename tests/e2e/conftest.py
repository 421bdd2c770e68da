"""What needs more than files."""

import pytest
from support.sound_card import sound_card as open_sound_card


@pytest.fixture
def folder(tmp_path_factory):
    """Its name is short, for there are sockets in it."""
    return tmp_path_factory.mktemp("e")


@pytest.fixture
async def sound_card(tmp_path_factory, monkeypatch):
    """A sound card without hardware; this process and those that it starts find it as the system's default."""
    async with open_sound_card(tmp_path_factory.mktemp("card")) as card:
        for name, value in card.environment.items():
            monkeypatch.setenv(name, value)
        yield card
