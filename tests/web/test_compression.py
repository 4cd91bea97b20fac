"""Text goes compressed to whoever reads gzip, and no form's token can be guessed from its length."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import broadcaster.web

STATIC = Path(broadcaster.web.__file__).parent / "static"
GZIP = {"Accept-Encoding": "gzip, deflate"}
OVER_TLS = "https://broadcaster.local"

Post = Callable[..., TestResponse]


def get(client: FlaskClient, path: str, method: str = "GET", **asked: Any) -> TestResponse:
    answer = client.open(path, method=method, **asked)
    with answer:
        answer.get_data()
    return answer


def is_packed(answer: TestResponse) -> bool:
    return answer.headers.get("Content-Encoding") == "gzip"


def test_the_first_load_is_small_on_the_wire(secretary: FlaskClient) -> None:
    answer = get(secretary, "/", headers=GZIP)
    page = gzip.decompress(answer.data).decode()
    with_script = re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL)
    files = set(re.findall(r"/static/([^\"?]+)", with_script))
    assert files
    sent = [len(get(secretary, f"/static/{name}", headers=GZIP).data) for name in files]
    assert len(answer.data) + sum(sent) < 15_000


@pytest.mark.parametrize("path", ["/", "/static/page.css", "/api/v1/openapi.json"])
def test_a_phone_that_reads_gzip_gets_the_same_in_fewer_bytes(secretary: FlaskClient, path: str) -> None:
    plain, packed = get(secretary, path), get(secretary, path, headers=GZIP)
    assert not is_packed(plain) and is_packed(packed)
    assert len(packed.data) < len(plain.data) * 0.6
    # The token of a form has the second in it.
    assert gzip.decompress(packed.data)[:300] == plain.data[:300]
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.vary
        assert int(answer.headers["Content-Length"]) == len(answer.data)


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity, gzip;q=0"])
def test_who_does_not_read_gzip_gets_none(secretary: FlaskClient, accepted: str) -> None:
    for path in ("/", "/static/page.css"):
        assert not is_packed(get(secretary, path, headers={"Accept-Encoding": accepted}))


def test_what_is_short_or_sound_or_never_ends_is_left_alone(secretary: FlaskClient) -> None:
    assert not is_packed(get(secretary, "/static/icon.svg", headers=GZIP))
    assert not is_packed(get(secretary, "/record/journal.csv", headers=GZIP))
    stream = secretary.get("/live/stream", headers=GZIP)
    with stream:
        assert stream.mimetype == "text/event-stream"
        assert not is_packed(stream)
        assert "data: " in str(next(iter(stream.response)))


def test_a_file_that_the_phone_has_is_not_sent_again(secretary: FlaskClient) -> None:
    """In whichever form it came."""
    for headers in ({}, GZIP):
        first = get(secretary, "/static/page.css", headers=headers)
        etag = first.headers["ETag"]
        assert etag.startswith('W/"')
        again = get(secretary, "/static/page.css", headers=GZIP | {"If-None-Match": etag})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
        assert "Accept-Encoding" in again.vary and not is_packed(again)


def test_a_head_says_what_a_get_would(secretary: FlaskClient) -> None:
    head = get(secretary, "/static/page.css", "HEAD", headers=GZIP)
    got = get(secretary, "/static/page.css", headers=GZIP)
    assert head.data == b""
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    assert is_packed(head)


def test_a_part_of_a_file_is_the_part_itself(secretary: FlaskClient) -> None:
    part = get(secretary, "/static/page.css", headers=GZIP | {"Range": "bytes=0-9"})
    assert part.status_code == 206
    assert part.data == (STATIC / "page.css").read_bytes()[:10]


def test_a_form_that_was_answered_with_its_mistakes_is_seen_compressed_too(
    secretary: FlaskClient, post: Post
) -> None:
    address = post("/say", text="", severity="0", notice_id="0123456789ab").request.path
    answer = get(secretary, address, headers=GZIP)
    assert is_packed(answer) and "请写上要说的话" in gzip.decompress(answer.data).decode()


@pytest.mark.parametrize(
    ("sent_from", "packed"),
    [(f"{OVER_TLS}/more", True), ("https://elsewhere.example/", False), ("", False)],
)
def test_over_tls_only_a_page_of_ours_leads_to_a_compressed_one(
    app: Flask, sent_from: str, packed: bool
) -> None:
    """Words of a foreign site's choice beside the token would tell it by the length (BREACH)."""
    client = app.test_client()
    headers = GZIP | ({"Referer": sent_from} if sent_from else {})
    assert is_packed(get(client, "/login", base_url=OVER_TLS, headers=headers)) is packed
    assert is_packed(get(client, "/static/page.css", base_url=OVER_TLS, headers=headers))
    assert is_packed(get(client, "/login", headers=GZIP))
