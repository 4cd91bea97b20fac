"""Each way in which a command could be somebody else's, old, late or too much, and that it fails."""

import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bulletin.county_rig import VILLAGE
from far.far_rig import BOX, Ends, far_ends
from rig.fakes import FakeStation
from rig.rig import wait_until
from securesystemslib.signer import CryptoSigner

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.delegation import Delegation
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.refusals import Refusal
from broadcaster.bulletin.remote_command import (
    ANSWER_TYPE,
    COMMAND_TYPE,
    RemoteAnswer,
    RemoteCall,
    RemoteCommand,
)
from broadcaster.core.errors import AnswerMissing, BoxAway, BroadcasterError, RemoteRefused
from broadcaster.core.notice import Notice, OfficeLevel, Severity
from broadcaster.core.people import Role
from broadcaster.county.villages.remote_station import RemoteStation
from broadcaster.settings.schema import PathSettings, Settings
from broadcaster.station import remote_values
from broadcaster.station.remote_api import FETCH, write_error
from broadcaster.station.station import TakenUp
from broadcaster.web.app import create_app

NAME, PASSWORD = "王秀英", "shuiku-2026"
STOP = RemoteCall("stop_all", {"asked_by": NAME})


@pytest.fixture
def station(tmp_path: Path) -> Iterator[FakeStation]:
    paths = PathSettings(state=tmp_path / "state", audio_cache=tmp_path / "cache")
    made = FakeStation(Settings(paths=paths), account=(NAME, PASSWORD))
    yield made
    made.close()


@pytest.fixture
def ends(station: FakeStation) -> Iterator[Ends]:
    with far_ends(station) as made:
        yield made


def ask(ends: Ends, *asked: RemoteCall, changes: bool = True) -> tuple[Any, ...]:
    """With as little patience as a test has."""
    return ends.line.ask(BOX, asked, 0.3, changes)


