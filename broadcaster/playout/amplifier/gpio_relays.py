"""Relays on the pins of a Raspberry Pi; the home of gpiozero, imported only where there are any."""

import os
import tempfile
from typing import Any

from broadcaster.core.errors import AmplifierLost
from broadcaster.playout.amplifier.base.relays import Relays

NOT_INSTALLED = "功放接在 GPIO 上，但没有装 gpiozero 和 lgpio，请运行：.venv/bin/pip install '.[pi]'"


class GpioRelays(Relays):
    """One pin a relay, by BCM number. A pin has its off level from the moment it is an output, so that
    no relay clicks at start."""

    def __init__(self, numbers: frozenset[int], active_high: bool) -> None:
        # lgpio leaves a pipe in the working directory, which a service manager may have made read-only.
        os.environ.setdefault("LG_WD", tempfile.gettempdir())
        try:
            from gpiozero import DigitalOutputDevice
        except ImportError as error:
            raise AmplifierLost(NOT_INSTALLED) from error
        self._pins: dict[int, Any] = {}
        try:
            for number in sorted(numbers):
                self._pins[number] = DigitalOutputDevice(number, active_high=active_high)
        # Each pin library under gpiozero raises errors of its own kind.
        except Exception as error:
            self.close()
            raise AmplifierLost(
                f"功放的 GPIO 打不开：这台机器不是树莓派，或者引脚正被别的程序占用（{error}）"
            ) from error

    def switch(self, on: frozenset[int]) -> None:
        for number, pin in self._pins.items():
            pin.value = number in on

    def close(self) -> None:
        self.switch(frozenset())
        for pin in self._pins.values():
            pin.close()
        self._pins.clear()
