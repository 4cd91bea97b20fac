"""A PostgreSQL of Debian's own, on a free port of loopback, in a folder that is gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from rig.rig import wait_until


def find_programs() -> Path | None:
    """Where Debian puts them, the newest version; not on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Cluster:
    """Runs until `stop`. As root it is run by the user that the package made, for it refuses root."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._as: dict[str, Any] = {"user": "postgres"} if os.geteuid() == 0 else {}
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))
        if self._as:
            shutil.chown(self.folder, "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._call("initdb", "-D", "data", "-U", "office", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"]
        self._process = subprocess.Popen(
            [programs / "postgres", "-D", "data", "-p", str(self.port), "-c", "fsync=off", *options],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._as,
        )
        wait_until(self._is_ready)

    @property
    def url(self) -> str:
        return f"postgresql://office@127.0.0.1:{self.port}/postgres"

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        shutil.rmtree(self.folder)

    def _is_ready(self) -> bool:
        asked = subprocess.run(
            [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False
        )
        return asked.returncode == 0

    def _call(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            **self._as,
        )
