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
      tokens: data.tokens, refused: "", shows: [], picture: section.querySelector(".picture"),
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
    remember(panel);
    if (panel.isScheduled) return;
    panel.isScheduled = true;
    requestAnimationFrame(() => {
      panel.isScheduled = false;
      draw(panel);
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
    return make("div", { class: "field" }, make("label", { class: "tick", for: control.id }, control, " " + label));
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
      panel.newWords = make("div", { class: "new-words" });
      const whole = field(panel, panel.words.text, control, panel.newWords);
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
      return make("fieldset", { class: "field" }, make("legend", {}, panel.words.heads),
        ...boxes.map((box, head) => make("label", { class: "tick", for: box.id }, box, " " + panel.data.heads[head])));
    },
    relu: (panel) => tick(panel, "relu", panel.words.relu),
    "head-weights": (panel) => tick(panel, "head-weights", panel.words.headWeights),
    mask: (panel) => menu(panel, panel.words.mask, { "data-control": "mask" }, [["before", panel.words.maskBefore], ["after", panel.words.maskAfter]],
      (state, value) => { state.mask = value; }, ({ mask }) => mask),
    rule: (panel) => menu(panel, panel.words.rule, { "data-control": "rule" }, settings.rules.map((rule) => [rule, panel.words.rules[rule]]),
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
    if (!panel.newWords || panel.shownWords === JSON.stringify(list)) return;
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
      choice(at, "kind", words.kind, settings.kinds.map((kind) => [kind, words.kinds[kind]])),
      choice(at, "story", words.story, [["", words.ownStory], ...data.stories.map(({ id, name }) => [id, name])])));
    panel.newWords.replaceChildren(...(menus.length ? [make("p", {}, words.newWords), ...menus] : []));
    if (focused) panel.newWords.querySelector(`[data-word="${focused}"]`)?.focus();
  }

  // MARK: What the engine says

  /// Puts the state into the address.
  function remember(panel) { history.replaceState(null, "", "#" + page.step() + settings.query(panel)); }

  function read(panel, state, goal = {}) {
    const run = settings.runOf(panel, state);
    return JSON.parse(panel.opened.readouts(Object.keys(goal).length ? { run, goal } : { run }));
  }

  /// After words were typed: a k that meant all of them still does, and none is larger than there are.
  function fitKeys(panel) {
    if (!panel.typed) return;
    const { hadAll } = panel.typed;
    panel.typed = null;
    const count = read(panel, { ...panel.state, k: 1 }).visible;
    if (count && (hadAll || panel.state.k > count)) panel.state.k = count;
  }

  /// Asks the engine, and shows what it says; what it refuses leaves no number to be read.
  function draw(panel) {
    const start = performance.now();
    fitKeys(panel);
    const { goal } = panel.data.challenge;
    const answer = read(panel, panel.state, Object.fromEntries(Object.entries(goal).filter(([, value]) => value !== "above")));
    panel.section.classList.toggle("refused", Boolean(answer.error));
    panel.refusal.textContent = visibleText(answer.error ?? panel.refused);
    if (!answer.error) panel.tokens = answer.visible;
    for (const show of panel.shows) show(panel.state);
    showReadouts(panel, answer);
    showChallenge(panel, answer);
    if (!answer.error) {
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
    panel.read ??= read(panel, lesson);
    const isMet = !answer.error && !settings.isSame(state, lesson) && (answer.met ?? true) && same.every((name) => settings.keeps(panel, name))
      && (goal.kept !== "above" || Number(answer.kept.exact) > Number(panel.read.kept.exact));
    panel.challenge.classList.toggle("met", isMet);
    const said = (isMet ? words.met : words.challenge) + " " + wanted;
    if (panel.challenge.textContent !== said) panel.challenge.textContent = said;
  }

  /// Draws the figure, as wide as there is room.
  function paint(panel) {
    const { data, state, picture, opened } = panel;
    const { name, step } = data.figures[state.figure];
    const room = picture.clientWidth;
    const isNarrow = room < 560;
    const asked = { theme: page.theme(), ...(isNarrow ? { preset: "phone", width: Math.max(room, 240) } : { width: 760 }), ...(step ? { step, head: "mean" } : {}) };
    const run = settings.runOf(panel, state);
    const scene = JSON.parse(opened.scene({ figure: name, runs: [run], options: asked }));
    if (scene.error) {
      panel.refusal.textContent = visibleText(scene.error);
      return;
    }
    const sheet = picture.querySelector(".sheet");
    sheet.style.setProperty("--width", scene.size[0] + "px");
    sheet.style.setProperty("--least", (isNarrow ? 0 : Math.min(scene.size[0], 700)) + "px");
    cells.close(picture);
    sheet.innerHTML = sceneSVG(scene, `${panel.id}-${name}`);
    const list = sceneCells(scene);
    cells.add(sheet, { list, first: Math.max(0, list.findLastIndex(({ index }) => index.includes(panel.tokens - 1))), run });
    panel.command.textContent = settings.command(panel, name, step);
  }

  // MARK: All panels

  const built = new Map();
  const current = () => [...built.values()].find(({ section }) => section.checkVisibility());

  /// Shows the panel of a step; it is built when it is first shown. `query` is the state in the address; nothing keeps the state that the panel has.
  function show(step, query) {
    const section = step.querySelector(".panel");
    if (!section || !engine.exists) return;
    engine.open().then((opened) => {
      if (!built.has(section)) built.set(section, build(section, opened));
      const panel = built.get(section);
      if (query === null) {
        draw(panel);
        remember(panel);
      } else apply(panel, query);
    }).catch((error) => {
      section.dataset.engine = "absent";
      console.info(String(error));
    });
  }

  /// Takes the state of an address. One that never was is refused in one line, and gives way to the lesson's; it stays in the address until a reader changes
  /// something.
  function apply(panel, query) {
    panel.refused = "";
    try {
      panel.state = settings.parse(query, panel);
      const { error } = read(panel, panel.state);
      if (error) throw new settings.Refusal(error);
    } catch (error) {
      if (!(error instanceof settings.Refusal)) throw error;
      panel.refused = error.message;
      panel.state = structuredClone(panel.lesson);
    }
    draw(panel);
  }

  return {
    show,
    redraw() { if (current()) paint(current()); },
    reset() { if (current()) backToLesson(current()); },
  };
}
