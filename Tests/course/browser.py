"""A browser without a network, and the questions that tests ask of a page in it.

Chromium is driven by selenium; its resolver knows no name and CDP keeps it offline, so that a page that asks for anything fails loudly.

No question is asked only once: what a page does about a click or a key it may do a moment later, and on a busy machine much later. `Page.holds` waits,
in the page, until its claim holds, and fails with the claim that did not; before it looks at all, every key and click so far has been heard.
"""

import atexit
import base64
import contextlib
import json
import multiprocessing.util
import os
import pathlib
import tempfile
import time

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains

# Seconds until what does not come has failed: far more than any page needs, since other work may share the machine.
PATIENCE = 60

WIDTHS = [360, 768, 1440]

# Roles that a reader of a screen must hear a name of.
NAMED_ROLES = {
    "button", "link", "image", "img", "checkbox", "radio", "textbox", "combobox", "progressbar", "ProgressIndicator", "group", "region",
    "navigation", "heading", "graphics-document", "graphics-object", "DisclosureTriangle", "DisclosureTriangleGrouped", "form",
}


@contextlib.contextmanager
def open_browser(language="en-US", javascript=True):
    """A headless Chromium that prefers `language`, closed at the end."""
    options = webdriver.ChromeOptions()
    for argument in [
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb",
        "--host-resolver-rules=MAP * ~NOTFOUND", f"--lang={language}", f"--accept-lang={language}",
        "--disable-background-networking", "--disable-component-update", "--no-first-run",
    ]:
        options.add_argument(argument)
    preferences = {"intl.accept_languages": language}
    if not javascript:
        preferences["profile.managed_default_content_settings.javascript"] = 2
    options.add_experimental_option("prefs", preferences)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    binary = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if os.path.exists(binary):
        options.binary_location = binary
    driver = os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver")
    browser = webdriver.Chrome(options=options, service=Service(driver) if os.path.exists(driver) else Service())
    browser.scripted = javascript
    empty = tempfile.NamedTemporaryFile(suffix=".html")
    browser.empty = pathlib.Path(empty.name).as_uri()
    try:
        browser.set_script_timeout(2 * PATIENCE)
        browser.execute_cdp_cmd("Network.enable", {})
        browser.execute_cdp_cmd(
            "Network.emulateNetworkConditions", {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})
        if javascript:
            browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": HEARING})
        yield browser
    finally:
        browser.quit()
        empty.close()


opened = []


def shared_browser():
    """The browser of this process: opened when it is first wanted, closed when the process ends. Each `Page` in it forgets the pages before."""
    if opened and is_lost(opened[0]):
        opened.clear()
    if not opened:
        holder = contextlib.ExitStack()
        opened.append(holder.enter_context(open_browser()))
        # A process of a pool ends without what atexit was given.
        multiprocessing.util.Finalize(None, holder.close, exitpriority=10)
        atexit.register(holder.close)
    return opened[0]


def is_lost(browser):
    """Whether a browser has gone: crashed, or ended by others."""
    try:
        browser.execute_cdp_cmd("Browser.getVersion", {})
        browser.execute_script("return 1")
        return False
    except WebDriverException:
        return True


# Counts the keys that have come up again and the mouse's buttons that have, once the page has done what it does about them.
HEARING = """
window.heard = { keyup: 0, mouseup: 0 };
for (const name of Object.keys(heard)) addEventListener(name, (event) => { if (event.isTrusted) setTimeout(() => { heard[name] += 1; }); }, true);
"""

# What claims are made of, besides what is given to them: a, b, c.
WORDS = """
const shown = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility({ visibilityProperty: true }));
const step = () => { const steps = shown(".step"); return steps.length === 1 ? steps[0].dataset.step : steps.length + " steps at once"; };
const [a, b, c] = arguments[0];
"""

# Looks again until all has been heard and the claim holds, then gives what it found; or until the time is over, then what stood in the way.
WAITING = WORDS + """
const [keys, clicks, patience, done] = [...arguments].slice(1);
const end = performance.now() + patience;
const look = () => {
  let found, hindrance;
  try {
    if (!window.heard || heard.keyup < keys || heard.mouseup < clicks) hindrance = "a key or a click has not been heard";
    else found = (CLAIM);
  } catch (error) { hindrance = String(error); }
  if (found) done([found, null]);
  else if (performance.now() > end) done([null, hindrance ?? "found " + JSON.stringify(found)]);
  else setTimeout(look, 4);
};
look();
"""


