// Live panels: a figure of ours, redrawn by the engine in the page from the reader's settings, with what was computed beside it and a challenge. Nothing is
// computed here: the engine answers, and what a reader typed is only ever set as text.
function makePanels({ make, page, cells, engine }) {
  let text = null;
  const panelWords = () => (text ??= JSON.parse(document.getElementById("panel-words").textContent));
  let number = 0;

  // MARK: Controls

  /// Builds a panel's controls. Each says what it changes of a state, and how it shows one: `panel.shows`.
  function build(section, opened) {
    const data = JSON.parse(section.dataset.panel);
    const language = section.closest(".edition").dataset.lang;
    const { state: lesson, rest } = settings.lessonValues(data);
    const panel = {
      section, data, words: panelWords()[language], language, lesson, rest, state: structuredClone(lesson), opened, id: `panel-${++number}`,
      tokens: data.tokens, newWords: [], refused: "", shows: [], picture: section.querySelector(".picture"),
    };
    const controls = make("div", { class: "controls" }, ...data.controls.map((name) => builders[name](panel)));
    if (data.figures.length > 1) controls.append(builders.figure(panel));
    panel.readouts = readouts(panel);
    panel.challenge = make("p", { class: "challenge", role: "status" });
    panel.refusal = make("p", { class: "refusal", role: "alert" });
    panel.command = make("code", {});
    const reset = make("button", { type: "button", class: "reset" }, panel.words.reset);
    reset.addEventListener("click", () => backToLesson(panel));
    panel.picture.before(controls, panel.challenge, panel.refusal, panel.readouts.list);
    panel.picture.after(make("p", { class: "panel-foot" }, reset, make("span", { class: "command" }, panel.words.command + " ", panel.command)));
    return panel;
  }

  /// A change by the reader: shown before the next frame, however many there are until then.
  function change(panel, how) {
    how(panel.state);
    panel.refused = "";
    if (panel.isScheduled) return;
    panel.isScheduled = true;
    requestAnimationFrame(() => {
      panel.isScheduled = false;
      draw(panel);
      remember(panel);
    });
  }

  function backToLesson(panel) { change(panel, () => { panel.state = structuredClone(panel.lesson); }); }

  const field = (panel, label, control, ...more) => {
    control.id = `${panel.id}-${control.dataset.control ?? control.dataset.setting}`;
    return make("div", { class: "field" }, make("label", { for: control.id }, label), control, ...more);
  };

  const options = (list) => list.map(([value, label]) => make("option", { value }, label));

  function menu(panel, label, attributes, list, choose, shown) {
    const control = make("select", attributes, ...options(list));
    control.addEventListener("change", () => change(panel, (state) => choose(state, control.value)));
    panel.shows.push((state) => { control.value = shown(state); });
    return field(panel, label, control);
  }

  function slider(panel, name, label, range, choose, shown) {
    const control = make("input", { type: "range", "data-control": name, ...range });
    const output = make("output", {});
    control.addEventListener("input", () => change(panel, (state) => choose(state, Number(control.value))));
    panel.shows.push((state) => {
      const [value, said, most] = shown(state);
      control.max = most;
      control.value = value;
      output.textContent = said;
      control.setAttribute("aria-valuetext", said);
    });
    const whole = field(panel, label, control, output);
    output.htmlFor = control.id;
    return whole;
  }

  function tick(panel, name, label) {
    const control = make("input", { type: "checkbox", "data-control": name, id: `${panel.id}-${name}` });
    control.addEventListener("change", () => change(panel, (state) => { state[name] = control.checked ? "on" : "off"; }));
    panel.shows.push((state) => { control.checked = state[name] === "on"; });
    return make("label", { class: "tick", for: control.id }, control, " " + label);
  }

  const builders = {
    question(panel) {
      const own = make("option", { value: "" }, panel.words.ownQuestion);
      const whole = menu(panel, panel.words.question, { "data-control": "question" }, panel.data.questions.map(({ name, words }) => [name, words]),
        (state, name) => { if (name) settings.ask(panel, state, name); }, (state) => settings.questionOf(panel, state) ?? "");
      whole.querySelector("select").append(own);
      panel.shows.push((state) => { own.hidden = settings.questionOf(panel, state) !== null; });
      return whole;
    },
    text(panel) {
      const control = make("textarea", { "data-control": "text", rows: 2, spellcheck: "false", autocapitalize: "off", autocomplete: "off" });
      control.addEventListener("input", () => {
        panel.typed = { hadAll: panel.typed?.hadAll ?? panel.state.k === panel.tokens };
        change(panel, (state) => settings.type(panel, state, control.value));
      });
      panel.shows.push((state) => {
        const whole = settings.textOf(panel, state);
        if (control.value !== whole) control.value = whole;
      });
      panel.wordMenus = make("div", { class: "new-words" });
      const whole = field(panel, panel.words.text, control, panel.wordMenus);
      whole.classList.add("wide");
      return whole;
    },
    "top-k": (panel) => slider(panel, "top-k", panel.words.topK, { min: 1, step: 1 }, (state, value) => { state.k = value; },
      ({ k }) => [k, ofKeys(panel, k, panel.tokens), panel.tokens]),
    temperature: (panel) => slider(panel, "temperature", panel.words.temperature, { min: settings.temperatures.least, step: 0.1 },
      (state, value) => { state.temperature = value; }, ({ temperature }) => [temperature, String(temperature), settings.temperatures.most]),
    heads(panel) {
      const boxes = panel.data.heads.map((_, head) => make("input", { type: "checkbox", "data-control": "heads", value: head, id: `${panel.id}-heads-${head}` }));
      for (const box of boxes) {
        box.addEventListener("change", () => {
          const on = boxes.filter((one) => one.checked).map((one) => Number(one.value));
          if (on.length) return change(panel, (state) => { state.heads = on; });
          box.checked = true;
          panel.refusal.textContent = panel.words.oneHead;
        });
      }
      panel.shows.push((state) => boxes.forEach((box, head) => { box.checked = state.heads.includes(head); }));
      return make("fieldset", { class: "field wide" }, make("legend", {}, panel.words.heads),
        ...boxes.map((box, head) => make("label", { class: "tick", for: box.id }, box, " " + panel.data.heads[head])));
    },
    relu: (panel) => make("fieldset", { class: "field" }, make("legend", {}, panel.words.indexer),
      tick(panel, "relu", panel.words.relu), tick(panel, "head-weights", panel.words.headWeights)),
    // Both of the indexer's parts stand under one heading.
    "head-weights": () => "",
    mask: (panel) => menu(panel, panel.words.mask, { "data-control": "mask" }, [["before", panel.words.maskBefore], ["after", panel.words.maskAfter]],
      (state, value) => { state.mask = value; }, ({ mask }) => mask),
    rule: (panel) => menu(panel, panel.words.rule, { "data-control": "rule" }, Object.entries(panel.words.rules),
      (state, value) => { state.rule = value; }, ({ rule }) => rule),
    figure: (panel) => menu(panel, panel.words.figure, { "data-setting": "figure" }, panel.data.figures.map(({ name }, at) => [at, panel.words.figures[name] ?? name]),
      (state, value) => { state.figure = Number(value); }, ({ figure }) => String(figure)),
  };

  const ofKeys = ({ words }, k, n) => words.ofKeys.replace("{k}", k).replace("{n}", n);

  function readouts({ words, data }) {
    const values = {};
    const list = make("dl", { class: "readouts" });
    for (const name of ["pairs", "kept", "recall", ...(data.run.case ? [] : ["answer"])]) {
      values[name] = make("dd", { "data-readout": name });
      list.append(make("div", {}, make("dt", {}, words.readouts[name]), values[name]));
    }
    return { list, values };
  }

  /// Small menus for words that the diary does not know.
  function showWords(panel, list) {
    if (!panel.wordMenus || panel.shownWords === JSON.stringify(list)) return;
    panel.shownWords = JSON.stringify(list);
    const { words, data } = panel;
    const focused = document.activeElement?.dataset.word;
    const choice = (at, part, label, choices) => {
      const control = make("select", { "data-setting": `word-${part}`, "data-word": `${at}-${part}`, "aria-label": `${visibleText(list[at].text)}: ${label}` },
        ...options(choices));
      control.value = list[at][part] ?? "";
      control.addEventListener("change", () => change(panel, (state) => {
        state.words = list.map((word, number) => (number === at ? { ...word, [part]: control.value || null } : word));
      }));
      return control;
    };
    const menus = list.map(({ text }, at) => make("span", { class: "new-word" }, make("bdi", {}, visibleText(text)),
      choice(at, "kind", words.kind, Object.entries(words.kinds)),
      choice(at, "story", words.story, [["", words.ownStory], ...data.stories.map(({ id, name }) => [id, name])])));
    panel.wordMenus.replaceChildren(...(menus.length ? [make("p", {}, words.newWords), ...menus] : []));
    if (focused) panel.wordMenus.querySelector(`[data-word="${focused}"]`)?.focus();
  }

  // MARK: What the engine says

  /// When the address was written: browsers refuse a hundred times in half a minute.
  let written = [];

  /// Puts the state into the address: at once, or, where that was done very often just now, soon.
  function remember(panel) {
    const step = page.step();
    clearTimeout(panel.timer);
    panel.write = () => {
      panel.write = null;
      written.push(performance.now());
      if (page.step() !== step) return;
      try { history.replaceState(null, "", "#" + step + settings.query(panel)); } catch { /* the next change tries again */ }
    };
    written = written.filter((time) => performance.now() - time < 30_000);
    if (written.length < 50) panel.write(); else panel.timer = setTimeout(() => panel.write?.(), 800);
  }

  function read(panel, state, goal = {}) {
    if (state.text?.length > settings.longest) return { error: panel.words.shorterText.replace("{n}", settings.longest) };
    if (state.text !== null && !state.text.trim()) return { error: panel.words.noText };
    const run = settings.runOf(panel, state);
    return JSON.parse(panel.opened.readouts(Object.keys(goal).length ? { run, goal } : { run }));
  }

  /// What the engine says of the state. After words were typed, a k that meant all of them still does, and none is larger than there are.
  function readFitted(panel, goal) {
    const { state, typed } = panel;
    const answer = read(panel, state, goal);
    panel.typed = null;
    if (!typed) return answer;
    const count = answer.error ? read(panel, { ...state, k: 1 }).visible : answer.visible;
    if (!count || !(state.k > count || (typed.hadAll && state.k < count))) return answer;
    state.k = count;
    return read(panel, state, goal);
  }

  /// Asks the engine, and shows what it says; what it refuses leaves no number to be read.
  function draw(panel) {
    const start = performance.now();
    const { goal } = panel.data.challenge;
    const answer = readFitted(panel, Object.fromEntries(Object.entries(goal).filter(([, value]) => value !== "above")));
    panel.section.classList.toggle("refused", Boolean(answer.error));
    panel.refusal.textContent = visibleText(answer.error ?? panel.refused);
    if (!answer.error) {
      panel.tokens = answer.visible;
      panel.newWords = answer.newWords;
      // What is no more in the text needs no kind.
      panel.state.words = panel.state.words.filter(({ text }) => answer.newWords.some((word) => word.text === text));
    }
    for (const show of panel.shows) show(panel.state);
    showReadouts(panel, answer);
    showChallenge(panel, answer);
    if (answer.error) clear(panel);
    else {
      showWords(panel, answer.newWords);
      paint(panel);
    }
    panel.section.dataset.engine = "ready";
    panel.section.dataset.milliseconds = (performance.now() - start).toFixed(1);
  }

  function showReadouts(panel, answer) {
    for (const [name, value] of Object.entries(panel.readouts.values)) {
      const said = answer[name];
      value.textContent = visibleText(said ? (name === "pairs" ? ofKeys(panel, said.text, answer.visible) : said.text) : "–");
      if (said) value.dataset.exact = said.exact; else delete value.dataset.exact;
    }
  }

  function showChallenge(panel, answer) {
    const { state, lesson, words } = panel;
    const { goal, same, words: wanted } = panel.data.challenge;
    if (goal.kept === "above") panel.read ??= read(panel, lesson);
    const isMet = !answer.error && !settings.isSame(state, lesson) && (answer.met ?? true) && same.every((name) => settings.keeps(panel, name))
      && (goal.kept !== "above" || Number(answer.kept.exact) > Number(panel.read.kept.exact));
    panel.challenge.classList.toggle("met", isMet);
    const said = (isMet ? words.met : words.challenge) + " " + wanted;
    if (panel.challenge.textContent !== said) panel.challenge.textContent = said;
  }

  /// Takes the picture away: it would be of another state.
  function clear(panel) {
    const sheet = panel.picture.querySelector(".sheet");
    cells.close(panel.picture);
    sheet.replaceChildren();
    cells.add(sheet, { list: [] });
    panel.command.parentElement.hidden = true;
  }

  /// Draws the figure, as wide as there is room. What cannot be drawn leaves no picture of something else.
  function paint(panel) {
    const { data, state, picture, opened, words } = panel;
    const figure = data.figures[state.figure];
    const { name, step, head } = figure;
    const sheet = picture.querySelector(".sheet");
    const room = (panel.room = Math.floor(picture.clientWidth));
    const isNarrow = room < 560;
    const asked = { theme: page.theme(), preset: isNarrow ? "phone" : "article", width: Math.min(Math.max(room, 280), 760), ...(step && { step }), ...(head && { head }) };
    const run = settings.runOf(panel, state);
    const scene = JSON.parse(opened.scene({ figure: name, runs: [run], options: asked }));
    cells.close(picture);
    panel.command.textContent = settings.command(panel, figure);
    panel.command.parentElement.hidden = !panel.command.textContent;
    if (scene.error) {
      const isOthers = name === "indexer" && state.rule !== "indexer";
      panel.refusal.textContent = isOthers ? words.indexerOnly : words.notDrawn.replace("{reason}", visibleText(scene.error));
      return clear(panel);
    }
    sheet.style.setProperty("--width", scene.size[0] + "px");
    sheet.style.setProperty("--least", "0px");
    sheet.innerHTML = sceneSVG(scene, `${panel.id}-${name}`);
    const list = sceneCells(scene);
    cells.add(sheet, { list, first: Math.max(0, list.findLastIndex(({ index }) => index.includes(panel.tokens - 1))), run });
  }

  // MARK: All panels

  const built = new Map();
  const current = () => [...built.values()].find(({ section }) => section.checkVisibility());

  /// Shows the panel of a step; it is built when it is first shown. `query` is the state in the address; nothing keeps the state that the panel has.
  function show(step, query) {
    const section = step.querySelector(".panel");
    if (!section || !engine.exists) return;
    engine.open().then((opened) => {
      if (!built.has(section)) {
        built.set(section, build(section, opened));
        new ResizeObserver(() => resized(built.get(section))).observe(section);
      }
      const panel = built.get(section);
      if (query === null) {
        draw(panel);
        remember(panel);
      } else apply(panel, query);
    }, (error) => {
      section.dataset.engine = "absent";
      console.info(String(error));
    });
  }

  /// Draws anew for another width, unless nothing is shown or the panel says no.
  function resized(panel) {
    const room = Math.floor(panel.picture.clientWidth);
    if (!room || room === panel.room || panel.section.classList.contains("refused")) return;
    if (panel.room !== undefined) paint(panel);
    panel.room = room;
  }

  /// Takes the state of an address. One that never was is refused in one line, and gives way to the lesson's; it stays in the address until a reader changes
  /// something.
  function apply(panel, query) {
    panel.refused = "";
    try {
      const { state, hasK } = settings.parse(query, panel);
      const { words } = state;
      panel.state = state;
      if (!hasK) panel.typed = { hadAll: panel.lesson.k === panel.data.tokens };
      const answer = readFitted(panel, {});
      if (answer.error) throw new settings.Refusal(answer.error);
      const strange = words.find(({ text }) => !answer.newWords.some((word) => word.text === text));
      if (strange) throw new settings.Refusal(panel.words.noSuchWord.replace("{word}", visibleText(strange.text)));
    } catch (error) {
      if (!(error instanceof settings.Refusal)) throw error;
      panel.refused = error.message;
      panel.state = structuredClone(panel.lesson);
    }
    draw(panel);
  }

  return {
    show,
    redraw() { if (current() && !current().section.classList.contains("refused")) paint(current()); },
    /// Writes what is to be remembered soon at once.
    flush() { for (const panel of built.values()) panel.write?.(); },
    reset() { if (current()) backToLesson(current()); },
  };
}
