// The server draws the figures, so it is told at once when the theme changes.
document.addEventListener("theme", (change) => {
  window.dash_clientside?.set_props?.("theme", { data: change.detail });
});
