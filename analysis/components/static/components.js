// What the buttons of tables and figures do: save, copy, draw as an image, print alone. Nothing is sent anywhere.
(() => {
  const save = (parts, name, type) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const tell = (button, text) => {
    button.dataset.done = text;
    setTimeout(() => { delete button.dataset.done; }, 1500);
  };
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); } catch { // not allowed, or no secure context
      const box = document.createElement("textarea");
      box.value = text;
      document.body.append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
    }
  };

  // An image is its own document: it has the page's font only if it contains it.
  let face;
  const fontFace = async () => {
    const style = document.getElementById("font-face");
    if (style) { return style.textContent; }
    const bytes = new Uint8Array(await (await fetch("/inter.woff2")).arrayBuffer());
    const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    return `@font-face{font-family:Inter;font-weight:400 700;src:url(data:font/woff2;base64,${text}) format("woff2")}`;
  };
  // A dashboard's figure has the colours of its theme; these are those of white paper.
  let light;
  const onLight = (value, key = "") => {
    if (Array.isArray(value)) { return value.map((inner) => onLight(inner, key)); }
    if (ArrayBuffer.isView(value)) { return value; }
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, onLight(inner, name)]));
    }
    if (typeof value !== "string" || !key.endsWith("color")) { return value; }
    const [, red, green, blue, rest] = value.match(/^rgba?\((\d+), ?(\d+), ?(\d+)(.*)\)$/) ?? [];
    if (red === undefined) { return light.colours[value.toLowerCase()] ?? value; }
    const to = light.colours[`#${[red, green, blue].map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`];
    return to ? `rgba(${[1, 3, 5].map((at) => parseInt(to.slice(at, at + 2), 16)).join(",")}${rest})` : value;
  };
  const drawing = async (plot) => { // for white paper, whatever the theme
    const source = plot.parentElement.querySelector("script.drawing");
    const templates = document.getElementById("templates");
    if (!source || !templates) {
      if (document.documentElement.dataset.theme !== "dark") { return { data: plot.data, layout: plot.layout }; }
      light ??= await (await fetch("/light.json")).json();
      return { data: onLight(plot.data), layout: { ...onLight(plot.layout), template: light.template } };
    }
    const { data, layout } = JSON.parse(source.textContent);
    for (const [name, axis] of Object.entries(plot.layout)) { // the reader's zoom
      if (/^[xy]axis/.test(name) && axis.range && layout[name]) { layout[name].range = axis.range; }
    }
    return { data, layout: { ...layout, template: JSON.parse(templates.textContent).gce_light } };
  };
  const svgOf = async (plot) => {
    const size = { width: plot.clientWidth, height: plot.clientHeight };
    const address = await Plotly.toImage(await drawing(plot), { format: "svg", ...size });
    const svg = decodeURIComponent(address.slice(address.indexOf(",") + 1));
    face ??= await fontFace();
    return { svg: svg.replace(/<svg[^>]*>/, (start) => `${start}<style>${face}</style>`), ...size };
  };
  const pngOf = async (plot) => {
    const { svg, width, height } = await svgOf(plot);
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: 3 * width, height: 3 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(image.src);
    return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
  };

  const cell = (value) => {
    let text = value === undefined || value === null ? "" : String(value);
    if (/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) && Number.isNaN(Number(text))) { text = `'${text}`; }
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const dataOf = (plot) => {
    const rows = [["series", "x", "y", "value"]];
    for (const trace of plot._fullData ?? plot.data) {
      const name = trace.name ?? "";
      if (trace.z) {
        trace.z.forEach((row, i) => row.forEach((z, j) => rows.push([name, trace.x?.[j] ?? j, trace.y?.[i] ?? i, z])));
      } else {
        const length = Math.max(trace.x?.length ?? 0, trace.y?.length ?? 0);
        for (let i = 0; i < length; i += 1) { rows.push([name, trace.x?.[i], trace.y?.[i], ""]); }
      }
    }
    return rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
  };

  const actions = {
    copy: async (button) => { await copy(button.dataset.text); tell(button, "Copied"); },
    save: (button) => save([button.dataset.text], button.dataset.name, "text/csv"),
    svg: async (button, plot) => save([(await svgOf(plot)).svg], `${button.dataset.name}.svg`, "image/svg+xml"),
    png: async (button, plot) => save([await pngOf(plot)], `${button.dataset.name}.png`, "image/png"),
    data: (button, plot) => save([dataOf(plot)], `${button.dataset.name}.csv`, "text/csv"),
    print: (button) => {
      const figure = button.closest("figure");
      figure.classList.add("printed");
      document.documentElement.classList.add("one-figure");
      addEventListener("afterprint", () => {
        figure.classList.remove("printed");
        document.documentElement.classList.remove("one-figure");
      }, { once: true });
      print();
    },
  };
  document.addEventListener("click", (event) => { // plotly's own button, which would keep the theme
    const camera = event.target.closest?.(".modebar-btn[data-title^='Download plot']");
    if (!camera) { return; }
    event.stopImmediatePropagation();
    const plot = camera.closest(".js-plotly-plot");
    const button = camera.closest("figure")?.querySelector("button[data-action=png]");
    const name = plot._context.toImageButtonOptions?.filename ?? button?.dataset.name ?? "figure";
    pngOf(plot).then((image) => save([image], `${name}.png`, "image/png")).catch(() => {});
  }, { capture: true });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-action]");
    if (!button || !Object.hasOwn(actions, button.dataset.action)) { return; }
    const plot = button.closest("figure")?.querySelector(".js-plotly-plot");
    Promise.resolve(actions[button.dataset.action](button, plot)).catch(() => tell(button, "Failed"));
  });
})();
