"""The page: complete, alone, and safe from what is on it."""

import base64
import hashlib
import json
import math
from html.parser import HTMLParser

from views import HOSTILE, crowd, shown, view_of

from skdecide_elm.llm.ledger import Entry
from skdecide_elm.report import Run, render, write_report
from skdecide_elm.report.model import ArchiveMap, Arm, Dimension, Spot

VOID = {"meta", "link", "br", "img", "line", "polyline"}


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, and their texts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self._open = [], [], []
        self.feed(text)
        self.close()
        assert self._open == [], "every element ends"

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.texts.append("")
        if tag not in VOID:
            self._open.append((tag, len(self.texts) - 1))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop()[0] == tag

    def handle_data(self, data):
        for _, number in self._open:
            self.texts[number] += data

    def text(self, **wanted):
        found = [
            text
            for (_, attributes), text in zip(self.elements, self.texts, strict=True)
            if wanted.items() <= attributes.items()
        ]
        assert len(found) == 1
        return found[0]

    @property
    def data(self):
        return json.loads(self.text(id="programs"))


def program_text(data, program):
    return "\n".join(data["lines"][number] for number in data["programs"][program]["lines"])


def hostile_run():
    parent, child = shown("0", HOSTILE, -2.0, operator="<i>"), shown("1", HOSTILE + "x = '<s>'\n", -1.0, ["0"], "<b>")
    failed = shown("2", HOSTILE + "y = 1\n", -math.inf, ["1"])
    edges = Dimension("</h2><script>", (0.0, 0.5, 1.0))
    drawn = ArchiveMap("Archive", (edges, edges), (2, 2), (Spot(0, 0, ("0",)), Spot(1, 1, ("1",))))
    view = view_of(parent, child, failed, maps=[drawn], coverage=0.5)
    entries = (Entry("<u>", "<script>", cost=1.0),)
    return Run("</title><script>", view, config="a: '</pre>'", entries=entries, final_code=child.program.code)


def test_what_programs_hold_stays_text():
    run = hostile_run()
    page = Page(render(run))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("script") == 2
    assert not {"img", "u", "iframe", "object", "base"} & set(tags)
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    for shown_program in run.view.programs.values():
        assert program_text(page.data, shown_program.id) == shown_program.program.code
    assert "onerror=\"document.title = 'taken'\"" in page.text(id="final"), "shown, as text"
    assert "{{ 7 * 7 }}" in page.text(id="final")


def test_no_script_may_run_but_the_page_s_own():
    page = Page(render(hostile_run()))
    [policy] = [own["content"] for _, own in page.elements if own.get("http-equiv") == "Content-Security-Policy"]
    [script] = [
        text for (tag, own), text in zip(page.elements, page.texts, strict=True) if tag == "script" and "id" not in own
    ]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_the_page_needs_nothing_else():
    page = Page(render(crowd(4)))
    addresses = [own[name] for _, own in page.elements for name in ("src", "href", "action") if name in own]
    assert addresses == ["data:,"]
    [style] = [text for (tag, _), text in zip(page.elements, page.texts, strict=True) if tag == "style"]
    assert "url(" not in style
    assert "@import" not in style


def test_a_file_can_hold_what_utf_8_cannot(tmp_path):
    write_report(hostile_run(), tmp_path / "new" / "report.html")
    assert Page((tmp_path / "new" / "report.html").read_text(encoding="utf-8")).text(id="final")


def test_a_thousand_programs_are_all_there_in_less_than_ten_megabytes(tmp_path):
    write_report(crowd(1000), tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size < 10e6
    data = Page((tmp_path / "report.html").read_text(encoding="utf-8")).data
    assert len(data["programs"]) == 1000
    assert all(own["lines"] is not None for own in data["programs"].values())


def test_lines_that_programs_share_are_held_once():
    texts = ["a = 1\nb = 2\n", "b = 2\na = 1\nb = 2\n"]
    data = Page(render(Run("two", view_of(*(shown(str(n), text) for n, text in enumerate(texts)))))).data
    assert [program_text(data, str(n)) for n in range(2)] == texts
    assert sorted(data["lines"]) == ["", "a = 1", "b = 2"]


def test_what_would_be_too_large_is_left_out_but_not_what_matters(tmp_path):
    run = crowd(2000)
    write_report(run, tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size < 10e6
    programs = Page((tmp_path / "report.html").read_text(encoding="utf-8")).data["programs"]
    assert len(programs) == 2000
    line = [run.view.best]
    while run.view.programs[line[-1]].program.parents:
        line.append(run.view.programs[line[-1]].program.parents[0])
    assert all(programs[own]["lines"] for own in line)
    assert None in [own["lines"] for own in programs.values()]


def test_a_search_that_found_nothing_has_a_page():
    page = Page(render(Run("nothing", view_of(shown("0", "x", -math.inf, operator="")), final_code="x")))
    assert "No valid program" in "".join(page.texts)
    assert page.data["first"] == "0"


def test_the_state_of_a_bandit_is_there_where_one_chooses():
    programs = [shown("0", operator=""), shown("1", operator="diff@<i>")]
    arms = (Arm("diff@<i>", outcomes=1234, improved=56, rate=1.0), Arm("embedded", outcomes=2, improved=1, rate=0.004))
    page = Page(render(Run("bandit", view_of(*programs, arms=arms))))
    assert " ".join(page.text(id="bandit").split()) == (
        "Bandit It chooses who proposes next, most likely an arm with a high rate, or one that it hardly knows. A rate "
        "is the credit per cost, relative to the best. It comes from the outcomes that the bandit still remembers, "
        "which are counted here; newer ones weigh more. armdrawnbetter thanparentrate diff@<i>1,23456100% embedded21<1%"
    )
    without = Page(render(Run("fixed weights", view_of(*programs))))
    assert "bandit" not in [own.get("id") for _, own in without.elements]


def test_a_descent_that_is_cut_is_said_so():
    run = Run("cut", view_of(shown("3", "a\n"), shown("7", "b\n", 1.0, ["3"]), kept="the elites"))
    assert "is cut" not in Page(render(run)).text(id="lineage")
    cut = Run("cut", view_of(shown("3", "a\n", parents=["2"]), shown("7", "b\n", 1.0, ["3"]), kept="the elites"))
    assert "is cut: program 2 is no longer known. Known are the elites." in Page(render(cut)).text(id="lineage")
