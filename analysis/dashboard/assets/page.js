// What a page does without the server: see ``Callbacks.in_browser``.
(() => {
  // Changes the query of the address in place; an empty value removes its name. Dash is not notified.
  const note = (changes) => {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value) query.set(name, value); else query.delete(name);
    }
    const text = query.toString();
    history.replaceState(history.state, "", location.pathname + (text ? "?" + text : ""));
  };
  const grid = (key, act) => window.dash_ag_grid?.getApiAsync({ key, type: "grid" }).then(act, () => {});  // as grids.py names it
  const say = (text) => {
    const news = document.getElementById("news");
    if (news && news.textContent !== text) news.textContent = text;
  };

  // On a narrow screen the list of studies has two columns; the result stands below the name.
  const narrow = matchMedia("(max-width: 48em)");
  const fit = () => grid("studies", (api) => {
    const height = narrow.matches ? 96 : 52;  // the latter as in grids.py
    if (api.isDestroyed() || api.getGridOption("rowHeight") === height) return;
    const others = api.getColumns().map((column) => column.getColId()).filter((id) => id !== "name" && id !== "state");
    api.setColumnsVisible(others, !narrow.matches);
    api.setGridOption("rowHeight", height);
    api.resetRowHeights();
  });
  narrow.addEventListener("change", () => { if (location.pathname === "/") fit(); });

  const unfolded = () => (new URLSearchParams(location.search).get("open") || "").split(",").filter(Boolean);

  // The focus is lost where Dash builds an element again: it goes back to the one that took its place.
  let focused = "";
  document.addEventListener("focusin", ({ target }) => {
    const name = ["data-fold", "href", "id"].find((one) => target.hasAttribute(one));
    focused = name ? target.localName + "[" + name + "=" + JSON.stringify(target.getAttribute(name)) + "]" : "";
  });
  const recover = () => requestAnimationFrame(() => {
    if (focused && document.activeElement === document.body) document.querySelector(focused)?.focus({ preventScroll: true });
  });

  // Marks the page in the rail (those of a study belong to the list of studies), and what is unfolded.
  const mark = () => {
    const place = location.pathname.startsWith("/study/") ? "/" : location.pathname;
    for (const link of document.querySelectorAll(".rail-item[href]")) {
      if (link.pathname === place) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    }
    for (const fold of document.querySelectorAll("button.fold")) {
      fold.setAttribute("aria-expanded", String(unfolded().includes(fold.dataset.fold)));
    }
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    page: {
      // Names the window, marks the page in the rail, and announces what is new. A new page is shown from its top, or
      // from the element that its address names.
      arrive(shown) {
        if (!shown) return;
        document.title = shown.title + " - gce-study";
        say(shown.news || shown.title);
        mark();
        recover();
        if (shown.address === window.gceStudyShown) return;
        window.gceStudyShown = shown.address;
        if (location.pathname === "/") fit();
        const named = location.hash.slice(1);
        const scroll = (left) => {  // as soon as the page is drawn
          const element = named && document.getElementById(named);
          if (!element && named && left) requestAnimationFrame(() => scroll(left - 1));
          if (!element) return;
          element.scrollIntoView();
          element.focus({ preventScroll: true });
        };
        scroll(300);
      },

      // What is still being computed is asked for soon. A poll before the first answer would build the page twice, and close what the reader has opened meanwhile.
      start(shown) {
        if (!shown) setTimeout(() => window.dash_clientside.set_props("tick", { disabled: false }), 10000);  // it failed
        return [!shown, shown?.busy ? 400 : 2000];
      },

      // theme.js decides between light and dark before anything is drawn, and reports each change at once.
      theme(tick, known) {
        mark();  // the rail may have been drawn again
        const theme = document.documentElement.dataset.theme;
        return theme === known ? window.dash_clientside.no_update : theme;
      },
      scheme(theme) { return theme || document.documentElement.dataset.theme; },

      // The button goes from the system's theme to light, to dark, and back.
      chooseTheme(clicks) {
        const names = { "": "System", light: "Light", dark: "Dark" };
        const theme = window.gceStudyTheme;
        const order = Object.keys(names);
        if (clicks) theme.choose(order[(order.indexOf(theme.chosen) + 1) % order.length]);
        const button = document.getElementById("theme-button");
        button.title = "Theme: " + names[theme.chosen];
        button.dataset.theme = theme.chosen || "system";
        return names[theme.chosen];
      },

      // Plotly reports each change of an axis separately, and also changes of the window's size: so reports are merged.
      zoom(moved, kept) {
        const zoom = { ...kept };
        for (const [name, value] of Object.entries(moved || {})) {
          const axis = name.split(".")[0];
          if (/^[xy]axis\d*\.range\[[01]\]$/.test(name)) zoom[name] = value;
          if (name === axis + ".autorange") {
            delete zoom[axis + ".range[0]"];
            delete zoom[axis + ".range[1]"];
          }
        }
        return zoom;
      },

      // Puts the chosen studies into the address; the page then follows it.
      compare(names) {
        const query = new URLSearchParams(location.search);
        if (!names || location.pathname !== "/compare" || names.join("\n") === query.getAll("study").join("\n")) return;
        query.delete("study");
        for (const name of names) query.append("study", name);
        follow("/compare" + (names.length ? "?" + query : ""));
      },

      search(text) {
        grid("studies", (api) => api.setGridOption("quickFilterText", text || ""));
        note({ search: text });
      },
      sorted(columns) {
        const by = (columns || []).find((column) => column.sort);
        if (columns) note({ sort: by?.colId, descending: by?.sort === "desc" ? "1" : "" });
      },
    },
  });

  // A link in a grid opens without loading the application again.
  const follow = (href) => {
    history.pushState({}, "", href);
    dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    scrollTo(0, 0);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.follow");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      follow(link.getAttribute("href"));
    }
    const fold = event.target.closest("button.fold");
    if (fold) {
      const open = new Set(unfolded());
      if (!open.delete(fold.dataset.fold)) open.add(fold.dataset.fold);
      note({ open: [...open].join(",") });
      mark();
      dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    }
    const copy = event.target.closest("button.copy[data-copies]");
    if (copy) {
      const text = document.getElementById(copy.dataset.copies).textContent;
      navigator.clipboard.writeText(text).then(() => say("Copied"), () => say("The browser does not allow copying"));
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 2000);
    }
  });
  document.addEventListener("keydown", (event) => {
    const link = event.key === "Enter" && event.target.matches(".ag-cell") && event.target.querySelector("a.follow");
    if (link) follow(link.getAttribute("href"));
    const box = document.getElementById("search");
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || !box || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  // Whether the server answers: a page that is no longer brought up to date states so.
  const fetched = window.fetch;
  let silent = 0;
  window.fetch = async (...request) => {
    const heard = (answered) => {
      silent = answered ? 0 : silent + 1;
      const box = document.getElementById("silence");
      if (box) box.hidden = silent < 2;
    };
    try {
      const answer = await fetched(...request);
      heard(answer.status < 500);
      return answer;
    } catch (error) {
      heard(false);
      throw error;
    }
  };
})();
