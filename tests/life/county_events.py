"""What comes to pass in a county on one day: what its people do, and what befalls its machines."""

import http.client
import sqlite3
import ssl
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, time, timedelta
from urllib.parse import urlencode, urlsplit

from life.books import Asked, Way
from life.county import HOME, VILLAGES, County, Sent, box_of
from life.people import Officer, Person, Villager
from rig.living import Refused
from rig.living_box import TOKEN
from rig.living_office import COUNTY

from broadcaster.core.model import Outcome
from broadcaster.core.notice import Severity

Event = Callable[[County], None]
TOWN, ELSEWHERE = "331121104", "127.0.0.5"
IN_TOWN = tuple(village for village in VILLAGES if village.startswith(TOWN))
ALL = tuple(VILLAGES)
THIS_EVENING, TOMORROW = time(18, 30), time(7, 30)
WRONG_PASSWORDS = 11
LINE_SECONDS, CARD_SECONDS = 3.0, 3.0


# The village's people


def two_on_the_page(county: County) -> None:
    """Both say something now."""
    for one in county.villagers:
        severity = county.random.choice((Severity.DAILY, Severity.DAILY, Severity.YELLOW))
        say(county, one, county.write(one, severity))


def for_later(county: County) -> None:
    """For this evening, or tomorrow morning."""
    by = county.random.choice(county.villagers)
    one, at = county.write(by), later(county)
    one.at = at
    one.day += at.date() > county.now().date()
    say(county, by, one, at)


def stopped_and_said_again(county: County) -> None:
    """One says it, the other stops it at once; and what was heard yesterday is said once more."""
    one, other = county.villagers
    county.settle()
    asked = county.write(one)
    asked.what_happened = ", stopped"
    for each in county.home.open:
        each.allow(Outcome.CUT_SHORT, Outcome.CANCELLED, silent=True)
    say(county, one, asked)
    other.stop()
    if old := county.heard_before():
        again = county.home.expect(Asked(old.way, old.mark, old.notice, county.today, by=one.name))
        one.say_again(old.ends[-1].airing)
        again.taken = True


def tab_left_at_the_box(county: County) -> None:
    """Half a text is typed in the morning; in the evening he comes back to that tab."""
    by = county.random.choice(county.villagers)
    one = county.write(by)
    by.write(one.notice.text[:-2])
    left = by.leave_tab()

    def come_back() -> None:
        by.come_back(left)
        if not by.has_typed(one.mark):
            county.blame("text lost", f"{one.mark}: the tab that {by.name} left has it no more")
            by.write(one.notice.text)
        by.page.locator("#text").fill(one.notice.text)
        go_on(county, by, one.mark, lambda: by.write(one.notice.text))
        by.confirm()
        one.taken = True

    county.in_the_evening(come_back)


def session_ends_at_the_box(county: County) -> None:
    """In the middle of a text."""
    by = county.random.choice(county.villagers)
    one = county.write(by)
    by.write(one.notice.text)
    by.session_ends()
    go_on(county, by, one.mark, lambda: by.write(one.notice.text))
    by.confirm()
    one.taken = True


# The office's


def daily_to_all(county: County) -> None:
    send(county, county.bulletin(keeper(county)), COUNTY)


def yellow_to_a_town(county: County) -> None:
    send(county, county.bulletin(keeper(county), Severity.YELLOW, IN_TOWN), TOWN)


def to_one_village(county: County) -> None:
    by, village = county.random.choice(county.officers), county.random.choice(ALL)
    send(county, county.bulletin(by, villages=(village,)), village)


def drill(county: County) -> None:
    send(county, county.bulletin(keeper(county), villages=IN_TOWN, drill=True), TOWN, drill=True)


def orange_by_two(county: County) -> None:
    """Written by one officer, agreed to by the other."""
    sent = county.bulletin(keeper(county), Severity.ORANGE)
    send(county, sent, COUNTY)
    county.officers[1].approve(sent.id)


def bulletin_for_later(county: County) -> None:
    at = later(county)
    day = county.today + (at.date() > county.now().date())
    sent = county.bulletin(keeper(county), day=day)
    for one in sent.asked.values():
        one.at = at
    send(county, sent, COUNTY, at=at)


def cancelled(county: County) -> None:
    """One that waits for its time, and one that may sound already."""
    at = later(county)
    waits, sounds = county.bulletin(keeper(county)), county.bulletin(county.officers[1])
    send(county, waits, COUNTY, at=at)
    send(county, sounds, COUNTY)
    sounds.happened("called off", Outcome.CANCELLED, Outcome.CUT_SHORT, silent=True)
    waits.happened("called off before its time", silent=True)
    for one in waits.asked.values():
        one.may = {Outcome.CANCELLED}
    for sent in (sounds, waits):
        sent.by.cancel(sent.id)
        for one in sent.asked.values():
            # It may have been called off before the box knew of it.
            one.may_be_gone = True


