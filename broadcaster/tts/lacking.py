"""What scripts/setup asks at every start: which voices it has to install. Quick, and imports no model.

A line for each: `baker none`, `recorded none`, or `baker old` for one that speaks, but is not what this
release makes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from broadcaster.errors import ConfigError
from broadcaster.folders import CONFIG_FOLDER
from broadcaster.settings import load_settings
from broadcaster.tts.baker_engine import BakerEngine
from broadcaster.tts.phrases import ALARM
from broadcaster.tts.recorded_engine import RecordedEngine


def lacking(voices_folder: Path) -> Iterator[str]:
    baker = BakerEngine(voices_folder, threads=1)
    recorded = RecordedEngine(voices_folder, threads=1).entry(f"recorded:{ALARM}")
    if not all(entry.ready for entry in baker.entries()):
        yield "baker none"
    elif not baker.is_of_this_release():
        yield "baker old"
    if not (recorded and recorded.ready):
        yield "recorded none"


if __name__ == "__main__":
    try:
        folder = load_settings(CONFIG_FOLDER).paths.voices
    except ConfigError:
        sys.exit()  # the box itself tells what is wrong with them
    sys.stdout.writelines(f"{line}\n" for line in lacking(folder))
