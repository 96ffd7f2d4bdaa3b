"""Live panels as readers use them: every control by mouse and by keyboard at three widths, in both languages, every challenge solved by controls alone,
read-outs and pictures against the command's, addresses to and fro, and what readers should not have typed.

One script runs all panels, and what it does about a control, an address or an operand is the same in both languages. So of what could be asked of six pages
in both languages, each page is asked a part, in turns, so that every part is asked somewhere:
- `drive`: each page at each width, once: every width by mouse and by keyboard in each language on one page or two;
- `solve`: the challenge of each page in both languages, since goals and texts differ;
- `agrees`: each page's settings against the command, half of them in each language, the other half on the next page;
- `follow` and `every_picture`: each page in one language.
That the engine's words and pictures are the command's in both languages, byte by byte, is held by page_engine.py.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import urllib.parse

from browser import WIDTHS, Page, shared_browser
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

# The page of each panel, and its step.
PANELS = {
    "attention-step-by-step": "other-question", "highlighting": "try", "lightning-indexer": "whole", "deepseek-sparse-attention": "try", "break-it": "try",
    "laboratory": "lab",
}
CASES = {"deepseek-sparse-attention", "break-it"}
ALL = ["question", "text", "top-k", "temperature", "heads", "relu", "head-weights", "mask", "rule"]
# What tests type; neither stood anywhere when the page was built.
TYPED = {"en": "Breakfast: noodles. Mei flew to Dali. Holiday: went to Shanghai. Mei in where?", "zh": "早餐：米线。小梅飞到大理。国庆：去了上海。小梅在哪儿？"}
UNKNOWN = {"en": ("I flew to Paris. Breakfast: noodles. Trip went where?", "I", "Paris"), "zh": ("我飞到巴黎。早餐：米线。旅行去了哪儿？", "我", "巴黎")}
PANEL = "shown('.panel')[0]"
READY = f"{PANEL}?.dataset.engine === 'ready'"


def key(control):
    return "k" if control == "top-k" else control


def opened(site, name, language, query="", width=1200):
    page = Page(shared_browser(), site / f"{name}.html", language=language, width=width, fragment=f"#{PANELS[name]}{query}")
    page.holds(f"{name}: the panel's engine answers", READY)
    return page


def controls_of(name):
    return [control for control in ALL if name not in CASES or control not in ("question", "text")]


# MARK: Controls


def drive(results, site, name, number):
    """Every control at every width. Six pages at three widths: on six pages in a row each width is driven by each way in each language."""
    for place, width in enumerate(WIDTHS):
        turn = number + place
        way, language = ["mouse", "keyboard"][turn % 2], ["en", "zh"][turn // 2 % 2]
        page = opened(site, name, language, width=width)
        where = f"{name} ({language}) at {width} px"
        results.check(f"{where} has its controls, named", has_controls, page, name)
        for control in controls_of(name):
            results.check(f"{where}: {control} by {way}", changes, page, control, way, language)
        results.check(f"{where}: tab reaches every control", tab_reaches, page, name)
        results.check(f"{where} fits", page.fits, width)
        results.check(f"{where} is quiet", page.is_quiet)


def has_controls(page, name):
    found = page.js(f"[...new Set([...{PANEL}.querySelectorAll('[data-control]')].map(e => e.dataset.control))]")
    assert found == controls_of(name), found
    page.lacks("a control has no name", f"""[...{PANEL}.querySelectorAll('input, select, textarea')].filter(e =>
      !(e.labels?.length || e.getAttribute('aria-label')) || !e.checkVisibility()).map(e => e.outerHTML)""")
    read = page.js(f"[...{PANEL}.querySelectorAll('[data-readout]')].map(e => [e.dataset.readout, e.innerText, e.dataset.exact])")
    assert [one[0] for one in read] == ["pairs", "kept", "recall"] + ([] if name in CASES else ["answer"]) and all(one[1] and one[2] for one in read), read


def state(page):
    """The picture, the read-outs and the address."""
    return page.js(f"[{PANEL}.querySelector('.sheet > svg').innerHTML.length + [...{PANEL}.querySelectorAll('dd')].map(e => e.dataset.exact).join(), location.hash]")


def changes(page, control, way, language):
    """One change is in the address and is shown, and one key takes it back."""
    element = page.finds(f"{control} is there", f"shown('.panel [data-control=\"{control}\"]')[0]")
    own = page.js("location.hash.split('?')[0]")
    before = page.js("[a.value, Boolean(a.checked)]", element)
    page.js("a.scrollIntoView({block: 'center'})", element)
    (by_mouse if way == "mouse" else by_keyboard)(page, element, control, language)
    page.holds(f"{control} stands in the address", "location.hash.startsWith(a) && new RegExp(`[?&]${b}=`).test(location.hash)", own + "?", key(control))
    page.holds(f"{control} is another", "a.value !== b[0] || Boolean(a.checked) !== b[1]", element, before)
    page.holds("the panel answers", f"{READY} && [...{PANEL}.querySelectorAll('dd')].every(e => e.dataset.exact) && !{PANEL}.querySelector('.refusal').innerText")
    # Where no control has the focus, R goes back.
    page.js("shown('.step h2')[0].focus()")
    page.press("r")
    page.holds("one key goes back to the lesson's values", "location.hash === a && b.value === c[0] && Boolean(b.checked) === c[1]", own, element, before)


def by_mouse(page, element, control, language):
    kind = page.js("a.tagName + (a.type ?? '')", element)
    if kind.startswith("SELECT"):
        option = page.js("[...a.options].find(o => !o.selected && !o.hidden)", element)
        option.click()
    elif kind == "INPUTrange":
        far = page.js("(a.value - a.min) / (a.max - a.min) > 0.5 ? -0.3 : 0.3", element)
        ActionChains(page.browser).move_to_element_with_offset(element, int(far * element.size["width"]), 0).click().perform()
    elif kind.startswith("TEXTAREA"):
        element.click()
        element.clear()
        element.send_keys(TYPED[language])
    else:
        element.click()


def by_keyboard(page, element, control, language):
    page.js("a.focus()", element)
    kind = page.js("a.tagName + (a.type ?? '')", element)
    if kind.startswith("SELECT"):
        element.send_keys(Keys.ARROW_DOWN)
    elif kind == "INPUTrange":
        element.send_keys(Keys.ARROW_LEFT if page.js("a.value === a.max", element) else Keys.ARROW_RIGHT)
    elif kind.startswith("TEXTAREA"):
        element.send_keys(Keys.CONTROL, "a")
        element.send_keys(TYPED[language])
    else:
        element.send_keys(Keys.SPACE)


def tab_reaches(page, name):
    page.js(f"{PANEL}.querySelector('[data-control]').focus()")
    reached = []
    for _ in range(40):
        reached.append(page.js("document.activeElement.dataset.control ?? document.activeElement.className"))
        if "reset" in reached[-1]:
            break
        page.press(Keys.TAB)
    assert [control for control in controls_of(name) if control not in reached] == [] and "reset" in reached[-1], reached


def set_control(page, control, value):
    """Sets a control by keys, as a reader does."""
    element = page.finds(f"{control} is there", f"shown('.panel [data-control=\"{control}\"]')[0]")
    # Where the page has scrolled to, its heading may lie over it.
    page.js("a.scrollIntoView({block: 'center'})", element)
    kind = page.js("a.tagName + (a.type ?? '')", element)
    if kind.startswith("SELECT"):
        element.find_element(By.CSS_SELECTOR, f"option[value='{value}']").click()
    elif kind == "INPUTrange":
        for _ in range(600):
            now = page.js("Number(a.value)", element)
            if now == value:
                break
            element.send_keys(Keys.ARROW_LEFT if now > value else Keys.ARROW_RIGHT)
    elif kind.startswith("TEXTAREA"):
        element.send_keys(Keys.CONTROL, "a")
        element.send_keys(value)
    elif page.js("a.checked", element) != value:
        element.click()


# MARK: Challenges


SOLUTIONS = {
    "attention-step-by-step": [("text", {"en": "Holiday: flew to Shanghai. Breakfast: noodles. Trip went where?", "zh": "国庆：飞到上海。早餐：米线。旅行去了哪儿？"})],
    "highlighting": [("rule", "recent"), ("top-k", 13)],
    "lightning-indexer": [("relu", False)],
    "deepseek-sparse-attention": [("rule", "oracle")],
    "break-it": [("relu", False)],
    "laboratory": [("rule", "recent"), ("top-k", 10)],
}
# What looks near and is not: it moves what must stay, or does not reach the goal.
MISSES = {
    "attention-step-by-step": [("question", "mei")],
    "highlighting": [("top-k", 1)],
    "lightning-indexer": [("top-k", 1)],
    "deepseek-sparse-attention": [("top-k", 20)],
    "break-it": [("rule", "oracle")],
    "laboratory": [("question", "mei")],
}


def solve(results, site, name, language):
    results.check(f"{name} ({language}): the challenge is met by its controls, and by nothing less", challenge, site, name, language)


def challenge(site, name, language):
    page = opened(site, name, language)
    met = "shown('.panel .challenge')[0].classList.contains('met')"
    page.holds("nothing is met before anything was changed", f"!{met}")
    for control, value in MISSES[name]:
        set_control(page, control, value)
    page.holds("the change is shown", "location.hash.includes('?')")
    page.painted()
    page.holds("what changes the terms does not meet them", f"{READY} && !{met}")
    page.click(".panel .reset")
    page.holds("the lesson's values are back", "!location.hash.includes('?')")
    for control, value in SOLUTIONS[name]:
        set_control(page, control, value[language] if isinstance(value, dict) else value)
    page.holds("the challenge is met", met)
    page.is_quiet()


def follow(results, site, name, language):
    results.check(f"{name} ({language}): a cell's operands lead to an input", follows_operands, site, name, language)


def follows_operands(site, name, language):
    page = opened(site, name, language)
    # Some cells are masked, and say so instead of arithmetic: the first of a few that has operands will do.
    count = page.js("shown('.panel .cells')[0].children.length")
    for number in range(0, count, max(1, count // 12)):
        page.press_on(page.js("shown('.panel .cells')[0].children[a]", number), Keys.ENTER)
        page.holds("the cell explains itself", "shown('.why .line, .why .note').length > 0 && shown('.why .origin').length === 1")
        if page.js("shown('.why .operands button').length"):
            break
    depth = 0
    while page.js("shown('.why .operands button').length"):
        shown = page.js("shown('.why .reasons')[0].innerText")
        page.press_on(page.js("shown('.why .operands button')[0]"), Keys.ENTER)
        page.holds("the operand explains itself", "shown('.why .reasons')[0].innerText !== a && shown('.why .reasons .line, .why .note').length > 0", shown)
        depth += 1
        assert depth < 30, "operands lead on without an end"
    last = page.js("shown('.why .origin')[0].innerText.split(' · ').pop()")
    assert depth >= 2 and ("input." in last or "weight." in last), f"after {depth} operands the way ends at {last}"
    page.press_on(page.js("shown('.why .way button')[0]"), Keys.ENTER)
    page.holds("the way leads back to the cell", "!shown('.why .way').length && shown('.why .line').length > 0")


# MARK: Against the command


def agrees(results, attn, site, name, language, half):
    results.check(f"{name} ({language}): read-outs and pictures are the command's", as_the_command, attn, site, name, language, half)


GRID = ["k=2", "k=3&relu=off", "k=3&head-weights=off&temperature=0.5", "k=5&mask=after&rule=recent", "rule=random&heads=1", "rule=window+sinks&k=6", "rule=oracle&k=7&temperature=2.5"]


def every_picture(results, site, name, language):
    results.check(f"{name} ({language}): every picture is drawn by every rule, or says why not", draws_every_picture, site, name, language)


def draws_every_picture(site, name, language):
    page = opened(site, name, language)
    figures = page.js(f"JSON.parse({PANEL}.dataset.panel).figures.map(f => f.name)")
    for figure in figures:
        for rule in ["indexer", "recent", "window+sinks", "random", "oracle"]:
            page.js("(location.hash = a)", f"{PANELS[name]}?rule={rule}&k=5" + (f"&figure={figure}" if len(figures) > 1 else ""))
            page.holds(f"{figure} by {rule}", f"{PANEL}.querySelector('[data-control=rule]').value === a && location.hash.includes(a)", rule)
            page.painted()
            drawn, line = page.js(f"[Boolean({PANEL}.querySelector('.sheet > svg')), {PANEL}.querySelector('.refusal').innerText]")
            wanted = figure != "indexer" or rule == "indexer"
            assert drawn == wanted and bool(line) != wanted, f"{figure} by {rule}: drawn {drawn}, {line!r}"


def as_the_command(attn, site, name, language, half):
    """Every second of the settings, from the first or from the second on; those with words of a language are asked in it always."""
    queries = [f"?{query}" for query in [*GRID, *([] if name in CASES else [f"question=mei&{GRID[0]}"])][half::2]]
    if name not in CASES:
        queries += [f"?text={urllib.parse.quote(TYPED[language])}&k=5"]
        text, first, place = UNKNOWN[language]
        queries.append(f"?text={urllib.parse.quote(text)}&words={urllib.parse.quote(first)}:other:trip,{urllib.parse.quote(place)}:place:&k=3")
    page = opened(site, name, language)
    for query in queries:
        query += "&figure=compare" if page.js(f"JSON.parse({PANEL}.dataset.panel).figures.some(f => f.name === 'compare')") else ""
        page.js("(location.hash = a)", f"{PANELS[name]}{query}")
        page.holds(f"{query} is shown", f"!{PANEL}.querySelector('.refusal').innerText && {PANEL}.querySelector('[data-control=\"top-k\"]').value === (a.match(/k=(\\d+)/)?.[1] ?? {PANEL}.querySelector('[data-control=\"top-k\"]').value)", query)
        page.painted()
        command = page.js(f"{PANEL}.querySelector('.command code').textContent")
        width = min(page.js(f"Math.floor({PANEL}.querySelector('.picture').clientWidth)"), 760)
        with tempfile.TemporaryDirectory() as folder:
            picture = pathlib.Path(folder, "own.scene.json")
            arguments = shell_words(command)
            assert arguments[:2] == ["attn", "figure"] and arguments[-1] == "picture.png", command
            run = [attn, *arguments[1:-1], str(picture), "--width", str(width)]
            subprocess.run(run, check=True, cwd=root(), capture_output=True)
            scene = json.loads(picture.read_text(encoding="utf-8"))
        same = page.js(f"""((holder) => (holder.innerHTML = sceneSVG(a, 'x'), holder.firstChild.outerHTML.replaceAll(/x-\\d+/g, 'n')
          === {PANEL}.querySelector('.sheet > svg').outerHTML.replaceAll(/panel-\\d+-[a-z-]+-\\d+/g, 'n')))(document.createElement('div'))""", scene)
        assert same, f"{query}: the picture is another than that of {command}"
        trace = recorded(attn, arguments)
        page.holds(f"{query}: the read-outs are the trace's", f"""Math.abs({PANEL}.querySelector('[data-readout=kept]').dataset.exact - a) < 1e-9
          && Number({PANEL}.querySelector('[data-readout=pairs]').dataset.exact) === b""", *trace)


def root():
    return pathlib.Path(__file__).resolve().parents[2]


def shell_words(line):
    import shlex

    return shlex.split(line)


def recorded(attn, figure):
    """The dense weight that the last row keeps, in percent, and how many keys it keeps, of the command's own trace."""
    options = ["--lesson", "--case", "--question", "--text", "--word", "--with", "--lang", "--path"]
    run = [word for at, word in enumerate(figure) if word in options or figure[at - 1] in options]
    text = subprocess.run([attn, "trace", *run], check=True, cwd=root(), capture_output=True, text=True).stdout
    steps = {step["id"]: step for step in json.loads(text)["steps"]}
    selected = steps.get("selected") or steps["prefill.selected"]
    width = selected["output"]["shape"][1]
    kept = [value for value in selected["output"]["values"][-width:] if value >= 0]
    return 100 * selected["facts"]["massKept"][-1], len(kept)


