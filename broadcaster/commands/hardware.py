"""The commands for the technician at the amplifier: lists cards, inputs, ports and relays; switches them
on and off.

If a box runs it does the switching; else this process does, and switches off before it ends.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadcaster.commands.console import print_json, settings_to_look_by
from broadcaster.core.clock import Clock
from broadcaster.core.errors import AmplifierInUse, AmplifierLost, BroadcasterError
from broadcaster.daemon import control_socket
from broadcaster.playout.amplifier.base.wiring import Wiring

if TYPE_CHECKING:
    from broadcaster.settings.schema import Settings

SERIAL_PORTS = Path("/dev/serial/by-id")
LOOK_SECONDS = 0.1
TRYING_SECONDS = 1.5

Arguments = argparse.Namespace


def add_to(group: Any, add: Any) -> None:
    switched = add(group, "on", switch_on, "合上继电器，过一会儿自动断开")
    switched.add_argument("names", nargs="*", metavar="名字", help="总电源或分区的名字，不写就是全部")
    switched.add_argument(
        "--minutes", type=float, default=5.0, metavar="分钟", help="几分钟后断开，默认 5"
    )
    add(group, "off", switch_off, "断开所有继电器")
    add(group, "test", try_relays, "一路一路地合上、断开，听它响")


def devices_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--use", metavar="声卡", help="功放接在这块声卡上（插口、编号或名字），以后从它响"
    )


def devices(arguments: Arguments) -> int:
    from broadcaster.playout.device.alsa_inputs import list_inputs

    settings = settings_to_look_by(arguments.config)
    if arguments.use:
        used = _use(settings, arguments.use)
        _report({"used": used}, f"记下了：功放接在声卡 {used}，以后从这里响。", arguments)
        return 0
    state = _ask(settings, {"do": "device"})
    running = state is not None
    device = _would_choose(settings) if state is None else state["device"]
    relays = Wiring.of(settings.amplifier).relays
    content: control_socket.Message = {
        "running": running,
        "cards": device["cards"],
        "inputs": [{"name": card.stable_name, "title": str(card)} for card in list_inputs()],
        "card": device["card"],
        "opens": device["ready"] if device["card"] else None,
        "serial_ports": [str(port) for port in sorted(SERIAL_PORTS.glob("*"))],
        "relays": {name: name in device["relays_on"] if running else None for name in relays},
        "fault": device["fault"],
    }
    _report(content, _text_of(content), arguments)
    return 0


def _use(settings: Settings, name: str) -> str:
    """Have the running box remember it, or remember it for the next start."""
    answer = _ask(settings, {"do": "use_card", "name": name})
    if answer is not None:
        return str(answer["used"])
    from broadcaster.playout.device.alsa_cards import CardChoice
    from broadcaster.store.database.tables import DATABASE
    from broadcaster.store.store import open_store

    state = settings.paths.state
    with open_store(state / DATABASE, Clock(settings.station.zone)) as store:
        return str(CardChoice(settings.sound.device, state, os.environ, memory=store.state).use(name))


def switch_on(arguments: Arguments) -> int:
    settings = settings_to_look_by(arguments.config)
    relays = Wiring.of(settings.amplifier).relays
    names = tuple(arguments.names) or tuple(relays)
    _check(names, relays)
    if not 0 < arguments.minutes <= settings.amplifier.longest_on_minutes:
        longest = settings.amplifier.longest_on_minutes
        raise AmplifierInUse(f"--minutes 要在 0 到 {longest:g} 之间（amplifier.longest_on_minutes）")
    running = _power(settings, names, 60 * arguments.minutes)
    sentence = f"合上了：{'、'.join(names)}，{arguments.minutes:g} 分钟后自动断开。"
    if running:
        _report({"on": names}, sentence, arguments)
        return 0
    _report({"on": names}, sentence + "按 Ctrl-C 马上断开。", arguments)
    _hold(settings, names, 60 * arguments.minutes)
    return 0


def switch_off(arguments: Arguments) -> int:
    settings = settings_to_look_by(arguments.config)
    if not Wiring.of(settings.amplifier).relays:
        _report({"on": []}, "没有接继电器（amplifier.kind 是 none），不用断开。", arguments)
        return 0
    if not _power(settings, (), 0.0):
        _hold(settings, (), 0.0)
    _report({"on": []}, "继电器都断开了。", arguments)
    return 0


def try_relays(arguments: Arguments) -> int:
    settings = settings_to_look_by(arguments.config)
    relays = Wiring.of(settings.amplifier).relays
    _check(tuple(relays), relays)
    for name, number in relays.items():
        if not arguments.json:
            print(f"{name}（第 {number} 路）：合上……", flush=True)
        if _power(settings, (name,), TRYING_SECONDS):
            time.sleep(TRYING_SECONDS)
        else:
            _hold(settings, (name,), TRYING_SECONDS)
    _report({"tried": list(relays)}, "都试过了，已经断开。没有听到响的那一路，请检查接线。", arguments)
    return 0


def _check(names: tuple[str, ...], relays: dict[str, int]) -> None:
    if not relays:
        raise AmplifierInUse("没有接继电器，请先写好 config/broadcaster.yaml 里的 amplifier")
    for name in names:
        if name not in relays:
            raise AmplifierInUse(f"没有叫 {name} 的继电器，可以写：{'、'.join(relays)}")


def _power(settings: Settings, names: tuple[str, ...], seconds: float) -> bool:
    """Have the running box do it; False where none runs."""
    answer = _ask(settings, {"do": "power", "names": names, "seconds": seconds})
    state = answer and answer["device"]
    if state and set(state["relays_on"]) != set(names):
        raise AmplifierLost(state["fault"] or "功放没有照办，请看 broadcaster status")
    return answer is not None


def _hold(settings: Settings, names: tuple[str, ...], seconds: float) -> None:
    """Do it in this process, until the time is over or somebody ends it; then all is off."""
    from broadcaster.playout.amplifier.amplifier import Amplifier

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    clock = Clock(settings.station.zone)
    with closing(Amplifier(Wiring.of(settings.amplifier), clock)) as amplifier:
        amplifier.power(names, seconds)
        while not amplifier.fault and amplifier.busy:
            time.sleep(LOOK_SECONDS)
            amplifier.step()
        if amplifier.fault:
            raise AmplifierLost(amplifier.fault)


def _ask(settings: Settings, request: control_socket.Message) -> control_socket.Message | None:
    answers = control_socket.ask(settings.paths.state, request)
    if answers is None:
        return None
    answer: control_socket.Message = next(answers, {"error": "广播站没有回答，请重启它。"})
    if "error" in answer:
        raise BroadcasterError(answer["error"])
    return answer


def _would_choose(settings: Settings) -> control_socket.Message:
    """The card that a box would take if it were started now, and what would be wrong."""
    from broadcaster.playout.device.alsa_cards import CardChoice, Forgetful
    from broadcaster.playout.device.card_trial import why_it_does_not_open
    from broadcaster.playout.device.sound_messages import CardOutput, NoOutput
    from broadcaster.store.offline_journal import past_state

    known = Forgetful(past_state(settings.paths.state))
    with tempfile.TemporaryDirectory() as folder:
        choice = CardChoice(settings.sound.device, Path(folder), os.environ, memory=known)
        output, note = choice.look()
        cards = [asdict(entry) for entry in choice.entries()]
        shut = why_it_does_not_open(output, settings.sound) if isinstance(output, CardOutput) else ""
    card = (output.card or output.name) if isinstance(output, CardOutput) else ""
    fault = output.reason if isinstance(output, NoOutput) else shut or note
    return {"card": card, "ready": not shut, "fault": fault, "cards": cards}


def _text_of(content: control_socket.Message) -> str:
    using = f"  ← {'正在用' if content['running'] else '启动后会用'}"
    using += "，打得开" if content["opens"] else "，打不开"
    state = {True: "合上", False: "断开", None: "不知道（广播站没有运行）"}
    lines = [
        f"声卡：{card['name']}  {card['title']}"
        + ("  功放接在这里" if card["wired"] else "")
        + (using if card["in_use"] else "")
        for card in content["cards"]
    ] or ["声卡：这台机器上没有"]
    if content["card"] and not any(card["in_use"] for card in content["cards"]):
        lines.append(f"声音送到：{content['card']}（ALSA 里的名字，不在上面）{using}")
    lines += [f"声音输入：{one['name']}  {one['title']}" for one in content["inputs"]]
    lines += [f"串口：{port}" for port in content["serial_ports"]]
    lines += [f"继电器：{name}  {state[on]}" for name, on in content["relays"].items()]
    lines += [f"故障：{content['fault']}"] if content["fault"] else []
    return "\n".join(lines)


def _report(content: object, text: str, arguments: Arguments) -> None:
    if arguments.json:
        print_json(content)
    else:
        print(text, file=sys.stdout, flush=True)
