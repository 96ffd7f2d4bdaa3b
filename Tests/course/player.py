"""The terminal player in a pseudo-terminal, as a reader uses it."""

import os
import re
import subprocess
import unicodedata

import pexpect

COLUMNS = [40, 80, 120]
# Seconds until what does not come has failed: other work may share the machine.
PATIENCE = 60
# As many keys as the longest lesson could want, and some.
MANY = 120


def plays(results, attn):
    """What keys, windows and pipes do, on the first lesson."""
    for test in [
        enter_goes_on_and_answers_come_when_asked, b_goes_back, other_keys_do_nothing, control_c_ends_with_130, end_of_input_ends_quietly,
        end_of_input_typed_ahead_counts, one_step_by_its_name, colours_only_where_wanted, the_terminal_is_as_it_was,
        a_new_width_counts_from_the_next_step, a_closed_pipe_is_quiet, a_pipe_gets_everything, a_signal_leaves_the_terminal_as_it_was,
    ]:
        results.check(test.__name__.replace("_", " "), test, attn)


def plays_to_the_end(results, attn, lesson):
    """A lesson in both languages and three widths: no line is wider than the window."""
    for language in ["en", "zh"]:
        for columns in COLUMNS:
            results.check(f"{lesson} ({language}) plays to its end on {columns} columns", plays_to_its_end, attn, lesson, language, columns)


def play(attn, *arguments, columns=80, language="en", **environment):
    variables = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "", **environment}
    variables.pop("COLUMNS", None)
    child = pexpect.spawn(
        attn, ["lesson", "run", *arguments, "--lang", language], env=variables, encoding="utf-8", timeout=PATIENCE, dimensions=(40, columns))
    child.delaybeforesend = None
    return child


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def width(text):
    """Columns of a text by Unicode's East Asian Width: an opinion that is not the player's."""
    return sum(
        2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 1 for c in text)


def ends(child, status=0):
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == status, f"exit {child.exitstatus}, signal {child.signalstatus}"


PROMPT = {"en": "Enter: (next|the answer) · b: back · q: quit", "zh": "回车：(下一步|看答案) · b：上一步 · q：退出"}


def plays_to_its_end(attn, lesson, language, columns):
    child = play(attn, lesson, columns=columns, language=language)
    seen, keys = "", 0
    while child.expect([PROMPT[language], pexpect.EOF]) == 0:
        seen += child.before + child.after
        child.send("\r")
        keys += 1
        assert keys < MANY, "the lesson does not end"
    seen += child.before
    child.close()
    assert child.exitstatus == 0, child.exitstatus
    # A prompt is wiped by a carriage return: what follows it begins a line.
    lines = re.split(r"[\r\n]+", plain(seen))
    steps = {tuple(map(int, match.groups())) for line in lines if (match := re.match(r"(\d+)/(\d+)  ", line))}
    assert len({last for _, last in steps}) == 1 and len(steps) == next(iter(steps))[1] >= 8, f"steps seen: {sorted(steps)}"
    wide = [line for line in lines if width(line) > columns]
    assert not wide, f"{len(wide)} lines are too wide, such as {wide[0]!r} ({width(wide[0])})"


def enter_goes_on_and_answers_come_when_asked(attn):
    child = play(attn, "1")
    child.expect("1/[0-9]+  ")
    child.expect("Enter: the answer")
    assert "of its weight goes there" not in plain(child.before)
    child.send("\r")
    child.expect("of its weight goes there")
    child.expect("Enter: next")
    child.send("\r")
    child.expect("2/[0-9]+  ")
    child.expect("Enter: ")
    child.send("q")
    ends(child)


def b_goes_back(attn):
    child = play(attn, "1")
    child.expect("Enter: the answer")
    child.send("\r")
    child.expect("Enter: next")
    child.send(" ")
    child.expect("2/[0-9]+  ")
    child.expect("Enter: ")
    child.send("b")
    child.expect("1/[0-9]+  ")
    child.expect("Enter: ")
    child.send("\x1b[C")
    child.expect("of its weight goes there")
    child.expect("Enter: ")
    child.send("q")
    ends(child)