class Page:
    """One opened page."""

    number = 0

    def __init__(self, browser, path, width=1200, fragment="", **stored):
        """Opens `path` with only `stored` remembered of earlier visits: language, theme."""
        self.browser = browser
        self.keys = self.clicks = 0
        Page.number += 1
        # A number of its own, or the same page with another fragment would not be opened anew.
        self.address = f"{pathlib.Path(path).resolve().as_uri()}?{Page.number}{fragment}"
        self.media()
        self.console()
        self.requests()
        remembered = {"attention-steps." + key: value for key, value in stored.items()} | {"test": str(Page.number)}
        end = time.monotonic() + PATIENCE
        while not self.opens(remembered, width):
            assert time.monotonic() < end, f"the page does not open with what is remembered of earlier visits: {self.js('{...localStorage}')}"
        self.has_width(width)

    def opens(self, remembered, width):
        """Opens the page's address; whether it finds what is to be remembered, and nothing else.

        The browser may open a page before the storage of pages is there for it: then it finds nothing, and what it stores is lost.
        """
        self.browser.get(self.browser.empty)
        if self.browser.scripted:
            self.js("(localStorage.clear(), Object.assign(localStorage, a))", remembered)
        self.emulate_width(width)
        self.browser.get(self.address)
        self.is_open()
        return not self.browser.scripted or self.js("({...localStorage})") == remembered

    def is_open(self):
        """Waits until a new document is there, whose script, if it has one, has done what it does at first."""
        self.keys = self.clicks = 0
        self.holds("the page opens", """!window.left && location.protocol === "file:" && document.readyState === "complete"
          && (!document.documentElement.classList.contains("js") || !document.body.classList.contains("lesson")
            || document.documentElement.dataset.ready === "true")""")

    def open_again(self):
        """Opens the page once more, as the browser's button does. Never while it is still opening: that would start it anew each time."""
        self.js("(window.left = true)")
        self.browser.refresh()
        self.is_open()

    def width(self, width):
        """Makes the window so wide, and waits until the page has laid itself out anew."""
        self.emulate_width(width)
        self.has_width(width)
        self.painted()

    def emulate_width(self, width, height=900):
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})

    def has_width(self, width):
        # Not innerWidth: a small window grows to show what sticks out.
        self.holds(f"the window is {width} wide", "document.documentElement.clientWidth === a", width)

    def media(self, media="", **features):
        """Emulates a medium and its features; none again without arguments."""
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": named})

    # MARK: Questions

    def js(self, code, *given):
        """What `code`, an expression of WORDS, is now."""
        return self.browser.execute_script(WORDS + "return " + code, list(given))

    def finds(self, what, code, *given):
        """What `code`, an expression of WORDS, is as soon as it is neither false nor nothing; fails with `what` if that does not come."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self.browser.scripted:
                    found, hindrance = self.browser.execute_async_script(
                        WAITING.replace("CLAIM", code), list(given), self.keys, self.clicks, 1000 * max(0, end - time.monotonic()))
                else:  # no clock of the page's runs
                    found, hindrance = self.js(code, *given), "not yet"
            except WebDriverException as error:  # the document went while it was asked
                found, hindrance = None, str(error).splitlines()[0]
            if found:
                return found
            assert time.monotonic() < end, f"{what}: {hindrance}"
            time.sleep(0.01)

    def holds(self, what, claim, *given):
        """Waits until `claim` holds; fails with `what` if it never does."""
        self.finds(what, f"Boolean({claim})", *given)

    def lacks(self, what, code, *given):
        """Waits until the list `code` is empty; fails with `what` and what it holds."""
        faults = "(list => list.length ? (window.faults = list.slice(0, 5), false) : true)"
        try:
            self.holds(what, f"{faults}({code})", *given)
        except AssertionError as error:
            raise AssertionError(f"{what}: {self.js('window.faults')}") from error

    def painted(self):
        """Waits for a frame: by then listeners of sizes and media, and what the page puts off until it paints, have run."""
        if self.browser.scripted:
            self.js("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")

    def shown(self, selector):
        """Elements that match and are displayed."""
        return self.js("shown(a)", selector)

    def count(self, selector):
        """How many elements match, displayed or not."""
        return self.js("document.querySelectorAll(a).length", selector)

    # MARK: What a reader does

    def click(self, selector):
        """A click with the mouse on what matches."""
        element = self.finds(f"something to see matches {selector}", "shown(a)[0]", selector)
        self.js("a.scrollIntoView({block: 'center'})", element)
        element.click()
        self.clicks += 1

    def follow(self, selector, ending):
        """A click on a link to another page, whose address has this `ending`."""
        self.js("(window.left = true)")
        self.click(selector)
        self.is_open()
        self.holds(f"the address ends in {ending}", "location.pathname.endsWith(a)", ending)

    def back(self, ending):
        """The browser's button to the page before, whose address has this `ending`. It may come back as it was left."""
        self.browser.back()
        self.keys = self.clicks = 0
        self.holds(f"the address ends in {ending}", "location.pathname.endsWith(a) && document.readyState === 'complete'", ending)

    def press(self, key):
        """A key, wherever the focus is."""
        ActionChains(self.browser).send_keys(key).perform()
        self.keys += 1

    def press_on(self, element, key):
        self.js("a.focus()", element)
        self.press(key)

    def remembers(self, what, claim, *given):
        """Waits until `claim` holds when the page is opened again. A browser may take a moment to store what a page asked it to."""
        end = time.monotonic() + PATIENCE
        while True:
            self.open_again()
            if self.js(claim, *given):
                return
            assert time.monotonic() < end, what

    # MARK: Steps of a lesson

    def step_names(self):
        return self.js("shown('.edition').flatMap(e => [...e.querySelectorAll('.step')].map(s => s.dataset.step))")

    def is_at(self, name, what="the step comes"):
        """Waits until the step is the one that is shown."""
        self.holds(f"{what} ({name})", "step() === a", name)

    def go(self, name):
        """Follows the address of a step and waits until it is there."""
        self.js("(location.hash = a)", name)
        self.is_at(name)

    def reveal_all(self):
        """Opens every answer of the step, those behind answers too."""
        self.holds("every answer opens", """(() => {
          const closed = shown(".step .predict details:not([open]) > summary");
          closed.forEach((summary) => summary.click());
          return !closed.length && !shown(".step")[0].querySelector(".after.waiting");
        })()""")

    # MARK: What must not be

    def console(self):
        """Errors and warnings of the console."""
        return [entry for entry in self.browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """What the page asked for, besides files and data in it."""
        found = []
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith(("file:", "data:", "about:", "blob:")):
                    found.append(url)
        return found

    def is_quiet(self):
        console, requests = self.console(), self.requests()
        assert not console, f"the console says {console[:2]}"
        assert not requests, f"the page asked for {requests[:2]}"

    def fits(self, width):
        """Nothing sticks out of the window sideways, outside boxes that scroll."""
        self.width(width)
        self.lacks(f"at {width} px something sticks out", """(() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          const out = [...document.querySelectorAll("body *")].filter((node) => {
            const box = node.getBoundingClientRect();
            return box.width && box.right > width + 1 && !node.closest(".scroll, pre, .skip") && node.checkVisibility({ visibilityProperty: true });
          });
          return ["the page scrolls to " + document.documentElement.scrollWidth + " of " + width].concat(
            out.map((node) => node.tagName + "." + node.getAttribute("class") + " " + Math.round(node.getBoundingClientRect().right)));
        })()""")

    def has_names(self):
        """Every control and picture of the accessibility tree has a name. Gives the tree's nodes."""
        end = time.monotonic() + PATIENCE
        while True:
            self.painted()
            nodes = [n for n in self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"] if not n.get("ignored")]
            nameless = [fault for node in nodes if (fault := self.namelessness(node))]
            if not nameless:
                return nodes
            assert time.monotonic() < end, nameless[:3]

    def namelessness(self, node):
        """What is wrong with a node of the tree that must have a name and has none."""
        role, number = node.get("role", {}).get("value", ""), node.get("backendDOMNodeId")
        if role not in NAMED_ROLES or not number or node.get("name", {}).get("value", "").strip():
            return None
        html = self.browser.execute_cdp_cmd("DOM.getOuterHTML", {"backendNodeId": number})["outerHTML"]
        # `details` is a group in the tree; its summary is the control and has a name.
        return None if html.startswith("<details") else f"{role}: {html[:120]}"

    def has_contrast(self):
        """All text stands out from its ground by 4.5 to 1 (WCAG AA)."""
        self.lacks("text stands out too little", """(() => {
          const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
          const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const known = new Map();
          const paper = (node) => {
            if (!node) return [255, 255, 255];
            if (!known.has(node)) {
              const c = numbers(getComputedStyle(node).backgroundColor);
              known.set(node, c.length === 3 || c[3] > 0 ? c : paper(node.parentElement));
            }
            return known.get(node);
          };
          const poor = new Set();
          for (const node of document.querySelectorAll("body :not(svg, svg *, noscript, noscript *, .skip, .skip *)")) {
            if (![...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()) || !node.checkVisibility()) continue;
            const [x, y] = [light(numbers(getComputedStyle(node).color)), light(paper(node))];
            const contrast = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
            if (contrast < 4.5) poor.add(node.tagName + "." + node.className + " " + contrast.toFixed(2));
          }
          return [...poor];
        })()""")

    # MARK: For people to look at

    def picture(self, path):
        """Writes a screenshot of the whole page."""
        size = self.browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
        data = self.browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": clip})["data"]
        write(path, data)

    def pdf(self, path):
        """Prints the page to a file, as a reader would."""
        write(path, self.browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})["data"])


def write(path, data):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(data))
