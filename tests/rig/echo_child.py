"""A child for the tests of `system/child_process.py`: gives back what it gets, dies when told."""

import os
import signal
import sys

from broadcaster.system.child_process import connect_to_parent

connection = connect_to_parent(sys.argv)
try:
    while True:
        message = connection.recv()
        if message == "die":
            os._exit(3)
        if message == "hang":
            connection.send("hanging")
            os.kill(os.getpid(), signal.SIGSTOP)
        connection.send(message)
except EOFError:
    pass
