"""The office and its broker killed around the moment in which an officer sends, again and again."""

from contextlib import suppress
from enum import StrEnum
from random import Random
from threading import Timer

from faults.county_world import CountyWorld, Sent
from rig.clerk import Clerk, Fields, Page
from rig.living import LivingProgram

CHAPTER = 10
KILL_SECONDS, LEAD_SECONDS = 0.3, 0.1
# Of who gets no answer.
GIVE_UP = 0.1
AGAIN = 5


class Target(StrEnum):
    OFFICE = "office"
    BROKER = "broker"
    BOTH = "both"


def targets(random: Random, rounds: int) -> list[Target]:
    """Each its share, in the order of chance."""
    deck = [list(Target)[number % len(Target)] for number in range(rounds)]
    random.shuffle(deck)
    return deck


def kills(world: CountyWorld, rounds: int) -> None:
    begun = len(world.sent)
    for done, target in enumerate(targets(world.random, rounds), start=1):
        send_and_kill(world, target)
        world.books.counts["rounds"] += 1
        if done % CHAPTER == 0 or done == rounds:
            world.balance(world.sent[begun:])
            begun = len(world.sent)


def send_and_kill(world: CountyWorld, target: Target) -> None:
    by = world.random.choice(world.officers)
    sent, fields = world.write(by)
    struck = [
        Timer(world.random.uniform(0, KILL_SECONDS), program.cut_power)
        for program in _programs(world, target)
    ]
    for one in struck:
        one.start()
    world.pause(LEAD_SECONDS)
    page = _try(by, fields)
    for one in struck:
        one.join()
    world.pause(1.0)
    # Whoever has the answer goes away before all is up again.
    sent.believed = page is not None and page.bulletin == sent.id
    world.start()
    if not sent.believed:
        world.books.counts["no answer"] += page is None
        _go_on(world, sent, fields)


def _programs(world: CountyWorld, target: Target) -> list[LivingProgram]:
    both = {Target.OFFICE: [world.office], Target.BROKER: [world.broker]}
    return both.get(target, [world.office, world.broker])


def _try(by: Clerk, fields: Fields) -> Page | None:
    """The page that he comes to; none where no answer came."""
    with suppress(OSError):
        return by.send("/compose/send", fields)
    return None


def _go_on(world: CountyWorld, sent: Sent, fields: Fields) -> None:
    """What he does who does not know whether it went out: nothing more, the same once more from his
    browser, or the page of his form anew.
    """
    if world.random.random() < GIVE_UP:
        sent.gave_up = True
        return
    for _ in range(AGAIN):
        if world.random.random() < 0.5:
            page = _try(sent.by, fields)
        else:
            page = _from_the_page(sent)
        if page and page.bulletin == sent.id:
            sent.believed = True
            return
    world.books.note("broke", f"{sent.mark} cannot be sent: {page and (page.status, page.told)}")


def _from_the_page(sent: Sent) -> Page | None:
    """It leads to what was sent, or has his words still, or a form that is empty."""
    with suppress(OSError):
        page = sent.by.see(f"/compose/{sent.id}")
        form = page.form("/compose/check")
        if form is None or page.bulletin:
            return page
        return sent.by.send("/compose/send", sent.by.filled(form, sent.words, sent.areas))
    return None
