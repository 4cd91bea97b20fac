"""Installs a sherpa-onnx package that a person names, if it is complete and speaks a test line."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.tts.base.package_source import Source, fetch
from broadcaster.tts.base.unpack import unpack
from broadcaster.tts.base.voice_folder import new_voice
from broadcaster.tts.sherpa.package import NAME, RECORD_FILE, PackageIncomplete, read_package

PROBE_SECONDS = 300
HOW = "broadcaster voices install sherpa:名字 --from 网址或文件 --sha256 校验码"


def install(
    voices_folder: Path,
    name: str,
    sources: Sequence[Source],
    threads: int,
    report: Callable[[str], None],
) -> None:
    """Make `voices_folder`/`name` anew from archives and single models (a vocoder).

    Raises `VoiceUnavailable`.
    """
    if not NAME.fullmatch(name):
        raise VoiceUnavailable(
            f"声音的名字“{name}”不能用：只能用字母、数字和 . _ -，不能叫 baker、recorded。用法：{HOW}"
        )
    if not sources:
        raise VoiceUnavailable(f"要写从哪里安装。用法：{HOW}")
    with new_voice(voices_folder, name) as (work, folder):
        for source in sources:
            _put(fetch(source, work, report), folder)
        report("正在试着说一句……")
        _check_package(folder)
        record = {"sources": [source.address for source in sources], **_probe(folder, threads)}
        (folder / RECORD_FILE).write_text(
            json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    report(f"声音 sherpa:{name} 装好了。它的许可由模型的作者规定，请看压缩包里的 LICENSE 或来源的网页。")


def _put(file: Path, folder: Path) -> None:
    if file.suffix == ".onnx":
        file.rename(folder / file.name)
    else:
        unpack(file, folder)
        file.unlink()


def _check_package(folder: Path) -> None:
    try:
        read_package(folder)
    except PackageIncomplete as error:
        raise VoiceUnavailable(
            f"这个压缩包用不了：{error}。缺的文件可以再加一组 --from 和 --sha256 一起装。"
        ) from error


def _probe(folder: Path, threads: int) -> dict[str, float]:
    """Have it speak in a process of its own, which the engine ends over a broken model."""
    command = [sys.executable, "-m", "broadcaster.tts.sherpa.probe", str(folder), str(threads)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS, check=True)
        measured: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        said = getattr(error, "stderr", "") or ""
        reason = (str(said).strip().splitlines() or [str(error)])[-1]
        raise VoiceUnavailable(f"这个声音说不出话，没有安装（{reason}）。") from error
    return measured
