"""Sound cards that do not exist, for tests of any part. Its place lets every test import `fakes`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rig.rig import FakeRig, PulseRig, Rig, compile_plugin
from village import Village


@pytest.fixture(scope="session")
def fakecard_plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_plugin(tmp_path_factory.mktemp("plugin"))


@pytest.fixture
def fake_rig(tmp_path: Path, fakecard_plugin: Path) -> FakeRig:
    folder = tmp_path / "fake"
    folder.mkdir()
    return FakeRig(folder, fakecard_plugin)


@pytest.fixture
def pulse_rig(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PulseRig]:
    """In a folder with a short name: a socket's path has 107 characters."""
    rig = PulseRig(tmp_path_factory.mktemp("p"))
    for name, value in rig.client_environment.items():
        monkeypatch.setenv(name, value)
    yield rig
    rig.stop()


@pytest.fixture(params=["fake", "pulse"])
def rig(request: pytest.FixtureRequest) -> Rig:
    """Both paths, one after the other."""
    chosen: Rig = request.getfixturevalue(f"{request.param}_rig")
    return chosen


@pytest.fixture
def village(tmp_path: Path, fake_rig: FakeRig) -> Village:
    folder = tmp_path / "village"
    folder.mkdir()
    return Village(folder, fake_rig.environment)
