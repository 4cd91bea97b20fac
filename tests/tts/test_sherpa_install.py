"""Installing a package that a person names, from a web server of the test's own and from files."""

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
from rig.spoken import first_words, joined
from rig.tiny_sherpa import make_matcha, make_vits

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.tts.base.package_source import Source
from broadcaster.tts.base.unpack import unpack
from broadcaster.tts.catalogue import Catalogue


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of `tmp_path` on a server of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    return tmp_path / "voices"


def packed(folder: Path, ending: str = "tar.bz2") -> Path:
    """As it is published: one folder of the package's name."""
    archive = folder.with_name(f"{folder.name}.{ending}")
    modes: dict[str, Literal["w:bz2", "w:gz"]] = {"tar.bz2": "w:bz2", "tar.gz": "w:gz"}
    with tarfile.open(archive, modes[ending]) as tar:
        tar.add(folder, folder.name)
    return archive


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def local(file: Path) -> Source:
    return Source(str(file), sha256(file))


def install(voices: Path, name: str, *sources: Source) -> list[str]:
    steps: list[str] = []
    Catalogue(voices, threads=1).install(f"sherpa:{name}", steps.append, sources)
    return steps


def names(voices: Path) -> list[str]:
    return sorted(path.name for path in voices.iterdir()) if voices.exists() else []


def test_a_package_from_the_web_is_installed_and_speaks(web: str, voices: Path, tmp_path: Path) -> None:
    archive = packed(make_vits(tmp_path / "vits-tiny"))
    steps = install(voices, "mine", Source(f"{web}/{archive.name}", sha256(archive).upper()))
    assert names(voices) == ["mine"]
    assert "许可" in steps[-1]
    catalogue = Catalogue(voices, threads=1)
    entry = catalogue.entry("sherpa:mine")
    assert entry and entry.ready and "本机测的" in entry.speed
    assert joined(catalogue.open("sherpa:mine").speak(first_words(7))).any()


@pytest.mark.parametrize("address", ["{}", "file://{}"])
@pytest.mark.parametrize("ending", ["tar.bz2", "tar.gz"])
def test_a_package_on_a_stick_is_installed_without_a_network(
    voices: Path, tmp_path: Path, address: str, ending: str
) -> None:
    archive = packed(make_vits(tmp_path / "vits-tiny"), ending)
    install(voices, "mine", Source(address.format(archive), sha256(archive)))
    assert names(voices) == ["mine"]


def test_a_package_in_parts_is_put_together(voices: Path, tmp_path: Path) -> None:
    folder = make_matcha(tmp_path / "matcha-tiny")
    vocoder = (folder / "vocos-tiny.onnx").rename(tmp_path / "vocos-tiny.onnx")
    archive = packed(folder)
    with pytest.raises(VoiceUnavailable, match="缺声码器"):
        install(voices, "mine", local(archive))
    assert names(voices) == []
    install(voices, "mine", local(archive), local(vocoder))
    record = json.loads((voices / "mine" / "installed.json").read_text())
    assert record["sources"] == [str(archive), str(vocoder)]


def test_the_same_package_again_is_the_same_voice(voices: Path, tmp_path: Path) -> None:
    archive = packed(make_vits(tmp_path / "vits-tiny"))
    versions = set()
    for _ in range(2):
        install(voices, "mine", local(archive))
        versions.add(Catalogue(voices, threads=1).version("sherpa:mine"))
    assert len(versions) == 1
    assert names(voices) == ["mine"]


def test_another_file_than_was_asked_for_is_not_installed(
    web: str, voices: Path, tmp_path: Path
) -> None:
    archive = packed(make_vits(tmp_path / "vits-tiny"))
    with pytest.raises(VoiceUnavailable, match="和要求的不一样"):
        install(voices, "mine", Source(f"{web}/{archive.name}", "0" * 64))
    assert names(voices) == []


@pytest.mark.parametrize("address", ["{}/nothing.tar.bz2", "http://127.0.0.1:9/x.tar", "/no/such.tar"])
def test_what_cannot_be_had_is_told_in_one_sentence(web: str, voices: Path, address: str) -> None:
    with pytest.raises(VoiceUnavailable, match="取不到"):
        install(voices, "mine", Source(address.format(web), "0" * 64))
    assert names(voices) == []


@pytest.mark.parametrize("name", ["", "baker", "recorded", "../up", "a/b", ".hidden", "名字", "x" * 65])
def test_a_name_that_is_no_folder_of_its_own_is_refused(voices: Path, name: str) -> None:
    with pytest.raises(VoiceUnavailable, match="不能用"):
        install(voices, name, Source("x.tar.bz2", "0" * 64))


def test_without_a_source_the_usage_is_told(voices: Path) -> None:
    with pytest.raises(VoiceUnavailable, match="--from"):
        install(voices, "mine")


def test_a_digest_that_is_none_is_refused(voices: Path) -> None:
    with pytest.raises(VoiceUnavailable, match="64 位"):
        install(voices, "mine", Source("x.tar.bz2", "abc"))


def test_a_package_over_which_the_engine_dies_leaves_the_old_one(voices: Path, tmp_path: Path) -> None:
    install(voices, "mine", local(packed(make_vits(tmp_path / "good"))))
    bad = make_vits(tmp_path / "bad")
    (bad / "tokens.txt").write_text("one two three four\n")
    before = Catalogue(voices, threads=1).version("sherpa:mine")
    with pytest.raises(VoiceUnavailable, match="说不出话"):
        install(voices, "mine", local(packed(bad)))
    assert Catalogue(voices, threads=1).version("sherpa:mine") == before
    assert names(voices) == ["mine"]


def archive_of(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, size: int = 1, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size, found.type, found.linkname = size, kind, link
    return found


@pytest.mark.parametrize(
    "evil",
    [
        member("../outside.txt"),
        member("/absolute.txt"),
        member("in/../../outside.txt"),
        member("link", 0, tarfile.SYMTYPE, "/etc/passwd"),
        member("hard", 0, tarfile.LNKTYPE, "tokens.txt"),
        member("pipe", 0, tarfile.FIFOTYPE),
        member("device", 0, tarfile.CHRTYPE),
    ],
    ids=lambda evil: evil.name,
)
def test_an_archive_with_anything_but_plain_files_is_refused_whole(
    tmp_path: Path, evil: tarfile.TarInfo
) -> None:
    archive = archive_of(tmp_path / "a.tar.gz", member("p/tokens.txt"), evil)
    out = tmp_path / "deep" / "out"
    with pytest.raises(VoiceUnavailable, match="不该有的东西"):
        unpack(archive, out)
    assert not out.exists()
    assert not (tmp_path / "outside.txt").exists()


def test_an_archive_of_too_many_files_is_refused_before_one_is_written(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.tar.gz", *(member(f"p/{n}", 0) for n in range(5_001)))
    with pytest.raises(VoiceUnavailable, match="太大"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"not an archive", b"BZh9 cut short"])
def test_a_broken_archive_is_told_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tar.bz2").write_bytes(content)
    with pytest.raises(VoiceUnavailable, match="不是完整的"):
        unpack(tmp_path / "a.tar.bz2", tmp_path / "out")


def test_an_archive_without_a_folder_around_it_is_fine(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.tar.gz", member("./tokens.txt"), member("./dict/a.txt"))
    unpack(archive, tmp_path / "out")
    assert (tmp_path / "out" / "tokens.txt").exists()
    assert (tmp_path / "out" / "dict" / "a.txt").exists()
