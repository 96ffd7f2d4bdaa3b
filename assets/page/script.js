// The page's behaviour: language, theme, steps, questions, terms; pictures with their cells (cells.js) and live panels (panel.js). Nothing here computes: every
// number was written into the page by the engine's record, or is asked of the engine in it. Text is only ever set as text.
"use strict";
(() => {
  const root = document.documentElement;
  const store = {
    get(key) { try { return localStorage.getItem("attention-steps." + key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem("attention-steps." + key, value); } catch { /* a page without storage forgets */ } },
  };
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (name, attributes = {}, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  // Language and theme, before anything is painted.
  const browser = (navigator.languages || [navigator.language || "en"]).find((tag) => /^(en|zh)\b/i.test(tag));
  let language = store.get("language") || (browser ? (/^zh/i.test(browser) ? "zh" : "en") : root.dataset.lang);
  let theme = store.get("theme") || "auto";
  root.classList.add("js");
  const applyTheme = () => { if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme; };
  applyTheme();
  root.dataset.lang = language;

  document.addEventListener("DOMContentLoaded", async () => {
    const editions = all(".edition");
    if (!editions.some((edition) => edition.dataset.lang === language)) language = editions[0].dataset.lang;
    const edition = () => editions.find((one) => one.dataset.lang === language);
    const steps = () => all(".step", edition());
    let current = null;
    const dark = matchMedia("(prefers-color-scheme: dark)");

    // MARK: Language and theme

    function showLanguage() {
      const one = edition();
      root.lang = one.lang;
      root.dataset.lang = language;
      document.title = one.dataset.title;
      for (const node of all("[data-label-en]")) node.setAttribute("aria-label", node.getAttribute("data-label-" + language));
      for (const button of all("[data-set-language]")) {
        button.setAttribute("aria-pressed", String(button.dataset.setLanguage === language));
        button.disabled = !editions.some((other) => other.dataset.lang === button.dataset.setLanguage);
      }
      for (const button of all("[data-set-theme]")) button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme));
    }
    for (const button of all("[data-set-language]")) {
      button.addEventListener("click", () => {
        panels?.flush();
        language = button.dataset.setLanguage;
        store.set("language", language);
        showLanguage();
        if (current) showStep(current, false, queryOfHash());
      });
    }
    for (const button of all("[data-set-theme]")) {
      button.addEventListener("click", () => {
        theme = button.dataset.setTheme;
        store.set("theme", theme);
        applyTheme();
        showLanguage();
        redraw();
      });
    }
    let panels = null;
    /// Draws what the engine has drawn in the colours of the page as they are now.
    let redraw = () => {};
    showLanguage();
    if (!document.body.classList.contains("lesson")) return;

    // MARK: The engine, if the page has one: opened when it is first wanted, then kept.

    const inline = (id) => document.getElementById(id)?.textContent;
    const canUnpack = typeof DecompressionStream === "function";
    const text = async (id) => new TextDecoder().decode(await unpacked(inline(id), "deflate"));
    let opening = null;
    const engine = {
      exists: Boolean(inline("engine")) && typeof WebAssembly === "object" && canUnpack,
      open: () => (opening ??= text("engine-loading").then((loading) => openEngine(inline("engine"), loading))),
    };

    // What was recorded of cells: beside an engine it is packed, and a browser too old to unpack it shows pictures without their cells.
    const packed = inline("cells-packed");
    const data = packed === undefined ? JSON.parse(inline("cells")) : canUnpack ? JSON.parse(await text("cells-packed")) : null;
    const book = () => data;
    let isPrinting = false;
    const page = {
      words: (node) => node.closest(".edition").dataset,
      language: () => language,
      theme: () => (isPrinting ? "light" : theme === "auto" ? (dark.matches ? "dark" : "light") : theme),
      step: () => current,
      isPrinting: () => isPrinting,
    };
    const cells = makeCells({ all, make, page, book, engine });
    panels = makePanels({ make, page, cells, engine });
    // Narrow forms of pictures that the engine does not draw, by the numbers of the pictures; unpacked when one is first wanted.
    const readNarrow = async () => {
      if (inline("narrow")) return JSON.parse(inline("narrow"));
      return inline("narrow-packed") && canUnpack ? JSON.parse(await text("narrow-packed")) : {};
    };
    let narrow = null;
    const redrawn = makeRedrawn({ make, page, cells, engine, narrowForms: () => (narrow ??= readNarrow()) });
    redraw = () => { for (const drawn of [panels, redrawn]) drawn.redraw(); };
    dark.addEventListener("change", redraw);

    // MARK: Steps

    /// What an address says behind its step: a panel's state.
    const queryOfHash = () => location.hash.split("?").slice(1).join("?");

    /// The step that an address names: `#dot`, `#zh-dot`, or an element inside a step.
    function stepOfHash() {
      let name = "";
      try { name = decodeURIComponent(location.hash.slice(1).split("?")[0]); } catch { return null; }
      if (!name) return null;
      const target = document.getElementById(name);
      const holder = target && target.closest(".step");
      if (holder && name.startsWith(holder.closest(".edition").dataset.lang + "-")) {
        language = holder.closest(".edition").dataset.lang;
        showLanguage();
      }
      return holder ? holder.dataset.step : null;
    }

    /// Shows a step; its panel, if it has one, with the state that `query` says, or as it was.
    function showStep(name, movesFocus, query = null) {
      const list = steps();
      const at = Math.max(list.findIndex((step) => step.dataset.step === name), 0);
      current = list[at].dataset.step;
      for (const one of editions) for (const step of all(".step", one)) step.hidden = step.dataset.step !== current;
      const one = edition();
      for (const link of all(".contents a", one)) {
        if (link.dataset.step === current) link.setAttribute("aria-current", "step"); else link.removeAttribute("aria-current");
      }
      one.querySelector(".pager").classList.toggle("alone", list.length === 1);
      one.querySelector(".back").disabled = at === 0;
      one.querySelector("progress").value = at + 1;
      one.querySelector(".count").textContent = at + 1 + " / " + list.length;
      const onward = one.querySelector(".onward");
      if (onward) onward.hidden = at < list.length - 1;
      hideTerm();
      nameNext();
      drawFigures(list[at]);
      panels.show(list[at], query);
      if (movesFocus) {
        list[at].querySelector("h2").focus({ preventScroll: true });
        scrollTo(0, at === 0 ? 0 : list[at].getBoundingClientRect().top + scrollY - document.querySelector(".bar").offsetHeight);
      }
    }

    /// A question of the step that hides a picture until it is answered.
    const hiding = () => all(".predict details:not([open])", steps().find((step) => !step.hidden)).find((details) => {
      const after = details.closest(".predict").nextElementSibling;
      return details.checkVisibility() && (details.querySelector(".picture") || after?.matches(".after") && after.querySelector(".picture"));
    });

    /// Says what the button does: it skips no picture.
    function nameNext() {
      const next = edition().querySelector(".next");
      const hides = Boolean(hiding());
      next.textContent = hides ? next.dataset.reveal : next.dataset.next;
      next.disabled = !hides && steps().at(-1).hidden === false;
    }

    function go(by) {
      const question = by > 0 && hiding();
      if (question) {
        question.open = true;
        question.closest(".predict").scrollIntoView({ block: "nearest" });
        return;
      }
      const list = steps();
      const to = list[list.findIndex((step) => step.dataset.step === current) + by];
      if (!to) return;
      history.pushState(null, "", "#" + to.dataset.step);
      showStep(to.dataset.step, true);
    }
    for (const one of editions) {
      one.querySelector(".back").addEventListener("click", () => go(-1));
      one.querySelector(".next").addEventListener("click", () => go(1));
      one.addEventListener("click", (event) => {
        const link = event.target.closest("a[href^='#']:not(.term)");
        if (!link) return;
        const target = document.getElementById(link.getAttribute("href").slice(1));
        const step = target && target.closest(".step");
        if (!step) return;
        event.preventDefault();
        history.pushState(null, "", "#" + step.dataset.step);
        showStep(step.dataset.step, true);
        if (link.closest(".contents") && !wide.matches) link.closest("details").open = false;
      });
    }
    for (const name of ["hashchange", "popstate"]) {
      addEventListener(name, () => {
        const step = stepOfHash();
        showStep(step, step !== current, queryOfHash());
      });
    }
    const rightToLeft = { ArrowRight: 1, ArrowLeft: -1 };
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hideTerm();
      if (event.key === "r" && !event.altKey && !event.ctrlKey && !event.metaKey && !event.target.closest("textarea, select, input[type='text']")) panels.reset();
      const by = rightToLeft[event.key];
      if (!by || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const target = event.target;
      if (target.closest("input, select, textarea, [contenteditable]")) return;
      const box = target.closest(".scroll");
      if (box && box.scrollWidth > box.clientWidth) return;
      event.preventDefault();
      go(by);
    });
    const wide = matchMedia("(min-width: 75rem)");
    const fold = () => { for (const details of all(".contents details")) details.open = wide.matches; };
    wide.addEventListener("change", fold);
    fold();
    for (const summary of all(".contents summary")) {
      summary.addEventListener("click", (event) => { if (wide.matches) event.preventDefault(); });
    }

    // MARK: Questions: what follows waits until the answer was asked for.

    for (const details of all(".predict details")) {
      const after = details.closest(".predict").nextElementSibling;
      if (after && after.classList.contains("after")) after.classList.add("waiting");
      details.addEventListener("toggle", () => {
        if (!details.open) return;
        if (after) after.classList.remove("waiting");
        const step = details.closest(".step");
        if (!step.hidden) drawFigures(step);
        nameNext();
      });
      details.querySelector("summary").addEventListener("click", (event) => { if (details.open) event.preventDefault(); });
    }
    for (const [name, prints] of [["beforeprint", true], ["afterprint", false]]) {
      addEventListener(name, () => {
        isPrinting = prints;
        redraw();
        if (prints) for (const step of steps()) drawFigures(step, true);
      });
    }

    // MARK: Figures and their cells

    /// Pictures stand in noscript until they are wanted, so that a page of many opens at once.
    function drawFigures(step, printing = false) {
      for (const sheet of all(".sheet", step)) {
        const parked = sheet.querySelector("noscript");
        if (!parked || (!printing && sheet.closest(".waiting"))) continue;
        sheet.innerHTML = parked.textContent;
        if (!book()) continue;
        cells.add(sheet, cells.recorded(sheet.closest(".picture")));
        redrawn.add(sheet.closest(".picture"));
      }
      if (!printing) requestAnimationFrame(() => all(".scroll", step).forEach(nameIfWide));
    }
    function nameIfWide(box) {
      if (box.scrollWidth <= box.clientWidth + 1) {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
        return;
      }
      // A picture wider than the window begins at its point.
      const point = box.dataset.shown ? null : box.querySelector(".cells rect[tabindex='0']");
      box.dataset.shown = "true";
      if (point) box.scrollLeft += point.getBoundingClientRect().left - box.getBoundingClientRect().left - box.clientWidth / 2;
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", edition().dataset.wide);
    }
    addEventListener("resize", () => { const step = steps().find((one) => !one.hidden); if (step) all(".scroll", step).forEach(nameIfWide); });

    // MARK: Values in the text

    for (const value of book() ? all(".value[data-why]") : []) {
      value.setAttribute("role", "button");
      value.tabIndex = 0;
      const ask = () => {
        const holder = value.closest("li, p, blockquote, h3, td, .scroll") || value.parentElement;
        const { why, from, run, index } = value.dataset;
        cells.explain(holder, {
          label: value.textContent, why: Number(why), about: Number(from), run: run === undefined ? null : book().runs[Number(run)],
          step: Number(from) >= 0 ? book().steps[Number(from)].id : null, index: index ? index.split(",").map(Number) : [],
        }, value);
      };
      value.addEventListener("click", ask);
      value.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        ask();
      });
    }

    // MARK: Terms

    let shownTerm = null;
    function hideTerm() {
      if (!shownTerm) return;
      shownTerm.link.setAttribute("aria-expanded", "false");
      shownTerm.link.removeAttribute("aria-describedby");
      shownTerm.box.remove();
      shownTerm = null;
    }
    function showTerm(link, pinned) {
      if (shownTerm && shownTerm.link === link) {
        shownTerm.pinned ||= pinned;
        return;
      }
      hideTerm();
      const entry = document.getElementById(link.getAttribute("href").slice(1));
      const box = make("div", { class: "gloss", role: "tooltip", id: "gloss" }, make("strong", {}, entry.querySelector("dt").textContent), entry.querySelector("dd").textContent);
      box.lang = entry.closest(".edition").lang;
      document.body.append(box);
      const place = link.getClientRects()[0];
      const left = Math.min(Math.max(place.left, 16), document.documentElement.clientWidth - box.offsetWidth - 16);
      const fits = place.bottom + box.offsetHeight + 70 < innerHeight;
      box.style.left = left + scrollX + "px";
      box.style.top = (fits ? place.bottom + 8 : place.top - box.offsetHeight - 8) + scrollY + "px";
      link.setAttribute("aria-expanded", "true");
      link.setAttribute("aria-describedby", "gloss");
      shownTerm = { link, box, pinned };
    }
    for (const link of all("a.term")) {
      link.setAttribute("role", "button");
      link.setAttribute("aria-expanded", "false");
      link.addEventListener("click", (event) => {
        event.preventDefault();
        if (shownTerm && shownTerm.link === link && shownTerm.pinned) hideTerm(); else showTerm(link, true);
      });
      link.addEventListener("keydown", (event) => { if (event.key === " ") { event.preventDefault(); link.click(); } });
      link.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") showTerm(link, false); });
      link.addEventListener("pointerleave", () => { if (shownTerm && !shownTerm.pinned) hideTerm(); });
      link.addEventListener("blur", hideTerm);
    }
    document.addEventListener("pointerdown", (event) => { if (shownTerm && !event.target.closest(".gloss, a.term")) hideTerm(); });

    showStep(stepOfHash() || steps()[0].dataset.step, Boolean(location.hash), queryOfHash());
    root.dataset.ready = "true";
  });
})();
