"""`python -m bench.measuring.start MODULE:NAME DESCRIPTOR` answers one request, and writes what it took.

That is the processor time of the whole process, from its first instruction: interpreter, imports, application, answer.
"""

import os
import sys
import time
from importlib import import_module

from bench.measuring.calls import Caller

module, _, name = sys.argv[1].partition(":")
answer = Caller(getattr(import_module(module), name)).answer("/v1/ping")
seconds = time.process_time()
if answer.status != "200 OK":
    sys.exit(f"{sys.argv[1]} answers {answer.status}: {answer.body}")
os.write(int(sys.argv[2]), str(seconds).encode())
