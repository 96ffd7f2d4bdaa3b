"""Opens every page of a site, in both languages, three widths and two themes, and uses it as a reader would.

usage: test_pages.py PAGES [SCREENSHOTS]     PAGES has site/*.html and hostile/*.html, as Tests/PageTests writes them
"""

import pathlib
import sys
import time

from browser import WIDTHS, Keys, Page, Results, open_browser

pages = pathlib.Path(sys.argv[1])
screenshots = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
lessons = sorted(path for path in (pages / "site").glob("*.html") if path.name != "index.html")
results = Results()
LIMIT = 3_000_000


def opened(browser, path, language="en", **options):
    page = Page(browser, path, **options)
    page.js("localStorage.clear()")
    page.js("localStorage.setItem('attention-steps.language', arguments[0])", language)
    page.browser.refresh()
    return page


def is_quiet(page):
    console, requests = page.console(), page.requests()
    assert not console, f"the console says {console[:2]}"
    assert not requests, f"the page asked for {requests[:2]}"


def loads(browser, path, language):
    page = opened(browser, path, language)
    assert page.js("document.documentElement.dataset.ready") == "true"
    assert page.js("document.documentElement.lang") == ("en" if language == "en" else "zh-Hans")
    assert len(page.shown("h1")) == 1 and len(page.shown(".edition")) == 1
    assert page.step() == page.step_names()[0]
    is_quiet(page)


def is_small_and_quick(browser, path):
    assert path.stat().st_size < LIMIT, f"{path.stat().st_size} bytes"
    times = []
    for _ in range(3):
        page = opened(browser, path)
        times.append(page.js("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"))
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, interactive after {min(times):.0f} ms (best of three)")
    assert min(times) < 1000, f"interactive after {min(times):.0f} ms"


def moves_by_buttons_and_keys(browser, path, language):
    page = opened(browser, path, language)
    names = page.step_names()
    page.click(".pager .next")
    assert page.step() == names[1] and page.js("location.hash") == "#" + names[1]
    assert page.js("document.activeElement.tagName") == "H2"
    page.press(Keys.ARROW_RIGHT)
    assert page.step() == names[2]
    page.press(Keys.ARROW_LEFT)
    page.click(".pager .back")
    assert page.step() == names[0]
    assert not page.one(".pager .back").is_enabled()
    page.press(Keys.ARROW_LEFT)
    assert page.step() == names[0]
    for _ in names[1:]:
        page.click(".pager .next")
    assert page.step() == names[-1] and not page.one(".pager .next").is_enabled()
    assert page.js("arguments[0].value", page.one("progress")) == len(names)
    page.browser.back()
    assert page.step() == names[-2]
    is_quiet(page)


def follows_addresses(browser, path, language):
    page = opened(browser, path, language)
    names = page.step_names()
    page.js("location.hash = arguments[0]", names[3])
    time.sleep(0.1)
    assert page.step() == names[3]
    page = Page(browser, path, fragment="#" + names[-1])
    assert page.step() == names[-1], "an address with a step opens it"
    page = Page(browser, path, fragment="#no-such-step")
    assert page.step() == names[0]
    link = page.all(f".edition[data-lang='{language}'] .contents a[data-step='{names[2]}']")[0]
    page.js("arguments[0].click()", link)
    assert page.step() == names[2]


def figure_steps(page):
    return page.js("[...new Set([...[...document.querySelectorAll('.edition')].find(e => e.offsetHeight)"
                   ".querySelectorAll('.picture')].map(p => p.closest('.step').dataset.step))]")


def reveal_all(page):
    for summary in page.shown(".step .predict details:not([open]) summary"):
        page.js("arguments[0].click()", summary)
    if page.shown(".step .predict details:not([open]) summary"):
        reveal_all(page)


