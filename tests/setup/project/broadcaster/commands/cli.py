import os
import sys
from pathlib import Path

from broadcaster.core.errors import BroadcasterError, VoiceUnavailable
from broadcaster.tts.base.voice_folder import new_voice

PLACES = {"baker": ("voices", "baker", "voice.json"), "recorded": ("voices/recorded", "alarm", "a")}


def main():
    if sys.argv[1] == "voices":
        try:
            install(*PLACES[sys.argv[3]])
        except BroadcasterError as error:
            sys.stderr.write(f"{error}\n")
            return 2


def install(folder, name, content):
    if name == "baker" and Path(os.environ["MACHINE"], "offline").exists():
        raise VoiceUnavailable("离线语音下载不了，请检查网络后再运行 broadcaster voices install baker。")
    if name == "alarm" and not Path("voices/baker").exists():
        raise VoiceUnavailable("语音 baker 还没有装。")
    with new_voice(Path(folder), name) as (work, made):
        (work / "half").write_text("x")
        (made / content).write_text("new")


if __name__ == "__main__":
    sys.exit(main())