# MARK: Bad input


WRONG = {
    "k=0": "k", "k=99": "top-k", "k=two": "k", "k=-1": "k", "k=1e9": "k", "relu=maybe": "relu", "rule=best": "rule", "heads=": "heads", "heads=0,0": "heads",
    "heads=7": "heads", "temperature=0": "temperature", "temperature=NaN": "temperature", "mask=never": "mask", "colour=red": "colour", "k=2&k=3": "k",
    "question=where": "question", "question=trip&text=Dali": "question", "text=%E0%A4%A": "text", "text=": "text", "words=a:b:c": "words", "text=Dali&words=Rome:place:": "Rome", "figure=nothing": "figure",
}


def refuse(results, site, language):
    """Addresses with a state that never was, and texts that no reader should type."""
    page = opened(site, "laboratory", language)
    own = page.js("[...document.querySelectorAll('.panel dd')].map(e => e.dataset.exact ?? '').join()")
    for query, named in WRONG.items():
        results.check(f"laboratory ({language}): #lab?{query} is refused by name", refuses_address, page, query, named, own)
    results.check(f"laboratory ({language}): bad addresses leave the console quiet", page.is_quiet)
    for what, text in hostile_texts(language).items():
        results.check(f"laboratory ({language}): {what}", shows_or_refuses, page, text, what, language)
    results.check(f"laboratory ({language}): typed texts leave the console quiet", page.is_quiet)
    results.check(f"laboratory ({language}): a storage that is refused breaks nothing", without_storage, site, language)


