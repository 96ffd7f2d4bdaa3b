"""The site as a whole: index and gallery, every link, readers of either language, readers without scripts."""

import html.parser
import json
import urllib.parse

from browser import WIDTHS, Page, open_browser, shared_browser
from lesson_pages import GROUND, PAPER, empty_pictures


def whole_site(results, site, lessons, figures):
    """`lessons` and `figures`: the names that the program lists."""
    results.check("every link of the site leads somewhere", links_resolve, site)
    for language in ["en", "zh"]:
        results.check(f"the index leads to all lessons ({language})", index_leads_on, site, language, lessons)
        results.check(f"the gallery shows every figure ({language})", gallery_shows, site, language, figures)


def readers_of(results, site, language, expected):
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


def index_leads_on(site, language, lessons):
    page = Page(shared_browser(), site / "index.html", language=language)
    for width in WIDTHS:
        page.fits(width)
    page.has_names()
    for theme in ["dark", "light"]:
        page.click(f"[data-set-theme='{theme}']")
        page.holds(f"the theme is {theme}", f"{GROUND} === a", PAPER[theme])
        page.has_contrast()
    page.holds("the index leads to all lessons", "JSON.stringify(shown('.track a').map(e => e.getAttribute('href')).sort()) === a",
               json.dumps(sorted(f"{name}.html" for name in lessons), separators=(",", ":")))
    for onward in ["/laboratory.html", "/gallery/index.html"]:
        page.follow(f".onward a[href$='{onward[1:]}']", onward)
        page.back("/index.html")
    page.follow(".track a", ".html")
    page.holds("the lesson answers", "document.documentElement.dataset.ready === 'true'")
    page.follow("a.home", "/index.html")
    page.holds("both tracks are there", "shown('.track').length === 2")
    page.is_quiet()


def gallery_shows(site, language, figures):
    page = Page(shared_browser(), site / "gallery/index.html")
    page.click(f"input#{language}")
    for theme in ["dark", "print", "light"]:
        page.click(f"input#{theme}")
        # A picture that is not yet asked for is asked for now, so that all can be waited for.
        page.js("document.querySelectorAll('figure img').forEach(i => { i.loading = 'eager'; })")
        page.holds(f"each figure has one picture, {language}, {theme}", """[...document.querySelectorAll("figure")].every(figure => {
          const images = [...figure.querySelectorAll("img")].filter(i => i.checkVisibility());
          return images.length === 1 && images[0].getAttribute("src").includes(a) && images[0].complete && images[0].naturalWidth > 0;
        })""", f"-{language}-{theme}.")
        pictured = page.js("shown('figure img').map(i => i.getAttribute('src').split('/').pop())")
        assert sorted(pictured) == sorted(f"{name}-{language}-{theme}.png" for name in figures), f"pictures of {pictured}"
        page.has_contrast()
    for width in WIDTHS:
        page.fits(width)
    page.has_names()
    page.is_quiet()


def follows_the_browser(site, language, expected):
    with open_browser(language) as browser:
        for name in ["index.html", "attention-step-by-step.html"]:
            Page(browser, site / name).holds(f"{name} is in {expected}", "document.documentElement.lang === a", expected)


def unscripted(results, lessons):
    with open_browser(javascript=False) as browser:
        for path in lessons:
            results.check(f"{path.stem} reads without a script", reads_without_script, browser, path)


def reads_without_script(browser, path):
    page = Page(browser, path)
    # Scripting is off for the page; the driver's own questions still run.
    page.holds("the page's script is off", "document.documentElement.className === ''")
    page.holds("all steps are shown", "shown('.step h2').length === document.querySelectorAll('.step').length && shown('.step').length > 2")
    page.holds("pictures are there without a script", "[...document.querySelectorAll('.picture svg')]"
               ".filter(e => e.getBoundingClientRect().height > 50).length === document.querySelectorAll('.picture').length")
    page.holds("nothing is shown that needs a script", "!shown('.pager, .switches').length")
    page.holds("terms are explained at the end", "shown('.glossary dt').length > 0")
    empty_pictures(page)
    for width in WIDTHS:
        page.fits(width)
