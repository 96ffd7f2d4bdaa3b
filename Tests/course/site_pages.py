"""The site as a whole: index and gallery, every link, readers of either language, readers without scripts."""

import html.parser
import urllib.parse

from browser import WIDTHS, Page, open_browser


def whole_site(results, site):
    results.check("every link of the site leads somewhere", links_resolve, site)
    with open_browser() as browser:
        for language in ["en", "zh"]:
            results.check(f"the index leads to all lessons ({language})", index_leads_on, browser, site, language)
            results.check(f"the gallery shows every figure ({language})", gallery_shows, browser, site, language)
    for language, expected in [("zh-CN", "zh-Hans"), ("en-GB", "en")]:
        results.check(f"a reader whose browser asks for {language} gets {expected}", follows_the_browser, site, language, expected)


class Document(html.parser.HTMLParser):
    """The ids of a page, and what it points at."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.add(value)
            elif name in ("href", "src"):
                self.links.append(value)
            elif name in ("aria-labelledby", "aria-describedby", "for"):
                self.links += ["#" + part for part in value.split()]


def links_resolve(site):
    documents = {path.resolve(): Document(path) for path in site.rglob("*.html")}
    broken, found = [], 0
    for path, document in documents.items():
        for link in document.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme in ("http", "https", "mailto", "data"):
                continue
            found += 1
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            fragment = urllib.parse.unquote(parts.fragment)
            if not target.is_file() or (fragment and fragment not in documents[target].ids):
                broken.append(f"{path.name}: {link}")
    assert found > 1000 and not broken, f"{len(broken)} of {found} links lead nowhere: {broken[:5]}"


def index_leads_on(browser, site, language):
    page = Page(browser, site / "index.html", language=language)
    for width in WIDTHS:
        page.fits(width)
    page.has_names()
    for theme in ["dark", "light"]:
        page.click(f"[data-set-theme='{theme}']")
        page.has_contrast()
    lessons = sorted(path.name for path in site.glob("*.html") if path.name != "index.html")
    assert page.js("[...arguments[0]].map(a => a.getAttribute('href')).sort()", page.shown(".track a")) == lessons
    page.click(".onward a")
    assert page.js("location.pathname").endswith("/gallery/index.html")
    browser.back()
    page.click(".track a")
    assert page.js("document.documentElement.dataset.ready") == "true"
    page.click("a.home")
    assert page.js("location.pathname").endswith("/index.html") and len(page.shown(".track")) == 2
    page.is_quiet()


def gallery_shows(browser, site, language):
    page = Page(browser, site / "gallery/index.html")
    page.click(f"input#{language}")
    for theme in ["dark", "print", "light"]:
        page.click(f"input#{theme}")
        page.has_contrast()
        shown = page.shown("figure img")
        assert len(shown) == len(page.all("figure")), f"{len(shown)} pictures of {len(page.all('figure'))} figures are shown"
        loaded = page.js("Promise.all([...arguments[0]].map(i => { i.loading = 'eager'; return i.decode().then(() => i.naturalWidth > 0); }))", shown)
        assert all(loaded)
        assert all(f"-{language}-{theme}." in image.get_attribute("src") for image in shown)
    for width in WIDTHS:
        page.fits(width)
    page.has_names()
    page.is_quiet()


def follows_the_browser(site, language, expected):
    with open_browser(language) as browser:
        for name in ["index.html", "attention-step-by-step.html"]:
            assert Page(browser, site / name).js("document.documentElement.lang") == expected


def unscripted(results, lessons):
    with open_browser(javascript=False) as browser:
        for path in lessons:
            results.check(f"{path.stem} reads without a script", reads_without_script, browser, path)


def reads_without_script(browser, path):
    page = Page(browser, path)
    # Scripting is off for the page; the driver's own questions still run.
    assert page.js("document.documentElement.className") == "", "the page's script is off"
    assert len(page.shown(".step h2")) == len(page.all(".step")) > 2
    pictures = page.js("[...document.querySelectorAll('.picture svg')].filter(e => e.getBoundingClientRect().height > 50).length")
    assert pictures == len(page.all(".picture")), "pictures are there without a script"
    assert not page.shown(".pager") and not page.shown(".switches")
    assert page.shown(".glossary dt"), "terms are explained at the end"
    for width in WIDTHS:
        page.fits(width)
