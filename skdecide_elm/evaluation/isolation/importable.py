"""What programs may import besides installed packages: the modules of PYTHONPATH, and packages installed for editing.

Such a folder is often somebody's working folder, with keys and data beside the modules. So it is not made readable as a
whole: its modules and its packages are, each by its name; nothing hidden, no other file, and nothing of a folder in
which the home folder lies. What the script's own folder holds is for `evaluator_readable_paths` to say.
"""

from __future__ import annotations

import os
import site
import tempfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

__all__ = ["importable_paths", "readable_to_programs"]

_MODULES = (".py", ".so", ".pyd")


def readable_to_programs(extra: Iterable[str | Path]) -> tuple[Path, ...]:
    """What an `IsolationPolicy` makes readable: what is asked for, and `importable_paths`; absolute."""
    return (*(Path(path).resolve() for path in extra), *importable_paths())


def importable_paths() -> tuple[Path, ...]:
    """The modules and packages, as files and folders, that this process imports from such folders; looked up once."""
    guarded = (Path.home(), Path(tempfile.gettempdir()).resolve())
    return _importable(os.environ.get("PYTHONPATH", ""), tuple(site.getsitepackages()), guarded)


@lru_cache(maxsize=8)
def _importable(python_path: str, packages: tuple[str, ...], guarded: tuple[Path, ...]) -> tuple[Path, ...]:
    folders = dict.fromkeys(folder.resolve() for folder in _folders(python_path, packages))
    safe = [folder for folder in folders if not any(place.is_relative_to(folder) for place in guarded)]
    return tuple(path for folder in safe for path in _importable_in(folder))


def _folders(python_path: str, all_packages: tuple[str, ...]) -> Iterator[Path]:
    yield from (Path(entry) for entry in python_path.split(os.pathsep) if entry)
    for packages in map(Path, all_packages):
        for listing in sorted(packages.glob("*.pth")):
            lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
            yield from (packages / line for line in lines if line.strip() and not line.startswith(("#", "import ")))


def _importable_in(folder: Path) -> Iterator[Path]:
    if folder.is_file():  # a zip file of modules
        yield folder
    elif not folder.is_dir():
        return
    elif any(folder.glob("*.dist-info")):  # made by pip --target: nothing but packages
        yield folder
    else:
        for path in sorted(folder.iterdir()):
            is_package = path.is_dir() and (path / "__init__.py").is_file()
            if not path.name.startswith(".") and (is_package or path.suffix in _MODULES):
                yield path