def refuses_address(page, query, named, own):
    page.js("(location.hash = 'lab')")
    page.holds("the lesson's values are back", f"!{PANEL}.querySelector('.refusal').innerText && location.hash === '#lab'")
    page.js("(location.hash = a)", "lab?" + query)
    line = page.finds("a line says why", f"{PANEL}.querySelector('.refusal').innerText")
    assert named in line and "\n" not in line and len(line) < 400, line
    page.holds("the panel shows the lesson's values", f"[...{PANEL}.querySelectorAll('dd')].map(e => e.dataset.exact ?? '').join() === a", own)
    page.holds("and still answers", READY)


def hostile_texts(language):
    word = {"en": "Dali ", "zh": "大理"}[language]
    return {
        "256 words work": word * 256, "257 words are refused": word * 257, "no words are refused": "", "spaces alone are refused": "   ", "100,000 letters are refused": "x" * 100_000,
        "a word of 500 letters is shown": "x" * 500 + " " + word, "markup is text": "<img src=x onerror=alert(1)> " + word,
        "a closing script is text": "</script><script>alert(1)</script> " + word, "bidi controls are shown": "\u202egnirts\u202c " + word,
        "NUL is shown": "a\0b " + word, "emoji are words": "🙂🙃 " + word, "half a pair of surrogates is text": "HALF " + word,
    }


