"""Masters speech for the loudspeaker, piece by piece while the line is rendered: the first piece comes
out at once.

A chain of stages; each takes samples in pieces, holds back what it must, and gives out as many samples
as it took, in time with them. Nothing depends on how a voice cut its pieces: the chain works in blocks
counted from the start of the line.
"""

from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from broadcaster.audio.mastering_preset import SOFT_START_SECONDS, Preset
from broadcaster.core.errors import LineRefused
from broadcaster.core.model import Waveform

Samples = NDArray[np.float32]
NOTHING: Samples = np.zeros(0, np.float32)

# At 24 kHz a block and the filter's past just fit a transform of 2048.
BLOCK_SECONDS = 0.064
FILTER_SECONDS = 0.021
COMPRESSOR_STEP_SECONDS = 0.001
LIMITER_STEP_SECONDS = 0.002
# numpy correlates with up to 11 taps by a loop of its own, six times as fast as with 12.
TAPS = 10


class Mastering:
    """One line on its way from a voice to the station's format; used by one thread.

    Loudness is set by the voice's typical level and never corrected by the line's own: a line that
    goes on the air while it is made must be the clip that is kept, wherever else it is said, and the
    compressor leaves too little to correct (`Preset`).
    """

    def __init__(
        self,
        source_rate_hz: int,
        rate_hz: int,
        level_lufs: float,
        preset: Preset,
        soft_start: bool = False,
    ) -> None:
        block = round(source_rate_hz * BLOCK_SECONDS)
        stages: list[MasteringStage] = [
            Filter(source_rate_hz, preset, preset.reference_lufs - level_lufs, block),
            Compressor(source_rate_hz, preset),
            *([Resampler(source_rate_hz, rate_hz)] if source_rate_hz != rate_hz else []),
            Limiter(rate_hz, preset),
            Fades(rate_hz, preset, soft_start),
        ]
        self._chain = MasteringChain(block, stages)

    def process(self, piece: Waveform) -> NDArray[np.int16]:
        """Take the next piece and give what is ready; at most 0.12 s of sound stays behind."""
        if not np.isfinite(piece.samples).all():
            raise LineRefused("这个声音做坏了一句话，请再试一次，或者换一个声音。")
        return self._chain.process(piece.samples)

    def finish(self) -> NDArray[np.int16]:
        """The samples still held back; the result is then exactly as long as the line was."""
        return self._chain.finish()


class MasteringChain:
    """Stages one after another, in blocks counted from the start; used by one thread."""

    def __init__(self, block: int, stages: list["MasteringStage"]) -> None:
        self._block = block
        self._stages = stages
        self._pending = NOTHING

    def process(self, samples: Samples) -> NDArray[np.int16]:
        pending = np.concatenate([self._pending, samples])
        whole = len(pending) - len(pending) % self._block
        self._pending = pending[whole:]
        blocks = pending[:whole].reshape(-1, self._block)
        return _to_pcm(np.concatenate([NOTHING, *map(self._through, blocks)]))

    def finish(self) -> NDArray[np.int16]:
        tail, self._pending = self._pending, NOTHING
        for stage in self._stages:
            tail = np.concatenate([stage.process(tail), stage.finish()])
        return _to_pcm(tail)

    def _through(self, samples: Samples) -> Samples:
        for stage in self._stages:
            samples = stage.process(samples)
        return samples


class MasteringStage(Protocol):
    """One step of the chain; `finish` gives what `process` held back."""

    def process(self, samples: Samples) -> Samples: ...

    def finish(self) -> Samples: ...


class Filter:
    """Gain, high-pass and presence as one linear-phase filter, by overlap-save in blocks."""

    def __init__(self, rate_hz: int, preset: Preset, gain_db: float, block: int) -> None:
        taps = design_filter(rate_hz, preset) * 10 ** (gain_db / 20)
        self._delay = self._skip = len(taps) // 2
        self._past = np.zeros(len(taps) - 1, np.float32)
        self._size = 1 << (block + len(taps) - 2).bit_length()
        self._response = np.fft.rfft(taps, self._size).astype(np.complex64)

    def process(self, samples: Samples) -> Samples:
        heard = np.concatenate([self._past, samples])
        filtered = np.fft.irfft(np.fft.rfft(heard, self._size) * self._response, self._size)
        start = len(self._past) + min(self._skip, len(samples))
        self._skip -= start - len(self._past)
        self._past = heard[len(samples) :]
        return filtered[start : len(heard)].astype(np.float32)

    def finish(self) -> Samples:
        return self.process(np.zeros(self._delay, np.float32))


