"""Checks one by one, counted: a check that fails in any way has failed, and the others still run."""

import os
import traceback


class Results:
    """What one job found; small enough to go from one process to another."""

    def __init__(self):
        self.passed = 0
        self.failures = []
        self.notes = []

    def check(self, name, test, *arguments):
        try:
            test(*arguments)
            self.passed += 1
        except Exception as error:
            message = str(error).splitlines()[0] if str(error) else traceback.format_exc().splitlines()[-2].strip()
            self.failures.append(f"{name}: {message}")
            if os.environ.get("VERBOSE"):
                traceback.print_exc()

    def note(self, text):
        """A figure for people to read: a size, a time."""
        self.notes.append(text)
