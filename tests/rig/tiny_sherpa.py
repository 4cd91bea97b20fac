"""Models so small that the tests build them: each token is a tone, in the shapes sherpa-onnx expects.

One character is two tokens (initial and final), 0.12 s each at speed 1.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from rig.spoken import CHARACTERS

RATE_HZ = 22_050  # the only one that the engine takes a HiFi-GAN vocoder at
TOKEN_SECONDS = 0.12
WORDS = {"重庆": "zhong4 qing4"}
INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")


# The type of a tensor's numbers, and its sides.
Shape = tuple[int, list[Any]]


class Graph:
    """An ONNX graph that is written line by line."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: object, kind: type = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def stretched(self, column: str, count: str) -> str:
        """[1, N] -> [1, 1, N * count], every value `count` times."""
        columns = self.op("Unsqueeze", column, self.constant([2], np.int64))
        one = self.constant([1], np.int64)
        wide = self.op("Expand", columns, self.op("Concat", one, one, count, axis=0))
        return self.op("Reshape", wide, self.constant([1, 1, -1], np.int64))

    def tone(self, values: str, output: str) -> str:
        """A sine whose pitch follows the values."""
        hertz = self.op("Add", self.op("Mul", values, self.constant(4.0)), self.constant(150.0))
        steps = self.op("Mul", hertz, self.constant(2 * np.pi / RATE_HZ))
        phase = self.op("CumSum", steps, self.constant(2, np.int64))
        return self.op("Mul", self.op("Sin", phase), self.constant(0.3), output=output)

    def save(self, path: Path, inputs: Mapping[str, Shape], about: Mapping[str, object]) -> None:
        values = [helper.make_tensor_value_info(name, *shape) for name, shape in inputs.items()]
        output = self.nodes[-1].output[0]
        results = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
        graph = helper.make_graph(self.nodes, "tiny", values, results, self.constants)
        opset = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=9)
        helper.set_model_props(model, {key: str(value) for key, value in about.items()})
        onnx.save(model, str(path))


TOKENS: Shape = (TensorProto.INT64, [1, "N"])
NUMBER: Shape = (TensorProto.FLOAT, [1])
SCALES: dict[str, Shape] = {"noise_scale": NUMBER, "length_scale": NUMBER}
LENGTH: dict[str, Shape] = {"x_length": (TensorProto.INT64, [1])}


def make_vits(folder: Path, speakers: int = 1, token_seconds: float = TOKEN_SECONDS) -> Path:
    """A package whose speakers differ in pitch; in the lexicon 重庆 is a word, read wrongly."""
    folder.mkdir(parents=True)
    graph = Graph()
    values = graph.op("Cast", "x", to=TensorProto.FLOAT)
    if speakers > 1:
        pitch = graph.op("Mul", graph.op("Cast", "sid", to=TensorProto.FLOAT), graph.constant(20.0))
        values = graph.op("Add", values, pitch)
    graph.tone(graph.stretched(values, _count(graph, "length_scale", token_seconds)), "y")
    inputs = {"x": TOKENS, **LENGTH, **SCALES, "noise_scale_w": NUMBER}
    inputs |= {"sid": (TensorProto.INT64, [1])} if speakers > 1 else {}
    about = {"sample_rate": RATE_HZ, "n_speakers": speakers, "language": "Chinese", "comment": "tiny"}
    graph.save(folder / "model.onnx", inputs, {**about, "jieba": 1, "add_blank": 0})
    _write_lexicon(folder)
    return folder


def make_hanging(folder: Path) -> Path:
    """A package that loads, and never comes back from its first line."""
    make_vits(folder)
    graph = Graph()
    state = helper.make_tensor_value_info("state", TensorProto.FLOAT, None)
    state_after = helper.make_tensor_value_info("state_after", TensorProto.FLOAT, None)
    go_on = helper.make_tensor_value_info("go_on", TensorProto.BOOL, [])
    go_on_after = helper.make_tensor_value_info("go_on_after", TensorProto.BOOL, [])
    turn = helper.make_tensor_value_info("turn", TensorProto.INT64, [])
    steps = [
        helper.make_node("Identity", ["go_on"], ["go_on_after"]),
        helper.make_node("Identity", ["state"], ["state_after"]),
    ]
    body = helper.make_graph(steps, "body", [turn, go_on, state], [go_on_after, state_after])
    for_ever = graph.constant(np.iinfo(np.int64).max, np.int64)
    first = graph.stretched(graph.op("Cast", "x", to=TensorProto.FLOAT), graph.constant([9], np.int64))
    graph.op("Loop", for_ever, graph.constant(True, np.bool_), first, output="y", body=body)
    about = {"sample_rate": RATE_HZ, "n_speakers": 1, "language": "Chinese", "comment": "tiny"}
    inputs = {"x": TOKENS, **LENGTH, **SCALES, "noise_scale_w": NUMBER}
    graph.save(folder / "model.onnx", inputs, {**about, "jieba": 1})
    return folder


