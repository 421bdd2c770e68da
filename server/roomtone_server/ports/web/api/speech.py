"""What can be heard and spoken, and text turns."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from roomtone_server.agent.base import Request
from roomtone_server.agent.base import ask as ask_agent
from roomtone_server.engines.base import TextToSpeech
from roomtone_server.languages.language import languages
from roomtone_server.ports.web.api.endpoint import AnyEndpoint, Call, Endpoint, any_of
from roomtone_server.ports.web.api.requests import Ask, NoParameters
from roomtone_server.ports.web.api.shapes import Action, Intent, Language, Languages, Reply, Voice, Voices
from roomtone_server.ports.web.route import who_asks
from roomtone_server.runtime.house import House


def speech_endpoints(house: House, tts: TextToSpeech, tts_name: str, house_language: str) -> Sequence[AnyEndpoint]:
    """`house_language` is what the settings say, perhaps "auto"."""
    asked = _Speech(house, tts, tts_name, house_language)
    no_voice = {503: "The voice's engine does not answer now."}
    return any_of(
        Endpoint("GET", "/api/voices", "read", "The voices", asked.voices, answer=Voices, refusals=no_voice),
        Endpoint("GET", "/api/languages", "read", "The languages", asked.languages, answer=Languages),
        Endpoint(
            "POST",
            "/api/ask",
            "speak",
            "Ask or command in writing: one text turn",
            asked.ask,
            body=Ask,
            answer=Reply,
            refusals={404: "There is no such language here.", 503: "The home, or what thinks, does not answer now."},
        ),
    )


class _Speech:
    def __init__(self, house: House, tts: TextToSpeech, tts_name: str, house_language: str) -> None:
        self._house = house
        self._tts = tts
        self._tts_name = tts_name
        self._house_language = house_language

    async def voices(self, _call: Call) -> Voices:
        voices = [
            Voice(
                engine=self._tts_name,
                name=voice.name,
                title=voice.title,
                languages=voice.languages,
                speakers=voice.speakers,
            )
            for voice in await self._tts.voices()
        ]
        return Voices(engine=self._tts_name, voices=voices)

    async def languages(self, _call: Call) -> Languages:
        known = [
            Language(code=each.code, name=each.name, english_name=each.english_name, full=each.full)
            for each in await asyncio.to_thread(lambda: list(languages()))  # from files, the first time
        ]
        return Languages(house=self._house_language, first=self._house.parts.language, languages=known)

    async def ask(self, call: Call[NoParameters, Ask]) -> Reply:
        """Conversations are told apart by who asks: nobody answers "yes" in another's."""
        asked = call.body
        conversation = f"api:{who_asks(call.request).id}:{asked.conversation or ''}"
        language = asked.language or self._house.parts.language
        answered = await ask_agent(
            self._house.parts.agent, Request(asked.text, language, area=asked.area, conversation=conversation)
        )
        intent = Intent(name=answered.intent.name, slots=answered.intent.slots) if answered.intent else None
        return Reply(
            reply=answered.reply,
            understood=answered.understood,
            expects_answer=answered.expects_answer,
            intent=intent,
            actions=[Action(**asdict(each)) for each in answered.actions],
        )
