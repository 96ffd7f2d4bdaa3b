"""A picture of several stages, stepped through by keys: each is what the command draws, its cells can be asked, bars move at most 300 ms and only where a
reader lets them, and the picture as it was recorded comes back."""

import json
import subprocess
import tempfile

from browser import Page, shared_browser
from selenium.webdriver.common.keys import Keys

# Lesson, step, figure, and what the command is told to draw the same.
LESSON, STEP, FIGURE = "attention-step-by-step", "softmax", "softmax"
STAGES = ["scores", "exponentials", "shares"]
PICTURE = "shown('.picture:has(.stages)')[0]"
DRAWN = f"{PICTURE}.querySelector('.sheet > svg')"
# How long each bar was asked to move.
SPY = """(() => {
  window.moved = [];
  const own = Element.prototype.animate;
  Element.prototype.animate = function (frames, options) { moved.push(options.duration); return own.call(this, frames, options); };
})()"""


def stepped(results, attn, site, language):
    page = Page(shared_browser(), site / f"{LESSON}.html", language=language, fragment="#" + STEP)
    page.reveal_all()
    where = f"{LESSON} {STEP} ({language})"
    page.js(SPY)
    recorded = page.finds("the picture is drawn", f"{DRAWN}?.outerHTML")
    still = {}
    page.media(prefers_reduced_motion="reduce")
    results.check(f"{where}: stages by keys, without motion", by_keys, page, recorded, still)
    results.check(f"{where}: nothing moved", moved, page, False)
    page.media()
    results.check(f"{where}: stages by keys", by_keys, page, recorded, still)
    results.check(f"{where}: bars moved 300 ms at most", moved, page, True)
    results.check(f"{where}: each stage is the command's", is_the_commands, page, attn, still, language)
    results.check(f"{where}: a cell of a stage explains itself", explains, page)
    results.check(f"{where} fits a phone", page.fits, 360)
    results.check(f"{where} is quiet", page.is_quiet)


def by_keys(page, recorded, still):
    """Goes through all stages and back; what stands at the end of each is the same whether it moved or not."""
    page.js(f"{PICTURE}.querySelector('.stages input:checked').focus()")
    for stage in STAGES:
        page.press(Keys.ARROW_RIGHT)
        page.holds(f"the stage {stage} has the focus", "document.activeElement.value === a && document.activeElement.checked", stage)
        page.holds(f"only {stage} is drawn", f"""(names => names.length > 3 && names.every(name => name.startsWith(a + ' ')))
          ([...{DRAWN}.querySelectorAll('g[data-name]')].map(g => g.dataset.name).filter(name => / (\\d+|others)$/.test(name)))""", stage)
        drawn = page.js(f"{DRAWN}.innerHTML")
        assert still.setdefault(stage, drawn) == drawn, f"{stage} differs from what was drawn without motion"
    page.is_at(STEP, "arrow keys choose stages, not steps")
    page.press(Keys.ARROW_RIGHT)
    page.holds("after the last stage the recorded picture comes back", f"{DRAWN}.outerHTML === a", recorded)


def moved(page, wanted):
    found = page.js("window.moved.splice(0)")
    assert bool(found) == wanted and all(duration <= 300 for duration in found), found


def is_the_commands(page, attn, still, language):
    """The words and bars of the command's own picture of the stage."""
    data = json.loads(page.js(f"{PICTURE}.dataset.drawn"))["options"]
    for stage in STAGES:
        with tempfile.NamedTemporaryFile(suffix=".scene.json") as file:
            options = [part for name in ["step", "head", "query"] if name in data for part in (f"--{name}", str(data[name]))]
            subprocess.run(
                [attn, "figure", FIGURE, "--lesson", LESSON, *options, "--width", str(data["width"]), "--stage", stage, "--lang", language, "--output", file.name],
                check=True, capture_output=True)
            items = json.load(open(file.name))["items"]
        texts = sorted(item["text"] for item in items if item["kind"] == "text")
        bars = sorted(item["name"] for item in items if item["kind"] == "group")
        found = page.js("""(made => [[...made.querySelectorAll("text")].map(e => e.textContent), [...made.querySelectorAll("g[data-name]")].map(e => e.dataset.name)])
          (new DOMParser().parseFromString(`<svg xmlns="http://www.w3.org/2000/svg">${a}</svg>`, "image/svg+xml"))""", still[stage])
        assert bars and set(bars) <= set(found[1]), (stage, bars, found[1])
        missing = set(texts) - set(found[0])
        assert not missing, (stage, missing)


def explains(page):
    page.js(f"{PICTURE}.querySelector('.stages input[value=\"shares\"]').click()")
    cell = page.finds("the stage has cells", f"{DRAWN}.querySelector('g[data-name^=\"shares \"]') && {PICTURE}.querySelector('.cells rect[tabindex=\"0\"]')")
    page.press_on(cell, Keys.ENTER)
    page.holds("the engine explains it", f"{PICTURE}.querySelector('.why .operands')")
