"""Which layers are put on, at which level, and what is said when one is missing."""

import pickle
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from skdecide_elm.errors import ConfigError
from skdecide_elm.evaluation.isolation import LAYERS, IsolationPolicy, available_layers
from skdecide_elm.evaluation.isolation.landlock import readable_paths

STATUS = """
fields = dict(line.split(':\\t', 1) for line in open('/proc/self/status').read().splitlines() if ':\\t' in line)
print(fields['NoNewPrivs'], fields['Seccomp'], int(fields['CapEff'], 16) & ~4, int(fields['CapPrm'], 16) & ~4)
"""


def test_every_layer_is_available_here():
    # CI runs on kernels that have all of them: a layer that is lost must not go unseen
    found = available_layers()
    assert {name: status.detail for name, status in found.items() if not status} == {}
    assert tuple(found) == LAYERS
    assert found["landlock"].detail.startswith("ABI ")
    assert found["seccomp"].detail in {"x86_64", "aarch64"}


def test_probing_changes_nothing_here(tmp_path):
    before = Path("/proc/self/status").read_text()
    available_layers()
    after = Path("/proc/self/status").read_text()
    for field in ("NoNewPrivs", "Seccomp", "Seccomp_filters", "CapEff"):
        assert [s for s in before.splitlines() if s.startswith(field + ":")] == [
            s for s in after.splitlines() if s.startswith(field + ":")
        ]
    (tmp_path / "written").write_text("as before")


@pytest.mark.parametrize("level", ["auto", "strict"])
def test_all_layers_are_in_force(level, jail, folder):
    outcome = jail.run(STATUS, folder, level=level)
    assert outcome.layers == LAYERS
    assert outcome.output == "1 2 0 0\n"


def test_level_process_limits_resources_and_privileges_only(jail, folder, base):
    (base / "open").write_text("read")
    outcome = jail.run(f"{STATUS}\nprint(open({str(base / 'open')!r}).read())", folder, level="process")
    assert outcome.layers == ("rlimits", "no_new_privs", "capabilities")
    assert outcome.output == "1 0 0 0\nread\n"


def test_strict_refuses_when_a_layer_is_missing(jail, folder):
    # an isolated process cannot be isolated again: seccomp does not let it
    code = f"""
from pathlib import Path
from skdecide_elm.evaluation.isolation import IsolationPolicy, apply_isolation, available_layers
here = Path({str(folder)!r})
apply_isolation(IsolationPolicy(writable=here, level='strict'))
"""
    assert jail.run(code, folder).output == (
        'EvaluationError: isolation="strict" expects all of rlimits, no_new_privs, capabilities, landlock, seccomp; '
        "rlimits cannot be put on here: [Errno 1] a resource limit cannot be lowered to 0: not allowed to raise "
        'maximum limit. Use isolation="auto" to run with what this machine offers\n'
    )
    again = code.replace("apply_isolation(", "print(apply_isolation(").replace("'strict')", "'auto'))")
    assert jail.run(again, folder).output == "('no_new_privs', 'landlock')\n"


def test_a_process_that_cannot_fork_is_told_so(jail, folder):
    code = """
from skdecide_elm.evaluation.isolation import available_layers
found = available_layers()
print(any(found.values()), found['seccomp'].detail)
"""
    expected = "False no process can be forked to try it: [Errno 1] Operation not permitted\n"
    assert jail.run(code, folder).output == expected


def test_a_missing_private_folder_is_an_error_and_not_a_missing_layer(jail, folder):
    code = """
from pathlib import Path
from skdecide_elm.evaluation.isolation import IsolationPolicy, apply_isolation
apply_isolation(IsolationPolicy(writable=Path('/nowhere')))
"""
    output = jail.run(code, folder, isolated=False).output
    assert output == "EvaluationError: expected the program's private folder at /nowhere; found none: create it first\n"


LIMITS = {
    "memory_limit_mb": (
        4000,
        "import mmap; kept = [mmap.mmap(-1, 2**28) for _ in range(64)]",
        "OSError: [Errno 12]",
        1,
    ),
    "cpu_seconds": (1, "while True: pass", "", -9),
    "max_file_bytes": (1000, "open('f', 'wb', 0).write(bytes(1000)); open('f', 'ab', 0).write(b'x')", "OSError: ", 1),
    "max_open_files": (40, "kept = [open('/dev/null') for _ in range(60)]", "OSError: [Errno 24]", 1),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_holds(name, jail, folder):
    value, code, output, status = LIMITS[name]
    outcome = jail.run(code, folder, **{name: value})
    assert outcome.layers == LAYERS
    assert outcome.output.startswith(output)
    assert outcome.status == status
    unlimited = {"memory_limit_mb": None, "cpu_seconds": None, "max_file_bytes": None, "max_open_files": None}
    if name != "cpu_seconds":
        assert jail.run(code, folder, **unlimited).status == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"level": "total"}, "expected an isolation level among"),
        ({"writable": Path("here")}, "expected absolute paths in an isolation policy; found here"),
        ({"readable": (Path("data"),)}, "expected absolute paths in an isolation policy; found data"),
        ({"cpu_seconds": 0}, "expected cpu_seconds of at least 1, or None for no limit; found 0"),
    ],
)
def test_a_policy_that_cannot_work_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        IsolationPolicy(**{"writable": Path("/tmp"), **changes})


def test_a_policy_can_be_pickled():
    policy = IsolationPolicy(writable=Path("/tmp/x"), level="strict", readable=(Path("/data"),), threads=True)
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_readable_paths_hold_no_home_and_no_project():
    paths = [Path(path) for path in readable_paths()]
    for forbidden in (Path.home(), Path.cwd(), Path("/"), Path("/etc"), Path("/proc"), Path("/tmp"), Path("/var")):
        assert not any(forbidden.is_relative_to(path) for path in paths), forbidden
    assert all(path.exists() for path in paths)


def test_preparing_changes_nothing_and_leaves_nothing_open(jail, folder):
    code = """
import os
from pathlib import Path
from skdecide_elm.evaluation.isolation import IsolationPolicy, available_layers, prepare_isolation
before = os.listdir('/proc/self/fd')
for level in ('auto', 'strict'):
    prepare_isolation(IsolationPolicy(writable=Path.cwd(), level=level, readable=(Path('/etc'),)))
print(os.listdir('/proc/self/fd') == before, len(os.listdir('/home')) >= 0, os.listdir())
"""
    assert jail.run(code, folder, isolated=False).output == "True True []\n"


def test_elsewhere_than_on_linux_the_resource_limits_remain(tmp_path):
    code = """
import sys
from pathlib import Path
from skdecide_elm.evaluation.isolation import IsolationPolicy, apply_isolation, available_layers, prepare_isolation
sys.platform = 'darwin'
policy = IsolationPolicy(writable=Path(sys.argv[1]), memory_limit_mb=1)
prepare_isolation(policy)
print(available_layers()['seccomp'].detail)
print(apply_isolation(policy))
"""
    answer = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert answer.stdout == "[Errno 38] only Linux has seccomp, not darwin\n('rlimits',)\n"


def test_isolation_is_put_on_in_milliseconds(jail, folder):
    jail.run("", folder)
    seconds = statistics.median(jail.run("", folder, memory_limit_mb=4000, cpu_seconds=9).seconds for _ in range(15))
    assert seconds < 0.02  # 0.002 on a machine of 2026; room for a busy one
