"""Lets studies use the domains of the tests, in this process and in those that it starts; no key."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
FOLDERS = [str(HERE), str(HERE.parent / "solvers")]
sys.path.extend(folder for folder in FOLDERS if folder not in sys.path)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH", ""), *FOLDERS]))
os.environ.pop("OPENAI_API_KEY", None)
