// How cells of the grids are drawn. Every name is a child of an element, so it is shown as text whatever it contains.
(() => {
  const grids = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const element = (...parts) => window.React.createElement(...parts);
  const span = (className, ...children) => element("span", { className }, ...children);

  grids.StudyName = ({ data }) =>
    element("span", { className: "study-name" },
      element("a", { href: data.href, className: "follow", title: data.name }, data.name),
      span("narrow soft", data.pending ? "Computing …" : data.headline));
  grids.StudyState = ({ value }) => span("badge " + value.replaceAll(" ", "-"), value);
  grids.StudyProgress = ({ data }) =>
    data.problem ? null : element("span", { className: "progress-cell" },
      element("progress", { value: data.recorded, max: Math.max(1, data.planned), "aria-label": "Recorded runs" }),
      span("soft", data.recorded.toLocaleString("en") + " of " + data.planned.toLocaleString("en")
        + (data.left && ", " + data.left)));
  grids.StudyResult = ({ data }) =>
    element("span", { className: data.problem ? "problem two-lines" : "two-lines", title: data.headline },
      data.pending ? span("soft", "Computing …") : data.headline);
  grids.StudyPick = ({ data }) =>
    data.score ? element("span", { className: "pick", title: data.scored_by },
      element("strong", null, data.score), span("soft", data.pick)) : null;

  // Validation accuracy of the runs in the order in which they ended.
  grids.StudyTrend = ({ value }) => {
    if (!value || value.length < 2) return null;
    const [low, high] = [Math.min(...value), Math.max(...value)];
    const [width, height, edge] = [104, 28, 3];
    const x = (index) => edge + (index * (width - 2 * edge)) / (value.length - 1);
    const y = (one) => height - edge - ((one - low) / (high - low || 1)) * (height - 2 * edge);
    const points = value.map((one, index) => x(index).toFixed(1) + "," + y(one).toFixed(1)).join(" ");
    const label = "Validation accuracy of the runs in the order in which they ended: from " + low + "\u00a0% to " + high + "\u00a0%";
    return element("svg", { width, height, role: "img", "aria-label": label, className: "trend" },
      element("title", null, label),
      element("polyline", { points }),
      element("circle", { cx: x(value.length - 1), cy: y(value.at(-1)), r: 2.5 }));
  };

  functions.ago = ({ value }) => {
    if (value == null) return "";
    const seconds = Math.max(0, Date.now() / 1000 - value);
    const units = [["min", 60], ["h", 3600], ["d", 86400], ["mo", 2629800], ["y", 31557600]];
    const [name, size] = units.findLast(([, size]) => seconds >= size) || ["", 0];
    return name ? Math.floor(seconds / size) + " " + name + " ago" : "just now";
  };
})();
