"""The box's metrics in the format of Prometheus."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from broadcaster import __version__
from broadcaster.core.model import Outcome
from broadcaster.station.station import JournalFilter
from broadcaster.web.base.page_context import PageContext

CONTENT_TYPE = CONTENT_TYPE_LATEST
THERMAL = Path("/sys/class/thermal")
LOOKED_AT = 20


class BoxMetrics(Collector):
    """Asked once for each exposition. Raises `StoreUnusable`."""

    def __init__(self, parts: PageContext) -> None:
        self._station, self._paths = parts.station, parts.settings.paths
        self._cache_limit_bytes = parts.settings.cache.limit_megabytes * 1_000_000

    def collect(self) -> Iterator[Metric]:
        yield from self._air()
        yield from self._sound()
        yield from self._machine()

    def _air(self) -> Iterator[Metric]:
        status = self._station.status()
        on_air = status.on_air
        yield _gauge("on_air", "Whether something is on the air", on_air is not None)
        severity = on_air.airing.notice.meant.value if on_air else -1
        yield _gauge("on_air_severity", "0 daily or a drill, 1 red to 4 blue, -1 nothing", severity)
        yield _gauge("queue_length", "Airings that wait", len(status.waiting))
        yield _gauge("fault", "Whether something is wrong", bool(status.fault))
        for row in self._station.history(LOOKED_AT):
            if row.started_at:
                delay = (row.started_at - row.due_at).total_seconds()
                yield _gauge("due_to_air_seconds", "From due to the first sound, last airing", delay)
                break
        ended = Gauge("broadcaster_airings", "Lines of the journal", labels=["outcome"])
        for outcome in Outcome:
            count = self._station.history_count(JournalFilter(outcome=outcome))
            ended.add_metric([outcome.value], count)
        yield ended

    def _sound(self) -> Iterator[Metric]:
        device = self._station.device()
        yield _gauge("device_ready", "Whether the device would be heard", device.ready)
        yield _gauge("relays_on", "Relays that are on", len(device.relays_on))
        yield _gauge("cache_bytes", "Made sound, as far as it was counted", self._station.cache_bytes)
        yield _gauge("cache_limit_bytes", "The most of it", self._cache_limit_bytes)
        voices = Gauge("broadcaster_voice_ready", "Whether a voice can speak", labels=["voice"])
        for entry in self._station.voices():
            voices.add_metric([entry.name], entry.ready)
        yield voices

    def _machine(self) -> Iterator[Metric]:
        trusted = self._station.clock_is_trusted()
        yield _gauge("clock_trusted", "Whether somebody who knows the time has set the clock", trusted)
        free = shutil.disk_usage(self._paths.state).free
        yield _gauge("disk_free_bytes", "Free where the state is kept", free)
        yield from (_gauge("temperature_celsius", "The hottest sensor", hot) for hot in _hottest())
        info = Gauge("broadcaster_info", "What runs", labels=["version"])
        info.add_metric([__version__], 1)
        yield info


def exposition(parts: PageContext) -> bytes:
    """All figures in the text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(BoxMetrics(parts))
    return generate_latest(registry)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return Gauge(f"broadcaster_{name}", meaning, value=value)


def _hottest() -> list[float]:
    """In degrees; nothing on a machine that does not tell."""
    found = []
    for sensor in THERMAL.glob("thermal_zone*/temp"):
        try:
            found.append(int(sensor.read_text(encoding="ascii")) / 1000)
        except (OSError, ValueError):
            continue
    return sorted(found)[-1:]
