"""The page in a browser: it loads without an error, answers clicks, fits narrow screens, and runs no stranger's script.

Needs chromium and chromedriver (Debian's chromium and chromium-driver).
"""

import json
import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from views import HOSTILE, crowd, shown, view_of

from skdecide_elm.llm.ledger import Entry
from skdecide_elm.report import Run, write_report
from skdecide_elm.report.comparisons import read_comparisons
from skdecide_elm.report.model import ArchiveMap, Dimension, Failure, Spot

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
SCREENS = [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")]

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None, reason="needs chromium and chromedriver, of which one is not installed"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def open_page(browser, tmp_path):
    """Opens the page of a run on a screen; at the end, the browser must have had nothing to complain of."""

    def open_page(run, width=1280, scheme="light"):
        write_report(run, tmp_path / "report.html")
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        browser.get((tmp_path / "report.html").as_uri())
        return browser

    yield open_page
    assert browser.get_log("browser") == []


def part(page, name):
    return page.find_element(By.CSS_SELECTOR, f'[data-part="{name}"]')


def shown_code(page):
    """The text that is shown; by way of JSON, which carries lone surrogates too."""
    return json.loads(page.execute_script("return JSON.stringify(arguments[0].textContent)", part(page, "code")))


def spot_of(page, program):
    wanted = f".cell[data-programs*='\"{program}\"'], .place[data-programs*='\"{program}\"']"
    return page.find_element(By.CSS_SELECTOR, wanted)


def busy_run():
    """Everything that a page can show, with long names and lines."""
    long_name = "a_feature_with_a_name_that_is_rather_long"
    programs = [
        shown("0", "class Planner:\n    pass\n", -3.0, operator=""),
        shown(
            "1", "class Planner:\n    WIDE = '" + "x" * 300 + "'\n", -1234.5678, ["0"], "crossover@a-model/with-a-name"
        ),
        shown("2", HOSTILE, -0.00012345, ["1", "0"], "rewrite@a-model/with-a-name"),
        shown("3", "raise ValueError\n", float("-inf"), ["2"], "diff@small"),
    ]
    grid = Dimension(long_name, tuple(1234.5 * edge for edge in range(11)))
    maps = [
        ArchiveMap("All islands", (grid, grid), (10, 10), (Spot(0, 0, ("0",)), Spot(9, 9, ("2", "1"))), "A remark."),
        ArchiveMap("Island 1", (grid, grid), (10, 10), (Spot(4, 5, ("1",)),)),
        ArchiveMap("Places", (grid, grid), None, (Spot(0.0, 1.0, ("0",)), Spot(1.0, 0.0, ("2",)))),
    ]
    failures = (Failure("reply", "a kind of failure with a long name", 17), Failure("program", "E" * 60, 1))
    entries = [Entry("rewrite", "a-model/with-a-name", 1, 900, 300, 0.01 * n, estimated=n > 5) for n in range(20)]
    interval = {"mean": -1.234567, "low": -1.5, "high": -1.0}
    row = {"episodes": 12, "score": interval, "initial": {**interval, "mean": None}, "difference": interval}
    result = {"train": row, "validation": row, "test": row, "confidence_level": 0.95}
    return Run(
        name="a-run-whose-name-is-long-and-has-no-space-in-it-20260101-000000",
        view=view_of(*programs, maps=maps, coverage=0.02, failures=failures, inserted={"diff": 3}),
        config="key: " + "value " * 80,
        record={"solver": "ProxyELM", "evaluator_seed": 2**125, "versions": {"system": "Linux-" + "x" * 60}},
        comparisons=read_comparisons(result),
        entries=tuple(entries),
        final_code=HOSTILE,
    )


def test_a_click_on_a_cell_shows_its_program(open_page):
    page = open_page(busy_run())
    assert part(page, "name").text == "2", "the page begins with the final program"
    spot_of(page, "0").click()
    assert shown_code(page) == "class Planner:\n    pass\n"
    assert (part(page, "name").text, part(page, "score").text) == ("0", "−3")
    assert part(page, "origin").text == "initial program"
    assert [own.text for own in page.find_elements(By.CSS_SELECTOR, '[data-part="code"] .k')] == ["class", "pass"]


def test_a_cell_with_several_programs_offers_all_of_them(open_page):
    page = open_page(busy_run())
    spot_of(page, "1").click()
    offered = part(page, "choice").find_elements(By.TAG_NAME, "button")
    assert [own.text for own in offered] == ["2", "1"], "the best first"
    offered[1].click()
    assert part(page, "name").text == "1"
    assert part(page, "crowd").is_displayed()


def test_parents_ancestors_and_dots_lead_to_their_programs(open_page):
    page = open_page(busy_run())
    part(page, "origin").find_elements(By.TAG_NAME, "button")[0].click()
    assert part(page, "name").text == "1"
    page.find_element(By.CSS_SELECTOR, "#lineage .link").click()
    assert part(page, "name").text == "0"
    dot = page.find_element(By.CSS_SELECTOR, ".dot[data-programs='[\"2\"]']")
    page.execute_script("arguments[0].click()", dot)
    assert part(page, "name").text == "2"


def test_islands_are_shown_one_at_a_time(open_page):
    page = open_page(busy_run())
    for tab in page.find_elements(By.CSS_SELECTOR, "[data-map]"):
        tab.click()
        visible = [
            own.get_attribute("id") for own in page.find_elements(By.CSS_SELECTOR, "[id^=map-]") if own.is_displayed()
        ]
        assert visible == [tab.get_attribute("data-map")]
    spot_of(page, "2")  # of the first map, which is hidden now
    page.find_element(By.CSS_SELECTOR, ".place[data-programs='[\"2\"]']").click()
    assert part(page, "name").text == "2"


def test_the_text_that_a_click_shows_is_the_program(open_page):
    run = busy_run()
    page = open_page(run)
    for program in ("1", "2"):
        page.execute_script("arguments[0].click()", spot_of(page, program))
        names = {own.text: own for own in part(page, "choice").find_elements(By.TAG_NAME, "button")}
        names[program].click()
        assert shown_code(page) == run.view.programs[program].program.code


def test_a_program_s_script_does_not_run(open_page):
    page = open_page(busy_run())
    title = page.title
    page.execute_script("arguments[0].click()", spot_of(page, "2"))
    assert page.title == title != "taken"
    assert page.find_elements(By.TAG_NAME, "img") == []


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_nothing_is_wider_than_the_screen_and_text_stands_out(open_page, width, scheme):
    page = open_page(busy_run(), width, scheme)
    for details in page.find_elements(By.TAG_NAME, "details"):
        page.execute_script("arguments[0].open = true", details)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    weakest = page.execute_script(CONTRAST)
    assert weakest["ratio"] >= 4.5, f"WCAG AA wants 4.5 for text: {weakest}"


def test_both_colour_schemes_are_there(open_page):
    grounds = [
        open_page(busy_run(), 1280, scheme).execute_script("return getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    light, dark = (sum(map(int, ground.removeprefix("rgb(").rstrip(")").split(","))) for ground in grounds)
    assert light > 600 > 150 > dark


def test_a_thousand_programs_answer_a_click(open_page):
    run = crowd(1000)
    page = open_page(run)
    assert page.execute_script("return document.readyState") == "complete"
    assert len(page.find_elements(By.CSS_SELECTOR, ".cell")) == 1000
    spot_of(page, "123").click()
    assert shown_code(page) == run.view.programs["123"].program.code


CONTRAST = """
const parse = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
const light = (rgb) => {
  const [r, g, b] = rgb.slice(0, 3).map((v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  for (let own = element; own; own = own.parentElement) {
    const found = parse(getComputedStyle(own).backgroundColor);
    if (found.length < 4 || found[3] > 0) return found;
  }
  return [255, 255, 255];
};
let weakest = { ratio: 99 };
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const parent = walk.currentNode.parentElement;
  if (!walk.currentNode.textContent.trim() || !parent.getClientRects().length || parent.matches("script")) continue;
  const [a, b] = [light(parse(getComputedStyle(parent).color)), light(ground(parent))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const text = walk.currentNode.textContent.slice(0, 40);
  if (ratio < weakest.ratio) weakest = { ratio, text, kind: parent.className };
}
return weakest;
"""