def other_keys_do_nothing(attn):
    child = play(attn, "1")
    child.expect("Enter: the answer")
    child.send("x")
    child.send("\x1b[A")
    # What must not come can only be waited for a while.
    assert child.expect(["of its weight", pexpect.TIMEOUT], timeout=0.3) == 1
    child.send("q")
    ends(child)


def control_c_ends_with_130(attn):
    child = play(attn, "1")
    child.expect("Enter: the answer")
    child.send("\x03")
    ends(child, 130)


def end_of_input_ends_quietly(attn):
    child = play(attn, "1")
    child.expect("Enter: the answer")
    child.send("\x04")
    ends(child)


def end_of_input_typed_ahead_counts(attn):
    """Control-D before the player has set the terminal to single keys: the terminal keeps it as another byte."""
    child = play(attn, "1")
    child.send("\x04")
    ends(child)


def one_step_by_its_name(attn):
    child = play(attn, "1", "--step", "dot")
    ends(child)
    text = plain(child.before)
    assert "One score" in text and "Enter" not in text
    unknown = subprocess.run([attn, "lesson", "run", "1", "--step", "nowhere"], capture_output=True, text=True)
    assert unknown.returncode == 65 and "there is no step nowhere" in unknown.stderr, (unknown.returncode, unknown.stderr)


def colours_only_where_wanted(attn):
    child = play(attn, "1", "--step", "goal")
    ends(child)
    assert "\x1b[" in child.before
    for environment in [{"NO_COLOR": "1"}, {"TERM": "dumb"}]:
        child = play(attn, "1", "--step", "goal", **environment)
        ends(child)
        assert "\x1b" not in child.before, environment


def a_pipe_gets_everything(attn):
    piped = subprocess.run([attn, "lesson", "run", "1", "--lang", "en"], capture_output=True, text=True)
    assert piped.returncode == 0 and "\x1b" not in piped.stdout and "of its weight goes there" in piped.stdout
    assert "Enter: " not in piped.stdout and not piped.stderr


def a_closed_pipe_is_quiet(attn):
    command = f"set -o pipefail; '{attn}' lesson run 1 --lang en | head -1; echo \"${{PIPESTATUS[0]}}\""
    piped = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert piped.stderr == "", piped.stderr
    assert piped.stdout.splitlines()[1] in ("0", "141"), piped.stdout


def the_terminal_is_as_it_was(attn):
    for key in ["q", "\x03"]:
        child = pexpect.spawn("/bin/sh", encoding="utf-8", timeout=PATIENCE, dimensions=(40, 80), env={**os.environ, "PS1": "$ "})
        child.sendline(f"before=$(stty -g); '{attn}' lesson run 1 --lang en; test \"$before\" = \"$(stty -g)\" && echo sa''me")
        child.expect("Enter: the answer")
        child.send(key)
        child.expect("same")
        child.close(force=True)


def a_signal_leaves_the_terminal_as_it_was(attn):
    child = pexpect.spawn("/bin/sh", encoding="utf-8", timeout=PATIENCE, dimensions=(40, 80), env={**os.environ, "PS1": "$ "})
    child.sendline(f"before=$(stty -g); '{attn}' lesson run 1 --lang en; test \"$before\" = \"$(stty -g)\" && echo sa''me")
    child.expect("Enter: the answer")
    player = subprocess.run(["pgrep", "-P", str(child.pid)], capture_output=True, text=True, check=True).stdout.split()[0]
    os.kill(int(player), 15)
    child.expect("same")
    child.close(force=True)


def a_new_width_counts_from_the_next_step(attn):
    child = play(attn, "1", columns=120)
    child.expect("Enter: the answer")
    child.setwinsize(40, 40)
    child.send("\r")
    child.expect("Enter: ")
    child.send("\r")
    child.expect("2/[0-9]+  ")
    child.expect("Enter: ")
    wide = [line for line in re.split(r"[\r\n]+", plain(child.before)) if width(line) > 40]
    assert not wide, f"wider than the new window: {wide[0]!r}"
    child.send("q")
    ends(child)