def shows_or_refuses(page, text, what, language):
    page.js("(location.hash = 'lab', window.alert = () => { window.alerted = true; })")
    page.js(f"((e) => (e.value = a.replace('HALF', String.fromCharCode(0xd83d)), e.dispatchEvent(new Event('input', {{bubbles: true}}))))({PANEL}.querySelector('textarea'))", text)
    page.painted()
    page.painted()
    line = page.js(f"{PANEL}.querySelector('.refusal').innerText")
    if "refused" in what:
        assert line and "\n" not in line and len(line) < 400, f"expected a refusal, found {line!r}"
        assert any("\u4e00" <= letter <= "\u9fff" for letter in line) == (language == "zh"), f"expected a refusal in {language}, found {line!r}"
        page.holds("no number is left to be read", f"[...{PANEL}.querySelectorAll('dd')].every(e => !e.dataset.exact)")
    else:
        assert not line, line
        page.holds("the panel answers", f"{READY} && [...{PANEL}.querySelectorAll('dd')].every(e => e.dataset.exact)")
    page.holds("nothing was executed and nothing came in", f"!document.querySelector('.panel img, .panel script') && !window.alerted")
    page.js("(location.hash = 'lab')")
    page.holds("the lesson's values come back", f"!{PANEL}.querySelector('.refusal').innerText && {PANEL}.querySelector('[data-readout=kept]').dataset.exact")


