// Light, dark, or as the system says: what the reader chooses is kept in this browser. It runs before anything is drawn.
(() => {
  const key = "gce-study-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = "";
  try { chosen = localStorage.getItem(key) ?? ""; } catch { /* a browser that keeps nothing */ }
  const show = () => { document.documentElement.dataset.theme = chosen || (system.matches ? "dark" : "light"); };
  show();
  system.addEventListener("change", show);
  addEventListener("DOMContentLoaded", () => {
    const box = document.getElementById("theme");
    box.value = chosen;
    box.addEventListener("change", () => {
      chosen = box.value;
      try { localStorage.setItem(key, chosen); } catch { /* then for this page alone */ }
      show();
    });
  });
})();
