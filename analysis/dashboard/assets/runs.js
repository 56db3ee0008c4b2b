// What the tabs Explore and Runs do without the server. The address holds all that a reader has chosen.
(() => {
  const CHOOSE = "choose-"; // of the ids of components that choose a part of the address
  const NOT_SHOWN = new Set(["drawer", "open", "runs", "columns", "compare", "sort", "smoothing", "colour", "group"]); // do not filter
  const OPENS = { x: ["xlog", "brush"], y: ["ylog", "brush"], facet: ["brush"], xlog: ["brush"], ylog: ["brush"] };
  const MAX_CORNERS = 40;
  const NARROW = 600; // pixels of a window in which panels stand below each other and no column is kept in view
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const query = () => new URLSearchParams(location.search);

  // Change parts of the address; an empty value removes a part. Dash's own links use the same event.
  const go = (changes) => {
    const parts = query();
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === "") parts.delete(name);
      else parts.set(name, value);
    }
    const search = parts.toString() ? "?" + parts.toString() : "";
    if (search === location.search) return;
    history.pushState({}, "", location.pathname + search);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  };

  // A select that can be searched is searched for what is typed, instead of for what is typed behind its choice.
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches?.(".mantine-Select-input:not([readonly])")) setTimeout(() => target.select());
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-go]");
    if (!button) return;
    event.preventDefault();
    go(JSON.parse(button.dataset.go));
  });

  const toText = (value) => {
    if (Array.isArray(value)) return value.join(",");
    if (typeof value === "boolean") return value ? "1" : "0";
    return value === null || value === undefined ? "" : String(value);
  };
  const fromText = (text, id, property) => {
    if (property === "checked") return text === "1";
    if (id === CHOOSE + "smoothing") return Number(text) || 0;
    if (id === CHOOSE + "columns") return text ? text.split(",") : [];
    return text;
  };

  // A number with five digits, as brush.py writes it.
  const short = (value) => String(Number(value.toPrecision(5)));
  const brushOf = (selected) => {
    for (const [name, kind] of [["range", "box"], ["lassoPoints", "lasso"]]) {
      const corners = selected?.[name];
      if (!corners) continue;
      const axes = Object.keys(corners);
      const x = axes.find((axis) => axis[0] === "x"), y = axes.find((axis) => axis[0] === "y");
      if (!x || !y) continue;
      const step = Math.max(1, Math.ceil(corners[x].length / MAX_CORNERS));
      const kept = [...corners[x], ...corners[y]].every(Number.isFinite)
        ? [x, y].flatMap((axis) => corners[axis].filter((_, place) => place % step === 0)) : [];
      if (kept.length) return kind + (x.slice(1) || "1") + "_" + kept.map(short).join("_");
    }
    return "";
  };
  // The box around a square that stands for several runs; its size is of log10 on a logarithmic axis.
  const cellOf = (point, width, height) => {
    const ends = (axis, value, size) => {
      if (axis.type !== "log") return [value - 0.51 * size, value + 0.51 * size];
      return [value * 10 ** (-0.51 * size), value * 10 ** (0.51 * size)];
    };
    const box = [...ends(point.xaxis, point.x, width), ...ends(point.yaxis, point.y, height)];
    return "box" + (point.xaxis._id.slice(1) || "1") + "_" + box.map(short).join("_");
  };

  // By the first of a set of controls: the query and the text of each control, as both last agreed.
  const agreed = new WeakMap();
  const shownBy = ({ id, property }) => window.dash_component_api.getLayout(id)?.props[property];

  Object.assign(window.dash_clientside.page, {
    // Keeps controls and address alike. A control that no longer shows what was agreed has been changed by the reader
    // and changes the address, unless the address has changed in the same part. The other controls follow the address.
    // Controls are read and set at once, not as values of the callback: those may be out of date by the time it runs.
    choices(...values) {
      const { no_update: nothing, callback_context: context } = window.dash_clientside;
      const inputs = context.inputs_list.filter(({ id }) => id.startsWith?.(CHOOSE));
      const first = document.getElementById(inputs[0].id);
      const defaults = values[values.length - 1];
      if (!first || !defaults) return nothing; // defaults come with what selects offer
      const parts = query(), unknown = new Set(defaults.unknown), last = agreed.get(first);
      const names = inputs.map(({ id }) => id.slice(CHOOSE.length));
      const asked = names.map((name) => (unknown.has(name) ? null : parts.get(name)) ?? defaults[name] ?? "");
      const wanted = inputs.map(({ id, property }, place) => fromText(asked[place], id, property));
      const shown = inputs.map(shownBy);
      const texts = wanted.map(toText); // of what each control is to show
      const moved = last ? inputs.map((_, place) => place).filter((place) =>
        // A select sets its value to null when what it offers changes; a reader cannot.
        shown[place] !== null && shown[place] !== undefined && toText(shown[place]) !== last.texts[place]
        && (location.search === last.search || texts[place] === last.texts[place])) : [];
      const changes = {};
      for (const place of moved) {
        texts[place] = toText(shown[place]);
        if (texts[place] === toText(wanted[place])) continue;
        const name = names[place];
        for (const other of OPENS[name] ?? (NOT_SHOWN.has(name) ? [] : ["brush"])) changes[other] ??= "";
        changes[name] = texts[place] === (defaults[name] ?? "") ? "" : texts[place];
      }
      go(changes);
      agreed.set(first, { search: location.search, texts });
      inputs.forEach(({ id, property }, place) => {
        if (moved.includes(place) || same(wanted[place], shown[place])) return;
        window.dash_clientside.set_props(id, { [property]: wanted[place] });
      });
      return nothing;
    },

    // A click on a run opens it, on a mean lists its configuration, on a square its runs; a selected area lists its runs.
    marks(clicked, selected) {
      const changed = window.dash_clientside.callback_context.triggered.map((one) => one.prop_id);
      const plot = document.querySelector("#explore-figure .js-plotly-plot");
      if (changed.includes("explore-figure.clickData") && clicked?.points?.length) {
        const shown = clicked.points[0];
        const [run, width, height] = shown.customdata ?? [];
        window.dash_clientside.set_props("explore-figure", { clickData: null }); // so that the next click counts
        if (width > 0) {
          const trace = plot._fullData[shown.curveNumber];
          const axis = (name) => plot._fullLayout[trace[name + "axis"].replace(name, name + "axis")];
          go({ brush: cellOf({ x: shown.x, y: shown.y, xaxis: axis("x"), yaxis: axis("y") }, width, height), pick: "" });
        } else if (width < 0) go({ pick: run, brush: "" });
        else if (run) go({ drawer: run });
      } else if (changed.includes("explore-figure.selectedData")) {
        if (selected) {
          const brush = brushOf(selected);
          if (brush) go({ brush, pick: "" });
        } else if (selected === null && query().has("brush")) go({ brush: "" });
      }
      return window.dash_clientside.no_update;
    },

    narrow() { return innerWidth < NARROW; },

    // A select "pick-NAME" changes a part of the address. Another label lists other clips from their first page.
    pick(value) {
      const name = window.dash_clientside.callback_context.inputs_list[0].id.slice("pick-".length);
      if (value !== null && value !== undefined && value !== (query().get(name) ?? "")) {
        go(name === "label" ? { label: value, page: "", clip: "" } : { [name]: value });
      }
      return window.dash_clientside.no_update;
    },

    // A drawer that the reader closes leaves the address. It shows nothing from then on: the server may hear of that
    // address only together with the next one, which may name the same run.
    drawer(opened) {
      if (opened === false && query().has("drawer") && window.gceStudyDrawer) {
        window.dash_clientside.set_props("run-drawer-shown", { data: "" });
        go({ drawer: "" });
      }
      window.gceStudyDrawer = Boolean(opened);
      return window.dash_clientside.no_update;
    },

    // The grid asks for its rows again when the address or the study has changed, and shows which runs are selected.
    grid(search, revision) {
      window.dash_ag_grid.getApiAsync("runs-grid").then((api) => follow(api, revision));
      return window.dash_clientside.no_update;
    },
  });

  let followed = null; // the grid, and what it shows
  const chosen = () => (query().get("runs") ?? "").split(",").filter(Boolean);

  const follow = (api, revision) => {
    const parts = query();
    for (const name of NOT_SHOWN) parts.delete(name);
    const filter = location.pathname + "?" + parts.toString();
    if (followed?.api !== api) {
      followed = { api, filter, revision };
      listen(api);
    } else if (followed.filter !== filter) api.purgeInfiniteCache();
    else if (followed.revision !== revision) api.refreshInfiniteCache();
    Object.assign(followed, { filter, revision });
    if (innerWidth < NARROW) api.setColumnsPinned(api.getColumns().filter((one) => one.getPinned()), null);
    sort(api);
    mark(api);
    // Until its columns are there and in their places, the grid is hidden: see runs.css.
    if (api.getColumns()?.some((one) => one.getColDef().field)) document.getElementById("runs-grid").dataset.ready = "";
  };

  const listen = (api) => {
    api.addEventListener("sortChanged", () => {
      const sorted = api.getColumnState().filter((one) => one.sort).sort((a, b) => a.sortIndex - b.sortIndex);
      go({ sort: sorted.map((one) => (one.sort === "desc" ? "-" : "") + one.colId).join(",") });
    });
    api.addEventListener("selectionChanged", (event) => {
      if (event.source === "api") return;
      const shown = new Set(), ticked = new Set();
      api.forEachNode((node) => {
        if (!node.data) return;
        shown.add(node.data.run_id);
        if (node.isSelected()) ticked.add(node.data.run_id);
      });
      go({ runs: [...chosen().filter((run) => !shown.has(run) || ticked.has(run)), ...[...ticked].filter((run) => !chosen().includes(run))].join(",") });
      mark(api);
    });
    api.addEventListener("modelUpdated", () => mark(api));
    api.addEventListener("cellKeyDown", (event) => {
      if (event.event.key === "Enter" && event.data && event.column.getColId() !== "ag-Grid-SelectionColumn") {
        go({ drawer: event.data.run_id });
      }
    });
  };

  const sort = (api) => {
    const wanted = (query().get("sort") ?? "").split(",").filter(Boolean);
    const state = wanted.map((name, place) => ({
      colId: name.replace(/^-/, ""), sort: name.startsWith("-") ? "desc" : "asc", sortIndex: place,
    }));
    const current = api.getColumnState().filter((one) => one.sort).sort((a, b) => a.sortIndex - b.sortIndex)
      .map((one) => (one.sort === "desc" ? "-" : "") + one.colId);
    if (!same(current, wanted)) api.applyColumnState({ state, defaultState: { sort: null } });
  };

  const mark = (api) => {
    const runs = chosen(), on = [], off = [];
    api.forEachNode((node) => {
      if (node.data && node.isSelected() !== runs.includes(node.data.run_id)) (node.isSelected() ? off : on).push(node);
    });
    if (on.length) api.setNodesSelected({ nodes: on, newValue: true, source: "api" });
    if (off.length) api.setNodesSelected({ nodes: off, newValue: false, source: "api" });
    const text = document.getElementById("runs-chosen");
    if (text) text.textContent = runs.length ? runs.length + " selected" : "Select runs to compare them";
    for (const id of ["compare-curves", "compare-sides"]) {
      const button = document.getElementById(id);
      if (button) button.disabled = !runs.length;
    }
  };

  const renderers = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  renderers.Run = (props) => {
    if (!props.data) return "";
    const parts = query();
    parts.set("drawer", props.data.run_id);
    const open = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window
      event.preventDefault();
      go({ drawer: props.data.run_id });
    };
    return React.createElement("a", { href: "?" + parts.toString(), onClick: open, tabIndex: -1 }, props.value || props.data.run_id);
  };
  renderers.Status = (props) => {
    if (!props.value) return "";
    return React.createElement("span", { className: "badge " + props.value }, props.value);
  };
})();
