"""Every check of the box, and the refusal that it ends in."""

from datetime import timedelta

import pytest
from bulletin.county_rig import (
    BEIJING,
    COUNTY,
    NOON,
    OTHER_TOWN,
    TOWN,
    VILLAGE,
    Box,
    County,
    bulletin,
    cancel_of,
    signed,
    trusted,
    untrusted,
)

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.keys import new_key
from broadcaster.bulletin.refusals import Refusal
from broadcaster.bulletin.replay_guard import Accepted, Waits
from broadcaster.core.notice import OfficeLevel, Severity


def test_what_the_county_signed_is_accepted(county: County, box: Box) -> None:
    told = bulletin()
    accepted = box.take(signed(told, county.key))
    assert accepted.bulletin == told
    assert accepted.waits is Waits.NOTHING
    assert (accepted.issuer.name, accepted.issuer.office) == ("青田县应急管理局", OfficeLevel.COUNTY)
    notice = accepted.bulletin.to_notice(accepted.issuer.name, accepted.issuer.office)
    assert (notice.text, notice.severity, notice.id) == ("今天下午停水。", Severity.BLUE, told.id)


def test_a_sound_is_read_as_it_was_signed(county: County, box: Box) -> None:
    told = bulletin(
        text="", audio={"sha256": "ab" * 32, "size": 9, "url": "https://county.example/1.mp3"}
    )
    assert box.take(signed(told, county.key)).bulletin == told


def test_too_big(box: Box) -> None:
    assert box.refusal(b"{" * 10_000_000) == "TOO_BIG"


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 10_000, b'{"a":' * 9_000])
def test_what_is_no_envelope(box: Box, data: bytes) -> None:
    assert box.refusal(data) == "NOT_AN_ENVELOPE"


def test_an_unknown_key(box: Box) -> None:
    assert box.refusal(signed(bulletin(), new_key())) == "UNKNOWN_KEY"


def test_a_revoked_key(county: County, box: Box) -> None:
    queued = signed(bulletin(), county.town)
    box.trust = box.trust.updated(county.replace_key(TOWN, new_key()), NOON)
    assert box.refusal(queued) == "REVOKED_KEY"


def test_a_changed_payload(county: County, box: Box) -> None:
    told = strict_json.parse(signed(bulletin(), county.key))
    other = strict_json.parse(signed(bulletin(text="今天发钱。"), county.key))
    assert box.refusal(strict_json.write({**told, "payload": other["payload"]})) == "BAD_SIGNATURE"


def test_a_keyring_that_has_expired(county: County, box: Box) -> None:
    late = county.expires + timedelta(days=1)
    told = bulletin(issued=late, not_before=late, expires=late + timedelta(hours=1))
    assert box.refusal(signed(told, county.key), trusted(late)) == "KEYRING_EXPIRED"


@pytest.mark.parametrize(
    "areas", [(OTHER_TOWN,), (COUNTY,), ("33",), (TOWN, OTHER_TOWN), ("331121105200",)]
)
def test_a_town_key_beyond_its_town(county: County, box: Box, areas: tuple[str, ...]) -> None:
    assert box.refusal(signed(bulletin(areas=areas), county.town)) == "AREA_NOT_ALLOWED"


def test_a_village_key_on_its_neighbour(county: County, box: Box) -> None:
    assert box.refusal(signed(bulletin(areas=("331121104201",)), county.village)) == "AREA_NOT_ALLOWED"
    box.take(signed(bulletin(areas=(VILLAGE,)), county.village))


@pytest.mark.parametrize("severity", [Severity.RED, Severity.ORANGE])
def test_a_town_key_above_its_severities(county: County, box: Box, severity: Severity) -> None:
    told = bulletin(areas=(TOWN,), severity=severity)
    assert box.refusal(signed(told, county.town)) == "SEVERITY_NOT_ALLOWED"


@pytest.mark.parametrize("severity", [Severity.DAILY, Severity.YELLOW, Severity.BLUE])
def test_a_town_key_within_its_severities(county: County, box: Box, severity: Severity) -> None:
    box.take(signed(bulletin(areas=(TOWN,), severity=severity), county.town))


def test_another_towns_bulletin(county: County, box: Box) -> None:
    assert box.refusal(signed(bulletin(areas=(OTHER_TOWN,)), county.key)) == "NOT_FOR_THIS_BOX"


