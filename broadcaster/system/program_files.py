"""Tells if the files of the program have been replaced since it began, as `git pull` does.

What it loads from then on, and each child that it starts, is of another version than itself.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from broadcaster.core.project_folders import PACKAGE_FOLDER
from broadcaster.system.atomic_file import state_of

logger = logging.getLogger(__name__)

LOADED = {".py", ".html"}
# A look at 630 files takes 1 ms of a PC's processor, and every page asks for it each second.
LOOK_SECONDS = 10.0
REPLACED = "程序换过了，现在跑的还是旧的，请重新启动"


class ProgramFiles:
    """The files of the named packages, or of all, as they were when this was made. Any thread."""

    def __init__(self, packages: Sequence[str] = ("",), folder: Path = PACKAGE_FOLDER) -> None:
        files = (path for package in packages for path in (folder / package).rglob("*.*"))
        self._states_at_start = {path: state_of(path) for path in files if path.suffix in LOADED}
        self._looked_at = time.monotonic()
        self._replaced = False

    def look(self) -> bool:
        """True if any of them is another one now, or gone."""
        self._looked_at = time.monotonic()
        replaced = any(state_of(path) != state for path, state in self._states_at_start.items())
        if replaced and not self._replaced:
            logger.warning("请留意：%s", REPLACED)
        self._replaced = replaced
        return replaced

    def fault(self, program: str, script: str) -> str:
        """A sentence in Chinese, or ""; it looks every ten seconds at most."""
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            self.look()
        return f"{REPLACED}{program}（按 Ctrl-C，再运行 {script}）。" if self._replaced else ""
