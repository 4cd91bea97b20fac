// Plays a sound of a list on the phone that asks for it.
"use strict";

(() => {
  const player = new Audio();
  let playing = null;

  function silence() {
    if (!playing) return;
    player.pause();
    playing.classList.remove("sounding");
    playing.firstChild.textContent = "▶";
    playing = null;
  }

  function play(link) {
    const again = playing === link;
    silence();
    if (again) return;
    playing = link;
    link.classList.add("sounding");
    link.firstChild.textContent = "■";
    player.src = link.dataset.plays;
    const started = player.play();
    if (started) started.catch(() => {});
  }

  player.addEventListener("ended", silence);
  player.addEventListener("error", () => {
    if (!playing) return;
    const about = playing.parentNode.querySelector("small");
    const said = playing.closest("[data-unplayable]").dataset.unplayable;
    if (about.textContent.indexOf(said) < 0) about.textContent += ` · ${said}`;
    silence();
  });
  for (const link of document.querySelectorAll("[data-plays]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      play(link);
    });
  }
})();