def test_issued_in_the_future(county: County, box: Box) -> None:
    told = signed(bulletin(), county.key)
    assert box.refusal(told, trusted(NOON - timedelta(minutes=11))) == "NOT_YET_VALID"
    box.take(told, trusted(NOON - timedelta(minutes=9)))


def test_expired(county: County, box: Box) -> None:
    assert box.refusal(signed(bulletin(), county.key), trusted(NOON + timedelta(hours=6))) == "EXPIRED"


@pytest.mark.parametrize("severity", Severity)
def test_too_long_a_life(county: County, box: Box, severity: Severity) -> None:
    told = bulletin(severity=severity, expires=NOON + timedelta(days=8))
    assert box.refusal(signed(told, county.key)) == "TOO_LONG_A_LIFE"


def test_a_replay(county: County, box: Box) -> None:
    told = signed(bulletin(), county.key)
    box.take(told)
    assert box.refusal(told) == "ALREADY_SEEN"
    # Written another way it is the same bulletin.
    assert box.refusal(told.replace(b'","', b'", "')) == "ALREADY_SEEN"


def test_the_same_id_with_other_bytes(county: County, box: Box) -> None:
    told = bulletin()
    box.take(signed(told, county.key))
    assert box.refusal(signed(bulletin(id=told.id, seq=2), county.key)) == "OTHER_BYTES"
    box.snapshot = county.snapshot(told)
    fresh = Box(box.trust, snapshot=county.snapshot(told))
    assert fresh.refusal(signed(bulletin(id=told.id, seq=2), county.key)) == "OTHER_BYTES"


def test_a_sequence_number_that_was_used(county: County, box: Box) -> None:
    box.take(signed(bulletin(seq=7), county.key))
    assert box.refusal(signed(bulletin(seq=7), county.key)) == "SEQUENCE_USED"


def test_bulletins_of_one_key_may_overtake_each_other(county: County, box: Box) -> None:
    box.take(signed(bulletin(seq=1_501), county.key))
    box.take(signed(bulletin(seq=1), county.key))


def test_a_sequence_number_that_jumps(county: County, box: Box) -> None:
    assert box.refusal(signed(bulletin(seq=2_000_000), county.key)) == "SEQUENCE_JUMPED"
    box.snapshot = county.snapshot(bulletin(seq=1_999_999))
    box.take(signed(bulletin(seq=2_000_000), county.key))


def test_a_stolen_key_that_runs_ahead_stops_no_other_and_a_new_one_starts_afresh(
    county: County, box: Box
) -> None:
    box.take(signed(bulletin(areas=(TOWN,), seq=900_000), county.town))
    assert box.refusal(signed(bulletin(areas=(TOWN,), seq=5), county.town)) == "SEQUENCE_TOO_OLD"
    box.take(signed(bulletin(seq=5), county.key))
    new = new_key()
    box.trust = box.trust.updated(county.replace_key(TOWN, new), NOON)
    box.take(signed(bulletin(areas=(TOWN,), seq=1), new))


def test_a_replay_after_the_box_lost_its_memory(county: County, box: Box) -> None:
    """What the county has cancelled is not in its heads; what has expired says so itself."""
    dropped, standing = bulletin(seq=1), bulletin(seq=2)
    box.snapshot = county.snapshot(standing)
    assert box.refusal(signed(dropped, county.key)) == "NOT_IN_FORCE"
    box.take(signed(standing, county.key))
    box.take(signed(bulletin(seq=3), county.key))


def test_a_cancel_of_the_same_issuer(county: County, box: Box) -> None:
    told = bulletin()
    box.take(signed(told, county.key))
    cancel = box.take(signed(cancel_of(told.id, seq=2), county.key))
    assert cancel.bulletin.cancels == told.id


def test_a_cancel_that_comes_first(county: County, box: Box) -> None:
    told = bulletin(areas=(TOWN,))
    box.take(signed(cancel_of(told.id, areas=(TOWN,), seq=2), county.town))
    assert box.refusal(signed(told, county.town)) == "CANCELLED"


def test_a_cancel_of_the_office_above(county: County, box: Box) -> None:
    told = bulletin(areas=(TOWN,))
    box.take(signed(told, county.town))
    box.take(signed(cancel_of(told.id), county.key))


