// A picture of several stages, one at a time: a reader steps through them by arrow keys, the engine draws each, and what a bar becomes is seen by its moving
// there. Nothing moves unless it was asked for, and nothing where a reader wants no motion: the pictures are the same.
function makeStages({ all, make, page, cells, engine }) {
  /// Milliseconds of a bar's way.
  const pace = 250;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let number = 0;

  /// Puts the choice of a stage under a picture that has stages and a run that the engine can make.
  function add(picture) {
    if (!picture.dataset.stages || !engine.exists || picture.stages) return;
    const data = JSON.parse(picture.dataset.stages);
    const { run } = cells.recorded(picture);
    if (!run) return;
    const sheet = picture.querySelector(".sheet");
    picture.stages = { data, run, sheet, recorded: sheet.querySelector("svg").outerHTML, stage: "", scene: null };
    const name = `stages-${++number}`;
    const choices = data.stages.map(({ id, name: label }) => {
      const choice = make("input", { type: "radio", name, value: id, id: `${name}-${id || "all"}`, autocomplete: "off" });
      choice.checked = !id;
      choice.addEventListener("change", () => show(picture, id));
      return make("label", { class: "tick", for: choice.id }, choice, " " + label);
    });
    sheet.closest(".scroll").before(make("fieldset", { class: "stages" }, make("legend", {}, data.words), ...choices));
  }

  function show(picture, stage) {
    const own = picture.stages;
    own.stage = stage;
    if (!stage) return restore(picture);
    engine.open().then((opened) => { if (own.stage === stage) draw(picture, opened); }, (error) => {
      picture.querySelector(".stages").remove();
      restore(picture);
      console.info(String(error));
    });
  }

  /// The picture as it was recorded, with all stages.
  function restore(picture) {
    const { sheet, recorded } = picture.stages;
    picture.stages.scene = null;
    cells.close(picture);
    sheet.innerHTML = recorded;
    cells.add(sheet, cells.recorded(picture));
  }

  function draw(picture, opened) {
    const own = picture.stages;
    const { data, sheet, stage } = own;
    const run = { ...own.run, language: page.language() };
    const options = { ...data.options, theme: page.theme(), stage };
    const scene = JSON.parse(opened.scene({ figure: data.figure, runs: [run], options }));
    if (scene.error) throw new Error(scene.error);
    cells.close(picture);
    sheet.innerHTML = sceneSVG(scene, picture.querySelector(".stages input").name);
    const list = sceneCells(scene);
    const point = cells.recorded(picture);
    const { step, index } = point.list[point.first] ?? {};
    const first = list.findIndex((cell) => cell.step === step && String(cell.index) === String(index));
    cells.add(sheet, { list, first: Math.max(first, 0), run });
    if (own.scene && !still.matches) move(sheet, bars(own.scene), bars(scene));
    own.scene = scene;
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
    /// Draws anew what is shown of stages, in another theme.
    redraw() { for (const picture of all(".picture[data-stages]")) if (picture.stages?.stage) show(picture, picture.stages.stage); },
  };
}
