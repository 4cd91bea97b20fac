"""A sound comes from a phone, is heard, renamed, removed, taken back; what is none is told so."""

import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from rig.pages import beep
from web.logins import Post
from werkzeug.test import TestResponse

from broadcaster.core.people import Role
from broadcaster.studio.sound_uploads import CHUNK_BYTES, SoundUploads

Send = Callable[..., TestResponse]
PAGE = b"<html><body>" * 500


@pytest.fixture
def token(secretary: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', secretary.get("/sounds").text)
    assert found
    return found[1]


@pytest.fixture
def send(secretary: FlaskClient, token: str) -> Send:
    """As the page's script does."""

    def send(path: str, chunk: bytes = b"", csrf: str = token) -> TestResponse:
        return secretary.post(
            f"/sounds/uploads{path}",
            data=chunk,
            content_type="application/octet-stream",
            headers={"X-CSRFToken": csrf},
        )

    return send


@pytest.fixture
def take(secretary: FlaskClient, token: str) -> Callable[..., TestResponse]:
    """As the form does without script."""

    def take(*files: tuple[bytes, str]) -> TestResponse:
        sent = [(io.BytesIO(content), name) for content, name in files]
        answer = secretary.post("/sounds/take", data={"csrf_token": token, "sound": sent})
        # The client keeps a long body in a file of its own, and leaves it open.
        answer.request.environ["wsgi.input"].close()
        return answer

    return take


def test_files_come_by_a_plain_form_and_stand_in_the_list(
    secretary: FlaskClient, station: FakeStation, take: Callable[..., TestResponse]
) -> None:
    assert take((beep(2.0), "大登殿.wav"), (beep(3.0), "花木兰.wav")).location == "/sounds"
    page = secretary.get("/sounds").text
    assert "收好了：“大登殿”，2 秒。" in page and "还装得下约" in page
    assert {one.title for one in station.sounds.all()} == {"大登殿", "花木兰"}
    found = secretary.get("/sounds?words=木兰").text
    assert "花木兰" in found and ">大登殿</a>" not in found
    assert ("王秀英", "传声音", "大登殿.wav、花木兰.wav") in station.done()


def test_a_name_that_is_taken_and_a_file_that_is_there_are_told(
    secretary: FlaskClient, station: FakeStation, take: Callable[..., TestResponse]
) -> None:
    take((beep(2.0), "故事会.wav"))
    secretary.get("/sounds")
    take((beep(3.0), "故事会.wav"))
    page = secretary.get("/sounds").text
    assert "收好了：“故事会 2”，3 秒。" in page
    assert "原来就有一个“故事会”（2 秒），所以这一个叫“故事会 2”。" in page
    take((beep(3.0), "另一个名字.wav"))
    assert "这个文件已经有了，叫“故事会 2”，3 秒。" in secretary.get("/sounds").text
    take((beep(3.0), "故事会.wav"))
    assert "这个文件已经有了，叫“故事会 2”，3 秒。" in secretary.get("/sounds").text
    assert len(station.sounds.all()) == 2


@pytest.mark.parametrize(
    ("files", "sentence"), [((), "还没有选文件"), (((PAGE, "天气.mp3"),), "天气.mp3：.*网页")]
)
def test_a_form_that_brings_no_sound_comes_back_with_what_to_do(
    station: FakeStation, take: Callable[..., TestResponse], files: object, sentence: str
) -> None:
    answer = take(*files)  # type: ignore[misc]
    assert answer.status_code == 400 and re.search(sentence, answer.text)
    assert station.sounds.all() == []


def test_a_file_comes_in_chunks_and_goes_on_where_it_was(
    secretary: FlaskClient, station: FakeStation, send: Send
) -> None:
    content = beep(40.0)
    begin = f"?name=梆子.wav&size={len(content)}"
    upload = send(begin, content[:CHUNK_BYTES]).json
    assert upload and upload["received"] == CHUNK_BYTES
    assert "没传完：梆子.wav" in secretary.get("/sounds").text
    # The answer is lost, and the chunk is sent again.
    for _ in range(2):
        state = send(f"/{upload['key']}/{CHUNK_BYTES}", content[CHUNK_BYTES : 2 * CHUNK_BYTES]).json
        assert state and state["received"] == 2 * CHUNK_BYTES
    assert send(f"/{upload['key']}/finish").status_code == 422
    again = send(begin, content[:CHUNK_BYTES]).json
    assert again == {"key": upload["key"], "received": 2 * CHUNK_BYTES}
    send(f"/{upload['key']}/{2 * CHUNK_BYTES}", content[2 * CHUNK_BYTES :])
    for _ in range(2):
        assert send(f"/{upload['key']}/finish").status_code == 200
    (sound,) = station.sounds.all()
    assert (sound.title, sound.size) == ("梆子", len(content))
    assert "没传完" not in secretary.get("/sounds").text


def test_what_is_no_sound_stands_in_the_list_until_somebody_removes_it(
    secretary: FlaskClient, post: Post, send: Send
) -> None:
    upload = send(f"?name=天气.mp3&size={len(PAGE)}", PAGE).json
    assert upload
    refused = send(f"/{upload['key']}/finish")
    assert refused.status_code == 422 and refused.json and "网页" in refused.json["sentence"]
    assert re.search("✗ .*天气.mp3.*网页", secretary.get("/sounds").text, re.DOTALL)
    assert post(f"/sounds/uploads/{upload['key']}/drop", "/sounds").status_code == 303
    assert "天气.mp3" not in secretary.get("/sounds").text


def test_a_chunk_without_a_token_of_another_person_or_too_long_is_not_taken(
    client: FlaskClient, station: FakeStation, send: Send
) -> None:
    assert send("?name=a.wav&size=9", b"123456789", csrf="").status_code == 400
    assert send("?name=a.wav&size=9", b"1234567890").status_code == 400
    assert send(f"?name=a.wav&size={1 << 20}", bytes(CHUNK_BYTES + 1)).status_code == 413
    huge = send(f"?name=a.wav&size={600 << 20}", bytes(9))
    assert huge.status_code == 422 and huge.json and "太大" in huge.json["sentence"]
    client.delete_cookie("broadcaster")
    assert send("?name=a.wav&size=9", b"123456789").status_code == 401


def test_a_sound_is_heard_part_by_part_as_it_came(
    secretary: FlaskClient, take: Callable[..., TestResponse], station: FakeStation
) -> None:
    content = beep(80.0)
    take((content, "长.wav"))
    address = f"/sounds/{station.sounds.all()[0].key}/file"
    heard = b""
    while len(heard) < len(content):
        part = secretary.get(address, headers={"Range": f"bytes={len(heard)}-"})
        assert part.status_code == 206 and part.mimetype == "audio/wav"
        assert part.headers["Content-Range"].endswith(f"/{len(content)}")
        heard += part.data
    assert heard == content == secretary.get(address).data
    assert secretary.get(address, headers={"Range": "bytes=-44"}).data == content[-44:]
    assert secretary.get(address, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert secretary.get(f"/sounds/{'0' * 32}/file").status_code == 404


def test_a_sound_is_renamed_removed_and_taken_back(
    secretary: FlaskClient, post: Post, take: Callable[..., TestResponse], station: FakeStation
) -> None:
    take((beep(2.0), "a.wav"))
    (sound,) = station.sounds.all()
    place = f"/sounds/{sound.key}"
    assert "还没有写叫什么" in post(f"{place}/rename", place, title=" ").text
    post(f"{place}/rename", place, title="大登殿")
    assert "大登殿" in secretary.get(place).text
    post(f"{place}/remove", place)
    assert station.sounds.all() == [] and secretary.get(place).status_code == 404
    assert "删掉的" in secretary.get("/sounds").text
    assert post(f"{place}/restore", "/sounds").location == place
    assert [one.title for one in station.sounds.all()] == ["大登殿"]
    deeds = [what for _, what, about in station.done() if about == "大登殿"]
    assert deeds == ["给声音改名", "删声音", "恢复声音"]
    assert secretary.get("/sounds/..").location == secretary.get("/sounds/uploads").location == "/sounds"


def test_the_page_says_what_is_measured_and_looks_again_by_itself(
    secretary: FlaskClient, send: Send, take: Callable[..., TestResponse], station: FakeStation
) -> None:
    station.uploads = SoundUploads(station.sounds, wait_seconds=0.0)
    assert take((beep(2.0), "大登殿.wav")).status_code == 303
    (upload,) = station.uploads.all()
    page = secretary.get("/sounds").text
    assert "传完了，正在看有多长、多响……" in page and f'data-measured="{upload.key}"' in page
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in page
    assert "没传完" not in page
    assert send(f"/{upload.key}/finish").status_code == 503
    station.uploads.step()
    assert send(f"/{upload.key}/finish").status_code == 200
    page = secretary.get("/sounds").text
    assert "收好了：“大登殿”，2 秒。" in page and "refresh" not in page


def test_another_persons_upload_is_touched_by_nobody_but_a_secretary(
    secretary: FlaskClient, post: Post, send: Send, station: FakeStation
) -> None:
    theirs = station.uploads.begin("b.wav", 9, b"1234", "李四")
    assert send(f"/{theirs.key}/4", b"5678").json == {"key": theirs.key, "received": 8}
    password = station.accounts.add("张三", Role.EDITOR)
    post("/logout")
    post("/login", "/login", name="张三", password=password)
    token = re.search(r'name="csrf_token" value="([^"]+)"', secretary.get("/sounds").text)
    assert token
    for path, chunk in ((f"/{theirs.key}/8", b"9"), (f"/{theirs.key}/finish", b"")):
        refused = send(path, chunk, csrf=token[1])
        assert refused.status_code == 422 and refused.json
        assert refused.json["sentence"] == "“b.wav”是李四传的，只有本人和书记能接着传、能不要。"
    post(f"/sounds/uploads/{theirs.key}/drop", "/sounds")
    assert "只有本人和书记能接着传" in secretary.get("/sounds").text
    assert station.uploads.find(theirs.key).received == 8


def test_who_may_only_look_listens_and_sends_nothing(
    client: FlaskClient, post: Post, station: FakeStation
) -> None:
    station.sounds.take([beep(2.0)], "戏.wav")
    password = station.accounts.add("李四", Role.VIEWER)
    post("/login", name="李四", password=password)
    page = client.get("/sounds").text
    assert "戏" in page and "从手机传" not in page
    assert "改名" not in client.get(f"/sounds/{station.sounds.all()[0].key}").text
