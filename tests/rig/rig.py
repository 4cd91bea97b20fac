"""Sound cards that do not exist, for tests that play through the real path.

`FakeRig` is the ALSA plugin beside this file; `PulseRig` a private PulseAudio server, recorded at the
monitor of its only sink. Both record mono or stereo 16-bit samples as they would have been heard.
"""

import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from time import monotonic

# Long enough for a machine that is ten times as busy; nothing that goes well waits for it.
PATIENCE_SECONDS = 60.0
PLUGIN_SOURCE = Path(__file__).with_name("pcm_fakecard.c")
PULSE_CONFIG = """\
exit-idle-time = -1
flat-volumes = no
enable-shm = no
high-priority = no
realtime-scheduling = no
avoid-resampling = yes
"""
TUNER_SINK = "module-null-sink sink_name=tuner rate=48000 channels=1 format=s16le"
NULL_SINK = "module-null-sink sink_name=village rate=48000 channels=1 format=s16le norewinds=1"


def wait_until(
    condition: Callable[[], object], limit_seconds: float = PATIENCE_SECONDS, look_seconds: float = 0.005
) -> None:
    """Ask again and again until `condition()` holds; fail after the limit."""
    end = monotonic() + limit_seconds
    while not condition():
        assert monotonic() < end, "waited in vain"
        Event().wait(look_seconds)


def compile_plugin(folder: Path) -> Path:
    plugin = folder / "libasound_module_pcm_fakecard.so"
    options = ["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-DPIC"]
    subprocess.run(["gcc", *options, "-o", plugin, PLUGIN_SOURCE, "-lasound"], check=True)
    return plugin


class Rig(ABC):
    """One way to hear what would come out of a card called `village`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asoundrc = folder / "asoundrc"

    @property
    def environment(self) -> dict[str, str]:
        return {"ALSA_CONFIG_PATH": str(self.asoundrc)}

    @property
    def client_environment(self) -> dict[str, str]:
        """What else a program needs that plays through it."""
        return {}

    @abstractmethod
    def captured(self) -> bytes:
        """All that has been heard so far."""

    @abstractmethod
    def unplug(self) -> None: ...

    @abstractmethod
    def replug(self) -> None: ...

    @abstractmethod
    def stall(self) -> None: ...

    @abstractmethod
    def resume(self) -> None: ...

    def stop(self) -> None:  # noqa: B027 - a card of files has nothing to stop
        """Leave nothing running."""


class FakeCard:
    """One card of the plugin, ruled by files in its folder."""

    def __init__(self, folder: Path, plugin: Path, rate_hz: int, channels: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.rate_hz = rate_hz
        self.capture = folder / "capture.raw"
        self.definition = f'{{ type fakecard  folder "{folder}"  rate {rate_hz}  channels {channels} }}'

    def captured(self) -> bytes:
        return self.capture.read_bytes() if self.capture.exists() else b""

    def heard_at(self, place: int) -> float:
        """When the frame at this place of the capture sounded, on the monotonic clock."""
        lines = (self.folder / "starts").read_text().splitlines()
        starts = [tuple(map(int, line.split())) for line in lines]
        moment_ns, start = max(each for each in starts if each[1] <= place)
        return moment_ns / 1e9 + (place - start) / self.rate_hz

    def tell(self, what: str, is_so: bool) -> None:
        """`unplug`, `busy`, `stall`, `deaf` or `rush`."""
        if is_so:
            (self.folder / what).touch()
        else:
            (self.folder / what).unlink()


class FakeRig(Rig):
    """A mono card `village`, and `hall`, a stereo one behind ALSA's converter, as real cards are."""

    def __init__(self, folder: Path, plugin: Path) -> None:
        super().__init__(folder)
        self.village = FakeCard(folder / "village", plugin, 48_000, 1)
        self.hall = FakeCard(folder / "hall", plugin, 48_000, 2)
        self.asoundrc.write_text(
            f'pcm_type.fakecard {{ lib "{plugin}" }}\n'
            f"pcm.village {self.village.definition}\n"
            f"pcm.hall {{ type plug  slave.pcm {self.hall.definition} }}\n"
            f'pcm.default {{ type plug  slave.pcm "village" }}\n'
        )

    def captured(self) -> bytes:
        return self.village.captured()

    def unplug(self) -> None:
        self.village.tell("unplug", True)

    def replug(self) -> None:
        self.village.tell("unplug", False)

    def stall(self) -> None:
        self.village.tell("stall", True)

    def resume(self) -> None:
        self.village.tell("stall", False)


