"""Unpacks an untrusted archive: plain files below one folder, or nothing at all."""

import os
import tarfile
from pathlib import Path, PurePosixPath

from broadcaster.core.errors import VoiceUnavailable

LARGEST_BYTES = 3_000_000_000
MOST_FILES = 5_000


def unpack(archive: Path, folder: Path) -> None:
    """Put its files into `folder`, without the one folder around them. Raises `VoiceUnavailable`."""
    try:
        with tarfile.open(archive) as tar:
            members = [_checked(member) for member in tar if not member.isdir()]
            _check_amount(members)
            depth = _common_depth([PurePosixPath(member.name) for member in members])
            for member in members:
                _extract(tar, member, folder.joinpath(*PurePosixPath(member.name).parts[depth:]))
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise VoiceUnavailable(f"{archive.name} 不是完整的 tar 压缩包，没有安装。") from error


def _checked(member: tarfile.TarInfo) -> tarfile.TarInfo:
    path = PurePosixPath(member.name)
    if not member.isfile() or path.is_absolute() or ".." in path.parts or "\\" in member.name:
        raise VoiceUnavailable(f"压缩包里有不该有的东西（{member.name}），没有安装。")
    return member


def _check_amount(members: list[tarfile.TarInfo]) -> None:
    size = sum(member.size for member in members)
    if len(members) > MOST_FILES or size > LARGEST_BYTES:
        raise VoiceUnavailable(f"压缩包太大：{len(members)} 个文件，{size // 1_000_000} MB，没有安装。")


def _common_depth(paths: list[PurePosixPath]) -> int:
    """1 if all stand in one folder, as published packages do; `./` at the front does not count."""
    tops = {path.parts[0] for path in paths}
    return int(len(tops) == 1 and all(len(path.parts) > 1 for path in paths))


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    assert content is not None, "only files come here"
    with content, place.open("xb") as file:
        while block := content.read(1 << 20):
            file.write(block)
    # The version of a voice counts its files' times: the same archive is the same voice.
    os.utime(place, (member.mtime, member.mtime))
