"""A recording from a phone becomes a notice, and a body that is no recording is refused with what to
do.
"""

import io
import re
from collections.abc import Callable

import numpy as np
import pytest
import soundfile
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from werkzeug.test import TestResponse

Post = Callable[..., TestResponse]


def beep(seconds: float = 1.0) -> bytes:
    content = io.BytesIO()
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * 16_000)) / 16_000)
    soundfile.write(content, tone, 16_000, format="WAV")
    return content.getvalue()


@pytest.fixture
def send(secretary: FlaskClient) -> Callable[[bytes], TestResponse]:
    """Upload a recording as the form does."""

    def send(content: bytes) -> TestResponse:
        token = re.search(r'name="csrf_token" value="([^"]+)"', secretary.get("/voice").text)
        assert token
        fields = {"csrf_token": token[1], "title": "", "recording": (io.BytesIO(content), "../../x.wav")}
        answer = secretary.post("/voice/take", data=fields)
        # The client keeps a long body in a file of its own, and leaves it open.
        answer.request.environ["wsgi.input"].close()
        return answer

    return send


def test_a_recording_becomes_a_notice_like_any_other(
    secretary: FlaskClient, station: FakeStation, post: Post, send: Callable[[bytes], TestResponse]
) -> None:
    taken = send(beep())
    (kept,) = station.recordings.all()
    assert taken.location == f"/voice/{kept.key}" and "王秀英的录音" in kept.title
    assert (
        kept.title in secretary.get(taken.location).text and kept.title in secretary.get("/voice").text
    )
    page = post("/say", recording=kept.key, text=kept.title).text
    assert "用录音播 1 遍" in page
    post("/say/air", recording=kept.key, text=kept.title)
    ((notice, _),) = station.announced
    assert (notice.recording, notice.text) == (kept.key, kept.title)
    assert "删掉了" in post(f"/voice/remove/{kept.key}").text or station.recordings.all() == []


def test_what_is_no_recording_comes_back_with_what_to_do(
    station: FakeStation, send: Callable[[bytes], TestResponse]
) -> None:
    answer = send(b"no sound at all")
    assert answer.status_code == 400 and "请用手机自带的录音机" in answer.text
    assert station.recordings.all() == []


def test_only_here_and_only_after_a_login_may_a_body_be_long(
    client: FlaskClient, post: Post, send: Callable[[bytes], TestResponse]
) -> None:
    assert post("/say", text="停水" * 1_000_000).status_code == 413
    assert send(beep(60.0)).status_code == 303
    client.delete_cookie("broadcaster")
    sent = {"recording": (io.BytesIO(b"x"), "x")}
    assert client.post("/voice/take", data=sent).status_code == 401


@pytest.mark.parametrize("key", ["0" * 32, "..", "x", "0" * 33])
def test_a_recording_that_is_not_there_is_not_found(
    secretary: FlaskClient, post: Post, key: str
) -> None:
    assert secretary.get(f"/voice/{key}", follow_redirects=True).status_code in (200, 404)
    assert post(f"/voice/remove/{key}").status_code in (404, 405)
    assert post("/say", text="x", recording=key + "/").status_code == 400
