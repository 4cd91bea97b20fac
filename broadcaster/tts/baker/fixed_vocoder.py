"""Fixes the vocoder to one number of frames, so that it can be planned before it runs.

As published it works out its shapes while it runs: every intermediate result then keeps memory of
its own (150 MB for 288 frames, 80 when planned), and a third of the time goes into MIRROR_PAD.
"""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from broadcaster.tts.baker.tflite_graph import Graph, Operation


def fix_frames(graph: Graph, frames: int) -> None:
    """Make the MB-MelGAN in `graph` take `frames` mel frames; its sound stays the same but for 8 bits.

    Raises `UnknownGraph` when it has another form.
    """
    _keep_floats(graph)
    for to_batch in graph.of_kind(Operation.SPACE_TO_BATCH_ND):
        _dilate(graph, to_batch)
    _fix_lengths(graph, frames)
    _write_shapes(graph)


def _keep_floats(graph: Graph) -> None:
    """The four bands pass through 8 bits on their way to the last filter: noise 26 dB below speech."""
    for quantize in graph.of_kind(Operation.QUANTIZE):
        expand = graph.reader(quantize.outputs[0], Operation.EXPAND_DIMS)
        dequantize = graph.reader(expand.outputs[0], Operation.DEQUANTIZE)
        expand.inputs = [quantize.inputs[0], expand.inputs[1]]
        expand.outputs = dequantize.outputs
        dequantize.outputs = []


def _dilate(graph: Graph, to_batch: Any) -> None:
    """A convolution over rows dealt out to batches and gathered again is a dilated convolution."""
    expand = graph.reader(to_batch.outputs[0], Operation.EXPAND_DIMS)
    convolution = graph.reader(expand.outputs[0], Operation.CONV_2D)
    squeeze = graph.reader(convolution.outputs[0], Operation.SQUEEZE)
    to_space = graph.reader(squeeze.outputs[0], Operation.BATCH_TO_SPACE_ND)
    convolution.builtinOptions.dilationWFactor = int(graph.integers(to_batch.inputs[1])[0])
    expand.inputs = [to_batch.inputs[0], expand.inputs[1]]
    graph.reroute(to_space.outputs[0], squeeze.outputs[0])


def _fix_lengths(graph: Graph, frames: int) -> None:
    """Follow the length from the mel frames to the sound, and write down what depends on it."""
    mel = graph.tensor(graph.inputs[0])
    mel.shape, mel.shapeSignature = np.array([1, frames, mel.shape[2]], np.int32), None
    length = frames
    for operator in graph.operators:
        if graph.kind(operator) == Operation.MIRROR_PAD:
            _mirror_by_gather(graph, operator, length)
        elif graph.kind(operator) == Operation.TRANSPOSE_CONV:
            length *= operator.builtinOptions.strideH * operator.builtinOptions.strideW
            _fix_output(graph, operator, length)


def _mirror_by_gather(graph: Graph, pad: Any, length: int) -> None:
    """MIRROR_PAD works value by value, GATHER copies whole rows."""
    before, after = graph.integers(pad.inputs[1]).reshape(3, 2)[1]
    mirrored = np.pad(np.arange(length), (before, after), mode="reflect")
    graph.change_kind(pad, Operation.GATHER)
    pad.inputs = [pad.inputs[0], graph.add_integers(mirrored)]
    pad.builtinOptionsType = schema.BuiltinOptions.GatherOptions
    pad.builtinOptions = schema.GatherOptionsT()
    pad.builtinOptions.axis = 1


def _fix_output(graph: Graph, convolution: Any, length: int) -> None:
    channels = int(graph.tensor(convolution.inputs[1]).shape[0])
    along_height = convolution.builtinOptions.strideH > 1
    shape = [1, length, 1, channels] if along_height else [1, 1, length, channels]
    convolution.inputs = [graph.add_integers(shape), *convolution.inputs[1:]]


def _write_shapes(graph: Graph) -> None:
    """The engine works out every tensor's shape once and for all; XNNPACK takes only what has one."""
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=graph.packed(), experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    for found in interpreter.get_tensor_details():
        if found["index"] < graph.tensor_count:
            tensor = graph.tensor(found["index"])
            tensor.shape, tensor.shapeSignature = found["shape"].astype(np.int32), None