def session_ends_at_the_office(county: County) -> None:
    """In the middle of a text."""
    by = county.random.choice(county.officers)
    sent = county.bulletin(by)
    by.write(sent.words, (COUNTY,))
    by.session_ends()
    go_on(county, by, sent.mark, lambda: by.write(sent.words, (COUNTY,)))
    finish(county, sent)


def tab_left_at_the_office(county: County) -> None:
    """Half a text is typed in the morning; in the evening he comes back to that tab."""
    by = county.random.choice(county.officers)
    sent = county.bulletin(by)
    by.write(sent.words[:-2], (COUNTY,))
    left = by.leave_tab()
    sent.is_taken(False)

    def come_back() -> None:
        by.come_back(left)
        by.page.locator("#text").fill(sent.words)
        go_on(county, by, sent.mark, lambda: by.write(sent.words, (COUNTY,)))
        sent.is_taken(True)
        finish(county, sent)

    county.in_the_evening(come_back)


def wrong_passwords(county: County) -> None:
    """Somebody elsewhere tries an officer's name; the officer himself gets in."""
    named = county.officers[1]
    for _ in range(WRONG_PASSWORDS):
        knock(county, named)
    named.session_ends()
    try:
        named.log_in()
    except Refused as error:
        county.blame("locked out", f"{named.name}, who knows his password, reads: {error}")
        restart_office(county)


def enrolled_again(county: County) -> None:
    """A box that runs, with the key that the register has: nothing is lost by it."""
    village = county.random.choice(running(county))
    try:
        county.enrol(village, keeper(county).invite_again(box_of(village)))
    except Refused as error:
        county.blame("not sent", f"{village} is not enrolled again: {error}")
    send(county, county.bulletin(county.officers[0], villages=(village,)), village)


def late_stick(county: County) -> None:
    """All that the county ever signed comes once more, on a stick: nothing of it sounds again."""
    village = county.random.choice(running(county))
    county.settle()
    stick = county.folder / "stick" / "cb" / "bulletins"
    stick.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(county.database)) as database:
        signed = database.execute("SELECT id, envelope FROM bulletin WHERE envelope IS NOT NULL")
        for id, envelope in signed.fetchall():
            (stick / f"{id}.json").write_bytes(envelope)
    taken = county.lives[village].village.call("link", "usb", str(stick.parent.parent))
    if taken.returncode:
        county.blame("not sent", f"the stick is not read in {village}: {taken.stderr}")


# The machines


def office_killed(county: County) -> None:
    """As soon as an officer was told that it goes out."""
    sent = county.bulletin(keeper(county))
    send(county, sent, COUNTY)
    sent.happened("office killed")
    county.home.pause(county.random.random())
    county.office.cut_power()
    county.office.start()


def broker_killed(county: County) -> None:
    sent = county.bulletin(keeper(county))
    send(county, sent, COUNTY)
    sent.happened("broker killed")
    county.home.pause(county.random.random())
    county.broker.cut_power()
    other = county.bulletin(keeper(county))
    send(county, other, COUNTY)
    other.happened("broker away")
    county.broker.start()


def box_off_for_hours(county: County) -> None:
    """Until the boxes are started next; then it takes up what is still worth saying."""
    village = county.random.choice([one for one in running(county) if one != HOME])
    for one in county.lives[village].open:
        # What was on its way to it may be over before it knows of it.
        one.may_be_gone |= one.way is Way.COUNTY
    county.lives[village].power_fails(Outcome.EXPIRED)
    if county.is_evening:
        county.lives[village].box.start()
    send(county, county.bulletin(keeper(county), villages=(village,), hours=24), village, hours=24)


def network_out(county: County) -> None:
    """A box without its county for a while says what its village asks, and catches up."""
    village = county.random.choice(running(county))
    county.lines.cut(village)
    try:
        sent = county.bulletin(keeper(county))
        send(county, sent, COUNTY)
        sent.asked[village].what_happened += ", no network"
        if village == HOME:
            two_on_the_page(county)
        county.home.pause(LINE_SECONDS)
    finally:
        county.lines.mend(village)


