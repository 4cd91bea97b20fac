"""Watches config/ while the box runs: a changed timetable is loaded; changed settings wait for a
restart, and the status says so.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from broadcaster.core.errors import ConfigError
from broadcaster.schedule.timetable_file import load_timetable
from broadcaster.settings.schema import Settings, load_settings
from broadcaster.station.village_slots import Slotbook
from broadcaster.system.atomic_file import state_of
from broadcaster.system.last_good_settings import note_reported, store_last_good

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
CHANGED = "改过，"
AFTER_RESTART = f"broadcaster.yaml {CHANGED}重启广播站以后才算"
NOT_TAKEN = f"timetable.yaml {CHANGED}但是写错了，还按原来的播"


class ConfigWatch:
    """broadcaster.yaml and timetable.yaml beside what the box read of them. Any thread."""

    def __init__(self, folder: Path, settings: Settings, slots: Slotbook) -> None:
        self._folder = folder
        self._settings = settings
        self._slots = slots
        self._lock = threading.Lock()
        self._asleep = threading.Event()
        self._seen = {
            path: state_of(path) for path in (self._yaml("broadcaster"), self._yaml("timetable"))
        }
        self._faults = dict.fromkeys(self._seen, "")

    @property
    def fault(self) -> str:
        """The changes that do not count yet, a sentence in Chinese, or ""."""
        self.look()
        return " ".join(filter(None, self._faults.values()))

    def step(self) -> None:
        """Look again in a while."""
        if not self._asleep.wait(LOOK_SECONDS):
            self.look()

    def wake(self) -> None:
        self._asleep.set()

    def look(self) -> None:
        """Take a timetable that is another one and right; what is wrong, or waits, is told."""
        looks: tuple[tuple[str, Callable[[], str]], ...] = (
            ("broadcaster", self._look_at_settings),
            ("timetable", self._take_timetable),
        )
        with self._lock:
            for name, look in looks:
                path = self._yaml(name)
                if (state := state_of(path)) != self._seen[path]:
                    self._seen[path] = state
                    self._faults[path] = look()
                    if self._faults[path]:
                        logger.warning("请留意：%s", self._faults[path])

    def _look_at_settings(self) -> str:
        """Reports changed settings. The last good copy stays as it is: by it a command finds the running
        box.
        """
        path = self._yaml("broadcaster")
        try:
            same = load_settings(self._folder) == self._settings
        except ConfigError as error:
            return f"{AFTER_RESTART}，而且写错了：{error.problems[0]}"
        if same:
            if self._faults[path]:
                logger.warning("%s 改好了，和正在用的一样", path.name)
            store_last_good(self._folder, [path.name])
            return ""
        note_reported(self._folder, path.name)
        return f"{AFTER_RESTART}。"

    def _take_timetable(self) -> str:
        if not self._yaml("timetable").exists():
            return f"{NOT_TAKEN}：文件不见了。"
        problems = self._slots.take(load_timetable(self._folder))
        if problems:
            return f"{NOT_TAKEN}：{problems[0]}。运行 broadcaster check 看全部。"
        logger.warning("timetable.yaml 改过，照新的播了")
        store_last_good(self._folder, [self._yaml("timetable").name])
        return ""

    def _yaml(self, name: str) -> Path:
        return self._folder / f"{name}.yaml"
