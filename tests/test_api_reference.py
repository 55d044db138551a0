"""The API reference: Sphinx builds it without a warning, and nothing public is missing."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import skdecide_elm

SOURCE = Path(__file__).parent.parent / "docs"
PACKAGE = Path(skdecide_elm.__file__).parent


def exported(package):
    """``__all__`` of a package, without the seconds that importing it takes."""
    body = ast.parse((package / "__init__.py").read_text(encoding="utf-8")).body
    [value] = [
        node.value for node in body if isinstance(node, (ast.Assign, ast.AnnAssign)) and "__all__" in ast.unparse(node)
    ]
    return ast.literal_eval(value)


def build(source, output):
    options = ["--quiet", "--fail-on-warning", "--keep-going", "-d", output / "doctrees"]
    command = [sys.executable, "-m", "sphinx", *options, source, output / "html"]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def anchors(tmp_path_factory):
    output = tmp_path_factory.mktemp("docs")
    done = build(SOURCE, output)
    assert done.returncode == 0, done.stderr
    pages = [path.read_text(encoding="utf-8") for path in (output / "html").glob("*.html")]
    return {anchor for page in pages for anchor in re.findall(r'id="(skdecide_elm\.[\w.]+)"', page)}


def test_every_public_name_is_documented(anchors):
    missing = [
        f"{package.name}.{name}"
        for package in (PACKAGE, *(path.parent for path in PACKAGE.glob("*/__init__.py")))
        for name in exported(package)
        # what the top exports is documented under that name only
        if not anchors & {f"skdecide_elm.{name}", f"skdecide_elm.{package.name}.{name}"}
    ]
    assert missing == [], "add them to a page in docs/"


def test_a_link_that_leads_nowhere_is_an_error(tmp_path):
    shutil.copy(SOURCE / "conf.py", tmp_path)
    (tmp_path / "index.rst").write_text("Links\n=====\n\n`pathlib.Path` is known, `Nowhere` is not.\n")
    done = build(tmp_path, tmp_path / "built")
    assert done.returncode == 1
    assert re.findall(r"target not found: (\w+)", done.stderr) == ["Nowhere"]
