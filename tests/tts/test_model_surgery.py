"""What is changed in the published models, on the models themselves."""

import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from rig.spoken import baker_folder, first_words

from broadcaster.tts.baker.acoustic import Acoustic
from broadcaster.tts.baker.acoustic_parts import (
    DECODER_FILE,
    ENCODER_FILE,
    RANDOM,
    cut_acoustic,
    remove_dropout,
)
from broadcaster.tts.baker.fixed_vocoder import fix_frames
from broadcaster.tts.baker.install import ACOUSTIC, VOCODER
from broadcaster.tts.baker.symbols import BakerSymbols
from broadcaster.tts.baker.tflite_graph import Graph, Operation, UnknownGraph
from broadcaster.tts.baker.voice import BakerVoice

FRAMES = 96


@pytest.fixture(scope="module")
def acoustic(wheel: Path) -> bytes:
    return zipfile.ZipFile(wheel).read(ACOUSTIC)


@pytest.fixture(scope="module")
def vocoder(wheel: Path) -> bytes:
    return zipfile.ZipFile(wheel).read(VOCODER)


@pytest.fixture(scope="module")
def without_dropout(acoustic: bytes) -> bytes:
    graph = Graph(acoustic)
    remove_dropout(graph)
    return graph.packed()


@pytest.fixture(scope="module")
def fixed(vocoder: bytes) -> bytes:
    graph = Graph(vocoder)
    fix_frames(graph, FRAMES)
    return graph.packed()


@pytest.fixture(scope="module")
def parts(without_dropout: bytes) -> dict[str, bytes]:
    return cut_acoustic(without_dropout)


def kinds(content: bytes) -> set[int]:
    graph = Graph(content)
    return {graph.kind(operator) for operator in graph.operators}


def names_read_by(graph: Graph, output: bytes) -> set[bytes]:
    """The names of what the operator reads that makes the tensor of this name."""
    for operator in graph.operators:
        if graph.tensor(operator.outputs[0]).name == output:
            return {graph.tensor(number).name for number in operator.inputs}
    return set()


def vocode(content: bytes, mel: NDArray[np.float32]) -> NDArray[np.float32]:
    interpreter = Interpreter(model_content=content, num_threads=2)
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, [1, *mel.shape])
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, mel[np.newaxis])
    interpreter.invoke()
    return np.array(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0, :, 0])


