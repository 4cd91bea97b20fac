"""Where the project and its settings are."""

from pathlib import Path

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
CONFIG_FOLDER = PROJECT_FOLDER / "config"
# In the state folder.
SESSION_KEY, ENDED_SESSIONS = "session_key", "ended_sessions"


def under_project(folder: Path) -> Path:
    """A folder as settings name it."""
    return folder if folder.is_absolute() else PROJECT_FOLDER / folder
