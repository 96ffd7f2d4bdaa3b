"""Writes the course with the program and uses it as readers do. Prints what failed, some sizes and times, and `N passed, N failed`.

usage: run.py ATTN [PICTURES]      PICTURES: a folder for screenshots and printed pages, for a person to look at
VERBOSE=1 also prints what each job took, and where failures come from.

Jobs run side by side, a process for each core and one more, since a browser often waits for itself; each process has one browser for all its jobs.
"""

import concurrent.futures
import json
import os
import pathlib
import sys
import tempfile
import time

import articles
import browser
import hostile
import lesson_pages
import panels
import photographs
import player
import site_pages
import stages
from results import Results


def written_site(attn, folder):
    """The whole site as `attn` writes it, and how long that took."""
    start = time.monotonic()
    hostile.run(attn, "lesson", "run", "--all", "--to", "html", "--output", folder, "--lang", "en")
    return time.monotonic() - start


def names(attn, *listing):
    """The names that the program lists."""
    return [entry["name"] for entry in json.loads(hostile.run(attn, *listing, "--json"))]


def jobs(attn, folder, site, pictures):
    """Everything there is to do: functions with their arguments, long ones first."""
    lessons, figures = names(attn, "lesson", "list"), names(attn, "figure", "list")
    pages = sorted([site / f"{name}.html" for name in lessons], key=lambda path: -path.stat().st_size)
    yield from [(site_pages.unscripted, (pages,)), (hostile.shows_text, (attn, folder / "hostile"))]
    for path in pages:
        walked, read = in_turns(lessons.index(path.stem))
        yield from [(lesson_pages.walk, (path, walked)), (lesson_pages.read, (path, read))]
    yield from panel_jobs(attn, site)
    yield from [(articles.all_lessons, (attn, folder / form, form, language, lessons)) for form in articles.FORMS for language in ["en", "zh"]]
    yield from [(player.plays_to_the_end, (attn, name)) for name in lessons]
    yield (site_pages.whole_site, (site, lessons, figures))
    yield from [(site_pages.readers_of, (site, *reader)) for reader in [("zh-CN", "zh-Hans"), ("en-GB", "en")]]
    yield (player.plays, (attn,))
    if pictures:
        yield from [(photographs.site, (site, path, pictures)) for path in [site / "index.html", *pages]]


def in_turns(number):
    """Both languages: the first of the two is another for every other number."""
    return ["en", "zh"][::1 - number % 2 * 2]


def panel_jobs(attn, site):
    """What is asked of live panels, where pages carry the engine."""
    if 'id="engine"' not in (site / "laboratory.html").read_text(encoding="utf-8"):
        if os.environ.get("REQUIRE_PAGE_ENGINE") == "1":
            sys.exit("panels: expected a site whose pages carry the engine, found none")
        print("panels: not tested, since the site was written without the page engine", flush=True)
        return
    for number, name in enumerate(panels.PANELS):
        first, second = in_turns(number)
        yield (panels.drive, (site, name, number))
        yield from [(panels.solve, (site, name, first)), (panels.solve, (site, name, second))]
        yield from [(panels.follow, (site, name, first)), (panels.every_picture, (site, name, second))]
        yield from [(panels.agrees, (attn, site, name, first, 0)), (panels.agrees, (attn, site, name, second, 1))]
    for language in ["en", "zh"]:
        yield from [(panels.refuse, (site, language)), (panels.own_words, (site, language))]
        yield (stages.stepped, (attn, site, language))


def run(job):
    """One job in one of the processes. A browser that is lost on the way says nothing of the page: then the job is done once more, in another."""
    results = attempt(*job)
    if results.failures and browser.opened and browser.is_lost(browser.opened[0]):
        again = attempt(*job)
        again.notes.insert(0, f"the browser was lost, and its job done again: {results.failures[0]}")
        return again
    return results


def attempt(function, arguments):
    results = Results()
    start = time.monotonic()
    try:
        function(results, *arguments)
    except Exception as error:  # a browser that does not open, a program that does not run
        results.failures.append(f"{function.__module__}.{function.__name__}: {(str(error) or repr(error)).splitlines()[0]}")
    results.seconds = time.monotonic() - start
    return results


def main():
    attn = os.path.abspath(sys.argv[1])
    pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        site = folder / "site"
        print(f"the site in both languages: written in {written_site(attn, site):.1f} s", flush=True)
        todo = list(jobs(attn, folder, site, pictures))
        passed, failures = 0, []
        with concurrent.futures.ProcessPoolExecutor(max_workers=(os.cpu_count() or 1) + 1) as pool:
            for (function, arguments), results in zip(todo, pool.map(run, todo)):
                passed += results.passed
                failures += results.failures
                for line in results.notes + [f"failed: {failure}" for failure in results.failures]:
                    print(line, flush=True)
                if os.environ.get("VERBOSE"):
                    what = [a.name if isinstance(a, pathlib.Path) else str(a) for a in arguments]
                    print(f"  {results.seconds:.1f} s: {function.__name__} {', '.join(what)[:120]}", flush=True)
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
