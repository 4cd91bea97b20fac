"""What all worlds share is made once: the card, the disk, and a cache of their notices."""

from contextlib import closing
from pathlib import Path

from faults.wordings import PLAIN, wording
from faults.world import CLOCK, SLOTS, Tools, configure
from rig.failing_disk import compile_failing_disk
from rig.rig import compile_plugin
from rig.village import Village

from broadcaster.core.notice import Notice
from broadcaster.settings.schema import load_lexicon, load_settings
from broadcaster.studio.studio import Studio


def make_tools(folder: Path, wordings: int) -> Tools:
    """In a folder that is not there yet."""
    tools = Tools(folder, wordings)
    tools.village.mkdir(parents=True)
    configure(Village(tools.village, {}))
    settings, lexicon = load_settings(tools.village), load_lexicon(tools.village)
    notices = [wording(number) for number in range(wordings)]
    with closing(Studio(settings, lexicon, CLOCK)) as studio:
        for notice in (*notices, *(Notice(text, **PLAIN) for text in SLOTS.values())):
            studio.programme(studio.settle(notice))
    compile_plugin(folder)
    compile_failing_disk(folder)
    return tools
