"""A browser without a network for page tests, and a small runner that counts what passed.

Chromium is driven by selenium; its resolver knows no name and CDP keeps it offline, so that a page that asks for anything fails loudly.
"""

import json
import os
import pathlib
import traceback

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys  # noqa: F401 (tests take it from here)

WIDTHS = [360, 768, 1440]


def open_browser(language="en-US", javascript=True):
    """A headless Chromium that prefers `language`."""
    options = webdriver.ChromeOptions()
    for argument in [
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb",
        "--host-resolver-rules=MAP * ~NOTFOUND", f"--lang={language}", f"--accept-lang={language}",
        "--disable-background-networking", "--disable-component-update", "--no-first-run",
    ]:
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"intl.accept_languages": language})
    if not javascript:
        options.add_experimental_option(
            "prefs", {"intl.accept_languages": language, "profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    binary = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if os.path.exists(binary):
        options.binary_location = binary
    driver_path = os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver")
    service = Service(driver_path) if os.path.exists(driver_path) else Service()
    browser = webdriver.Chrome(options=options, service=service)
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd(
        "Network.emulateNetworkConditions", {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})
    return browser


class Page:
    """One opened page, with the questions that tests ask of it."""

    def __init__(self, browser, path, width=1200, height=900, fragment=""):
        self.browser = browser
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
        browser.get("about:blank")
        browser.get_log("browser")
        browser.get_log("performance")
        browser.get(pathlib.Path(path).resolve().as_uri() + fragment)

    def js(self, code, *arguments):
        return self.browser.execute_script("return " + code, *arguments)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def shown(self, selector):
        return [element for element in self.all(selector) if element.is_displayed()]

    def one(self, selector):
        found = self.shown(selector)
        assert found, f"nothing to see matches {selector}"
        return found[0]

    def click(self, selector):
        element = self.one(selector)
        self.js("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def step(self):
        shown = self.shown(".step")
        assert len(shown) == 1, f"{len(shown)} steps are shown, not 1"
        return shown[0].get_attribute("data-step")

    def steps(self):
        return self.js("[...document.querySelectorAll('.edition')].find(e => e.offsetParent || e.offsetHeight)"
                       ".querySelectorAll('.step').length")

    def step_names(self):
        return self.js("[...[...document.querySelectorAll('.edition')].find(e => e.offsetHeight)"
                       ".querySelectorAll('.step')].map(s => s.dataset.step)")

    def press(self, key):
        self.browser.switch_to.active_element.send_keys(key)

    def console(self):
        """Errors and warnings of the console."""
        return [entry for entry in self.browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """What the page asked for, besides itself and data in it."""
        found = []
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith(("file:", "data:", "about:", "blob:")):
                    found.append(url)
        return found

    def overflow(self):
        """Elements that stick out of the window sideways, outside boxes that scroll."""
        return self.js("""(() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth > width) {
            const found = [];
            for (const node of document.querySelectorAll('body *')) {
              const box = node.getBoundingClientRect();
              if (box.width && box.right > width + 1 && !node.closest('.scroll, pre, .skip') && getComputedStyle(node).visibility !== 'hidden')
                found.push(node.tagName + '.' + (node.getAttribute('class') || '') + ' ' + Math.round(box.right));
            }
            return ['the page scrolls to ' + document.documentElement.scrollWidth + ' of ' + width].concat(found.slice(0, 5));
          }
          return [];
        })()""")

    def nameless(self):
        """Controls and pictures of the accessibility tree that have no name."""
        nodes = self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        roles = {
            "button", "link", "image", "img", "checkbox", "textbox", "combobox", "progressbar", "ProgressIndicator", "group", "region",
            "navigation", "heading", "graphics-document", "graphics-object", "DisclosureTriangle", "DisclosureTriangleGrouped", "form",
        }
        unnamed = []
        for node in nodes:
            if node.get("ignored"):
                continue
            role = node.get("role", {}).get("value", "")
            if role in roles and not node.get("name", {}).get("value", "").strip():
                if role == "group" and not node.get("backendDOMNodeId"):
                    continue
                unnamed.append((role, node.get("backendDOMNodeId")))
        return [self.describe(role, number) for role, number in unnamed if not self.is_plain_details(role, number)], nodes

    def describe(self, role, number):
        html = self.browser.execute_cdp_cmd("DOM.getOuterHTML", {"backendNodeId": number})["outerHTML"] if number else ""
        return f"{role}: {html[:120]}"

    def is_plain_details(self, role, number):
        """`details` is a group in the tree; its summary is the control and has a name."""
        if role != "group" or not number:
            return False
        html = self.browser.execute_cdp_cmd("DOM.getOuterHTML", {"backendNodeId": number})["outerHTML"]
        return html.startswith("<details")

    def picture(self, path, full=True):
        """Writes a screenshot, of the whole page if asked."""
        self.js("document.head.appendChild(Object.assign(document.createElement('style'), {textContent: arguments[0]}))",
                ".bar, .pager, .contents { position: static !important }")
        arguments = {"format": "png", "captureBeyondViewport": full}
        if full:
            size = self.browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            arguments["clip"] = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
        import base64
        data = self.browser.execute_cdp_cmd("Page.captureScreenshot", arguments)["data"]
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_bytes(base64.b64decode(data))


class Results:
    """Runs checks one by one and counts them."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, test, *arguments):
        try:
            test(*arguments)
            self.passed += 1
        except Exception as error:  # a check that fails in any way has failed; the others still run
            self.failed += 1
            print(f"failed: {name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}")
            if os.environ.get("VERBOSE"):
                traceback.print_exc()

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        raise SystemExit(1 if self.failed else 0)
