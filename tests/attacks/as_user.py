"""Run something as an ordinary user, with a copy of this Python that such a user can read: ``make attacks-as-user``.

Root's own Python may lie where others cannot enter. The interpreter, its packages and this repository are hard-linked
(or copied, across file systems) into a temporary folder, which is removed afterwards.

    python tests/attacks/as_user.py                                 the attack suites
    python tests/attacks/as_user.py benchmarks/soak.py --help       something else
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

NOBODY = 65534
ROOT = Path(__file__).parents[2]
SUITES = ["-m", "pytest", "-p", "no:cacheprovider", "-q", "tests/attacks", "tests/evaluation/isolation"]
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"


def link(source: Path, target: Path) -> None:
    """Hard-link a file or a whole folder; what cannot be linked is copied."""
    if source.is_dir():
        ignored = shutil.ignore_patterns("site-packages", "__pycache__") if source.name == VERSION else None
        shutil.copytree(source, target, symlinks=True, copy_function=_link_file, ignore=ignored)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        _link_file(os.fspath(source), os.fspath(target))


def _link_file(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target)


def make_python(place: Path) -> Path:
    """A Python with the packages of this one, below a folder; its executable."""
    base, home = Path(sys.base_prefix), place / "python"
    executable = home / "bin" / VERSION
    link(Path(sys.executable).resolve(), executable)
    link(Path(sysconfig.get_path("stdlib")), home / "lib" / VERSION)
    for library in base.glob("lib/libpython*.so*"):
        link(library, home / "lib" / library.name)
    packages = place / "venv" / "lib" / VERSION / "site-packages"
    link(Path(sysconfig.get_path("purelib")), packages)
    (place / "venv" / "bin").mkdir()
    (place / "venv" / "bin" / "python").symlink_to(executable)
    (place / "venv" / "pyvenv.cfg").write_text(f"home = {executable.parent}\ninclude-system-site-packages = false\n")
    return place / "venv" / "bin" / "python"


def make_repository(place: Path) -> Path:
    """What of this repository is needed."""
    for name in ("skdecide_elm", "tests", "benchmarks", "pyproject.toml"):
        source, target = ROOT / name, place / "repository" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return place / "repository"


def run(arguments: list[str]) -> int:
    """Run Python with these arguments as an ordinary user; its exit code."""
    with tempfile.TemporaryDirectory(prefix="as_user_") as name:
        place = Path(name)
        place.chmod(0o755)
        python, repository = make_python(place), make_repository(place)
        home = place / "home"
        home.mkdir(mode=0o700)
        os.chown(home, NOBODY, NOBODY)
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": os.fspath(home),
            "TMPDIR": os.fspath(home),
            "LD_LIBRARY_PATH": os.fspath(place / "python" / "lib"),
            "PYTHONPATH": os.fspath(repository),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [python, *arguments], cwd=repository, env=environment, user=NOBODY, group=NOBODY, extra_groups=[]
        )
        return done.returncode


if __name__ == "__main__":
    if os.getuid() != 0:
        sys.exit("expected to be root, who can become an ordinary user; an ordinary user runs the suites as they are")
    sys.exit(run(sys.argv[1:] or SUITES))