class Sink:
    """What the loudspeaker has said since the test began; silence does not count."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._before = len(rig.captured())

    def heard(self) -> bytes:
        return self._rig.captured()[self._before :].strip(b"\0")


class PulseRig(Rig):
    """A PulseAudio of our own, with a recorder on it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._socket = folder / "pulse.sock"
        self._capture = folder / "capture.raw"
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            self._start_server()
            self._start_recorder()
        except BaseException:
            self.stop()
            raise

    @property
    def client_environment(self) -> dict[str, str]:
        """Where the server is; and keeps its cookie out of the user's home."""
        return {
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_COOKIE": str(self.folder / "cookie"),
            "PULSE_RUNTIME_PATH": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "HOME": str(self.folder),
        }

    def captured(self) -> bytes:
        return self._capture.read_bytes()

    def unplug(self) -> None:
        self._control("unload-module", "module-null-sink")

    def replug(self) -> None:
        self._control("load-module", *NULL_SINK.split())

    def stall(self) -> None:
        self._control("suspend-sink", "village", "1")

    def resume(self) -> None:
        self._control("suspend-sink", "village", "0")

    @contextmanager
    def tuner(self, sound: Path) -> Iterator[str]:
        """An input, by its name in ALSA, on which a sound file plays again and again."""
        self._control("load-module", *TUNER_SINK.split())
        options = ["-v", "error", "-re", "-stream_loop", "-1", "-i", str(sound)]
        self._run(["ffmpeg", "-nostdin", *options, "-f", "pulse", "-device", "tuner", "tuner"], {})
        player = self._processes[-1]
        try:
            yield "tuner"
        finally:
            player.kill()
            player.wait()

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()

    def _start_server(self) -> None:
        script = self.folder / "village.pa"
        script.write_text(
            f".fail\nload-module module-native-protocol-unix socket={self._socket} auth-anonymous=1\n"
            f"load-module {NULL_SINK}\nset-default-sink village\n"
        )
        (self.folder / "daemon.conf").write_text(PULSE_CONFIG)
        server = f'server "unix:{self._socket}"'
        self.asoundrc.write_text(
            f'pcm.village {{ type pulse  {server}  device "village" }}\n'
            f"pcm.default {{ type pulse  {server} }}\n"
            f'pcm.tuner {{ type pulse  {server}  device "tuner.monitor" }}\n'
        )
        self._run(
            ["pulseaudio", "-n", "-F", script, "--daemonize=no", "--use-pid-file=no"],
            {"PULSE_CONFIG": str(self.folder / "daemon.conf")},
        )
        wait_until(self._answers)

    def _start_recorder(self) -> None:
        form = ["--raw", "--format=s16le", "--rate=48000", "--channels=1", "--latency-msec=10"]
        self._run(["parec", "-d", "village.monitor", *form], {})
        wait_until(self.captured)

    def _run(self, command: list[str | Path], environment: dict[str, str]) -> None:
        with self._capture.open("ab") as capture, (self.folder / "log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    command,
                    env={**os.environ, **self.client_environment, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=capture,
                    stderr=log,
                )
            )

    def _answers(self) -> bool:
        return self._socket.exists() and self._control("info", check=False)

    def _control(self, *command: str, check: bool = True) -> bool:
        environment = {**os.environ, **self.client_environment}
        called = subprocess.run(
            ["pactl", *command], env=environment, check=check, capture_output=True, timeout=10
        )
        return called.returncode == 0