def make_matcha(folder: Path) -> Path:
    """An acoustic model of 80 bands and a vocoder of its own; the engine puts a blank by each token."""
    folder.mkdir(parents=True)
    graph = Graph()
    values = graph.op("Cast", "x", to=TensorProto.FLOAT)
    frames = graph.stretched(values, _count(graph, "length_scale", TOKEN_SECONDS / 2, rate_hz=100))
    graph.op("Tile", frames, graph.constant([1, 80, 1], np.int64), output="mel")
    about = {"sample_rate": RATE_HZ, "n_speakers": 1, "use_eos_bos": 0, "pad_id": 0, "jieba": 1}
    graph.save(folder / "model-steps-3.onnx", {"x": TOKENS, **LENGTH, **SCALES}, about)
    vocoder = Graph()
    row = vocoder.op("ReduceMean", "mel", axes=[1], keepdims=0)
    vocoder.tone(vocoder.stretched(row, vocoder.constant([RATE_HZ // 100], np.int64)), "audio")
    mel = {"mel": (TensorProto.FLOAT, [1, 80, "T"])}
    vocoder.save(folder / "vocos-tiny.onnx", mel, {"model_type": "hifigan"})
    _write_lexicon(folder)
    return folder


def make_kokoro(folder: Path) -> Path:
    """Two speakers, one style each."""
    folder.mkdir(parents=True)
    graph = Graph()
    values = graph.op("Cast", "tokens", to=TensorProto.FLOAT)
    scale = graph.op("Div", graph.constant([1.0]), "speed")
    pitch = graph.op("ReduceMean", "style", axes=[1], keepdims=1)
    values = graph.op("Add", values, pitch)
    graph.tone(graph.stretched(values, _count(graph, scale, TOKEN_SECONDS)), "audio")
    inputs = {"tokens": TOKENS, "style": (TensorProto.FLOAT, [1, 4]), "speed": NUMBER}
    about = {"sample_rate": RATE_HZ, "n_speakers": 2, "version": 2, "has_espeak": 1, "voice": "en-us"}
    graph.save(folder / "model.onnx", inputs, {**about, "style_dim": "128,1,4"})
    styles = np.stack([np.zeros((128, 4)), np.full((128, 4), 40.0)])
    (folder / "voices.bin").write_bytes(styles.astype(np.float32).tobytes())
    _write_lexicon(folder)
    (folder / "lexicon.txt").rename(folder / "lexicon-zh.txt")
    return folder


def _count(graph: Graph, scale: str, seconds: float, rate_hz: int = RATE_HZ) -> str:
    wanted = graph.op("Mul", scale, graph.constant(seconds * rate_hz))
    return graph.op("Cast", wanted, to=TensorProto.INT64)


def _write_lexicon(folder: Path) -> None:
    entries = {text: _tokens(pinyin) for pinyin, text in CHARACTERS.items()}
    entries |= {word: " ".join(map(_tokens, pinyin.split())) for word, pinyin in WORDS.items()}
    lines = [f"{text} {spelled}\n" for text, spelled in entries.items()]
    (folder / "lexicon.txt").write_text("".join(lines), encoding="utf-8")
    tokens = sorted({token for spelled in entries.values() for token in spelled.split()})
    numbered = [f"{token} {number}\n" for number, token in enumerate(["_", "，", "。", *tokens])]
    (folder / "tokens.txt").write_text("".join([*numbered, f"  {len(numbered)}\n"]), encoding="utf-8")


def _tokens(pinyin: str) -> str:
    initial = next((each for each in INITIALS if pinyin.startswith(each)), "")
    return f"{initial} {pinyin.removeprefix(initial)}".strip()
