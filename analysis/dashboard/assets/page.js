// What a page does without the server: see ``_add_callbacks`` in app.py.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  page: {
    // Names the window. A new page is shown from its top, or from the element that its address names.
    title(shown) {
      if (!shown) return;
      document.title = shown.title + " - gce-study";
      if (shown.address === window.gceStudyShown) return;
      window.gceStudyShown = shown.address;
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

    // theme.js decides between light and dark before anything is drawn, and reports each change at once.
    theme(tick, known) {
      const theme = document.documentElement.dataset.theme;
      return theme === known ? window.dash_clientside.no_update : theme;
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
  },
});
