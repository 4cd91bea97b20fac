"""Finds out if a folder holds an office, before the office's modules are imported."""

from pathlib import Path

from broadcaster.core.errors import BroadcasterError

KEYRING = "keyring.json"
# As they were signed last, for a stick.
SNAPSHOT = "heads.json"
FROM_A_COPY = "请从拷贝的文件夹里放回来，不要重新建立，各村认的是它。"


def why_no_keyring(folder: Path) -> str:
    """The sentence about a missing keyring, with what to do."""
    if any(folder.glob("county-*.key")):
        return f"{folder / KEYRING} 不见了：{FROM_A_COPY}"
    return f"{folder} 里没有钥匙串。先建立：broadcaster county init"


def office_in(folder: Path) -> Path:
    """The same folder. Raises `BroadcasterError` where no office was founded in it."""
    if not (folder / KEYRING).exists():
        raise BroadcasterError(why_no_keyring(folder))
    return folder
