"""The contract of a voice: it takes a line of syllables and returns its sound."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

from broadcaster.core.beat_timing import Timing
from broadcaster.core.model import Line, Waveform


class Voice(ABC):
    """One speaker of one engine, loaded and ready; used by one thread.

    `name` is `engine:name`. `version` changes whenever the same line would sound different (model
    files' digest, engine's release). `level_lufs` is the loudness (ITU-R BS.1770-4) of its speech as
    it comes, typical over a line: mastering starts from it, for a line is mastered while it is made.
    """

    name: str
    version: str
    rate_hz: int
    level_lufs: float

    @abstractmethod
    def speak(self, line: Line, pace: float = 1.0) -> Iterator[Waveform]:
        """Yield the line's sound in order, in pieces that join without a seam, the first one soon.

        Mono, at `rate_hz`. `pace` multiplies the speed of speech, but not of a recording.
        `line.pause_seconds` is not part of the sound. A voice that waits for a network yields an
        empty piece again and again meanwhile, so that others get their turn, and breaks off when it
        is closed. Raises `LineRefused` when nothing usable came of it, `VoiceUnavailable` when the
        engine itself is out of order.
        """

    def arrange(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines as this voice speaks them: some may become one, none may be lost.

        They are read as they are taken, and a live first line waits for all that is taken before it.
        """
        return iter(lines)

    def speak_on_beats(self, line: Line, timing: Timing) -> Iterator[Waveform]:
        """The same with the line's vowels when they are due; it may end later than it should.

        Whoever cannot set durations stretches the whole line, by a fifth at most, so that its first
        vowel is on time and its last one about.
        """
        import numpy as np

        from broadcaster.tts.base.time_stretch import fit

        spoken = []
        for piece in self.speak(line):
            if len(piece.samples):
                spoken.append(piece.samples)
            else:
                yield piece
        yield Waveform(fit(np.concatenate(spoken), self.rate_hz, timing), self.rate_hz)
