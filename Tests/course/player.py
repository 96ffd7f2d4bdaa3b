"""The terminal player in a pseudo-terminal, as a reader uses it."""

import os
import re
import subprocess
import unicodedata

import pexpect

COLUMNS = [40, 80, 120]
ROWS = 30
# Seconds until what does not come has failed: other work may share the machine.
PATIENCE = 60
# As many keys as the longest lesson could want, and some.
MANY = 400


def plays(results, attn):
    """What keys, windows and pipes do, on the first lesson."""
    for test in [
        enter_goes_on_and_answers_come_when_asked, b_goes_back, other_keys_do_nothing, control_c_ends_with_130, end_of_input_ends_quietly,
        end_of_input_typed_ahead_counts, one_step_by_its_name, colours_only_where_wanted, the_terminal_is_as_it_was,
        a_new_width_counts_from_the_next_step, a_closed_pipe_is_quiet, a_pipe_gets_everything, a_signal_leaves_the_terminal_as_it_was,
        the_question_mark_lists_the_keys, why_follows_operands_to_an_input, a_question_is_edited_while_it_is_typed, what_is_not_there_is_asked_again,
        control_c_in_a_question_ends_with_130, control_d_leaves_the_question, long_steps_are_paged, a_lower_window_counts_from_the_next_page,
        settings_stand_beside_the_lesson, another_question_is_told_anew,
    ]:
        results.check(test.__name__.replace("_", " "), test, attn)


def plays_to_the_end(results, attn, lesson):
    """A lesson in both languages and three widths: no line is wider than the window."""
    for language in ["en", "zh"]:
        for columns in COLUMNS:
            results.check(f"{lesson} ({language}) plays to its end on {columns} columns", plays_to_its_end, attn, lesson, language, columns)


def play(attn, *arguments, columns=80, rows=200, language="en", **environment):
    variables = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "", **environment}
    variables.pop("COLUMNS", None)
    child = pexpect.spawn(
        attn, ["lesson", "run", *arguments, "--lang", language], env=variables, encoding="utf-8", timeout=PATIENCE, dimensions=(rows, columns))
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


PROMPT = {
    "en": "Enter: (next page|next|the answer|end) · b: back",
    "zh": "回车：(下一步|看答案|结束) · b：上一步|回车：下一页 · b：上一页",
}


def plays_to_its_end(attn, lesson, language, columns):
    child = play(attn, lesson, columns=columns, rows=ROWS, language=language)
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
    assert len({last for _, last in steps}) == 1 and len(steps) == next(iter(steps))[1] >= 7, f"steps seen: {sorted(steps)}"
    wide = [line for line in lines if width(line) > columns]
    assert not wide, f"{len(wide)} lines are too wide, such as {wide[0]!r} ({width(wide[0])})"
    long = [screen for screen in re.split(PROMPT[language], plain(seen)) if screen and screen.count("\n") >= ROWS]
    assert not long, f"{len(long)} screens are longer than the window"


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


def the_question_mark_lists_the_keys(attn):
    for language, words in [("en", "this list"), ("zh", "这张表")]:
        child = play(attn, "1", language=language)
        child.expect(PROMPT[language])
        child.send("?")
        child.expect(words)
        child.expect(PROMPT[language])
        child.send("q")
        ends(child)


def why_follows_operands_to_an_input(attn):
    child = play(attn, "1")
    child.expect("Enter: the answer")
    child.send("w")
    child.expect("Enter alone: ")
    child.expect("> ")
    child.send("attention.scores[1,17,4]\r")
    child.expect(re.escape("= (3·2 + 4·1.6 + 0·0 + 0·0)/2"))
    child.expect("1–2: ask on")
    # The query, its first number, the vector of the last token, its first feature, what the word is by itself.
    for number, words in [("1", "4 numbers, one of them"), ("1", "1–2: ask on"), ("1", "8 numbers"), ("1", "1–3: ask on"), ("1", "An input")]:
        child.send(number)
        child.expect(words)
    child.expect("b: back")
    child.send("b")
    child.expect("1–3: ask on")
    child.send("\r")
    child.expect("Enter: the answer")
    child.send("q")
    ends(child)


