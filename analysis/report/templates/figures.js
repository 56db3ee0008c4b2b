// Draws every figure of the page, with the colours of its theme, and on white paper where the page is printed.
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
  const draw = (theme) => {
    for (const source of document.querySelectorAll("script.drawing")) {
      const figure = JSON.parse(source.textContent); // anew each time, because plotly changes what it draws
      const { data, layout, config } = theme === "dark" ? themed(figure) : figure;
      layout.template = templates[`gce_${theme}`];
      layout.uirevision = "kept"; // the reader's zoom and hidden curves
      Plotly.react(source.previousElementSibling, data, layout, config);
    }
  };
  const shown = () => document.documentElement.dataset.theme;
  draw(shown());
  document.addEventListener("theme", () => draw(shown()));
  addEventListener("beforeprint", () => { if (shown() === "dark") { draw("light"); } });
  addEventListener("afterprint", () => { if (shown() === "dark") { draw("dark"); } });
})();