def design_filter(rate_hz: int, preset: Preset) -> NDArray[np.float64]:
    """Taps of a fourth-order Butterworth high-pass and a peaking filter, in magnitude only.

    Frequency sampling, then a window (Oppenheim, Schafer, Discrete-Time Signal Processing, 7.5).
    """
    length = round(rate_hz * FILTER_SECONDS) | 1
    hertz = np.maximum(np.fft.rfftfreq(16384, 1 / rate_hz), 1.0)
    high_pass = 1 / np.sqrt(1 + (preset.high_pass_hz / hertz) ** 8)
    detuning = preset.presence_q * (hertz / preset.presence_hz - preset.presence_hz / hertz)
    presence_db = preset.presence_db / (1 + detuning**2)
    impulse = np.fft.irfft(high_pass * 10 ** (presence_db / 20))
    taps: NDArray[np.float64] = np.roll(impulse, length // 2)[:length] * np.hanning(length + 2)[1:-1]
    return taps


class Compressor:
    """Brings the loud down towards the soft, and all of it up; gain moves in ramps of 1 ms."""

    def __init__(self, rate_hz: int, preset: Preset) -> None:
        self._preset = preset
        self._step = round(rate_hz * COMPRESSOR_STEP_SECONDS)
        self._attack = _share(preset.attack_seconds, self._step / rate_hz)
        self._release = _share(preset.release_seconds, self._step / rate_hz)
        self._gain_db = 0.0
        self._pending = NOTHING

    def process(self, samples: Samples) -> Samples:
        pending = np.concatenate([self._pending, samples])
        steps = pending[: len(pending) - len(pending) % self._step].reshape(-1, self._step)
        self._pending = pending[steps.size :]
        level_db = 10 * np.log10(np.mean(steps**2, axis=1) + 1e-10)
        over_db = np.maximum(level_db - self._preset.threshold_db, 0)
        edges_db = self._follow((over_db / self._preset.ratio - over_db).tolist())
        gains = 10 ** ((np.array(edges_db) + self._preset.make_up_db) / 20)
        return _ramped(steps, gains.astype(np.float32))

    def finish(self) -> Samples:
        left = len(self._pending)
        return self.process(np.zeros(self._step, np.float32))[:left]

    def _follow(self, wanted_db: list[float]) -> list[float]:
        """The gain at the edges of the steps: quick to go down, slow to come back."""
        gain = self._gain_db
        edges_db = [gain]
        for wanted in wanted_db:
            gain += (self._attack if wanted < gain else self._release) * (wanted - gain)
            edges_db.append(gain)
        self._gain_db = gain
        return edges_db


class Resampler:
    """From the voice's rate to the station's."""

    def __init__(self, source_rate_hz: int, rate_hz: int) -> None:
        self._stream = soxr.ResampleStream(source_rate_hz, rate_hz, 1, dtype="float32", quality="HQ")

    def process(self, samples: Samples) -> Samples:
        resampled: Samples = self._stream.resample_chunk(samples)
        return resampled

    def finish(self) -> Samples:
        tail: Samples = self._stream.resample_chunk(NOTHING, last=True)
        return tail


class Limiter:
    """No peak over the ceiling, between the samples neither; looks one step of 2 ms ahead.

    True peaks are looked for at four times the rate (ITU-R BS.1770-4, Annex 2). The gain at an edge
    is what the needier of the two steps beside it needs, so no ramp between edges is ever too loud.
    """

    def __init__(self, rate_hz: int, preset: Preset) -> None:
        self._ceiling = 10 ** (preset.ceiling_dbtp / 20)
        self._step = round(rate_hz * LIMITER_STEP_SECONDS)
        self._recovery = _share(preset.recovery_seconds, self._step / rate_hz)
        self._between = _interpolators()
        self._before, self._after = TAPS // 2 - 1, TAPS // 2
        self._pending = np.zeros(self._before, np.float32)
        self._held = np.zeros((0, self._step), np.float32)
        self._held_gain = np.ones(0)
        self._gain = 1.0
        self._owed = 0

    def process(self, samples: Samples) -> Samples:
        pending = np.concatenate([self._pending, samples])
        ready = max(len(pending) - self._before - self._after, 0) // self._step * self._step
        self._pending = pending[ready:]
        self._owed += len(samples)
        steps = pending[self._before : self._before + ready].reshape(-1, self._step)
        limited = self._limit(steps, self._needed(pending[: self._before + ready + self._after]))
        self._owed -= len(limited)
        return limited

    def finish(self) -> Samples:
        left = self._owed
        return self.process(np.zeros(3 * self._step + self._after, np.float32))[:left]

    def _needed(self, samples: Samples) -> NDArray[np.float64]:
        """The gain that each step needs by itself, at most 1."""
        if len(samples) < self._step:
            return np.ones(0)
        between = [np.abs(np.correlate(samples, taps)) for taps in self._between]
        peaks = np.maximum.reduce([np.abs(samples[self._before : -self._after]), *between])
        loudest = np.maximum(peaks.reshape(-1, self._step).max(axis=1), self._ceiling)
        return np.asarray(self._ceiling / loudest, np.float64)

    def _limit(self, steps: Samples, needed: NDArray[np.float64]) -> Samples:
        steps, needed = np.concatenate([self._held, steps]), np.concatenate([self._held_gain, needed])
        gain = self._gain
        edges = [gain]
        for allowed in np.minimum(needed[:-1], needed[1:]).tolist():
            gain = min(allowed, gain + self._recovery * (1.0 - gain))
            edges.append(gain)
        self._gain = gain
        self._held, self._held_gain = steps[-1:], needed[-1:]
        return _ramped(steps[:-1], np.array(edges, np.float32))


class Fades:
    """A few milliseconds up from silence and down to it, so that no clip clicks; or a soft start."""

    def __init__(self, rate_hz: int, preset: Preset, soft_start: bool) -> None:
        rise_seconds = SOFT_START_SECONDS if soft_start else preset.fade_in_seconds
        self._rise = _rise(round(rate_hz * rise_seconds))
        self._fall = _rise(round(rate_hz * preset.fade_out_seconds))[::-1]
        self._held = NOTHING

    def process(self, samples: Samples) -> Samples:
        rising = min(len(self._rise), len(samples))
        risen = np.concatenate([samples[:rising] * self._rise[:rising], samples[rising:]])
        self._rise = self._rise[rising:]
        held = np.concatenate([self._held, risen])
        ready = max(len(held) - len(self._fall), 0)
        self._held = held[ready:]
        return held[:ready]

    def finish(self) -> Samples:
        return self._held * self._fall[len(self._fall) - len(self._held) :]


def _to_pcm(samples: Samples) -> NDArray[np.int16]:
    return np.rint(samples * 32767).astype(np.int16)


def _share(time_constant_seconds: float, step_seconds: float) -> float:
    """The share of the way to its goal that a value goes in one step."""
    return float(1 - np.exp(-step_seconds / time_constant_seconds))


def _ramped(steps: Samples, edges: Samples) -> Samples:
    """Rows of samples times gains that run straight from edge to edge; flat."""
    along = np.arange(1, steps.shape[1] + 1, dtype=np.float32) / np.float32(steps.shape[1])
    gains = edges[:-1, None] + np.diff(edges)[:, None] * along
    return np.ravel(steps * gains)


def _rise(length: int) -> Samples:
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))).astype(np.float32)


def _interpolators() -> list[Samples]:
    """Windowed sincs for the places 1/4, 1/2 and 3/4 of the way between the two taps in the middle."""
    distance = np.arange(TAPS) - (TAPS // 2 - 1) - np.array([[0.25], [0.5], [0.75]])
    return list((np.sinc(distance) * np.cos(np.pi * distance / (TAPS + 1)) ** 2).astype(np.float32))
