// A scene (schema/scene.schema.json) as SVG text, for a page to put in itself. Draws; decides nothing. Text is set in the fonts of the machine that shows
// it, the pinned ones first. `prefix` keeps the ids of two pictures in one page apart.
function sceneSVG(scene, prefix) {
  const marks = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  const quoted = (text) => visibleText(text).replace(/[&<>"]/g, (mark) => marks[mark]);
  const families = {
    sans: scene.language === "en" ? "Inter, Noto Sans, Noto Sans CJK SC, sans-serif" : "Inter, Noto Sans CJK SC, Noto Sans, sans-serif",
    mono: "Noto Sans Mono, Noto Sans Mono CJK SC, monospace",
  };
  // Latin fonts have narrow quotation marks, dashes and dots, which the Chinese font sets; and alternates that show `->` and `3x4` as other signs.
  const letters = ({ text, face }) =>
    scene.language === "en" || face === "mono" ? quoted(text)
      : quoted(text).replace(/[“”‘’…—]+/g, (run) => `<tspan font-family="Noto Sans CJK SC">${run}</tspan>`);
  const isRedrawn = (text) => /[<>][-=|~]|[-=|~][<>]|[0-9][xX]|[xX][0-9]/.test(text);
  // Browsers drop spaces at the ends of a text, and all but one of several.
  const styled = (text) => {
    const styles = [isRedrawn(text) && "font-feature-settings: 'tnum', 'chws', 'calt' 0", /^ | $|  /.test(text) && "white-space: pre"].filter(Boolean);
    return styles.length ? ` style="${styles.join("; ")}"` : "";
  };
  const weights = { regular: 400, medium: 500, semibold: 600, bold: 700 };
  const definitions = [];
  const named = new Map();
  // One definition for all that look the same.
  const reference = (body) => {
    if (!named.has(body)) {
      named.set(body, `${prefix}-${named.size}`);
      definitions.push(body.replace(" ", ` id="${named.get(body)}" `));
    }
    return `url(#${named.get(body)})`;
  };
  const frame = ([x, y, width, height]) => ` x="${x}" y="${y}" width="${width}" height="${height}"`;
  // Lines from bottom left to top right that hang on the picture's origin: a pattern turned by 45 degrees, its line on the edge of two tiles.
  const hatch = ({ lines, background, spacing, width }) => {
    const ground = background ? `<path fill="${background}" d="M0 0H${spacing}V${spacing}H0Z"/>` : "";
    return reference(`<pattern patternUnits="userSpaceOnUse" width="${spacing}" height="${spacing}" patternTransform="rotate(45)">${ground}` +
      `<path stroke="${lines}" stroke-width="${width}" d="M0 0V${spacing}M${spacing} 0V${spacing}"/></pattern>`);
  };
  const paint = ({ fill, hatch: hatching, stroke }) => {
    let text = ` fill="${fill ?? (hatching ? hatch(hatching) : "none")}"`;
    if (stroke) text += ` stroke="${stroke.color}" stroke-width="${stroke.width}"`;
    if (stroke?.dash) text += ` stroke-dasharray="${stroke.dash.join(" ")}"`;
    return text;
  };
  const raster = ({ width, height, palette, pixels }) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const colors = palette.map((color) => [1, 3, 5, 7].map((at) => (color.length > at ? parseInt(color.slice(at, at + 2), 16) : 255)));
    const data = new ImageData(width, height);
    pixels.forEach((index, pixel) => data.data.set(colors[index], 4 * pixel));
    canvas.getContext("2d").putImageData(data, 0, 0);
    return canvas.toDataURL();
  };
  const draw = (item) => {
    switch (item.kind) {
      case "rect":
        return `<rect${frame(item.rect)} rx="${Math.min(item.radius ?? 0, item.rect[2] / 2, item.rect[3] / 2)}"${paint(item)}/>`;
      case "path":
        return `<path d="${item.path.map(([letter, ...numbers]) => letter + numbers.join(" ")).join("")}"${paint(item)}/>`;
      case "text": {
        const turned = item.rotation ? ` transform="rotate(${item.rotation} ${item.at[0]} ${item.at[1]})"` : "";
        return `<text x="${item.at[0]}" y="${item.at[1]}" font-family="${families[item.face]}" font-size="${item.size}"` +
          ` font-weight="${weights[item.weight]}" text-anchor="${item.anchor}" fill="${item.color}"${turned}` +
          `${styled(item.text)}>${letters(item)}</text>`;
      }
      case "image":
        return `<image${frame(item.rect)} preserveAspectRatio="none" style="image-rendering: pixelated" href="${raster(item)}"/>`;
      case "hotSpot":
        return "";
      case "group": {
        const clip = item.clip ? ` clip-path="${reference(`<clipPath ><rect${frame(item.clip)}/></clipPath>`)}"` : "";
        return `<g data-name="${quoted(item.name)}"${clip}>${item.items.map(draw).join("")}</g>`;
      }
      default:
        throw new Error(`scene: expected rect, path, text, image, hotSpot or group, found ${item.kind}`);
    }
  };
  const [width, height] = scene.size;
  const body = scene.items.map(draw).join("");
  const heading = `<title>${quoted(scene.title[scene.language])}</title><desc>${quoted(scene.alt[scene.language])}</desc>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" lang="${scene.language === "en" ? "en" : "zh-CN"}" width="${width}" height="${height}"` +
    ` viewBox="0 0 ${width} ${height}" style="font-feature-settings: 'tnum', 'chws'; text-spacing-trim: space-all">${heading}<defs>${definitions.join("")}</defs>` +
    `<rect width="${width}" height="${height}" fill="${scene.background}"/>${body}</svg>`;
}

// The cells that a scene shows, in its order: where each is, its words, its step and its place in it.
function sceneCells(scene) {
  const cells = (item) => {
    if (item.kind === "group") return item.items.flatMap(cells);
    if (item.kind !== "hotSpot") return [];
    const [x, y, width, height] = item.rect;
    return [{ x, y, width, height, label: visibleText(item.label), step: item.step, index: item.index }];
  };
  return scene.items.flatMap(cells);
}

// Text with the characters that nobody could see, or that would turn a line around, made visible: NUL is ␀, U+202E is ⟨U+202E⟩.
function visibleText(text) {
  return text.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF\uFFF9-\uFFFB\uFFFE\uFFFF]/g, (sign) => {
    const code = sign.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
