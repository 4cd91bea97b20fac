"""What scripts/setup asks at every start: which voices it has to install. Quick, and imports no model;
what it reads the voice child would read next.

A line for each: `baker none`, `recorded none`, or `baker old` for one that speaks, but is not what this
release makes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from broadcaster.core.errors import ConfigError, VoiceUnavailable
from broadcaster.core.project_folders import CONFIG_FOLDER
from broadcaster.settings.schema import load_settings
from broadcaster.tts.baker.engine import BakerEngine
from broadcaster.tts.recorded.engine import RecordedEngine
from broadcaster.tts.recorded.phrases import ALARM, is_whole


def lacking(voices_folder: Path) -> Iterator[str]:
    baker = BakerEngine(voices_folder, threads=1)
    try:
        baker.version("")
        baker.check()
        if not baker.is_of_this_release():
            yield "baker old"
    except VoiceUnavailable:
        yield "baker none"
    if not is_whole(voices_folder / RecordedEngine.name / ALARM):
        yield "recorded none"


if __name__ == "__main__":
    try:
        folder = load_settings(CONFIG_FOLDER).paths.voices
    except ConfigError:
        sys.exit()  # the box itself tells what is wrong with them
    sys.stdout.writelines(f"{line}\n" for line in lacking(folder))
