"""Finds the folders of the project and of its settings."""

from pathlib import Path

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]
PROJECT_FOLDER = PACKAGE_FOLDER.parent
CONFIG_FOLDER = PROJECT_FOLDER / "config"
# In the state folder.
SESSION_KEY, ENDED_SESSIONS = "session_key", "ended_sessions"
RECORDINGS, SOUNDS = "recordings", "sounds"


def under_project(folder: Path) -> Path:
    """A folder as settings name it."""
    return folder if folder.is_absolute() else PROJECT_FOLDER / folder