def explains_cells(browser, path, language):
    page = opened(browser, path, language)
    asked = 0
    for name in figure_steps(page):
        page.js("location.hash = arguments[0]", name)
        time.sleep(0.05)
        reveal_all(page)
        for picture in page.shown(".step .picture"):
            rects = picture.find_elements("css selector", ".cells rect")
            if not rects:
                continue
            page.js("arguments[0].scrollIntoView({block: 'center'})", picture)
            first = [r for r in rects if r.get_attribute("tabindex") == "0"]
            assert len(first) == 1, "one cell is in the order of tabs"
            label = first[0].get_attribute("aria-label")
            page.js("arguments[0].dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))", first[0])
            assert label in picture.find_element("css selector", ".readout").text
            page.js("arguments[0].focus()", first[0])
            first[0].send_keys(Keys.ENTER)
            why = picture.find_element("css selector", ".why")
            assert label in why.text and why.find_elements("css selector", ".line"), why.text
            page.press(Keys.ARROW_UP)
            page.press(Keys.ARROW_LEFT)
            assert page.step() == name, "arrow keys move between cells, not steps, while a cell has the focus"
            page.js("arguments[0].click()", why.find_element("css selector", ".close"))
            assert not picture.find_elements("css selector", ".why")
            asked += 1
    assert asked > 0, "no picture has cells"
    is_quiet(page)


