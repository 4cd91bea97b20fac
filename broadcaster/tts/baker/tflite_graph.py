"""Takes a TFLite model apart, so that operators can be rerouted, and puts it together again."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

FILE_IDENTIFIER = b"TFL3"
ALIGNMENT = 16  # the schema's force_align for weights; the plain packer keeps 46 of 189 buffers on it

Operation = schema.BuiltinOperator
Found = TypeVar("Found")


class UnknownGraph(Exception):
    """The model does not have the form that is known here."""


class Graph:
    """The only graph of a model; tensors are numbers, as in the file.

    Operators that no output depends on are left out of `packed`.
    """

    def __init__(self, content: bytes) -> None:
        root = schema.Model.GetRootAs(bytearray(content), 0)
        self._model = schema.ModelT.InitFromObj(root)
        self._graph = self._model.subgraphs[0]
        self.inputs: list[int] = list(self._graph.inputs)

    @property
    def operators(self) -> list[Any]:
        """In the order in which they run, as the schema's `OperatorT`."""
        return list(self._graph.operators)

    def of_kind(self, kind: int) -> Iterator[Any]:
        """The operators of one builtin kind."""
        return (each for each in self.operators if self.kind(each) == kind)

    def kind(self, operator: Any) -> int:
        code = self._model.operatorCodes[operator.opcodeIndex]
        return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))

    def custom_name(self, operator: Any) -> bytes:
        """The name of a custom operator, b"" for a builtin one."""
        return self._model.operatorCodes[operator.opcodeIndex].customCode or b""

    def named(self, name: bytes) -> int:
        """The tensor of this name."""
        return _only(number for number in range(self.tensor_count) if self.tensor(number).name == name)

    @property
    def tensor_count(self) -> int:
        return len(self._graph.tensors)

    def tensor(self, number: int) -> Any:
        return self._graph.tensors[number]

    def maker(self, tensor: int) -> Any:
        """The operator that puts out `tensor`."""
        return _only(each for each in self.operators if tensor in each.outputs)

    def readers(self, tensor: int) -> list[Any]:
        """The operators that take `tensor`."""
        return [each for each in self.operators if tensor in each.inputs]

    def reader(self, tensor: int, kind: int) -> Any:
        """The one operator of this kind that takes `tensor`."""
        return _only(each for each in self.readers(tensor) if self.kind(each) == kind)

    def cut(self, inputs: Iterable[int], outputs: Iterable[int]) -> None:
        """Keep what makes `outputs` from `inputs`, and the weights of that alone."""
        self._graph.inputs, self._graph.outputs = list(inputs), list(outputs)
        self.inputs = list(self._graph.inputs)
        self._drop_unread_operators()
        read = {tensor for each in self.operators for tensor in (*each.inputs, *each.outputs)}
        wanted = {self.tensor(tensor).buffer for tensor in read if tensor >= 0}
        for number, buffer in enumerate(self._model.buffers):
            if number not in wanted:
                buffer.data = None

    def reroute(self, old: int, new: int) -> None:
        """Whoever took tensor `old` takes `new`."""
        for each in self.operators:
            each.inputs = [new if tensor == old else tensor for tensor in each.inputs]

    def integers(self, tensor: int) -> NDArray[np.int32]:
        """The numbers of a constant int32 tensor, in a row."""
        return np.frombuffer(self._model.buffers[self.tensor(tensor).buffer].data.tobytes(), "<i4")

    def dequantize(self, tensor: int) -> None:
        """Turn constant weights of 8 bits with one scale into floats."""
        weights = self.tensor(tensor)
        buffer, (scale,) = self._model.buffers[weights.buffer], weights.quantization.scale
        values = buffer.data.view(np.int8).astype(np.float32) * np.float32(scale)
        buffer.data, weights.type = np.frombuffer(values.tobytes(), np.uint8), schema.TensorType.FLOAT32
        weights.quantization = None

    def add_integers(self, values: Iterable[int]) -> int:
        """A new constant int32 tensor."""
        numbers = np.array(list(values), "<i4")
        buffer, tensor = schema.BufferT(), schema.TensorT()
        buffer.data = np.frombuffer(numbers.tobytes(), np.uint8)
        tensor.type, tensor.shape = schema.TensorType.INT32, np.array([len(numbers)], np.int32)
        tensor.buffer = len(self._model.buffers)
        self._model.buffers.append(buffer)
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def change_kind(self, operator: Any, kind: int) -> None:
        """Turn an operator into another builtin one (of its first version)."""
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        self._model.operatorCodes.append(code)
        operator.opcodeIndex = len(self._model.operatorCodes) - 1

    def packed(self) -> bytes:
        """The model's file."""
        self._drop_unread_operators()
        self._drop_unused_codes()
        builder = _AlignedBuilder(0)
        builder.Finish(self._model.Pack(builder), FILE_IDENTIFIER)
        return bytes(builder.Output())

    def _drop_unread_operators(self) -> None:
        given, needed, used = set(self._graph.inputs), set(self._graph.outputs), []
        for each in reversed(self.operators):
            if (needed - given).intersection(each.outputs):
                needed.update(each.inputs)
                used.append(each)
        self._graph.operators = used[::-1]

    def _drop_unused_codes(self) -> None:
        codes = sorted({each.opcodeIndex for each in self.operators})
        for each in self.operators:
            each.opcodeIndex = codes.index(each.opcodeIndex)
        self._model.operatorCodes = [self._model.operatorCodes[number] for number in codes]


class _AlignedBuilder(flatbuffers.Builder):  # type: ignore[misc]
    """Puts arrays, and so the weights, on the boundary that the schema demands."""

    def CreateNumpyVector(self, x: NDArray[Any]) -> int:
        self.Prep(ALIGNMENT, x.nbytes)
        return int(super().CreateNumpyVector(x))


def _only(found: Iterable[Found]) -> Found:
    every = list(found)
    if len(every) != 1:
        raise UnknownGraph(f"one expected, found {len(every)}")
    return every[0]
