"""Cuts the acoustic model in three, so that the first frames are ready before the last are wanted, and
removes its dropout: noise for training that needs TensorFlow.

As published it works out its shapes while it runs, and XNNPACK takes only operators whose shapes are
known before: whole lines took 1.5 times as long, and the first sound waited for all of the postnet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from broadcaster.tts.baker.tflite_graph import Graph, Operation

ENCODER_FILE, DECODER_FILE, POSTNET_FILE = "encoder.tflite", "decoder.tflite", "postnet.tflite"
BANDS, CHANNELS = 80, 256
RANDOM = b"FlexRandomUniform"

Shapes = dict[int, list[int]]


@dataclass(frozen=True)
class SubModel:
    """The inputs and outputs of one part, by the names of tensors; None is the length in `shapes`."""

    inputs: tuple[bytes, ...]
    shapes: tuple[tuple[int | None, ...], ...]
    outputs: tuple[bytes, ...]

    def shapes_at(self, length: int) -> list[list[int]]:
        return [[length if size is None else size for size in shape] for shape in self.shapes]


# Between encoder and decoder stands the length regulator: each row as often as its symbol has frames.
PARTS = {
    ENCODER_FILE: SubModel(
        (b"input_ids", b"speaker_ids", b"speed_ratios", b"f0_ratios", b"energy_ratios"),
        ((1, None), (1,), (1,), (1,), (1,)),
        (b"add_1", b"Identity_2"),
    ),
    DECODER_FILE: SubModel(
        (b"length_regulator/ExpandDims", b"mul_3"), ((1, None, CHANNELS), (1, None)), (b"Identity",)
    ),
    POSTNET_FILE: SubModel((b"Identity",), ((1, None, BANDS),), (b"Identity_1",)),
}
# They hide padding, which a line by itself has not: a factor of 1 and a summand of 0.
MASKS = (b"decoder/layer_._0/Cast", b"decoder/layer_._0/attention/self/mul")


def remove_dropout(graph: Graph) -> None:
    """Let whoever reads a dropped-out tensor read the tensor before it.

    A dropout is six operators: y = (x * scale) * cast(random(shape(x)) >= rate).
    Raises `UnknownGraph` when one has another form.
    """
    for random in [each for each in graph.operators if graph.custom_name(each) == RANDOM]:
        below_rate = graph.reader(random.outputs[0], Operation.GREATER_EQUAL)
        mask = graph.reader(below_rate.outputs[0], Operation.CAST)
        masked = graph.reader(mask.outputs[0], Operation.MUL)
        shape = graph.maker(random.inputs[0])
        graph.reroute(masked.outputs[0], shape.inputs[0])


def cut_acoustic(content: bytes) -> dict[str, bytes]:
    """The parts of the FastSpeech2 in `content` by their files' names. Raises `UnknownGraph`."""
    return {name: _cut(Graph(content), part, name == POSTNET_FILE) for name, part in PARTS.items()}


def _cut(graph: Graph, part: SubModel, in_windows: bool) -> bytes:
    for mask in MASKS:
        _leave_out(graph, graph.named(mask))
    graph.cut(map(graph.named, part.inputs), map(graph.named, part.outputs))
    if in_windows:
        _use_floats(graph)
    _write_shapes(graph, *(_shapes_of(graph, part.shapes_at(length)) for length in (50, 60)))
    return graph.packed()


def _leave_out(graph: Graph, mask: int) -> None:
    for operator in graph.readers(mask):
        (masked,) = (tensor for tensor in operator.inputs if tensor != mask)
        graph.reroute(operator.outputs[0], masked)


def _use_floats(graph: Graph) -> None:
    """Weights of 8 bits make the engine round its input by the loudest value in it: a window would
    come out otherwise than the same frames in the whole line."""
    for convolution in graph.of_kind(Operation.CONV_2D):
        graph.dequantize(convolution.inputs[1])


def _shapes_of(graph: Graph, inputs: Sequence[Sequence[int]]) -> Shapes:
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=graph.packed(), experimental_op_resolver_type=plain)
    details = interpreter.get_input_details()
    for detail, shape in zip(details, inputs, strict=True):
        interpreter.resize_tensor_input(detail["index"], shape)
    interpreter.allocate_tensors()
    for detail, shape in zip(details, inputs, strict=True):
        interpreter.set_tensor(detail["index"], np.ones(shape, detail["dtype"]))
    interpreter.invoke()
    return {each["index"]: each["shape"].tolist() for each in interpreter.get_tensor_details()}


def _write_shapes(graph: Graph, one: Shapes, other: Shapes) -> None:
    """Every change of shape gets its goal as a constant, with -1 for the length."""
    for number in range(graph.tensor_count):
        if number in one and one[number] != other[number]:
            tensor = graph.tensor(number)
            tensor.shapeSignature = np.array(_open_length(one[number], other[number]), np.int32)
            tensor.shape = np.abs(tensor.shapeSignature)
    for kind in (Operation.RESHAPE, Operation.EXPAND_DIMS, Operation.SQUEEZE):
        for operator in list(graph.of_kind(kind)):
            output = operator.outputs[0]
            _reshape(graph, operator, _open_length(one[output], other[output]))


def _reshape(graph: Graph, operator: schema.OperatorT, goal: list[int]) -> None:
    graph.change_kind(operator, Operation.RESHAPE)
    operator.inputs = [operator.inputs[0], graph.add_integers(goal)]
    operator.builtinOptionsType = schema.BuiltinOptions.ReshapeOptions
    operator.builtinOptions = schema.ReshapeOptionsT()
    operator.builtinOptions.newShape = np.array(goal, np.int32)


def _open_length(one: Iterable[int], other: Iterable[int]) -> list[int]:
    return [size if size == beside else -1 for size, beside in zip(one, other, strict=True)]
