"""Tries to open a sound card, by a sound child that plays nothing and switches no relay."""

from queue import Empty, SimpleQueue

from broadcaster.playout.amplifier.base.wiring import Wiring
from broadcaster.playout.device.sound_child import STARTING_SECONDS
from broadcaster.playout.device.sound_messages import CardOutput, Configure, Fault, Message
from broadcaster.settings.schema import SoundSettings
from broadcaster.system.child_process import Child

NO_ANSWER = "声卡没有响应，请拔下来再插一次"


def why_it_does_not_open(output: CardOutput, sound: SoundSettings) -> str:
    """A sentence in Chinese, or "". PortAudio opens what it lists, so nothing need sound."""
    told: SimpleQueue[Message] = SimpleQueue()
    child = Child(
        "sound",
        "broadcaster.playout.device.sound_child",
        told.put,
        lambda: told.put(Fault(NO_ANSWER)),
        on_words=lambda words: None,
    )
    latency, linger = sound.latency_seconds, sound.linger_seconds
    child.send(Configure(output, sound.rate_hz, latency, linger, sound.volume, Wiring()))
    try:
        while not isinstance(message := told.get(timeout=STARTING_SECONDS), Fault):
            pass
    except Empty:
        return NO_ANSWER
    finally:
        child.stop()
    return message.sentence
