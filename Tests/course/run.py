"""Writes the course with the program and uses it as readers do. Prints what failed, some sizes and times, and `N passed, N failed`.

usage: run.py ATTN [PICTURES]      PICTURES: a folder for screenshots and printed pages, for a person to look at
"""

import concurrent.futures
import os
import pathlib
import sys
import tempfile
import time

import articles
import hostile
import lesson_pages
import photographs
import player
import site_pages
from results import Results


def written_site(attn, folder):
    """The whole site as `attn` writes it, and how long that took."""
    start = time.monotonic()
    hostile.run(attn, "lesson", "run", "--all", "--to", "html", "--output", folder, "--lang", "en")
    return time.monotonic() - start


def run(job):
    """One job in a process of its own."""
    function, arguments = job
    results = Results()
    start = time.monotonic()
    try:
        function(results, *arguments)
    except Exception as error:  # a browser that does not open, a program that does not run
        results.failures.append(f"{function.__module__}.{function.__name__}: {error}")
    results.seconds = time.monotonic() - start
    return results


def main():
    attn = os.path.abspath(sys.argv[1])
    pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        site = folder / "site"
        print(f"the site in both languages: written in {written_site(attn, site):.1f} s", flush=True)
        pages = sorted(site.glob("*.html"), key=lambda path: -path.stat().st_size)
        lessons = [path for path in pages if path.name != "index.html"]
        jobs = [(lesson_pages.walk, (path, language)) for path in lessons for language in ["en", "zh"]]
        jobs += [(articles.all_lessons, (attn, folder / "articles")), (player.plays, (attn,)), (player.plays_to_the_end, (attn, lessons))]
        jobs += [(hostile.shows_text, (attn, folder / "hostile")), (site_pages.whole_site, (site,)), (site_pages.unscripted, (lessons,))]
        jobs += [(lesson_pages.once, (path,)) for path in lessons]
        if pictures:
            jobs += [(photographs.site, (site, path, pictures)) for path in pages]
        passed, failures = 0, []
        with concurrent.futures.ProcessPoolExecutor(max_workers=2) as pool:
            for (function, arguments), results in zip(jobs, pool.map(run, jobs)):
                passed += results.passed
                failures += results.failures
                for line in results.notes + [f"failed: {failure}" for failure in results.failures]:
                    print(line, flush=True)
                if os.environ.get("VERBOSE"):
                    print(f"  {results.seconds:.1f} s: {function.__name__} {[str(a) for a in arguments]}", flush=True)
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
