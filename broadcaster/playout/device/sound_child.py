"""The program of the sound child: opens the amplifier and the sink that the box names, and plays.

Started as `python -m broadcaster.playout.device.sound_child FD`.
"""

import os
import sys
import threading
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from zoneinfo import ZoneInfo

from broadcaster.core.clock import Clock
from broadcaster.core.errors import DeviceLost
from broadcaster.playout.amplifier.amplifier import Amplifier
from broadcaster.playout.device.no_device import NoDeviceSink
from broadcaster.playout.device.null_sink import SilentSink
from broadcaster.playout.device.sink_contract import Sink
from broadcaster.playout.device.sound_loop import LOST_EXIT_CODE, SoundLoop
from broadcaster.playout.device.sound_messages import CardOutput, Configure, FileOutput, NoOutput
from broadcaster.playout.device.wav_sink import WavFileSink
from broadcaster.system.child_process import connect_to_parent

# A stopped sound server keeps PortAudio from ever starting; a slow board needs 4 s for fifteen cards.
STARTING_SECONDS = 10.0
PRIORITY = -10


def main() -> None:
    connection = connect_to_parent(sys.argv)
    # A box that ends while its child is starting has closed the pipe already.
    with suppress(EOFError, ConnectionError):
        serve(connection, Clock(ZoneInfo("UTC")))


def serve(connection: Connection, clock: Clock) -> None:
    """Switch everything off, make the sink, and play what the box sends."""
    # Above everything else on a busy board; where that is not allowed, the buffer has to do.
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    configure: Configure = connection.recv()
    watchdog = threading.Timer(STARTING_SECONDS, os._exit, (LOST_EXIT_CODE,))
    watchdog.daemon = True
    watchdog.start()
    with closing(Amplifier(configure.wiring, clock)) as amplifier:
        sink = make_sink(configure, clock)
        fault = configure.suspicion or _what_is_wrong_with(sink)
        watchdog.cancel()
        SoundLoop(connection, configure, sink, amplifier, clock, fault).run()


def make_sink(configure: Configure, clock: Clock) -> Sink:
    """The sink that is asked for; PortAudio is loaded only for a card."""
    rate_hz, latency_seconds = configure.rate_hz, configure.latency_seconds
    match configure.output:
        case FileOutput(path):
            return WavFileSink(path, rate_hz, latency_seconds, clock)
        case NoOutput(reason):
            return NoDeviceSink(reason, latency_seconds)
        case CardOutput(name, alsa_config):
            os.environ["ALSA_CONFIG_PATH"] = str(alsa_config)
            from broadcaster.playout.device.portaudio_sink import SoundCard

            return SoundCard(name, rate_hz, latency_seconds)
    return SilentSink(rate_hz, latency_seconds, clock)


def _what_is_wrong_with(sink: Sink) -> str:
    try:
        sink.check()
    except DeviceLost as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
