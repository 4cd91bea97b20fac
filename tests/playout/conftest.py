"""What the tests of the device share: the real device on a rig, and files to play."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from rig.listening import Listener, Sound, make_sound
from rig.relay_board import RelayBoard, plugged_in
from rig.rig import Rig

from broadcaster.playout.device.child_device import ALWAYS_ON, open_device
from broadcaster.settings.schema import AmplifierSettings, SoundSettings

OpenOn = Callable[..., Listener]


@pytest.fixture
def open_on(tmp_path: Path) -> Iterator[OpenOn]:
    """Open a device on a rig, with any sound settings; it is closed after the test."""
    with ExitStack() as stack:

        def opened(rig: Rig, amplifier: AmplifierSettings = ALWAYS_ON, **settings: object) -> Listener:
            sound = SoundSettings(**{"linger_seconds": 0.0, **settings})
            device = open_device(
                sound, tmp_path / "state", environment=rig.environment, amplifier=amplifier
            )
            return Listener(stack.enter_context(closing(device)))

        yield opened


@pytest.fixture
def board(tmp_path: Path) -> Iterator[RelayBoard]:
    with plugged_in(tmp_path) as board:
        yield board


@pytest.fixture
def sounds(tmp_path: Path) -> Callable[[float], Sound]:
    """A new sound of so many seconds at every call."""
    names = (tmp_path / f"sound{number}.flac" for number in range(100))
    return lambda seconds: make_sound(next(names), seconds)
