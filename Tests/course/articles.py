"""Every lesson as an article: Markdown for GitHub, and a page for pasting into editors, as the program writes them."""

import html.parser
import re

import hostile

# What the editors of WeChat and Zhihu keep.
PASTED_ELEMENTS = {
    "html", "head", "meta", "title", "body", "section", "h2", "h3", "p", "ul", "ol", "li", "blockquote", "hr", "br", "em", "strong", "code", "a",
    "img", "i", "sub", "sup",
}
PASTED_ATTRIBUTES = {"style", "href", "src", "alt", "start", "lang", "charset", "name", "content"}


def all_lessons(results, attn, folder, form, language, lessons):
    """Every lesson in one form and language; `lessons` are the names that the program lists."""
    hostile.run(attn, "lesson", "run", "--all", "--to", form, "--lang", language, "--output", folder)
    results.check(f"{form} ({language}): every lesson", are_there, sorted(path.name for path in folder.glob(f"*-{language}")), lessons, language)
    for name in lessons:
        results.check(f"{form}: {name}-{language}", FORMS[form], folder / f"{name}-{language}", language)


def are_there(found, lessons, language):
    assert found == sorted(f"{name}-{language}" for name in lessons), found


def has_pictures(folder, named):
    files = {f"images/{path.name}" for path in (folder / "images").iterdir()}
    assert set(named) == files, f"pictures named and not there, or there and not named: {set(named) ^ files}"
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in named)


def is_article(folder, language):
    text = (folder / "index.md").read_text()
    front = re.match(r"---\n(.*?)\n---\n", text, re.S)
    assert front, "no front matter"
    fields = dict(re.fullmatch(r'(\w+): "?(.*?)"?', line).groups() for line in front[1].splitlines())
    assert fields["title"] and len(fields["summary"]) > 20, fields
    body = text[front.end():]
    assert re.search(r"^# ", body, re.M) and len(re.findall(r"^## ", body, re.M)) >= 7
    pictures = re.findall(r"^\s*!\[(.*)\]\((\S+)\)$", body, re.M)
    assert all(alt for alt, _ in pictures)
    has_pictures(folder, [path for _, path in pictures])
    assert "{{" not in body and body.count("```") % 2 == 0 and body.count("<details>") == body.count("</details>")
    links = re.findall(r"(?<!!)\[[^\]]*\]\(<?([^)>]+)>?\)", body)
    assert all(re.match(r"https?://|#|\.\./", link) for link in links), links
    assert all((folder / link.split("#")[0]).exists() for link in links if link.startswith("../")), links


class Pasted(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.pictures = [], []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attributes):
        names = {name for name, _ in attributes}
        assert tag in PASTED_ELEMENTS and names <= PASTED_ATTRIBUTES, f"<{tag} {names - PASTED_ATTRIBUTES or ''}>"
        values = dict(attributes)
        if tag == "img":
            assert values["alt"]
            self.pictures.append(values["src"])
        if tag == "a":
            assert re.match("https?://", values["href"]), values["href"]
        if tag not in ("meta", "br", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}>"


def is_pasteable(folder, language):
    text = (folder / "index.html").read_text()
    has_pictures(folder, Pasted(text).pictures)
    assert "url(" not in text and "{{" not in text


FORMS = {"markdown": is_article, "paste": is_pasteable}
