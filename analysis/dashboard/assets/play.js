// Plays the clip of a row's button. One sound at a time, and none after the page has changed.
(() => {
  const sound = new Audio();
  let current = null;

  const stop = () => {
    sound.pause();
    for (const button of document.querySelectorAll("button.play[aria-pressed]")) button.removeAttribute("aria-pressed");
    current = null;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.play");
    if (!button) return;
    const again = button === current;
    stop();
    if (again) return;
    for (const player of document.querySelectorAll("audio")) player.pause();
    current = button;
    button.setAttribute("aria-pressed", "true");
    sound.src = button.dataset.sound;
    sound.play().catch((error) => {
      if (button !== current || error.name === "AbortError") return;
      stop();
      button.disabled = true;
      button.title = "This sound cannot be played here; open the clip to see why";
    });
  });
  sound.addEventListener("ended", stop);
  document.addEventListener("play", stop, true);  // of a player in the page
  for (const change of ["popstate", "_dashprivate_pushstate"]) {
    window.addEventListener(change, () => {
      stop();
      for (const button of document.querySelectorAll("button.play:disabled")) button.disabled = false;
    });
  }
})();
