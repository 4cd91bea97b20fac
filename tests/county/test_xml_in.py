"""XML from strangers: what is dangerous is refused by name, and nothing else ever comes out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.county.foreign.base.proposal import NotImported
from broadcaster.county.foreign.base.safe_xml import (
    DEEPEST,
    LARGEST_XML,
    MOST_ELEMENTS,
    Element,
    read_xml,
)

XXE = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"""
LAUGHS = b"""<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>"""


def refusal(data: bytes) -> str:
    with pytest.raises(NotImported) as caught:
        read_xml(data)
    return str(caught.value)


def test_elements_come_with_their_text_and_namespace() -> None:
    root = read_xml(
        '<a xmlns="urn:x" xmlns:y="urn:y"> <b>停水</b><y:b/><b>停<!-- -->电</b></a>'.encode()
    )
    assert (root.namespace, root.name) == ("urn:x", "a")
    assert [one.text for one in root.all("b")] == ["停水", "停电"]
    assert root.text_of("b") == "停水"
    assert root.text_of("c") == ""


@pytest.mark.parametrize("data", [XXE, LAUGHS, XXE.decode().encode("utf-16")])
def test_a_document_type_is_refused_before_it_is_read(data: bytes) -> None:
    assert "DTD" in refusal(data)


def test_an_entity_that_nobody_declared_is_an_error() -> None:
    assert "XML" in refusal(b"<a>&secret;</a>")


def test_a_character_by_its_number_is_read() -> None:
    assert read_xml(b"<a>&lt;&#20572;&#x6c34;</a>").text == "<停水"


def test_too_large_too_deep_and_too_many_are_refused() -> None:
    assert "太大" in refusal(b"<a>" + b" " * LARGEST_XML + b"</a>")
    deep = DEEPEST + 1
    assert "层" in refusal(b"<a>" * deep + b"</a>" * deep)
    assert "元素" in refusal(b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>")
    assert read_xml(b"<a>" * DEEPEST + b"</a>" * DEEPEST).name == "a"


def test_it_says_in_which_line_it_is_broken() -> None:
    assert "第 2 行" in refusal(b"<a>\n<b></a>")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb2312", "GBK", "gb18030", "utf-16"])
def test_the_encodings_that_are_met_in_china(encoding: str) -> None:
    name = encoding.removesuffix("-sig")
    data = f'<?xml version="1.0" encoding="{name}"?><a>停水</a>'.encode(encoding)
    assert read_xml(data).text == "停水"


def test_utf_16_that_is_only_declared_is_read_as_what_it_is() -> None:
    assert read_xml('<?xml version="1.0" encoding="utf-16"?><a>停水</a>'.encode()).text == "停水"


@pytest.mark.parametrize("encoding", ["utf-7", "idna", "rot13", "zlib", "unicode_escape", "big5"])
def test_another_encoding_is_refused_by_its_name(encoding: str) -> None:
    assert encoding in refusal(f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode())


def test_a_wrong_encoding_is_told() -> None:
    assert "utf-8" in refusal("<a>大雨</a>".encode("gbk"))


def test_what_cannot_be_seen_is_taken_out() -> None:
    text = read_xml("<a>红&#x9b;31m&#13;\u202e色\u2066\x7f\n</a>".encode()).text
    assert text == "红31m色\n"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(alphabet='<a/>&;!?-[]"= #x停', max_size=200)))
def test_nothing_but_an_element_or_the_named_error_comes_out(data: bytes | str) -> None:
    try:
        assert isinstance(read_xml(data if isinstance(data, bytes) else data.encode()), Element)
    except NotImported as refused:
        assert refused.problems