def without_storage(site, language):
    browser = shared_browser()
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {
        "source": "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"})
    try:
        browser.get((site / "laboratory.html").resolve().as_uri() + "?no-storage#lab?k=2")
        for _ in range(600):
            if browser.execute_script("return [...document.querySelectorAll('.panel')].some(e => e.dataset.engine === 'ready' && e.checkVisibility())"):
                return
            ActionChains(browser).pause(0.05).perform()
        raise AssertionError("the panel does not answer")
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script["identifier"]})


# MARK: The reader's own words, and time


def own_words(results, site, language):
    results.check(f"laboratory ({language}): words that the diary does not know are told what they are", tells_new_words, site, language)
    results.check(f"laboratory ({language}): an address is opened as it was left", shares, site, language)
    page = opened(site, "laboratory", language)
    for count in [64, 256]:
        text = (TYPED[language] + " ") * 40
        took = page.js("""((panel) => {
          const area = panel.querySelector("textarea");
          const times = [];
          return new Promise(async (done) => {
            for (let time = 0; time < 7; time++) {
              const words = a.match(b === "en" ? /\\S+/g : /./g).slice(0);
              area.value = c + (time ? " Dali" : "");
              area.dispatchEvent(new Event("input", { bubbles: true }));
              await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
              times.push(Number(panel.dataset.milliseconds));
            }
            done(times.slice(1).sort((x, y) => x - y)[3]);
          });
        })(shown(".panel")[0])""", text, language, first_words(text, language, count - 1))
        results.note(f"laboratory ({language}): a change at {count} tokens is shown in {took:.0f} ms (median of 6)")


