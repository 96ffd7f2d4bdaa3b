// The settings of a panel: the lesson's own values, the run that the engine is asked for, the address that says them, and the command that does the same.
// A panel is an object with `data` (what the page says of it), `lesson` and `state` (settings), `rest` (switches that no control stands for), `words`.
const settings = (() => {
  const temperatures = { least: 0.1, most: 5 };
  /// The switches that settings are, and what they set; other switches of the lesson's run stay as they are.
  const switched = {
    "no-relu": (state) => { state.relu = "off"; },
    "no-head-weights": (state) => { state["head-weights"] = "off"; },
    "mask-after-softmax": (state) => { state.mask = "after"; },
  };
  const valued = {
    "top-k": (state, value) => { state.k = Number(value); },
    select: (state, value) => { state.rule = value; },
    temperature: (state, value) => { state.temperature = Number(value); },
    heads: (state, value) => { state.heads = value.split(",").map(Number); },
  };

  // MARK: What a panel's settings are

  /// The lesson's own values, and the switches that no control stands for.
  function lessonValues(data) {
    const state = {
      question: data.run.question ?? null, text: data.run.question ? null : data.text, words: [], k: data.topK, temperature: 1,
      heads: data.heads.map((_, head) => head), relu: "on", "head-weights": "on", mask: "before", rule: "indexer", figure: 0,
    };
    const rest = [];
    for (const name of data.run.switches) {
      const [key, value] = name.split("=");
      if (switched[name]) switched[name](state);
      else if (valued[key]) valued[key](state, value);
      else rest.push(name);
    }
    state.k = Math.min(state.k, data.tokens);
    return { state, rest };
  }

  const isAll = (list, all) => list.length === all.length;

  /// The run that the engine is asked for.
  function runOf({ data, lesson, rest, language }, state) {
    if (isSame(state, lesson)) return { ...data.run, language };
    const switches = [...rest];
    if (state.k !== data.topK || (!data.run.case && state.question === null) || data.run.switches.some((name) => name.startsWith("top-k="))) switches.push(`top-k=${state.k}`);
    if (state.temperature !== 1) switches.push(`temperature=${state.temperature}`);
    if (!isAll(state.heads, data.heads)) switches.push(`heads=${state.heads.join(",")}`);
    if (state.relu === "off") switches.push("no-relu");
    if (state["head-weights"] === "off") switches.push("no-head-weights");
    if (state.mask === "after") switches.push("mask-after-softmax");
    if (state.rule !== "indexer") switches.push(`select=${state.rule}`);
    if (data.run.case) return { case: data.run.case, paths: data.run.paths, language, switches };
    if (state.question !== null) return { question: state.question, language, switches };
    return { text: state.text, words: state.words, language, switches };
  }

  /// Everything but the choice of a picture.
  const computed = ({ figure, ...rest }) => JSON.stringify(rest);
  const isSame = (a, b) => computed(a) === computed(b);

  // MARK: The address

  const named = (data) => (data.run.case ? [] : ["question", "text", "words"]);
  /// Keys in the order of addresses.
  const keysOf = (data) =>
    [...named(data), "k", "temperature", "heads", "relu", "head-weights", "mask", "rule", ...(data.figures.length > 1 ? ["figure"] : [])];

  /// The state as an address has it, or nothing where all is as the lesson has it.
  function query({ data, lesson, state }) {
    if (isSame(state, lesson) && state.figure === lesson.figure) return "";
    const parts = [];
    for (const key of keysOf(data)) {
      const value = state[key];
      if (key === "words") {
        const words = value.map(({ text, kind, story }) => `${encodeURIComponent(text)}:${kind}:${story ?? ""}`).join(",");
        if (words && state.question === null) parts.push(`words=${words}`);
      } else if (key === "figure") parts.push(`figure=${data.figures[value].name}`);
      else if (value !== null) parts.push(`${key}=${encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%2B", key === "rule" ? "+" : "%2B")}`);
    }
    return "?" + parts.join("&");
  }

  class Refusal extends Error {}

  /// The state that an address asks for; throws what it cannot be. How many keys there are the engine says.
  function parse(text, { data, lesson, words }) {
    const state = structuredClone(lesson);
    const seen = new Set();
    const refuse = (key, expected, found) => { throw new Refusal(words.refused.replace("{key}", key).replace("{expected}", expected).replace("{found}", found)); };
    const decoded = (key, value) => {
      try { return decodeURIComponent(value); } catch { return refuse(key, words.encoded, value); }
    };
    for (const part of text.split("&").filter(Boolean)) {
      const [key, ...values] = part.split("=");
      const raw = values.join("=");
      const known = keysOf(data);
      if (!known.includes(key)) refuse(words.address, known.join(", "), visibleText(key));
      if (seen.has(key)) refuse(key, words.once, words.twice);
      seen.add(key);
      const value = key === "text" ? decoded(key, raw.replaceAll("+", " ")) : key === "words" ? raw : decoded(key, raw);
      const one = (...choices) => (choices.includes(value) ? value : refuse(key, choices.join(", "), visibleText(value)));
      switch (key) {
        case "question":
          state.question = one(...data.questions.map(({ name }) => name));
          state.text = null;
          break;
        case "text":
          [state.text, state.question] = [wellFormed(value), null];
          break;
        case "words":
          state.words = raw.split(",").map((word) => {
            const [text, kind, story, ...more] = word.split(":");
            const [kinds, stories] = [Object.keys(words.kinds), data.stories.map(({ id }) => id)];
            if (more.length || !kinds.includes(kind) || (story && !stories.includes(story)))
              refuse(key, `WORD:${kinds.join("|")}:${stories.join("|")}`, visibleText(word));
            return { text: decoded(key, text), kind, story: story || null };
          });
          break;
        case "k":
          if (!/^\d{1,9}$/.test(value) || Number(value) < 1) refuse("k", words.wholeK, visibleText(value));
          state.k = Number(value);
          break;
        case "temperature": {
          const number = /^[0-9.]{1,20}$/.test(value) ? Number(value) : NaN;
          if (!(number >= temperatures.least && number <= temperatures.most))
            refuse(key, `${temperatures.least} … ${temperatures.most}`, visibleText(value));
          state.temperature = number;
          break;
        }
        case "heads": {
          const list = value.split(",").map((head) => (/^\d{1,4}$/.test(head) ? Number(head) : -1));
          const isRight = list.every((head, at) => head >= 0 && head < data.heads.length && (at === 0 || head > list[at - 1]));
          if (!isRight) refuse(key, words.someHeads.replace("{heads}", data.heads.map((_, head) => head).join(",")), visibleText(value));
          state.heads = list;
          break;
        }
        case "relu": case "head-weights":
          state[key] = one("on", "off");
          break;
        case "mask":
          state.mask = one("before", "after");
          break;
        case "rule":
          state.rule = one(...Object.keys(words.rules));
          break;
        case "figure":
          state.figure = data.figures.findIndex(({ name }) => name === one(...data.figures.map(({ name }) => name)));
          break;
      }
    }
    if (seen.has("question") && seen.has("text")) refuse(words.address, words.questionOrText, "question, text");
    if (state.text?.length > longest) refuse("text", words.shorter.replace("{n}", longest), String(state.text.length));
    if (seen.has("words") && state.question !== null) refuse("words", words.withText, visibleText(text).slice(0, 60));
    return { state, hasK: seen.has("k") };
  }

  // MARK: Words

  /// More letters than this no text has: 256 words of the diary are far fewer.
  const longest = 5000;
  /// Halves of a pair of surrogates stand for nothing.
  const wellFormed = (text) => text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");

  /// The whole text of a state.
  const textOf = ({ data }, state) => state.question === null ? state.text : data.questions.find(({ name }) => name === state.question).whole;
  /// The last sentence that asks, and what stands before it.
  function parts(text) {
    const at = /[^.。?？]*[?？]\s*$/.exec(text)?.index ?? text.length;
    return [text.slice(0, at).trim(), text.slice(at).trim()];
  }

  /// The question whose words a text ends with; nothing for another.
  const questionOf = (panel, state) => panel.data.questions.find(({ words }) => words === parts(textOf(panel, state))[1])?.name ?? null;

  /// Asks one of the diary's questions of the built-in diary, or of the reader's own words, which stay.
  function ask({ data, language }, state, name) {
    if (state.question !== null) { state.question = name; return; }
    const { words } = data.questions.find((one) => one.name === name);
    state.text = [parts(state.text)[0], words].filter(Boolean).join(language === "en" ? " " : "");
  }

  /// Takes what a reader typed: the built-in diary with one of its questions is that question.
  function type({ data }, state, text) {
    const built = data.questions.find(({ whole }) => whole === text);
    [state.question, state.text] = built ? [built.name, null] : [null, wellFormed(text)];
  }

  /// Whether a control stands as the lesson has it. The question of a reader's own text is its last sentence.
  function keeps(panel, name) {
    const { state, lesson } = panel;
    if (name === "question" || name === "text") {
      const [now, own] = [state, lesson].map((one) => parts(textOf(panel, one)));
      return name === "text" ? now[0] === own[0] : now[1] === own[1];
    }
    const key = name === "top-k" ? "k" : name;
    return JSON.stringify(state[key]) === JSON.stringify(lesson[key]);
  }

  /// The same picture by the command, for a shell.
  function command(panel, { name, step, head }) {
    const quoted = (text) => /^[\w.,=+:/-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'";
    const run = runOf(panel, panel.state);
    const words = ["attn", "figure", name];
    if (run.case) words.push("--case", `assets/cases/${run.case}.safetensors`);
    else words.push("--lesson", "attention-step-by-step", ...(run.question ? ["--question", run.question] : ["--text", run.text]));
    for (const { text, kind, story } of run.words ? panel.newWords : []) words.push("--word", `${text}=${kind}${story ? ":" + story : ""}`);
    for (const name of run.switches) words.push("--with", name);
    if (step) words.push("--step", step);
    if (head) words.push("--head", head);
    words.push("--lang", run.language, "--output", "picture.png");
    const line = words.map(quoted).join(" ");
    // What nobody can see nobody can copy.
    return visibleText(line) === line ? line : "";
  }

  return { lessonValues, runOf, isSame, query, parse, Refusal, textOf, questionOf, ask, type, keeps, command, temperatures, longest };
})();
