// Pictures otherwise than they were recorded: in a narrow form where there is little room, and one stage at a time where a reader steps through them by
// arrow keys. The engine draws what it can, with cells that can be asked; of the others the narrow form was recorded too. What a bar becomes from one stage to
// the next is seen by its moving there: nothing moves unless it was asked for, and nothing where a reader wants no motion.
function makeRedrawn({ make, page, cells, engine, narrowForms }) {
  /// Pictures with less room than this, in CSS pixels, are shown in their narrow form.
  const little = 500;
  /// Milliseconds of a bar's way.
  const pace = 250;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const known = [];
  let number = 0;

  /// Takes over a picture that was put in its place as it was recorded.
  function add(picture) {
    // A panel draws its picture by itself.
    if (picture.redrawn || (picture.closest(".panel") && engine.exists)) return;
    const sheet = picture.querySelector(".sheet");
    const own = (picture.redrawn = {
      picture, sheet, recorded: sheet.querySelector("svg").outerHTML, style: sheet.getAttribute("style"), stage: "", form: "", scene: null,
      drawn: picture.dataset.drawn && engine.exists ? JSON.parse(picture.dataset.drawn) : null, name: `drawn-${++number}`,
    });
    known.push(own);
    if (own.drawn?.stages) sheet.closest(".scroll").before(choices(own));
    new ResizeObserver(() => update(own)).observe(picture);
  }

  function choices(own) {
    const { stages, words } = own.drawn;
    return make("fieldset", { class: "stages" }, make("legend", {}, words), ...stages.map(({ id, name }) => {
      const choice = make("input", { type: "radio", name: own.name, value: id, id: `${own.name}-${id || "all"}`, autocomplete: "off" });
      choice.checked = !id;
      choice.addEventListener("change", () => {
        own.stage = id;
        update(own);
      });
      return make("label", { class: "tick", for: choice.id }, choice, " " + name);
    }));
  }

  /// Shows the picture in the form that room, stage and theme ask for, unless it is there already.
  function update(own) {
    const room = Math.floor(own.picture.clientWidth);
    if (!room) return;
    const isNarrow = room < little && !page.isPrinting();
    const form = own.stage || isNarrow ? [own.stage, isNarrow && room, own.drawn && page.theme()].join() : "";
    if (form === own.form) return;
    own.form = form;
    const isWanted = () => own.form === form;
    if (!form) restore(own);
    else if (own.drawn) {
      engine.open().then((opened) => { if (isWanted()) draw(own, opened, isNarrow ? room : 0); }, (error) => {
        own.picture.querySelector(".stages")?.remove();
        console.info(String(error));
      });
    } else {
      narrowForms().then((forms) => {
        const narrow = forms[own.picture.dataset.figure];
        if (isWanted() && narrow) put(own, narrow, room, { list: [] });
      });
    }
  }

  function put(own, svg, width, shown) {
    cells.close(own.picture);
    own.sheet.style.setProperty("--width", width + "px");
    own.sheet.style.setProperty("--least", "0px");
    own.sheet.innerHTML = svg;
    cells.add(own.sheet, shown);
  }

  /// The picture as it was recorded.
  function restore(own) {
    own.scene = null;
    cells.close(own.picture);
    own.sheet.setAttribute("style", own.style);
    own.sheet.innerHTML = own.recorded;
    cells.add(own.sheet, cells.recorded(own.picture));
  }

  function draw(own, opened, room) {
    const recorded = cells.recorded(own.picture);
    const run = { ...recorded.run, language: page.language() };
    const options = { ...own.drawn.options, theme: page.theme() };
    if (own.stage) options.stage = own.stage;
    if (room) Object.assign(options, { preset: "phone", width: Math.max(room, own.drawn.least) });
    const scene = JSON.parse(opened.scene({ figure: own.drawn.figure, runs: [run], options }));
    // What cannot be drawn so stays as it was recorded, and scrolls.
    if (scene.error) return restore(own);
    const list = sceneCells(scene);
    const { step, index } = recorded.list[recorded.first] ?? {};
    const first = list.findIndex((cell) => cell.step === step && String(cell.index) === String(index));
    put(own, sceneSVG(scene, own.name), scene.size[0], { list, first: Math.max(first, 0), run });
    if (own.stage && own.scene && !still.matches) move(own.sheet, bars(own.scene), bars(scene));
    own.scene = own.stage ? scene : null;
  }

  /// The bars of a scene by what they stand for, whatever the stage: the first word of their group's name.
  function bars(scene) {
    const found = new Map();
    const look = (item) => {
      if (item.kind !== "group") return;
      const bar = item.items.find(({ kind }) => kind === "rect");
      if (bar) found.set(item.name.split(" ").slice(1).join(" "), { name: item.name, rect: bar.rect });
      item.items.forEach(look);
    };
    scene.items.forEach(look);
    return found;
  }

  /// Lets each bar come from where it stood in the picture before.
  function move(sheet, before, after) {
    for (const [key, { name, rect: [x, y, width, height] }] of after) {
      const old = before.get(key)?.rect;
      const bar = sheet.querySelector(`g[data-name="${CSS.escape(name)}"] rect`);
      if (!old || !bar) continue;
      const [across, down] = [old[2] / width, old[3] / height];
      const from = `translate(${old[0] - across * x}px, ${old[1] - down * y}px) scale(${across}, ${down})`;
      bar.animate([{ transform: from }, { transform: "none" }], { duration: pace, easing: "ease-in-out" });
    }
  }

  return {
    add,
    /// Shows all pictures anew where theme or paper has changed.
    redraw() { known.forEach(update); },
  };
}