def command_of(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = strict_json.parse(envelope.read(data, COMMAND_TYPE).payload)
    return found


def answer_of(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = strict_json.parse(envelope.read(data, ANSWER_TYPE).payload)
    return found


def resigned(ends: Ends, **changes: Any) -> Callable[[bytes], bytes]:
    """The same command with other fields, by the office's own key; what opens a session is left."""

    def spoil(data: bytes) -> bytes:
        told = command_of(data)
        if not told["number"]:
            return data
        assert ends.signs_by
        return envelope.sign(COMMAND_TYPE, strict_json.write(told | changes), [ends.signs_by]).to_bytes()

    return spoil


def send_and_be_answered(ends: Ends, data: bytes) -> dict[str, Any]:
    """Straight to the box, past the office."""
    before = len(ends.road.answered)
    ends.road.takes(data)
    wait_until(lambda: len(ends.road.answered) > before)
    return answer_of(ends.road.answered[-1])


def nothing_came_of(ends: Ends, station: FakeStation, *commands: bytes) -> bool:
    """None is answered, for what comes after them is answered alone."""
    before = len(ends.road.answered)
    for data in commands:
        ends.road.takes(data)
    ends.signs_by, ends.road.spoil = ends.county.village, lambda data: data
    ask(ends, RemoteCall("resume_loops", {}))
    return len(ends.road.answered) - before <= 2 and not station.stops


def test_a_command_is_done_and_its_answer_comes_back(ends: Ends, station: FakeStation) -> None:
    assert ask(ends, STOP) == ({"value": 0},)
    assert station.stops == [NAME]


def test_what_is_played_again_is_answered_as_it_was_and_not_done_again(
    ends: Ends, station: FakeStation
) -> None:
    ask(ends, STOP)
    first = ends.road.answered[-1]
    assert send_and_be_answered(ends, ends.road.sent[-1]) == answer_of(first)
    assert station.stops == [NAME]


def test_an_old_number_is_refused_once_its_answer_is_forgotten(ends: Ends, station: FakeStation) -> None:
    ask(ends, STOP)
    old = ends.road.sent[-1]
    for _ in range(40):
        ask(ends, RemoteCall("volume", {}))
    assert send_and_be_answered(ends, old)["refused"] == Refusal.SEQUENCE_TOO_OLD
    assert station.stops == [NAME]


def test_after_a_restart_an_old_command_is_unknown_and_a_new_one_is_done_once(
    ends: Ends, station: FakeStation
) -> None:
    ask(ends, STOP)
    old = ends.road.sent[-1]
    ends.end.wake()
    ends.restart()
    assert send_and_be_answered(ends, old)["refused"] == Refusal.UNKNOWN_SESSION
    assert ask(ends, STOP) == ({"value": 0},)
    assert station.stops == [NAME, NAME]


def test_a_session_lasts_an_hour(ends: Ends, station: FakeStation) -> None:
    ask(ends, STOP)
    old = ends.road.sent[-1]
    ends.clock.waited = 3601
    assert send_and_be_answered(ends, old)["refused"] == Refusal.UNKNOWN_SESSION


def test_what_was_held_up_is_not_done(ends: Ends, station: FakeStation) -> None:
    ask(ends, RemoteCall("volume", {}))
    ends.road.spoil = lambda data: b""
    with pytest.raises(AnswerMissing):
        ask(ends, STOP)
    ends.clock.waited = 11
    assert send_and_be_answered(ends, ends.road.sent[-1])["refused"] == Refusal.TOO_LATE
    assert station.stops == []


def test_what_was_held_up_a_little_is_done(ends: Ends, station: FakeStation) -> None:
    ask(ends, RemoteCall("volume", {}))
    ends.road.spoil = lambda data: b""
    with pytest.raises(AnswerMissing):
        ask(ends, STOP)
    ends.clock.waited = 5
    assert "answers" in send_and_be_answered(ends, ends.road.sent[-1])
    assert station.stops == [NAME]


def test_the_clock_on_the_wall_may_be_wrong(ends: Ends, station: FakeStation) -> None:
    ends.now = ends.clock.now() - timedelta(days=20_000)
    ask(ends, STOP)
    assert station.stops == [NAME]


@pytest.mark.parametrize("other", ["town", "key", "stranger"])
def test_another_key_of_the_county_is_no_key_of_the_village(
    ends: Ends, station: FakeStation, other: str
) -> None:
    ends.signs_by = new_key() if other == "stranger" else getattr(ends.county, other)
    with pytest.raises(BoxAway):
        ask(ends, STOP)
    assert nothing_came_of(ends, station, *ends.road.sent)


def test_the_key_of_another_village_is_no_key_of_this_one(ends: Ends, station: FakeStation) -> None:
    other = new_key()
    listed = ends.county.list
    next_door = Delegation("331121104201", "隔壁村", frozenset(Severity), (public(other).keyid,))
    ends.county.keyring(keys=(*listed.keys, public(other)), delegations=(*listed.delegations, next_door))
    ends.trust = ends.county.trust(ends.clock.now())
    ends.signs_by = other
    with pytest.raises(BoxAway):
        ask(ends, STOP)
    assert nothing_came_of(ends, station, *ends.road.sent)


def test_a_command_to_another_box_is_not_done(ends: Ends, station: FakeStation) -> None:
    ends.road.spoil = resigned(ends, box=f"{VILLAGE}-2")
    with pytest.raises(AnswerMissing):
        ask(ends, STOP)
    assert nothing_came_of(ends, station)


def test_a_revoked_key_counts_no_more(ends: Ends, station: FakeStation) -> None:
    keyring = ends.county.replace_key(VILLAGE, new_key())
    ends.trust = ends.trust.updated(keyring, ends.clock.now())
    with pytest.raises(BoxAway):
        ask(ends, STOP)
    assert station.stops == []


def test_by_an_expired_keyring_nothing_is_done(ends: Ends, station: FakeStation) -> None:
    ends.now = ends.clock.now() + timedelta(days=400)
    with pytest.raises(BoxAway):
        ask(ends, STOP)
    assert station.stops == []


@pytest.mark.parametrize("change", ["payload", "signature"])
def test_a_changed_byte_spoils_a_command(ends: Ends, station: FakeStation, change: str) -> None:
    def spoil(data: bytes) -> bytes:
        read = envelope.read(data, COMMAND_TYPE)
        if change == "payload":
            return replace(read, payload=read.payload.replace(b'"v":1', b'"v": 1')).to_bytes()
        made = {id: bytes([sig[0] ^ 1]) + sig[1:] for id, sig in read.signatures.items()}
        return replace(read, signatures=made).to_bytes()

    ends.road.spoil = spoil
    with pytest.raises(BoxAway):
        ask(ends, STOP)
    assert station.stops == []


def test_what_is_too_large_is_not_read(ends: Ends, station: FakeStation) -> None:
    padded = RemoteCall("stop_all", {"asked_by": "王" * 100_000})
    with pytest.raises(AnswerMissing):
        ask(ends, padded)
    assert station.stops == []


def test_a_severity_that_was_not_delegated_is_not_aired(station: FakeStation) -> None:
    few = frozenset({Severity.DAILY, Severity.BLUE})
    with far_ends(station, few) as ends:
        remote = ends.remote(station.settings.paths.state)
        with pytest.raises(RemoteRefused, match="级别"):
            remote.announce(Notice("泄洪。", severity=Severity.RED), asked_by=NAME)
        with pytest.raises(RemoteRefused, match="级别"):
            remote.talks.begin(remote.accounts.find(NAME), Severity.RED)
        with pytest.raises(RemoteRefused, match="级别"):
            written = {"name": "夜", "at": "07:30", "text": "泄洪。", "severity": 1}
            remote.slots.save(written, NAME)
        assert station.announced == [] and station.slots.entries() == []
        remote.announce(Notice("停水。", severity=Severity.BLUE), asked_by=NAME)
        assert len(station.announced) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"repeats": 10**9},
        {"pace": 1e-9},
        {"volume": 900},
        {"office": OfficeLevel.COUNTY},
        {"talk": True},
    ],
)
def test_what_no_form_lets_through_is_not_aired(
    ends: Ends, station: FakeStation, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    remote = ends.remote(tmp_path)
    with pytest.raises(RemoteRefused):
        remote.announce(replace(Notice("停水。"), **wrong), asked_by=NAME)
    assert station.announced == []


@pytest.mark.parametrize(
    "name",
    [
        *("power", "prepare", "prune", "follow", "_accept", "_player"),
        *("accounts.one_time_code", "accounts._insert", "settings.paths", "__class__"),
        *("words.__init__", "slots.keep_in", "bulletins", "county.read_stick", "", "accounts."),
    ],
)
def test_what_is_not_in_the_table_cannot_be_called(ends: Ends, name: str) -> None:
    (answer,) = ask(ends, RemoteCall(name, {}))
    assert answer["error"]["kind"] == "FarRefused"


@pytest.mark.parametrize(
    "given", [{"asked_by": 7}, {"asked_by": "王", "more": 1}, {"asked_by": ["王"]}, {"self": "x"}]
)
def test_what_a_call_does_not_take_is_not_done(
    ends: Ends, station: FakeStation, given: dict[str, Any]
) -> None:
    (answer,) = ask(ends, RemoteCall("stop_all", given))
    assert answer["error"]["kind"] == "FarRefused" and station.stops == []


def test_nothing_is_announced_as_the_county_announces(ends: Ends, station: FakeStation) -> None:
    notice = {"text": "停水。", "title": ""}
    given = {"notice": notice, "expires_at": "2099-01-01T00:00:00+08:00"}
    (answer,) = ask(ends, RemoteCall("announce", given))
    assert answer["error"]["kind"] == "FarRefused" and station.announced == []


def forged(key: CryptoSigner, **changes: Any) -> Callable[[bytes], bytes]:
    def spoil(data: bytes) -> bytes:
        told = answer_of(data) | changes
        return envelope.sign(ANSWER_TYPE, strict_json.write(told), [key]).to_bytes()

    return spoil


def test_an_answer_of_another_key_is_none(ends: Ends) -> None:
    ends.road.spoil_answer = forged(new_key())
    with pytest.raises(BoxAway):
        ask(ends, STOP)


def test_an_answer_to_another_question_is_none(ends: Ends, station: FakeStation) -> None:
    ask(ends, STOP)
    old = ends.road.answered[-1]
    ends.road.spoil_answer = lambda data: old
    with pytest.raises(AnswerMissing):
        ask(ends, RemoteCall("set_volume", {"percent": 20}))


def test_an_answer_in_another_boxs_name_is_none(ends: Ends) -> None:
    ends.road.spoil_answer = forged(ends.key, box=f"{VILLAGE}-2")
    with pytest.raises(BoxAway):
        ask(ends, STOP)


def test_a_bulletins_envelope_is_no_command(ends: Ends, station: FakeStation) -> None:
    ask(ends, RemoteCall("volume", {}))
    session = command_of(ends.road.sent[-1])["session"]
    payload = strict_json.write(asdict(RemoteCommand(BOX, session, 99, 1.0, (STOP,))))
    other = "application/vnd.broadcaster.bulletin+json"
    data = envelope.sign(other, payload, [ends.county.village]).to_bytes()
    assert nothing_came_of(ends, station, data)


def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice(
    ends: Ends, station: FakeStation
) -> None:
    lost: list[bytes] = []

    def spoil(data: bytes) -> bytes:
        if "answers" in answer_of(data) and answer_of(data)["answers"] and not lost:
            lost.append(data)
            return b""
        return data

    ends.road.spoil_answer = spoil
    assert ends.line.ask(BOX, [STOP], 5.0, True) == ({"value": 0},)
    assert lost and station.stops == [NAME]


def test_a_box_that_is_away_is_told_in_a_sentence(ends: Ends) -> None:
    ends.road.connected = False
    with pytest.raises(BoxAway, match="消息服务器"):
        ask(ends, STOP)


def test_a_stop_is_taken_back_from_afar_as_far_as_the_key_may_say_it(
    station: FakeStation, tmp_path: Path
) -> None:
    again = TakenUp("a", "停水", station.airing(Notice("停水")))
    station.taken_up = [again, TakenUp("b", "开会", None, "过了有效时间")]
    with far_ends(station, frozenset({Severity.DAILY})) as ends:
        remote = ends.remote(tmp_path)
        station.waiting = [station.airing(Notice("泄洪", severity=Severity.RED))]
        assert remote.stop_all(asked_by=NAME) == 1
        with pytest.raises(RemoteRefused, match="级别"):
            remote.go_on(remote.status().stop.id)
        station.waiting = [station.airing(Notice("停水"))]
        remote.stop_all(asked_by=NAME)
        stop = remote.status().stop
        assert stop == station.stop
        assert remote.go_on(stop.id, True) == station.taken_up
        assert station.went_on == (stop.id, True) and remote.status().stop is None


def test_a_slow_call_holds_up_no_other(ends: Ends, station: FakeStation, tmp_path: Path) -> None:
    remote, let_go = ends.remote(tmp_path), threading.Event()
    station.rehearsals.seconds = lambda token: float(let_go.wait(20))  # type: ignore[method-assign]
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(remote.rehearsals.seconds, "token")
        try:
            remote.stop_all(asked_by=NAME)
            assert station.stops == [NAME] and not slow.done()
        finally:
            let_go.set()
        assert slow.result() == 1.0


def test_errors_of_ours_come_back_as_themselves(
    ends: Ends, station: FakeStation, tmp_path: Path
) -> None:
    remote = ends.remote(tmp_path)
    with pytest.raises(BroadcasterError) as raised:
        remote.slots.save({"name": "坏", "at": "25:00", "text": "好。"}, NAME)
    with pytest.raises(BroadcasterError) as at_home:
        station.slots.save({"name": "坏", "at": "25:00", "text": "好。"}, NAME)
    assert type(raised.value) is type(at_home.value)
    assert raised.value.args == at_home.value.args
    assert raised.value.problems == at_home.value.problems  # type: ignore[attr-defined]


def test_a_recording_and_a_list_go_in_pieces(ends: Ends, tmp_path: Path) -> None:
    remote = ends.remote(tmp_path)
    heard = remote.rehearsals.hear(remote.rehearsals.start(Notice("停水")))
    assert heard.size == 10 and b"".join(heard.sound) == b"0123456789"
    assert remote.rehearsals.hear("other") is None


def test_people_of_the_village_are_the_same_from_afar(ends: Ends, tmp_path: Path) -> None:
    remote, station = ends.remote(tmp_path), ends.station
    assert remote.accounts.check(NAME, PASSWORD, "1.2.3.4") == station.accounts.find(NAME)
    assert remote.accounts.check(NAME, "wrong-2026", "1.2.3.4") is None
    assert remote.accounts.find(NAME).role is Role.SECRETARY
    assert remote.accounts.find("谁也不是") is None


def test_what_is_read_together_is_asked_for_together(ends: Ends, tmp_path: Path) -> None:
    remote = ends.remote(tmp_path)

    def look() -> None:
        remote.status(), remote.volume, remote.upcoming(5), remote.accounts.find(NAME)

    look()
    remote.set_volume(60)
    before = len(ends.road.sent)
    look()
    assert len(ends.road.sent) == before + 1
    assert remote.volume == 60


def test_an_answer_that_is_longer_than_a_message_comes_in_pieces(
    ends: Ends, station: FakeStation, tmp_path: Path
) -> None:
    written = {"every_minutes": 10, "windows": "06:00-21:00", "text": "森林防火，人人有责。" * 20}
    station.slots.save({"name": "防火"} | written, NAME)
    monday = ends.clock.now().date() - timedelta(days=ends.clock.now().weekday())
    assert ends.remote(tmp_path).slots.week(monday) == station.slots.week(monday)
    assert max(map(len, ends.road.answered)) <= 256 * 1024


def test_a_long_answer_that_nobody_can_read_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Whoever has a village's key may write it."""
    packed = remote_values.write(zlib.compress(b"[" * 100_000), lambda flow: "")
    portions = iter([[packed], []])

    def answer(asked: Any, patience: float, changes: bool = False) -> Any:
        return tuple(
            {"value": next(portions)} if one.call == FETCH else {"pieces": "1"} for one in asked
        )

    with pytest.raises(BroadcasterError, match="版本和县里的对不上"):
        RemoteStation(answer, tmp_path).slots.entries()


def test_a_box_of_before_does_not_tell_what_was_sent_and_its_page_comes(
    ends: Ends, station: FakeStation, tmp_path: Path
) -> None:
    station.drafts.keep(1, "0123456789ab", "say", (("text", "停水。"),))
    station.drafts.finish(1, "0123456789ab", "airing")
    assert ends.remote(tmp_path).drafts.sent(1) == {"0123456789ab": 1}

    def older(asked: Any, patience: float, changes: bool = False) -> Any:
        unknown = {"error": write_error(RemoteRefused("版本对不上"))}
        return tuple(
            unknown if one.call == "drafts.sent" else ends.line.ask(BOX, [one], patience, changes)[0]
            for one in asked
        )

    assert RemoteStation(older, tmp_path).drafts.sent(1) == {}


def test_answers_are_signed_and_name_their_question(ends: Ends) -> None:
    ask(ends, STOP)
    sent = envelope.read(ends.road.sent[-1], COMMAND_TYPE)
    told = answer_of(ends.road.answered[-1])
    assert told["to"] == sent.digest and told["box"] == BOX
    assert RemoteAnswer(BOX, sent.digest, told["session"]).signed(ends.key).signatures.keys() == (
        envelope.read(ends.road.answered[-1], ANSWER_TYPE).signatures.keys()
    )


def test_a_page_that_heard_no_answer_says_that_nobody_knows_and_where_to_look(
    ends: Ends, station: FakeStation, tmp_path: Path
) -> None:
    def hasty(asked: Any, patience: float, changes: bool = False) -> Any:
        return ends.line.ask(BOX, asked, min(patience, 0.5), changes)

    remote: Any = RemoteStation(hasty, tmp_path)
    client = create_app(remote, remote.settings).test_client()
    client.application.config["WTF_CSRF_ENABLED"] = False
    assert client.post("/login", data={"name": NAME, "password": PASSWORD}).status_code == 303

    def spoil(data: bytes) -> bytes:
        return b"" if "stop_all" in str(command_of(ends.road.sent[-1])) else data

    ends.road.spoil_answer = spoil
    told = client.post("/stop", follow_redirects=True)
    assert told.status_code == 503 and "不知道做了没有" in told.text and "记录" in told.text
    assert station.stops == [NAME]
