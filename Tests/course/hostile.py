"""What a hostile reader brings: a model whose tokens, and a text that, try to become markup. It must be shown, and never obeyed.

The model is a Llama of one layer, written here, so that the program itself makes the pages from `--model` and `--text`.
"""

import json
import pathlib
import re
import struct
import subprocess

from browser import WIDTHS, Page, shared_browser
from lesson_pages import empty_pictures, show_everything
from selenium.webdriver.common.keys import Keys

# Tokens with what a page says instead of characters that nobody could see.
TOKENS = {
    "<script>window.hacked=1</script>": None, "\"'><img src=x onerror=window.hacked=2>": None, "]]>": None,
    "</noscript><script>window.hacked=3</script>": None, "\u202eabc": "U+202Eabc", "a\x00b": "a␀b", "</script>": None, "{{title}}": None,
    "&lt;b&gt;": None, "<!--": None, "`'\\u003c": None, "javascript:window.hacked=5": None,
}
# A model's name is its folder's.
NAME = "<img src=x onerror=window.hacked=4>"
WIDTH, HEADS, HIDDEN = 8, 2, 12
# An argument of a program cannot hold NUL: this letter stands for it, and the tokenizer puts it there.
NUL_LETTER = "¤"


def run(attn, *arguments):
    """What a run of `attn` prints; an error if it fails."""
    result = subprocess.run([attn, *map(str, arguments)], capture_output=True, text=True, timeout=1200)
    assert result.returncode == 0, f"attn {' '.join(map(str, arguments))}: {result.returncode} {result.stderr}"
    return result.stdout


def write_model(folder):
    """A model in the Hugging Face layout whose vocabulary is hostile."""
    folder.mkdir(parents=True)
    letters = sorted({character for token in TOKENS for character in token} | set(" \n"))
    vocabulary = {text: number for number, text in enumerate(letters + list(TOKENS))}
    added = [
        {"id": vocabulary[token], "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": True, "special": False}
        for token in TOKENS
    ]
    normalizer = {"type": "Replace", "pattern": {"String": NUL_LETTER}, "content": "\x00"}
    tokenizer = {"normalizer": normalizer, "added_tokens": added, "model": {"type": "BPE", "vocab": vocabulary, "merges": []}}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "hidden_size": WIDTH, "intermediate_size": HIDDEN, "num_hidden_layers": 1, "num_attention_heads": HEADS,
        "vocab_size": len(vocabulary), "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "tie_word_embeddings": True,
    }))
    layer = "model.layers.0."
    shapes = {"model.embed_tokens.weight": [len(vocabulary), WIDTH], "model.norm.weight": [WIDTH]}
    shapes |= {layer + f"{name}_layernorm.weight": [WIDTH] for name in ["input", "post_attention"]}
    shapes |= {layer + f"self_attn.{name}_proj.weight": [WIDTH, WIDTH] for name in "qkvo"}
    shapes |= {layer + f"mlp.{name}_proj.weight": [HIDDEN, WIDTH] for name in ["gate", "up"]} | {layer + "mlp.down_proj.weight": [WIDTH, HIDDEN]}
    header, data = {}, b""
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        numbers = struct.pack(f"<{count}f", *[(i * 37 % 101 - 50) / 50 for i in range(count)])
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(numbers)]}
        data += numbers
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def shows_text(results, attn, folder):
    """The hostile text in a page, in a page for pasting, in an article and on a terminal."""
    model = folder / NAME
    write_model(model)
    text = "".join(TOKENS).replace("\x00", NUL_LETTER)
    # A page is in both languages.
    for form, language in [("html", "en"), *((form, language) for form in ["paste", "markdown"] for language in ["en", "zh"])]:
        run(attn, "lesson", "run", 1, "--model", model, f"--text={text}", "--to", form, "--lang", language, "--output", folder / f"{form}-{language}")
    for language in ["en", "zh"]:
        page = folder / "html-en/attention-step-by-step.html"
        results.check(f"hostile text in a page ({language})", shown_in_page, page, language)
        results.check(f"hostile text for pasting ({language})", shown_for_pasting, folder / f"paste-{language}/index.html")
        results.check(f"hostile text in an article ({language})", shown_in_article, folder / f"markdown-{language}/index.md")
    results.check("hostile text on a terminal", shown_on_terminal, run(attn, "lesson", "run", 1, "--model", model, f"--text={text}"))


def spoken(token):
    return TOKENS[token] or token


def is_harmless(page):
    assert page.js("window.hacked") is None, "a reader's text was executed"
    page.is_quiet()
    return page.js("document.body.textContent")


def has_no_hidden_characters(path):
    raw = path.read_bytes()
    assert b"\x00" not in raw and "\u202e".encode() not in raw, "a NUL or an override stands in the file itself"


def shown_in_page(path, language):
    has_no_hidden_characters(path)
    page = Page(shared_browser(), path, language=language)
    heard = ""
    for step in page.step_names():
        page.go(step)
        page.reveal_all()
        for cell in page.shown(".step .cells rect[tabindex='0']"):
            page.press_on(cell, Keys.ENTER)
        heard += page.js("[...document.querySelectorAll('.cells rect, .picture svg')].map(e => e.getAttribute('aria-label')).join(' ')")
    show_everything(page)
    empty_pictures(page)
    for width in WIDTHS:
        page.fits(width)
    text = is_harmless(page)
    assert page.count("main :is(img, iframe, b), main script") == 0, "a reader's text became an element"
    missing = [token for token in TOKENS if spoken(token) not in text + heard]
    assert not missing, f"not shown: {missing}"
    assert spoken("<script>window.hacked=1</script>") in heard, "cells say what the token is"


def shown_for_pasting(path):
    has_no_hidden_characters(path)
    page = Page(shared_browser(), path)
    page.holds("every picture is there", "[...document.images].every(i => i.getAttribute('src').startsWith('images/') && i.naturalWidth > 0)")
    text = is_harmless(page)
    assert page.count("script, iframe, b, style") == 0, "a reader's text became an element"
    assert "<script>window.hacked=1</script>" in text


def shown_in_article(path):
    has_no_hidden_characters(path)
    # Code is what it is: between backticks and in fences nothing is markup.
    text = re.sub(r"(?ms)^(`{3,}).*?^\1|(`+)[^`].*?\2", "", path.read_text())
    markup = re.findall(r"<(?!/?details>|/?summary>|https?:)[a-z!/][^>]*>", re.sub(r"\]\(<[^>]*>\)", "", text))
    assert not markup, f"raw HTML: {markup[:3]}"


def shown_on_terminal(text):
    assert "\x1b" not in text and "\x00" not in text and "\u202e" not in text
    assert "<script>window.hacked" in text
