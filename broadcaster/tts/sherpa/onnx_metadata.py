"""Reads the metadata of an ONNX model without loading its graph.

Field numbers from onnx.proto: ModelProto.metadata_props is 14, its entries' key 1 and value 2.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

from broadcaster.tts.base.voice_folder import VoiceDamaged

METADATA_PROPS = 14
LONGEST_ENTRY = 1 << 20
VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5


def read_metadata(path: Path) -> dict[str, str]:
    """The model's own key and value pairs. Raises `VoiceDamaged`."""
    try:
        with path.open("rb") as file:
            entries = [dict(_fields(BytesIO(entry))) for _, entry in _fields(file, METADATA_PROPS)]
        return {entry[1].decode(): entry.get(2, b"").decode() for entry in entries}
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise VoiceDamaged(f"{path.name}: {error}") from error


def _fields(file: IO[bytes], wanted: int = 0) -> Iterator[tuple[int, bytes]]:
    """Number and content of each field that has a length; of the `wanted` ones only, if any."""
    while (key := _varint(file)) is not None:
        field, kind = key >> 3, key & 7
        if kind == VARINT:
            _varint(file)
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            file.seek(8 if kind == EIGHT_BYTES else 4, 1)
        elif kind == LENGTH:
            length = _varint(file) or 0
            if wanted and field != wanted:
                file.seek(length, 1)
            elif length > LONGEST_ENTRY:
                raise VoiceDamaged(f"field {field} of {length} bytes")
            else:
                yield field, file.read(length)
        else:
            raise VoiceDamaged(f"field {field} of kind {kind}: no ONNX model")


def _varint(file: IO[bytes]) -> int | None:
    """None at the end of the file."""
    value = 0
    for shift in range(0, 64, 7):
        byte = file.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise VoiceDamaged("a number without an end: no ONNX model")
