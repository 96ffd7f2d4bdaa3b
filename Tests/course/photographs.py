"""Screenshots of every step, and printed pages, for a person to look at. Nothing is judged here."""

from browser import WIDTHS, Page, shared_browser

# Bars that stick to the window would lie over the middle of a picture of a whole page.
STILL = ".bar, .pager, .contents { position: static !important }"


def site(results, site, path, folder):
    for language in ["en", "zh"]:
        for theme in ["light", "dark"]:
            for width in WIDTHS:
                page = Page(shared_browser(), path, width=width, language=language, theme=theme)
                page.js("document.head.appendChild(Object.assign(document.createElement('style'), {textContent: a}))", STILL)
                photograph(page, folder / path.stem / f"{language}-{theme}-{width}")
        if path.name != "index.html":
            Page(shared_browser(), path, language=language).pdf(folder / path.stem / f"{language}.pdf")
    if path.name == "index.html":
        for width in WIDTHS:
            Page(shared_browser(), site / "gallery/index.html", width=width).picture(folder / f"gallery/{width}.png")


def photograph(page, stem):
    if not page.count(".step"):
        return page.picture(f"{stem}.png")
    for number, step in enumerate(page.step_names(), 1):
        page.go(step)
        if page.shown(".step .predict details:not([open])"):
            page.picture(f"{stem}-{number:02}-asks.png")
            page.reveal_all()
        for cell in page.shown(".step .cells rect[tabindex='0']")[:1]:
            page.js("a.dispatchEvent(new MouseEvent('click', {bubbles: true}))", cell)
        page.picture(f"{stem}-{number:02}.png")