def acoustic_frames(content: bytes, numbers: list[int]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Of the model before it was cut."""
    interpreter = Interpreter(model_content=content, num_threads=2)
    inputs = [each["index"] for each in interpreter.get_input_details()]
    _, refined, durations, *_ = (each["index"] for each in interpreter.get_output_details())
    interpreter.resize_tensor_input(inputs[0], [1, len(numbers)])
    interpreter.allocate_tensors()
    one = np.ones(1, np.float32)
    given = [np.array([numbers], np.int32), np.zeros(1, np.int32), one, one, one]
    for index, value in zip(inputs, given, strict=True):
        interpreter.set_tensor(index, value)
    interpreter.invoke()
    return interpreter.get_tensor(refined)[0], interpreter.get_tensor(durations)[0]


def test_dropout_is_gone_with_its_six_operators_each(acoustic: bytes, without_dropout: bytes) -> None:
    before, after = Graph(acoustic), Graph(without_dropout)
    assert sum(before.custom_name(each) == RANDOM for each in before.operators) == 2
    assert not any(after.custom_name(each) for each in after.operators)
    assert len(before.operators) - len(after.operators) == 2 * 6


def test_the_sum_reads_what_came_before_the_dropouts(acoustic: bytes, without_dropout: bytes) -> None:
    masked = {b"dropout_55/dropout/Mul_1", b"dropout_56/dropout/Mul_1"}
    assert names_read_by(Graph(acoustic), b"add") == masked
    unmasked = {b"f0_embeddings/BiasAdd", b"energy_embeddings/BiasAdd"}
    assert names_read_by(Graph(without_dropout), b"add") == unmasked


def test_no_operator_code_is_left_that_needs_tensorflow(without_dropout: bytes) -> None:
    model = schema.Model.GetRootAs(without_dropout, 0)
    codes = [model.OperatorCodes(number) for number in range(model.OperatorCodesLength())]
    assert not any(code.CustomCode() for code in codes)


def test_weights_stay_on_the_boundary_that_the_format_demands(
    without_dropout: bytes, fixed: bytes
) -> None:
    for content in (without_dropout, fixed):
        model = schema.Model.GetRootAs(content, 0)
        start = np.frombuffer(content, np.uint8).ctypes.data
        buffers = [model.Buffers(number) for number in range(model.BuffersLength())]
        places = [each.DataAsNumpy().ctypes.data - start for each in buffers if each.DataLength()]
        assert len(places) > 100
        assert not any(place % 16 for place in places)


def test_the_parts_of_the_acoustic_model_work_out_no_shapes(
    without_dropout: bytes, parts: dict[str, bytes]
) -> None:
    slow = {Operation.EXPAND_DIMS, Operation.SQUEEZE, Operation.PACK, Operation.TILE}
    assert slow <= kinds(without_dropout)
    for content in parts.values():
        assert not slow & kinds(content)


def test_each_part_has_its_own_weights_alone(without_dropout: bytes, parts: dict[str, bytes]) -> None:
    assert len(parts[ENCODER_FILE]) + len(parts[DECODER_FILE]) < len(without_dropout)


def test_the_parts_make_the_frames_that_the_whole_makes(
    without_dropout: bytes, parts: dict[str, bytes], baker: BakerVoice, tmp_path: Path
) -> None:
    for name, content in parts.items():
        (tmp_path / name).write_bytes(content)
    acoustic = Acoustic(tmp_path, threads=2)
    for count in (3, 30):
        numbers = BakerSymbols(baker_folder() / "symbols.json").numbers(first_words(count))
        whole, durations = acoustic_frames(without_dropout, numbers)
        coarse, lasting = acoustic.coarse(numbers, 1.0)
        refined = acoustic.refined(coarse, 0, len(coarse))
        assert np.array_equal(durations, lasting)
        # Weights of 8 bits make the published postnet round what it takes.
        assert np.sum(whole**2) > 10**4 * np.sum((whole - refined) ** 2)


def test_frames_are_refined_in_windows_as_in_one_go(baker: BakerVoice) -> None:
    acoustic = Acoustic(baker_folder(), threads=2)
    numbers = BakerSymbols(baker_folder() / "symbols.json").numbers(first_words(12))
    coarse, _ = acoustic.coarse(numbers, 1.0)
    cuts = [0, 1, 30, 31, 90, len(coarse)]
    windows = [acoustic.refined(coarse, *each) for each in pairwise(cuts)]
    whole = acoustic.refined(coarse, 0, len(coarse))
    assert np.abs(np.concatenate(windows) - whole).max() < 1e-4


def test_the_fixed_vocoder_has_none_of_the_slow_operators(vocoder: bytes, fixed: bytes) -> None:
    slow = {
        Operation.MIRROR_PAD,
        Operation.SPACE_TO_BATCH_ND,
        Operation.BATCH_TO_SPACE_ND,
        Operation.QUANTIZE,
        Operation.SHAPE,
    }
    assert slow <= kinds(vocoder)
    assert not slow & kinds(fixed)


def test_the_fixed_vocoder_sounds_as_published_but_for_the_noise_of_eight_bits(
    vocoder: bytes, fixed: bytes, baker: BakerVoice
) -> None:
    mel = baker.frames(first_words(10))[:FRAMES]
    published, ours = vocode(vocoder, mel), vocode(fixed, mel)
    noise = published - ours
    assert len(ours) == FRAMES * 300
    assert np.abs(noise).max() < 4 / 128
    assert np.sum(ours**2) / np.sum(noise**2) > 10**2


def test_a_graph_of_another_form_is_refused(vocoder: bytes) -> None:
    graph = Graph(vocoder)
    with pytest.raises(UnknownGraph):
        graph.reader(graph.inputs[0], Operation.SOFTMAX)
