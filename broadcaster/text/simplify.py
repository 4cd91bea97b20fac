"""Converts traditional characters to simplified ones, for pronunciation."""

import re
from functools import cache

from opencc import OpenCC

# OpenCC keeps 著 where it cannot tell 著 zhù from 着; all but what is written or famed are 着.
PARTICLE = re.compile("(?<![显昭卓专编原巨论合遗名土译拙])著(?![名作者书称述录有])")


def simplified(text: str) -> str:
    return PARTICLE.sub("着", str(_converter().convert(text)))


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")
