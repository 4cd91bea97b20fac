"""On a child's path it stands before the real package: the certificate of a stand-in is trusted."""

import os


def where() -> str:
    return os.environ["STAND_IN_CERTIFICATE"]
