"""Where a box keeps that it belongs to a county; told without loading what verifies."""

from pathlib import Path

FOLDER = "county"


def folder_of(state: Path) -> Path:
    return state / FOLDER


def is_enrolled(state: Path) -> bool:
    return (folder_of(state) / "enrolment.json").exists()
