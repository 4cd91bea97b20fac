"""Every ready voice in one file, by the real command."""

import json
from pathlib import Path

import pytest
import soundfile
from rig.spoken import baker_folder, record
from rig.tiny_sherpa import make_vits
from rig.village import Village


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    folder = tmp_path / "voices"
    (folder / "recorded" / "奶奶").mkdir(parents=True)
    record(folder / "recorded" / "奶奶" / "全体村民注意了.wav", 1.5)
    (folder / "baker").symlink_to(baker_folder())
    make_vits(folder / "tiny")
    return folder


@pytest.fixture
def home(tmp_path: Path, voices: Path) -> Village:
    folder = tmp_path / "home"
    folder.mkdir()
    village = Village(folder, {})
    village.configure(paths={"voices": str(voices)})
    return village


def test_every_ready_voice_is_heard_after_its_name(home: Village) -> None:
    path = home.folder / "all.wav"
    run = home.call("voices", "audition", "全体村民注意了", "-o", str(path), "--json")
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    rows = {row["voice"]: row for row in report["voices"]}
    assert list(rows) == ["baker:female", "sherpa:tiny", "recorded:奶奶", "espeak:cmn"]
    assert [row["announced"] for row in rows.values()] == [True, False, False, True]
    assert not any(row["refused"] for row in rows.values())
    starts = [row["start_seconds"] for row in rows.values()]
    assert starts == sorted(starts) and starts[0] == 0.0
    assert soundfile.info(path).duration == pytest.approx(report["seconds"], abs=0.01)


def test_a_voice_that_cannot_say_it_is_left_out_with_its_reason(home: Village) -> None:
    path = home.folder / "all.wav"
    run = home.call("voices", "audition", "明天上午停水。", "-o", str(path))
    assert run.returncode == 0, run.stderr
    table = run.stdout.splitlines()
    assert len(table) == 5
    assert "没有录过这一句" in table[2]
    assert table[-1].startswith("已写入")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["", "-o", "all.wav"], "没有"),
        (["全体村民", "-o", "all.xyz"], "不认识这种声音文件"),
        (["全体村民", "-o", "/no/such/folder/all.wav"], "没有这个文件夹"),
    ],
)
def test_bad_input_is_one_sentence(home: Village, arguments: list[str], sentence: str) -> None:
    run = home.call("voices", "audition", *arguments)
    assert run.returncode == 2
    assert len(run.stderr.strip().splitlines()) == 1


def test_the_list_tells_state_speed_and_licence_of_each(home: Village) -> None:
    listed = {each["name"]: each for each in json.loads(home.call("voices", "list", "--json").stdout)}
    assert listed["recorded:alarm"]["ready"] is False
    assert "voices install recorded" in home.call("voices", "list").stdout
    for each in listed.values():
        assert each["state"] and each["licence"] and each["speed"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sherpa:mine"], "--from"),
        (["sherpa:mine", "--from", "x.tar.bz2"], "--sha256"),
        (["sherpa:mine", "--from", "/no/such.tar", "--sha256", "0" * 64], "取不到"),
        (["espeak"], "没有要安装的东西"),
    ],
)
def test_an_installation_that_cannot_be_is_told(
    home: Village, arguments: list[str], sentence: str
) -> None:
    run = home.call("voices", "install", *arguments)
    assert run.returncode == 2
    assert sentence in run.stderr.strip().splitlines()[-1]
