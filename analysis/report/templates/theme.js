// Light, dark, or as the system says: what the reader chooses is kept in this browser. It runs before anything is drawn.
// Whoever draws listens for the event "theme".
(() => {
  const key = "gce-study-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = "";
  try { chosen = localStorage.getItem(key) ?? ""; } catch { /* a browser that keeps nothing */ }
  const show = () => {
    const theme = chosen || (system.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent("theme", { detail: theme }));
  };
  const choose = (theme) => {
    chosen = theme;
    try { localStorage.setItem(key, chosen); } catch { /* then for this page alone */ }
    show();
  };
  window.gceStudyTheme = { get chosen() { return chosen; }, choose };
  show();
  system.addEventListener("change", show);
  addEventListener("DOMContentLoaded", () => {
    const box = document.getElementById("theme-choice");
    if (!box) return; // the dashboard has a button
    box.value = chosen;
    box.parentElement.hidden = false; // without scripts there is no choice
    box.addEventListener("change", () => choose(box.value));
  });
})();
