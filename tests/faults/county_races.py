"""Two officers and one bulletin: both do something with it in the same moment, again and again."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier

from faults.county_world import CountyWorld, Sent
from rig.clerk import Clerk, Page

CHAPTER = 10
ORANGE = 2
DRAFT = "draft"
KEPT, GONE = "草稿存好了", "草稿删掉了"
Deed = Callable[[], Page]


@dataclass
class Hand:
    """One of the two, his words and what he sees in the end."""

    by: Clerk
    words: str
    page: Page = field(default_factory=lambda: Page(0, "", ""))

    @property
    def sees(self) -> str:
        return f"{self.by.name} {self.page.status} {self.page.told}"


def races(world: CountyWorld, rounds: int) -> None:
    begun = len(world.sent)
    ways = (_over_a_draft, _over_a_draft, _over_what_waits, _over_what_is_sent)
    for done in range(1, rounds + 1):
        world.random.choice(ways)(world)
        world.books.counts["rounds"] += 1
        if done % CHAPTER == 0 or done == rounds:
            _balance(world, world.sent[begun:])
            begun = len(world.sent)


def at_once(hands: Sequence[Hand], deeds: Sequence[Deed]) -> None:
    start = Barrier(len(deeds))

    def run(hand: Hand, deed: Deed) -> None:
        start.wait()
        hand.page = deed()

    with ThreadPoolExecutor(len(deeds)) as people:
        list(people.map(run, hands, deeds))


# A draft that both have opened


def _over_a_draft(world: CountyWorld) -> None:
    """Each sends or keeps it, with words of his own or as it is, or throws it away."""
    one, other = world.random.sample(world.officers, 2)
    sent, fields = world.write(one)
    assert one.send("/compose/keep", fields).bulletin == sent.id
    world.sent.remove(sent)
    hands = [Hand(by, sent.words) for by in (one, other)]
    deeds, ways = [], []
    for hand in hands:
        way = world.random.choice(("send", "send", "keep", "as it is", "discard"))
        if way in ("send", "keep"):
            hand.words = f"{sent.words}{hand.by.name}改的。"
        ways.append(way)
        deeds.append(_deed(hand, sent, way))
    at_once(hands, deeds)
    _judge_draft(world, sent, hands, ways)


def _deed(hand: Hand, sent: Sent, way: str) -> Deed:
    by = hand.by
    if way == "discard":
        path = f"/bulletin/{sent.id}/discard"
        page = by.see(f"/bulletin/{sent.id}")
        form = page.form(path) or []
        return lambda: by.send(path, form)
    opened = by.see(f"/compose?again={sent.id}").form("/compose/check")
    assert opened is not None
    fields = by.filled(opened, hand.words, sent.areas)
    action = "/compose/keep" if way == "keep" else "/compose/send"
    return lambda: by.send(action, fields)


def _judge_draft(world: CountyWorld, sent: Sent, hands: list[Hand], ways: list[str]) -> None:
    """What stands there is of one who was told so; whoever was not has his words, and is told why."""
    text, state = _text(world, sent.id), world.state(sent)
    about = f"{sent.mark} ({sent.id}) {ways} ends {state or 'nowhere'} {text}"
    about += "".join(f"; {one.sees}" for one in hands)
    for hand, way in zip(hands, ways, strict=True):
        if hand.page.status >= 500 or not hand.page.text:
            world.books.note("broke", about)
        elif way == "discard":
            _judge_discard(world, hand, state, about)
        elif _was_sent(hand, sent):
            if text != hand.words or state == DRAFT:
                world.books.note("words", f"{hand.by.name} is told that his went out: {about}")
        elif KEPT in hand.page.told and hand.page.bulletin == sent.id:
            _judge_kept(world, hand, hands, text, about)
        else:
            _judge_refused(world, hand, about)
    if state not in ("", DRAFT):
        _take_in(world, sent, text)


def _was_sent(hand: Hand, sent: Sent) -> bool:
    """He sees the page of what goes out, by himself or by another who wanted the same."""
    page = hand.page
    return page.status == 200 and page.bulletin == sent.id and KEPT not in page.told


def _judge_discard(world: CountyWorld, hand: Hand, state: str, about: str) -> None:
    if GONE in hand.page.told:
        if state not in ("", DRAFT):
            # Who keeps it afterwards makes it anew.
            world.books.counts["made anew"] += 1
    else:
        _judge_told(world, hand, about)


def _judge_kept(world: CountyWorld, hand: Hand, hands: list[Hand], text: str, about: str) -> None:
    """Until another, who had opened his words, did something with them: nobody had."""
    others = [one for one in hands if one is not hand]
    thrown_away = any(GONE in one.page.told for one in others)
    if text != hand.words and not thrown_away:
        world.books.note("words", f"{hand.by.name} is told that his are kept: {about}")


def _judge_refused(world: CountyWorld, hand: Hand, about: str) -> None:
    _judge_told(world, hand, about)
    if hand.words not in hand.page.text:
        world.books.note("words", f"{hand.by.name}'s are gone: {about}")


def _judge_told(world: CountyWorld, hand: Hand, about: str) -> None:
    if hand.page.told:
        world.books.counts["true reason"] += 1
    else:
        world.books.note("untold", f"{hand.by.name}: {about}")


# One that waits for a second officer


def _over_what_waits(world: CountyWorld) -> None:
    """Two agree to it, send it back or call it off."""
    writer, *others = world.random.sample(world.officers, 3)
    sent, fields = world.write(writer, ORANGE)
    assert writer.send("/compose/send", fields).bulletin == sent.id
    world.sent.remove(sent)
    hands = [Hand(by, sent.words) for by in others]
    ways = [world.random.choice(("approve", "approve", "back", "cancel")) for _ in hands]
    at_once(hands, [_judgement(hand, sent, way) for hand, way in zip(hands, ways, strict=True)])
    state = _settled_state(world, sent)
    about = f"{sent.mark} ({sent.id}) {ways} ends {state}" + "".join(f"; {one.sees}" for one in hands)
    done = [way for hand, way in zip(hands, ways, strict=True) if _is_done(hand, way)]
    for hand, way in zip(hands, ways, strict=True):
        if not _is_done(hand, way):
            _judge_told(world, hand, about)
    if state not in _allowed(done):
        world.books.note("doubled", f"two outcomes: {about}")
    if state in ("published", "cancelled"):
        _take_in(world, sent, sent.words, cancelled=state == "cancelled")


def _judgement(hand: Hand, sent: Sent, way: str) -> Deed:
    by, page = hand.by, f"/bulletin/{sent.id}"
    path = f"{page}/{way}"
    form = by.see(path if way == "cancel" else page).form(path)
    assert form is not None, (way, hand.by.name)
    return lambda: by.send(path, form)


DONE = {"approve": "批准了", "back": "退回去了", "cancel": "取消"}


def _is_done(hand: Hand, way: str) -> bool:
    said = hand.page.told
    return hand.page.status == 200 and DONE[way] in said and "已经取消" not in said


def _allowed(done: list[str]) -> set[str]:
    """How it may end when these were told that theirs is done."""
    if "cancel" in done:
        return {"cancelled"} if "back" not in done else set()
    if done == ["back"]:
        return {DRAFT}
    return {"published"} if done == ["approve"] else set()


# One that went out


def _over_what_is_sent(world: CountyWorld) -> None:
    """Both call it off."""
    writer, *others = world.random.sample(world.officers, 3)
    sent, fields = world.write(writer)
    assert writer.send("/compose/send", fields).bulletin == sent.id
    world.sent.remove(sent)
    hands = [Hand(by, sent.words) for by in others]
    at_once(hands, [_judgement(hand, sent, "cancel") for hand in hands])
    about = f"{sent.mark} ({sent.id})" + "".join(f"; {one.sees}" for one in hands)
    if sum(_is_done(one, "cancel") for one in hands) != 1:
        world.books.note("doubled", f"not one cancels it: {about}")
    for hand in hands:
        if not _is_done(hand, "cancel"):
            _judge_told(world, hand, about)
    if _settled_state(world, sent) != "cancelled":
        world.books.note("broke", f"not cancelled: {about}")
    if len(world.rows("SELECT id FROM bulletin WHERE cancels = ?", sent.id)) > 1:
        world.books.note("doubled", f"cancelled twice: {about}")
    _take_in(world, sent, sent.words, cancelled=True)


# What came of it


def _settled_state(world: CountyWorld, sent: Sent) -> str:
    """When nothing of it waits to be signed."""
    waits = "SELECT 1 FROM bulletin WHERE state = 'cleared' AND (id = ? OR cancels = ?)"
    world.settle(lambda one: not world.rows(waits, one.id, one.id), [sent])
    return world.state(sent)


def _take_in(world: CountyWorld, sent: Sent, words: str, cancelled: bool = False) -> None:
    """It is to be heard once in each village, or nowhere more."""
    sent.words, sent.cancelled, sent.believed = words, cancelled, not cancelled
    world.sent.append(sent)


def _balance(world: CountyWorld, lately: list[Sent]) -> None:
    world.balance([one for one in lately if not one.cancelled])
    off = [one for one in lately if one.cancelled]
    world.settle(world.is_true_of, off)
    for sent in off:
        if not world.is_true_of(sent):
            world.books.note("wrong", f"{sent.mark} ({sent.id}) is called off: {world.on_board(sent)}")


def _text(world: CountyWorld, id: str) -> str:
    found = world.rows("SELECT text FROM bulletin WHERE id = ?", id)
    return str(found[0][0]) if found else ""
