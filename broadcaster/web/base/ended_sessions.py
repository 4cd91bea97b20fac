"""Remembers ended sessions, so a copied cookie is worthless after the logout, also after a restart."""

import logging
import re
import threading
from pathlib import Path

from broadcaster.core.errors import reason_of
from broadcaster.system.atomic_file import write_private

logger = logging.getLogger(__name__)

# Of a village that logs out ten times a day those of its cookies' thirty days, many times over.
MOST = 2_000
ID = re.compile("[0-9A-Za-z_-]{16}")


class EndedSessions:
    """Any thread. What the disk does not take ends all the same, for as long as the box goes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._ids = dict.fromkeys(self._read())

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._ids

    def end(self, session_id: str) -> None:
        with self._lock:
            kept = [*self._ids, session_id][-MOST:]
            self._ids = dict.fromkeys(kept)
            try:
                write_private(self._path, "\n".join(kept).encode("ascii"))
            except OSError as error:
                logger.warning("谁退出了登录存不下来，重启以后他的旧登录又能用：%s", reason_of(error))

    def _read(self) -> list[str]:
        try:
            return ID.findall(self._path.read_text(encoding="ascii", errors="replace"))
        except OSError:
            return []
