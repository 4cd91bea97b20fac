"""A program that writes one sound file for people, off the air, because main holds neither numpy nor
pydub.
"""

import json
import os
import sys
from pathlib import Path

from broadcaster.audio.export import write_sound
from broadcaster.core.errors import FileUnwritable
from broadcaster.core.model import Clip, Item, Programme

# After everything that the air needs.
NICENESS = 10


def main() -> int:
    """Reads the order as JSON from standard input; on an error writes its sentence to standard error."""
    os.nice(NICENESS)
    order = json.load(sys.stdin)
    items = tuple(Item(Clip("", Path(path), 0.0), pause) for path, pause in order["items"])
    try:
        write_sound(Path(order["path"]), Programme("", items), order["rate_hz"])
    except FileUnwritable as error:
        sys.stderr.write(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