def explains_by_pointer(browser, path, language):
    from selenium.webdriver.common.action_chains import ActionChains
    page = opened(browser, path, language)
    name = figure_steps(page)[-1]
    page.js("location.hash = arguments[0]", name)
    reveal_all(page)
    time.sleep(0.1)
    rects = page.shown(".step .cells rect")
    if not rects:
        return
    rect = rects[len(rects) // 3]
    page.js("arguments[0].scrollIntoView({block: 'center', inline: 'center'})", rect)
    ActionChains(browser).move_to_element(rect).perform()
    assert rect.get_attribute("aria-label") in page.one(".readout.active").text
    ActionChains(browser).click(rect).perform()
    assert rect.get_attribute("aria-label") in page.one(".why").text


def explains_values(browser, path, language):
    page = opened(browser, path, language)
    for name in page.step_names():
        page.js("location.hash = arguments[0]", name)
        time.sleep(0.05)
        reveal_all(page)
        for value in page.shown(".step .value[role=button]")[:2]:
            page.js("arguments[0].focus()", value)
            value.send_keys(Keys.ENTER)
            assert "=" in page.one(".why").text
            page.click(".why .close")


def asks_before_it_tells(browser, path, language):
    page = opened(browser, path, language)
    found = 0
    for name in page.step_names():
        page.js("location.hash = arguments[0]", name)
        time.sleep(0.05)
        while questions := page.shown(".step .predict details:not([open])"):
            hidden = page.all(f".edition[data-lang='{language}'] .step[data-step='{name}'] .after.waiting")
            before = len(hidden)
            assert all(not element.is_displayed() for element in hidden), "what follows a question waits for the answer"
            summary = questions[0].find_element("css selector", "summary")
            page.js("arguments[0].focus()", summary)
            summary.send_keys(Keys.ENTER)
            assert questions[0].get_attribute("open") is not None
            after = page.all(f".edition[data-lang='{language}'] .step[data-step='{name}'] .after.waiting")
            assert len(after) == before - 1 or before == 0
            found += 1
    assert found >= 1, "the lesson asks nothing"
    is_quiet(page)


def switches_language_and_theme(browser, path):
    page = opened(browser, path, "en")
    names = page.step_names()
    page.click(".pager .next")
    page.click("[data-set-language='zh']")
    assert page.js("document.documentElement.lang") == "zh-Hans" and page.step() == names[1]
    assert page.one("[data-set-language='zh']").get_attribute("aria-pressed") == "true"
    page.browser.refresh()
    assert page.js("document.documentElement.lang") == "zh-Hans", "the language is remembered"
    for theme, paper in [("dark", "rgb(20, 23, 31)"), ("light", "rgb(255, 255, 255)")]:
        page.click(f"[data-set-theme='{theme}']")
        assert page.js("getComputedStyle(document.body).backgroundColor") == paper
        page.browser.refresh()
        assert page.js("getComputedStyle(document.body).backgroundColor") == paper, "the theme is remembered"
    page.click("[data-set-theme='auto']")
    for scheme, paper in [("dark", "rgb(20, 23, 31)"), ("light", "rgb(255, 255, 255)")]:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        assert page.js("getComputedStyle(document.body).backgroundColor") == paper, "the theme follows the system"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    is_quiet(page)


def follows_the_browser(path, language, expected):
    browser = open_browser(language)
    try:
        page = Page(browser, path)
        assert page.js("document.documentElement.lang") == expected
    finally:
        browser.quit()


def explains_terms(browser, path, language):
    page = opened(browser, path, language)
    terms = []
    for name in page.step_names():
        page.js("location.hash = arguments[0]", name)
        time.sleep(0.05)
        terms = page.shown(".step a.term")
        if terms:
            break
    assert terms, "no term of the glossary is marked"
    page.js("arguments[0].focus()", terms[0])
    terms[0].send_keys(Keys.ENTER)
    box = page.one(".gloss")
    assert len(box.text) > 10 and terms[0].get_attribute("aria-expanded") == "true"
    page.press(Keys.ESCAPE)
    assert not page.shown(".gloss")
    is_quiet(page)


def fits(browser, path, language, width):
    page = opened(browser, path, language, width=width, height=800)
    for name in page.step_names():
        page.js("location.hash = arguments[0]", name)
        time.sleep(0.03)
        reveal_all(page)
        overflow = page.overflow()
        assert not overflow, f"step {name}: {overflow}"


def has_names(browser, path, language):
    page = opened(browser, path, language)
    for name in page.step_names():
        page.js("location.hash = arguments[0]", name)
        time.sleep(0.05)
        reveal_all(page)
        nameless, nodes = page.nameless()
        assert not nameless, f"step {name}: {nameless[:3]}"
        pictures = [n for n in nodes if n.get("role", {}).get("value") in ("image", "img") and not n.get("ignored")]
        assert len(pictures) >= len(page.shown(".step .picture")), f"step {name}: a picture is not in the accessibility tree"
    levels = page.js("[...document.querySelectorAll('h1, h2, h3')].filter(h => h.offsetParent).map(h => Number(h.tagName[1]))")
    assert levels.count(1) == 1


def has_contrast(browser, path, theme):
    page = opened(browser, path)
    page.click(f"[data-set-theme='{theme}']")
    poor = set()
    for name in page.step_names():
        page.js("location.hash = arguments[0]", name)
        time.sleep(0.03)
        reveal_all(page)
        poor.update(page.js("""(() => {
          const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
          const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const paper = (node) => { for (let n = node; n; n = n.parentElement) {
            const c = numbers(getComputedStyle(n).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
          const poor = [];
          for (const node of document.querySelectorAll('body *')) {
            if (!node.offsetParent || node.closest('svg, noscript, .skip')) continue;
            if (![...node.childNodes].some(c => c.nodeType === 3 && c.textContent.trim())) continue;
            const [a, b] = [light(numbers(getComputedStyle(node).color)), light(paper(node))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < 4.5) poor.push(node.tagName + '.' + node.className + ' ' + contrast.toFixed(2));
          }
          return poor;
        })()"""))
    assert not poor, sorted(poor)[:5]


def shows_hostile_text(browser, path, language):
    page = opened(browser, path, language)
    for name in page.step_names():
        page.js("location.hash = arguments[0]", name)
        time.sleep(0.05)
        reveal_all(page)
        for rect in page.shown(".step .cells rect[tabindex='0']"):
            page.js("arguments[0].focus()", rect)
            rect.send_keys(Keys.ENTER)
    assert page.js("window.hacked") is None, "a reader's text was executed"
    assert page.js("document.querySelectorAll('main img, main script, main iframe, main b').length") == 0
    text = page.js("document.body.textContent")
    for shown in ["<script>window.hacked=1</script>", "\"'><img src=x onerror=window.hacked=2>", "]]>", "</noscript>", "{{title}}", "&lt;b&gt;"]:
        assert shown in text, f"{shown} is not shown"
    raw = path.read_bytes()
    assert b"\x00" not in raw and "\u202e".encode() not in raw, "no raw NUL or override is in the page"
    labels = page.js("[...document.querySelectorAll('.cells rect')].map(r => r.getAttribute('aria-label')).join(' ')")
    assert "<script>window.hacked=1" in labels
    is_quiet(page)


def reads_without_script(path):
    browser = open_browser(javascript=False)
    try:
        page = Page(browser, path)
        # Scripting is off for the page; the driver's own questions still run.
        text = page.one("main").text
        headings = [h.text for h in page.shown(".step h2")]
        assert len(headings) == len(page.all(".step")) and len(headings) >= 2
        assert all(heading in text for heading in headings)
        assert len(page.shown(".picture svg")) == len(page.all(".picture")), "pictures are there without a script"
        assert not page.shown(".pager") and not page.shown(".switches")
    finally:
        browser.quit()


def prints(browser, path):
    page = opened(browser, path)
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert len(page.shown(".step")) == page.steps()
        assert not page.shown(".pager") and not page.shown(".bar")
        assert len(page.shown(".picture svg:not(.cells)")) == len(page.all(".edition[data-lang='en'] .picture"))
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def keeps_still(browser, path):
    page = opened(browser, path)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]})
    page.click(".pager .next")
    assert page.js("document.getAnimations().length") == 0
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def index_leads_to_lessons(browser, path):
    for language in ["en", "zh"]:
        for width in WIDTHS:
            page = opened(browser, path, language, width=width)
            assert not page.overflow()
        links = [a.get_attribute("href") for a in page.shown(".track a")]
        assert sorted(pathlib.Path(link).name for link in links) == [lesson.name for lesson in lessons]
        nameless, _ = page.nameless()
        assert not nameless, nameless
        is_quiet(page)


