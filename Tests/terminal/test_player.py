"""Plays a lesson in a pseudo-terminal, as a reader would.

usage: test_player.py ATTN
"""

import os
import re
import subprocess
import sys

import pexpect

attn = sys.argv[1]
passed = failed = 0


def play(*arguments, columns=80, language="en", **environment):
    variables = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "", **environment}
    child = pexpect.spawn(
        attn, ["lesson", "run", *arguments, "--lang", language], env=variables, encoding="utf-8", timeout=20, dimensions=(40, columns))
    child.setecho(False)
    return child


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def check(name, test):
    global passed, failed
    try:
        test()
        passed += 1
    except Exception as error:
        failed += 1
        print(f"failed: {name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}")


def enter_goes_on_and_answers_come_when_asked():
    child = play("1")
    child.expect("1/[0-9]+  ")
    child.expect("Enter: the answer")
    before = child.before
    assert "of its weight goes there" not in plain(before)
    child.send("\r")
    child.expect("of its weight goes there")
    child.expect("Enter: next")
    child.send("\r")
    child.expect("2/[0-9]+  ")
    child.send("q")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.exitstatus


def b_goes_back():
    child = play("1")
    child.expect("Enter: the answer")
    child.send("\r")
    child.expect("Enter: next")
    child.send(" ")
    child.expect("2/[0-9]+  ")
    child.expect("Enter: ")
    child.send("b")
    child.expect("1/[0-9]+  ")
    child.send("q")
    child.expect(pexpect.EOF)


def other_keys_do_nothing():
    child = play("1")
    child.expect("Enter: the answer")
    child.send("x")
    assert child.expect(["of its weight", pexpect.TIMEOUT], timeout=0.5) == 1
    child.send("q")
    child.expect(pexpect.EOF)


def the_last_step_ends_the_play():
    child = play("1")
    for _ in range(60):
        if child.expect(["Enter: ", pexpect.EOF]) == 1:
            break
        child.send("\r")
    child.close()
    assert child.exitstatus == 0, child.exitstatus


def control_c_ends_with_130():
    child = play("1")
    child.expect("Enter: the answer")
    child.send("\x03")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130, child.exitstatus


def one_step_by_its_name():
    child = play("1", "--step", "dot")
    child.expect(pexpect.EOF)
    child.close()
    text = plain(child.before)
    assert child.exitstatus == 0 and "One score" in text and "Enter" not in text
    unknown = subprocess.run([attn, "lesson", "run", "1", "--step", "nowhere"], capture_output=True, text=True)
    assert unknown.returncode == 65 and "nowhere" in unknown.stderr, (unknown.returncode, unknown.stderr)


def chinese_keeps_to_the_window():
    import unicodedata

    def width(text):
        return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)

    for columns in [40, 80]:
        child = play("1", "--step", "goal", columns=columns, language="zh")
        child.expect(pexpect.EOF)
        wide = [line for line in plain(child.before).splitlines() if width(line) > columns]
        assert not wide, wide[:1]


def colours_only_where_wanted():
    child = play("1", "--step", "goal")
    child.expect(pexpect.EOF)
    assert "\x1b[" in child.before
    child = play("1", "--step", "goal", NO_COLOR="1")
    child.expect(pexpect.EOF)
    assert "\x1b[" not in child.before
    piped = subprocess.run([attn, "lesson", "run", "1", "--lang", "en"], capture_output=True, text=True)
    assert piped.returncode == 0 and "\x1b" not in piped.stdout and "of its weight goes there" in piped.stdout


def the_terminal_is_as_it_was():
    child = pexpect.spawn("/bin/sh", encoding="utf-8", timeout=20, dimensions=(40, 80), env={**os.environ, "PS1": "$ "})
    child.sendline(f"before=$(stty -g); {attn} lesson run 1 --lang en; test \"$before\" = \"$(stty -g)\" && echo sa''me")
    child.expect("Enter: the answer")
    child.send("q")
    child.expect("same")
    child.close(force=True)


for test in [
    enter_goes_on_and_answers_come_when_asked, b_goes_back, other_keys_do_nothing, the_last_step_ends_the_play, control_c_ends_with_130,
    one_step_by_its_name, chinese_keeps_to_the_window, colours_only_where_wanted, the_terminal_is_as_it_was,
]:
    check(test.__name__.replace("_", " "), test)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
