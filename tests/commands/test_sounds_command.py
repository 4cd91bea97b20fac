"""`broadcaster sounds` takes a file in, lists it, removes it and takes it back."""

import json
import os
from pathlib import Path

import pytest
from rig.pages import beep
from rig.village import Village


def test_a_sound_is_added_listed_removed_and_restored(village: Village, tmp_path: Path) -> None:
    path = tmp_path / "大登殿.wav"
    path.write_bytes(beep(2.0))
    added = village.call("sounds", "add", str(path), "--json")
    assert added.returncode == 0, added.stderr
    key = json.loads(added.stdout)["added"]["key"]
    listed = village.call("sounds", "list").stdout
    assert f"{key}  大登殿  0:02" in listed and "还装得下" in listed
    assert "要回来" in village.call("sounds", "remove", "大登殿").stdout
    assert json.loads(village.call("sounds", "list", "--json").stdout)["sounds"] == []
    assert key in village.call("sounds", "list", "--removed").stdout
    assert village.call("sounds", "restore", key).returncode == 0
    gone = village.call("sounds", "remove", "没有的")
    assert gone.returncode == 2 and "sounds list" in gone.stderr
    path.write_bytes(b"<html><body>" * 500)
    refused = village.call("sounds", "add", str(path))
    assert refused.returncode == 2 and "网页" in refused.stderr


def test_two_of_one_name_are_told_with_both_ways(village: Village, tmp_path: Path) -> None:
    path = tmp_path / "故事会.wav"
    path.write_bytes(beep(2.0))
    village.call("sounds", "add", str(path))
    assert "已经有了，叫“故事会”" in village.call("sounds", "add", str(path)).stdout
    path.write_bytes(beep(3.0))
    told = village.call("sounds", "add", str(path), "--json")
    assert json.loads(told.stdout)["added"]["title"] == "故事会 2"
    told = village.call("sounds", "add", str(path))
    assert "已经有了，叫“故事会 2”" in told.stdout and "--replace" in told.stdout
    done = village.call("sounds", "add", str(path), "--replace", "故事会")
    assert "换掉了老的“故事会”（0:02）" in done.stdout, done.stderr
    (left,) = json.loads(village.call("sounds", "list", "--json").stdout)["sounds"]
    assert left["title"] == "故事会"
    assert "删掉了：故事会" in village.call("sounds", "remove", left["key"][:4]).stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may write as somebody else")
def test_what_root_adds_belongs_to_whom_the_state_belongs(village: Village, tmp_path: Path) -> None:
    path, service = tmp_path / "梆子.wav", 65534
    path.write_bytes(beep(2.0))
    village.state.mkdir(exist_ok=True)
    os.chown(village.state, service, service)
    added = village.call("sounds", "add", str(path), "--json")
    key = json.loads(added.stdout)["added"]["key"]
    village.call("sounds", "remove", key)
    left = [village.state / "sounds", *(village.state / "sounds").rglob("*")]
    assert len(left) == 4
    assert {(one.stat().st_uid, one.stat().st_gid) for one in left} == {(service, service)}
