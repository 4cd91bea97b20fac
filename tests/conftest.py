"""Sound cards that do not exist, for tests of any part. Its place lets every test import `fakes`."""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import edge_tts
import psutil
import pytest
from rig.edge_service import EdgeService
from rig.radio import RadioLoop, make_loop
from rig.rig import FakeRig, PulseRig, Rig, compile_plugin
from rig.routes_once import compile_builders_once
from rig.third_worker import give_way
from rig.third_worker import pytest_xdist_make_scheduler as pytest_xdist_make_scheduler
from rig.village import Village
from rig.warm_start import TRUST, end_warm_starter, warm_voice_children

MEMORY = Path("/dev/shm")
ROOM_BYTES = 6_000_000_000


def _keep_folders_in_memory() -> None:
    """Stores write line by line, and a disk under load lets each line wait."""
    told = os.environ.get("TMPDIR")
    if told or not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        return
    disk = os.statvfs(MEMORY)
    room = min(disk.f_bavail * disk.f_frsize, psutil.virtual_memory().available)
    # Programs are run and libraries loaded from there.
    if room > ROOM_BYTES and not disk.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"], tempfile.tempdir = str(MEMORY), None


_keep_folders_in_memory()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fault-rounds", type=int, default=10, help="how often tests/faults kill or copy at random"
    )


def pytest_collection_finish() -> None:
    """Leave out of each collection all that is loaded: it took an eighth of the processor's time."""
    gc.collect()
    gc.freeze()


def pytest_sessionstart() -> None:
    give_way()
    compile_builders_once()
    warm_voice_children()


def pytest_sessionfinish() -> None:
    end_warm_starter()


@pytest.fixture(scope="session")
def fault_rounds(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--fault-rounds"))


@pytest.fixture(scope="session")
def fakecard_plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_plugin(tmp_path_factory.mktemp("plugin"))


@pytest.fixture(scope="session")
def radio_loop(tmp_path_factory: pytest.TempPathFactory) -> RadioLoop:
    return make_loop(tmp_path_factory.mktemp("radio"))


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


@pytest.fixture(scope="session")
def running_edge_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeService]:
    """Stands in for the online voices; its certificate is trusted in this process."""
    service = EdgeService(tmp_path_factory.mktemp("edge"))
    service.start()
    for module in (edge_tts.communicate, edge_tts.voices):
        module._SSL_CTX.load_verify_locations(service.certificate)
    yield service
    service.stop()


@pytest.fixture
def edge_service(running_edge_service: EdgeService, monkeypatch: pytest.MonkeyPatch) -> EdgeService:
    """The same, well and reachable from child processes; the real one is out of reach of every test."""
    running_edge_service.reset()
    for name, value in {
        "HTTPS_PROXY": running_edge_service.proxy,
        "STAND_IN_CERTIFICATE": str(running_edge_service.certificate),
        "PYTHONPATH": TRUST,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(edge_tts.drm.DRM, "clock_skew_seconds", 0.0)
    return running_edge_service


@pytest.fixture
def village(tmp_path: Path, fake_rig: FakeRig) -> Village:
    folder = tmp_path / "village"
    folder.mkdir()
    return Village(folder, fake_rig.environment)
