"""The one audio format of the house: 16 kHz, mono, signed 16-bit little-endian, in frames of 20 ms."""

from typing import Final

RATE_HZ: Final = 16_000
SAMPLE_BYTES: Final = 2
FRAME_MS: Final = 20
FRAME_SAMPLES: Final = RATE_HZ * FRAME_MS // 1000
FRAME_BYTES: Final = FRAME_SAMPLES * SAMPLE_BYTES
SAMPLES_PER_MS: Final = RATE_HZ // 1000
