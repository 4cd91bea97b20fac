"""A small disk that one program sees, and what was heard without its silences."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest


def on_disk_of(kilobytes: int, folder: Path, first: str = "true") -> tuple[str, ...]:
    """The start of a command that finds a small disk mounted at `folder`, as nobody else does.

    It goes with the last process that sees it. `first` is done in a shell when it is mounted.
    """
    folder.mkdir(exist_ok=True)
    script = f'mount -t tmpfs -o size={kilobytes}k small {folder} && {first}; exec "$@"'
    return ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh")


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        probe = [*on_disk_of(64, Path(folder)), "true"]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def sounded(pcm: bytes) -> bytes:
    """Without its silences, which are longer where a machine under load makes the next line late."""
    samples = np.frombuffer(pcm, np.int16)
    return bytes(samples[samples != 0].tobytes())


needs_mounts = pytest.mark.skipif(
    not can_mount(), reason="this kernel lets us mount nothing, not even in a namespace of our own"
)
