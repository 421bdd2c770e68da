"""Says a WAV (16 or 48 kHz, mono, 16 bits) to Roomtone, prints what comes of it, writes the answer to reply.wav:

pip install websockets; python voice_client.py ws://127.0.0.1:8760/voice TOKEN command.wav
"""

import asyncio
import json
import sys
import wave

from websockets import connect


async def main(url, token, path):
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:

        async def tell(kind, **fields):
            await socket.send(json.dumps({"type": kind, **fields}))

        with wave.open(path) as command, wave.open("reply.wav", "wb") as reply:
            await tell("hello", browser="voice-client", name="A script")
            await tell("start", rate=command.getframerate(), mode="hold")
            await tell("hold")
            while pcm := command.readframes(command.getframerate() // 50):
                await socket.send(pcm)
                await asyncio.sleep(0.02)
            await tell("release")
            async for frame in socket:
                event = {} if isinstance(frame, bytes) else json.loads(frame)
                print(event or f"{len(frame)} bytes of audio")
                if not event:
                    reply.writeframes(frame)
                elif event["type"] == "audio":
                    reply.setparams((1, 2, event["rate"], 0, "NONE", ""))
                elif event["type"] == "audio-end":
                    await tell("played", turn=event["turn"], samples=reply.tell(), done=True)
                elif event["type"] == "ended":
                    break


asyncio.run(main(*sys.argv[1:]))
