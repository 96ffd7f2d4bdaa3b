// The cells of a page's pictures and why they have their values. What was recorded when the page was written is shown as it is; where the page has an engine
// that can make the run again, the engine is asked instead, and each operand of its answer can be asked in turn, down to an input. Text is only ever set as
// text. `page` knows the language and the words, `book()` is what was recorded, `engine` opens the engine.
function makeCells({ all, make, page, book, engine }) {
  const svgSpace = "http://www.w3.org/2000/svg";
  /// More cells than this have no element each: a page of tens of thousands would answer late.
  const mostElements = 2000;

  /// The recorded cells of a picture; what several share stands in the data once.
  function recorded(figure) {
    const { figures, sizes, places, steps: known } = book();
    const { run, steps, first, cells } = figures[Number(figure.dataset.figure)];
    return {
      first,
      run: run === null ? null : book().runs[run],
      list: cells.map(([x, y, size, place, rest, why, step, ...index]) => ({
        x, y, width: sizes[size][0], height: sizes[size][1], label: places[place] + rest, why, about: steps[step],
        step: steps[step] >= 0 ? known[steps[step]].id : null, index,
      })),
    };
  }

  /// Lays cells over the picture in `sheet`: they are pointed at, walked by arrow keys, and asked.
  function add(sheet, { list, first, run }) {
    for (const old of all(":scope > .cells", sheet)) old.remove();
    const figure = sheet.closest(".picture");
    for (const old of all(":scope > .readout", figure)) old.remove();
    if (!list.length) return;
    const words = page.words(figure);
    const layer = document.createElementNS(svgSpace, "svg");
    layer.setAttribute("class", "cells");
    layer.setAttribute("viewBox", sheet.querySelector("svg").getAttribute("viewBox"));
    layer.setAttribute("role", "group");
    layer.setAttribute("tabindex", "-1");
    layer.setAttribute("aria-label", words.cells);
    layer.shownCells = { list, run };
    const readout = make("p", { class: "readout", "aria-hidden": "true" }, words.hint);
    const place = (rect, number) => {
      const { x, y, width, height, label } = list[number];
      for (const [name, value] of Object.entries({ x, y, width, height, "aria-label": label })) rect.setAttribute(name, value);
      rect.cell = number;
    };
    const isFew = list.length <= mostElements;
    // One element a cell; of a large matrix one alone, which moves to the cell that is meant.
    const rects = (isFew ? list : [list[first]]).map((_, number) => {
      const rect = document.createElementNS(svgSpace, "rect");
      rect.setAttribute("role", "button");
      rect.setAttribute("tabindex", !isFew || number === first ? 0 : -1);
      place(rect, isFew ? number : first);
      layer.append(rect);
      return rect;
    });
    const say = (rect) => {
      readout.textContent = rect ? list[rect.cell].label + " · " + words.how : words.hint;
      readout.classList.toggle("active", Boolean(rect));
    };
    const isCell = (node) => node instanceof SVGRectElement;
    const focused = () => (isCell(document.activeElement) && layer.contains(document.activeElement) ? document.activeElement : null);
    /// The element of the cell under the mouse.
    const under = (event) => {
      if (isCell(event.target)) return event.target;
      if (isFew) return null;
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(layer.getScreenCTM().inverse());
      const number = list.findLastIndex(({ x, y, width, height }) => at.x >= x && at.x < x + width && at.y >= y && at.y < y + height);
      if (number < 0) return null;
      place(rects[0], number);
      return rects[0];
    };
    layer.addEventListener(isFew ? "pointerover" : "pointermove", (event) => { const rect = under(event); if (rect) say(rect); });
    layer.addEventListener("pointerleave", () => say(focused()));
    layer.addEventListener("focusin", (event) => {
      if (!isCell(event.target)) return;
      for (const rect of rects) rect.setAttribute("tabindex", rect === event.target ? "0" : "-1");
      say(event.target);
    });
    layer.addEventListener("focusout", () => say(null));
    const ask = (rect) => {
      const cell = list[rect.cell];
      explain(figure, { label: cell.label, why: cell.why, about: cell.about, step: cell.step, index: cell.index, run }, rect);
      rect.classList.add("asked");
    };
    layer.addEventListener("click", (event) => { const rect = under(event); if (rect) ask(rect); });
    layer.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        ask(event.target);
      } else if (event.key === "Escape") {
        close(figure);
      } else if (event.key.startsWith("Arrow")) {
        event.preventDefault();
        const to = neighbour(list, event.target.cell, event.key);
        if (to < 0) return;
        if (isFew) rects[to].focus();
        else {
          place(rects[0], to);
          say(rects[0]);
        }
      }
    });
    sheet.append(layer);
    sheet.closest(".scroll").after(readout);
  }

  /// The nearest cell in the direction of an arrow key; -1 if there is none.
  function neighbour(cells, from, key) {
    const centre = (cell) => [cell.x + cell.width / 2, cell.y + cell.height / 2];
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

  function panelOf(holder) {
    return holder.nextElementSibling?.matches(".why") ? holder.nextElementSibling : holder.querySelector(":scope > .why");
  }

  function close(holder) {
    panelOf(holder)?.remove();
    for (const cell of all(".asked")) cell.classList.remove("asked");
    for (const mark of all(".cells .lit")) mark.remove();
  }

  /// Shows why a cell has its value, below `holder`. `cell`: its label, what was recorded of it (`why`: one explanation, several for a mean, -2 minus one of a
  /// selection that leaves this key out, or null; `about`: the number of its step), and the run, step and index to ask the engine for.
  function explain(holder, cell, opener) {
    close(holder);
    const words = page.words(holder);
    const dismiss = make("button", { type: "button", class: "close", "aria-label": words.close }, "×");
    const panel = make("div", { class: "chain why", role: "region", "aria-live": "polite", "aria-label": cell.label });
    panel.append(make("p", { class: "about" }, make("span", {}, cell.label), dismiss), make("div", { class: "reasons" }));
    dismiss.addEventListener("click", () => {
      close(holder);
      panel.remove();
      opener?.focus();
    });
    panel.addEventListener("keydown", (event) => { if (event.key === "Escape") dismiss.click(); });
    if (holder.matches(".picture")) holder.append(panel); else holder.after(panel);
    const isAsked = engine.exists && cell.run && cell.step;
    if (!isAsked) showRecorded(panel, cell);
    else engine.open().then((opened) => { if (panel.isConnected) follow(panel, opened, cell.run, [{ ...cell, name: cell.label }]); },
      () => { if (panel.isConnected) showRecorded(panel, cell); });
    panel.scrollIntoView({ block: "nearest" });
  }

  const note = (text) => make("p", { class: "note" }, text);
  const origin = (...parts) => make("p", { class: "origin" }, parts.filter(Boolean).join(" · "));

  /// A note's sentence with its numbers in their places.
  const noteText = ([sentence, ...numbers]) =>
    book().sentences[sentence][page.language()].replace(/\{(\d+)\}/g, (place, at) => numbers[at] ?? place);

  function showRecorded(panel, { why, about }) {
    const words = page.words(panel);
    const reasons = panel.querySelector(".reasons");
    const list = why === null ? [] : Array.isArray(why) ? why : [why < -1 ? -2 - why : why];
    const known = list.filter((number) => number >= 0);
    if (Array.isArray(why) && known.length) reasons.append(make("p", {}, words.mean));
    if (why < -1) reasons.append(make("p", {}, words.leftOut));
    for (const number of known) {
      // Strings, numbers of phrases, and below zero numbers of notes.
      const parts = [].concat(book().explanations[number]);
      const text = parts.map((part) => typeof part === "string" ? part : book().phrases[part] ?? "").join("");
      const block = make("div", {}, ...text.split("\n").map((line) => make("p", { class: "line" }, line)));
      for (const part of parts) if (part < 0) block.append(note(noteText(book().notes[-1 - part])));
      reasons.append(block);
    }
    if (!known.length || known.length < list.length) reasons.append(note(words.absent));
    const step = about >= 0 ? book().steps[about] : null;
    if (step) reasons.append(origin(step.title[page.language()], step.source[page.language()], step.id));
  }

  /// Shows the last cell of `trail`, asked of the engine; the others lead back.
  function follow(panel, opened, run, trail) {
    const words = page.words(panel);
    const at = trail[trail.length - 1];
    const answer = JSON.parse(opened.explanation({ run: { ...run, language: page.language() }, step: at.step, index: at.index }));
    // A picture may mark a whole step, which is no cell: what was recorded of it says what it is.
    if (answer.error && trail.length === 1 && at.about >= 0) return showRecorded(panel, at);
    const reasons = make("div", { class: "reasons" });
    if (trail.length > 1) {
      const way = make("ol", { class: "way", "aria-label": words.way });
      trail.forEach(({ name }, number) => {
        const isLast = number === trail.length - 1;
        const link = isLast ? make("span", { "aria-current": "true" }, name) : make("button", { type: "button" }, name);
        link.addEventListener("click", () => { if (!isLast) go(trail.slice(0, number + 1)); });
        way.append(make("li", {}, link));
      });
      reasons.append(way);
    }
    const go = (next) => {
      follow(panel, opened, run, next);
      panel.querySelector(".reasons").focus();
    };
    if (answer.error) reasons.append(note(answer.error));
    else if (answer.mean) reasons.append(make("p", {}, words.mean));
    else if (answer.leftOut) reasons.append(make("p", {}, words.leftOut));
    const list = answer.error ? [] : answer.mean ?? [answer.leftOut ?? answer];
    /// A button for an operand; where it is a whole row, a menu besides for the cells of it.
    const links = ({ step, symbol, index, nearest, free }) => {
      const name = (at) => `${symbol.split("[")[0]}[${at.join(",")}]`;
      const link = make("button", { type: "button", title: `${step}[${nearest.join(",")}]` }, name(index.map((position) => position ?? "·")));
      link.addEventListener("click", () => go([...trail, { step, index: nearest, name: name(nearest) }]));
      for (const event of ["pointerenter", "focus"]) link.addEventListener(event, () => light(panel, step, index));
      if (free.length !== 1 || free[0].length < 2) return [link, " "];
      const [{ place, length }] = free;
      const menu = make("select", { "aria-label": `${words.which} ${name(index.map((position) => position ?? "·"))}` });
      for (let position = 0; position < length; position++) {
        const option = make("option", { value: position }, name(nearest.with(place, position)));
        option.selected = position === nearest[place];
        menu.append(option);
      }
      menu.addEventListener("change", () => {
        const at = nearest.with(place, Number(menu.value));
        go([...trail, { step, index: at, name: name(at) }]);
      });
      return [link, menu, " "];
    };
    for (const one of list) {
      const block = make("div", {}, ...one.lines.map((line) => make("p", { class: "line" }, line)), ...one.notes.map(note));
      if (one.operands.length) block.append(make("p", { class: "operands" }, words.madeOf + " ", ...one.operands.flatMap((operand) => links(operand))));
      reasons.append(block);
    }
    const first = list[0];
    if (first) reasons.append(origin(first.title, first.source, first.step));
    reasons.tabIndex = -1;
    panel.querySelector(".reasons").replaceWith(reasons);
    if (trail.length > 1) light(panel, at.step, at.index);
  }

  /// Marks the cells of this step's pictures that show an operand; null in an index is any position, and a cell may be a mean (-1).
  function light(panel, step, index) {
    const section = panel.closest(".step") ?? document;
    for (const mark of all(".lit", section)) mark.remove();
    for (const layer of all(".cells", section)) {
      for (const { x, y, width, height, step: own, index: place } of layer.shownCells.list) {
        if (own !== step || place.length !== index.length || !place.every((at, axis) => index[axis] === null || at === -1 || at === index[axis])) continue;
        const mark = document.createElementNS(svgSpace, "rect");
        for (const [name, value] of Object.entries({ x, y, width, height, class: "lit", "pointer-events": "none" })) mark.setAttribute(name, value);
        layer.append(mark);
      }
    }
  }

  return { recorded, add, explain, close };
}
