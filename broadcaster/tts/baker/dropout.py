"""Removes the dropout from a model: noise for training that needs TensorFlow."""

from broadcaster.tts.baker.tflite_graph import Graph, Operation

RANDOM = b"FlexRandomUniform"


def remove_dropout(graph: Graph) -> None:
    """Let whoever reads a dropped-out tensor read the tensor before it.

    A dropout is six operators: y = (x * scale) * cast(random(shape(x)) >= rate).
    Raises `UnknownGraph` when one has another form.
    """
    for random in [each for each in graph.operators if graph.custom_name(each) == RANDOM]:
        kept = graph.reader(random.outputs[0], Operation.GREATER_EQUAL)
        mask = graph.reader(kept.outputs[0], Operation.CAST)
        masked = graph.reader(mask.outputs[0], Operation.MUL)
        shape = graph.maker(random.inputs[0])
        graph.reroute(masked.outputs[0], shape.inputs[0])
