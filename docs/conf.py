"""The API reference, built by Sphinx from docstrings; ``make docs`` builds it."""

import pkgutil
import sys
from typing import Any

from docutils.nodes import Element
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.nodes import make_refnode

project = "skdecide_elm"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
default_role = "py:obj"
nitpicky = True  # a link in a docstring that leads nowhere is a warning
nitpick_ignore_regex = [("py:(class|exc)", ".*")]  # in annotations, which name much that is documented elsewhere
autodoc_default_options = {"members": True, "no-value": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 100
html_show_copyright = False
html_show_sourcelink = False


def attribute_docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Fetch an exported constant's docstring from its home, and let none begin with what looks like a type."""
    short = name.rpartition(".")[2]
    modules = [module for module in sys.modules if what == "data" and module.startswith(f"{project}.")]
    for module in modules:
        if vars(sys.modules[module]).get(short) is obj:
            lines[:] = ModuleAnalyzer.for_module(module).find_attr_docs().get(("", short), lines)
    if what in ("attribute", "data", "property"):
        lines.insert(0, "")  # napoleon takes for a type what stands before a colon in the first line


def shown_signature(app: Sphinx, what: str, name: str, obj: Any, options: Any, arguments: str, answer: str) -> Any:
    """Write an ellipsis for the defaults that dataclasses make afresh, whose text is no Python."""
    return arguments and arguments.replace("<factory>", "..."), answer


def find_short_name(app: Sphinx, env: BuildEnvironment, node: Element, contents: Element) -> Element | None:
    """Link a name without its module if only one object has it; accept names of the standard library and others."""
    target = node["reftarget"]
    objects = env.get_domain("py").objects.items()
    found = {(entry.docname, entry.node_id) for name, entry in objects if name.endswith(f".{target}")}
    if len(found) == 1:
        [(page, anchor)] = found
        return make_refnode(app.builder, node["refdoc"], page, anchor, contents, target)
    try:
        pkgutil.resolve_name(target)
    except (ImportError, AttributeError, ValueError):
        return None
    return contents


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.connect("autodoc-process-docstring", attribute_docstring, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", shown_signature)
    app.connect("missing-reference", find_short_name)
