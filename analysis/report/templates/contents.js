// Marks the part of the page that is read in the contents, opens what a link leads to, and shows the way back to the top
// (report.css hides it where the contents are in view).
(() => {
  const parts = [...document.querySelectorAll("[data-part]")];
  const links = [...document.querySelectorAll("nav a[href^='#']")];
  const named = new Set(links.map((link) => link.hash.slice(1)));
  const mark = (id) => {
    for (const link of links) {
      if (link.hash === `#${id}`) { link.setAttribute("aria-current", "true"); } else { link.removeAttribute("aria-current"); }
    }
  };
  // The part to mark is the last one in the contents that begins above a quarter of the window.
  const current = () => {
    const begun = parts.filter((part) => named.has(part.id) && part.getClientRects().length
      && part.getBoundingClientRect().top < innerHeight / 4);
    const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const shown = parts.filter((part) => named.has(part.id) && part.getClientRects().length);
    mark((end && scrollY > 0 ? shown.at(-1) : begun.at(-1) ?? shown[0])?.id);
  };
  const watch = new IntersectionObserver(current, { threshold: [0, 0.25, 0.5, 0.75, 1] });
  for (const part of parts) { watch.observe(part); }
  addEventListener("scroll", current, { passive: true });
  const back = document.querySelector(".back");
  new IntersectionObserver(([seen]) => { back.hidden = seen.isIntersecting; }).observe(document.getElementById("result"));
  const open = (hash) => {
    const target = document.getElementById(decodeURIComponent(hash.slice(1)));
    if (target === null) { return; }
    target.querySelector(":scope > details")?.setAttribute("open", "");
    for (let above = target.closest("details"); above; above = above.parentElement.closest("details")) { above.open = true; }
    requestAnimationFrame(() => target.scrollIntoView());
  };
  addEventListener("hashchange", () => open(location.hash));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link === null) { return; }
    link.closest("details.menu")?.removeAttribute("open");
    open(link.hash); // also where the address is already the link's
  });
  if (location.hash) { open(location.hash); }
})();
