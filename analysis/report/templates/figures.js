// Draws the figures of the page once they are in an open section, with the colours of its theme, and on white paper where
// the page is printed.
(() => {
  const onDark = JSON.parse(document.getElementById("on-dark").textContent);
  const templates = JSON.parse(document.getElementById("templates").textContent);
  const themed = (value, key = "") => {
    if (Array.isArray(value)) { return value.map((inner) => themed(inner, key)); }
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, themed(inner, name)]));
    }
    return typeof value === "string" && key.endsWith("color") ? onDark[value] ?? value : value;
  };
  const shown = () => document.documentElement.dataset.theme;
  const draw = (source, theme) => {
    const figure = JSON.parse(source.textContent); // from the text each time, because plotly changes what it draws
    const { data, layout, config } = theme === "dark" ? themed(figure) : figure;
    layout.template = templates[`gce_${theme}`];
    layout.uirevision = "kept"; // the reader's zoom and hidden curves
    return Plotly.react(source.previousElementSibling, data, layout, config);
  };
  const sources = (within = document) => [...within.querySelectorAll("script.drawing")].filter(
    (source) => source.closest("details:not([open])") === null);
  const drawAll = (theme) => Promise.all(sources().map((source) => draw(source, theme)));
  // Plotly leaves room for texts as wide as they are when it draws, so the font must be there.
  const fonts = ["14px Inter", "bold 14px Inter"].map((font) => document.fonts.load(font));
  globalThis.drawn = Promise.allSettled(fonts).then(() => drawAll(shown())); // a printing browser waits for it
  document.addEventListener("theme", () => drawAll(shown()));
  for (const section of document.querySelectorAll("section > details")) {
    section.addEventListener("toggle", () => sources(section).forEach((source) => draw(source, shown())));
  }
  addEventListener("beforeprint", () => { if (shown() === "dark") { drawAll("light"); } });
  addEventListener("afterprint", () => { if (shown() === "dark") { drawAll("dark"); } });
})();
