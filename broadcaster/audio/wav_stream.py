"""Streams a programme as one WAV file that is never written to disk, for previews before airing."""

from collections.abc import Iterator

from broadcaster.audio.pcm import WAV_HEADER_BYTES, wav_header
from broadcaster.audio.pcm_file import read_pcm
from broadcaster.core.model import Programme

BLOCK_FRAMES = 16_384


def wav_size(programme: Programme, rate_hz: int) -> int:
    """Bytes of what `wav_bytes` gives."""
    frames = sum(sum(_frames(programme, rate_hz), ()))
    return WAV_HEADER_BYTES + 2 * frames


def wav_bytes(programme: Programme, rate_hz: int) -> Iterator[bytes]:
    """Mono, 16 bit, clips and pauses as the sound child plays them. Raises `SoundUnreadable`."""
    yield wav_header(wav_size(programme, rate_hz) - WAV_HEADER_BYTES, rate_hz)
    for item, (_, pause) in zip(programme.items, _frames(programme, rate_hz), strict=True):
        yield from read_pcm(item.clip.path, rate_hz, BLOCK_FRAMES)
        # werkzeug takes an empty piece for the end when a part is asked for, as phones do.
        if pause:
            yield bytes(2 * pause)


def _frames(programme: Programme, rate_hz: int) -> list[tuple[int, int]]:
    """Of each clip, and of the pause after it."""
    return [
        (round(item.clip.seconds * rate_hz), round(item.pause_seconds * rate_hz))
        for item in programme.items
    ]