def card_out(county: County) -> None:
    village = county.random.choice(running(county))
    card = county.lives[village].rig.village
    card.tell("unplug", True)
    try:
        sent = county.bulletin(keeper(county))
        send(county, sent, COUNTY)
        sent.asked[village].what_happened += ", card out"
        county.home.pause(CARD_SECONDS)
    finally:
        card.tell("unplug", False)


EVENTS: tuple[Event, ...] = (
    two_on_the_page,
    for_later,
    stopped_and_said_again,
    tab_left_at_the_box,
    session_ends_at_the_box,
    daily_to_all,
    yellow_to_a_town,
    to_one_village,
    drill,
    orange_by_two,
    bulletin_for_later,
    cancelled,
    session_ends_at_the_office,
    tab_left_at_the_office,
    wrong_passwords,
    enrolled_again,
    late_stick,
    office_killed,
    broker_killed,
    box_off_for_hours,
    network_out,
    card_out,
)


# By night, when the day's books are closed and the boxes are off.


def quiet_night(county: County) -> None:
    """Nothing goes wrong."""


def office_of_yesterday(county: County) -> None:
    """Somebody puts the copy of this noon, or of the noon before, in the place of the database."""
    copy = county.random.choice(county.copies[-2:])
    county.office.stop()
    for ending in ("-wal", "-shm"):
        county.database.with_name(county.database.name + ending).unlink(missing_ok=True)
    county.database.write_bytes(copy.read_bytes())
    county.forget_unknown()
    county.office.start()


def all_restarted(county: County) -> None:
    """Office and broker are stopped as a service manager does it."""
    county.office.stop()
    county.broker.stop()
    county.broker.start()
    county.office.start()


NIGHTS: tuple[Event, ...] = (quiet_night, office_of_yesterday, all_restarted)

# The two days of the suite, and their nights.
SHORT: tuple[tuple[list[Event], Event], ...] = (
    (
        [
            *(two_on_the_page, tab_left_at_the_office, orange_by_two, bulletin_for_later),
            *(office_killed, card_out, yellow_to_a_town),
        ],
        all_restarted,
    ),
    (
        [
            *(tab_left_at_the_box, box_off_for_hours, for_later, drill),
            *(broker_killed, stopped_and_said_again, cancelled, to_one_village),
        ],
        quiet_night,
    ),
)


def say(county: County, by: Villager, one: Asked, at: datetime | None = None) -> None:
    try:
        by.say(one.notice.text, one.notice.severity, at)
        one.taken = True
    except Refused as error:
        county.blame("not sent", f"{one.mark} of {by.name}: {error}")
        one.taken = False


def send(
    county: County,
    sent: Sent,
    area: str,
    at: datetime | None = None,
    drill: bool = False,
    hours: int = 6,
) -> None:
    sent.by.write(sent.words, (area,), sent.notice.severity, drill, at, hours)
    sent.by.look()
    finish(county, sent)


def finish(county: County, sent: Sent) -> None:
    """From the page on which it was looked at."""
    try:
        sent.id = sent.by.send()
    except Refused as error:
        county.blame("not sent", f"{sent.mark} of {sent.by.name}: {error}")
        sent.is_taken(False)


def go_on(county: County, by: Person, mark: str, write_again: Callable[[], None]) -> None:
    """Up to the page on which it is confirmed; his text outlasts a session that is over."""
    if not by.look_logging_in(mark):
        county.blame("text lost", f"{mark}: {by.name} logged in anew, and it is gone: {by.problem}")
        write_again()
        by.look_logging_in(mark)


def keeper(county: County) -> Officer:
    """Who sends most of it."""
    return county.officers[0]


def later(county: County) -> datetime:
    """When the boxes are up next."""
    evening = county.today_at(THIS_EVENING)
    return evening if not county.is_evening else county.today_at(TOMORROW) + timedelta(days=1)


def running(county: County) -> list[str]:
    return [village for village, life in county.lives.items() if life.box.runs]


def restart_office(county: County) -> None:
    county.office.stop()
    county.office.start()


def knock(county: County, named: Person) -> None:
    """A wrong password, from another address."""
    address = urlsplit(county.address)
    context = ssl._create_unverified_context()
    line = http.client.HTTPSConnection(
        "127.0.0.1", address.port, source_address=(ELSEWHERE, 0), context=context
    )
    with closing(line):
        line.request("GET", "/login")
        answer = line.getresponse()
        cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        token = TOKEN.search(answer.read().decode())
        assert token
        form = {"name": named.name, "password": "nobody-knows-1", "csrf_token": token[1]}
        headers = {
            "Cookie": cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"{county.address}/login",
        }
        line.request("POST", "/login", urlencode(form), headers)
        line.getresponse().read()
