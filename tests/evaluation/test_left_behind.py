"""Programs that start processes and run away from them: the fork server ends every one before it answers."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from corridor import WALKER, corridor_task, program

from skdecide_elm.evaluation import EvaluationPool

TOP = "import os, subprocess, sys, time"

RUNAWAYS = {
    "child": "pids.write(str(subprocess.Popen(['sleep', '60']).pid))",
    "child in a session of its own": "pids.write(str(subprocess.Popen(['sleep', '60'], start_new_session=True).pid))",
    "double fork": """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                pids.write(f'{os.getpid()}\\n')
                pids.flush()
                os.closerange(0, 100)
                time.sleep(60)
            os._exit(0)
        time.sleep(0.1)
    """,
    # a process that is always another one: the number of hops is limited in case it gets away
    "hopper": """
        if os.fork() == 0:
            for _ in range(2000):
                os.setsid()
                if os.fork() != 0:
                    os._exit(0)
                pids.write(f'{os.getpid()}\\n')
                pids.flush()
            os._exit(0)
        time.sleep(0.1)
    """,
}

ENDINGS = {
    "and goes on": "pids.flush()",
    "and hangs": "pids.flush()\nwhile True: pass",
    "and exits": "pids.flush()\nos._exit(0)",
}


@pytest.fixture(scope="module")
def pool():
    with EvaluationPool(corridor_task(), workers=1, mode="forkserver") as pool:
        yield pool


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("runaway", RUNAWAYS)
def test_none_is_left(pool, tmp_path, runaway, ending):
    written = tmp_path / "pids"
    body = "\n".join([f"pids = open({str(written)!r}, 'a')", textwrap.dedent(RUNAWAYS[runaway]), ENDINGS[ending]])
    pool.evaluate(program("return 'right'", TOP, body))
    pids = written.read_text().split()
    assert pids
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    assert pool.evaluate(WALKER).is_valid
