"""Makes tests/domains.py importable from every test folder, and from the processes that tests start."""

import os
import signal
import sys
from pathlib import Path

from hypothesis import settings

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH", "")]))

# how long an example takes says how busy the machine is
settings.register_profile("any speed", deadline=None)
settings.load_profile("any speed")

LONGEST = ("test_proposer_rows.py", "test_readme.py", "test_notebooks.py", "test_killed.py", "test_demo.py")

# a shell that starts the tests in the background has them, and all that they start, ignore Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """The longest tests come first: none is begun by one process when all others have come to their end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