def first_words(text, language, count):
    """So many tokens of the diary."""
    word = {"en": "Dali ", "zh": "大理"}[language]
    rest = {"en": TYPED["en"] + " ", "zh": TYPED["zh"]}[language]
    tokens = {"en": 20, "zh": 20}[language]
    return rest * (count // tokens) + word * (count % tokens)


def tells_new_words(site, language):
    text, first, place = UNKNOWN[language]
    page = opened(site, "laboratory", language)
    set_control(page, "text", text)
    page.holds("menus come for both words", "shown('.new-word bdi').map(e => e.innerText).join() === a", f"{first},{place}")
    choose = "((e) => (e.value = c, e.dispatchEvent(new Event('change', {bubbles: true}))))(shown('.panel [data-word]').find(e => e.dataset.word === a + '-' + b))"
    page.js(choose, "0", "story", "trip")
    page.js(choose, "1", "kind", "place")
    page.holds("the answer is the new place", "shown('[data-readout=answer]')[0].innerText === a", place)
    page.holds("the address says what they are", "location.hash.includes('words=') && location.hash.includes(':place:')")
    page.is_quiet()


def shares(site, language):
    first = opened(site, "laboratory", language)
    set_control(first, "rule", "recent")
    set_control(first, "relu", False)
    set_control(first, "text", TYPED[language])
    first.painted()
    address, read = first.js(f"[location.hash, [...{PANEL}.querySelectorAll('dd')].map(e => e.dataset.exact).join()]")
    second = opened(site, "laboratory", language, query=address[len("#lab"):])
    second.holds("the same is read", f"[...{PANEL}.querySelectorAll('dd')].map(e => e.dataset.exact).join() === a && location.hash === b", read, address)