def test_a_cancel_by_a_stranger(county: County, box: Box) -> None:
    told = bulletin()
    box.take(signed(told, county.key))
    cancel = signed(cancel_of(told.id, areas=(TOWN,)), county.town)
    assert box.refusal(cancel) == "CANCEL_NOT_ALLOWED"


def test_a_strangers_cancel_that_comes_first_stops_nothing(county: County, box: Box) -> None:
    told = bulletin()
    box.take(signed(cancel_of(told.id, areas=(TOWN,)), county.town))
    box.take(signed(told, county.key))


def test_a_cancel_after_the_issuer_has_a_new_key(county: County, box: Box) -> None:
    told = bulletin(areas=(TOWN,))
    box.take(signed(told, county.town))
    new = new_key()
    box.trust = box.trust.updated(county.replace_key(TOWN, new), NOON)
    box.take(signed(cancel_of(told.id, areas=(TOWN,)), new))


def test_what_begins_later_waits(county: County, box: Box) -> None:
    told = bulletin(not_before=NOON + timedelta(hours=1))
    assert box.take(signed(told, county.key)).waits is Waits.NOT_BEFORE


@pytest.mark.parametrize("year", [1970, 2020, 2027])
@pytest.mark.parametrize(
    ("severity", "waits"),
    [
        (Severity.RED, Waits.NOTHING),
        (Severity.ORANGE, Waits.NOTHING),
        (Severity.YELLOW, Waits.CLOCK),
        (Severity.DAILY, Waits.CLOCK),
    ],
)
def test_with_a_wrong_clock_only_what_is_urgent_is_said(
    county: County, box: Box, year: int, severity: Severity, waits: Waits
) -> None:
    now = untrusted(NOON.replace(year=year))
    assert box.take(signed(bulletin(severity=severity), county.key), now).waits is waits


def test_with_a_wrong_clock_what_is_urgent_and_for_later_waits(county: County, box: Box) -> None:
    told = bulletin(severity=Severity.RED, not_before=NOON + timedelta(hours=3))
    now = untrusted(NOON.replace(year=1970))
    assert box.take(signed(told, county.key), now).waits is Waits.CLOCK


def test_with_a_wrong_clock_a_drill_waits_however_severe(county: County, box: Box) -> None:
    told = bulletin(severity=Severity.RED, kind="drill")
    assert box.take(signed(told, county.key), untrusted(NOON)).waits is Waits.CLOCK


def test_with_a_wrong_clock_a_cancel_counts_at_once(county: County, box: Box) -> None:
    cancel = cancel_of(bulletin().id)
    assert box.take(signed(cancel, county.key), untrusted(NOON)).waits is Waits.NOTHING


def test_with_a_wrong_clock_what_expired_before_the_floor_is_refused(county: County, box: Box) -> None:
    now = untrusted(NOON.replace(year=1970), NOON + timedelta(hours=7))
    assert box.refusal(signed(bulletin(severity=Severity.RED), county.key), now) == "EXPIRED"


def test_a_floor_that_was_run_ahead_counts_no_more_once_the_clock_is_trusted(
    county: County, box: Box
) -> None:
    now = untrusted(NOON, NOON + timedelta(days=300))
    assert box.refusal(signed(bulletin(), county.key), now) == "EXPIRED"
    known = type(now)(NOON, True, NOON + timedelta(days=300))
    box.take(signed(bulletin(), county.key), known)


def test_times_of_any_offset_are_compared_as_moments(county: County, box: Box) -> None:
    utc = NOON.astimezone(tz=None).astimezone(BEIJING.__class__(timedelta(0)))
    told = bulletin(issued=utc, not_before=NOON, expires=utc + timedelta(hours=1))
    box.take(signed(told, county.key))


def test_what_is_forgotten_has_expired(county: County, box: Box) -> None:
    made = bulletin()
    told = signed(made, county.key)
    box.take(told)
    box.seen.drop(made.id)
    assert box.refusal(told, trusted(NOON + timedelta(hours=6))) == "EXPIRED"
    assert box.refusal(told, untrusted(NOON, NOON + timedelta(hours=6))) == "EXPIRED"


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_its_sentence(refusal: Refusal) -> None:
    assert refusal.sentence.endswith("。")


def test_nothing_is_remembered_by_judging(county: County, box: Box) -> None:
    told = signed(bulletin(), county.key)
    assert isinstance(box.judge(told), Accepted)
    assert isinstance(box.judge(told), Accepted)