def a_question_is_edited_while_it_is_typed(attn):
    """Backspace, arrows, a pasted text, characters of several bytes, split between two writes."""
    child = play(attn, "1")
    child.expect("Enter: the answer")
    child.send("w")
    child.expect("> ")
    bytes_ = "大理".encode()
    for piece in [bytes_[:2], bytes_[2:]]:
        os.write(child.child_fd, piece)
    child.expect("大理")
    child.send("\x7f\x7fattention.scores[1,17,5]\x1b[D\x7f4\r")
    child.expect(re.escape("= 6.2"))
    child.send("\r")
    child.expect("Enter: the answer")
    child.send("q")
    ends(child)


def what_is_not_there_is_asked_again(attn):
    for language, words in [("en", "did you mean attention.scores"), ("zh", "是不是 attention.scores")]:
        child = play(attn, "1", language=language, columns=200)
        child.expect(PROMPT[language])
        child.send("w")
        child.expect("> ")
        child.send("attention.scroes[1,17,4]\r")
        child.expect(words)
        child.send("17,4\r")
        child.expect("mean of heads|各头的平均")
        child.send("attention.scores[1,17,4]\r")
        child.expect(re.escape("= 6.2"))
        child.send("q")
        child.expect(PROMPT[language])
        child.send("q")
        ends(child)


def control_c_in_a_question_ends_with_130(attn):
    for keys in ["w", "w\r", "w\r11", "s", "ww"]:
        child = pexpect.spawn("/bin/sh", encoding="utf-8", timeout=PATIENCE, dimensions=(60, 80), env={**os.environ, "PS1": "$ "})
        child.delaybeforesend = None
        child.sendline(f"before=$(stty -g); '{attn}' lesson run 1 --lang en; echo ended $?; test \"$before\" = \"$(stty -g)\" && echo sa''me")
        child.expect("Enter: the answer")
        for key in keys:
            child.send(key)
        child.expect("ask on|> |1… of")
        child.send("\x03")
        child.expect("ended 130")
        child.expect("same")
        child.close(force=True)


def control_d_leaves_the_question(attn):
    for key in ["w", "s"]:
        child = play(attn, "1")
        child.expect("Enter: the answer")
        child.send(key)
        child.expect("> ")
        child.send("att\x04")
        child.expect("Enter: the answer")
        child.send("\x04")
        ends(child)


def long_steps_are_paged(attn):
    child = play(attn, "1", rows=14, columns=60)
    child.expect("more · Enter: next page")
    assert child.before.count("\n") < 14
    assert "if you were" not in plain(child.before)
    child.send(" ")
    child.expect("if you were")
    child.expect("Enter: the answer")
    child.send("b")
    child.expect("1/[0-9]+  ")
    child.expect("more · Enter")
    child.send("q")
    ends(child)


def a_lower_window_counts_from_the_next_page(attn):
    child = play(attn, "1", rows=60)
    child.expect("Enter: the answer")
    child.setwinsize(12, 60)
    child.send("\r")
    child.expect("more · Enter: next page")
    screen = plain(child.before)
    assert screen.count("\n") < 12, screen.count("\n")
    child.send("q")
    ends(child)


def settings_stand_beside_the_lesson(attn):
    child = play(attn, "3", NO_COLOR="1")
    child.expect("Enter: the answer")
    child.send("s")
    child.expect("question=trip")
    child.expect("no-relu: off")
    child.expect("> ")
    child.send("no-rely\r")
    child.expect("did you mean no-relu")
    child.send("k=2 no-relu\r")
    child.expect("With your settings, k=2 no-relu")
    child.expect("4 → 2 of 18 keys")
    child.expect(re.escape("[k=2 no-relu] Enter: the answer"))
    child.send("\r")
    # The lesson's own sentence stays as it is.
    child.expect("“Dali”, “Trip”, “Holiday”")
    child.expect("Enter: next")
    child.send("s")
    child.expect(re.escape("k=N: 2 (lesson: 4)"))
    child.expect("> ")
    child.send("reset\r")
    child.expect("the lesson's own")
    child.expect("\r *\rEnter: next|\nEnter: next|\rEnter: next")
    child.send("q")
    ends(child)


def another_question_is_told_anew(attn):
    child = play(attn, "1")
    child.expect("Trip went where")
    child.expect("Enter: the answer")
    child.send("\r")
    child.expect("Enter: next")
    child.send("\r")
    child.expect("2/[0-9]+  ")
    child.expect("Enter: ")
    child.send("s")
    child.expect("> ")
    child.send("question=mei\r")
    child.expect("2/[0-9]+  ")
    child.expect(re.escape("[question=mei] Enter: "))
    child.send("q")
    ends(child)
