"""A browser without a network, and the questions that tests ask of a page in it.

Chromium is driven by selenium; its resolver knows no name and CDP keeps it offline, so that a page that asks for anything fails loudly.
"""

import base64
import contextlib
import json
import os
import pathlib

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

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
    try:
        browser.execute_cdp_cmd("Network.enable", {})
        browser.execute_cdp_cmd(
            "Network.emulateNetworkConditions", {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})
        yield browser
    finally:
        browser.quit()


class Page:
    """One opened page."""

    count = 0

    def __init__(self, browser, path, width=1200, fragment="", **stored):
        """Opens `path` with only `stored` remembered of earlier visits: language, theme."""
        self.browser = browser
        self.width(width)
        self.console()
        self.requests()
        browser.get("about:blank")
        # Runs before the page's own script, so that one load is enough; once, since a page that is opened again is to remember.
        Page.count += 1
        code = """try { if (Number(sessionStorage.getItem('opened')) < %d) {
          sessionStorage.setItem('opened', %d);
          localStorage.clear();
          for (const [key, value] of Object.entries(%s)) localStorage.setItem('attention-steps.' + key, value);
        } } catch { /* a page without storage */ }""" % (Page.count, Page.count, json.dumps(stored))
        script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": code})
        browser.get(pathlib.Path(path).resolve().as_uri() + fragment)
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)

    def width(self, width, height=900):
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
        if self.browser.scripted:
            self.js("new Promise(done => { const look = () => innerWidth === arguments[0] ? done() : setTimeout(look, 2); look(); })", width)

    def media(self, media="", **features):
        """Emulates a medium and its features; none again without arguments."""
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": named})

    def js(self, code, *arguments):
        return self.browser.execute_script("return " + code, *arguments)

    def settle(self):
        """Waits until events that were due have been heard."""
        self.js("new Promise(done => setTimeout(() => setTimeout(done)))")

    def painted(self):
        """Waits for a picture of the page: what its script puts off until then is done."""
        self.js("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def shown(self, selector):
        """Elements that match and are displayed."""
        return self.js("[...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility({visibilityProperty: true}))", selector)

    def one(self, selector):
        found = self.shown(selector)
        assert found, f"nothing to see matches {selector}"
        return found[0]

    def click(self, selector):
        element = self.one(selector)
        self.js("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def press(self, key):
        self.browser.switch_to.active_element.send_keys(key)

    def press_on(self, element, key):
        self.js("arguments[0].focus()", element)
        element.send_keys(key)

    def remembers(self, code, value):
        """Whether `code` is `value` when the page is opened again. A browser may take a moment to store what a page asked it to."""
        for _ in range(10):
            self.browser.refresh()
            if self.js(code) == value:
                return True
        return False

    # MARK: Steps of a lesson

    def step(self):
        shown = self.js("[...document.querySelectorAll('.step')].filter(e => e.checkVisibility()).map(e => e.dataset.step)")
        assert len(shown) == 1, f"{len(shown)} steps are shown, not 1"
        return shown[0]

    def step_names(self):
        return self.js("[...document.querySelectorAll('.edition')].filter(e => e.checkVisibility())"
                       ".flatMap(e => [...e.querySelectorAll('.step')].map(s => s.dataset.step))")

    def go(self, name):
        """Follows the address of a step and waits until it is there."""
        self.js("""new Promise((done, fail) => {
          const shown = () => [...document.querySelectorAll('.step')].some(e => e.dataset.step === arguments[0] && e.checkVisibility());
          location.hash = arguments[0];
          const end = performance.now() + 3000;
          const look = () => shown() ? done() : performance.now() > end ? fail(Error('the step ' + arguments[0] + ' does not come'))
            : setTimeout(look, 2);
          setTimeout(look);
        })""", name)

    def reveal_all(self):
        """Opens every answer of the step, those behind answers too."""
        self.js("""(() => { for (;;) {
          const closed = [...document.querySelectorAll('.step .predict details:not([open]) summary')].filter(e => e.checkVisibility());
          if (!closed.length) return;
          for (const summary of closed) { summary.click(); summary.parentElement.dispatchEvent(new Event('toggle')); }
        } })()""")
        self.settle()

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
        overflow = self.js("""(() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          const out = [...document.querySelectorAll('body *')].filter(node => {
            const box = node.getBoundingClientRect();
            return box.width && box.right > width + 1 && !node.closest('.scroll, pre, .skip') && node.checkVisibility({visibilityProperty: true});
          });
          return ['the page scrolls to ' + document.documentElement.scrollWidth + ' of ' + width].concat(
            out.slice(0, 5).map(node => node.tagName + '.' + node.getAttribute('class') + ' ' + Math.round(node.getBoundingClientRect().right)));
        })()""")
        assert not overflow, f"{width} px: {overflow}"

    def has_names(self):
        """Every control and picture of the accessibility tree has a name. Gives the tree's nodes."""
        self.painted()
        nodes = [n for n in self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"] if not n.get("ignored")]
        nameless = []
        for node in nodes:
            role, number = node.get("role", {}).get("value", ""), node.get("backendDOMNodeId")
            if role in NAMED_ROLES and number and not node.get("name", {}).get("value", "").strip():
                html = self.browser.execute_cdp_cmd("DOM.getOuterHTML", {"backendNodeId": number})["outerHTML"]
                # `details` is a group in the tree; its summary is the control and has a name.
                if not html.startswith("<details"):
                    nameless.append(f"{role}: {html[:120]}")
        assert not nameless, nameless[:3]
        return nodes

    def has_contrast(self):
        """All text stands out from its ground by 4.5 to 1 (WCAG AA)."""
        poor = self.js("""(() => {
          const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
          const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const paper = (node) => { for (let n = node; n; n = n.parentElement) {
            const c = numbers(getComputedStyle(n).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
          const poor = [];
          for (const node of document.querySelectorAll('body *')) {
            if (node.closest('svg, noscript, .skip') || ![...node.childNodes].some(c => c.nodeType === 3 && c.textContent.trim())) continue;
            if (!node.checkVisibility()) continue;
            const [a, b] = [light(numbers(getComputedStyle(node).color)), light(paper(node))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < 4.5) poor.push(node.tagName + '.' + node.className + ' ' + contrast.toFixed(2));
          }
          return [...new Set(poor)];
        })()""")
        assert not poor, poor[:5]

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
