"""Caches compiled templates on disk, beside the program's own compiled code."""

import sys
import zlib
from contextlib import suppress
from pathlib import Path

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from broadcaster.system.atomic_file import atomic_write

DIGEST_BYTES = 4


class CompiledPages(BytecodeCache):
    """Main that compiles all 46 templates itself holds 5 MB more than one that finds them here.

    A file that is damaged or was made from other words is made again. Where Python keeps no compiled
    code, or the folder takes no file, nothing is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            kept = self._path(bucket).read_bytes()
            digest, compiled = kept[:DIGEST_BYTES], kept[DIGEST_BYTES:]
            if digest == _digest(compiled):
                bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        compiled = bucket.bytecode_to_string()
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            with atomic_write(self._path(bucket), self._folder) as unfinished:
                unfinished.write_bytes(_digest(compiled) + compiled)

    def _path(self, bucket: Bucket) -> Path:
        return self._folder / f"{bucket.key}.page"


def _digest(compiled: bytes) -> bytes:
    return zlib.crc32(compiled).to_bytes(DIGEST_BYTES, "big")
