"""Templates are compiled once; what was kept is used while it is whole and of these words."""

from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from broadcaster.web.base.template_cache import CompiledPages


@pytest.fixture(autouse=True)
def a_python_that_keeps_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)


def shown(folder: Path) -> str:
    """What a program that has just started shows."""
    pages = Environment(
        loader=FileSystemLoader(folder), bytecode_cache=CompiledPages(folder / "kept"), autoescape=True
    )
    return pages.get_template("page.html").render(name="李家庄")


def kept(folder: Path) -> Path:
    (only,) = (folder / "kept").iterdir()
    return only


def test_a_second_start_finds_the_page_compiled(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ name }}广播")
    assert shown(tmp_path) == "李家庄广播"
    first = kept(tmp_path).stat()
    assert shown(tmp_path) == "李家庄广播"
    assert kept(tmp_path).stat() == first


def test_another_template_is_compiled_again(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ name }}广播")
    shown(tmp_path)
    (tmp_path / "page.html").write_text("{{ name }}大喇叭")
    assert shown(tmp_path) == "李家庄大喇叭"


@pytest.mark.parametrize("place", range(0, 200, 7))
def test_a_wrong_bit_costs_a_compilation(tmp_path: Path, place: int) -> None:
    (tmp_path / "page.html").write_text("{{ name }}广播")
    shown(tmp_path)
    whole = kept(tmp_path).read_bytes()
    kept(tmp_path).write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
    assert shown(tmp_path) == "李家庄广播"
    assert kept(tmp_path).read_bytes() == whole


def test_where_nothing_can_be_kept_the_page_is_there_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ name }}广播")
    (tmp_path / "kept").write_text("a file where the folder should be")
    assert shown(tmp_path) == "李家庄广播"
