"""Examples that Hypothesis makes up: the same ones each time, and nothing kept on disk."""

from hypothesis import settings

settings.register_profile("schedule", derandomize=True, database=None, deadline=None, max_examples=60)
settings.load_profile("schedule")
