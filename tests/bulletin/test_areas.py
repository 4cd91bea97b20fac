"""Codes of areas: trimmed, and what lies in what."""

import pytest

from broadcaster.bulletin import areas
from broadcaster.core.notice import OfficeLevel


@pytest.mark.parametrize(
    ("written", "trimmed"),
    [
        ("331121104200", "331121104200"),
        ("331121104000", "331121104"),
        ("331121000000", "331121"),
        ("330000000000", "33"),
        ("331100", "3311"),
        ("441900000000", "4419"),
        ("441900003001", "441900003001"),
        ("429004001000", "429004001"),
    ],
)
def test_a_code_is_trimmed_to_what_it_names(written: str, trimmed: str) -> None:
    assert areas.trim(written) == trimmed
    assert areas.trim(areas.full(trimmed)) == trimmed


@pytest.mark.parametrize(
    "written",
    ["", "3", "331", "33112110420", "0000", "330021", "331121000200", "33112１", "33*", "3311 1"],
)
def test_what_is_no_code_is_refused(written: str) -> None:
    with pytest.raises(areas.AreaUnknown):
        areas.trim(written)


def test_a_village_lies_in_its_five_areas() -> None:
    assert areas.ancestors("331121104200") == ("33", "3311", "331121", "331121104", "331121104200")


def test_a_village_of_a_city_without_counties_lies_in_four() -> None:
    assert areas.ancestors("441900003001") == ("44", "4419", "441900003", "441900003001")


def test_a_town_contains_its_villages_and_no_others() -> None:
    assert areas.contains("331121104", "331121104200")
    assert not areas.contains("331121104", "331121105200")
    assert not areas.contains("331121104", "331121")


def test_the_office_is_told_by_the_length() -> None:
    assert [areas.office_of(code) for code in areas.ancestors("331121104200")] == [
        *(
            OfficeLevel.PROVINCE,
            OfficeLevel.CITY,
            OfficeLevel.COUNTY,
            OfficeLevel.TOWN,
            OfficeLevel.VILLAGE,
        )
    ]
