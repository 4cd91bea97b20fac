"""A bulletin's way from the office over a real broker to the air, and its receipts' way back."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bulletin.county_rig import COUNTY, OTHER_TOWN, TOWN, VILLAGE, County, signed
from link.link_rig import Life, LinkBox, Office, cancel, notice, told_zone, until
from rig.damage import HARMS

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.bulletin import Bulletin
from broadcaster.bulletin.keys import new_key
from broadcaster.bulletin.receipts import ReceiptState
from broadcaster.bulletin.refusals import Refusal
from broadcaster.core.model import Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.county.broker.box_status import BoxStatus, quiet_of, read_state
from broadcaster.link.inbox import Inbox
from broadcaster.settings.hourly_limits import QuietRule, QuietSettings

WHOLE = [ReceiptState.ACCEPTED, ReceiptState.ON_THE_AIR, ReceiptState.ENDED]
ALWAYS = QuietRule(name="总是", windows=("00:00-12:00", "12:00-24:00"))


def test_what_the_county_says_is_heard_and_each_step_is_told(box: LinkBox, office: Office) -> None:
    with box.running() as life:
        until(lambda: life.connected)
        told = office.publish(notice(repeat=2))
        until(lambda: box.states(office.client, told) == WHOLE)
        last = box.receipts(office.client, told)[-1]
        assert last.heard and last.heard.in_full
        assert (last.heard.times, last.heard.voice) == (2, "fake:beep")
        assert life.heard() == [told.id]
        (row,) = life.station.history()
        assert (row.notice.issuer, row.asked_by) == ("青田县应急管理局", "青田县应急管理局")
        until(lambda: life.link.status()["receipts_waiting"] == 0)
        assert life.link.fault == ""


def test_what_was_said_while_the_box_was_off_is_heard_when_it_comes_up(
    box: LinkBox, office: Office
) -> None:
    told = office.publish(notice())
    with box.running() as life:
        until(lambda: box.states(office.client, told) == WHOLE)
        assert life.heard() == [told.id]
    with box.running() as life:
        until(lambda: life.connected)
        office.publish(other := notice(seq=2))
        until(lambda: box.states(office.client, other) == WHOLE)
        assert life.heard() == [other.id]


def test_what_waited_together_is_told_of_together(box: LinkBox, office: Office) -> None:
    with box.running() as life:
        until(lambda: life.connected)
    waiting = [office.publish(notice(seq=number)) for number in range(2, 7)]
    with box.running() as life:
        until(lambda: all(box.states(office.client, told) == WHOLE for told in waiting))
        assert life.heard() == [told.id for told in waiting]
    assert len(office.client.on(mqtt_topics.receipt(box.name, ""))) < len(box.receipts(office.client))


def test_a_stranger_is_refused_and_the_office_is_told_why(
    box: LinkBox, office: Office, county: County
) -> None:
    with box.running() as life:
        told = office.publish(notice(areas=(TOWN,), severity=Severity.RED), by=county.town)
        office.publish(notice(), by=new_key())
        until(lambda: len(box.receipts(office.client)) == 2)
        reasons = {one.bulletin: one.refusal for one in box.receipts(office.client)}
        assert reasons == {told.id: Refusal.SEVERITY_NOT_ALLOWED, "": Refusal.UNKNOWN_KEY}
        assert life.heard() == []


def test_a_cancel_ends_what_sounds_at_once(box: LinkBox, office: Office) -> None:
    with box.running() as life:
        life.device.holds = True
        told = office.publish(notice())
        until(lambda: ReceiptState.ON_THE_AIR in box.states(office.client, told))
        life.device.seconds_until_cut = 0.4
        office.publish(stop := cancel(told.id, seq=2))
        until(lambda: box.states(office.client, told) == WHOLE)
        heard = box.receipts(office.client, told)[-1].heard
        assert heard and heard.outcome is Outcome.CUT_SHORT and not heard.in_full
        assert box.states(office.client, stop) == [ReceiptState.ACCEPTED]


def test_a_cancel_that_comes_first_keeps_it_off(box: LinkBox, office: Office) -> None:
    told = notice()
    with box.running() as life:
        office.publish(stop := cancel(told.id, seq=2))
        until(lambda: box.states(office.client, stop))
        office.publish(told)
        until(lambda: box.states(office.client, told) == [ReceiptState.REFUSED])
        assert box.receipts(office.client, told)[0].refusal is Refusal.CANCELLED
        assert life.heard() == []


def test_quiet_hours_put_it_off_and_the_office_is_told_until_when(box: LinkBox, office: Office) -> None:
    hour = datetime.now(told_zone()).hour
    box.quiet = QuietSettings(
        hours=(QuietRule(name="午休", windows=(f"{hour:02}:00-{(hour + 2) % 24:02}:00",)),)
    )
    with box.running() as life:
        told = office.publish(notice())
        until(lambda: box.states(office.client, told) == [ReceiptState.ACCEPTED, ReceiptState.DEFERRED])
        assert "午休不播" in box.receipts(office.client, told)[-1].reason
        red = office.publish(notice(seq=2, severity=Severity.RED))
        drill = office.publish(notice(seq=3, severity=Severity.RED, kind="drill"))
        until(lambda: box.states(office.client, red) == WHOLE)
        until(lambda: box.states(office.client, drill) == [ReceiptState.ACCEPTED, ReceiptState.DEFERRED])
        assert life.heard() == [red.id]


def test_a_person_whom_quiet_hours_keep_off_is_told_when_they_end(box: LinkBox) -> None:
    night = (datetime.now(told_zone()) + timedelta(days=1)).replace(hour=3, minute=10)
    box.quiet = QuietSettings(hours=(QuietRule(name="夜里", windows=("02:00-05:00",)),))
    with box.running(with_loop=False) as life:
        station, water = life.station, Notice("停水")
        assert "夜里不播" in station.why_not(water, night)
        ends = night.replace(hour=5, minute=0, second=0, microsecond=0)
        assert station.after_quiet(water, night) == ends
        assert station.why_not(water, ends) == ""
        assert station.after_quiet(replace(water, severity=Severity.RED), night) is None
    box.quiet = QuietSettings(hours=(ALWAYS,))
    with box.running(with_loop=False) as life:
        assert life.station.why_not(water, night) and life.station.after_quiet(water, night) is None


def test_what_is_for_later_and_falls_into_quiet_hours_is_told_of_when_it_is_accepted(
    box: LinkBox, office: Office
) -> None:
    # So that no life is over a day, whatever time it is now.
    hours = timedelta(hours=6)
    later = datetime.now(told_zone()) + hours
    noon = later + timedelta(hours=9)
    night = f"{later - hours / 6:%H}:00-{later + hours / 3:%H}:00"
    box.quiet = QuietSettings(hours=(QuietRule(name="夜里", windows=(night,)),))
    with box.running() as life:
        told = office.publish(notice(not_before=later, expires=later + hours))
        until(lambda: box.states(office.client, told) == [ReceiptState.ACCEPTED, ReceiptState.DEFERRED])
        assert "夜里不播" in box.receipts(office.client, told)[-1].reason
        short = office.publish(notice(seq=2, not_before=later, expires=later + hours / 6))
        until(lambda: box.states(office.client, short) == [ReceiptState.ACCEPTED, ReceiptState.DEFERRED])
        red = office.publish(
            notice(seq=3, severity=Severity.RED, not_before=later, expires=later + hours)
        )
        by_day = office.publish(notice(seq=4, not_before=noon, expires=noon + hours))
        until(lambda: len(life.station.status().waiting) == 4)
        until(
            lambda: all(
                box.states(office.client, one) == [ReceiptState.ACCEPTED] for one in (red, by_day)
            )
        )


def test_a_box_says_weeks_before_that_it_will_go_deaf_and_no_more_once_the_county_has_renewed(
    tmp_path: Path, county: County
) -> None:
    box = LinkBox(tmp_path / "box", county)
    with box.running() as life:
        assert life.link.fault == ""
        box.clock.ahead = timedelta(days=341)
        assert "县里的钥匙还有 23 天到期" in life.link.fault
        assert "还有 23 天" in life.link.status()["fault"]
        box.clock.ahead = timedelta(days=366)
        assert "县里的钥匙过期了" in life.link.fault
        newer = county.keyring(version=2, expires=box.clock.now() + timedelta(days=400))
        life.link.do(lambda inbox: inbox.take_keyring(newer))
        assert life.link.fault == ""
        box.clock.ahead = timedelta(days=4010)
        assert "县里的钥匙过期了" in life.link.fault


def test_a_keyring_that_the_disk_does_not_take_is_believed_and_kept_when_it_does(
    tmp_path: Path, county: County
) -> None:
    box = LinkBox(tmp_path / "box", county)
    kept = box.membership.folder / "trust.json"
    newer = county.keyring(version=2)
    with box.running() as life:
        HARMS["not readable"](kept)
        life.link.do(lambda inbox: inbox.take_keyring(newer))
        assert life.link.status()["keyring"] == [1, 2]
        kept.rmdir()
        life.link.do(lambda inbox: inbox.take_keyring(newer))
    assert box.membership.trust().version == (1, 2)


def test_a_box_whose_clock_nobody_trusts_goes_by_the_countys_time(
    tmp_path: Path, county: County
) -> None:
    box = LinkBox(tmp_path / "box", county, trusted=False)
    with box.running() as life:
        box.clock.ahead = timedelta(days=366)
        assert life.link.fault == ""


def test_what_quiet_hours_outlast_is_suppressed_and_told(box: LinkBox, office: Office) -> None:
    box.quiet = QuietSettings(hours=(ALWAYS,))
    with box.running() as life:
        told = office.publish(notice())
        until(lambda: box.states(office.client, told) == [ReceiptState.ACCEPTED, ReceiptState.ENDED])
        last = box.receipts(office.client, told)[-1]
        assert last.heard and last.heard.outcome is Outcome.SUPPRESSED and "总是" in last.reason
        assert life.heard() == []


def test_a_voice_that_is_not_here_is_only_a_wish(box: LinkBox, office: Office) -> None:
    with box.running():
        told = office.publish(notice(voice="edge:xiaoxiao"))
        until(lambda: box.states(office.client, told) == WHOLE)


def test_what_is_for_later_waits_in_the_queue(box: LinkBox, office: Office) -> None:
    later = datetime.now(told_zone()) + timedelta(hours=1)
    with box.running() as life:
        told = office.publish(notice(not_before=later))
        until(lambda: box.states(office.client, told) == [ReceiptState.ACCEPTED])
        until(lambda: [one.id for one in life.station.status().waiting] == [told.id])
        (waiting,) = life.station.status().waiting
        assert waiting.due_at == later and waiting.expires_at == told.expires
        assert waiting.due_at.utcoffset() == waiting.expires_at.utcoffset() == timedelta(hours=8)


def test_with_a_clock_that_nobody_trusts_only_what_is_urgent_is_heard_until_the_county_tells_the_time(
    box: LinkBox, office: Office
) -> None:
    box.trusted, office.answers = False, False
    with box.running() as life:
        red = office.publish(notice(severity=Severity.RED))
        blue = office.publish(notice(seq=2))
        until(lambda: box.states(office.client, red) == WHOLE)
        until(lambda: box.states(office.client, blue) == [ReceiptState.ACCEPTED])
        office.answers = True
        until(lambda: box.states(office.client, blue) == WHOLE)
        assert box.confirmed == 1
        assert life.heard() == [red.id, blue.id]


def test_heads_that_stood_on_the_broker_spare_the_box_no_question(box: LinkBox, office: Office) -> None:
    box.trusted = False
    office.publish_heads()
    blue = office.publish(notice())
    with box.running() as life:
        until(lambda: box.states(office.client, blue) == WHOLE)
        assert box.confirmed == 1 and life.heard() == [blue.id]


def test_a_clock_that_is_off_is_not_confirmed(box: LinkBox, office: Office) -> None:
    box.trusted = False
    box.clock.ahead = timedelta(days=-3000)
    with box.running() as life:
        until(lambda: life.connected)
        office.publish_heads()
        until(lambda: life.link.status()["heads_at"])
        blue = office.publish(notice())
        until(lambda: box.states(office.client, blue) == [ReceiptState.ACCEPTED])
        assert not box.trusted and life.heard() == []


def test_what_was_kept_from_a_box_is_asked_for_and_comes(box: LinkBox, office: Office) -> None:
    with box.running() as life:
        until(lambda: life.connected)
        told = office.publish(notice(), really=False)
        office.publish(notice(seq=2, areas=(OTHER_TOWN,)), really=False)
        office.publish_heads()
        until(lambda: box.states(office.client, told) == WHOLE)
        assert life.heard() == [told.id]
        until(lambda: life.link.status()["withheld"] == [])
        assert life.link.fault == ""


def test_what_nobody_sends_though_it_is_in_force_is_a_fault(box: LinkBox, office: Office) -> None:
    with box.running() as life:
        told = office.publish(notice(), really=False)
        office.withholds.add(told.id)
        office.publish_heads()
        until(lambda: life.link.status()["withheld"] == [told.id])
        assert "没有送到" in life.link.fault


def test_a_box_that_lost_its_memory_goes_by_the_heads(box: LinkBox, office: Office) -> None:
    told = notice()
    with box.running():
        office.publish(told)
        until(lambda: box.states(office.client, told) == WHOLE)
    for file in box.state.glob("broadcaster.db*"):
        file.unlink()
    ((_, data),) = office.in_force
    office.in_force = [(notice(seq=2), b"")]
    office.withholds.add(office.in_force[0][0].id)
    office.publish_heads()
    with box.running() as life:
        until(lambda: life.link.status()["heads_at"])
        office.client.publish(mqtt_topics.bulletin(COUNTY, told.id), data)
        until(lambda: ReceiptState.REFUSED in box.states(office.client, told))
        assert box.receipts(office.client, told)[-1].refusal is Refusal.NOT_IN_FORCE
        assert life.heard() == []


def test_heads_that_are_older_than_those_the_box_has_are_not_gone_by(
    box: LinkBox, office: Office
) -> None:
    with box.running() as life:
        until(lambda: life.connected)
        office.publish_heads()
        until(lambda: life.link.status()["heads_at"])
        at = life.link.status()["heads_at"]
        old = datetime.now(told_zone()) - timedelta(minutes=20)
        office.publish_heads(at=old)
        until(lambda: "比手里的旧" in life.link.status()["last_refusal"])
        assert life.link.status()["heads_at"] == at
    with box.running() as life:
        until(lambda: life.connected)
        told = office.publish(notice(seq=1))
        until(lambda: ReceiptState.ACCEPTED in box.states(office.client, told))
        assert life.link.status()["last_refusal"] == "", "it only stood there still"
        assert life.link.status()["heads_at"] >= at


def test_a_newer_keyring_counts_at_once_and_after_a_restart(
    box: LinkBox, office: Office, county: County
) -> None:
    with box.running() as life:
        until(lambda: life.connected)
        new = new_key()
        keyring = county.replace_key(TOWN, new)
        office.client.publish(mqtt_topics.keyring(COUNTY), keyring)
        until(lambda: life.link.status()["keyring"] == [1, 2])
        told = office.publish(notice(areas=(VILLAGE,)), by=new)
        until(lambda: box.states(office.client, told) == WHOLE)
    with box.running() as life:
        assert life.link.status()["keyring"] == [1, 2]


def test_a_revoked_keys_words_for_later_are_withdrawn(
    box: LinkBox, office: Office, county: County
) -> None:
    later = datetime.now(told_zone()) + timedelta(hours=1)
    with box.running() as life:
        told = office.publish(notice(areas=(TOWN,), not_before=later), by=county.town)
        until(lambda: len(life.station.status().waiting) == 1)
        office.client.publish(mqtt_topics.keyring(COUNTY), county.replace_key(TOWN, new_key()))
        until(lambda: box.states(office.client, told) == [ReceiptState.ACCEPTED, ReceiptState.ENDED])
        assert life.station.status().waiting == ()


def test_what_has_expired_and_ended_is_forgotten_but_not_its_keys_number(
    box: LinkBox, office: Office
) -> None:
    soon = datetime.now(told_zone()) + timedelta(seconds=3)
    with box.running() as life:
        told = office.publish(notice(seq=7, expires=soon))
        until(lambda: box.states(office.client, told) == WHOLE)
        kept = life.station.bulletins.find(told.id)
        assert kept
    box.clock.ahead = timedelta(hours=1)
    with box.running() as life:
        until(lambda: life.station.bulletins.find(told.id) is None)
        assert life.station.bulletins.highest() == {kept.key_id: 7}


@pytest.mark.parametrize(
    ("given", "sounds"),
    [
        ({"severity": Severity.ORANGE}, True),
        ({"severity": Severity.YELLOW}, False),
        ({"severity": Severity.BLUE}, False),
        ({"severity": Severity.DAILY}, False),
        ({"severity": Severity.ORANGE, "kind": "drill"}, False),
        ({"severity": Severity.ORANGE, "night_ok": False}, False),
    ],
    ids=["orange", "yellow", "blue", "daily", "drill", "without the tick"],
)
def test_an_alert_that_is_signed_for_quiet_hours_too_sounds_in_them(
    box: LinkBox, county: County, given: dict[str, Any], sounds: bool
) -> None:
    box.quiet = quiet_now()
    told = notice(**{"night_ok": True} | given)
    with box.running() as life:
        judged(life, signed(told, county.key))
        until(lambda: box.told_of(life, told)[-1] in (ReceiptState.ENDED, ReceiptState.DEFERRED))
        assert life.heard() == ([told.id] if sounds else [])


def test_a_town_wakes_nobody_though_it_signs_for_quiet_hours(box: LinkBox, county: County) -> None:
    box.quiet = quiet_now()
    told = notice(night_ok=True, areas=(TOWN,))
    with box.running() as life:
        judged(life, signed(told, county.town))
        until(lambda: box.told_of(life, told)[-1] is ReceiptState.DEFERRED)
        assert life.heard() == []


def test_the_office_is_told_what_keeps_it_off_as_that_changes(
    box: LinkBox, county: County, office: Office
) -> None:
    box.quiet = quiet_now()

    def last(told: Bulletin) -> str:
        found = box.receipts(office.client, told)
        return f"{found[-1].state} {found[-1].reason}" if found else ""

    def said() -> BoxStatus | None:
        found = office.client.on(mqtt_topics.state(box.name))
        return read_state(found[-1]) if found else None

    with box.running() as life:
        until(lambda: (state := said()) and state.online and not state.trouble)
        life.device.lose()
        told = office.publish(notice())
        red = office.publish(notice(seq=2, severity=Severity.RED))
        until(lambda: last(told).startswith("deferred 等静音时段过去：夜里不播"))
        until(lambda: last(red) == "deferred 等声卡：声卡掉线")
        until(lambda: (state := said()) and state.trouble == "声卡掉线")
        state = said()
        assert state and quiet_of(state.quiet) == box.quiet
        box.clock.ahead = timedelta(hours=2)
        life.link.wake()
        until(lambda: last(told) == "deferred 等声卡：声卡掉线")
        life.device.come_back()
        until(lambda: last(told) == last(red) == "ended ")
        until(lambda: (state := said()) and state.online and not state.trouble)


def quiet_now() -> QuietSettings:
    """For another hour."""
    now, hour = datetime.now(told_zone()), timedelta(hours=1)
    window = f"{now - hour:%H:%M}-{now + hour:%H:%M}"
    return QuietSettings(hours=(QuietRule(name="夜里", windows=(window,)),))


def judged(life: Life, data: bytes) -> None:
    """As if it had come over the network."""

    def take(inbox: Inbox) -> None:
        accepted = inbox.keep(data)
        assert accepted
        inbox.save()
        inbox.airings.act_on([accepted])

    life.link.do(take)
