// The page's behaviour: language, theme, steps, questions, terms, and cells that explain themselves. Nothing here computes: every number
// and every explanation was written into the page by the engine's record. Text is only ever set as text.
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

  document.addEventListener("DOMContentLoaded", () => {
    const editions = all(".edition");
    if (!editions.some((edition) => edition.dataset.lang === language)) language = editions[0].dataset.lang;
    const edition = () => editions.find((one) => one.dataset.lang === language);
    const steps = () => all(".step", edition());
    let current = null;
    let book = null;
    const cells = () => book || (book = JSON.parse(document.getElementById("cells").textContent));

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
        language = button.dataset.setLanguage;
        store.set("language", language);
        showLanguage();
        if (current) showStep(current, false);
      });
    }
    for (const button of all("[data-set-theme]")) {
      button.addEventListener("click", () => {
        theme = button.dataset.setTheme;
        store.set("theme", theme);
        applyTheme();
        showLanguage();
      });
    }
    showLanguage();
    if (!document.body.classList.contains("lesson")) return;

    // MARK: Steps

    /// The step that an address names: `#dot`, `#zh-dot`, or an element inside a step.
    function stepOfHash() {
      let name = "";
      try { name = decodeURIComponent(location.hash.slice(1)); } catch { return null; }
      if (!name) return null;
      const target = document.getElementById(name);
      const holder = target && target.closest(".step");
      if (holder && name.startsWith(holder.closest(".edition").dataset.lang + "-")) {
        language = holder.closest(".edition").dataset.lang;
        showLanguage();
      }
      return holder ? holder.dataset.step : null;
    }

    function showStep(name, movesFocus) {
      const list = steps();
      const at = Math.max(list.findIndex((step) => step.dataset.step === name), 0);
      current = list[at].dataset.step;
      for (const one of editions) for (const step of all(".step", one)) step.hidden = step.dataset.step !== current;
      const one = edition();
      for (const link of all(".contents a", one)) {
        if (link.dataset.step === current) link.setAttribute("aria-current", "step"); else link.removeAttribute("aria-current");
      }
      one.querySelector(".back").disabled = at === 0;
      one.querySelector(".next").disabled = at === list.length - 1;
      one.querySelector("progress").value = at + 1;
      one.querySelector(".count").textContent = at + 1 + " / " + list.length;
      const onward = one.querySelector(".onward");
      if (onward) onward.hidden = at < list.length - 1;
      hideTerm();
      drawFigures(list[at]);
      if (movesFocus) {
        list[at].querySelector("h2").focus({ preventScroll: true });
        scrollTo(0, at === 0 ? 0 : list[at].getBoundingClientRect().top + scrollY - document.querySelector(".bar").offsetHeight);
      }
    }

    function go(by) {
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
    for (const name of ["hashchange", "popstate"]) addEventListener(name, () => { const step = stepOfHash(); if (step !== current) showStep(step, true); });
    const rightToLeft = { ArrowRight: 1, ArrowLeft: -1 };
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hideTerm();
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
      });
      details.querySelector("summary").addEventListener("click", (event) => { if (details.open) event.preventDefault(); });
    }
    addEventListener("beforeprint", () => {
      for (const step of steps()) drawFigures(step, true);
    });

    // MARK: Figures and their cells

    /// Pictures stand in noscript until they are wanted, so that a page of many opens at once.
    function drawFigures(step, printing = false) {
      for (const sheet of all(".sheet", step)) {
        const parked = sheet.querySelector("noscript");
        if (!parked || (!printing && sheet.closest(".waiting"))) continue;
        sheet.innerHTML = parked.textContent;
        addCells(sheet);
      }
      if (!printing) requestAnimationFrame(() => all(".scroll", step).forEach(nameIfWide));
    }
    function nameIfWide(box) {
      if (box.scrollWidth <= box.clientWidth + 1) {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
        return;
      }
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", edition().dataset.wide);
    }
    addEventListener("resize", () => { const step = steps().find((one) => !one.hidden); if (step) all(".scroll", step).forEach(nameIfWide); });

    const svgSpace = "http://www.w3.org/2000/svg";
    function addCells(sheet) {
      const figure = sheet.closest(".picture");
      const spots = cells().figures[Number(figure.dataset.figure)];
      if (!spots || !spots.cells.length) return;
      const words = figure.closest(".edition").dataset;
      const layer = document.createElementNS(svgSpace, "svg");
      layer.setAttribute("class", "cells");
      layer.setAttribute("viewBox", sheet.querySelector("svg").getAttribute("viewBox"));
      layer.setAttribute("role", "group");
      layer.setAttribute("aria-label", words.cells);
      const readout = make("p", { class: "readout", "aria-hidden": "true" }, words.hint);
      spots.cells.forEach(([x, y, width, height, label], number) => {
        const rect = document.createElementNS(svgSpace, "rect");
        const attributes = { x, y, width, height, role: "button", "aria-label": label, tabindex: number === spots.first ? 0 : -1 };
        for (const [name, value] of Object.entries(attributes)) rect.setAttribute(name, value);
        rect.cell = number;
        layer.append(rect);
      });
      const rects = [...layer.children];
      const say = (rect) => {
        readout.textContent = rect ? spots.cells[rect.cell][4] + " · " + words.how : words.hint;
        readout.classList.toggle("active", Boolean(rect));
      };
      const isCell = (node) => node instanceof SVGRectElement;
      layer.addEventListener("pointerover", (event) => { if (isCell(event.target)) say(event.target); });
      layer.addEventListener("pointerleave", () => say(isCell(document.activeElement) && layer.contains(document.activeElement) ? document.activeElement : null));
      layer.addEventListener("focusin", (event) => {
        for (const rect of rects) rect.setAttribute("tabindex", rect === event.target ? "0" : "-1");
        say(event.target);
      });
      layer.addEventListener("focusout", () => say(null));
      const ask = (rect) => {
        for (const other of all(".asked", layer)) other.classList.remove("asked");
        rect.classList.add("asked");
        const cell = spots.cells[rect.cell];
        explain(figure, cell[4], cell[5] ?? null, spots.steps[cell[6] ?? 0], rect);
      };
      layer.addEventListener("click", (event) => { if (isCell(event.target)) ask(event.target); });
      layer.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          ask(event.target);
        } else if (event.key === "Escape") {
          closeWhy(figure);
        } else if (event.key.startsWith("Arrow")) {
          event.preventDefault();
          const to = neighbour(spots.cells, event.target.cell, event.key);
          if (to >= 0) rects[to].focus();
        }
      });
      sheet.append(layer);
      sheet.closest(".scroll").after(readout);
    }

    /// The nearest cell in the direction of an arrow key; -1 if there is none.
    function neighbour(cells, from, key) {
      const centre = (cell) => [cell[0] + cell[2] / 2, cell[1] + cell[3] / 2];
      const [x, y] = centre(cells[from]);
      let best = -1;
      let least = Infinity;
      cells.forEach((cell, number) => {
        const [cx, cy] = centre(cell);
        const [ahead, aside] = { ArrowRight: [cx - x, cy - y], ArrowLeft: [x - cx, cy - y], ArrowDown: [cy - y, cx - x], ArrowUp: [y - cy, cx - x] }[key];
        if (ahead < 0.5) return;
        const distance = ahead + 8 * Math.abs(aside);
        if (distance < least) [best, least] = [number, distance];
      });
      return best;
    }

    // MARK: Why

    function closeWhy(holder) {
      const panel = holder.nextElementSibling && holder.nextElementSibling.matches(".why") ? holder.nextElementSibling : holder.querySelector(":scope > .why");
      if (panel) panel.remove();
      for (const other of all(".asked", holder)) other.classList.remove("asked");
    }

    /// Shows a cell's chain of equalities below `holder`. `why` is one explanation, several (a mean over heads), or null.
    function explain(holder, label, why, step, opener) {
      closeWhy(holder);
      const words = edition().dataset;
      const close = make("button", { type: "button", class: "close", "aria-label": words.close }, "×");
      const panel = make("div", { class: "chain why", role: "region", "aria-live": "polite", "aria-label": label });
      panel.append(make("p", { class: "about" }, make("span", {}, label), close));
      close.addEventListener("click", () => { closeWhy(holder); panel.remove(); if (opener) opener.focus(); });
      panel.addEventListener("keydown", (event) => { if (event.key === "Escape") close.click(); });
      const list = why === null ? [] : Array.isArray(why) ? why : [why];
      const known = list.filter((number) => number >= 0);
      if (Array.isArray(why) && known.length) panel.append(make("p", {}, words.mean));
      for (const number of known) {
        const [lines, ...notes] = [].concat(cells().explanations[number]);
        const block = make("div", {});
        lines.split("\n").forEach((line) => block.append(make("p", { class: "line" }, line)));
        for (const note of notes) block.append(make("p", { class: "note" }, cells().notes[note][language]));
        panel.append(block);
      }
      if (!known.length || known.length < list.length) panel.append(make("p", { class: "note" }, words.absent));
      const about = step >= 0 ? cells().steps[step] : null;
      if (about) panel.append(make("p", { class: "origin" }, [about[language], about.source[language], about.id].filter(Boolean).join(" · ")));
      if (holder.matches(".picture")) holder.append(panel); else holder.after(panel);
      panel.scrollIntoView({ block: "nearest" });
    }

    for (const value of all(".value[data-why]")) {
      value.setAttribute("role", "button");
      value.tabIndex = 0;
      const ask = () => {
        const holder = value.closest("li, p, blockquote, h3, td, .scroll") || value.parentElement;
        explain(holder, value.textContent, Number(value.dataset.why), Number(value.dataset.from), value);
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

    showStep(stepOfHash() || steps()[0].dataset.step, Boolean(location.hash));
    root.dataset.ready = "true";
  });
})();