def photograph(browser, path):
    for language in ["en", "zh"]:
        for theme in ["light", "dark"]:
            for width in WIDTHS:
                page = opened(browser, path, language, width=width, height=900)
                page.js("localStorage.setItem('attention-steps.theme', arguments[0])", theme)
                page.browser.refresh()
                if path.name == "index.html":
                    page.picture(screenshots / f"index-{language}-{theme}-{width}.png")
                    continue
                for number, name in enumerate(page.step_names()):
                    page.js("location.hash = arguments[0]", name)
                    time.sleep(0.05)
                    if number == 0:
                        page.picture(screenshots / f"{path.stem}-{language}-{theme}-{width}-{number + 1:02}-asks.png")
                    reveal_all(page)
                    time.sleep(0.05)
                    cells = page.shown(".step .cells rect[tabindex='0']")
                    if cells:
                        page.js("arguments[0].focus()", cells[0])
                        cells[0].send_keys(Keys.ENTER)
                    page.js("scrollTo(0, 0)")
                    page.picture(screenshots / f"{path.stem}-{language}-{theme}-{width}-{number + 1:02}.png")


def main():
    browser = open_browser()
    try:
        for path in lessons:
            name = path.stem
            results.check(f"{name} is small and quick", is_small_and_quick, browser, path)
            for language in ["en", "zh"]:
                for test in [
                    loads, moves_by_buttons_and_keys, follows_addresses, explains_cells, explains_by_pointer, explains_values,
                    asks_before_it_tells, explains_terms, has_names,
                ]:
                    results.check(f"{name} ({language}) {test.__name__}", test, browser, path, language)
                for width in WIDTHS:
                    results.check(f"{name} ({language}) fits {width}", fits, browser, path, language, width)
            results.check(f"{name} switches language and theme", switches_language_and_theme, browser, path)
            for theme in ["light", "dark"]:
                results.check(f"{name} has contrast ({theme})", has_contrast, browser, path, theme)
            results.check(f"{name} prints", prints, browser, path)
            results.check(f"{name} keeps still", keeps_still, browser, path)
            results.check(f"{name} reads without a script", reads_without_script, path)
        for path in sorted((pages / "hostile").glob("*.html")):
            for language in ["en", "zh"]:
                results.check(f"hostile text is shown ({language})", shows_hostile_text, browser, path, language)
                for width in WIDTHS:
                    results.check(f"hostile text ({language}) fits {width}", fits, browser, path, language, width)
        if (pages / "site/index.html").exists():
            results.check("the index leads to the lessons", index_leads_to_lessons, browser, pages / "site/index.html")
        results.check("Chinese readers see Chinese", follows_the_browser, lessons[0], "zh-CN", "zh-Hans")
        results.check("English readers see English", follows_the_browser, lessons[0], "en-GB", "en")
        if screenshots:
            for path in lessons + [pages / "site/index.html"]:
                results.check(f"{path.stem} is photographed", photograph, browser, path)
    finally:
        browser.quit()
    results.finish()


main()
