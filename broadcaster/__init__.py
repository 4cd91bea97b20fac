"""The village loudspeaker: notices in, clear Mandarin out, on time, for years."""

__version__ = "0.3.0"
