"""Reads a national message, alone or in its TAR (`EBDT_*.tar`, GD/J 082-2018 annex A), in memory."""

import io
import re
import tarfile
from datetime import datetime
from pathlib import PurePosixPath

from broadcaster.county.foreign.base.proposal import ForeignDraft, MessageFormat, NotImported
from broadcaster.county.foreign.base.safe_xml import LARGEST_XML, Element, decoded, is_xml, read_xml
from broadcaster.county.foreign.ebm.message import read_ebm

MOST_FILES = 50
# A TAR says so in its first block, at 257; those from before 1988 do not, and are read all the same.
TAR_MARK = b"ustar"
BROKEN = "不是完整的 tar 包，文件可能损坏。"
UNKNOWN = "认不出来：不是 XML，也不是 tar 包。请确认选对了文件；压缩过的（zip、gz、rar）先解开。"
MESSAGE = re.compile(r"EBDB_([0-9]{1,50})\.xml")


def _takes(data: bytes) -> bool:
    """A message, or what may be the TAR of one."""
    return not is_xml(data) or read_xml(data).name == "EBD"


def _read(data: bytes, now: datetime, name: str) -> tuple[ForeignDraft, ...]:
    """A message alone, or the one in a TAR that was called `name`."""
    if is_xml(data):
        return read_ebm(read_xml(data), now)
    files = _files(data)
    message = _message(files)
    ebd = read_xml(files[message])
    remarks = [
        *_name_remarks(ebd, message, name),
        *_signature_remarks(files, message),
        *_other_remarks(files, message),
    ]
    return read_ebm(ebd, now, remarks)


def _original(data: bytes) -> str:
    if is_xml(data):
        return decoded(data)
    files = _files(data)
    return decoded(files[_message(files)])


EBM = MessageFormat(_takes, _read, _original)


def _message(files: dict[str, bytes]) -> str:
    messages = [found for found in map(MESSAGE.fullmatch, files) if found]
    if len(messages) != 1:
        raise NotImported([f"包里要有一个 EBDB_编号.xml，这里有 {len(messages)} 个。"])
    return messages[0].group()


def _files(data: bytes) -> dict[str, bytes]:
    """By their names without folders; the media files' bytes are left where they are."""
    found: dict[str, bytes] = {}
    try:
        # "r:" takes nothing compressed, so a bomb is as large as it looks.
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            # Counted as they come: a negative size leads Python before 3.11.14 round in circles.
            for number, member in enumerate(tar):
                if number >= MOST_FILES:
                    raise NotImported([f"包里的文件超过 {MOST_FILES} 个，不读。"])
                if not member.isdir():
                    _take(tar, member, found)
    except (tarfile.TarError, ValueError, EOFError, OSError, OverflowError, RecursionError):
        raise NotImported([BROKEN if data[257:262] == TAR_MARK else UNKNOWN]) from None
    return found


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, found: dict[str, bytes]) -> None:
    path = PurePosixPath(member.name)
    plain = member.isfile() and not member.issparse() and not path.is_absolute()
    if not plain or ".." in path.parts or "\\" in member.name or not path.name.isprintable():
        raise NotImported([f"包里有不该有的东西（{member.name[:60]!r}），不读。"])
    if path.name in found:
        raise NotImported([f"包里有两个 {path.name[:60]}，不读。"])
    large = member.size > LARGEST_XML
    if large and path.suffix == ".xml":
        raise NotImported([f"{path.name[:60]} 太大，不读。"])
    content = tar.extractfile(member)
    found[path.name] = content.read() if content and path.suffix == ".xml" else b""


def _name_remarks(ebd: Element, message: str, package: str) -> list[str]:
    """Two of five files of one platform were named by another number; so it is told, not refused."""
    id = ebd.text_of("EBDID")
    expected = {message: f"EBDB_{id}.xml"}
    if package.startswith("EBDT_"):
        expected[package] = f"EBDT_{id}.tar"
    return [
        f"文件名 {name[:60]} 和里面的 EBDID 不一样，请核对。"
        for name, right in expected.items()
        if name != right
    ]


def _signature_remarks(files: dict[str, bytes], message: str) -> list[str]:
    """Platforms have sent 100 zero characters for one; no SM2 is checked here, so none counts."""
    signature = files.get(f"EBDS_{message}")
    if signature is None:
        return ["包里没有签名文件，不知道是谁发的。"]
    try:
        read_xml(signature)
    except NotImported as refused:
        return [f"签名文件是坏的：{refused.problems[0]}"]
    return ["包里有签名文件，没有核对，不能当作凭据。"]


def _other_remarks(files: dict[str, bytes], message: str) -> list[str]:
    others = sorted(files.keys() - {message, f"EBDS_{message}"})
    return [f"包里别的文件没有取：{'、'.join(others)[:200]}。"] if others else []
